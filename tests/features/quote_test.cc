// Group Quote: worked numbers, the rules at the edges, and its symmetries.
#include "features/quote.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "features/ratio.h"
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

Named Quote(const OrderBook& book, const Scale& scale = kCent, Reach* reach = nullptr) {
  Reach unused;
  std::vector<double> values(kQuoteFeatures, 77.0);
  ComputeQuote(BookPicture(book, scale), values.data(), reach == nullptr ? &unused : reach);
  return {FeatureGroup::kQuote, values};
}

TEST(QuoteTest, BookAHasItsWorkedNumbers) {
  const Named quote = Quote(BookA());
  EXPECT_EQ(quote["best_bid"], 100.00);
  EXPECT_EQ(quote["best_bid_qty"], 2.0);
  EXPECT_EQ(quote["best_ask"], 100.02);
  EXPECT_EQ(quote["best_ask_qty"], 1.0);
  EXPECT_EQ(quote["mid"], 100.01);
  EXPECT_EQ(quote["spread_ticks"], 2.0);
  ExpectClose(quote["spread_bps"], 1.9998000199980);
  ExpectClose(quote["weighted_mid"], 100.01333333333333);
  ExpectClose(quote["weighted_mid_adj_bps"], 0.33330000333300);
  ExpectClose(quote["imbalance_l1"], 1.0 / 3.0);
  EXPECT_EQ(quote["imbalance_l5"], 0.0);  // Four levels a side: 20 and 20.
  EXPECT_EQ(quote["imbalance_l10"], 0.0);
  EXPECT_EQ(quote["imbalance_l20"], 0.0);
  EXPECT_EQ(quote["imbalance_5bps"], 0.0);  // Three levels a side: 10 and 10.
  EXPECT_EQ(quote["imbalance_10bps"], 0.0);
  EXPECT_EQ(quote["imbalance_25bps"], 0.0);
  EXPECT_EQ(quote["bid_depth_10bps"], 20.0);
  EXPECT_EQ(quote["ask_depth_10bps"], 20.0);
  EXPECT_EQ(quote["log_depth_ratio_l10"], 0.0);
  ExpectClose(quote["imbalance_exp_h10"], 0.055189251220318);
  EXPECT_EQ(quote["bid_gap_1"], 1.0);
  EXPECT_EQ(quote["ask_gap_1"], 1.0);
  EXPECT_TRUE(IsTheNan(quote["microprice"]));
  EXPECT_TRUE(IsTheNan(quote["microprice_adj_bps"]));
  ExpectPublishable(quote.values());
}

TEST(ExponentialWeightsTest, BookAHasItsWorkedSumsAtAHalfLifeOfTwoTicks) {
  const OrderBook book = BookA();
  const ExponentialWeights weights(2);
  const double bid = weights.SumOf(book.ladder(Side::kBid)) / kOne;
  const double ask = weights.SumOf(book.ladder(Side::kAsk)) / kOne;
  ExpectClose(bid, 7.656854249492380);  // 2 + 3 / sqrt 2 + 5 / sqrt 8 + 10 / sqrt 32
  ExpectClose(ask, 5.703427124746190);  // 1 + 4 / sqrt 2 + 5 / 4 + 10 / 16
  EXPECT_NEAR((bid - ask) / (bid + ask), 0.146212, 5e-7);
}

TEST(ExponentialWeightsTest, OtherHalfLivesReachTwentyTimesAsFar) {
  const ExponentialWeights weights(2);
  const auto sum = [&](std::int64_t far) {
    return weights.SumOf(
        MakeBook(InTicks({{10'000, kOne}, {10'000 - far, kOne << 20}}), {}).ladder(Side::kBid));
  };
  EXPECT_EQ(sum(40), 2.0 * kOne);
  EXPECT_EQ(sum(41), 1.0 * kOne);
}

TEST(DepthsWithinTest, BookAHasItsWorkedBands) {
  const OrderBook book = BookA();
  const BookPicture picture(book, kCent);
  const struct {
    std::int64_t bps, bid, ask;
    double imbalance;
  } kBands[] = {{2, 5, 5, 0.0}, {4, 10, 5, 1.0 / 3.0}, {10, 20, 20, 0.0}};
  for (const auto& [bps, bid, ask, imbalance] : kBands) {
    const BandDepths depths = DepthsWithin(picture, bps);
    EXPECT_TRUE(depths.bid == Wide{bid} * kOne) << bps;
    EXPECT_TRUE(depths.ask == Wide{ask} * kOne) << bps;
    EXPECT_EQ(Imbalance(depths.bid, depths.ask), imbalance) << bps;
  }
}

TEST(QuoteTest, LogDepthRatioOfTwoToOneIsLogTwo) {
  const OrderBook book = MakeBook(InTicks({{100, 2 * kOne}}), InTicks({{102, kOne}}));
  ExpectClose(Quote(book)["log_depth_ratio_l10"], 0.69314718055994531);
}

