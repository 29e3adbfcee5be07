// The grid: exact division, inference from prices, and how it becomes finer.
#include "pipeline/instrument_grid.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace thalweg {
namespace {

constexpr std::int64_t kCent = 1'000'000;  // 0.01 in 1e-8.
constexpr Price kTenDollars(1'000 * kCent);

std::vector<Level> At(const std::vector<std::int64_t>& prices) {
  std::vector<Level> levels;
  for (const std::int64_t price : prices) levels.push_back({Price(price), Qty(1)});
  return levels;
}

Instrument Stated(std::int64_t tick, int qty_decimals = 8) {
  Instrument instrument;
  instrument.tick = Price(tick);
  instrument.qty_decimals = qty_decimals;
  return instrument;
}

InstrumentGrid Settled(std::int64_t tick, Price bucket_divisor = kTenDollars) {
  InstrumentGrid grid(bucket_divisor);
  EXPECT_TRUE(grid.Settle(Stated(tick), InstrumentSource::kOption, true));
  return grid;
}

void ExpectDivides(std::int64_t divisor, std::int64_t value) {
  const ExactDivisor exact(divisor);
  ASSERT_EQ(exact.Divides(value), value % divisor == 0) << value << " / " << divisor;
  if (value % divisor == 0) {
    ASSERT_EQ(exact.Divide(value), static_cast<std::uint64_t>(value / divisor))
        << value << " / " << divisor;
  } else {
    ASSERT_GT(exact.Divide(value), exact.largest()) << value << " / " << divisor;
  }
}

TEST(ExactDivisorTest, AgreesWithTheMachineForAllSmallNumbers) {
  for (std::int64_t divisor = 1; divisor <= 300; ++divisor) {
    for (std::int64_t value = 0; value <= 3'000; ++value) ExpectDivides(divisor, value);
  }
}

TEST(ExactDivisorTest, AgreesWithTheMachineAroundMultiplesOfManyDivisors) {
  std::mt19937_64 random(1);
  std::vector<std::int64_t> divisors;
  for (int bit = 0; bit <= 62; ++bit) {
    for (const std::int64_t near : {-1, 0, 1}) {
      if (const std::int64_t divisor = (std::int64_t{1} << bit) + near; divisor > 0) {
        divisors.push_back(divisor);
      }
    }
  }
  for (int n = 0; n <= 18; ++n) {
    for (const std::int64_t factor : {1, 2, 3, 5, 7}) {
      if (factor < INT64_MAX / PowerOfTen(n)) divisors.push_back(factor * PowerOfTen(n));
    }
  }
  divisors.push_back(INT64_MAX);
  for (int i = 0; i < 500; ++i) {
    divisors.push_back(static_cast<std::int64_t>(random() >> 1 >> (random() % 62)) | 1);
  }
  for (const std::int64_t divisor : divisors) {
    const std::int64_t most = INT64_MAX / divisor;
    for (int i = 0; i < 200; ++i) {
      const auto quotient =
          i == 0 ? most
                 : static_cast<std::int64_t>(random() >> 1) % (most == INT64_MAX ? most : most + 1);
      const std::int64_t multiple = quotient * divisor;
      ExpectDivides(divisor, multiple);
      if (multiple < INT64_MAX) ExpectDivides(divisor, multiple + 1);
      if (multiple > 0) ExpectDivides(divisor, multiple - 1);
      ExpectDivides(divisor, static_cast<std::int64_t>(random() >> 1));
    }
    ExpectDivides(divisor, 0);
    ExpectDivides(divisor, INT64_MAX);
    if (HasFatalFailure()) return;
  }
}

TEST(InstrumentGridTest, IsUnsettledAtFirst) {
  const InstrumentGrid grid(kTenDollars);
  EXPECT_FALSE(grid.settled());
  EXPECT_FALSE(grid.inferred());
  EXPECT_EQ(grid.scale(), (Scale{Price(1), 8}));
}

TEST(InstrumentGridTest, ASourceSettlesTickAndUnit) {
  InstrumentGrid grid(kTenDollars);
  EXPECT_TRUE(grid.Settle(Stated(kCent, 5), InstrumentSource::kFile, true));
  EXPECT_TRUE(grid.settled());
  EXPECT_EQ(grid.scale(), (Scale{Price(kCent), 5}));
  EXPECT_FALSE(grid.inferred());
  EXPECT_EQ(grid.source(), InstrumentSource::kFile);
}

TEST(InstrumentGridTest, ASourceWithoutATickGivesTheUnitOnly) {
  InstrumentGrid grid(kTenDollars);
  EXPECT_FALSE(grid.Settle(Stated(0, 3), InstrumentSource::kExchangeInfo, true));
  EXPECT_FALSE(grid.settled());
  EXPECT_EQ(grid.qty_decimals(), 3);
}

TEST(InstrumentGridTest, ACoarserUnitIsNotTakenOnceFramesWereSeen) {
  InstrumentGrid grid(kTenDollars);
  EXPECT_TRUE(grid.Settle(Stated(kCent, 3), InstrumentSource::kExchangeInfo, false));
  EXPECT_EQ(grid.qty_decimals(), 8);
}

TEST(InstrumentGridTest, StatedTickGivesWayToPricesSeenAndToBucketSizes) {
  InstrumentGrid seen(kTenDollars);
  seen.Remember(Price(61'602 * 100 * kCent + kCent / 2));
  EXPECT_TRUE(seen.Settle(Stated(kCent), InstrumentSource::kExchangeInfo, false));
  EXPECT_EQ(seen.scale().tick, Price(kCent / 2));
  EXPECT_TRUE(seen.inferred());
  InstrumentGrid buckets(Price(5 * kCent));
  EXPECT_TRUE(buckets.Settle(Stated(2 * kCent), InstrumentSource::kExchangeInfo, true));
  EXPECT_EQ(buckets.scale().tick, Price(kCent));
  EXPECT_TRUE(buckets.inferred());
}

TEST(InstrumentGridTest, InfersTheCommonDivisorOfSnapshotBucketsAndPricesSeen) {
  const auto bids = At({6'000 * kCent, 5'990 * kCent});
  const auto asks = At({6'010 * kCent, 6'040 * kCent});
  const auto inferred = [&](Price bucket_divisor, std::int64_t seen) {
    InstrumentGrid grid(bucket_divisor);
    if (seen != 0) grid.Remember(Price(seen));
    EXPECT_TRUE(grid.FitSnapshot(bids, asks));
    EXPECT_TRUE(grid.settled());
    EXPECT_TRUE(grid.inferred());
    EXPECT_EQ(grid.source(), InstrumentSource::kInferred);
    return grid.scale().tick.raw();
  };
  EXPECT_EQ(inferred(kTenDollars, 0), 10 * kCent);
  EXPECT_EQ(inferred(Price(4 * kCent), 0), 2 * kCent);         // A bucket size is finer.
  EXPECT_EQ(inferred(kTenDollars, 6'005 * kCent), 5 * kCent);  // So is a price seen before.
  EXPECT_EQ(inferred(Price(4 * kCent), 6'005 * kCent), kCent);
}

TEST(InstrumentGridTest, AnEmptySnapshotInfersTheBucketSizes) {
  InstrumentGrid grid(Price(4 * kCent));
  EXPECT_TRUE(grid.FitSnapshot({}, {}));
  EXPECT_EQ(grid.scale().tick, Price(4 * kCent));
}

TEST(InstrumentGridTest, ConvertsPricesOnTheGrid) {
  const InstrumentGrid grid = Settled(kCent);
  std::vector<TickLevel> out(7);
  EXPECT_EQ(grid.Convert(At({0, kCent, 6'160'201 * kCent}), &out), GridFit::kOnGrid);
  EXPECT_EQ(out, (std::vector<TickLevel>{
                     {Ticks(0), Qty(1)}, {Ticks(1), Qty(1)}, {Ticks(6'160'201), Qty(1)}}));
  EXPECT_EQ(grid.Convert({}, &out), GridFit::kOnGrid);
  EXPECT_TRUE(out.empty());
}

TEST(InstrumentGridTest, OnePriceOffTheGridIsSeenAtEveryPlace) {
  const InstrumentGrid grid = Settled(kCent);
  for (std::size_t place = 0; place < 5; ++place) {
    auto levels = At({1 * kCent, 2 * kCent, 3 * kCent, 4 * kCent, 5 * kCent});
    levels[place].price = levels[place].price + 1;
    std::vector<TickLevel> out;
    EXPECT_EQ(grid.Convert(levels, &out), GridFit::kOffGrid) << place;
    EXPECT_FALSE(grid.OnGrid(levels[place].price));
  }
}

TEST(InstrumentGridTest, TicksBeyondTheBoundAreOutOfRange) {
  const InstrumentGrid grid = Settled(1, Price(1));
  std::vector<TickLevel> out;
  EXPECT_EQ(grid.Convert(At({kTicksMax.raw()}), &out), GridFit::kOnGrid);
  EXPECT_EQ(grid.Convert(At({kTicksMax.raw() + 1}), &out), GridFit::kOutOfRange);
}

TEST(InstrumentGridTest, ProductsBeyondTheirBoundAreOutOfRange) {
  const InstrumentGrid grid = Settled(1, Price(1));
  std::vector<TickLevel> out;
  const auto fit = [&](int price_bits, int qty_bits) {
    const Level level{Price((std::int64_t{1} << price_bits) - 1),
                      Qty(static_cast<std::int64_t>((std::uint64_t{1} << qty_bits) - 1))};
    return grid.Convert(std::vector{level}, &out);
  };
  EXPECT_EQ(fit(37, 63), GridFit::kOnGrid);  // The cap, at prices below 2^37 ticks.
  EXPECT_EQ(fit(38, 63), GridFit::kOutOfRange);
  EXPECT_EQ(fit(50, 50), GridFit::kOnGrid);
  EXPECT_EQ(fit(50, 51), GridFit::kOutOfRange);
}

TEST(InstrumentGridTest, RefiningAnswersTheFactorOfTicks) {
  InstrumentGrid grid = Settled(kCent);
  const auto levels = At({kCent, kCent + kCent / 4});
  EXPECT_EQ(grid.Refined(At({kCent, 7 * kCent}), Price(kCent)), Price(kCent));
  const Price finer = grid.Refined(levels, Price(kCent));
  EXPECT_EQ(finer, Price(kCent / 4));
  EXPECT_EQ(grid.RefineTick(Price(kCent)), 1);
  EXPECT_FALSE(grid.inferred());
  EXPECT_EQ(grid.RefineTick(finer), 4);
  EXPECT_TRUE(grid.inferred());
  std::vector<TickLevel> out;
  EXPECT_EQ(grid.Convert(levels, &out), GridFit::kOnGrid);
  EXPECT_EQ(out[1].price, Ticks(5));
}

TEST(InstrumentGridTest, OnlyAFinerUnitCountsAsRefined) {
  InstrumentGrid grid(kTenDollars);
  EXPECT_TRUE(grid.Settle(Stated(kCent, 4), InstrumentSource::kOption, true));
  grid.SetQtyDecimals(4);
  grid.SetQtyDecimals(2);
  EXPECT_FALSE(grid.inferred());
  EXPECT_EQ(grid.qty_decimals(), 2);
  grid.SetQtyDecimals(5);
  EXPECT_TRUE(grid.inferred());
  EXPECT_EQ(grid.qty_decimals(), 5);
}

TEST(InstrumentGridTest, LaterSnapshotRefinesOnlyAsFarAsItNeeds) {
  InstrumentGrid grid = Settled(2 * kCent);
  EXPECT_FALSE(grid.FitSnapshot(At({4 * kCent}), At({6 * kCent})));
  EXPECT_EQ(grid.scale().tick, Price(2 * kCent));
  EXPECT_FALSE(grid.inferred());
  EXPECT_FALSE(grid.FitSnapshot(At({4 * kCent}), At({7 * kCent})));
  EXPECT_EQ(grid.scale().tick, Price(kCent));
  EXPECT_TRUE(grid.inferred());
}

TEST(InstrumentGridTest, PendingCoarserTickIsTakenOnceAndASnapshotDoesNotTakeIt) {
  InstrumentGrid grid = Settled(kCent);
  grid.set_pending_tick(Price(10 * kCent));
  EXPECT_FALSE(grid.FitSnapshot(At({100 * kCent}), At({110 * kCent})));
  EXPECT_EQ(grid.scale().tick, Price(kCent));
  EXPECT_EQ(grid.TakePendingTick(Price(10 * kCent)), 10);
  EXPECT_EQ(grid.scale().tick, Price(10 * kCent));
  EXPECT_FALSE(grid.inferred());
  EXPECT_EQ(grid.pending_tick(), std::nullopt);
}

TEST(InstrumentGridTest, PendingTickGivesWayToPricesAndToBucketSizes) {
  InstrumentGrid prices = Settled(kCent);
  prices.set_pending_tick(Price(10 * kCent));
  EXPECT_EQ(prices.TakePendingTick(Price(5 * kCent)), 5);
  EXPECT_EQ(prices.scale().tick, Price(5 * kCent));
  EXPECT_TRUE(prices.inferred());
  InstrumentGrid buckets = Settled(kCent, Price(4 * kCent));
  buckets.set_pending_tick(Price(10 * kCent));
  EXPECT_EQ(buckets.TakePendingTick(Price(10 * kCent)), 2);
  EXPECT_EQ(buckets.scale().tick, Price(2 * kCent));
}

TEST(InstrumentGridTest, PendingTickThatPricesForbidLeavesTheTick) {
  InstrumentGrid grid = Settled(kCent);
  grid.set_pending_tick(Price(10 * kCent));
  EXPECT_EQ(grid.TakePendingTick(Price(kCent)), 1);
  EXPECT_EQ(grid.scale().tick, Price(kCent));
}

TEST(InstrumentGridTest, OnceInferredItStaysSo) {
  InstrumentGrid grid(kTenDollars);
  EXPECT_TRUE(grid.FitSnapshot(At({100 * kCent}), At({110 * kCent})));
  EXPECT_TRUE(grid.Settle(Stated(kCent), InstrumentSource::kExchangeInfo, false));
  EXPECT_EQ(grid.scale().tick, Price(kCent));
  EXPECT_TRUE(grid.inferred());
}

TEST(InstrumentGridTest, RandomRefinementsKeepEveryPriceExact) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    InstrumentGrid grid = Settled(kCent);
    std::vector<std::int64_t> prices;
    std::vector<std::int64_t> ticks;
    for (int step = 0; step < 30; ++step) {
      const std::int64_t unit =
          PowerOfTen(static_cast<int>(random() % 9)) * (random() % 2 == 0 ? 1 : 5);
      prices.push_back(unit * (static_cast<std::int64_t>(random() % 100'000) + 1));
      const auto level = At({prices.back()});
      const std::int64_t factor = grid.RefineTick(grid.Refined(level, grid.scale().tick));
      for (std::int64_t& earlier : ticks) earlier *= factor;
      std::vector<TickLevel> out;
      ASSERT_EQ(grid.Convert(level, &out), GridFit::kOnGrid);
      ticks.push_back(out[0].price.raw());
      for (std::size_t i = 0; i < prices.size(); ++i) {
        ASSERT_EQ(grid.scale().ToPrice(Ticks(ticks[i])), Price(prices[i]));
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
