// Buckets against their definition: the worked example, boundaries, and after every change.
#include "book/bucket_ladder.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/book/model_book.h"

namespace thalweg {
namespace {

using testing::ModelBuckets;
using testing::ModelDense;
using testing::ModelSide;

constexpr Side kSides[] = {Side::kBid, Side::kAsk};
constexpr BucketRounding kRoundings[] = {BucketRounding::kOutward, BucketRounding::kFloor};

std::vector<CompactBucket> ListOf(const CompactLadder& ladder) {
  return {ladder.buckets.begin(), ladder.buckets.begin() + ladder.count};
}

std::vector<CompactBucket> ListOf(const DenseView& view) {
  std::vector<CompactBucket> list;
  for (int i = 0; i < static_cast<int>(view.buckets.size()); ++i) {
    list.push_back({view.label(i), view.buckets[static_cast<std::size_t>(i)]});
  }
  return list;
}

// A level ladder and a bucket ladder that are changed together.
class Pair {
 public:
  Pair(Side side, Ticks size, BucketRounding rounding = BucketRounding::kOutward)
      : levels(side), buckets(side, size, rounding), model(side), rounding_(rounding) {}

  void Set(Ticks price, Qty qty) {
    buckets.Add(price, qty - levels.Set(price, qty));
    model.Set(price, qty);
  }

  void ExpectDefinition() const {
    const std::vector<TickLevel> all = model.levels();
    std::vector<CompactBucket> compact = ModelBuckets(model.side(), all, buckets.size(), rounding_);
    ASSERT_EQ(ListOf(buckets.dense()), ModelDense(model.side(), compact, buckets.size()));
    if (compact.size() > kLadderBuckets) compact.resize(kLadderBuckets);
    ASSERT_EQ(ListOf(buckets.Compact(levels)), compact);
    ASSERT_TRUE(buckets.Agrees(levels));
  }

  LevelLadder levels;
  BucketLadder buckets;
  ModelSide model;

