// When a live book wishes a snapshot in the background: to be audited, and to be known further.
//
// Two reasons, both judged on the symbol's event clock after each applied event, so that a replay
// wishes at the same event:
//
//   kPeriod   At the multiples of the interval, moved by a part of it that belongs to the symbol's
//             name: audits of many symbols are spread, and those of one are the same whichever
//             others are followed.
//   kHorizon  Of the way from a side's best price to its known edge, as it was when the edge was
//             last set, kHorizonLeftPercent are left. Once in kHorizonPause: where the exchange can
//             give no more the next way is shorter, and from a touch at the edge or beyond it there
//             is none to wish for.
//
// A wish that is not answered for kBackgroundPatience is over: nothing is retained for it any more.
//
// Threads: one. Allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "book/order_book.h"
#include "core/units.h"
#include "pipeline/synchronised_book.h"

namespace thalweg {

inline constexpr std::int64_t kHorizonLeftPercent = 30;
inline constexpr Nanos kHorizonPause = 60 * kSecond;
// As long as the fastest stream's events are retained (kRetainedDiffsMax), and longer than a
// request takes that waits for nobody.
inline constexpr Nanos kBackgroundPatience = 100 * kSecond;

class AuditSchedule {
 public:
  // `interval` 0: no wish ever.
  AuditSchedule(Nanos interval, std::string_view symbol) noexcept;

  // The book's edges were set anew: it was synchronised, or a snapshot agreed with it.
  void OnEdgesSet() noexcept { edges_are_new_ = true; }
  // What the live book wishes now. `tick`: of the book, so that a refinement changes no way.
  [[nodiscard]] std::optional<SnapshotReason> Due(const OrderBook& book, Price tick,
                                                  EventTime clock) noexcept;
  // A wish was made, whoever asked for it.
  void OnWish(EventTime clock) noexcept { wished_at_ = clock; }
  [[nodiscard]] bool IsGivenUp(EventTime clock) const noexcept {
    return clock - wished_at_ >= kBackgroundPatience;
  }

 private:
  [[nodiscard]] bool IsPeriodOver(EventTime clock) noexcept;
  [[nodiscard]] bool IsEroded(const OrderBook& book, Price tick) noexcept;

  const Nanos interval_;
  const Nanos phase_;  // In [0, interval).
  std::optional<EventTime> next_;
  // From the best price to the known edge in 1e-8, by Side; absent where all is known.
  std::array<std::optional<std::int64_t>, 2> whole_ways_;
  bool edges_are_new_ = true;
  std::optional<EventTime> horizon_wished_at_;
  EventTime wished_at_;
};

}  // namespace thalweg
