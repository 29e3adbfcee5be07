// The vocabulary of numbers: prices, quantities, ids and times.
//
// Everything is an integer; `double` begins where a feature is written out. Sources of the ranges:
// docs/NUMBERS.md.
#pragma once

#include <bit>
#include <cstdint>

#include "core/strong.h"

namespace thalweg {

// A price as the exchange wrote it, in 1e-8 of the quote currency. Exact: the exchange never sends
// more decimals. Range of an accepted price: [0, kPriceMax].
using Price = Strong<struct PriceTag>;
inline constexpr int kPriceDecimals = 8;
inline constexpr std::int64_t kPriceOne = 100'000'000;
inline constexpr Price kPriceMax{std::int64_t{1} << 60};

// A price as a multiple of an instrument's tick. Books count in ticks; which tick, the instrument
// says (core/instrument.h).
using Ticks = Strong<struct TicksTag>;
inline constexpr Ticks kTicksMax{std::int64_t{1} << 50};

// A quantity of the base asset in units of 10^-d, d = the instrument's quantity decimals (0 to 8).
// Range: [0, 2^63 - 1]; the top value is the exchange's cap and means "this much or more".
using Qty = Strong<struct QtyTag>;
inline constexpr int kQtyDecimalsMax = 8;
inline constexpr Qty kQtyCap{INT64_MAX};

// Price times quantity stays below 2^kNotionalBits, so that sums of 2^20 products fit 128 bits.
inline constexpr int kNotionalBits = 100;

// Sums of quantities and of price times quantity: exact, in any order.
using Wide = __int128;

// Ids in an exchange's numbering of book changes (`U`, `u`, `pu`, `lastUpdateId`) and of trades.
using UpdateId = Strong<struct UpdateIdTag>;
using TradeId = Strong<struct TradeIdTag>;

// Nanoseconds since the Unix epoch by the exchange's clock, and by ours when the bytes arrived. The
// two are never compared inside a feature.
using EventTime = Strong<struct EventTimeTag>;
using ReceiveTime = Strong<struct ReceiveTimeTag>;

// Accepted times are in [0, kTimeMax], in the year 2116 at most: differences of two, differences of
// those, and a time and any window together fit 64 bits.
inline constexpr std::int64_t kTimeMax = INT64_MAX / 2;

// A span of time in nanoseconds.
using Nanos = std::int64_t;
inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kHour = 3'600 * kSecond;

// The position of a symbol in the engine's table, from 0.
enum class SymbolId : std::uint32_t {};
[[nodiscard]] constexpr std::uint32_t Index(SymbolId id) noexcept {
  return static_cast<std::uint32_t>(id);
}

// The two halves of a book; and who crossed the spread in a trade.
enum class Side : std::uint8_t { kBid, kAsk };
enum class Aggressor : std::uint8_t { kBuyer, kSeller };

// Whether value * factor stays in range. REQUIRES: value >= 0, factor >= 1.
[[nodiscard]] constexpr bool CanScale(std::int64_t value, std::int64_t factor) noexcept {
  return value <= INT64_MAX / factor;
}

// Whether price * qty is below 2^kNotionalBits, told from their highest bits. REQUIRES: both >= 0.
[[nodiscard]] constexpr bool NotionalFits(std::int64_t price, Qty qty) noexcept {
  return std::bit_width(static_cast<std::uint64_t>(price)) +
             std::bit_width(static_cast<std::uint64_t>(qty.raw())) <=
         kNotionalBits;
}

// Whether nothing is left over. REQUIRES: divisor >= 1.
[[nodiscard]] constexpr bool Divides(std::int64_t divisor, Wide value) noexcept {
  return value % divisor == 0;
}

// 10^n for n in [0, 18].
[[nodiscard]] constexpr std::int64_t PowerOfTen(int n) noexcept {
  std::int64_t power = 1;
  for (int i = 0; i < n; ++i) power *= 10;
  return power;
}

}  // namespace thalweg
