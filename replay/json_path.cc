#include "replay/json_path.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/string_view.h"
#include "feeds/decode/json_skim.h"

namespace thalweg {
namespace {

// The text between two places, of which the later one may be none.
std::string_view Between(const char* from, const char* to) noexcept {
  return to == nullptr ? std::string_view()
                       : std::string_view(from, static_cast<std::size_t>(to - from));
}

// The JSON of the member of this name in the object that `json` begins with; empty when there is
// none.
std::string_view Member(std::string_view json, std::string_view name) noexcept {
  const char* const end = json.data() + json.size();
  const char* at = SkipBlanks(json.data(), end);
  if (at == end || *at != '{') return {};
  do {
    std::string_view key;
    const char* const value = SkimKey(at + 1, end, &key);
    if (value == nullptr) return {};
    at = SkimValue(value, end);
    if (key == name) return Between(value, at);
    if (at == nullptr) return {};
    at = SkipBlanks(at, end);
  } while (at != end && *at == ',');
  return {};
}

}  // namespace

JsonPath::JsonPath(std::string_view text)
    : text_(text), names_(absl::StrSplit(Abseil(text), '.')) {}

absl::StatusOr<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath path(text);
  for (const std::string& name : path.names_) {
    if (!name.empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("'", Abseil(text), "' is no path of names joined by dots, like E or data.E"));
  }
  return path;
}

std::string_view JsonPath::Find(std::string_view json) const noexcept {
  for (const std::string& name : names_) json = Member(json, name);
  const bool quoted = json.size() >= 2 && json.front() == '"';
  return quoted ? json.substr(1, json.size() - 2) : json;
}

}  // namespace thalweg
