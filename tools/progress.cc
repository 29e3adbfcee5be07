#include "tools/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace thalweg {
namespace {

constexpr std::int64_t kCallsBetweenLooks = 1'024;  // At the wall clock.
constexpr std::chrono::milliseconds kPeriod{200};

}  // namespace

std::string ProgressText(const PlayerPosition& position, std::int64_t frames, double market_seconds,
                         double seconds) {
  std::string text = absl::StrFormat("%d frames  %.0f x real time", frames,
                                     seconds > 0 ? market_seconds / seconds : 0.0);
  // What a pipe among them gave has no part in the total.
  if (position.bytes_total == 0 || position.bytes_read > position.bytes_total) return text;
  const double done =
      static_cast<double>(position.bytes_read) / static_cast<double>(position.bytes_total);
  text = absl::StrFormat("%3.0f %%  %s", 100.0 * done, text);
  if (done > 0) absl::StrAppendFormat(&text, "  %.0f s left", seconds / done - seconds);
  return text;
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::Show(const PlayerPosition& position, std::int64_t frames) {
  if (!first_) first_ = position.receive_time;
  last_ = std::max(last_, position.receive_time);
  if (!terminal_ || ++calls_ % kCallsBetweenLooks != 0) return;
  const Clock::time_point now = Clock::now();
  if (now - last_shown_ < kPeriod) return;
  last_shown_ = now;
  shown_ = true;
  std::fprintf(stderr, "\r\033[K%s ",
               ProgressText(position, frames, market_seconds(), seconds()).c_str());
  std::fflush(stderr);
}

void Progress::Clear() {
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
