#include "tools/top/ring_scene.h"

#include <algorithm>
#include <array>

#include "core/latency_cells.h"

namespace thalweg {
namespace {

using Cells = LatencyCells<kRingLatencyBits>;

// The time that a share of all do not exceed, by nearest rank. REQUIRES: total > 0.
Nanos Percentile(LatencyCellCounts cells, unsigned __int128 total, int thousandths, Nanos max) {
  const unsigned __int128 rank = (total * static_cast<unsigned>(thousandths) + 999) / 1'000;
  unsigned __int128 seen = 0;
  for (std::size_t cell = 0; cell + 1 < kRingLatencyCells; ++cell) {
    seen += cells[cell];
    if (seen >= rank) return std::min(Cells::EndOf(cell), max);
  }
  return max;
}

}  // namespace

LatencyScene SummariseCells(LatencyCellCounts cells, std::uint64_t max_ns) noexcept {
  unsigned __int128 total = 0;  // The cells may hold anything.
  for (const std::uint64_t count : cells) total += count;
  LatencyScene scene;
  if (total == 0) return scene;
  scene.count = static_cast<std::uint64_t>(std::min<unsigned __int128>(total, UINT64_MAX));
  scene.max = static_cast<Nanos>(std::min<std::uint64_t>(max_ns, INT64_MAX));
  scene.p50 = Percentile(cells, total, 500, scene.max);
  scene.p99 = Percentile(cells, total, 990, scene.max);
  scene.p999 = Percentile(cells, total, 999, scene.max);
  return scene;
}

LatencyScene SummariseLatency(const RingStatistics& statistics) noexcept {
  return SummariseCells(LatencyCellCounts(statistics.latency_cells), statistics.latency_max_ns);
}

LatencyScene SummariseBetween(LatencyCellCounts before, LatencyCellCounts after,
                              std::uint64_t max_ns) noexcept {
  std::array<std::uint64_t, kRingLatencyCells> cells;
  std::uint64_t max = 0;
  for (std::size_t cell = 0; cell < kRingLatencyCells; ++cell) {
    cells[cell] = after[cell] > before[cell] ? after[cell] - before[cell] : 0;
    if (cells[cell] == 0) continue;
    const bool is_last = cell + 1 == kRingLatencyCells;
    max = is_last ? max_ns : std::min(static_cast<std::uint64_t>(Cells::EndOf(cell)), max_ns);
  }
  return SummariseCells(cells, max);
}

}  // namespace thalweg
