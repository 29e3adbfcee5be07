// A level as a book keeps it: price in ticks of the book's instrument, absolute quantity.
#pragma once

#include <cstddef>

#include "core/units.h"

namespace thalweg {

struct TickLevel {
  Ticks price;
  Qty qty;
  friend bool operator==(const TickLevel&, const TickLevel&) = default;
};

// Levels a side that scratch space is made for at the start, so that it does not grow later: the
// largest recorded diff has 1,076.
inline constexpr std::size_t kScratchLevels = 2'048;

}  // namespace thalweg
