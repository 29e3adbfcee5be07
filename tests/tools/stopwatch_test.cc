// The clock of `thalweg bench`. Nothing here depends on how fast the machine is.

#include "tools/stopwatch.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace thalweg {
namespace {

TEST(StopwatchTest, TimeDoesNotRunBackwards) {
  const Stopwatch stopwatch;
  std::uint64_t last = stopwatch.Now();
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t now = stopwatch.Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(StopwatchTest, ASpanShorterThanReadingTheClockIsZero) {
  const Stopwatch stopwatch;
  EXPECT_EQ(stopwatch.Elapsed(1'000, 1'000), 0);
}

TEST(StopwatchTest, LongerSpansAreLongerTimes) {
  const Stopwatch stopwatch;
  const std::int64_t shorter = stopwatch.Elapsed(0, 1'000'000);
  EXPECT_GT(shorter, 0);
  const std::int64_t longer = stopwatch.Elapsed(0, 2'000'000);
  EXPECT_GT(longer, shorter);
}

TEST(StopwatchTest, SaysWhatItReadsAndWhatThatCosts) {
  const Stopwatch stopwatch;
  EXPECT_FALSE(stopwatch.name().empty());
  EXPECT_GE(stopwatch.overhead_nanos(), 0.0);
}

}  // namespace
}  // namespace thalweg
