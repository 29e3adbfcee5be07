// Where two books of one id differ, in the zone that both know: what is said of an audit that
// differed. Whether they do at all, OrderBook::SameInside() answers on the way of an event.
//
// Threads: pure functions. Cold: walks every level.
#pragma once

#include <cstdint>
#include <optional>

#include "book/order_book.h"
#include "core/units.h"

namespace thalweg {

struct LevelDifference {
  Side side = Side::kBid;
  Ticks price;
  Qty a;  // In the first book; 0: there is no level.
  Qty b;  // In the second.
  friend bool operator==(const LevelDifference&, const LevelDifference&) = default;
};

struct BookDifference {
  std::int64_t levels = 0;               // Prices whose quantities differ.
  std::optional<LevelDifference> first;  // Bids before asks, nearest to the touch.
};

// REQUIRES: equal ticks and quantity units.
[[nodiscard]] BookDifference DifferenceInside(const OrderBook& a, const OrderBook& b);

}  // namespace thalweg
