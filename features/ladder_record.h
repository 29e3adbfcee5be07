// The ladder record: for each bucket size the dense ladders of both sides, the consecutive buckets
// from the touch outward, empty ones included.
//
// A size takes kLadderValues words: size, bid_label, ask_label (labels of the first buckets) f64;
// complete_bid, complete_ask u32; bid_qty, bid_notional, ask_qty, ask_notional f64[15]. Base and
// quote units, not cumulated. An empty side, and every side without a book, is NaN throughout with
// 0 complete buckets; the size is always there. Threads: pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "book/order_book.h"
#include "features/scale.h"
#include "features/schema.h"

namespace thalweg {

inline constexpr std::size_t kLadderValues = 4 + 4 * static_cast<std::size_t>(kLadderBuckets);

// `suffixes`: of each bucket size, as features have it: "t10", or "b1" by rank.
[[nodiscard]] RecordSchema LadderSchema(const std::vector<std::string>& suffixes);

// Writes kLadderValues words for each of `sizes`, the book's own. Null: there is no book.
void ComputeLadders(const OrderBook* book, std::span<const Price> sizes, const Scale& scale,
                    double* out) noexcept;

}  // namespace thalweg
