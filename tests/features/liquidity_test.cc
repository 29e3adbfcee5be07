// Group Liquidity: sweeps and slopes against worked numbers and against their definition.
#include "features/liquidity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::Bits;
using testing::BookA;
using testing::ExpectClose;
using testing::ExpectPublishable;
using testing::InTicks;
using testing::IsTheNan;
using testing::kCent;
using testing::kOne;
using testing::Levels;
using testing::MakeBook;
using testing::Named;

struct Result {
  Named values;
  bool thin;
  Reach reach;
};

Result Liquidity(const OrderBook& book, const Scale& scale = kCent) {
  SweepTargets targets;
  targets.SetScale(scale);
  Reach reach;
  std::vector<double> values(kLiquidityFeatures, 77.0);
  const bool thin = ComputeLiquidity(BookPicture(book, scale), targets, values.data(), &reach);
  return {Named(FeatureGroup::kLiquidity, values), thin, reach};
}

TEST(LiquidityTest, SweepsOfBookAHaveTheirWorkedNumbers) {
  // Two hundred times the quantities: 10k, 100k and 1m stand where 50, 500 and 5000 do on book A.
  const Result result = Liquidity(BookA(200));
  ExpectClose(result.values["sweep_cost_buy_10k"], 0.99990000999900);
  ExpectClose(result.values["sweep_cost_sell_10k"], 0.99990000999900);
  ExpectClose(result.values["sweep_cost_buy_100k"], 1.7997640247175);
  ExpectClose(result.values["sweep_cost_sell_100k"], 1.5999840361647);
  EXPECT_TRUE(IsTheNan(result.values["sweep_cost_buy_1m"]));  // Never the partial 6.199380.
  EXPECT_TRUE(IsTheNan(result.values["sweep_cost_sell_1m"]));
  EXPECT_TRUE(result.thin);
}

TEST(LiquidityTest, SweepsOfBookAHaveTheirWorkedAsymmetryAndAveragePrice) {
  const Result result = Liquidity(BookA(200));
  const double buy = result.values["sweep_cost_buy_100k"];
  const double sell = result.values["sweep_cost_sell_100k"];
  ExpectClose(buy - sell, 0.19977998855280);  // sweep_asym: dearer to buy than to sell.
  EXPECT_NEAR(buy - sell, 0.199780, 5e-7);
  EXPECT_NEAR(100.01 * (1.0 + 1e-4 * buy), 100.02799944, 5e-9);
}

