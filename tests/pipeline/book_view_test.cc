// What a view shows is the book: held, after every event, against a std::map of the levels that
// were sent, and against the true book of a synthetic market.

#include "pipeline/book_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipeline/feature_engine.h"
#include "tests/book/model_book.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/replay/market_testing.h"

namespace thalweg {
namespace {

using testing::ModelBuckets;
using testing::ModelDense;
using testing::ModelSide;

static_assert(std::ranges::input_range<BookLevels> && std::ranges::input_range<BookBuckets>);

constexpr std::int64_t kTick = 1'000'000;  // 0.01 in 1e-8.
constexpr std::int64_t kMidTicks = 10'000;
constexpr std::array kSides{Side::kBid, Side::kAsk};
constexpr std::array<std::int64_t, 2> kBucketTicks{10, 100};

// A symbol with cents as ticks and thousandths as quantity units, whose every level is known here.
class BookViewTest : public ::testing::Test {
 protected:
  BookViewTest() {
    EngineOptions options;
    options.bucket_sizes = {"0.1", "1"};
    options.instruments = {
        {.symbol = "AAAUSDT", .tick = Price(kTick), .step = {}, .qty_decimals = 3}};
    engine_.emplace(FeatureEngine::Make(options).value());
  }

  [[nodiscard]] ModelSide& model(Side side) { return side == Side::kBid ? bids_ : asks_; }

  // A level of the model and of the text that will be sent. Bids end at 99.99, asks begin at
  // 100.01.
  void Set(Side side, std::int64_t distance, std::int64_t qty, std::string* text) {
    const std::int64_t price = side == Side::kBid ? kMidTicks - distance : kMidTicks + distance;
    model(side).Set(Ticks(price), Qty(qty));
    absl::StrAppend(text, text->empty() ? "" : ",", "[\"", CentsText(price), "\",\"",
                    ThousandthsText(qty), "\"]");
  }

  void PushDiff(std::string_view bids, std::string_view asks) {
    ++id_;
    engine_->Push(ReceiveTime(market_.now_ms() * kMillisecond),
                  market_.DepthOf(id_, id_, bids, asks));
    market_.Pass(100);
  }

  // Every `stride`-th tick has a level; the answer holds the best `limit`.
  void PushSnapshot(int levels, int stride, std::size_t limit) {
    std::array<std::string, 2> texts;
    for (const Side side : kSides) {
      for (int i = 0; i < levels; ++i) {
        Set(side, 1 + i * stride, 1 + i % 7, &texts[static_cast<std::size_t>(side)]);
      }
    }
    PushDiff("", "");
    engine_->PushRest(ReceiveTime(market_.now_ms() * kMillisecond),
                      absl::StrCat("/api/v3/depth?symbol=AAAUSDT&limit=", limit),
                      absl::StrCat("{\"lastUpdateId\":", id_, ",\"bids\":[", texts[0],
                                   "],\"asks\":[", texts[1], "]}"));
    PushDiff("", "");
  }

  void ExpectTheModelsBook() {
    const std::optional<BookView> book = engine_->book("AAAUSDT");
    ASSERT_TRUE(book);
    EXPECT_EQ(book->symbol(), "AAAUSDT");
    EXPECT_EQ(book->update_id().raw(), id_);
    for (const Side side : kSides) {
      SCOPED_TRACE(side == Side::kBid ? "bids" : "asks");
      const std::vector<TickLevel> wanted = model(side).levels();
      ExpectLevels(*book, side, wanted);
      for (int i = 0; i < 2; ++i) ExpectBuckets(*book, side, i, wanted);
    }
  }

