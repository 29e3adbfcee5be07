#include "features/ages.h"

namespace thalweg {

void Ages::OnTrade(const Trade& trade, EventTime effective_time,
                   std::optional<std::int64_t> touch_mid2) noexcept {
  trade_ = effective_time;
  effective_spread_bps_ = kNaN;
  if (!touch_mid2) return;
  // 2e4 sign (p - mid) / mid, formed from integers.
  const Wide above = Wide{2} * trade.price.raw() - *touch_mid2;
  effective_spread_bps_ =
      2e4 * Ratio(trade.aggressor == Aggressor::kBuyer ? above : -above, *touch_mid2);
}

void Ages::OnLag(Nanos receive_minus_event) noexcept {
  lag_minimum_ = lag_ ? std::min(lag_minimum_, receive_minus_event) : receive_minus_event;
  lag_maximum_ = lag_ ? std::max(lag_maximum_, receive_minus_event) : receive_minus_event;
  lag_ = receive_minus_event;
}

void Ages::Compute(EventTime clock, double* out) const noexcept {
  const auto age = [clock](const std::optional<EventTime>& then) {
    return then ? ToMilliseconds(clock - *then) : kNaN;
  };
  out[0] = age(depth_);
  out[1] = age(ticker_);
  out[2] = age(trade_);
  out[3] = lag_ ? ToMilliseconds(*lag_ - lag_minimum_) : kNaN;
  out[4] = effective_spread_bps_;
}

}  // namespace thalweg
