// A symbol's event clock: the greatest exchange time of its frames so far.
//
// Invariant: never goes back, once a second frame or a record has confirmed its first time.
// Advanced by every timed frame of the symbol's depth, trade and bookTicker streams on arrival,
// whether or not the frame is then used. A time that is far ahead of what can have passed moves it
// only when the next timed frame agrees, so that one wrong time cannot freeze a symbol. Threads:
// one.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/units.h"

namespace thalweg {

// How far ahead of the clock, plus the receive time passed since the frame before, a time is
// believed.
inline constexpr Nanos kTimeLeapMax = kHour;

class EventClock {
 public:
  // What a frame does to the clock. Nothing has moved yet.
  struct Step {
    EventTime time;            // The time the frame is stamped with.
    EventTime clock;           // The clock after it.
    EventTime passed_to;       // The same, without what a leap that two frames agree on adds.
    bool disbelieved = false;  // The frame's own time was too far ahead; `time` is the clock.
    bool restarts = false;     // The first time of all was too far ahead: the clock begins anew.
  };

  [[nodiscard]] bool started() const noexcept { return now_.has_value(); }
  // REQUIRES: started()
  [[nodiscard]] EventTime now() const noexcept { return *now_; }
  [[nodiscard]] EventTime first() const noexcept { return first_; }

  [[nodiscard]] Step Judge(EventTime time, ReceiveTime received) const noexcept {
    if (!now_) return {time, time, time};
    const Nanos believed = kTimeLeapMax + std::max<Nanos>(received - last_received_, 0);
    const bool leaps = time - *now_ > believed;
    const bool agreed = doubted_ && std::abs(time - *doubted_) <= believed;
    if (leaps && !agreed) return {*now_, *now_, *now_, true, false};
    // A first time that is far ahead of the second would freeze the symbol.
    if (!confirmed_ && *now_ - time > believed) return {time, time, time, false, true};
    const EventTime clock = std::max(*now_, time);
    return {time, clock, leaps ? *now_ + believed : clock};
  }

  // Takes the step that Judge() found for `time`.
  void Take(const Step& step, EventTime time, ReceiveTime received) noexcept {
    doubted_ = step.disbelieved ? std::optional(time) : std::nullopt;
    if (!now_ || step.restarts) {
      first_ = step.clock;
    } else if (!step.disbelieved) {
      confirmed_ = true;
    }
    now_ = step.clock;
    last_received_ = received;
  }

  // From here on records tell the clock: its first time stands.
  void Confirm() noexcept { confirmed_ = true; }

  // A frame without a time of its own.
  void OnUntimed(ReceiveTime received) noexcept { last_received_ = received; }

 private:
  std::optional<EventTime> now_;
  EventTime first_;
  bool confirmed_ = false;  // A second frame agreed with the clock, or a record told it.
  ReceiveTime last_received_;
  std::optional<EventTime> doubted_;  // The time of the frame before, when it was not believed.
};

}  // namespace thalweg
