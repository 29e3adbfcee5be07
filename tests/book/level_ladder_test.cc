// The ladder against a std::map after every change, at its bounds, and under every sequence of a
// shrunken domain.
#include "book/level_ladder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/book/model_book.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

using testing::ModelSide;

constexpr Side kSides[] = {Side::kBid, Side::kAsk};

std::vector<TickLevel> LevelsOf(const LevelLadder& ladder) {
  std::vector<TickLevel> levels;
  ladder.Walk([&](TickLevel level) {
    levels.push_back(level);
    return true;
  });
  return levels;
}

std::vector<TickLevel> LevelsByCursor(const LevelLadder& ladder) {
  std::vector<TickLevel> levels;
  for (LevelLadder::Cursor cursor(ladder); !cursor.at_end(); cursor.Next()) {
    levels.push_back(cursor.level());
  }
  return levels;
}

// Everything but the prices of SumTo() and WalkFrom(), which the caller chooses.
void ExpectEqual(const LevelLadder& ladder, const ModelSide& model) {
  const std::vector<TickLevel> levels = model.levels();
  ASSERT_EQ(LevelsOf(ladder), levels);
  ASSERT_EQ(LevelsByCursor(ladder), levels);
  ASSERT_EQ(ladder.level_count(), static_cast<std::int64_t>(levels.size()));
  ASSERT_EQ(ladder.empty(), levels.empty());
  std::vector<TickLevel> top(20);
  top.resize(static_cast<std::size_t>(ladder.Top(20, top.data())));
  ASSERT_EQ(top, std::vector(levels.begin(),
                             levels.begin() + std::min<std::ptrdiff_t>(20, std::ssize(levels))));
  if (levels.empty()) return;
  ASSERT_EQ(ladder.best(), levels.front().price);
  ASSERT_EQ(ladder.best_level(), levels.front());
}

void ExpectEqualAt(const LevelLadder& ladder, const ModelSide& model, Ticks price) {
  ASSERT_EQ(ladder.at(price), model.at(price)) << price.raw();
  ASSERT_TRUE(ladder.SumTo(price) == model.SumTo(price)) << price.raw();
  std::vector<TickLevel> outward;
  ladder.WalkFrom(price, [&](TickLevel level) {
    outward.push_back(level);
    return outward.size() < 3;
  });
  std::vector<TickLevel> expected;
  for (const TickLevel& level : model.levels()) {
    const bool beyond = model.side() == Side::kBid ? level.price <= price : level.price >= price;
    if (beyond && expected.size() < 3) expected.push_back(level);
  }
  ASSERT_EQ(outward, expected) << price.raw();
}

struct Market {
  std::int64_t start;
  std::int64_t spread_of_updates;  // Most updates lie this near to the market.
  std::int64_t drift;              // Of the market, in ticks a step, at most.
  std::int64_t far;                // One in eight updates lies up to this far away.
};

// In a short part a tenth of the steps.
void CompareOnRandomChanges(Side side, const LadderBounds& bounds, const Market& market,
                            std::uint64_t seed, int steps) {
  if (TakeShortPart()) steps /= 10;
  SCOPED_TRACE(::testing::Message() << "seed " << seed << " side " << static_cast<int>(side)
                                    << " start " << market.start << " drift " << market.drift);
  std::mt19937_64 random(seed);
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  LevelLadder ladder(side, bounds);
  ModelSide model(side);
  std::int64_t centre = market.start;
  std::int64_t direction = 1;
  for (int step = 0; step < steps; ++step) {
    if (below(500) == 0) direction = -direction;
    centre = std::max<std::int64_t>(0, centre + direction * below(market.drift + 1));
    const std::int64_t reach = below(8) == 0 ? market.far : market.spread_of_updates;
    std::int64_t price = std::max<std::int64_t>(0, centre + below(2 * reach + 1) - reach);
    if (below(3) == 0 && !model.empty()) {  // An existing level, so that removals find one.
      auto level = model.by_key().begin();
      std::advance(level, below(std::min<std::int64_t>(std::ssize(model.by_key()), 50)));
      price = level->second.price.raw();
    }
    const Qty qty(below(5) < 2 ? 0 : below(20) == 0 ? kQtyCap.raw() : 1 + below(1'000));
    ASSERT_EQ(ladder.Set(Ticks(price), qty), model.Set(Ticks(price), qty)) << "step " << step;
    ASSERT_EQ(ladder.evicted_count(), 0);
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, model)) << "step " << step;
    const Ticks edge(std::max<std::int64_t>(0, centre + below(2 * market.far + 1) - market.far));
    ASSERT_NO_FATAL_FAILURE(ExpectEqualAt(ladder, model, edge)) << "step " << step;
    ASSERT_NO_FATAL_FAILURE(ExpectEqualAt(ladder, model, Ticks(price))) << "step " << step;
  }
}

