// The rules that an exchange keeps: its paths, limits, windows and request weights.
//
// Spot as of 2026-07, USD-M as of 2026-10, from the exchange's documentation. What the
// documentation leaves open is decided here and says so. Threads: constants and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/units.h"
#include "pipeline/engine_options.h"

namespace thalweg {

inline constexpr Nanos kMinute = 60 * kSecond;
inline constexpr Nanos kDay = 24 * kHour;
// A larger scale leaves windows that are shorter than a request.
inline constexpr std::int64_t kTimeScaleMax = 10'000;

struct Venue {
  Market market = Market::kSpot;
  std::string_view rest_prefix;  // "/api/v3/"

  std::int64_t weight_max = 6'000;  // In each window.
  Nanos weight_window = kMinute;
  std::int64_t raw_requests_max = 300'000;
  Nanos raw_requests_window = 5 * kMinute;
  // Requests answered with 429 in one window before the address is banned. Not documented.
  std::int64_t refused_requests_max = 10;
  Nanos first_ban = 2 * kMinute;  // Each further one is twice as long.
  Nanos longest_ban = 3 * kDay;

  std::size_t streams_max = 1'024;  // Of one connection.
  std::int64_t attempts_max = 300;  // To connect, of one address, in a window.
  Nanos attempts_window = 5 * kMinute;
  std::int64_t client_frames_max = 5;  // Of one connection, in a window. Pings and pongs count.
  Nanos client_frames_window = kSecond;
  // Connections cut for too many frames in one window of attempts before the address is banned.
  // Not documented.
  std::int64_t cut_connections_max = 3;

  Nanos ping_every = 20 * kSecond;
  Nanos pong_deadline = kMinute;
  Nanos connection_life = kDay;
};

// With every window, period and deadline divided by `time_scale`. REQUIRES: in [1, kTimeScaleMax].
[[nodiscard]] Venue VenueOf(Market market, std::int64_t time_scale);

// A window as exchangeInfo and headers state it, in whole units: rounded up, so that who believes
// it stays within the true one.
struct StatedWindow {
  std::string_view interval = "MINUTE";  // Or "SECOND".
  std::int64_t count = 1;
};
[[nodiscard]] StatedWindow StatedWindowOf(Nanos window) noexcept;

// The weight of a depth request, by its limit.
[[nodiscard]] std::int64_t DepthWeight(Market market, std::int64_t limit) noexcept;

}  // namespace thalweg
