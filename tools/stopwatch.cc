#include "tools/stopwatch.h"

#include <algorithm>
#include <array>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace thalweg {
namespace {

// The counter runs at one speed in every power state (bit 8 of the leaf of power management).
bool HasInvariantCounter() noexcept {
#if defined(__x86_64__)
  constexpr unsigned kPowerLeaf = 0x80000007;
  constexpr unsigned kInvariant = 1U << 8;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(kPowerLeaf, &a, &b, &c, &d) != 0 && (d & kInvariant) != 0;
#else
  return false;
#endif
}

}  // namespace

Stopwatch::Stopwatch() : has_counter_(HasInvariantCounter()) {
  using Clock = std::chrono::steady_clock;
  using Nanos = std::chrono::duration<double, std::nano>;
  if (has_counter_) {
    const Clock::time_point start = Clock::now();
    const std::uint64_t first = Now();
    Clock::time_point end = start;
    while (end - start < kCalibration) end = Clock::now();
    nanos_per_tick_ = Nanos(end - start).count() / static_cast<double>(Now() - first);
  } else {
    nanos_per_tick_ = Nanos(Clock::duration(1)).count();
  }
  std::array<std::uint64_t, 1'001> spans{};
  for (std::uint64_t& span : spans) {
    const std::uint64_t begin = Now();
    span = Now() - begin;
  }
  std::nth_element(spans.begin(), spans.begin() + spans.size() / 2, spans.end());
  overhead_ticks_ = spans[spans.size() / 2];
}

}  // namespace thalweg
