// Cells of a histogram of times: exact below 2^kBits ns and 2^-kBits of the value wide above.
//
// A percentile read from such cells is never below the true one and at most 2^-kBits above it.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace thalweg {

template <int kBits>
struct LatencyCells {
  static constexpr std::int64_t kExact = std::int64_t{1} << kBits;

  // The cell of a time; negative ones count as 0. The last of `cells` takes all greater times.
  [[nodiscard]] static constexpr std::size_t CellOf(std::int64_t nanos,
                                                    std::size_t cells) noexcept {
    const std::int64_t time = std::max<std::int64_t>(nanos, 0);
    if (time < kExact) return std::min(static_cast<std::size_t>(time), cells - 1);
    const auto width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(time)));
    const int shift = width - kBits - 1;
    // kExact cells for the exact values, and as many for each power of two above.
    const std::int64_t cell = (shift + 1) * kExact + (time >> shift) - kExact;
    return std::min(static_cast<std::size_t>(cell), cells - 1);
  }

  // The greatest time of a cell that is not the last.
  [[nodiscard]] static constexpr std::int64_t EndOf(std::size_t cell) noexcept {
    const auto index = static_cast<std::int64_t>(cell);
    if (index < kExact) return index;
    const auto shift = static_cast<int>(index / kExact) - 1;
    return ((index % kExact + kExact + 1) << shift) - 1;
  }
};

}  // namespace thalweg
