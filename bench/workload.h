// What every benchmark shares: the recordings it runs on, and how it counts.
//
// Benchmarks run on real recordings, because made-up ones are kinder (levels near the touch, frames
// of one size). Where none are present they say so and take the demo of this checkout: enough to
// see that they work, no figure to compare.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/recorded/recorded_feed.h"

namespace thalweg::bench {

// Spot and USD-M BTCUSDT, or the demo. Files of the same names as RecordedSets().
[[nodiscard]] std::vector<RecordedSet> SetsToTime();

// Lines of a set that a benchmark keeps in memory.
inline constexpr std::size_t kLinesMax = 200'000;

// Adds the counter `ns/<item>` to a benchmark whose iteration handles `items` of them.
// bench/comparison.h makes tables of these counters.
void CountNanos(::benchmark::State& state, std::string_view item, std::int64_t items);

// Ends the program: what was to be timed does not give what it must.
[[noreturn]] void FailCheck(std::string_view what);

}  // namespace thalweg::bench