  static void ExpectLevels(const BookView& book, Side side, const std::vector<TickLevel>& wanted) {
    ASSERT_EQ(book.levels(side).size(), wanted.size());
    ASSERT_EQ(book.levels(side).empty(), wanted.empty());
    ASSERT_EQ(book.best(side).has_value(), !wanted.empty());
    std::size_t i = 0;
    for (const BookLevel& level : book.levels(side)) {
      ASSERT_LT(i, wanted.size());
      ASSERT_EQ(level.exact_price.raw(), wanted[i].price.raw() * kTick);
      ASSERT_EQ(level.exact_qty, wanted[i].qty);
      ASSERT_EQ(level.price, static_cast<double>(wanted[i].price.raw()) / 100);
      ASSERT_EQ(level.qty, static_cast<double>(wanted[i].qty.raw()) / 1'000);
      ASSERT_EQ(book.qty_at(side, level.exact_price), level.exact_qty);
      ++i;
    }
    EXPECT_EQ(i, wanted.size());
  }

  static void ExpectBuckets(const BookView& book, Side side, int size_index,
                            const std::vector<TickLevel>& levels) {
    const Ticks size(kBucketTicks[static_cast<std::size_t>(size_index)]);
    EXPECT_EQ(book.bucket_size(size_index), static_cast<double>(size.raw()) / 100);
    std::vector<CompactBucket> compact = ModelBuckets(side, levels, size, BucketRounding::kOutward);
    ExpectSame(book.dense(side, size_index), ModelDense(side, compact, size));
    compact.resize(std::min<std::size_t>(compact.size(), kLadderBuckets));
    ExpectSame(book.compact(side, size_index), compact);
  }

  static void ExpectSame(const BookBuckets& buckets, const std::vector<CompactBucket>& wanted) {
    ASSERT_EQ(buckets.size(), wanted.size());
    std::size_t i = 0;
    for (const BookBucket& bucket : buckets) {
      ASSERT_EQ(bucket.exact_label.raw(), wanted[i].label.raw() * kTick);
      ASSERT_EQ(bucket.label, static_cast<double>(wanted[i].label.raw()) / 100);
      ASSERT_TRUE(bucket.exact_qty == wanted[i].bucket.qty);
      ASSERT_EQ(bucket.qty, static_cast<double>(wanted[i].bucket.qty) / 1'000);
      // Cents times thousandths.
      ASSERT_EQ(bucket.notional, static_cast<double>(wanted[i].bucket.notional) / 100'000);
      ++i;
    }
    EXPECT_EQ(i, wanted.size());
  }

  std::optional<FeatureEngine> engine_;
  FeedBuilder market_{"AAAUSDT", FeedBuilder::Numbering::kSpot, 1};  // For the shape of frames.
  std::int64_t id_ = 100;
  ModelSide bids_{Side::kBid};
  ModelSide asks_{Side::kAsk};
};

TEST_F(BookViewTest, AgreesWithTheModelAfterEveryEvent) {
  PushSnapshot(300, 2, 1'000);
  Dice dice(5);
  for (int step = 0; step < 2'000; ++step) {
    SCOPED_TRACE(absl::StrCat("step ", step));
    std::array<std::string, 2> texts;
    for (const Side side : kSides) {
      for (std::int64_t n = dice.Roll(5); n > 0; --n) {
        // Now and then far out, beyond the ladder's window too: 2^21 ticks.
        const std::int64_t distance =
            side == Side::kAsk && dice.OneIn(20) ? 1 + dice.Roll(5'000'000) : 1 + dice.Roll(700);
        Set(side, distance, dice.OneIn(2) ? 0 : 1 + dice.Roll(9'999),
            &texts[static_cast<std::size_t>(side)]);
      }
    }
    PushDiff(texts[0], texts[1]);
    ASSERT_NO_FATAL_FAILURE(ExpectTheModelsBook());
  }
}

TEST_F(BookViewTest, AnEmptySideHasNoLevelsNoBucketsAndNoBest) {
  PushSnapshot(3, 1, 1'000);
  std::string bids;
  for (int i = 0; i < 3; ++i) Set(Side::kBid, 1 + i, 0, &bids);
  PushDiff(bids, "");
  ASSERT_NO_FATAL_FAILURE(ExpectTheModelsBook());
  const std::optional<BookView> book = engine_->book("AAAUSDT");
  EXPECT_TRUE(book->one_sided());
  EXPECT_TRUE(book->dense(Side::kBid, 0).empty());
  EXPECT_TRUE(book->bids().begin() == book->bids().end());
}

TEST_F(BookViewTest, ALevelAtPriceZeroIsTheLastBid) {
  PushSnapshot(3, 1, 1'000);
  std::string bids;
  Set(Side::kBid, kMidTicks, 5, &bids);
  PushDiff(bids, "");
  ASSERT_NO_FATAL_FAILURE(ExpectTheModelsBook());
}

TEST_F(BookViewTest, ThereIsNoneBeforeASnapshotAfterAGapAndOfUnknownSymbols) {
  PushDiff("", "");
  EXPECT_FALSE(engine_->book("AAAUSDT"));
  EXPECT_FALSE(engine_->book("BBBUSDT"));
  PushSnapshot(3, 1, 1'000);
  EXPECT_TRUE(engine_->book("AAAUSDT"));
  id_ += 5;
  PushDiff("", "");
  EXPECT_FALSE(engine_->book("AAAUSDT"));
}

TEST_F(BookViewTest, WhatTheSnapshotDidNotHoldIsBeyondTheKnownEdge) {
  PushSnapshot(20, 1, 20);  // As many levels as were asked for: there may be more.
  const std::optional<BookView> book = engine_->book("AAAUSDT");
  ASSERT_TRUE(book);
  EXPECT_EQ(book->known_edge(Side::kBid), 99.80);
  EXPECT_EQ(book->known_edge(Side::kAsk), 100.20);
  EXPECT_EQ(book->exact_known_edge(Side::kAsk), Price(10'020'000'000));
  // Of the buckets of 0.1 those of 99.9 and 99.8 lie inside, of 1 the one of 99 does in part.
  const BookBuckets dimes = book->dense(Side::kBid, 0);
  EXPECT_EQ(dimes[0].label, 99.9);
  EXPECT_EQ(dimes[0].coverage, Coverage::kComplete);
  EXPECT_EQ(dimes[1].coverage, Coverage::kComplete);
  EXPECT_EQ(dimes[2].coverage, Coverage::kUnknown);
  EXPECT_EQ(book->dense(Side::kBid, 1)[0].coverage, Coverage::kPartial);
}

TEST_F(BookViewTest, AWholeSideHasNoKnownEdge) {
  PushSnapshot(20, 1, 1'000);
  const std::optional<BookView> book = engine_->book("AAAUSDT");
  ASSERT_TRUE(book);
  EXPECT_FALSE(book->known_edge(Side::kBid));
  EXPECT_EQ(book->dense(Side::kBid, 1)[14].coverage, Coverage::kComplete);
}

TEST_F(BookViewTest, AQuantityIsThatOfTheExactPriceAlone) {
  PushSnapshot(3, 1, 1'000);
  const std::optional<BookView> book = engine_->book("AAAUSDT");
  ASSERT_TRUE(book);
  EXPECT_EQ(book->qty_at(Side::kBid, Price(9'999'000'000)), Qty(1));
  EXPECT_EQ(book->qty_at(Side::kBid, Price(9'999'000'001)), Qty()) << "off the tick";
  EXPECT_EQ(book->qty_at(Side::kAsk, Price(9'999'000'000)), Qty()) << "of the other side";
  EXPECT_EQ(book->qty_at(Side::kAsk, Price(-1)), Qty());
  EXPECT_EQ(book->qty_at(Side::kAsk, Price(INT64_MAX)), Qty());
}

TEST_F(BookViewTest, AViewThatOutlivedItsBookIsCaughtByAnAssertion) {
  PushSnapshot(3, 1, 1'000);
  const std::optional<BookView> book = engine_->book("AAAUSDT");
  PushDiff("", "");
  EXPECT_DEBUG_DEATH((void)book->update_id(), "a view is good until the next push");
}

TEST_F(BookViewTest, BucketSizesAreFoundByTheirText) {
  PushSnapshot(3, 1, 1'000);
  const std::optional<BookView> book = engine_->book("AAAUSDT");
  ASSERT_TRUE(book);
  EXPECT_EQ(book->bucket_size_count(), 2);
  EXPECT_EQ(book->FindBucketSize("1"), 1);
  EXPECT_FALSE(book->FindBucketSize("2"));
}

// The view in a callback is the record's book, at every record; and that is the true book.
TEST(BookViewOfAMarket, IsTheTrueBookInsideItsEdgesAtEveryRecord) {
  MarketOptions options = MarketOf("BTCUSDT", "calm:20", 3);
  options.snapshot_every = 5 * kSecond;
  options.levels = 2'000;
  MarketLines lines(options);
  FeatureEngine engine = FeatureEngine::Make({}).value();
  const auto columns = engine.Bind<"best_bid", "best_ask_qty">().value();
  int compared = 0;
  engine.set_on_record([&](const FeatureRecord& record) {
    const std::optional<BookView> book = record.book();
    if (!book) return;
    ASSERT_EQ(static_cast<std::uint64_t>(book->update_id().raw()), record.header().update_id);
    ASSERT_EQ(columns.Get<"best_bid">(record), book->best(Side::kBid)->price);
    ASSERT_EQ(columns.Get<"best_ask_qty">(record), book->best(Side::kAsk)->qty);

    const std::optional<TrueBook> truth = lines.market().book(0).At(book->update_id());
    ASSERT_TRUE(truth);
    const std::int64_t unit = PowerOfTen(book->qty_decimals() - options.symbols[0].step_decimals);
    for (const Side side : kSides) {
      const auto edge = book->exact_known_edge(side);
      auto level = truth->levels(side).begin();
      for (const BookLevel& shown : book->levels(side)) {
        if (edge && !IsInside(side, Ticks(shown.exact_price.raw()), Ticks(edge->raw()))) break;
        ASSERT_NE(level, truth->levels(side).end());
        ASSERT_EQ(shown.exact_price.raw(),
                  TrueBook::Price(side, level->first).raw() * options.symbols[0].tick.raw());
        ASSERT_EQ(shown.exact_qty.raw(), level->second * unit);
        ++level;
      }
    }
    ++compared;
  });
  while (lines.age() < 15 * kSecond) {
    const RecordingLine& line = lines.Next();
    if (line.kind == LineKind::kFrame) engine.PushPadded(line.receive_time, line.payload);
    if (line.kind == LineKind::kRest) engine.PushRest(line.receive_time, line.target, line.payload);
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace thalweg
