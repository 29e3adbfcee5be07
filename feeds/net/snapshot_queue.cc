#include "feeds/net/snapshot_queue.h"

#include <algorithm>
#include <cassert>

#include "feeds/net/rest_answer.h"
#include "pipeline/engine.h"

namespace thalweg {
namespace {

// 250 ms doubled seven times is above the longest wait.
constexpr int kDoublingsMax = 7;

Nanos WaitBound(int failures) {
  return std::min(kRetryFirst << std::min(failures, kDoublingsMax), kRetryLongest);
}

}  // namespace

SnapshotQueue::SnapshotQueue(const SnapshotQueueOptions& options, WeightBudget& budget,
                             std::mt19937_64& random)
    : options_(options),
      budget_(budget),
      random_(random),
      weight_(DepthRequest(options.market, "", options.depth_limit).weight) {
  assert(options.concurrency > 0);
}

SnapshotQueue::Key SnapshotQueue::KeyOf(const std::string& name, const Symbol& symbol) {
  return {symbol.need, symbol.given.has_value(), symbol.stale_since, -symbol.traffic, symbol.place,
          name};
}

void SnapshotQueue::Enqueue(const std::string& name, Symbol& symbol) {
  symbol.is_waiting = true;
  waiting_.insert(KeyOf(name, symbol));
}

void SnapshotQueue::Dequeue(const std::string& name, Symbol& symbol) {
  symbol.is_waiting = false;
  waiting_.erase(KeyOf(name, symbol));
}

void SnapshotQueue::Delay(Symbol& symbol, Nanos now) {
  const auto bound = static_cast<std::uint64_t>(WaitBound(symbol.failures));
  if (symbol.failures < kDoublingsMax) ++symbol.failures;
  // Modulo is even to within 2^-29: good enough for a wait, and the same on every machine.
  symbol.not_before =
      std::max(symbol.not_before, now + static_cast<Nanos>(random_() % (bound + 1)));
}

void SnapshotQueue::Rank(Symbol& symbol, SnapshotNeed need, Nanos now, std::int64_t traffic) {
  symbol.need = need;
  symbol.traffic = traffic;
  const bool is_of_the_cut = symbol.back && now - *symbol.back < kSettledAfter;
  symbol.stale_since = (is_of_the_cut ? symbol.lost : now) / kLostTogether;
}

void SnapshotQueue::Want(std::string_view name, SnapshotNeed need, Nanos now,
                         std::int64_t traffic) {
  ++counts_.wishes;
  auto found = symbols_.find(name);
  if (found == symbols_.end()) {
    if (symbols_.size() >= kSymbolsMax) {
      ++counts_.symbols_over;
      return;
    }
    found = symbols_.emplace(name, Symbol()).first;
  }
  Symbol& symbol = found->second;
  if (symbol.is_waiting || symbol.is_in_flight) {
    ++counts_.merged;
    if (need >= symbol.need) return;
    const bool was_waiting = symbol.is_waiting;
    if (was_waiting) Dequeue(found->first, symbol);
    Rank(symbol, need, now, traffic);
    if (was_waiting) Enqueue(found->first, symbol);
    return;
  }
  if (symbol.given && now - *symbol.given < kSettledAfter) {
    ++counts_.repeated;
    Delay(symbol, now);
  } else {
    symbol.failures = 0;
  }
  Rank(symbol, need, now, traffic);
  symbol.place = ++last_place_;
  Enqueue(found->first, symbol);
}

void SnapshotQueue::OnConnectionLost(std::string_view name, Nanos now) {
  auto found = symbols_.find(name);
  if (found == symbols_.end()) {
    if (symbols_.size() >= kSymbolsMax) return;
    found = symbols_.emplace(name, Symbol()).first;
  }
  Symbol& symbol = found->second;
  ++symbol.epoch;
  // One that is lost again before it was synchronised is stale since the first time.
  const bool is_missed =
      (symbol.is_waiting || symbol.is_in_flight) && symbol.need == SnapshotNeed::kNoBook;
  if (!is_missed) symbol.lost = now;
  symbol.is_connected = false;
  if (!symbol.is_in_flight) return;
  symbol.is_in_flight = false;
  Enqueue(found->first, symbol);
}

void SnapshotQueue::OnConnectionBack(std::string_view name, Nanos now) {
  const auto found = symbols_.find(name);
  if (found == symbols_.end()) return;
  found->second.is_connected = true;
  found->second.back = now;
}

std::optional<SnapshotRequest> SnapshotQueue::Take(Nanos now) {
  if (in_flight_ >= options_.concurrency) return std::nullopt;
  const auto next = std::find_if(waiting_.begin(), waiting_.end(), [&](const Key& key) {
    const Symbol& symbol = symbols_.find(std::get<std::string>(key))->second;
    return symbol.is_connected && symbol.not_before <= now;
  });
  if (next == waiting_.end()) return std::nullopt;
  const std::optional<WeightBudget::Ticket> ticket = budget_.Take(weight_, now);
  if (!ticket) return std::nullopt;

  const std::string name = std::get<std::string>(*next);
  Symbol& symbol = symbols_.find(name)->second;
  Dequeue(name, symbol);
  symbol.is_in_flight = true;
  ++symbol.attempt;
  ++in_flight_;
  ++counts_.requests;
  return SnapshotRequest{name, symbol.epoch, symbol.attempt, *ticket,
                         DepthRequest(options_.market, name, options_.depth_limit).target};
}

bool SnapshotQueue::IsNeeded(Nanos now) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Key& key) {
    const Symbol& symbol = symbols_.find(std::get<std::string>(key))->second;
    return symbol.need == SnapshotNeed::kNoBook && symbol.is_connected && symbol.not_before <= now;
  });
}

