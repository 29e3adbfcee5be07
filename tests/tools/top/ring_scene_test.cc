// Percentiles of the latency cells that lie in a ring.

#include "tools/top/ring_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/latency_cells.h"

namespace thalweg {
namespace {

using Cells = LatencyCells<kRingLatencyBits>;

void Add(std::int64_t nanos, RingStatistics* statistics) {
  ++statistics->latency_cells[Cells::CellOf(nanos, kRingLatencyCells)];
  statistics->latency_max_ns =
      std::max(statistics->latency_max_ns, static_cast<std::uint64_t>(nanos));
}

TEST(RingSceneTest, PercentilesAreAtMostAnEighthAboveTheTrueOnes) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> times(8, 1);
  RingStatistics statistics;
  std::vector<std::int64_t> exact;
  for (int i = 0; i < 10'000; ++i) {
    exact.push_back(static_cast<std::int64_t>(times(random)));
    Add(exact.back(), &statistics);
  }
  std::sort(exact.begin(), exact.end());
  const LatencyScene scene = SummariseLatency(statistics);
  EXPECT_EQ(scene.count, 10'000U);
  const auto expect_near = [&](Nanos found, std::size_t rank) {
    const std::int64_t truth = exact[rank - 1];
    EXPECT_GE(found, truth);
    EXPECT_LE(static_cast<double>(found), static_cast<double>(truth) * 1.125);
  };
  expect_near(scene.p50, 5'000);
  expect_near(scene.p99, 9'900);
  expect_near(scene.p999, 9'990);
  EXPECT_EQ(scene.max, exact.back());
}

TEST(RingSceneTest, ASingleTimeIsEveryPercentile) {
  for (const std::int64_t time : {0L, 7L, 8L, 2'345L, std::int64_t{1} << 50}) {
    RingStatistics statistics;
    Add(time, &statistics);
    const LatencyScene scene = SummariseLatency(statistics);
    EXPECT_EQ(scene.p50, time);
    EXPECT_EQ(scene.p999, time);
    EXPECT_EQ(scene.max, time);
  }
}

TEST(RingSceneTest, WhatCameBetweenTwoLooksIsLikeTheCellsOfThatAlone) {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> times(8, 2);
  RingStatistics before;
  RingStatistics after;
  RingStatistics between;
  for (int i = 0; i < 5'000; ++i) {
    const auto time = static_cast<std::int64_t>(times(random));
    Add(time, &after);
    Add(time, i < 3'000 ? &before : &between);
  }
  const LatencyScene scene =
      SummariseBetween(LatencyCellCounts(before.latency_cells),
                       LatencyCellCounts(after.latency_cells), after.latency_max_ns);
  const LatencyScene truth = SummariseLatency(between);
  EXPECT_EQ(scene.count, 2'000U);
  EXPECT_EQ(scene.p50, truth.p50);
  EXPECT_EQ(scene.p99, truth.p99);
  EXPECT_GE(scene.max, truth.max);
  EXPECT_LE(static_cast<double>(scene.max), static_cast<double>(truth.max) * 1.125);
  EXPECT_EQ(SummariseBetween(LatencyCellCounts(after.latency_cells),
                             LatencyCellCounts(before.latency_cells), UINT64_MAX)
                .count,
            0U)
      << "cells that a file counts down";
}

TEST(RingSceneTest, NoFrameIsNoLatencyAndFullCellsDoNotOverflow) {
  EXPECT_EQ(SummariseLatency(RingStatistics()).count, 0U);
  RingStatistics hostile;
  std::fill(std::begin(hostile.latency_cells), std::end(hostile.latency_cells), UINT64_MAX);
  hostile.latency_max_ns = UINT64_MAX;
  const LatencyScene scene = SummariseLatency(hostile);
  EXPECT_EQ(scene.count, UINT64_MAX);
  EXPECT_GT(scene.p50, 0);
  EXPECT_LE(scene.p50, scene.p99);
  EXPECT_LE(scene.p999, scene.max);
  EXPECT_EQ(scene.max, INT64_MAX);
}

}  // namespace
}  // namespace thalweg
