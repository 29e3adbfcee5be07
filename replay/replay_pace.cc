#include "replay/replay_pace.h"

#include <algorithm>
#include <ctime>

namespace thalweg {
namespace {

class SystemClock final : public PaceClock {
 public:
  std::int64_t Now() override {
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
  }
  void Sleep(Nanos span) override {
    const timespec time{static_cast<time_t>(span / kSecond), static_cast<long>(span % kSecond)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  }
};

}  // namespace

PaceClock& SystemPaceClock() {
  static SystemClock clock;
  return clock;
}

bool ReplayPace::Wait(ReceiveTime received, const std::function<bool()>& between) {
  if (!first_ || received < last_) {
    first_ = received;
    begin_ = clock_.Now();
  }
  last_ = received;
  const double wait = static_cast<double>(received - *first_) / speed_;
  // A wait that does not fit 64 bits is one for ever.
  const bool fits = static_cast<double>(begin_) + wait < 9e18;
  const std::int64_t due = fits ? begin_ + static_cast<std::int64_t>(wait) : INT64_MAX;
  for (std::int64_t now = clock_.Now(); now < due; now = clock_.Now()) {
    clock_.Sleep(std::min(due - now, kPacePart));
    if (!between()) return false;
  }
  return true;
}

}  // namespace thalweg
