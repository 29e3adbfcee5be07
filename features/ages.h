// Group Ages: how old each stream is on the event clock, how late frames are, and the effective
// spread of the last fill (5 features).
//
// Ages need no valid book. Receive time minus exchange time is no latency, because the two clocks
// may differ by seconds; its excess over its own minimum since the start is. Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/events.h"
#include "core/units.h"
#include "features/ratio.h"

namespace thalweg {

inline constexpr std::size_t kAgeFeatures = 5;

class Ages {
 public:
  void OnDepth(EventTime effective_time) noexcept { depth_ = effective_time; }
  void OnTicker(EventTime effective_time) noexcept { ticker_ = effective_time; }
  // `touch_mid2`: twice the bookTicker mid just before the fill, in 1e-8; absent: no usable quote.
  void OnTrade(const Trade& trade, EventTime effective_time,
               std::optional<std::int64_t> touch_mid2) noexcept;
  // Every frame that carries an event time, dropped and kept ones too.
  void OnLag(Nanos receive_minus_event) noexcept;

  void Compute(EventTime clock, double* out) const noexcept;

  // Least and greatest receive time minus exchange time so far; absent before the first.
  struct LagRange {
    Nanos least;
    Nanos greatest;
  };
  [[nodiscard]] std::optional<LagRange> lag_range() const noexcept {
    return lag_ ? std::optional(LagRange{lag_minimum_, lag_maximum_}) : std::nullopt;
  }

 private:
  std::optional<EventTime> depth_;
  std::optional<EventTime> ticker_;
  std::optional<EventTime> trade_;
  std::optional<Nanos> lag_;
  Nanos lag_minimum_ = 0;
  Nanos lag_maximum_ = 0;
  double effective_spread_bps_ = kNaN;
};

}  // namespace thalweg
