// Group Touch: the best quotes as bookTicker shows them, and their order flow (10 features).
//
// Input is bookTicker alone, never the book. All are NaN before the first frame; they need no
// synchronised book and survive its resync. An absent side (price or quantity 0) is NaN; mid,
// weighted mid and imbalance are NaN without both sides or when bid >= ask. Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/events.h"
#include "features/order_flow.h"
#include "features/scale.h"

namespace thalweg {

inline constexpr std::size_t kTouchFeatures = 10;

class Touch {
 public:
  // An accepted bookTicker. `time`: its effective time; absent before there is a clock, then it
  // sets the state and enters no window. False when a window's bound made an old entry leave early.
  bool Set(const BookTicker& ticker, std::optional<EventTime> time);
  void AdvanceTo(EventTime now) noexcept { flow_.AdvanceTo(now); }
  void Compute(const Scale& scale, double* out) const noexcept;
  // Forgets the quotes, as if none had come.
  void Restart() noexcept;
  [[nodiscard]] bool CanScaleQuantities(std::int64_t factor) const noexcept;
  void ScaleQuantities(std::int64_t factor);
  [[nodiscard]] bool CanDivideQuantities(std::int64_t divisor) const;
  void DivideQuantities(std::int64_t divisor);

  // Twice the mid in 1e-8 of the quote currency; absent without two uncrossed sides.
  [[nodiscard]] std::optional<std::int64_t> mid2() const noexcept;

 private:
  static constexpr std::array<Nanos, 3> kSpans{100 * kMillisecond, 1 * kSecond, 10 * kSecond};

  bool seen_ = false;
  std::optional<Level> bid_;
  std::optional<Level> ask_;
  OrderFlowWindows<kSpans.size()> flow_{kSpans};
};

}  // namespace thalweg
