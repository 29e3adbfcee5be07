// The histogram of times: percentiles by nearest rank, within the stated error of the exact ones.

#include "tools/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace thalweg {
namespace {

constexpr double kRelativeError = 1.0 / 128;

std::int64_t ExactPercentile(std::vector<std::int64_t> times, double percent) {
  std::sort(times.begin(), times.end());
  const double rank = std::ceil(percent / 100 * static_cast<double>(times.size()) - 1e-6);
  return times[static_cast<std::size_t>(rank) - 1];
}

TEST(LatencyHistogramTest, SmallTimesAreExact) {
  LatencyHistogram histogram;
  for (std::int64_t time = 1; time <= 100; ++time) histogram.Add(time);
  EXPECT_EQ(histogram.count(), 100);
  EXPECT_EQ(histogram.Percentile(50), 50);
  EXPECT_EQ(histogram.Percentile(90), 90);
  EXPECT_EQ(histogram.Percentile(99), 99);
  EXPECT_EQ(histogram.Percentile(99.9), 100);
  EXPECT_EQ(histogram.Percentile(100), 100);
  EXPECT_EQ(histogram.Percentile(0.001), 1);
  EXPECT_EQ(histogram.greatest(), 100);
  EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(LatencyHistogramTest, RankOfAWholeNumberIsNotMovedByRounding) {
  // 0.999 * 1000 and 0.07 * 100 are no whole numbers in binary.
  LatencyHistogram thousand;
  for (std::int64_t i = 0; i < 999; ++i) thousand.Add(1);
  thousand.Add(100);
  EXPECT_EQ(thousand.Percentile(99.9), 1);
  LatencyHistogram hundred;
  for (std::int64_t i = 1; i <= 100; ++i) hundred.Add(i);
  EXPECT_EQ(hundred.Percentile(7), 7);
}

TEST(LatencyHistogramTest, OneTimeIsEveryPercentile) {
  for (const std::int64_t time : {0L, 1L, 127L, 128L, 129L, 12'345L, 999'999'999L}) {
    LatencyHistogram histogram;
    histogram.Add(time);
    for (const double percent : {0.1, 50.0, 99.9, 100.0}) {
      EXPECT_EQ(histogram.Percentile(percent), time) << percent;
    }
  }
}

TEST(LatencyHistogramTest, PercentilesAreNeverBelowTheExactOnesAndNearlyEqual) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    // From nanoseconds to minutes, each power of two as often as the others.
    std::uniform_real_distribution<double> exponent(0.0, 38.0);
    LatencyHistogram histogram;
    std::vector<std::int64_t> times;
    for (int i = 0; i < 20'000; ++i) {
      const auto time = static_cast<std::int64_t>(std::exp2(exponent(random)));
      times.push_back(time);
      histogram.Add(time);
    }
    for (const double percent : {0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
      const std::int64_t exact = ExactPercentile(times, percent);
      const std::int64_t found = histogram.Percentile(percent);
      EXPECT_GE(found, exact) << percent;
      EXPECT_LE(static_cast<double>(found), static_cast<double>(exact) * (1 + kRelativeError))
          << percent;
    }
    EXPECT_EQ(histogram.Percentile(100), histogram.greatest());
  }
}

TEST(LatencyHistogramTest, EveryPowerOfTwoAndItsNeighboursKeepTheirOrder) {
  for (int bit = 1; bit < LatencyHistogram::kValueBits - 1; ++bit) {
    const std::int64_t power = std::int64_t{1} << bit;
    LatencyHistogram histogram;
    histogram.Add(power - 1);
    histogram.Add(power);
    histogram.Add(2 * power);
    EXPECT_GE(histogram.Percentile(33), power - 1);
    EXPECT_LT(histogram.Percentile(33), power) << bit;
    EXPECT_GE(histogram.Percentile(66), power);
    EXPECT_LE(static_cast<double>(histogram.Percentile(66)),
              static_cast<double>(power) * (1 + kRelativeError));
  }
}

TEST(LatencyHistogramTest, TimesBeyondTheLastCellAreReportedAsTheGreatest) {
  LatencyHistogram histogram;
  const std::int64_t beyond = std::int64_t{1} << 50;
  histogram.Add(5);
  histogram.Add(beyond);
  EXPECT_EQ(histogram.Percentile(50), 5);
  EXPECT_EQ(histogram.Percentile(100), beyond);
  EXPECT_EQ(histogram.greatest(), beyond);
}

TEST(LatencyHistogramTest, NegativeDifferencesAreZeroInPercentilesAndThemselvesInTheMean) {
  LatencyHistogram histogram;
  histogram.Add(-10);
  histogram.Add(30);
  EXPECT_EQ(histogram.Percentile(50), 0);
  EXPECT_EQ(histogram.Percentile(100), 30);
  EXPECT_DOUBLE_EQ(histogram.mean(), 10.0);
}

}  // namespace
}  // namespace thalweg
