// What turns an instrument's integers into numbers a user reads.
#pragma once

#include <bit>
#include <cstdint>

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
  // A sum of price ticks times quantity units in quote units: exact integers while 128 bits hold
  // them.
  [[nodiscard]] double ToQuoteNotional(Wide notional) const noexcept {
    const double unit = static_cast<double>(kPriceOne) * qty_one();
    const auto high = static_cast<std::uint64_t>(static_cast<unsigned __int128>(notional) >> 64);
    // Some standard libraries count bits in the type of the number.
    const int bits = 64 + static_cast<int>(std::bit_width(high));
    const auto tick_bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(tick.raw())));
    if (bits + tick_bits < 127) return ToDouble(notional * tick.raw()) / unit;
    return ToDouble(notional) * static_cast<double>(tick.raw()) / unit;
  }
};

}  // namespace thalweg
