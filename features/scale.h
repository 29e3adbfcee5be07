// What turns an instrument's integers into numbers a user reads.
#pragma once

#include "core/units.h"
#include "features/ratio.h"

namespace thalweg {

// Invariant: tick > 0, 0 <= qty_decimals <= 8.
struct Scale {
  Price tick{1};
  int qty_decimals = kQtyDecimalsMax;

  friend bool operator==(const Scale&, const Scale&) = default;

  [[nodiscard]] double qty_one() const noexcept {
    return static_cast<double>(PowerOfTen(qty_decimals));
  }
  // Price and quantity as doubles nearest to the exact decimal.
  [[nodiscard]] double ToQuote(Price price) const noexcept {
    return static_cast<double>(price.raw()) / static_cast<double>(kPriceOne);
  }
  [[nodiscard]] double ToQuote(Ticks ticks) const noexcept { return ToQuote(ToPrice(ticks)); }
  [[nodiscard]] Price ToPrice(Ticks ticks) const noexcept {
    return Price(ticks.raw() * tick.raw());
  }
  [[nodiscard]] double ToBase(Wide units) const noexcept {
    return ToDouble(units) / qty_one() + 0.0;
  }
};

}  // namespace thalweg
