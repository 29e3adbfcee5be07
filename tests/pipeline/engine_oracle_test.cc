// The engine against the slow oracle over real recordings: every record, every column.
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "tests/pipeline/oracle_comparison.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

// Columns whose doubles may differ from the oracle's in the last places: the oracle divides their
// integers in units of 1e-8 where the engine divides ticks, takes logarithms in extended precision,
// and sums the weights of imbalance_exp_h10 so. All others are equal to the last bit.
constexpr double kLastPlaces = 1e-14;

bool MayDifferInTheLastPlaces(std::string_view column) {
  static const std::set<std::string_view> kColumns{"spread_bps",           "weighted_mid",
                                                   "weighted_mid_adj_bps", "touch_weighted_mid",
                                                   "bid_slope_l20",        "ask_slope_l20"};
  return kColumns.contains(column) || column.starts_with("sweep_cost_") ||
         column.starts_with("log_depth_ratio_") || column.starts_with("vwap_dev_bps_");
}

struct Part {
  std::size_t lines = 0;            // 0: all.
  std::optional<Nanos> event_span;  // Of the event clock, from its first value.
};

// How much of a recording the oracle can take in some seconds.
Part PartOf(std::string_view set_name) {
  if (TakeShortPart()) return {3'000, 5 * kSecond};
  if (set_name == "spot-btcusdt-2024-08-08") return {20'000, 60 * kSecond};
  return {20'000, std::nullopt};
}

class RealRecordings : public ::testing::TestWithParam<std::string> {};

TEST_P(RealRecordings, EveryRecordAndLadderEqualsTheOracles) {
  const std::vector<std::string> files = RecordedFiles(GetParam());
  if (files.empty())
    GTEST_SKIP() << "no recording " << GetParam() << " in " << RecordedDataFolder();
  const Part part = PartOf(GetParam());
  const RecordedFeed feed(files, part.lines);
  OracleComparison::Settings settings;
  settings.engine.emit = EmitPolicy::All();
  settings.ladders = true;
  OracleComparison both(settings);

  std::optional<EventTime> first;
  std::size_t line_number = 0;
  for (const RecordedFeed::Line& line : feed.lines()) {
    ++line_number;
    ASSERT_EQ(both.Line(line.received, line.payload), "") << "line " << line_number;
    if (both.engine().symbols().empty()) continue;
    const std::optional<EventTime> clock = both.engine().symbols()[0]->clock();
    if (!clock) continue;
    if (!first) first = clock;
    if (part.event_span && *clock - *first > *part.event_span) break;
  }
  EXPECT_GT(both.row_count(), line_number * 9 / 10);
  for (const auto& [column, difference] : both.inexact_columns()) {
    if (column == "imbalance_exp_h10") continue;  // Its sums are doubles; bounded in Line().
    EXPECT_TRUE(MayDifferInTheLastPlaces(column)) << column << " differs by " << difference;
    EXPECT_LE(difference, kLastPlaces) << column;
  }
}

std::string TestNameOf(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Engine, RealRecordings,
                         ::testing::Values("spot-btcusdt-2024-08-08", "spot-nexousdt-2024-07-23",
                                           "usdm-btcusdt-2023-04-04", "usdm-ethusdt-2024-08-08",
                                           "coinm-btcusd_perp-2024-08-08"),
                         TestNameOf);

}  // namespace
}  // namespace thalweg
