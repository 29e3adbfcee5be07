#include "bench/workload.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace thalweg::bench {

std::vector<RecordedSet> SetsToTime() {
  constexpr std::array kTimed{std::string_view("spot-btcusdt-2024-08-08"),
                              std::string_view("usdm-btcusdt-2023-04-04")};
  std::vector<RecordedSet> sets = RecordedSets();
  std::erase_if(sets, [&](const RecordedSet& set) {
    return std::find(kTimed.begin(), kTimed.end(), set.name) == kTimed.end();
  });
  if (!sets.empty()) return sets;
  static bool told = false;
  if (!told) {
    std::fprintf(stderr,
                 "no real recordings in %s (set THALWEG_DATA): running on the made-up "
                 "tests/data/demo.txt, whose figures mean little\n",
                 RecordedDataFolder().c_str());
    told = true;
  }
  return {{"demo", {THALWEG_SOURCE_DIR "/tests/data/demo.txt"}}};
}

void CountNanos(::benchmark::State& state, std::string_view item, std::int64_t items) {
  using ::benchmark::Counter;
  // Inverted: time over (iterations times value); the value in 1e-9 items makes it nanoseconds.
  state.counters["ns/" + std::string(item)] = Counter(
      static_cast<double>(items) * 1e-9, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

void FailCheck(std::string_view what) {
  std::fprintf(stderr, "not equal, so nothing is timed: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

}  // namespace thalweg::bench
