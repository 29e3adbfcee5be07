#include "tools/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace thalweg {
namespace {

constexpr std::int64_t kCallsBetweenLooks = 1'024;  // At the wall clock.
constexpr std::chrono::milliseconds kPeriod{200};

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::Show(const PlayerPosition& position, std::int64_t frames) {
  if (!first_) first_ = position.receive_time;
  last_ = std::max(last_, position.receive_time);
  if (!terminal_ || ++calls_ % kCallsBetweenLooks != 0) return;
  const Clock::time_point now = Clock::now();
  if (now - last_shown_ < kPeriod) return;
  last_shown_ = now;
  shown_ = true;
  const double done = position.bytes_total == 0 ? 1.0
                                                : static_cast<double>(position.bytes_read) /
                                                      static_cast<double>(position.bytes_total);
  const double remaining = done > 0.0 ? seconds() / done - seconds() : 0.0;
  std::fprintf(stderr, "\r\033[K%3.0f %%  %lld frames  %.0f x real time  %.0f s left ",
               100.0 * done, static_cast<long long>(frames), market_seconds() / seconds(),
               remaining);
  std::fflush(stderr);
}

void Progress::Finish() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

double Progress::market_seconds() const {
  return first_ ? static_cast<double>(last_ - *first_) / 1e9 : 0.0;
}

}  // namespace thalweg
