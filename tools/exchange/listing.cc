#include "tools/exchange/listing.h"

#include "replay/json_path.h"

namespace thalweg {

void Listing::Halt(std::string_view symbol, std::string_view status, Nanos until,
                   bool keeps_frames) {
  states_[std::string(symbol)] = {std::string(status), until, keeps_frames};
}

void Listing::Delist(std::string_view symbol) {
  states_[std::string(symbol)] = {"", std::nullopt, true};
}

void Listing::Erase(std::string_view symbol) {
  const auto state = states_.find(symbol);
  if (state != states_.end()) states_.erase(state);
}

std::vector<std::string> Listing::Advance(Nanos feed_time) {
  std::vector<std::string> ended;
  for (auto state = states_.begin(); state != states_.end();) {
    if (state->second.until && *state->second.until <= feed_time) {
      ended.push_back(state->first);
      state = states_.erase(state);
    } else {
      ++state;
    }
  }
  return ended;
}

std::optional<Nanos> Listing::NextEnd() const {
  std::optional<Nanos> next;
  for (const auto& [symbol, state] : states_) {
    if (state.until && (!next || *state.until < *next)) next = state.until;
  }
  return next;
}

const Listing::State* Listing::Find(std::string_view symbol) const {
  const auto state = states_.find(symbol);
  return state == states_.end() ? nullptr : &state->second;
}

bool Listing::IsListed(std::string_view symbol) const {
  const State* const state = Find(symbol);
  return state == nullptr || !state->status.empty();
}

bool Listing::IsSilent(std::string_view symbol) const {
  const State* const state = Find(symbol);
  return state != nullptr && state->is_silent;
}

std::string Listing::WithStatus(std::string_view symbol, const std::string& rules) const {
  static const JsonPath& spot = *new JsonPath(*JsonPath::Parse("status"));
  static const JsonPath& contract = *new JsonPath(*JsonPath::Parse("contractStatus"));
  const State* const state = Find(symbol);
  if (state == nullptr) return rules;
  std::string_view stated = spot.Find(rules);
  if (stated.empty()) stated = contract.Find(rules);
  if (stated.empty()) return rules;
  std::string changed = rules;
  changed.replace(static_cast<std::size_t>(stated.data() - rules.data()), stated.size(),
                  state->status);
  return changed;
}

}  // namespace thalweg
