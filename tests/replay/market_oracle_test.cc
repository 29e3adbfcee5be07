// The engine against the slow oracle over synthetic markets: every record, every column, in every
// regime, on spot and futures.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/pipeline/oracle_comparison.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/market_testing.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

// $THALWEG_MARKET_SECONDS: for long runs.
Nanos ComparedLength() {
  if (const char* const seconds = std::getenv("THALWEG_MARKET_SECONDS")) {
    return std::strtoll(seconds, nullptr, 10) * kSecond;
  }
  return (TakeShortPart() ? 3 : 50) * kSecond;
}

// Columns may differ in the last places for the reasons that engine_oracle_test.cc gives.
constexpr double kLastPlaces = 1e-14;

void Compare(const MarketOptions& options, OnGap on_gap) {
  OracleComparison::Settings settings;
  settings.engine.emit = EmitPolicy::All();
  settings.engine.on_gap = on_gap;
  settings.ladders = true;
  OracleComparison both(settings);
  MarketLines lines(options);
  std::size_t count = 0;
  while (lines.age() < ComparedLength()) {
    const RecordingLine& line = lines.Next();
    if (line.kind == LineKind::kHeader) continue;
    ++count;
    ASSERT_EQ(both.Line(line.receive_time, lines.line().text), "") << "line " << count;
  }
  EXPECT_GT(both.row_count(), count * 8 / 10);
  for (const auto& [column, difference] : both.inexact_columns()) {
    if (column == "imbalance_exp_h10") continue;  // Its sums are doubles; bounded in Line().
    EXPECT_LE(difference, kLastPlaces) << column;
  }
}

TEST(MarketOracleTest, EveryRegimeOfASpotMarket) {
  Compare(MarketOf("BTCUSDT:40", kAllRegimes, 21), OnGap::kBlank);
}

TEST(MarketOracleTest, SeveralSymbolsOfAFuturesMarket) {
  MarketOptions options = MarketOf("ETHUSDT:20,XRPUSDT:20,BTCUSDT:10", kAllRegimes, 22);
  options.market = Market::kUsdM;
  options.snapshot_every = 10 * kSecond;
  Compare(options, OnGap::kServe);
}

}  // namespace
}  // namespace thalweg
