#include "core/latency_cells.h"

#include <gtest/gtest.h>

#include "core/ring_format.h"

namespace thalweg {
namespace {

using Cells = LatencyCells<kRingLatencyBits>;

TEST(LatencyCellsTest, ACellHoldsWhatItsEndsSay) {
  std::int64_t from = 0;
  for (std::size_t cell = 0; cell + 1 < kRingLatencyCells; ++cell) {
    const std::int64_t end = Cells::EndOf(cell);
    ASSERT_LE(from, end);
    EXPECT_EQ(Cells::CellOf(from, kRingLatencyCells), cell);
    EXPECT_EQ(Cells::CellOf(end, kRingLatencyCells), cell);
    EXPECT_LE((end - from) * 8, std::max<std::int64_t>(from, 0)) << "wider than an eighth";
    from = end + 1;
  }
}

TEST(LatencyCellsTest, TheLastCellTakesEverythingGreater) {
  EXPECT_EQ(Cells::CellOf(INT64_MAX, kRingLatencyCells), kRingLatencyCells - 1);
  EXPECT_EQ(Cells::EndOf(kRingLatencyCells - 2) >> 34, 0);
  EXPECT_EQ(Cells::CellOf(std::int64_t{1} << 34, kRingLatencyCells), kRingLatencyCells - 1);
  EXPECT_EQ(Cells::CellOf(-5, kRingLatencyCells), 0u);
}

}  // namespace
}  // namespace thalweg
