// The exchange's side of request weight, as an obvious model: fixed windows, 429, and a ban for
// those who go on.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/units.h"

namespace thalweg {

class ExchangeWindow {
 public:
  ExchangeWindow(std::int64_t limit, Nanos window, Nanos phase)
      : limit_(limit), window_(window), phase_(phase) {}

  struct Verdict {
    int status = 200;
    std::int64_t used = 0;
    Nanos retry_after = 0;
  };

  // A request of ours, at the time at which the exchange counts it.
  Verdict Charge(std::int64_t weight, Nanos now) {
    history_.push_back({now, weight});
    const Verdict verdict = Count(weight, now);
    if (verdict.status != 200) ++refused_;
    return verdict;
  }
  // Somebody else's behind the same address.
  void ChargeOther(std::int64_t weight, Nanos now) { (void)Count(weight, now); }

  // The most that requests of ours weighed in any window, sliding.
  [[nodiscard]] std::int64_t HeaviestWindow() const {
    std::vector<Entry> sorted = history_;
    std::sort(sorted.begin(), sorted.end(),
              [](const Entry& a, const Entry& b) { return a.time < b.time; });
    std::int64_t heaviest = 0;
    std::int64_t sum = 0;
    std::size_t first = 0;
    for (const Entry& entry : sorted) {
      sum += entry.weight;
      while (sorted[first].time <= entry.time - window_) sum -= sorted[first++].weight;
      heaviest = std::max(heaviest, sum);
    }
    return heaviest;
  }
  // Of ours.
  [[nodiscard]] std::int64_t refused() const { return refused_; }
  [[nodiscard]] std::int64_t requests() const { return static_cast<std::int64_t>(history_.size()); }

 private:
  struct Entry {
    Nanos time;
    std::int64_t weight;
  };

  Verdict Count(std::int64_t weight, Nanos now) {
    const std::int64_t number = (now + phase_) / window_;
    if (number != number_) {
      number_ = number;
      used_ = 0;
    }
    used_ += weight;
    if (used_ <= limit_) return {200, used_, 0};
    return {429, used_, window_ - (now + phase_) % window_};
  }

  const std::int64_t limit_;
  const Nanos window_;
  const Nanos phase_;
  std::int64_t number_ = -1;
  std::int64_t used_ = 0;
  std::int64_t refused_ = 0;
  std::vector<Entry> history_;
};

}  // namespace thalweg
