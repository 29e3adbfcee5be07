// A fault that no user can cause: a level of a live book is another one, and nothing says so.
//
// Threads: the engine's.
#pragma once

#include <array>

#include "book/order_book.h"
#include "pipeline/symbol_engine.h"

namespace thalweg {

// The book's buckets follow, so that the level alone is wrong; `qty` 0: it is gone.
// REQUIRES: the symbol has a book.
inline void PutWrongLevel(const SymbolEngine& symbol, Side side, TickLevel level) {
  auto& book = const_cast<OrderBook&>(*symbol.book());
  const std::array levels{level};
  const std::span<const TickLevel> none;
  book.Apply(side == Side::kBid ? levels : none, side == Side::kAsk ? levels : none, book.id());
}

}  // namespace thalweg
