// Counts of times by size, for percentiles over any number of events in little memory.
//
// Cells are exact below 2^kExactBits ns and 1/2^kExactBits of the value wide above, so a percentile
// is at most 1/128 (0.8 %) above the true one and never below it; count, mean and greatest are
// exact. Values of 2^kValueBits ns (18 minutes) and more share the last cell, of which the greatest
// value is reported.
//
// Threads: one. Allocates once.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/latency_cells.h"

namespace thalweg {

class LatencyHistogram {
 public:
  static constexpr int kExactBits = 7;
  static constexpr int kValueBits = 40;

  LatencyHistogram() : counts_(kCells) {}

  // A negative time (the difference of two measurements) counts as 0 in percentiles and as it is in
  // the mean.
  void Add(std::int64_t nanos) noexcept {
    const std::int64_t time = std::max<std::int64_t>(nanos, 0);
    ++counts_[Cells::CellOf(time, kCells)];
    ++count_;
    sum_ += nanos;
    greatest_ = std::max(greatest_, time);
  }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] std::int64_t greatest() const noexcept { return greatest_; }
  [[nodiscard]] std::int64_t sum() const noexcept { return sum_; }
  // REQUIRES, like Percentile(): count() > 0.
  [[nodiscard]] double mean() const noexcept {
    return static_cast<double>(sum_) / static_cast<double>(count_);
  }

  // The least time that `percent` of all times do not exceed (nearest rank), rounded up to the end
  // of its cell. REQUIRES: 0 < percent <= 100.
  [[nodiscard]] std::int64_t Percentile(double percent) const noexcept {
    assert(count_ > 0 && percent > 0 && percent <= 100);
    const double exact_rank = percent / 100 * static_cast<double>(count_);
    // The tolerance undoes the rounding of products like 0.999 * 1000.
    const auto rank = static_cast<std::int64_t>(std::ceil(exact_rank - 1e-6));
    std::int64_t seen = 0;
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      seen += counts_[cell];
      if (seen >= rank) return std::min(EndOf(cell), greatest_);
    }
    return greatest_;
  }

 private:
  using Cells = LatencyCells<kExactBits>;
  // kExact cells for the exact values, and as many for each power of two above.
  static constexpr std::size_t kCells = static_cast<std::size_t>(Cells::kExact) *
                                        static_cast<std::size_t>(kValueBits - kExactBits + 1);

  // The greatest value of a cell.
  [[nodiscard]] static std::int64_t EndOf(std::size_t cell) noexcept {
    return cell == kCells - 1 ? INT64_MAX : Cells::EndOf(cell);
  }

  std::vector<std::int64_t> counts_;
  std::int64_t count_ = 0;
  std::int64_t sum_ = 0;
  std::int64_t greatest_ = 0;
};

}  // namespace thalweg
