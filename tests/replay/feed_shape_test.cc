#include "replay/feed_shape.h"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg {
namespace {

TEST(CountHistogramTest, PercentilesMeanAndFano) {
  CountHistogram histogram;
  for (const std::int64_t value : {1, 1, 2, 4, 12}) histogram.Add(value);
  EXPECT_EQ(histogram.total(), 5);
  EXPECT_EQ(histogram.Percentile(0.1), 1);
  EXPECT_EQ(histogram.Percentile(0.5), 2);
  EXPECT_EQ(histogram.Percentile(0.8), 4);
  EXPECT_EQ(histogram.Percentile(1.0), 12);
  EXPECT_DOUBLE_EQ(histogram.mean(), 4);
  EXPECT_DOUBLE_EQ(histogram.fano(), (166.0 / 5 - 16) / 4);
}

TEST(CountHistogramTest, IsZeroWithoutAValueAndBoundedWithLargeOnes) {
  CountHistogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0);
  EXPECT_EQ(histogram.fano(), 0);
  histogram.Add(1'000'000);
  EXPECT_EQ(histogram.Percentile(0.5), 8'191);
}

TEST(FeedShapeTest, DistancesAreFromTheSameSideBefore) {
  const Price tick(kPriceOne / 100);
  const auto at = [](std::int64_t cents) { return Price(cents * kPriceOne / 100); };
  const std::vector<Level> bids{{at(10'001), Qty(1)}, {at(10'000), Qty(1)}, {at(9'995), Qty(0)}};
  const std::vector<Level> asks{{at(11'000), Qty(0)}};
  DepthDiff diff;
  diff.first = UpdateId(7);
  diff.last = UpdateId(9);
  diff.event_time = EventTime(kSecond);
  diff.bids = bids;
  diff.asks = asks;
  FeedShape shape;
  shape.OnDepth(diff, {Ticks(10'000), Ticks(10'002)}, {Ticks(10'001), Ticks(10'002)}, tick,
                EventTime(kSecond));
  EXPECT_EQ(shape.level_updates, 4);
  EXPECT_EQ(shape.deletes, 2);
  EXPECT_EQ(shape.measured, 4);
  // One improves, one is at the touch, one five ticks away, one 998.
  EXPECT_EQ(shape.within, (std::array<std::int64_t, 6>{2, 3, 3, 4, 4, 4}));
  EXPECT_EQ(shape.update_ids.Percentile(0.5), 3);
  EXPECT_EQ(shape.one_tick_spreads, 1);
  EXPECT_EQ(shape.touch_moves, 1);
}

TEST(FeedShapeTest, WithoutABookNoDistanceIsCounted) {
  const std::vector<Level> bids{{Price(kPriceOne), Qty(1)}};
  DepthDiff diff;
  diff.bids = bids;
  FeedShape shape;
  shape.OnDepth(diff, {}, {}, Price(1), EventTime(1));
  EXPECT_EQ(shape.level_updates, 1);
  EXPECT_EQ(shape.measured, 0);
  EXPECT_EQ(shape.two_sided_events, 0);
}

TEST(FeedShapeTest, SecondsWithoutATradeCount) {
  FeedShape shape;
  for (const std::int64_t tenths : {10, 11, 12, 45, 50}) {
    shape.OnTrade(EventTime(tenths * 100 * kMillisecond));
  }
  // Seconds 1 to 4: 3, 0, 0, 1 trades; the fifth is not over.
  EXPECT_EQ(shape.trades_second.total(), 4);
  EXPECT_EQ(shape.trades_second.Percentile(0.5), 0);
  EXPECT_EQ(shape.trades_second.Percentile(1.0), 3);
  EXPECT_DOUBLE_EQ(shape.trades_second.mean(), 1);
}

TEST(FeedShapeTest, TheWidestSpanOfIdsIsCountedWithoutOverflow) {
  DepthDiff diff;
  diff.first = UpdateId(0);
  diff.last = UpdateId(INT64_MAX);
  FeedShape shape;
  shape.OnDepth(diff, {}, {}, Price(1), EventTime(1));
  EXPECT_EQ(shape.update_ids.Percentile(1.0), 8'191);
}

}  // namespace
}  // namespace thalweg
