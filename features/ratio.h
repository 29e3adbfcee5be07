// From exact integers to doubles: one conversion and one division at the end, and rules for zeros.
//
// Threads: pure functions.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/record.h"
#include "core/units.h"

namespace thalweg {

// Correctly rounded; the common small case without the 128-bit library call.
[[nodiscard]] inline double ToDouble(Wide value) noexcept {
  const auto low = static_cast<std::int64_t>(value);
  return low == value ? static_cast<double>(low) : static_cast<double>(value);
}

// numerator / denominator; NaN for a zero denominator. Never -0.
[[nodiscard]] inline double Ratio(Wide numerator, Wide denominator) noexcept {
  if (denominator == 0) return kNaN;
  return ToDouble(numerator) / ToDouble(denominator) + 0.0;
}

// (a - b) / (a + b) of non-negative sums; NaN when both are 0.
[[nodiscard]] inline double Imbalance(Wide a, Wide b) noexcept { return Ratio(a - b, a + b); }

// ln(a / b), antisymmetric to the bit and exact to the last digits near a = b; NaN when either is
// 0.
[[nodiscard]] inline double LogRatio(Wide a, Wide b) noexcept {
  if (a == 0 || b == 0) return kNaN;
  return a >= b ? std::log1p(Ratio(a - b, b)) : -std::log1p(Ratio(b - a, a));
}

// A time span in milliseconds, exact to the nanosecond.
[[nodiscard]] inline double ToMilliseconds(Nanos span) noexcept {
  return static_cast<double>(span) / 1e6;
}

}  // namespace thalweg
