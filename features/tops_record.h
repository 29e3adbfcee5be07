// The tops record: the best levels of both sides, rank by rank.
//
// A rank takes kTopsValues f64: bid_price, bid_qty, ask_price, ask_qty; NaN where the side has no
// such level, and everywhere without a book. Threads: pure functions.
#pragma once

#include <cstddef>

#include "book/order_book.h"
#include "features/scale.h"
#include "features/schema.h"

namespace thalweg {

inline constexpr std::size_t kTopsValues = 4;
inline constexpr std::size_t kTopsLevelsDefault = 20;
inline constexpr std::size_t kTopsLevelsMax = 100;

// REQUIRES: 1 <= levels <= kTopsLevelsMax.
[[nodiscard]] RecordSchema TopsSchema(std::size_t levels);

// Writes kTopsValues numbers for each of `levels` ranks. Null: there is no book.
void ComputeTops(const OrderBook* book, std::size_t levels, const Scale& scale,
                 double* out) noexcept;

}  // namespace thalweg
