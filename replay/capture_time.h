// When a line of another program's recording was received: times as such programs write them.
//
// Exact: no floating point anywhere. Threads: pure functions.
#pragma once

#include <string_view>

#include "core/units.h"

namespace thalweg {

// The earliest time that a recording's line can have in ns (1973-03-03): a smaller number would be
// read as another unit.
inline constexpr ReceiveTime kCaptureTimeMin{100'000'000'000'000'000};

// Reads digits, then optionally a dot and more digits ("1633998512.0633569"), of the unit that the
// whole part shows: ns from 1e17, us from 1e14, ms from 1e11, else s. Digits below a nanosecond are
// cut off. False, and nothing written, for any other text (a sign, an exponent, a date) and for a
// time before kCaptureTimeMin or beyond kTimeMax (2116).
[[nodiscard]] bool ParseCaptureTime(std::string_view text, ReceiveTime* time) noexcept;

// What is said of a line whose time ParseCaptureTime() refused.
inline constexpr std::string_view kNoCaptureTime =
    "its time is no number of s, ms, us or ns since 1970, from 1973 to 2116";

}  // namespace thalweg
