// Group Ages: ages on the event clock, lateness above its minimum, the effective spread.
#include "features/ages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::Bits;
using testing::ExpectClose;
using testing::IsTheNan;
using testing::Named;

constexpr std::int64_t kCentPrice = 1'000'000;
constexpr std::int64_t kMid2 = 20'002 * kCentPrice;  // Twice 100.01.

Named Read(const Ages& ages, EventTime clock) {
  std::vector<double> values(kAgeFeatures, 77.0);
  ages.Compute(clock, values.data());
  return {FeatureGroup::kAges, values};
}

Trade Fill(std::int64_t cents, Aggressor aggressor) {
  Trade trade;
  trade.price = Price(cents * kCentPrice);
  trade.aggressor = aggressor;
  return trade;
}

TEST(AgesTest, EverythingIsNanAtFirst) {
  for (const double value : Read(Ages(), EventTime(kSecond)).values()) {
    EXPECT_TRUE(IsTheNan(value));
  }
  EXPECT_FALSE(Ages().lag_range().has_value());
}

TEST(AgesTest, EachStreamAgesByItself) {
  Ages ages;
  ages.OnDepth(EventTime(1 * kSecond));
  ages.OnTicker(EventTime(2 * kSecond));
  EXPECT_TRUE(IsTheNan(Read(ages, EventTime(2 * kSecond))["trade_age_ms"]));
  ages.OnTrade(Fill(100, Aggressor::kBuyer), EventTime(2 * kSecond + 1), std::nullopt);
  const Named values = Read(ages, EventTime(2 * kSecond + 500'001));
  EXPECT_EQ(values["depth_age_ms"], 1000.500001);
  EXPECT_EQ(values["ticker_age_ms"], 0.500001);
  EXPECT_EQ(values["trade_age_ms"], 0.5);
  EXPECT_EQ(Bits(Read(ages, EventTime(2 * kSecond))["ticker_age_ms"]), Bits(0.0));
}

TEST(AgesTest, LagExcessIsAboveTheMinimumSoFarAndMayStartNegative) {
  Ages ages;
  const auto excess = [&ages](Nanos lag) {
    ages.OnLag(lag);
    return Read(ages, EventTime(0))["lag_excess_ms"];
  };
  EXPECT_EQ(excess(-4 * kMillisecond), 0.0);  // Our clock may be behind the exchange's.
  EXPECT_EQ(excess(-1 * kMillisecond), 3.0);
  EXPECT_EQ(excess(2 * kMillisecond), 6.0);
  EXPECT_EQ(excess(-9 * kMillisecond), 0.0);
  EXPECT_EQ(excess(1 * kMillisecond), 10.0);
  ASSERT_TRUE(ages.lag_range().has_value());
  EXPECT_EQ(ages.lag_range()->least, -9 * kMillisecond);
  EXPECT_EQ(ages.lag_range()->greatest, 2 * kMillisecond);
}

TEST(AgesTest, EffectiveSpreadHasItsWorkedNumber) {
  Ages ages;
  ages.OnTrade(Fill(10'002, Aggressor::kBuyer), EventTime(1), kMid2);
  ExpectClose(Read(ages, EventTime(1))["eff_spread_bps"], 1.9998000199980);
  ages.OnTrade(Fill(10'000, Aggressor::kSeller), EventTime(1), kMid2);
  ExpectClose(Read(ages, EventTime(1))["eff_spread_bps"], 1.9998000199980);
}

TEST(AgesTest, EffectiveSpreadIsSignedByTheAggressor) {
  Ages ages;
  ages.OnTrade(Fill(10'000, Aggressor::kBuyer), EventTime(1), kMid2);
  ExpectClose(Read(ages, EventTime(1))["eff_spread_bps"], -1.9998000199980);
  ages.OnTrade(Fill(10'001, Aggressor::kSeller), EventTime(1), kMid2);
  EXPECT_EQ(Bits(Read(ages, EventTime(1))["eff_spread_bps"]), Bits(0.0));
}

TEST(AgesTest, EffectiveSpreadIsHeldAndLostWithTheQuote) {
  Ages ages;
  ages.OnTrade(Fill(10'002, Aggressor::kBuyer), EventTime(1), kMid2);
  ages.OnDepth(EventTime(2));
  ExpectClose(Read(ages, EventTime(kHour))["eff_spread_bps"], 1.9998000199980);
  ages.OnTrade(Fill(10'002, Aggressor::kBuyer), EventTime(3), std::nullopt);
  EXPECT_TRUE(IsTheNan(Read(ages, EventTime(3))["eff_spread_bps"]));
}

}  // namespace
}  // namespace thalweg
