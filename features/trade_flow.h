// Group Trades: windows over the fills of the configured trade stream.
//
// Windows are (t - w, t] on the event clock; a fill enters with its effective time. Sums are exact
// integers. They start with the first trade of the input, need no book and survive its resync; only
// vwap_dev_bps_* compares with the book's mid.
// Sign: a buyer who takes is positive.
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/events.h"
#include "core/units.h"
#include "features/event_windows.h"
#include "features/scale.h"

namespace thalweg {

inline constexpr std::size_t kTradeFlowFeatures = 20;

class TradeFlow {
 public:
  // False when a window's bound made an old fill leave early.
  bool Add(const Trade& trade, EventTime effective_time);
  void AdvanceTo(EventTime now) noexcept;
  // `mid2`: twice the mid of the book, when it has one; in units of 1e-8 of the quote currency.
  void Compute(const Scale& scale, std::optional<std::int64_t> mid2, double* out) const noexcept;
  // Forgets the fills, as if none had come.
  void Restart() noexcept;
  [[nodiscard]] bool CanScaleQuantities(std::int64_t factor) const noexcept;
  void ScaleQuantities(std::int64_t factor);
  [[nodiscard]] bool CanDivideQuantities(std::int64_t divisor) const;
  void DivideQuantities(std::int64_t divisor);

 private:
  struct Flow {
    Wide buy = 0;
    Wide sell = 0;
    Wide notional = 0;  // 1e-8 quote * quantity units
    std::int64_t count = 0;

    Flow& operator+=(const Flow& other) noexcept;
    Flow& operator-=(const Flow& other) noexcept;
  };
  enum Window : std::size_t { k100ms, k1s, k5s, k10s, k60s, kWindowCount };

  EventWindows<Flow, kWindowCount> flows_{
      {100 * kMillisecond, 1 * kSecond, 5 * kSecond, 10 * kSecond, 60 * kSecond}};
  WindowMaximum largest_{10 * kSecond};
  std::optional<EventTime> last_time_;
  std::optional<Nanos> inter_trade_;
};

}  // namespace thalweg