TEST(QuoteTest, WeightedMidMovesUpOnANewSellOrder) {
  // Its known defect, kept as defined.
  const OrderBook before = MakeBook(InTicks({{1'000, 9 * kOne}}), InTicks({{1'002, 27 * kOne}}));
  ExpectClose(Quote(before)["weighted_mid"], 10.005);
  const OrderBook after =
      MakeBook(InTicks({{1'000, 9 * kOne}}), InTicks({{1'001, kOne}, {1'002, 27 * kOne}}));
  ExpectClose(Quote(after)["weighted_mid"], 10.009);
}

TEST(WeightedMidTest, IsTheMidToTheBitWhenQuantitiesAreEqual) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto bid = static_cast<std::int64_t>(random() % 10'000'000'000'000) + 1;
    const auto ask = bid + 1 + static_cast<std::int64_t>(random() % 100'000'000);
    const Qty qty(static_cast<std::int64_t>(random() >> 1 >> (random() % 62)) | 1);
    const double mid = static_cast<double>(bid + ask) / 2e8;
    ASSERT_EQ(Bits(WeightedMid({Price(bid), qty}, {Price(ask), qty})), Bits(mid));
  }
}

TEST(WeightedMidTest, NeverLeavesTheTouchWhateverTheNumbers) {
  std::mt19937_64 random(2);
  const auto positive = [&random](unsigned bits) {
    return static_cast<std::int64_t>((random() >> (64 - bits)) >> (random() % (bits - 1))) | 1;
  };
  for (int i = 0; i < 300'000; ++i) {
    const std::int64_t bid = positive(59);
    const std::int64_t ask = bid + positive(59);
    const double low = static_cast<double>(bid) / 1e8;
    const double high = static_cast<double>(ask) / 1e8;
    const double value =
        WeightedMid({Price(bid), Qty(positive(63))}, {Price(ask), Qty(positive(63))});
    ASSERT_LE(low, value) << bid << " " << ask;
    ASSERT_GE(high, value) << bid << " " << ask;
  }
}

// Everything that needs the mid or both sides.
const std::set<std::string_view>& TwoSided() {
  static const auto& names = *new std::set<std::string_view>{"mid",
                                                             "spread_bps",
                                                             "weighted_mid",
                                                             "weighted_mid_adj_bps",
                                                             "imbalance_l1",
                                                             "imbalance_l5",
                                                             "imbalance_l10",
                                                             "imbalance_l20",
                                                             "imbalance_5bps",
                                                             "imbalance_10bps",
                                                             "imbalance_25bps",
                                                             "imbalance_exp_h10",
                                                             "log_depth_ratio_l10",
                                                             "bid_depth_10bps",
                                                             "ask_depth_10bps",
                                                             "microprice",
                                                             "microprice_adj_bps"};
  return names;
}

void ExpectNanExactly(const Named& quote, std::set<std::string_view> nan_names) {
  nan_names.insert(TwoSided().begin(), TwoSided().end());
  for (const FeatureRow& row : FeatureRows()) {
    if (row.group != FeatureGroup::kQuote) continue;
    EXPECT_EQ(IsTheNan(quote[row.name]), nan_names.contains(row.name)) << row.name;
  }
  ExpectPublishable(quote.values());
}

TEST(QuoteTest, EmptySideLeavesTheOtherSidesOwnFeatures) {
  const Levels bids = InTicks({{100, kOne}, {97, kOne}});
  const Levels asks = InTicks({{102, kOne}, {106, kOne}});
  const Named no_asks = Quote(MakeBook(bids, {}));
  ExpectNanExactly(no_asks, {"best_ask", "best_ask_qty", "ask_gap_1", "spread_ticks"});
  EXPECT_EQ(no_asks["bid_gap_1"], 3.0);
  const Named no_bids = Quote(MakeBook({}, asks));
  ExpectNanExactly(no_bids, {"best_bid", "best_bid_qty", "bid_gap_1", "spread_ticks"});
  EXPECT_EQ(no_bids["ask_gap_1"], 4.0);
  for (const double value : Quote(MakeBook({}, {})).values()) EXPECT_TRUE(IsTheNan(value));
}

TEST(QuoteTest, CrossedBookKeepsPricesQuantitiesGapsAndSpreadInTicks) {
  const Named quote =
      Quote(MakeBook(InTicks({{105, kOne}, {100, kOne}}), InTicks({{102, 3 * kOne}, {103, kOne}})));
  ExpectNanExactly(quote, {});
  EXPECT_EQ(quote["spread_ticks"], -3.0);
  EXPECT_EQ(quote["best_bid"], 1.05);
  EXPECT_EQ(quote["best_ask_qty"], 3.0);
  EXPECT_EQ(quote["bid_gap_1"], 5.0);
}

TEST(QuoteTest, LockedBookCountsAsCrossedAndItsSpreadIsPlusZero) {
  const Named quote =
      Quote(MakeBook(InTicks({{102, kOne}, {100, kOne}}), InTicks({{102, kOne}, {103, kOne}})));
  ExpectNanExactly(quote, {});
  EXPECT_EQ(Bits(quote["spread_ticks"]), Bits(0.0));
}

TEST(QuoteTest, OneLevelASideHasNoGap) {
  const Named quote = Quote(MakeBook(InTicks({{100, kOne}}), InTicks({{102, kOne}})));
  EXPECT_TRUE(IsTheNan(quote["bid_gap_1"]));
  EXPECT_TRUE(IsTheNan(quote["ask_gap_1"]));
  EXPECT_EQ(quote["imbalance_l20"], 0.0);
}

TEST(QuoteTest, BandWithoutALevelIsNanAndItsDepthsAreZero) {
  // Spread of 4000 bps: nothing lies within 25 bps of the mid.
  const Named quote = Quote(MakeBook(InTicks({{80, kOne}}), InTicks({{120, kOne}})));
  for (const std::string_view band : {"imbalance_5bps", "imbalance_10bps", "imbalance_25bps"}) {
    EXPECT_TRUE(IsTheNan(quote[band])) << band;
  }
  EXPECT_EQ(Bits(quote["bid_depth_10bps"]), Bits(0.0));
  EXPECT_EQ(Bits(quote["ask_depth_10bps"]), Bits(0.0));
  EXPECT_EQ(quote["imbalance_l1"], 0.0);
}

TEST(QuoteTest, BandBordersAreInclusive) {
  // mid 1'000'000 ticks: 10 bps are exactly 1000 ticks.
  const std::int64_t mid = 1'000'000;
  const OrderBook on = MakeBook(InTicks({{mid - 1, kOne}, {mid - 1'000, 5 * kOne}}),
                                InTicks({{mid + 1, kOne}, {mid + 1'000, 7 * kOne}}));
  EXPECT_EQ(Quote(on)["bid_depth_10bps"], 6.0);
  EXPECT_EQ(Quote(on)["ask_depth_10bps"], 8.0);
  const OrderBook off = MakeBook(InTicks({{mid - 1, kOne}, {mid - 1'001, 5 * kOne}}),
                                 InTicks({{mid + 1, kOne}, {mid + 1'001, 7 * kOne}}));
  EXPECT_EQ(Quote(off)["bid_depth_10bps"], 1.0);
  EXPECT_EQ(Quote(off)["ask_depth_10bps"], 1.0);
}

TEST(QuoteTest, BandMembershipIsTheIntegerTestForEveryBorder) {
  // Odd and even mids, so that borders fall on ticks, between them, and on halves.
  for (std::int64_t touch = 19'990; touch < 20'030; ++touch) {
    for (const std::int64_t spread : {1, 2, 3}) {
      Levels bids;
      Levels asks;
      for (std::int64_t d = 0; d < 60; ++d) {
        bids.push_back({Ticks(touch - d), Qty(1 + d)});
        asks.push_back({Ticks(touch + spread + d), Qty(1'000 + d)});
      }
      const std::int64_t mid2 = 2 * touch + spread;
      std::int64_t bid = 0;
      std::int64_t ask = 0;
      for (const TickLevel& level : bids) {
        if (20'000 * level.price.raw() >= mid2 * 9'990) bid += level.qty.raw();
      }
      for (const TickLevel& level : asks) {
        if (20'000 * level.price.raw() <= mid2 * 10'010) ask += level.qty.raw();
      }
      const Named quote = Quote(MakeBook(bids, asks));
      ASSERT_EQ(quote["bid_depth_10bps"], static_cast<double>(bid) / 1e8);
      ASSERT_EQ(quote["ask_depth_10bps"], static_cast<double>(ask) / 1e8);
    }
  }
}

TEST(QuoteTest, ExponentialWeightsEndAfterTwoHundredTicks) {
  const auto value = [](std::int64_t far) {
    return Quote(MakeBook(InTicks({{10'000, kOne}, {10'000 - far, 1'000 * kOne}}),
                          InTicks({{10'001, kOne}})))["imbalance_exp_h10"];
  };
  EXPECT_GT(value(200), 0.0);
  EXPECT_EQ(Bits(value(201)), Bits(0.0));
}

TEST(QuoteTest, LevelCountsEndExactlyAtTheirNumber) {
  // The i-th bid has quantity 2^i: every sum names the levels in it.
  Levels bids;
  for (std::int64_t i = 0; i < 25; ++i)
    bids.push_back({Ticks(1'000 - i), Qty(std::int64_t{1} << i)});
  const Named quote = Quote(MakeBook(bids, InTicks({{1'001, 1}})));
  const auto expected = [](int levels) {
    const auto sum = static_cast<double>((1LL << levels) - 1);
    return (sum - 1.0) / (sum + 1.0);
  };
  EXPECT_EQ(quote["imbalance_l1"], expected(1));
  EXPECT_EQ(quote["imbalance_l5"], expected(5));
  EXPECT_EQ(quote["imbalance_l10"], expected(10));
  EXPECT_EQ(quote["imbalance_l20"], expected(20));
}

struct Sides {
  Levels bids;
  Levels asks;
};

Sides RandomSides(std::mt19937_64& random) {
  Sides sides;
  const auto step = [&random] { return static_cast<std::int64_t>(random() % 9) + 1; };
  const auto qty = [&random] { return Qty(static_cast<std::int64_t>(random() % (20 * kOne)) + 1); };
  std::int64_t bid = 50'000 - static_cast<std::int64_t>(random() % 30);
  std::int64_t ask = bid + step();
  for (std::uint64_t left = random() % 40 + 1; left > 0; --left, bid -= step()) {
    sides.bids.push_back({Ticks(bid), qty()});
  }
  for (std::uint64_t left = random() % 40 + 1; left > 0; --left, ask += step()) {
    sides.asks.push_back({Ticks(ask), qty()});
  }
  return sides;
}

TEST(QuoteTest, MirroredBookNegatesSignedFeaturesToTheBit) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    const Sides sides = RandomSides(random);
    const auto mirror = [](Levels levels) {
      for (TickLevel& level : levels) level.price = Ticks(100'000 - level.price.raw());
      return levels;
    };
    const Named one = Quote(MakeBook(sides.bids, sides.asks));
    const Named other = Quote(MakeBook(mirror(sides.asks), mirror(sides.bids)));
    for (const std::string_view name :
         {"imbalance_l1", "imbalance_l5", "imbalance_l10", "imbalance_l20", "imbalance_exp_h10",
          "log_depth_ratio_l10"}) {
      ASSERT_EQ(Bits(other[name]), Bits(0.0 - one[name])) << name;
    }
    ASSERT_EQ(one["spread_ticks"], other["spread_ticks"]);
    ASSERT_EQ(Bits(one["bid_gap_1"]), Bits(other["ask_gap_1"]));
    ASSERT_EQ(one["best_bid_qty"], other["best_ask_qty"]);
    ExpectPublishable(one.values());
  }
}

TEST(QuoteTest, DoubledQuantitiesChangeVolumesOnly) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    const Sides sides = RandomSides(random);
    const auto doubled = [](Levels levels) {
      for (TickLevel& level : levels) level.qty = Qty(2 * level.qty.raw());
      return levels;
    };
    const Named one = Quote(MakeBook(sides.bids, sides.asks));
    const Named two = Quote(MakeBook(doubled(sides.bids), doubled(sides.asks)));
    for (const FeatureRow& row : FeatureRows()) {
      if (row.group != FeatureGroup::kQuote) continue;
      const double factor = row.unit == "base" ? 2.0 : 1.0;
      const double expected = factor * one[row.name];
      if (std::isnan(expected)) {
        ASSERT_TRUE(IsTheNan(two[row.name])) << row.name;
      } else {
        ASSERT_EQ(Bits(two[row.name]), Bits(expected)) << row.name;
      }
    }
  }
}

TEST(QuoteTest, ARefinedTickChangesOnlyWhatIsCountedInTicks) {
  // The same book on a ten times finer grid. Distances of the exponential weights are ticks.
  OrderBook book = BookA();
  const Named coarse = Quote(book);
  book.ScalePrices(10);
  const Named fine = Quote(book, Scale{Price(100'000), 8});
  for (const FeatureRow& row : FeatureRows()) {
    if (row.group != FeatureGroup::kQuote || row.name == "imbalance_exp_h10") continue;
    if (std::isnan(coarse[row.name])) continue;
    const double factor = row.unit == "ticks" ? 10.0 : 1.0;
    ExpectClose(fine[row.name], factor * coarse[row.name]);
  }
}

TEST(QuoteTest, ReachCoversBandsLevelsAndTheExponentialRange) {
  Reach reach;
  (void)Quote(BookA(), kCent, &reach);
  EXPECT_EQ(reach.bid_low, 10'000 - 200);  // 25 bps reach only to 9975.
  EXPECT_EQ(reach.ask_high, 10'002 + 200);
  Reach wide;
  (void)Quote(MakeBook(InTicks({{999'999, 1}, {900'000, 1}}), InTicks({{1'000'001, 1}})), kCent,
              &wide);
  EXPECT_EQ(wide.bid_low, 900'000);
  EXPECT_EQ(wide.ask_high, 1'002'500);
}

}  // namespace
}  // namespace thalweg
