// Numbers as a person reads them: grouped by thousands, few digits, units beside them.
//
// Every value has a text, also those that no market has: NaN is "-", what is too large for its form
// is written with an exponent. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "core/units.h"

namespace thalweg {

// "1,234,567"
[[nodiscard]] std::string CountText(std::uint64_t count);

// A price with so many decimals: "61,602.01".
[[nodiscard]] std::string PriceText(double price, int decimals);

// How many decimals show these prices, which are multiples of a tick, exactly; 0 to 8. A NaN has
// none.
[[nodiscard]] int DecimalsOf(double price);

// A quantity in about five digits: "0.00012", "1.2346", "12,346", "1.2346M".
[[nodiscard]] std::string QtyText(double qty);

// Events a second: "9.8", "982", "12.3k".
[[nodiscard]] std::string RateText(double rate);

// A span in three digits: "850 ns", "2.14 us", "21.0 ms", "1.3 s", "90 s", "75 min", "50 h".
[[nodiscard]] std::string SpanText(Nanos span);
// The same for a feature in milliseconds.
[[nodiscard]] std::string MillisText(double millis);

// Time of day of an event clock, UTC: "17:00:31.102"; "-" for 0.
[[nodiscard]] std::string ClockText(std::int64_t event_ns);
// Its date: "2024-08-08"; empty for 0.
[[nodiscard]] std::string DateText(std::int64_t event_ns);

}  // namespace thalweg