std::optional<Nanos> SnapshotQueue::NextDue(Nanos now) const {
  if (in_flight_ >= options_.concurrency) return std::nullopt;
  std::optional<Nanos> earliest;
  for (const Key& key : waiting_) {
    const Symbol& symbol = symbols_.find(std::get<std::string>(key))->second;
    if (!symbol.is_connected) continue;
    earliest = std::min(earliest.value_or(symbol.not_before), symbol.not_before);
    if (*earliest <= now) break;
  }
  if (!earliest) return std::nullopt;
  const Nanos free = budget_.WhenFree(weight_, now);
  if (free == WeightBudget::kNever) return std::nullopt;
  return std::max({*earliest, free, now});
}

SnapshotUse SnapshotQueue::OnAnswer(const SnapshotRequest& request, SnapshotResult result,
                                    const BudgetReport& report, Nanos now) {
  budget_.OnAnswer(request.ticket, report, now);
  if (in_flight_ > 0) --in_flight_;
  const auto found = symbols_.find(request.symbol);
  if (found == symbols_.end() || !found->second.is_in_flight ||
      found->second.epoch != request.epoch || found->second.attempt != request.attempt) {
    ++counts_.dropped;
    return SnapshotUse::kDrop;
  }
  Symbol& symbol = found->second;
  symbol.is_in_flight = false;
  if (result == SnapshotResult::kGood) {
    // Failures are forgotten once it is seen that the answer was of use: by the next wish.
    symbol.given = now;
    ++counts_.given;
    return SnapshotUse::kGive;
  }
  if (result == SnapshotResult::kUnsent) {
    ++counts_.unsent;
    Enqueue(found->first, symbol);
    return SnapshotUse::kRetry;
  }
  switch (result) {
    case SnapshotResult::kGarbage:
      ++counts_.garbage;
      break;
    case SnapshotResult::kRefused:
      ++counts_.refused;
      symbol.failures = kDoublingsMax;
      break;
    default:
      ++counts_.failed;
  }
  // That of 429 and 418 is about the whole address: the budget keeps it.
  if (report.status >= 500) {
    symbol.not_before = std::max(symbol.not_before, now + ServerPause(report.retry_after));
  }
  Delay(symbol, now);
  Enqueue(found->first, symbol);
  return SnapshotUse::kRetry;
}

std::vector<SnapshotEstimate> SnapshotQueue::Estimates(Nanos now) const {
  std::vector<SnapshotEstimate> estimates;
  estimates.reserve(waiting_.size());
  const std::vector<Nanos> times = budget_.Forecast(weight_, waiting_.size(), now);
  for (const Key& key : waiting_) {
    const auto& [name, symbol] = *symbols_.find(std::get<std::string>(key));
    const Nanos due = std::max(times[estimates.size()], symbol.not_before);
    estimates.push_back({name, symbol.need, due});
  }
  return estimates;
}

}  // namespace thalweg