TEST(LiquidityTest, WhatTheWorkedSweepLacksFillsItToTheLastUnit) {
  // 5000 on book A leaves 2998.56 unfilled; 24.988 at 120.00 cost just that. Times 200, as above.
  const auto with_rest = [](std::int64_t qty) {
    OrderBook book = BookA(200);
    book.Apply({}, InTicks({{12'000, qty}}), UpdateId(2));
    return Liquidity(book).values["sweep_cost_buy_1m"];
  };
  const std::int64_t rest = 200 * 2'498'800'000;
  EXPECT_TRUE(IsTheNan(with_rest(rest - 1)));
  // 5000 quote for 44.988 base.
  ExpectClose(with_rest(rest), 1e4 * (5'000.0 / 44.988 / 100.01 - 1.0));
  EXPECT_EQ(Bits(with_rest(rest + 1)), Bits(with_rest(rest)));
}

TEST(LiquidityTest, SlopesOfBookAHaveTheirWorkedNumbers) {
  const Result result = Liquidity(BookA());
  ExpectClose(result.values["bid_slope_l20"], 3.0175438596491);
  ExpectClose(result.values["ask_slope_l20"], 2.1711711711712);
}

TEST(LiquidityTest, SlopeUsesTwentyLevels) {
  Levels bids;
  for (std::int64_t i = 0; i < 20; ++i) bids.push_back({Ticks(1'000 - i), Qty(kOne)});
  const Levels asks = InTicks({{1'001, kOne}});
  const double twenty = Liquidity(MakeBook(bids, asks)).values["bid_slope_l20"];
  bids.push_back({Ticks(900), Qty(1'000 * kOne)});
  EXPECT_EQ(Bits(Liquidity(MakeBook(bids, asks)).values["bid_slope_l20"]), Bits(twenty));
}

TEST(LiquidityTest, WithoutAMidEverythingIsNanAndNothingIsThin) {
  for (const OrderBook& book : {MakeBook({}, {}), MakeBook(InTicks({{100, kOne}}), {}),
                                MakeBook({}, InTicks({{100, kOne}})),
                                MakeBook(InTicks({{100, kOne}}), InTicks({{100, kOne}})),
                                MakeBook(InTicks({{101, kOne}}), InTicks({{100, kOne}}))}) {
    const Result result = Liquidity(book);
    EXPECT_FALSE(result.thin);
    for (const double value : result.values.values()) EXPECT_TRUE(IsTheNan(value));
  }
}

TEST(LiquidityTest, OneSideThinIsThinAndLeavesTheOther) {
  const OrderBook book =
      MakeBook(InTicks({{10'000, 1'000'000 * kOne}}), InTicks({{10'001, 200 * kOne}}));
  const Result result = Liquidity(book);
  EXPECT_TRUE(result.thin);
  EXPECT_FALSE(std::isnan(result.values["sweep_cost_buy_10k"]));
  EXPECT_TRUE(IsTheNan(result.values["sweep_cost_buy_100k"]));
  EXPECT_FALSE(std::isnan(result.values["sweep_cost_sell_1m"]));
}

TEST(LiquidityTest, LevelUsedUpExactlyIsEnoughAndOneUnitLessIsNot) {
  // 100 base at 100.00 are exactly 10,000 quote.
  const Levels bids = InTicks({{9'998, 1'000'000 * kOne}});
  const auto buy = [&](std::int64_t qty) {
    const Result result =
        Liquidity(MakeBook(bids, InTicks({{10'000, qty}, {10'100, 1'000'000 * kOne}})));
    EXPECT_FALSE(result.thin);
    return result.values["sweep_cost_buy_10k"];
  };
  ExpectClose(buy(100 * kOne), 1e4 / 9'999.0);
  EXPECT_EQ(Bits(buy(100 * kOne)), Bits(buy(101 * kOne)));
  // One unit at 101.00 instead of 100.00: an average higher by 1e-12.
  EXPECT_GT(buy(100 * kOne - 1), buy(100 * kOne));
  ExpectClose(buy(100 * kOne - 1), 1e4 / 9'999.0 + 1e-8);
}

TEST(LiquidityTest, ReachIsTheLastPriceOfASweep) {
  const Result result = Liquidity(BookA(200));
  EXPECT_EQ(result.reach.bid_low, 9'995);
  EXPECT_EQ(result.reach.ask_high, 10'010);
}

// 1e4 |VWAP - mid| / mid, walked in long doubles.
double SlowSweep(const Levels& levels, const Scale& scale, std::int64_t mid2, double notional) {
  const long double tick = static_cast<long double>(scale.tick.raw()) / 1e8L;
  const long double one = static_cast<long double>(PowerOfTen(scale.qty_decimals));
  long double spent = 0;
  long double got = 0;
  for (const TickLevel& level : levels) {
    const long double price = static_cast<long double>(level.price.raw()) * tick;
    const long double qty = static_cast<long double>(level.qty.raw()) / one;
    if (spent + price * qty >= static_cast<long double>(notional)) {
      got += (static_cast<long double>(notional) - spent) / price;
      const long double vwap = static_cast<long double>(notional) / got;
      const long double mid = static_cast<long double>(mid2) * tick / 2;
      return static_cast<double>(1e4L * std::abs(vwap - mid) / mid);
    }
    spent += price * qty;
    got += qty;
  }
  return kNaN;
}

TEST(LiquidityTest, EqualsItsDefinitionOnRandomBooksOfManyScales) {
  // Ticks that do not divide a notional are among them.
  const Scale scales[] = {{Price(1'000'000), 8}, {Price(3'000'000), 5}, {Price(1), 8},
                          {Price(700), 0},       {Price(12'345), 2},    {Price(10'000'000'000), 8}};
  std::mt19937_64 random(5);
  int compared = 0;
  for (int round = 0; round < 1'200; ++round) {
    const Scale& scale = scales[static_cast<std::size_t>(round) % std::size(scales)];
    const auto step = [&random] { return static_cast<std::int64_t>(random() % 7) + 1; };
    const auto qty = [&] {
      const auto unit = static_cast<double>(PowerOfTen(scale.qty_decimals));
      const double price = 1e5 * static_cast<double>(scale.tick.raw()) / 1e8;
      const double base = 3e4 / price * static_cast<double>(random() % 1'000 + 1) / 300.0;
      return Qty(std::max<std::int64_t>(static_cast<std::int64_t>(base * unit), 1));
    };
    Levels bids;
    Levels asks;
    std::int64_t bid = 100'000;
    std::int64_t ask = bid + step();
    for (int i = 0; i < 30; ++i, bid -= step()) bids.push_back({Ticks(bid), qty()});
    for (int i = 0; i < 30; ++i, ask += step()) asks.push_back({Ticks(ask), qty()});
    const std::int64_t mid2 = bids[0].price.raw() + asks[0].price.raw();
    const Result result = Liquidity(MakeBook(bids, asks), scale);
    bool thin = false;
    const std::string_view names[] = {"sweep_cost_buy_10k",   "sweep_cost_buy_100k",
                                      "sweep_cost_buy_1m",    "sweep_cost_sell_10k",
                                      "sweep_cost_sell_100k", "sweep_cost_sell_1m"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
      const double notional = static_cast<double>(kSweepNotionals[i % 3]);
      const double expected = SlowSweep(i < 3 ? asks : bids, scale, mid2, notional);
      const double actual = result.values[names[i]];
      ASSERT_EQ(std::isnan(actual), std::isnan(expected)) << names[i] << " round " << round;
      thin |= std::isnan(expected);
      if (std::isnan(expected)) continue;
      ++compared;
      ASSERT_LE(std::abs(actual - expected), 1e-9 * expected) << names[i] << " round " << round;
    }
    ASSERT_EQ(result.thin, thin);
    ExpectPublishable(result.values.values());
  }
  EXPECT_GT(compared, 3'000);
}

}  // namespace
}  // namespace thalweg
