// Group Touch: bookTicker alone, from before the first frame to absent and crossed sides.
#include "features/touch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::ExpectClose;
using testing::ExpectPublishable;
using testing::IsTheNan;
using testing::kCent;
using testing::kOne;
using testing::Named;

constexpr std::int64_t kCentPrice = 1'000'000;

BookTicker Ticker(std::int64_t bid, std::int64_t bid_qty, std::int64_t ask, std::int64_t ask_qty) {
  BookTicker ticker;
  ticker.bid = {Price(bid * kCentPrice), Qty(bid_qty)};
  ticker.ask = {Price(ask * kCentPrice), Qty(ask_qty)};
  return ticker;
}

Named Read(Touch& touch, Nanos now = 1) {
  std::vector<double> values(kTouchFeatures, 77.0);
  touch.AdvanceTo(EventTime(now));
  touch.Compute(kCent, values.data());
  return {FeatureGroup::kTouch, values};
}

void ExpectNanExactly(const Named& touch, const std::set<std::string_view>& nan_names) {
  for (const FeatureRow& row : FeatureRows()) {
    if (row.group != FeatureGroup::kTouch) continue;
    EXPECT_EQ(IsTheNan(touch[row.name]), nan_names.contains(row.name)) << row.name;
  }
  ExpectPublishable(touch.values());
}

TEST(TouchTest, EverythingIsNanBeforeTheFirstFrame) {
  Touch touch;
  for (const double value : Read(touch).values()) EXPECT_TRUE(IsTheNan(value));
  EXPECT_FALSE(touch.mid2().has_value());
}

TEST(TouchTest, QuotesOfBookAHaveTheirWorkedNumbers) {
  Touch touch;
  EXPECT_TRUE(touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), EventTime(1)));
  const Named values = Read(touch);
  EXPECT_EQ(values["touch_bid"], 100.00);
  EXPECT_EQ(values["touch_bid_qty"], 2.0);
  EXPECT_EQ(values["touch_ask"], 100.02);
  EXPECT_EQ(values["touch_ask_qty"], 1.0);
  EXPECT_EQ(values["touch_mid"], 100.01);
  ExpectClose(values["touch_weighted_mid"], 100.01333333333333);
  ExpectClose(values["touch_imbalance"], 1.0 / 3.0);
  EXPECT_EQ(values["ofi_touch_100ms"], 0.0);
  EXPECT_EQ(touch.mid2(), 20'002 * kCentPrice);
}

TEST(TouchTest, AnAbsentSideIsNanWithEverythingThatNeedsBoth) {
  const std::set<std::string_view> both{"touch_mid", "touch_weighted_mid", "touch_imbalance"};
  auto no_bid = both;
  no_bid.insert({"touch_bid", "touch_bid_qty"});
  auto no_ask = both;
  no_ask.insert({"touch_ask", "touch_ask_qty"});
  for (const auto& [price, qty] : {std::pair{0L, 0L}, {0L, 5L}, {5L, 0L}}) {
    Touch touch;
    touch.Set(Ticker(price, qty, 10'002, kOne), EventTime(1));
    ExpectNanExactly(Read(touch), no_bid);
    EXPECT_FALSE(touch.mid2().has_value());
    touch.Set(Ticker(10'000, kOne, price, qty), EventTime(1));
    ExpectNanExactly(Read(touch), no_ask);
    EXPECT_FALSE(touch.mid2().has_value());
  }
}

TEST(TouchTest, CrossedAndLockedQuotesKeepTheirFourNumbers) {
  for (const std::int64_t ask : {9'999, 10'000}) {
    Touch touch;
    touch.Set(Ticker(10'000, kOne, ask, kOne), EventTime(1));
    ExpectNanExactly(Read(touch), {"touch_mid", "touch_weighted_mid", "touch_imbalance"});
    EXPECT_FALSE(touch.mid2().has_value());
  }
}

TEST(TouchTest, OrderFlowSumsOverItsWindows) {
  Touch touch;
  touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), EventTime(0));
  touch.Set(Ticker(10'000, 3 * kOne, 10'002, kOne), EventTime(1));
  EXPECT_EQ(Read(touch, 1)["ofi_touch_100ms"], 1.0);
  EXPECT_EQ(Read(touch, 100 * kMillisecond)["ofi_touch_100ms"], 1.0);
  const Named later = Read(touch, 100 * kMillisecond + 1);
  EXPECT_EQ(later["ofi_touch_100ms"], 0.0);
  EXPECT_EQ(later["ofi_touch_1s"], 1.0);
  EXPECT_EQ(later["ofi_touch_10s"], 1.0);
  EXPECT_EQ(Read(touch, 10 * kSecond + 1)["ofi_touch_10s"], 0.0);
}

TEST(TouchTest, AFrameBeforeThereIsAClockEntersNoWindow) {
  Touch touch;
  touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), std::nullopt);
  touch.Set(Ticker(10'000, 5 * kOne, 10'002, kOne), std::nullopt);
  EXPECT_EQ(Read(touch)["ofi_touch_10s"], 0.0);
  EXPECT_EQ(Read(touch)["touch_bid_qty"], 5.0);
  touch.Set(Ticker(10'000, 6 * kOne, 10'002, kOne), EventTime(1));
  EXPECT_EQ(Read(touch)["ofi_touch_10s"], 1.0);
}

TEST(TouchTest, ACrossedFrameShowsButIsSkippedByTheOrderFlow) {
  Touch touch;
  touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), EventTime(1));
  touch.Set(Ticker(10'003, 9 * kOne, 10'002, kOne), EventTime(1));
  EXPECT_EQ(Read(touch)["touch_bid"], 100.03);
  EXPECT_EQ(Read(touch)["ofi_touch_10s"], 0.0);
  touch.Set(Ticker(10'000, 4 * kOne, 10'002, kOne), EventTime(1));
  EXPECT_EQ(Read(touch)["ofi_touch_10s"], 2.0);
}

