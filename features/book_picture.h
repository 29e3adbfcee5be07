// What every book feature starts from: the best levels of both sides and the integers made of them.
//
// Taken once a record. Invariant: with `two_sided`, both sides have a level and the best bid is
// below the best ask; then `mid2` (twice the mid, in ticks) and `spread` are positive. Threads:
// one; lives as long as the book stays unchanged.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "book/order_book.h"
#include "features/scale.h"

namespace thalweg {

inline constexpr std::size_t kTopLevels = 20;

class BookPicture {
 public:
  BookPicture(const OrderBook& book, const Scale& scale);

  [[nodiscard]] const OrderBook& book() const noexcept { return *book_; }
  [[nodiscard]] const Scale& scale() const noexcept { return *scale_; }
  // The best levels, best first, at most kTopLevels.
  [[nodiscard]] std::span<const TickLevel> top(Side side) const noexcept {
    const Half& half = halves_[static_cast<std::size_t>(side)];
    return {half.levels.data(), half.count};
  }
  [[nodiscard]] bool empty(Side side) const noexcept { return top(side).empty(); }

  // Both sides there, and not crossed or locked: a mid exists.
  [[nodiscard]] bool two_sided() const noexcept { return two_sided_; }
  [[nodiscard]] bool crossed() const noexcept { return crossed_; }
  // REQUIRES: both sides have a level.
  [[nodiscard]] std::int64_t mid2() const noexcept { return mid2_; }
  [[nodiscard]] std::int64_t spread() const noexcept { return spread_; }

  // Sum of the best `levels` levels of a side.
  [[nodiscard]] Wide DepthOf(Side side, std::size_t levels) const noexcept;

 private:
  struct Half {
    std::array<TickLevel, kTopLevels> levels;
    std::size_t count = 0;
  };

  const OrderBook* book_;
  const Scale* scale_;
  std::array<Half, 2> halves_;
  bool two_sided_ = false;
  bool crossed_ = false;
  std::int64_t mid2_ = 0;
  std::int64_t spread_ = 0;
};

// The farthest prices that features looked at, to be held against the known zone (HORIZON).
struct Reach {
  std::int64_t bid_low = INT64_MAX;
  std::int64_t ask_high = INT64_MIN;

  void Include(Side side, std::int64_t price) noexcept {
    if (side == Side::kBid) {
      bid_low = std::min(bid_low, price);
    } else {
      ask_high = std::max(ask_high, price);
    }
  }
};

}  // namespace thalweg