TEST(LevelLadderTest, AgreesWithTheModelAfterEveryChange) {
  const Market markets[] = {
      {100, 64, 0, 100},                      // Small prices, touching 0.
      {6'183'000, 300, 2, 20'000'000},        // The shape of a real book, with very far levels.
      {6'183'000, 30'000, 5'000, 2'000'000},  // A market that crosses windows.
  };
  for (const Side side : kSides) {
    for (const Market& market : markets) {
      for (const std::uint64_t seed : {1u, 2u, 3u}) {
        CompareOnRandomChanges(side, {}, market, seed, 3'000);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(LevelLadderTest, AgreesWithTheModelInATinyWindowThatMovesAllTheTime) {
  const LadderBounds tiny{.window_bits = 14, .pages_at_start = 2, .far_levels_at_start = 1};
  const Market markets[] = {{50'000, 3'000, 100, 30'000}, {50'000, 20'000, 1'000, 200'000}};
  for (const Side side : kSides) {
    for (const Market& market : markets) {
      for (const std::uint64_t seed : {4u, 5u, 6u}) {
        CompareOnRandomChanges(side, tiny, market, seed, 4'000);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(LevelLadderTest, AgreesWithTheModelWhenPagesRunOut) {
  for (const std::size_t pages : {2u, 3u, 5u, 17u, 64u}) {
    SCOPED_TRACE(::testing::Message() << pages << " pages");
    const LadderBounds poor{
        .window_bits = 14, .pages_max = pages, .pages_at_start = 2, .far_levels_at_start = 1};
    for (const Side side : kSides) {
      for (const std::uint64_t seed : {7u, 8u}) {
        CompareOnRandomChanges(side, poor, {50'000, 2'000, 20, 40'000}, seed, 3'000);
        CompareOnRandomChanges(side, poor, {2'000, 200, 1, 3'000}, seed, 3'000);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(LevelLadderTest, AgreesWithTheModelUnderEverySequenceOfFourChanges) {
  // Six prices on both sides of a page, a block and the window; three quantities.
  const std::int64_t prices[] = {0, 15, 16, 63, 64, 1'000'000};
  const std::int64_t quantities[] = {0, 1, kQtyCap.raw()};
  constexpr int kChanges = 6 * 3;
  for (const Side side : kSides) {
    LevelLadder ladder(side, {.window_bits = 14, .pages_at_start = 2, .far_levels_at_start = 1});
    // In a short part every eleventh, which is no divisor of their number.
    for (int sequence = 0; sequence < kChanges * kChanges * kChanges * kChanges;
         sequence += TakeShortPart() ? 11 : 1) {
      ladder.Clear();
      ModelSide model(side);
      for (int step = 0, rest = sequence; step < 4; ++step, rest /= kChanges) {
        const Ticks price(prices[rest % 6]);
        const Qty qty(quantities[rest % kChanges / 6]);
        ASSERT_EQ(ladder.Set(price, qty), model.Set(price, qty)) << sequence;
      }
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, model)) << sequence;
      for (const std::int64_t price : prices) {
        ASSERT_EQ(ladder.at(Ticks(price)), model.at(Ticks(price))) << sequence;
        ASSERT_TRUE(ladder.SumTo(Ticks(price)) == model.SumTo(Ticks(price))) << sequence;
      }
    }
  }
}

TEST(LevelLadderTest, RemovingAnUnknownLevelChangesNothing) {
  for (const Side side : kSides) {
    LevelLadder ladder(side);
    EXPECT_EQ(ladder.Set(Ticks(5), Qty()), Qty());
    EXPECT_TRUE(ladder.empty());
    ladder.Set(Ticks(100), Qty(7));
    for (const std::int64_t price : {std::int64_t{0}, std::int64_t{99}, std::int64_t{101},
                                     std::int64_t{50'000'000}, kTicksMax.raw()}) {
      EXPECT_EQ(ladder.Set(Ticks(price), Qty()), Qty());
    }
    EXPECT_EQ(LevelsOf(ladder), (std::vector<TickLevel>{{Ticks(100), Qty(7)}}));
    EXPECT_TRUE(ladder.SumTo(side == Side::kBid ? Ticks(0) : kTicksMax) == 7);
  }
}

TEST(LevelLadderTest, TakesTheLowestAndTheHighestPrice) {
  for (const Side side : kSides) {
    LevelLadder ladder(side);
    ladder.Set(Ticks(0), Qty(1));
    ladder.Set(kTicksMax, Qty(2));
    EXPECT_EQ(ladder.at(Ticks(0)), Qty(1));
    EXPECT_EQ(ladder.at(kTicksMax), Qty(2));
    EXPECT_EQ(ladder.best(), side == Side::kBid ? kTicksMax : Ticks(0));
    EXPECT_EQ(ladder.Set(kTicksMax, Qty()), Qty(2));
    EXPECT_EQ(ladder.best(), Ticks(0));
  }
}

TEST(LevelLadderTest, SumsQuantitiesAtTheCapExactly) {
  LevelLadder ladder(Side::kAsk);
  for (int i = 0; i < 1'000; ++i) ladder.Set(Ticks(1'000 + 7 * i), kQtyCap);
  EXPECT_TRUE(ladder.SumTo(Ticks(10'000)) == Wide{kQtyCap.raw()} * 1'000);
  for (int i = 0; i < 1'000; ++i) ladder.Set(Ticks(1'000 + 7 * i), Qty());
  EXPECT_TRUE(ladder.SumTo(Ticks(10'000)) == 0);
}

TEST(LevelLadderTest, EvictsTheFarthestLevelsAtTheBoundAndSaysFromWhere) {
  const LadderBounds bounds{.window_bits = 14, .far_levels_max = 4, .far_levels_at_start = 1};
  for (const Side side : kSides) {
    const auto away = [&](std::int64_t distance) {
      return Ticks(side == Side::kBid ? 10'000'000 - distance : 10'000'000 + distance);
    };
    LevelLadder ladder(side, bounds);
    ladder.Set(away(0), Qty(1));
    for (int i = 1; i <= 4; ++i) ladder.Set(away(i * 100'000), Qty(i));
    EXPECT_EQ(ladder.evicted_edge(), std::nullopt);
    // Nearer than the farthest: that one goes.
    ladder.Set(away(150'000), Qty(9));
    EXPECT_EQ(ladder.evicted_count(), 1);
    EXPECT_EQ(ladder.evicted_edge(), away(400'000));
    // Farther than all: it is not taken in.
    EXPECT_EQ(ladder.Set(away(350'000), Qty(9)), Qty());
    EXPECT_EQ(ladder.at(away(350'000)), Qty());
    EXPECT_EQ(ladder.evicted_count(), 2);
    EXPECT_EQ(ladder.evicted_edge(), away(350'000));
    EXPECT_EQ(ladder.level_count(), 5);
    EXPECT_EQ(ladder.far_level_count(), 4u);
    ladder.Clear();
    EXPECT_EQ(ladder.evicted_edge(), std::nullopt);
    EXPECT_EQ(ladder.evicted_count(), 0);
  }
}

TEST(LevelLadderTest, ListsTheEvictedLevelsWithTheQuantityThatLeftUntilTheyAreSettled) {
  const LadderBounds bounds{.window_bits = 14, .far_levels_max = 2, .far_levels_at_start = 1};
  const auto listed = [](const LevelLadder& ladder) {
    return std::vector<TickLevel>(ladder.unsettled().begin(), ladder.unsettled().end());
  };
  LevelLadder ladder(Side::kAsk, bounds);
  for (const std::int64_t price : {0, 100'000, 200'000}) ladder.Set(Ticks(price), Qty(price + 1));
  ladder.Set(Ticks(150'000), Qty(5));
  ladder.Set(Ticks(300'000), Qty(6));
  EXPECT_EQ(ladder.unsettled_count(), 2);
  EXPECT_EQ(listed(ladder),
            (std::vector<TickLevel>{{Ticks(200'000), Qty(200'001)}, {Ticks(300'000), Qty(6)}}));
  ladder.SettleEvictions();
  EXPECT_EQ(ladder.unsettled_count(), 0);
  EXPECT_EQ(listed(ladder), std::vector<TickLevel>{});
  EXPECT_EQ(ladder.evicted_count(), 2) << "and stays unknown";
  for (int i = 0; i < 300; ++i) ladder.Set(Ticks(400'000), Qty(1));
  EXPECT_EQ(ladder.unsettled_count(), 300);
  EXPECT_EQ(ladder.unsettled().size(), kEvictionsListedMax);
}

TEST(LevelLadderTest, FaultK3KeepsTheNearLevelsWhenAFloodOfLevelsArrives) {
  // Pages for 30 levels and a far array of 50: 80 at most, whatever comes in whatever order.
  const LadderBounds bounds{.window_bits = 14,
                            .pages_max = 31,
                            .pages_at_start = 2,
                            .far_levels_max = 50,
                            .far_levels_at_start = 1};
  for (const Side side : kSides) {
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
      std::mt19937_64 random(seed);
      LevelLadder ladder(side, bounds);
      ModelSide model(side);
      for (int step = 0; step < (TakeShortPart() ? 2'000 : 20'000); ++step) {
        const Ticks price(static_cast<std::int64_t>(1'000'000 + random() % 60'000 * 16));
        const Qty qty(static_cast<std::int64_t>(random() % 3));
        ladder.Set(price, qty);
        model.Set(price, qty);
        ASSERT_LE(ladder.level_count(), 80);
        ASSERT_LE(ladder.far_level_count(), 50u);
        if (step % 50 != 0) continue;
        // Inside the evicted edge nothing is missing.
        std::vector<TickLevel> expected;
        std::vector<TickLevel> held;
        const auto inside = [&](Ticks p) {
          const auto edge = ladder.evicted_edge();
          return !edge || (side == Side::kBid ? p > *edge : p < *edge);
        };
        for (const TickLevel& level : model.levels()) {
          if (inside(level.price)) expected.push_back(level);
        }
        for (const TickLevel& level : LevelsOf(ladder)) {
          if (inside(level.price)) held.push_back(level);
        }
        ASSERT_EQ(held, expected) << "seed " << seed << " step " << step;
      }
      EXPECT_GT(ladder.evicted_count(), 0);
    }
  }
}

TEST(LevelLadderTest, ReclaimsEmptyPagesInsteadOfGrowing) {
  const LadderBounds bounds{.pages_max = 64, .pages_at_start = 64};
  LevelLadder ladder(Side::kAsk, bounds);
  // One level at a time, each on a page of its own: far more pages than there are, never in need.
  for (std::int64_t i = 0; i < 10'000; ++i) {
    ladder.Set(Ticks(2'000'000 + i * 16), Qty(1));
    EXPECT_EQ(ladder.Set(Ticks(2'000'000 + i * 16), Qty()), Qty(1));
    ASSERT_LE(ladder.pages_in_use(), 64u);
  }
  EXPECT_EQ(ladder.far_level_count(), 0u);
}

TEST(LevelLadderTest, TouchesNoMorePagesThanItsLevelsNeedHoweverLongItLives) {
  // A book of 200 levels whose market wanders over a million ticks.
  LevelLadder ladder(Side::kAsk);
  for (std::int64_t i = 0; i < 60'000; ++i) {
    ladder.Set(Ticks(1'000'000 + i * 16), Qty(1));
    if (i < 200) continue;
    EXPECT_EQ(ladder.Set(Ticks(1'000'000 + (i - 200) * 16), Qty()), Qty(1));
  }
  EXPECT_EQ(ladder.level_count(), 200);
  EXPECT_LE(ladder.pages_touched(), 512u);
}

TEST(LevelLadderTest, CanBeUsedAgainAfterClear) {
  for (const Side side : kSides) {
    LevelLadder ladder(side, {.window_bits = 14});
    for (int round = 0; round < 4; ++round) {
      ModelSide model(side);
      for (int i = 0; i < 500; ++i) {
        const Ticks price(1'000'000 * (round % 2 + 1) + i * 37);
        ladder.Set(price, Qty(i + 1));
        model.Set(price, Qty(i + 1));
      }
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, model));
      ASSERT_NO_FATAL_FAILURE(ExpectEqualAt(ladder, model, Ticks(1'009'999)));
      ladder.Clear();
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, ModelSide(side)));
      EXPECT_TRUE(ladder.SumTo(side == Side::kBid ? Ticks(0) : kTicksMax) == 0);
    }
  }
}

TEST(LevelLadderTest, ScaledPricesKeepEveryLevel) {
  for (const Side side : kSides) {
    LevelLadder ladder(side);
    ModelSide model(side);
    for (std::int64_t i = 0; i < 300; ++i) {
      const std::int64_t price = 60'000 + i * i * 90;
      ladder.Set(Ticks(price), Qty(i + 1));
      model.Set(Ticks(price * 1'000), Qty(i + 1));
    }
    ladder.ScalePrices(1'000);
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, model));
    ASSERT_NO_FATAL_FAILURE(ExpectEqualAt(ladder, model, Ticks(100'000'000)));
    EXPECT_EQ(ladder.evicted_count(), 0);
  }
}

TEST(LevelLadderTest, ScalingEvictsWhatLeavesTheRangeOfPrices) {
  LevelLadder ladder(Side::kAsk);
  ladder.Set(Ticks(100), Qty(1));
  ladder.Set(kTicksMax, Qty(2));
  ladder.ScalePrices(10);
  EXPECT_EQ(LevelsOf(ladder), (std::vector<TickLevel>{{Ticks(1'000), Qty(1)}}));
  EXPECT_EQ(ladder.evicted_edge(), kTicksMax);
}

TEST(LevelLadderTest, ScaledQuantitiesAreExactOrRefused) {
  for (const Side side : kSides) {
    LevelLadder ladder(side, {.window_bits = 14});
    ModelSide model(side);
    for (std::int64_t i = 0; i < 100; ++i) {
      ladder.Set(Ticks(5'000 + i * 1'000), Qty(i + 1));
      model.Set(Ticks(5'000 + i * 1'000), Qty((i + 1) * 1'000));
    }
    ASSERT_TRUE(ladder.ScaleQuantities(1'000));
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, model));
    ASSERT_NO_FATAL_FAILURE(ExpectEqualAt(ladder, model, Ticks(60'000)));
    ladder.Set(Ticks(70'500), Qty(INT64_MAX / 10 + 1));
    model.Set(Ticks(70'500), Qty(INT64_MAX / 10 + 1));
    EXPECT_FALSE(ladder.ScaleQuantities(10));
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(ladder, model));
  }
}

TEST(LevelLadderTest, ALevelAtTheCapCannotBeScaled) {
  LevelLadder ladder(Side::kBid);
  ladder.Set(Ticks(1), kQtyCap);
  EXPECT_FALSE(ladder.ScaleQuantities(10));
  EXPECT_TRUE(ladder.ScaleQuantities(1));
  EXPECT_EQ(ladder.at(Ticks(1)), kQtyCap);
}

TEST(LevelLadderTest, TopStopsAtTheWantedCount) {
  LevelLadder ladder(Side::kBid);
  for (int i = 1; i <= 5; ++i) ladder.Set(Ticks(i * 100), Qty(i));
  TickLevel top[2];
  EXPECT_EQ(ladder.Top(2, top), 2);
  EXPECT_EQ(top[0], (TickLevel{Ticks(500), Qty(5)}));
  EXPECT_EQ(top[1], (TickLevel{Ticks(400), Qty(4)}));
  EXPECT_EQ(ladder.Top(0, nullptr), 0);
}

}  // namespace
}  // namespace thalweg
