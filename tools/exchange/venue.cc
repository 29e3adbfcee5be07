#include "tools/exchange/venue.h"

#include <cassert>

namespace thalweg {

Venue VenueOf(Market market, std::int64_t time_scale) {
  assert(time_scale >= 1 && time_scale <= kTimeScaleMax);
  Venue venue;
  venue.market = market;
  venue.rest_prefix = "/api/v3/";
  if (market != Market::kSpot) {
    venue.rest_prefix = market == Market::kUsdM ? "/fapi/v1/" : "/dapi/v1/";
    venue.weight_max = 2'400;
    venue.client_frames_max = 10;
    venue.ping_every = 3 * kMinute;
    venue.pong_deadline = 10 * kMinute;
  }
  for (Nanos* const span : {&venue.weight_window, &venue.raw_requests_window, &venue.first_ban,
                            &venue.longest_ban, &venue.attempts_window, &venue.client_frames_window,
                            &venue.ping_every, &venue.pong_deadline, &venue.connection_life}) {
    *span /= time_scale;
  }
  return venue;
}

StatedWindow StatedWindowOf(Nanos window) noexcept {
  if (window % kMinute == 0) return {"MINUTE", window / kMinute};
  return {"SECOND", (window + kSecond - 1) / kSecond};
}

std::int64_t DepthWeight(Market market, std::int64_t limit) noexcept {
  if (market == Market::kSpot) {
    if (limit <= 100) return 5;
    if (limit <= 500) return 25;
    return limit <= 1'000 ? 50 : 250;
  }
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

}  // namespace thalweg