 private:
  BucketRounding rounding_;
};

TEST(TickDividerTest, EqualsDivisionAroundEveryMultiple) {
  constexpr std::int64_t kLast = (std::int64_t{1} << 51) - 1;
  std::mt19937_64 random(1);
  std::vector<std::int64_t> divisors{1, 2, 3, 5, 7, 10, 100, 1'000, 5'000, 10'000, 50'000, 100'000};
  for (int bits = 1; bits <= 50; ++bits) {
    const std::int64_t power = std::int64_t{1} << bits;
    for (const std::int64_t divisor : {power - 1, power, power + 1}) {
      if (divisor <= kTicksMax.raw()) divisors.push_back(divisor);
    }
    divisors.push_back(1 + static_cast<std::int64_t>(random() >> 14) % power);
  }
  for (const std::int64_t divisor : divisors) {
    const TickDivider divider(divisor);
    for (int i = 0; i < 2'000; ++i) {
      const std::int64_t near = static_cast<std::int64_t>(random() >> 13) >> (random() % 51);
      const std::int64_t multiple = near / divisor * divisor;
      for (const std::int64_t n : {near, multiple - 1, multiple, multiple + 1, kLast - i}) {
        if (n < 0 || n > kLast) continue;
        ASSERT_EQ(divider.Divide(n), n / divisor) << n << " / " << divisor;
      }
    }
  }
}

TEST(BucketLadderTest, WorkedExample) {
  const std::vector<TickLevel> bids{{Ticks(6183763), Qty(378826000)},
                                    {Ticks(6183762), Qty(61700000)},
                                    {Ticks(6183000), Qty(38000000)},
                                    {Ticks(6182999), Qty(50000000)},
                                    {Ticks(6182000), Qty(100000000)}};
  const std::vector<TickLevel> asks{{Ticks(6183764), Qty(154698000)},
                                    {Ticks(6184000), Qty(25000000)},
                                    {Ticks(6184001), Qty(32000000)},
                                    {Ticks(6185000), Qty(10000000)}};
  struct Expected {
    std::int64_t label;
    std::int64_t qty;
  };
  const auto check = [](Side side, const std::vector<TickLevel>& levels, Ticks size,
                        BucketRounding rounding, const std::vector<Expected>& expected) {
    Pair pair(side, size, rounding);
    for (const TickLevel& level : levels) pair.Set(level.price, level.qty);
    pair.buckets.Follow(pair.levels);
    const CompactLadder compact = pair.buckets.Compact(pair.levels);
    ASSERT_EQ(compact.count, static_cast<int>(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(compact.buckets[i].label, Ticks(expected[i].label));
      EXPECT_TRUE(compact.buckets[i].bucket.qty == expected[i].qty);
    }
    pair.ExpectDefinition();
  };
  const Ticks ten(1'000);
  const Ticks fifty(5'000);
  for (const BucketRounding rounding : kRoundings) {
    check(Side::kBid, bids, ten, rounding, {{6183000, 478526000}, {6182000, 150000000}});
    check(Side::kBid, bids, fifty, rounding, {{6180000, 628526000}});
  }
  check(Side::kAsk, asks, ten, BucketRounding::kOutward,
        {{6184000, 179698000}, {6185000, 42000000}});
  check(Side::kAsk, asks, fifty, BucketRounding::kOutward, {{6185000, 221698000}});
  check(Side::kAsk, asks, ten, BucketRounding::kFloor,
        {{6183000, 154698000}, {6184000, 57000000}, {6185000, 10000000}});
  check(Side::kAsk, asks, fifty, BucketRounding::kFloor,
        {{6180000, 211698000}, {6185000, 10000000}});
}

TEST(BucketLadderTest, APriceOnABoundaryIsItsOwnLabelOnBothSides) {
  for (const Side side : kSides) {
    for (const std::int64_t price : {0, 1'000, 6'183'000}) {
      const BucketLadder buckets(side, Ticks(1'000), BucketRounding::kOutward);
      EXPECT_EQ(buckets.LabelOf(Ticks(price)), Ticks(price));
    }
  }
  const BucketLadder bids(Side::kBid, Ticks(1'000), BucketRounding::kOutward);
  const BucketLadder asks(Side::kAsk, Ticks(1'000), BucketRounding::kOutward);
  const BucketLadder floored(Side::kAsk, Ticks(1'000), BucketRounding::kFloor);
  EXPECT_EQ(bids.LabelOf(Ticks(5'999)), Ticks(5'000));
  EXPECT_EQ(asks.LabelOf(Ticks(5'001)), Ticks(6'000));
  EXPECT_EQ(floored.LabelOf(Ticks(5'999)), Ticks(5'000));
  EXPECT_EQ(asks.LabelOf(kTicksMax), Ticks((kTicksMax.raw() / 1'000 + 1) * 1'000));
}

TEST(BucketLadderTest, InnerAndOuterPriceBoundExactlyTheBucket) {
  for (const Side side : kSides) {
    for (const BucketRounding rounding : kRoundings) {
      for (const std::int64_t size : {1, 2, 7}) {
        const BucketLadder buckets(side, Ticks(size), rounding);
        for (std::int64_t price = 20; price < 60; ++price) {
          const Ticks label = buckets.LabelOf(Ticks(price));
          const std::int64_t outward = side == Side::kBid ? -1 : 1;
          EXPECT_EQ(buckets.LabelOf(buckets.InnerPrice(label)), label);
          EXPECT_EQ(buckets.LabelOf(buckets.OuterPrice(label)), label);
          EXPECT_NE(buckets.LabelOf(buckets.InnerPrice(label) - outward), label);
          EXPECT_NE(buckets.LabelOf(buckets.OuterPrice(label) + outward), label);
        }
      }
    }
  }
}

TEST(BucketLadderTest, AgreesWithTheDefinitionAfterEveryChange) {
  for (const Side side : kSides) {
    for (const BucketRounding rounding : kRoundings) {
      for (const std::int64_t size : {1, 3, 50, 1'000, 100'000}) {
        for (const std::uint64_t seed : {1u, 2u}) {
          SCOPED_TRACE(::testing::Message() << "side " << static_cast<int>(side) << " size " << size
                                            << " seed " << seed);
          std::mt19937_64 random(seed);
          Pair pair(side, Ticks(size), rounding);
          std::int64_t centre = seed == 1 ? 20'000 : 5'000'000;
          for (int step = 0; step < 1'500; ++step) {
            // The market wanders over several windows of the small sizes, and jumps at times.
            centre =
                std::max<std::int64_t>(0, centre + static_cast<std::int64_t>(random() % 61) - 29);
            if (random() % 400 == 0) centre += static_cast<std::int64_t>(random() % 300'000);
            const std::int64_t reach = random() % 10 == 0 ? 1'000'000 : 200;
            std::int64_t price =
                centre +
                static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * reach)) - reach;
            if (random() % 3 == 0 && !pair.model.empty()) price = pair.model.best().raw();
            const Qty qty(random() % 5 < 2    ? 0
                          : random() % 9 == 0 ? kQtyCap.raw()
                                              : static_cast<std::int64_t>(random() % 100));
            pair.Set(Ticks(std::max<std::int64_t>(0, price)), qty);
            pair.buckets.Follow(pair.levels);
            ASSERT_NO_FATAL_FAILURE(pair.ExpectDefinition()) << "step " << step;
          }
        }
      }
    }
  }
}

TEST(BucketLadderTest, CompactLadderGoesOnFarBeyondTheWindow) {
  for (const Side side : kSides) {
    Pair pair(side, Ticks(10));
    for (std::int64_t i = 0; i < 40; ++i) {
      pair.Set(Ticks(10'000'000 + i * 70'001), Qty(i + 1));
    }
    pair.buckets.Follow(pair.levels);
    pair.ExpectDefinition();
    EXPECT_EQ(pair.buckets.Compact(pair.levels).count, kLadderBuckets);
  }
}

TEST(BucketLadderTest, AnEmptySideHasNoBuckets) {
  Pair pair(Side::kAsk, Ticks(10));
  pair.buckets.Follow(pair.levels);
  EXPECT_TRUE(pair.buckets.dense().buckets.empty());
  EXPECT_EQ(pair.buckets.Compact(pair.levels).count, 0);
  pair.Set(Ticks(500), Qty(3));
  pair.buckets.Follow(pair.levels);
  pair.ExpectDefinition();
  pair.Set(Ticks(500), Qty());
  pair.buckets.Follow(pair.levels);
  pair.ExpectDefinition();
  EXPECT_TRUE(pair.buckets.dense().buckets.empty());
}

TEST(BucketLadderTest, DenseBidsGoBelowZeroEmpty) {
  Pair pair(Side::kBid, Ticks(10));
  pair.Set(Ticks(25), Qty(3));
  pair.buckets.Follow(pair.levels);
  const DenseView view = pair.buckets.dense();
  ASSERT_EQ(view.buckets.size(), 15u);
  EXPECT_EQ(view.label(14), Ticks(-120));
  EXPECT_TRUE(view.buckets[14].qty == 0);
}

TEST(BucketLadderTest, ADriftedBucketIsNoticedAndRebuilt) {
  Pair pair(Side::kBid, Ticks(10));
  pair.Set(Ticks(1'000), Qty(3));
  pair.buckets.Follow(pair.levels);
  pair.buckets.Add(Ticks(990), 1);
  EXPECT_FALSE(pair.buckets.Agrees(pair.levels));
  pair.buckets.Rebuild(pair.levels);
  EXPECT_TRUE(pair.buckets.Agrees(pair.levels));
}

TEST(BucketLadderTest, ScalesWithTheTick) {
  for (const Side side : kSides) {
    Pair coarse(side, Ticks(10));
    Pair fine(side, Ticks(1'000));
    for (std::int64_t i = 0; i < 60; ++i) {
      coarse.Set(Ticks(7'000 + 3 * i), Qty(i + 1));
      fine.Set(Ticks((7'000 + 3 * i) * 100), Qty(i + 1));
    }
    coarse.levels.ScalePrices(100);
    coarse.buckets.ScaleSize(100);
    coarse.buckets.Rebuild(coarse.levels);
    fine.buckets.Follow(fine.levels);
    EXPECT_EQ(coarse.buckets.size(), Ticks(1'000));
    EXPECT_EQ(ListOf(coarse.buckets.dense()), ListOf(fine.buckets.dense()));
  }
}

}  // namespace
}  // namespace thalweg
