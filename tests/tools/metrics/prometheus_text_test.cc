#include "tools/metrics/prometheus_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/latency_cells.h"
#include "core/ring_format.h"

namespace thalweg {
namespace {

TEST(PrometheusTextTest, AFamilyIsTwoLinesAndItsSamples) {
  PrometheusText text;
  text.Begin("lines_total", MetricType::kCounter, "Lines.");
  text.Add({{"shard", "0"}, {"kind", "a"}}, 17);
  text.Add({}, INT64_MAX);
  text.Begin("age_seconds", MetricType::kGauge, "Age.");
  EXPECT_EQ(text.Take(),
            "# HELP lines_total Lines.\n"
            "# TYPE lines_total counter\n"
            "lines_total{shard=\"0\",kind=\"a\"} 17\n"
            "lines_total 9223372036854775807\n"
            "# HELP age_seconds Age.\n"
            "# TYPE age_seconds gauge\n");
  EXPECT_EQ(text.Take(), "");
}

TEST(PrometheusTextTest, WhatWouldEndALabelOrALineIsEscaped) {
  PrometheusText text;
  text.Begin("x", MetricType::kGauge, "A \\ and a\nline, \"quoted\".");
  text.Add({{"name", "a\"b\\c\nd}\xc3\xa9"}}, 1);
  EXPECT_EQ(text.Take(),
            "# HELP x A \\\\ and a\\nline, \"quoted\".\n"
            "# TYPE x gauge\n"
            "x{name=\"a\\\"b\\\\c\\nd}\xc3\xa9\"} 1\n");
}

TEST(PrometheusTextTest, NumbersReadBackToWhatTheyWere) {
  const auto written = [](auto value) {
    PrometheusText text;
    text.Add({}, value);
    std::string line = text.Take();
    return line.substr(1, line.size() - 2);
  };
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(-2.5e-9), "-2.5e-09");
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(written(HUGE_VAL), "+Inf");
  EXPECT_EQ(written(-HUGE_VAL), "-Inf");
  EXPECT_EQ(written(-3), "-3");
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000; ++i) {
    const double value =
        std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 99) - 50);
    EXPECT_EQ(std::stod(written(value)), value);
  }
}

TEST(PrometheusTextTest, SpansAreSecondsToTheNanosecond) {
  const auto written = [](Nanos span) {
    PrometheusText text;
    text.AddSpan({}, span);
    std::string line = text.Take();
    return line.substr(1, line.size() - 2);
  };
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(1), "0.000000001");
  EXPECT_EQ(written(1'500'000'000), "1.5");
  EXPECT_EQ(written(-20'000'000), "-0.02");
  EXPECT_EQ(written(1'722'902'400'123'456'789), "1722902400.123456789");
  EXPECT_EQ(written(10 * kSecond), "10");
}

// Against the times themselves.
TEST(PrometheusTextTest, AHistogramCountsWhatItsBoundsSayAndItsSumIsNear) {
  std::array<std::uint64_t, kRingLatencyCells> cells{};
  std::mt19937_64 random(2);
  std::vector<std::int64_t> times;
  double true_sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto time = static_cast<std::int64_t>(random() >> (30 + random() % 34));
    times.push_back(time);
    true_sum += static_cast<double>(time) / 1e9;
    ++cells[LatencyCells<kRingLatencyBits>::CellOf(time, cells.size())];
  }
  PrometheusText text;
  text.Begin("latency_seconds", MetricType::kHistogram, "Latency.");
  text.AddLatencies({{"ring", "r"}}, cells);
  std::istringstream lines(text.Take());
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  EXPECT_EQ(line, "# TYPE latency_seconds histogram");
  int buckets = 0;
  std::int64_t before = 0;
  while (std::getline(lines, line) && line.rfind("latency_seconds_bucket{", 0) == 0) {
    const std::size_t at = line.find("le=\"") + 4;
    const std::string bound = line.substr(at, line.find('"', at) - at);
    const std::int64_t count = std::stoll(line.substr(line.rfind(' ')));
    std::int64_t wanted = 0;
    for (const std::int64_t time : times) {
      if (bound == "+Inf" || static_cast<double>(time) / 1e9 <= std::stod(bound)) ++wanted;
    }
    EXPECT_EQ(count, wanted) << bound;
    EXPECT_GE(count, before);
    before = count;
    ++buckets;
  }
  EXPECT_EQ(buckets, 26);
  EXPECT_EQ(before, 20'000);
  ASSERT_EQ(line.rfind("latency_seconds_sum{ring=\"r\"} ", 0), 0u) << line;
  EXPECT_NEAR(std::stod(line.substr(line.rfind(' '))), true_sum, true_sum / 16);
  std::getline(lines, line);
  EXPECT_EQ(line, "latency_seconds_count{ring=\"r\"} 20000");
}

TEST(PrometheusTextTest, ASumThatIsKnownIsTold) {
  std::array<std::uint64_t, kRingLatencyCells> cells{};
  cells[LatencyCells<kRingLatencyBits>::CellOf(1'234'567, cells.size())] = 1;
  PrometheusText text;
  text.Begin("latency_seconds", MetricType::kHistogram, "Latency.");
  text.AddLatencies({}, cells, 1'234'567);
  EXPECT_NE(text.Take().find("latency_seconds_sum 0.001234567\n"), std::string::npos);
}

TEST(PrometheusTextTest, AHistogramWithoutTimesIsAllZero) {
  const std::array<std::uint64_t, kRingLatencyCells> cells{};
  PrometheusText text;
  text.Begin("latency_seconds", MetricType::kHistogram, "Latency.");
  text.AddLatencies({}, cells);
  const std::string made = text.Take();
  EXPECT_NE(made.find("latency_seconds_bucket{le=\"+Inf\"} 0\nlatency_seconds_sum 0\n"
                      "latency_seconds_count 0\n"),
            std::string::npos)
      << made;
}

}  // namespace
}  // namespace thalweg
