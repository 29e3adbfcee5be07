// A clock for spans of nanoseconds: the processor's time stamp counter where it runs evenly (x86-64
// with an invariant counter), else the standard library's steady clock.
//
// Reads are fenced: what is measured has ended before the second read, and has not begun before the
// first. A read costs some tens of nanoseconds, which Elapsed() takes off.
//
// Threads: one an object; a span begins and ends in one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace thalweg {

class Stopwatch {
 public:
  // Calibrates itself for kCalibration and measures its own cost.
  Stopwatch();

  [[nodiscard]] std::uint64_t Now() const noexcept {
#if defined(__x86_64__)
    if (has_counter_) {
      _mm_lfence();
      const std::uint64_t ticks = __rdtsc();
      _mm_lfence();
      return ticks;
    }
#endif
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }

  // Nanoseconds between two reads, less what reading costs; never negative.
  [[nodiscard]] std::int64_t Elapsed(std::uint64_t begin, std::uint64_t end) const noexcept {
    const std::uint64_t ticks = end - begin;
    if (ticks <= overhead_ticks_) return 0;
    return static_cast<std::int64_t>(static_cast<double>(ticks - overhead_ticks_) *
                                     nanos_per_tick_);
  }

  [[nodiscard]] std::string_view name() const noexcept {
    return has_counter_ ? "time stamp counter" : "steady clock";
  }
  // What Elapsed() takes off: the median of back-to-back reads.
  [[nodiscard]] double overhead_nanos() const noexcept {
    return static_cast<double>(overhead_ticks_) * nanos_per_tick_;
  }

 private:
  static constexpr std::chrono::milliseconds kCalibration{50};

  bool has_counter_ = false;
  double nanos_per_tick_ = 1.0;
  std::uint64_t overhead_ticks_ = 0;
};

}  // namespace thalweg
