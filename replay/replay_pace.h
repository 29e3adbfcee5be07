// The pace of a replay: how long to wait before a line is used, so that receive times pass N times
// as fast as they did.
//
// The first line is used at once; each later one when its receive time, counted from the first, has
// passed N times as fast. Who is late does not wait until it has caught up. A time that goes back,
// and Restart() at the border of two files, begin a new count. A gap in the data is waited for like
// any other time: real time is real time.
//
// Waiting is sleeping, in parts of kPacePart at most, with a call after each of them: for signs of
// life, and to end the wait.
// Threads: one. Clock and sleep are passed in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/units.h"

namespace thalweg {

// The clock that a pace goes by, and how it sleeps.
class PaceClock {
 public:
  virtual ~PaceClock() = default;
  [[nodiscard]] virtual std::int64_t Now() = 0;  // Monotonic, ns.
  // About so long; a signal may end it early.
  virtual void Sleep(Nanos span) = 0;
};

// CLOCK_MONOTONIC.
[[nodiscard]] PaceClock& SystemPaceClock();

// The longest sleep at once.
inline constexpr Nanos kPacePart = 100 * kMillisecond;
// Bounds of a speed: a thousandth to a million times real time.
inline constexpr double kSpeedMin = 0.001;
inline constexpr double kSpeedMax = 1'000'000;

class ReplayPace {
 public:
  // REQUIRES: speed in [kSpeedMin, kSpeedMax]; the clock outlives the pace.
  ReplayPace(double speed, PaceClock& clock) : speed_(speed), clock_(clock) {}

  // Waits until a line of this receive time is due. `between`, called while it waits, answers
  // whether to go on: false ends the wait, and Wait() answers false.
  [[nodiscard]] bool Wait(ReceiveTime received, const std::function<bool()>& between);
  void Restart() noexcept { first_.reset(); }

 private:
  const double speed_;
  PaceClock& clock_;
  std::optional<ReceiveTime> first_;  // Since Restart(), and when it was used.
  std::int64_t begin_ = 0;
  ReceiveTime last_;
};

}  // namespace thalweg