TEST(TouchTest, RefinedQuantityUnitScalesQuantitiesAndFlow) {
  Touch touch;
  touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), EventTime(1));
  touch.Set(Ticker(10'000, 3 * kOne, 10'002, kOne), EventTime(1));
  touch.ScaleQuantities(10);
  EXPECT_EQ(Read(touch)["touch_bid_qty"], 30.0);
  EXPECT_EQ(Read(touch)["touch_ask_qty"], 10.0);
  EXPECT_EQ(Read(touch)["ofi_touch_1s"], 10.0);
  touch.Set(Ticker(10'000, 30 * kOne, 10'002, 10 * kOne), EventTime(1));
  EXPECT_EQ(Read(touch)["ofi_touch_1s"], 10.0);
  Touch absent;
  absent.Set(Ticker(0, 0, 10'002, kOne), EventTime(1));
  absent.ScaleQuantities(10);
  EXPECT_TRUE(IsTheNan(Read(absent)["touch_bid_qty"]));
}

TEST(TouchTest, RestartForgetsTheQuotes) {
  Touch touch;
  touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), EventTime(1));
  touch.Set(Ticker(10'000, 3 * kOne, 10'002, kOne), EventTime(1));
  touch.Restart();
  for (const double value : Read(touch).values()) EXPECT_TRUE(IsTheNan(value));
  touch.Set(Ticker(10'000, 5 * kOne, 10'002, kOne), EventTime(2));
  EXPECT_EQ(Read(touch)["ofi_touch_10s"], 0.0);
}

TEST(TouchTest, CoarserQuantityUnitDividesWhatScalingMultiplied) {
  Touch touch;
  touch.Set(Ticker(10'000, 2 * kOne, 10'002, kOne), EventTime(1));
  touch.Set(Ticker(10'000, 3 * kOne + 5, 10'002, kOne), EventTime(1));
  EXPECT_FALSE(touch.CanDivideQuantities(10));
  touch.Set(Ticker(10'000, 3 * kOne, 10'002, kOne), EventTime(2));
  // The flow of the nanosecond before is still no whole number; in 10 s it has left.
  EXPECT_FALSE(touch.CanDivideQuantities(10));
  touch.AdvanceTo(EventTime(10 * kSecond + 1));
  touch.Set(Ticker(10'000, 5 * kOne, 10'002, kOne), EventTime(10 * kSecond + 1));
  touch.AdvanceTo(EventTime(10 * kSecond + 2));
  const std::vector<double> before = Read(touch).values();
  touch.ScaleQuantities(1'000);
  ASSERT_TRUE(touch.CanDivideQuantities(1'000));
  touch.DivideQuantities(1'000);
  EXPECT_EQ(Read(touch).values(), before);
}

}  // namespace
}  // namespace thalweg
