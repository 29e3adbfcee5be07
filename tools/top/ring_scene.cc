#include "tools/top/ring_scene.h"

#include <algorithm>

#include "core/latency_cells.h"

namespace thalweg {
namespace {

using Cells = LatencyCells<kRingLatencyBits>;

// The time that a share of all do not exceed, by nearest rank. REQUIRES: total > 0.
Nanos Percentile(const RingStatistics& statistics, unsigned __int128 total, int thousandths,
                 Nanos max) {
  const unsigned __int128 rank = (total * static_cast<unsigned>(thousandths) + 999) / 1'000;
  unsigned __int128 seen = 0;
  for (std::size_t cell = 0; cell + 1 < kRingLatencyCells; ++cell) {
    seen += statistics.latency_cells[cell];
    if (seen >= rank) return std::min(Cells::EndOf(cell), max);
  }
  return max;
}

}  // namespace

LatencyScene SummariseLatency(const RingStatistics& statistics) noexcept {
  unsigned __int128 total = 0;  // The cells may hold anything.
  for (const std::uint64_t count : statistics.latency_cells) total += count;
  LatencyScene scene;
  if (total == 0) return scene;
  scene.count = static_cast<std::uint64_t>(std::min<unsigned __int128>(total, UINT64_MAX));
  scene.max = static_cast<Nanos>(std::min<std::uint64_t>(statistics.latency_max_ns, INT64_MAX));
  scene.p50 = Percentile(statistics, total, 500, scene.max);
  scene.p99 = Percentile(statistics, total, 990, scene.max);
  scene.p999 = Percentile(statistics, total, 999, scene.max);
  return scene;
}

}  // namespace thalweg
