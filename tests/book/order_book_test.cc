// The whole book against the model: random events, a real recording, coverage, audits, allocation.
#include "book/order_book.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "tests/book/model_book.h"
#include "tests/book/recorded_depth.h"
#include "tests/test_part.h"

// Sanitizers have allocators of their own.
#ifdef COUNT_ALLOCATIONS
#include "tests/core/allocation_count.h"
#endif

namespace thalweg {
namespace {

using testing::ModelBuckets;
using testing::ModelDense;
using testing::ModelSide;
using testing::ReadBtcusdt;
using testing::RecordedDepth;
using testing::RecordedEvent;

using Levels = std::vector<TickLevel>;

constexpr Side kSides[] = {Side::kBid, Side::kAsk};
// $10, $50, $100, $500 and $1000 at a tick of 0.01.
constexpr std::array kSizes{Ticks(1'000), Ticks(5'000), Ticks(10'000), Ticks(50'000),
                            Ticks(100'000)};
constexpr std::array kOneSize{Ticks(10)};

Levels LevelsOf(const LevelLadder& ladder) {
  Levels levels;
  ladder.Walk([&](TickLevel level) {
    levels.push_back(level);
    return true;
  });
  return levels;
}

struct ModelBook {
  ModelSide bids{Side::kBid};
  ModelSide asks{Side::kAsk};

  void Apply(const Levels& bid_levels, const Levels& ask_levels) {
    for (const TickLevel& level : bid_levels) bids.Set(level.price, level.qty);
    for (const TickLevel& level : ask_levels) asks.Set(level.price, level.qty);
  }
  [[nodiscard]] const ModelSide& side(Side side) const { return side == Side::kBid ? bids : asks; }
};

void ExpectEqual(const OrderBook& book, const ModelBook& model,
                 BucketRounding rounding = BucketRounding::kOutward) {
  for (const Side side : kSides) {
    const Levels levels = model.side(side).levels();
    ASSERT_EQ(LevelsOf(book.ladder(side)), levels);
    for (int i = 0; i < book.bucket_size_count(); ++i) {
      auto compact = ModelBuckets(side, levels, book.bucket_size(i), rounding);
      const auto dense = ModelDense(side, compact, book.bucket_size(i));
      const DenseView view = book.dense(side, i);
      ASSERT_EQ(view.buckets.size(), dense.size());
      for (int n = 0; n < static_cast<int>(dense.size()); ++n) {
        ASSERT_EQ(view.label(n), dense[static_cast<std::size_t>(n)].label);
        ASSERT_EQ(view.buckets[static_cast<std::size_t>(n)],
                  dense[static_cast<std::size_t>(n)].bucket);
      }
      if (compact.size() > kLadderBuckets) compact.resize(kLadderBuckets);
      const CompactLadder ladder = book.compact(side, i);
      ASSERT_TRUE(std::equal(compact.begin(), compact.end(), ladder.buckets.begin(),
                             ladder.buckets.begin() + ladder.count));
    }
  }
  ASSERT_TRUE(book.CheckBuckets());
}

// A random event around a market; the sides may cross during it and after it.
Levels RandomLevels(std::mt19937_64& random, std::int64_t centre) {
  Levels levels(random() % 150);
  for (TickLevel& level : levels) {
    const std::uint64_t reach = random() % 20 == 0 ? 20'000'000 : random() % 3 == 0 ? 20'000 : 100;
    const std::int64_t price = centre + static_cast<std::int64_t>(random() % (2 * reach + 1)) -
                               static_cast<std::int64_t>(reach);
    level.price = Ticks(std::max<std::int64_t>(0, price));
    level.qty = Qty(random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 1'000));
  }
  return levels;
}

TEST(OrderBookTest, AgreesWithTheModelAfterEveryEvent) {
  for (const BucketRounding rounding : {BucketRounding::kOutward, BucketRounding::kFloor}) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      std::mt19937_64 random(seed);
      OrderBook book(kSizes, rounding, {.window_bits = seed == 1 ? 21 : 14});
      ModelBook model;
      std::int64_t centre = 6'183'000;
      for (int step = 0; step < (TakeShortPart() ? 30 : 300); ++step) {
        centre += static_cast<std::int64_t>(random() % 4'001) - 2'000;
        const Levels bids = RandomLevels(random, centre - 50);
        const Levels asks = RandomLevels(random, centre + 50);
        book.Apply(bids, asks, UpdateId(step));
        model.Apply(bids, asks);
        ASSERT_EQ(book.id(), UpdateId(step));
        ASSERT_NO_FATAL_FAILURE(ExpectEqual(book, model, rounding)) << "step " << step;
        const bool one_sided = model.bids.empty() || model.asks.empty();
        ASSERT_EQ(book.one_sided(), one_sided);
        ASSERT_EQ(book.crossed(), !one_sided && model.bids.best() >= model.asks.best());
      }
    }
  }
}

TEST(OrderBookTest, BucketsStayExactWhenLevelsAreEvicted) {
  const LadderBounds bounds{.window_bits = 14,
                            .pages_max = 9,
                            .pages_at_start = 2,
                            .far_levels_max = 10,
                            .far_levels_at_start = 1};
  std::mt19937_64 random(1);
  OrderBook book(kSizes, BucketRounding::kOutward, bounds);
  for (int step = 0; step < 500; ++step) {
    book.Apply(RandomLevels(random, 6'183'000), RandomLevels(random, 6'183'100), UpdateId(step));
    ASSERT_TRUE(book.CheckBuckets()) << step;
    for (const Side side : kSides) {
      ASSERT_LE(book.ladder(side).level_count(), 8 * 16 + 10);
      const auto evicted = book.ladder(side).evicted_edge();
      ASSERT_FALSE(evicted && book.Knows(side, *evicted));
    }
  }
  EXPECT_TRUE(book.known_edge(Side::kAsk).has_value());
}

// Far levels that come to a full ladder, event after event, nearer and nearer: each evicts another
// one. The largest bucket's window reaches all of them.
TEST(OrderBookTest, EvictionsChangeTheBucketsWithoutReadingTheLevelsAnew) {
  constexpr std::array kReaching{Ticks(1'000), Ticks(100'000), Ticks(1'000'000)};
  constexpr std::int64_t kTouch = 100'000'000;
  const LadderBounds bounds{.far_levels_max = 500, .far_levels_at_start = 1};
  OrderBook book(kReaching, BucketRounding::kOutward, bounds);
  ModelBook model;
  const auto apply = [&](const Levels& bids, const Levels& asks, int step) {
    book.Apply(bids, asks, UpdateId(step));
    model.Apply(bids, asks);
  };
  const auto away = [](std::int64_t distance, int qty) {
    return std::pair(TickLevel{Ticks(kTouch - 1 - distance), Qty(qty)},
                     TickLevel{Ticks(kTouch + distance), Qty(qty)});
  };
  Levels bids, asks;
  for (std::int64_t i = 0; i < 700; ++i) {
    const auto [bid, ask] = away(i < 200 ? i : 20'000'000 + i * 100'000, 7);
    bids.push_back(bid);
    asks.push_back(ask);
  }
  apply(bids, asks, 0);
  ASSERT_EQ(book.ladder(Side::kAsk).far_level_count(), 500u);
  ASSERT_EQ(book.ladder(Side::kAsk).evicted_count(), 0);

  const std::int64_t rebuilds = book.bucket_rebuilds();
  std::mt19937_64 random(5);
  for (int step = 1; step <= 400; ++step) {
    Levels bid_levels, ask_levels;
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t reach = random() % 2 == 0 ? 70'000'000 : 100;
      const auto [bid, ask] = away(static_cast<std::int64_t>(random() % reach),
                                   random() % 10 == 0 ? 0 : static_cast<int>(random() % 1'000));
      bid_levels.push_back(bid);
      ask_levels.push_back(ask);
    }
    apply(bid_levels, ask_levels, step);
    ASSERT_TRUE(book.CheckBuckets()) << step;
    for (const Side side : kSides) {
      Levels expected = model.side(side).levels();
      std::erase_if(expected, [&](const TickLevel& l) { return !book.Knows(side, l.price); });
      Levels held = LevelsOf(book.ladder(side));
      std::erase_if(held, [&](const TickLevel& l) { return !book.Knows(side, l.price); });
      ASSERT_EQ(held, expected) << step;
    }
  }
  EXPECT_GT(book.ladder(Side::kAsk).evicted_count(), 5'000);
  EXPECT_GT(book.ladder(Side::kBid).evicted_count(), 5'000);
  EXPECT_EQ(book.bucket_rebuilds(), rebuilds);
}

TEST(OrderBookTest, MoreEvictionsAtOnceThanAreListedRebuildTheBuckets) {
  constexpr std::int64_t kFew = kEvictionsListedMax / 2;
  constexpr std::array kReaching{Ticks(1'000), Ticks(1'000'000)};
  const LadderBounds bounds{.window_bits = 14, .far_levels_max = kFew, .far_levels_at_start = 1};
  OrderBook book(kReaching, BucketRounding::kOutward, bounds);
  Levels asks;
  for (std::int64_t i = 0; i < 6 * kFew; ++i) asks.push_back({Ticks(50'000'000 + i), Qty(3)});
  book.Apply({}, asks, UpdateId(1));
  ASSERT_EQ(book.ladder(Side::kAsk).evicted_count(), 0);
  // The touch leaves the window: all that was in it moves to the far array, which holds a sixth.
  const std::int64_t rebuilds = book.bucket_rebuilds();
  book.Apply({}, Levels{{Ticks(40'000'000), Qty(1)}}, UpdateId(2));
  EXPECT_EQ(book.ladder(Side::kAsk).evicted_count(), 5 * kFew);
  EXPECT_EQ(book.bucket_rebuilds(), rebuilds + 1);
  EXPECT_TRUE(book.CheckBuckets());
}

TEST(OrderBookTest, TheRecordedBookEqualsTheModelAtEveryEvent) {
  const RecordedDepth depth = ReadBtcusdt();
  if (depth.events.empty()) GTEST_SKIP() << "no recording in " << RecordedDataFolder();
  ASSERT_EQ(depth.events.size(), 6'493u);
  OrderBook book(kSizes);
  ModelBook model;
  book.Load(depth.snapshot.bids, depth.snapshot.asks, UpdateId(depth.snapshot.last), 1'000);
  model.Apply(depth.snapshot.bids, depth.snapshot.asks);
  const std::size_t compared = TakeShortPart() ? depth.events.size() / 10 : depth.events.size();
  for (std::size_t i = 0; i < depth.events.size(); ++i) {
    const RecordedEvent& event = depth.events[i];
    book.Apply(event.bids, event.asks, UpdateId(event.last));
    model.Apply(event.bids, event.asks);
    if (i >= compared) continue;
    for (const Side side : kSides) {
      ASSERT_EQ(book.ladder(side).level_count(), std::ssize(model.side(side).by_key()));
      auto expected = model.side(side).by_key().begin();
      book.ladder(side).Walk([&](TickLevel level) { return level == (expected++)->second; });
      ASSERT_EQ(expected, model.side(side).by_key().end()) << "event " << i;
    }
    ASSERT_FALSE(book.crossed());
    ASSERT_TRUE(book.CheckBuckets()) << "event " << i;
    if (i % 500 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(book, model)) << "event " << i;
  }
  ExpectEqual(book, model);
  EXPECT_EQ(book.id(), UpdateId(50'093'696'318));
  EXPECT_EQ(book.ladder(Side::kBid).level_count(), 1'971);
  EXPECT_EQ(book.ladder(Side::kAsk).level_count(), 2'962);
  EXPECT_EQ(book.ladder(Side::kBid).best_level(), (TickLevel{Ticks(6160201), Qty(167177000)}));
  EXPECT_EQ(book.ladder(Side::kAsk).best_level(), (TickLevel{Ticks(6160202), Qty(266795000)}));
}

#ifdef COUNT_ALLOCATIONS
TEST(OrderBookTest, ApplyingAndReadingAllocateNothingAfterWarmUp) {
  std::mt19937_64 random(3);
  OrderBook book(kSizes);
  std::vector<Levels> events;
  for (int i = 0; i < 400; ++i) {
    events.push_back(RandomLevels(random, 6'183'000 + (i % 100) * 1'000));
  }
  std::array<TickLevel, 20> top;
  Wide read = 0;
  const auto run = [&] {
    for (std::size_t i = 0; i + 1 < events.size(); i += 2) {
      book.Apply(events[i], events[i + 1], UpdateId(1));
      for (const Side side : kSides) {
        read += book.ladder(side).Top(20, top.data());
        read += book.ladder(side).SumTo(Ticks(6'200'000));
        for (int size = 0; size < book.bucket_size_count(); ++size) {
          const DenseView view = book.dense(side, size);
          if (!view.buckets.empty()) read += view.buckets[14].qty;
          read += book.compact(side, size).count + book.complete_dense(side, size);
        }
      }
    }
  };
  run();
  run();
  const struct mallinfo2 before = mallinfo2();
  const std::int64_t count = AllocationCount();
  run();
  EXPECT_EQ(AllocationCount(), count);
  const struct mallinfo2 after = mallinfo2();
  EXPECT_EQ(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd);
  EXPECT_TRUE(read > 0);
}
#endif

#ifdef COUNT_ALLOCATIONS
TEST(OrderBookTest, AnAuditAllocatesNothing) {
  std::mt19937_64 random(4);
  const Levels bids = RandomLevels(random, 6'183'000);
  const Levels asks = RandomLevels(random, 6'283'000);
  OrderBook book(kSizes);
  OrderBook wider(kSizes);
  for (OrderBook* const any : {&book, &wider}) any->Apply(bids, asks, UpdateId(1));
  book.set_known_edges({Ticks(6'182'990), Ticks(6'283'010)});
  wider.set_known_edges({Ticks(6'000'000), std::nullopt});
  const std::int64_t count = AllocationCount();
  const bool same = book.SameInside(wider);
  book.TakeOver(wider);
  EXPECT_EQ(AllocationCount(), count);
  EXPECT_TRUE(same);
}
#endif

TEST(OrderBookTest, LoadReplacesEverything) {
  OrderBook book(kOneSize);
  book.Apply(Levels{{Ticks(90), Qty(1)}}, Levels{{Ticks(110), Qty(1)}}, UpdateId(5));
  const Levels bids{{Ticks(200), Qty(2)}, {Ticks(150), Qty(3)}};
  const Levels asks{{Ticks(201), Qty(4)}};
  book.Load(bids, asks, UpdateId(9), 2);
  EXPECT_EQ(LevelsOf(book.ladder(Side::kBid)), bids);
  EXPECT_EQ(LevelsOf(book.ladder(Side::kAsk)), asks);
  EXPECT_EQ(book.id(), UpdateId(9));
  EXPECT_TRUE(book.CheckBuckets());
  book.Clear();
  EXPECT_TRUE(book.one_sided());
  EXPECT_EQ(book.known_edge(Side::kBid), std::nullopt);
  EXPECT_TRUE(book.dense(Side::kBid, 0).buckets.empty());
  EXPECT_TRUE(book.CheckBuckets());
}

TEST(OrderBookTest, ASideWithFewerLevelsThanTheLimitIsKnownToInfinity) {
  OrderBook book(kOneSize);
  book.Load(Levels{{Ticks(200), Qty(2)}, {Ticks(150), Qty(3)}}, Levels{{Ticks(201), Qty(4)}},
            UpdateId(1), 2);
  EXPECT_EQ(book.known_edge(Side::kBid), Ticks(150));
  EXPECT_TRUE(book.Knows(Side::kBid, Ticks(150)));
  EXPECT_FALSE(book.Knows(Side::kBid, Ticks(149)));
  EXPECT_EQ(book.known_edge(Side::kAsk), std::nullopt);
  EXPECT_TRUE(book.Knows(Side::kAsk, kTicksMax));
  EXPECT_EQ(book.complete_dense(Side::kAsk, 0), kLadderBuckets);
}

TEST(OrderBookTest, EventsDoNotMoveTheEdges) {
  OrderBook book(kOneSize);
  book.Load(Levels{{Ticks(200), Qty(2)}}, Levels{{Ticks(201), Qty(4)}}, UpdateId(1), 1);
  book.Apply(Levels{{Ticks(200), Qty()}, {Ticks(100), Qty(1)}}, {}, UpdateId(2));
  EXPECT_EQ(book.known_edge(Side::kBid), Ticks(200));
  // The market walked past the edge: no bucket is complete any more.
  EXPECT_EQ(book.complete_dense(Side::kBid, 0), 0);
  book.set_known_edges({Ticks(50), std::nullopt});
  EXPECT_EQ(book.known_edge(Side::kBid), Ticks(50));
  EXPECT_EQ(book.complete_dense(Side::kBid, 0), 6);
}

TEST(OrderBookTest, ABucketIsCompletePartialOrUnknown) {
  OrderBook book(kOneSize);
  book.Load(Levels{{Ticks(200), Qty(2)}, {Ticks(155), Qty(2)}},
            Levels{{Ticks(201), Qty(4)}, {Ticks(245), Qty(2)}}, UpdateId(1), 2);
  EXPECT_EQ(book.coverage(Side::kBid, 0, Ticks(160)), Coverage::kComplete);
  EXPECT_EQ(book.coverage(Side::kBid, 0, Ticks(150)), Coverage::kPartial);
  EXPECT_EQ(book.coverage(Side::kBid, 0, Ticks(140)), Coverage::kUnknown);
  EXPECT_EQ(book.coverage(Side::kAsk, 0, Ticks(240)), Coverage::kComplete);
  EXPECT_EQ(book.coverage(Side::kAsk, 0, Ticks(250)), Coverage::kPartial);
  EXPECT_EQ(book.coverage(Side::kAsk, 0, Ticks(260)), Coverage::kUnknown);
  // Dense: 200, 190, .. 160 and 210, .. 240; compact: only the first bucket of the two is complete.
  EXPECT_EQ(book.complete_dense(Side::kBid, 0), 5);
  EXPECT_EQ(book.complete_dense(Side::kAsk, 0), 4);
  EXPECT_EQ(book.complete_compact(Side::kBid, 0, book.compact(Side::kBid, 0)), 1);
  EXPECT_EQ(book.complete_compact(Side::kAsk, 0, book.compact(Side::kAsk, 0)), 1);
}

TEST(OrderBookTest, FloorRoundedAskBucketsAreCompleteWhenTheirUpperEndIsKnown) {
  OrderBook book(kOneSize, BucketRounding::kFloor);
  book.Load({}, Levels{{Ticks(201), Qty(4)}, {Ticks(249), Qty(2)}}, UpdateId(1), 2);
  EXPECT_EQ(book.coverage(Side::kAsk, 0, Ticks(240)), Coverage::kComplete);
  EXPECT_EQ(book.coverage(Side::kAsk, 0, Ticks(250)), Coverage::kUnknown);
}

TEST(OrderBookTest, TheCountOfCompleteBucketsIsThatOfTheCompleteLabels) {
  for (const BucketRounding rounding : {BucketRounding::kOutward, BucketRounding::kFloor}) {
    OrderBook book(kSizes, rounding);
    book.Apply(Levels{{Ticks(6'183'763), Qty(1)}}, Levels{{Ticks(6'183'764), Qty(1)}}, UpdateId(1));
    std::mt19937_64 random(1);
    for (int i = 0; i < 2'000; ++i) {
      const auto reach = static_cast<std::int64_t>(random() % 2'000'000) >> (random() % 12);
      const std::int64_t rounded = i % 2 == 0 ? 1 : 1'000;  // On a boundary every other time.
      book.set_known_edges({Ticks((6'190'000 - reach) / rounded * rounded),
                            Ticks((6'180'000 + reach) / rounded * rounded)});
      for (const Side side : kSides) {
        for (int size = 0; size < book.bucket_size_count(); ++size) {
          const DenseView view = book.dense(side, size);
          int complete = 0;
          for (int n = 0; n < kLadderBuckets; ++n) {
            complete += book.coverage(side, size, view.label(n)) == Coverage::kComplete;
          }
          ASSERT_EQ(book.complete_dense(side, size), complete) << i;
        }
      }
    }
  }
}

TEST(OrderBookTest, ThousandLevelsKnowHardlyAnyThousandDollarBucket) {
  // 1000 levels over $206 of bids and $216 of asks, as in a real snapshot.
  Levels bids;
  Levels asks;
  for (std::int64_t i = 0; i < 1'000; ++i) {
    bids.push_back({Ticks(6'183'763 - i * 20'600 / 999), Qty(1)});
    asks.push_back({Ticks(6'183'764 + i * 21'600 / 999), Qty(1)});
  }
  OrderBook book(kSizes);
  book.Load(bids, asks, UpdateId(1), 1'000);
  const int bid_counts[] = {15, 4, 2, 0, 0};
  const int ask_counts[] = {15, 5, 2, 1, 1};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(book.complete_dense(Side::kBid, i), bid_counts[i]) << i;
    EXPECT_EQ(book.complete_dense(Side::kAsk, i), ask_counts[i]) << i;
    EXPECT_EQ(book.complete_compact(Side::kBid, i, book.compact(Side::kBid, i)), bid_counts[i]);
    EXPECT_EQ(book.complete_compact(Side::kAsk, i, book.compact(Side::kAsk, i)), ask_counts[i]);
  }
}

TEST(OrderBookTest, SnapshotsAreCheckedBeforeTheyAreUsed) {
  const auto verdict = [](const Levels& bids, const Levels& asks) {
    return ValidateSnapshot(bids, asks);
  };
  const TickLevel b1{Ticks(100), Qty(1)}, b2{Ticks(99), Qty(1)};
  const TickLevel a1{Ticks(101), Qty(1)}, a2{Ticks(102), Qty(1)};
  EXPECT_EQ(verdict({}, {}), SnapshotVerdict::kGood);
  EXPECT_EQ(verdict({b1, b2}, {a1, a2}), SnapshotVerdict::kGood);
  EXPECT_EQ(verdict({b1}, {}), SnapshotVerdict::kGood);
  EXPECT_EQ(verdict({b2, b1}, {a1}), SnapshotVerdict::kUnsorted);
  EXPECT_EQ(verdict({b1}, {a2, a1}), SnapshotVerdict::kUnsorted);
  EXPECT_EQ(verdict({b1, b1}, {a1}), SnapshotVerdict::kDuplicate);
  EXPECT_EQ(verdict({b1}, {a1, a1}), SnapshotVerdict::kDuplicate);
  EXPECT_EQ(verdict({{Ticks(100), Qty(0)}}, {a1}), SnapshotVerdict::kZeroQty);
  EXPECT_EQ(verdict({b1}, {{Ticks(101), Qty(-1)}}), SnapshotVerdict::kZeroQty);
  EXPECT_EQ(verdict({{Ticks(-1), Qty(1)}}, {a1}), SnapshotVerdict::kBadPrice);
  EXPECT_EQ(verdict({b1}, {{kTicksMax + 1, Qty(1)}}), SnapshotVerdict::kBadPrice);
  EXPECT_EQ(verdict({a1}, {a1}), SnapshotVerdict::kCrossed);
  EXPECT_EQ(verdict({a2}, {a1}), SnapshotVerdict::kCrossed);
}

TEST(OrderBookTest, SameInsideComparesOnlyWhatBothKnow) {
  OrderBook narrow(kOneSize);
  OrderBook wide(kOneSize);
  const Levels asks{{Ticks(300), Qty(1)}};
  narrow.Load(Levels{{Ticks(200), Qty(1)}, {Ticks(150), Qty(2)}}, asks, UpdateId(1), 2);
  wide.Load(Levels{{Ticks(200), Qty(1)}, {Ticks(150), Qty(2)}, {Ticks(100), Qty(3)}}, asks,
            UpdateId(1), 3);
  EXPECT_TRUE(narrow.SameInside(wide));
  EXPECT_TRUE(wide.SameInside(narrow));
  // Beyond the edge of one: of no account.
  narrow.Apply(Levels{{Ticks(120), Qty(9)}}, {}, UpdateId(2));
  EXPECT_TRUE(narrow.SameInside(wide));
  // At the edge, which is known: a difference.
  wide.Apply(Levels{{Ticks(150), Qty(3)}}, {}, UpdateId(2));
  EXPECT_FALSE(narrow.SameInside(wide));
  EXPECT_FALSE(wide.SameInside(narrow));
  wide.Apply(Levels{{Ticks(150), Qty(2)}, {Ticks(170), Qty(1)}}, {}, UpdateId(2));
  EXPECT_FALSE(narrow.SameInside(wide));
  wide.Apply(Levels{{Ticks(170), Qty()}}, Levels{{Ticks(400), Qty(1)}}, UpdateId(2));
  EXPECT_FALSE(narrow.SameInside(wide));  // Complete sides are compared whole.
}

TEST(OrderBookTest, TakeOverMakesTheUnknownZoneTheOthers) {
  OrderBook book(kOneSize);
  OrderBook wide(kOneSize);
  const Levels asks{{Ticks(300), Qty(1)}, {Ticks(310), Qty(1)}};
  book.Load(Levels{{Ticks(200), Qty(1)}, {Ticks(150), Qty(2)}}, asks, UpdateId(1), 2);
  // Named by events: one that the other lacks, one it has otherwise, one beyond the other's edge.
  book.Apply(Levels{{Ticks(140), Qty(9)}, {Ticks(130), Qty(9)}, {Ticks(50), Qty(5)}}, {},
             UpdateId(2));
  wide.Load(
      Levels{
          {Ticks(200), Qty(1)}, {Ticks(150), Qty(2)}, {Ticks(130), Qty(3)}, {Ticks(100), Qty(4)}},
      Levels{
          {Ticks(300), Qty(1)}, {Ticks(310), Qty(1)}, {Ticks(500), Qty(1)}, {Ticks(900), Qty(2)}},
      UpdateId(2), 4);
  ASSERT_TRUE(book.SameInside(wide));
  book.TakeOver(wide);
  EXPECT_EQ(LevelsOf(book.ladder(Side::kBid)), (Levels{{Ticks(200), Qty(1)},
                                                       {Ticks(150), Qty(2)},
                                                       {Ticks(130), Qty(3)},
                                                       {Ticks(100), Qty(4)},
                                                       {Ticks(50), Qty(5)}}));
  EXPECT_EQ(LevelsOf(book.ladder(Side::kAsk)), LevelsOf(wide.ladder(Side::kAsk)));
  EXPECT_EQ(book.known_edge(Side::kBid), Ticks(100));
  EXPECT_EQ(book.known_edge(Side::kAsk), Ticks(900));
  EXPECT_EQ(book.id(), UpdateId(2));
  EXPECT_TRUE(book.CheckBuckets());
  EXPECT_TRUE(book.ladder(Side::kBid).SumTo(Ticks(0)) == 15);
}

TEST(OrderBookTest, TakeOverOfRandomBooksKeepsSumsAndBuckets) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    std::mt19937_64 random(seed);
    ModelBook truth;
    truth.Apply(RandomLevels(random, 6'100'000), RandomLevels(random, 6'300'000));
    Levels bids = truth.bids.levels();
    Levels asks = truth.asks.levels();
    std::erase_if(bids, [](const TickLevel& level) { return level.price > Ticks(6'200'000); });
    std::erase_if(asks, [](const TickLevel& level) { return level.price <= Ticks(6'200'000); });
    const auto first = [](const Levels& levels, std::size_t n) {
      return std::span(levels).first(std::min(n, levels.size()));
    };
    OrderBook book(kSizes, BucketRounding::kOutward, {.window_bits = 14});
    OrderBook wide(kSizes);
    book.Load(first(bids, 5), first(asks, 5), UpdateId(1), 5);
    wide.Load(first(bids, 20), first(asks, 20), UpdateId(1), 20);
    ASSERT_TRUE(book.SameInside(wide));
    book.TakeOver(wide);
    for (const Side side : kSides) {
      EXPECT_EQ(LevelsOf(book.ladder(side)), LevelsOf(wide.ladder(side)));
      EXPECT_EQ(book.known_edge(side), wide.known_edge(side));
    }
    EXPECT_TRUE(book.SameInside(wide));
    EXPECT_TRUE(book.CheckBuckets());
  }
}

// Against lists: the zone both know is compared; the zone the other knows alone becomes its.
TEST(OrderBookTest, AuditsOfRandomBooksAgreeWithLists) {
  std::mt19937_64 random(9);
  const LadderBounds bounds{.window_bits = 14, .far_levels_max = 40, .far_levels_at_start = 1};
  int same = 0;
  for (int round = 0; round < 2'000; ++round) {
    const auto side_levels = [&](std::int64_t reach) {
      Levels levels;
      for (std::int64_t i = 0; i < 12; ++i) {
        const auto away = static_cast<std::int64_t>(random() % 8) * reach;
        levels.push_back({Ticks(100'000 + away), Qty(static_cast<std::int64_t>(random() % 2))});
      }
      return levels;
    };
    const std::int64_t reach = random() % 2 == 0 ? 1 : 10'000;
    OrderBook book(kOneSize, BucketRounding::kOutward, bounds);
    OrderBook other(kOneSize);
    const auto edge = [&]() -> std::optional<Ticks> {
      if (random() % 4 == 0) return std::nullopt;
      return Ticks(100'000 + static_cast<std::int64_t>(random() % 9) * reach - 1);
    };
    book.Apply({}, side_levels(reach), UpdateId(1));
    other.Apply({}, side_levels(reach), UpdateId(1));
    book.set_known_edges({std::nullopt, edge()});
    other.set_known_edges({std::nullopt, edge()});
    const auto known = [](const OrderBook& of, Ticks price) { return of.Knows(Side::kAsk, price); };

    const Levels own = LevelsOf(book.ladder(Side::kAsk));
    const Levels theirs = LevelsOf(other.ladder(Side::kAsk));
    const auto inside = [&](Levels levels) {
      std::erase_if(levels, [&](const TickLevel& level) {
        return !known(book, level.price) || !known(other, level.price);
      });
      return levels;
    };
    ASSERT_EQ(book.SameInside(other), inside(own) == inside(theirs)) << round;
    same += book.SameInside(other) ? 1 : 0;
    Levels expected;
    for (const TickLevel& level : own) {
      if (known(book, level.price) || !known(other, level.price)) expected.push_back(level);
    }
    for (const TickLevel& level : theirs) {
      if (!known(book, level.price) && known(other, level.price)) expected.push_back(level);
    }
    std::ranges::sort(expected, {}, &TickLevel::price);
    book.TakeOver(other);
    ASSERT_EQ(LevelsOf(book.ladder(Side::kAsk)), expected) << round;
    ASSERT_EQ(book.known_edge(Side::kAsk), other.known_edge(Side::kAsk));
    ASSERT_TRUE(book.CheckBuckets());
  }
  EXPECT_GT(same, 50);
  EXPECT_LT(same, 1'950);
}

TEST(OrderBookTest, TakeOverBringsBackEvictedLevels) {
  const LadderBounds bounds{.window_bits = 14, .far_levels_max = 2, .far_levels_at_start = 1};
  OrderBook book(kOneSize, BucketRounding::kOutward, bounds);
  book.Load({}, Levels{{Ticks(100), Qty(1)}}, UpdateId(1), 10);
  book.Apply({},
             Levels{{Ticks(100'000), Qty(1)}, {Ticks(200'000), Qty(1)}, {Ticks(300'000), Qty(1)}},
             UpdateId(2));
  EXPECT_EQ(book.known_edge(Side::kAsk), Ticks(299'999));
  book.Apply({}, Levels{{Ticks(100'000), Qty()}}, UpdateId(3));
  OrderBook whole(kOneSize);
  whole.Load({}, Levels{{Ticks(100), Qty(1)}, {Ticks(200'000), Qty(1)}, {Ticks(300'000), Qty(1)}},
             UpdateId(3), 10);
  ASSERT_TRUE(book.SameInside(whole));
  book.TakeOver(whole);
  EXPECT_EQ(book.known_edge(Side::kAsk), std::nullopt);
  EXPECT_EQ(LevelsOf(book.ladder(Side::kAsk)), LevelsOf(whole.ladder(Side::kAsk)));
}

TEST(OrderBookTest, ScaledPricesGiveTheBookOfTheFinerTick) {
  std::mt19937_64 random(9);
  OrderBook book(kSizes);
  ModelBook model;
  Levels bids = RandomLevels(random, 61'830);
  Levels asks = RandomLevels(random, 61'930);
  model.Apply(bids, asks);
  bids = model.bids.levels();
  asks = model.asks.levels();
  book.Load({}, {}, UpdateId(1), 1);
  book.Apply(bids, asks, UpdateId(2));
  book.set_known_edges({Ticks(60'000), Ticks(63'000)});
  book.ScalePrices(100);
  ModelBook fine;
  for (Levels* levels : {&bids, &asks}) {
    for (TickLevel& level : *levels) level.price = Ticks(level.price.raw() * 100);
  }
  fine.Apply(bids, asks);
  ExpectEqual(book, fine);
  EXPECT_EQ(book.bucket_size(0), Ticks(100'000));
  EXPECT_EQ(book.known_edge(Side::kBid), Ticks(6'000'000));
  EXPECT_EQ(book.known_edge(Side::kAsk), Ticks(6'300'000));
}

TEST(OrderBookTest, ScaledQuantitiesScaleBucketsOrNothing) {
  OrderBook book(kOneSize);
  book.Apply(Levels{{Ticks(100), Qty(7)}}, Levels{{Ticks(110), Qty(5)}}, UpdateId(1));
  ASSERT_TRUE(book.ScaleQuantities(100));
  EXPECT_EQ(book.ladder(Side::kBid).at(Ticks(100)), Qty(700));
  EXPECT_TRUE(book.dense(Side::kAsk, 0).buckets[0].qty == 500);
  EXPECT_TRUE(book.CheckBuckets());
  book.Apply({}, Levels{{Ticks(120), kQtyCap}}, UpdateId(2));
  EXPECT_FALSE(book.ScaleQuantities(10));
  EXPECT_EQ(book.ladder(Side::kBid).at(Ticks(100)), Qty(700));
  EXPECT_EQ(book.ladder(Side::kAsk).at(Ticks(110)), Qty(500));
  EXPECT_TRUE(book.CheckBuckets());
}

TEST(OrderBookTest, CanBeRefinedWhileEveryLevelStaysInRange) {
  const auto can = [](TickLevel level, std::int64_t price_factor, std::int64_t qty_factor) {
    OrderBook book(kOneSize);
    book.Apply(Levels{{Ticks(1), Qty(1)}}, Levels{level}, UpdateId(1));
    return book.CanRefine(price_factor, qty_factor);
  };
  const std::int64_t half = kTicksMax.raw() / 2;
  EXPECT_TRUE(can({Ticks(half), Qty(1)}, 2, 1));
  EXPECT_FALSE(can({Ticks(half + 1), Qty(1)}, 2, 1));
  EXPECT_TRUE(can({Ticks(1), kQtyCap}, 100, 1));
  EXPECT_FALSE(can({Ticks(1), kQtyCap}, 1, 10));
  // 40 and 60 bits: neither may grow.
  const TickLevel large{Ticks((std::int64_t{1} << 40) - 1), Qty((std::int64_t{1} << 60) - 1)};
  EXPECT_TRUE(can(large, 1, 1));
  EXPECT_FALSE(can(large, 2, 1));
  EXPECT_FALSE(can(large, 1, 2));
}

TEST(OrderBookTest, TheLastOfTwoChangesOfAPriceInOneEventWins) {
  OrderBook book(kOneSize);
  book.Apply(Levels{{Ticks(100), Qty(7)}, {Ticks(100), Qty(3)}}, {}, UpdateId(1));
  EXPECT_EQ(book.ladder(Side::kBid).at(Ticks(100)), Qty(3));
  EXPECT_TRUE(book.CheckBuckets());
}

TEST(OrderBookTest, LockedCountsAsCrossed) {
  OrderBook book(kOneSize);
  book.Apply(Levels{{Ticks(100), Qty(7)}}, {}, UpdateId(1));
  EXPECT_TRUE(book.one_sided());
  EXPECT_FALSE(book.crossed());
  book.Apply({}, Levels{{Ticks(100), Qty(7)}}, UpdateId(2));
  EXPECT_TRUE(book.crossed());
}

}  // namespace
}  // namespace thalweg
