// Named behaviours of the engine, from frames to records and wishes.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/quality.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg {
namespace {

using Numbering = FeedBuilder::Numbering;

constexpr QualityWord kDown = quality::kBookInvalid | quality::kResyncing;

EngineOptions DefaultOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  return options;
}

// An engine, its log, and one market.
class Bench {
 public:
  explicit Bench(EngineOptions options = DefaultOptions(), Numbering numbering = Numbering::kSpot)
      : market("AAAUSDT", numbering, 7),
        options_(std::move(options)),
        catalogue_(MakeCatalogue(options_)),
        engine(options_, catalogue_, log) {}

  void Give(const std::string& line) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), line, &engine);
  }
  void GiveDepth(std::int64_t later_ms = 100) {
    market.Pass(later_ms);
    market.Move(2);
    Give(market.Depth());
  }
  void LoseDepth() {
    market.Move(2);
    (void)market.Depth();
  }
  void Synchronise() {
    GiveDepth();
    Give(market.Rest());
    GiveDepth();
  }
  [[nodiscard]] const LoggedRow& row() const { return log.rows.back(); }
  [[nodiscard]] const SymbolEngine& symbol() const { return *engine.symbols().at(0); }
  [[nodiscard]] double Value(const std::string& name) const {
    for (std::size_t i = 0; i < catalogue_.features().size(); ++i) {
      if (catalogue_.features()[i].name == name) return row().features[i];
    }
    ADD_FAILURE() << "no feature " << name;
    return 0;
  }
  [[nodiscard]] bool Live() const { return symbol().state() == SymbolState::kLive; }
  // By id relative to the market's newest.
  [[nodiscard]] std::string SnapshotAt(std::int64_t id) const {
    return absl::StrCat("{\"lastUpdateId\":", id,
                        R"(,"bids":[["99.00","1"]],"asks":[["101.00","1"]]})");
  }

  RowLog log;
  FeedBuilder market;

 private:
  EngineOptions options_;
  Catalogue catalogue_;

 public:
  Engine engine;
};

// --- Synchronisation (spot; ids are given by hand) -----------------------------------------------

struct FirstEvent {
  const char* name;
  std::int64_t first, last, snapshot;
  bool live;
};
class FirstEvents : public ::testing::TestWithParam<FirstEvent> {};

TEST_P(FirstEvents, DecideAboutASnapshotThatComesAfterThem) {
  Bench bench;
  const FirstEvent& event = GetParam();
  bench.Give(bench.market.DepthOf(event.first, event.last, "[\"98.00\",\"2\"]", ""));
  bench.Give(bench.SnapshotAt(event.snapshot));
  EXPECT_EQ(bench.Live(), event.live);
  ASSERT_EQ(bench.log.rows.size(), event.live ? 1U : 0U);
  if (!event.live) return;
  EXPECT_TRUE(bench.row().Has(quality::kFirstAfterResync));
}

INSTANTIATE_TEST_SUITE_P(Rules, FirstEvents,
                         ::testing::Values(FirstEvent{"SnapshotTooOld", 102, 105, 100, false},
                                           FirstEvent{"SnapshotJustBefore", 101, 105, 100, true},
                                           FirstEvent{"Straddles", 99, 105, 100, true},
                                           FirstEvent{"EndsAtTheSnapshot", 95, 100, 100, false},
                                           FirstEvent{"SnapshotNewer", 90, 95, 100, false},
                                           FirstEvent{"IdsBeyond32Bits", 9'000'000'001,
                                                      9'000'000'005, 9'000'000'000, true}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Synchronisation, ASnapshotBeforeAnyEventIsHeldAndTheFirstEventDecides) {
  for (const std::int64_t first : {101, 102}) {
    Bench bench;
    bench.Give(
        absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", bench.SnapshotAt(100)));
    bench.Give(bench.market.DepthOf(first, 110, "", ""));
    EXPECT_EQ(bench.Live(), first == 101);
    EXPECT_EQ(bench.log.wishes.size(), first == 101 ? 0U : 1U);
  }
}

TEST(Synchronisation, AnEmptyBookWithoutAnIdAcceptsAnyFirstEvent) {
  Bench bench;
  bench.Give(R"(#rest GET /api/v3/depth?symbol=AAAUSDT {"lastUpdateId":-1,"bids":[],"asks":[]})");
  bench.Give(bench.market.DepthOf(500, 510, "[\"98.00\",\"2\"]", ""));
  EXPECT_TRUE(bench.Live());
  EXPECT_TRUE(bench.row().Has(quality::kOneSided));
}

TEST(Synchronisation, StaleAndRepeatedEventsChangeNothing) {
  Bench bench;
  bench.Synchronise();
  const std::string frame = bench.market.Depth();
  bench.Give(frame);
  const std::size_t rows = bench.log.rows.size();
  bench.Give(frame);
  EXPECT_EQ(bench.log.rows.size(), rows);
  EXPECT_EQ(bench.symbol().book_counts().stale, 1);
  EXPECT_TRUE(bench.Live());
}

TEST(Synchronisation, FaultS8IdsThatRestartLowerAreProvenByTwentyStaleEventsInTenSeconds) {
  Bench bench;
  bench.Synchronise();
  bench.market.RestartIds();
  for (int i = 0; i < 19; ++i) bench.GiveDepth(600);
  EXPECT_TRUE(bench.Live());
  bench.GiveDepth(600);
  EXPECT_FALSE(bench.Live());
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_TRUE(bench.Live());
}

TEST(Synchronisation, EventsWithoutLevelsAndRemovalsOfAbsentLevelsAdvanceTheId) {
  Bench bench;
  bench.Synchronise();
  const std::int64_t id = bench.market.told_id();
  bench.Give(bench.market.DepthOf(id + 1, id + 2, "", ""));
  bench.Give(bench.market.DepthOf(id + 3, id + 4, "[\"1.00\",\"0\"],[\"1.01\",\"0.0\"]", ""));
  EXPECT_EQ(bench.row().header.update_id, static_cast<std::uint64_t>(id + 4));
  EXPECT_TRUE(bench.Live());
}

// --- Gaps ----------------------------------------------------------------------------------------

TEST(Gaps, BlankTheBookAtOnceWhileTheIdStaysAndTradesGoOn) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.Trade());
  const std::uint64_t id = bench.row().header.update_id;
  bench.LoseDepth();
  const std::size_t rows = bench.log.rows.size();
  bench.GiveDepth();
  EXPECT_EQ(bench.log.rows.size(), rows) << "an event that shows a gap makes no record";
  bench.Give(bench.market.Trade());
  EXPECT_TRUE(bench.row().Has(kDown));
  EXPECT_EQ(bench.row().header.update_id, id);
  EXPECT_TRUE(std::isnan(bench.Value("mid")));
  EXPECT_TRUE(std::isnan(bench.Value("ofi_l1_1s")));
  EXPECT_EQ(bench.Value("trade_count_10s"), 2);
}

TEST(Gaps, ASecondOneDuringTheResyncDropsWhatCameBeforeIt) {
  Bench bench;
  bench.Synchronise();
  bench.LoseDepth();
  bench.GiveDepth();
  const std::string between = bench.market.Rest();
  bench.LoseDepth();
  bench.GiveDepth();
  bench.Give(between);
  EXPECT_FALSE(bench.Live());
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_TRUE(bench.Live());
}

TEST(Gaps, ServeGoesOnFlaggedResyncingAloneAndMakesNoSecondRecord) {
  EngineOptions options = DefaultOptions();
  options.on_gap = OnGap::kServe;
  Bench bench(options);
  bench.Synchronise();
  bench.LoseDepth();
  const std::string snapshot = bench.market.Rest();
  const std::size_t rows = bench.log.rows.size();
  bench.GiveDepth();
  bench.GiveDepth();
  EXPECT_EQ(bench.log.rows.size(), rows + 2);
  EXPECT_EQ(bench.row().header.flags & kDown, quality::kResyncing);
  bench.Give(snapshot);
  EXPECT_EQ(bench.log.rows.size(), rows + 2) << "both were recorded from the old book";
  bench.GiveDepth();
  EXPECT_EQ(bench.row().header.flags & (kDown | quality::kFirstAfterResync),
            quality::kFirstAfterResync);
}

TEST(Gaps, ServeGoesOnWithIdsThatRestartedLower) {
  EngineOptions options = DefaultOptions();
  options.on_gap = OnGap::kServe;
  Bench bench(options);
  bench.Synchronise();
  bench.market.RestartIds();
  for (int i = 0; i < 20; ++i) bench.GiveDepth(600);
  ASSERT_EQ(bench.symbol().state(), SymbolState::kResync);
  const std::size_t rows = bench.log.rows.size();
  bench.Give(bench.market.DepthOf(1'001, 1'002, "[\"99.995\",\"2\"]", ""));
  EXPECT_EQ(bench.log.rows.size(), rows + 1);
  EXPECT_EQ(bench.row().header.flags & kDown, quality::kResyncing);
  EXPECT_EQ(bench.row().header.update_id, 1'002U);
  EXPECT_EQ(bench.symbol().book()->ladder(Side::kBid).at(Ticks(19'999)), Qty(200'000'000));
}

TEST(Gaps, ServeWithAHeldSnapshotThatIsNewerThanTheEventsGoesOn) {
  EngineOptions options = DefaultOptions();
  options.on_gap = OnGap::kServe;
  Bench bench(options);
  bench.Synchronise();
  const std::int64_t id = bench.market.told_id();
  bench.Give(absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ",
                          bench.SnapshotAt(id + 100)));
  bench.Give(bench.market.DepthOf(id + 5, id + 6, "[\"98.00\",\"2\"]", ""));
  bench.Give(bench.market.DepthOf(id + 7, id + 8, "[\"98.00\",\"3\"]", ""));
  EXPECT_EQ(bench.row().header.flags & kDown, quality::kResyncing);
  bench.Give(bench.market.DepthOf(id + 9, id + 101, "", ""));
  EXPECT_TRUE(bench.Live());
}

TEST(Gaps, AMalformedDepthFrameIsOneAndMovesNoClock) {
  Bench bench;
  bench.Synchronise();
  const auto clock = bench.symbol().clock();
  bench.market.Pass(500);
  bench.Give(bench.market.DepthOf(bench.market.told_id() + 1, bench.market.told_id() + 2,
                                  "[\"-98.00\",\"2\"]", ""));
  EXPECT_FALSE(bench.Live());
  EXPECT_EQ(bench.symbol().clock(), clock);
}

// What was lost, and the ids that are missing because of it, are told as two things.
TEST(Gaps, IdsMissingAfterALossThatWasToldAreAGap) {
  Bench bench;
  bench.Give(bench.market.DepthOf(101, 102, "", ""));
  bench.Give(bench.SnapshotAt(100));
  bench.Give("#drop 1 depth AAAUSDT");
  bench.Give(bench.market.DepthOf(111, 112, "", ""));
  EXPECT_EQ(bench.symbol().book_counts().gaps, 1);
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kSequenceGap), 1);
  bench.Give(bench.SnapshotAt(110));
  EXPECT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().book_counts().gaps, 1);
}

TEST(Gaps, ALossThatWasToldAndLeavesNoIdsMissingIsNone) {
  Bench bench;
  bench.Give(bench.market.DepthOf(101, 102, "", ""));
  bench.Give(bench.SnapshotAt(100));
  bench.Give("#drop 1 depth AAAUSDT");
  bench.Give(bench.market.DepthOf(103, 104, "", ""));
  bench.Give(bench.market.DepthOf(105, 106, "", ""));
  EXPECT_FALSE(bench.Live());
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kSequenceGap), 0);
}

TEST(Gaps, IdsMissingAfterAMalformedFrameAreAGap) {
  Bench bench;
  bench.Synchronise();
  const std::int64_t id = bench.market.told_id();
  bench.Give(bench.market.DepthOf(id + 1, id + 2, "[\"-98.00\",\"2\"]", ""));
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kSequenceGap), 0);
  bench.Give(bench.market.DepthOf(id + 3, id + 4, "", ""));
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kSequenceGap), 1);
}

TEST(Gaps, IdsMissingAfterASnapshotThatDiffersAreAGap) {
  Bench bench;
  bench.Synchronise();
  const std::int64_t id = bench.market.told_id();
  bench.Give(
      absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", bench.SnapshotAt(id)));
  EXPECT_EQ(bench.symbol().state(), SymbolState::kResync);
  bench.Give(bench.market.DepthOf(id + 5, id + 6, "", ""));
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kSequenceGap), 1);
}

TEST(Gaps, FaultS4WishesForASnapshotComeOnceAndAgainAfterTenSecondsOfWaiting) {
  Bench bench;
  bench.Synchronise();
  bench.log.wishes.clear();
  bench.LoseDepth();
  bench.GiveDepth();
  bench.GiveDepth();
  ASSERT_EQ(bench.log.wishes.size(), 1U);
  EXPECT_EQ(bench.log.wishes[0].reason, SnapshotReason::kGap);
  const ReceiveTime now(bench.market.now_ms() * kMillisecond);
  bench.engine.OnTimer(now + 9 * kSecond);
  EXPECT_EQ(bench.log.wishes.size(), 1U);
  bench.engine.OnTimer(now + 10 * kSecond);
  EXPECT_EQ(bench.log.wishes.size(), 2U);
}

// --- The book's content --------------------------------------------------------------------------

TEST(Content, FaultK6AnEmptiedSideIsUndefinedAndTheOtherStays) {
  Bench bench;
  bench.Synchronise();
  bench.market.EmptySide(true);
  bench.Give(bench.market.Depth());
  EXPECT_TRUE(bench.row().Has(quality::kOneSided));
  EXPECT_TRUE(std::isnan(bench.Value("mid")));
  EXPECT_TRUE(std::isnan(bench.Value("best_bid")));
  EXPECT_FALSE(std::isnan(bench.Value("best_ask")));
}

TEST(Content, FaultK1ACrossedBookIsFlaggedAndAsksForASnapshotAfterHalfASecondOnce) {
  Bench bench;
  bench.Synchronise();
  bench.log.wishes.clear();
  const std::int64_t id = bench.market.told_id() + 1;
  bench.Give(bench.market.DepthOf(id, id, "[\"100.90\",\"1\"]", ""));
  bench.market.SetId(id);
  EXPECT_TRUE(bench.row().Has(quality::kCrossed));
  EXPECT_TRUE(std::isnan(bench.Value("spread_bps")));
  EXPECT_LT(bench.Value("spread_ticks"), 0);
  bench.GiveDepth(499);
  EXPECT_TRUE(bench.log.wishes.empty());
  bench.GiveDepth(1);
  bench.GiveDepth(600);
  ASSERT_EQ(bench.log.wishes.size(), 1U);
  EXPECT_EQ(bench.log.wishes[0].reason, SnapshotReason::kAudit);
}

TEST(Content, ACrossedBookAsksAsSoonAsNoHeldSnapshotStandsAgainstIt) {
  Bench bench;
  bench.Synchronise();
  bench.log.wishes.clear();
  // Far in the future: held, until 20 events in 10 s have not come to it.
  bench.Give(R"(#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {"lastUpdateId":900000000000,)"
             R"("bids":[["99.00","1"]],"asks":[["101.00","1"]]})");
  const std::int64_t id = bench.market.told_id() + 1;
  bench.Give(bench.market.DepthOf(id, id, "[\"100.90\",\"1\"]", ""));
  bench.market.SetId(id);
  for (int i = 0; i < 18; ++i) bench.GiveDepth(600);
  EXPECT_TRUE(bench.log.wishes.empty());
  for (int i = 0; i < 3; ++i) bench.GiveDepth(600);
  ASSERT_EQ(bench.log.wishes.size(), 1U);
  EXPECT_EQ(bench.log.wishes[0].reason, SnapshotReason::kAudit);
}

TEST(Content, TheLargestBucketSizeIsCountedInTheFinestTick) {
  EngineOptions options = DefaultOptions();
  options.bucket_sizes = {"1", "11258999.06842624"};
  ASSERT_TRUE(ValidateOptions(options).ok());
  Bench bench(options);
  bench.Synchronise();
  bench.Give(bench.market.TradeOf(1, "100.00000001", "1"));
  ASSERT_EQ(bench.symbol().scale().tick, Price(1));
  bench.GiveDepth();
  Wide qty = 0;
  bench.symbol().book()->ladder(Side::kAsk).Walk([&](TickLevel level) {
    qty += level.qty.raw();
    return true;
  });
  EXPECT_TRUE(bench.symbol().book()->dense(Side::kAsk, 1).buckets[0].qty == qty);
  EXPECT_TRUE(bench.symbol().book()->CheckBuckets());
}

TEST(Content, AQuantityAtTheCapIsFlagged) {
  Bench bench;
  bench.Synchronise();
  const std::int64_t id = bench.market.told_id() + 1;
  bench.Give(bench.market.DepthOf(id, id, "[\"99.99\",\"92233720368.54775807\"]", ""));
  EXPECT_TRUE(bench.row().Has(quality::kQtyCapped));
}

TEST(Content, BeyondALimitedSnapshotTheHorizonIsFlagged) {
  Bench bench;
  bench.GiveDepth();
  bench.Give(bench.market.Rest(5));
  bench.GiveDepth();
  EXPECT_TRUE(bench.row().Has(quality::kHorizon | quality::BucketHorizon(0)));
  bench.Give(bench.market.Rest(1'000));
  bench.GiveDepth();
  EXPECT_FALSE(bench.row().HasAny(quality::kHorizon | quality::BucketHorizon(0)))
      << "an audit that agrees moves the horizon";
  EXPECT_FALSE(bench.row().HasAny(kDown | quality::kFirstAfterResync));
}

// --- Audits --------------------------------------------------------------------------------------

TEST(Audits, ASnapshotThatDiffersReplacesTheBook) {
  Bench bench;
  bench.Synchronise();
  const std::int64_t id = bench.market.told_id();
  bench.Give(
      absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", bench.SnapshotAt(id)));
  EXPECT_FALSE(bench.Live());
  bench.Give(bench.market.DepthOf(id + 1, id + 1, "", ""));
  EXPECT_TRUE(bench.row().Has(quality::kAuditDiverged | quality::kFirstAfterResync));
  EXPECT_EQ(bench.Value("best_bid"), 99.0);
}

TEST(Audits, AHeldSnapshotIsComparedAsItIsAtItsOwnIdOfFutures) {
  Bench bench(DefaultOptions(), Numbering::kFutures);
  bench.Synchronise();
  bench.market.Move(2);
  std::string wrong = bench.market.Rest();
  const std::string frame = bench.market.Depth();
  const std::size_t qty = wrong.find("\",\"", wrong.find("\"asks\"")) + 3;
  wrong.insert(qty, "9");
  bench.Give(wrong);
  bench.Give(frame);
  EXPECT_TRUE(bench.row().Has(kDown | quality::kAuditDiverged));
}

TEST(Audits, FaultK2ThreeTickersInARowThatDifferAskForASnapshot) {
  Bench bench;
  bench.Synchronise();
  bench.log.wishes.clear();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(bench.log.wishes.empty());
    bench.market.Move(1);
    bench.Give(bench.market.TickerOf(bench.market.id(), "99.00", "1", "101.00", "1"));
    bench.Give(bench.market.Depth());
    EXPECT_TRUE(bench.row().Has(quality::kAuditDiverged));
  }
  EXPECT_EQ(bench.log.wishes.size(), 1U);
  bench.market.Move(1);
  bench.Give(bench.market.Ticker());
  bench.Give(bench.market.Depth());
  EXPECT_FALSE(bench.row().Has(quality::kAuditDiverged));
}

TEST(Audits, ASnapshotThatAgreesEndsTheRowOfTickersThatDiffer) {
  Bench bench;
  bench.Synchronise();
  bench.log.wishes.clear();
  const auto differ = [&] {
    bench.market.Move(1);
    bench.Give(bench.market.TickerOf(bench.market.id(), "99.00", "1", "101.00", "1"));
    bench.Give(bench.market.Depth());
  };
  differ();
  differ();
  bench.Give(bench.market.Rest());
  ASSERT_EQ(bench.symbol().book_counts().audits_agreed, 1);
  differ();
  differ();
  EXPECT_TRUE(bench.log.wishes.empty());
  differ();
  EXPECT_EQ(bench.log.wishes.size(), 1U);
}

TEST(Audits, ABookThatServesIsNotAuditedAndTheNewOneIs) {
  EngineOptions options = DefaultOptions();
  options.on_gap = OnGap::kServe;
  Bench bench(options);
  bench.Synchronise();
  bench.LoseDepth();
  const std::string snapshot = bench.market.Rest();
  bench.GiveDepth();
  bench.market.Move(1);
  bench.Give(bench.market.TickerOf(bench.market.id(), "99.00", "1", "101.00", "1"));
  bench.Give(bench.market.Depth());
  EXPECT_EQ(bench.row().header.flags & (kDown | quality::kAuditDiverged), quality::kResyncing);
  EXPECT_EQ(bench.symbol().counts().ticker_audits, 0);
  bench.Give(snapshot);
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().counts().ticker_audits, 1);
  bench.GiveDepth();
  EXPECT_TRUE(bench.row().Has(quality::kAuditDiverged));
}

TEST(Audits, FaultK4BucketsThatDifferFromTheLevelsAreToldAndFlaggedUntilAnAuditAgrees) {
  EngineOptions options = DefaultOptions();
  options.bucket_sizes = {"1"};
  Bench bench(options);
  bench.Synchronise();
  const auto empty = [&] {
    const std::int64_t id = bench.market.told_id() + 1;
    bench.Give(bench.market.DepthOf(id, id, "", ""));
    bench.market.SetId(id);
  };
  empty();
  // A level behind the back of its buckets.
  const LevelLadder& bids = bench.symbol().book()->ladder(Side::kBid);
  const Ticks best = bids.best();
  const_cast<LevelLadder&>(bids).Set(best, Qty(bids.best_level().qty.raw() + 1));
  while (bench.symbol().book_counts().bucket_repairs == 0) {
    ASSERT_LT(bench.symbol().book_counts().applied, 20'000);
    ASSERT_FALSE(bench.row().Has(quality::kAuditDiverged));
    empty();
  }
  EXPECT_TRUE(bench.row().Has(quality::kAuditDiverged));
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kBucketsRepaired), 1);
  EXPECT_TRUE(IsDefect(NoticeKind::kBucketsRepaired));
  EXPECT_TRUE(bench.symbol().book()->CheckBuckets());
  EXPECT_TRUE(bench.Live());
  empty();
  EXPECT_TRUE(bench.row().Has(quality::kAuditDiverged));
  const_cast<LevelLadder&>(bids).Set(best, Qty(bids.best_level().qty.raw() - 1));
  bench.market.Move(1);
  bench.Give(bench.market.Ticker());
  bench.Give(bench.market.Depth());
  EXPECT_FALSE(bench.row().Has(quality::kAuditDiverged));
}

// --- Input quality and time ----------------------------------------------------------------------

TEST(InputDoubts, FaultK7ATradeGapIsFlaggedForExactlySixtySeconds) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.Trade());
  bench.market.SkipTradeIds(1);
  bench.Give(bench.market.Trade());
  EXPECT_TRUE(bench.row().Has(quality::kTradeGap));
  bench.GiveDepth(59'999);
  EXPECT_TRUE(bench.row().Has(quality::kTradeGap));
  bench.GiveDepth(1);
  EXPECT_FALSE(bench.row().Has(quality::kTradeGap));
}

TEST(InputDoubts, LossesThatAddUpToMoreThanANumberHoldsStayAtTheLargest) {
  Bench bench;
  bench.Synchronise();
  bench.Give("#lost 9223372036854775807 disk full");
  bench.Give("#drop 9223372036854775807 trade AAAUSDT");
  EXPECT_EQ(bench.symbol().counts().lost_inputs, INT64_MAX);
  bench.GiveDepth();
  EXPECT_TRUE(bench.row().Has(quality::kDroppedInput));
}

TEST(InputDoubts, FaultT1StreamsGoStaleByEitherClock) {
  Bench bench;
  bench.Synchronise();
  bench.market.Pass(1'000);
  bench.Give(bench.market.Trade());
  EXPECT_FALSE(bench.row().Has(quality::kStaleDepth));
  bench.market.Pass(1);
  bench.Give(bench.market.Trade());
  EXPECT_TRUE(bench.row().Has(quality::kStaleDepth)) << "by the event clock";
  bench.GiveDepth(0);
  EXPECT_FALSE(bench.row().Has(quality::kStaleDepth));
  const std::string ticker = bench.market.Ticker();
  GiveLine(ReceiveTime(bench.market.now_ms() * kMillisecond + kSecond + 1), ticker, &bench.engine);
  EXPECT_TRUE(bench.row().Has(quality::kStaleDepth)) << "by the receive time";
}

TEST(InputDoubts, AConnectionThatCarriesOtherStreamsOfASymbolKeepsNoneOpen) {
  Bench bench;
  bench.Give("#conn 1 open wss://x/stream?streams=aaausdt@trade");
  bench.Give("#conn 2 open wss://x/stream?streams=aaausdt@aggTrade/aaausdt@depth@1000ms");
  bench.Give("#conn 3 open wss://x/stream?streams=aaausdt@depth@100ms");
  bench.Synchronise();
  bench.Give(bench.market.Trade());
  bench.Give(bench.market.Ticker());
  ASSERT_FALSE(bench.row().HasAny(quality::kStaleDepth | quality::kStaleTrade));
  bench.Give("#conn 1 close 1006");
  bench.market.Move(1);
  bench.Give(bench.market.Ticker());
  EXPECT_TRUE(bench.row().Has(quality::kStaleTrade));
  EXPECT_FALSE(bench.row().Has(quality::kStaleDepth));
  bench.Give("#conn 3 close 1006");
  bench.market.Move(1);
  bench.Give(bench.market.Ticker());
  EXPECT_TRUE(bench.row().Has(quality::kStaleDepth | quality::kStaleTrade));
}

// Of a recording that never says that one closes: the newest ones count.
TEST(InputDoubts, ConnectionsThatNeverCloseAreForgottenBeyondABound) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.Trade());
  bench.Give(bench.market.Ticker());
  for (std::size_t i = 1; i <= 3 * kConnectionsMax; ++i) {
    bench.Give(absl::StrCat("#conn ", i, " open wss://x/ws/bbbusdt@trade"));
  }
  bench.Give("#conn 1000001 open wss://x/ws/aaausdt@depth@100ms/aaausdt@bookTicker");
  bench.Give("#conn 1000002 open wss://x/ws/bbbusdt@trade");
  bench.Give("#conn 1000002 close 1006");
  bench.market.Move(1);
  bench.Give(bench.market.Ticker());
  EXPECT_FALSE(bench.row().Has(quality::kStaleDepth));
  EXPECT_TRUE(bench.row().Has(quality::kStaleTrade));
}

TEST(InputDoubts, ARawDepthStreamIsKeptOpenByAnySpeed) {
  Bench bench;
  bench.Give("#conn 1 open wss://x/ws/aaausdt@depth@100ms");
  bench.Give("#conn 2 open wss://x/ws/aaausdt@bookTicker");
  bench.Give(
      R"({"e":"depthUpdate","E":1732154400000,"s":"AAAUSDT","U":101,"u":102,"b":[],"a":[]})");
  bench.Give(bench.SnapshotAt(100));
  bench.Give("#conn 2 close 1006");
  bench.Give(bench.market.Trade());
  EXPECT_FALSE(bench.row().Has(quality::kStaleDepth));
  bench.Give("#conn 1 close 1006");
  bench.Give(bench.market.TradeOf(702, "99.00", "1"));
  EXPECT_TRUE(bench.row().Has(quality::kStaleDepth));
}

TEST(InputDoubts, ALossOfLinesConcernsSymbolsThatAppearLater) {
  Bench bench;
  bench.Give("#lost 3 disk");
  bench.Synchronise();
  EXPECT_TRUE(bench.row().Has(quality::kDroppedInput));
  EXPECT_EQ(bench.symbol().counts().lost_inputs, 3);
  bench.GiveDepth(60'000);
  EXPECT_FALSE(bench.row().Has(quality::kDroppedInput));
}

TEST(InputDoubts, AfterTheLargestTradeIdEveryOtherIsADuplicate) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.TradeOf(INT64_MAX - 1, "99.00", "1"));
  bench.Give(bench.market.TradeOf(INT64_MAX, "99.00", "1"));
  EXPECT_EQ(bench.symbol().counts().trade_gaps, 0);
  bench.Give(bench.market.TradeOf(5, "99.00", "1"));
  EXPECT_EQ(bench.symbol().counts().duplicate_trades, 1);
}

TEST(InputDoubts, ATradeIdAfterTheLargestIsAGapWhereIdsMayRestart) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.TradeOf(INT64_MAX, "99.00", "1"));
  bench.market.RestartIds();
  for (int i = 0; i < 20; ++i) bench.GiveDepth(600);
  bench.Give(bench.market.TradeOf(0, "99.00", "1"));
  EXPECT_EQ(bench.symbol().counts().trade_gaps, 1);
}

TEST(InputDoubts, AFillThatIsNoMarketOrderIsDroppedWithoutATradeGap) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.Trade());
  const std::size_t rows = bench.log.rows.size();
  std::string other = bench.market.Trade();
  other.replace(other.find("\"M\":true"), 8, "\"X\":\"LIMIT\"");
  bench.Give(other);
  EXPECT_EQ(bench.log.rows.size(), rows);
  bench.Give(bench.market.Trade());
  EXPECT_FALSE(bench.row().Has(quality::kTradeGap));
  EXPECT_EQ(bench.Value("trade_count_1s"), 2);
}

TEST(Streams, ASecondSpeedAndPartialDepthAreNeverMixedIn) {
  Bench bench;
  bench.Synchronise();
  const std::size_t rows = bench.log.rows.size();
  std::string other = bench.market.DepthOf(1, 9'000'000'000, "[\"90.00\",\"1\"]", "");
  bench.Give(std::string(other).replace(other.find("depth@100ms"), 11, "depth@500ms"));
  bench.Give(std::string(other).replace(other.find("depth@100ms"), 11, "depth5"));
  EXPECT_EQ(bench.log.rows.size(), rows);
  EXPECT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().counts().unused_frames, 2);
}

TEST(Streams, MarketsAreToldFromTheirEvents) {
  EXPECT_EQ(
      [] {
        Bench b;
        b.GiveDepth();
        return b.symbol().market();
      }(),
      Market::kSpot);
  Bench futures(DefaultOptions(), Numbering::kFutures);
  futures.GiveDepth();
  EXPECT_EQ(futures.symbol().market(), Market::kUsdM);
  Bench coin;
  coin.Give(R"({"stream":"btcusd_perp@depth","data":{"e":"depthUpdate","E":1700000000000,)"
            R"("T":1700000000000,"s":"BTCUSD_PERP","U":1,"u":2,"pu":0,"b":[],"a":[]}})");
  EXPECT_EQ(coin.symbol().market(), Market::kCoinM);
}

TEST(Timers, RecordsStandAtExactMultiplesWithAgesThere) {
  EngineOptions options = DefaultOptions();
  options.emit = EmitPolicy::None();
  options.emit.interval = 250 * kMillisecond;
  Bench bench(options);
  bench.Synchronise();  // The clock is at 200 ms.
  bench.GiveDepth(501);
  ASSERT_EQ(bench.log.rows.size(), 2U);
  EXPECT_EQ(bench.row().header.event_ns, (FeedBuilder::kFirstMs + 500) * kMillisecond);
  EXPECT_EQ(bench.Value("depth_age_ms"), 300);
  EXPECT_EQ(bench.row().trigger(), Trigger::kTimer);
}

class TimersTest : public ::testing::Test {
 protected:
  static EngineOptions Every(Nanos interval) {
    EngineOptions options = DefaultOptions();
    options.emit = EmitPolicy::None();
    options.emit.interval = interval;
    options.instruments = {ParseInstrumentOption("AAAUSDT:0.01:1").value()};
    return options;
  }
};

TEST_F(TimersTest, AFrameThatRefinesTheGridMakesTheRecordsBeforeItOnTheOldOne) {
  Bench bench(Every(250 * kMillisecond));
  bench.Synchronise();  // The clock is at 200 ms.
  const std::int64_t id = bench.market.told_id() + 1;
  bench.market.Pass(100);
  const TickLevel bid = bench.symbol().book()->ladder(Side::kBid).best_level();
  const TickLevel ask = bench.symbol().book()->ladder(Side::kAsk).best_level();
  bench.Give(bench.market.DepthOf(id, id, "[\"98.005\",\"2\"]", ""));
  ASSERT_EQ(bench.log.rows.size(), 1U);
  EXPECT_EQ(bench.Value("spread_ticks"), static_cast<double>(ask.price - bid.price));
  EXPECT_FALSE(bench.row().Has(quality::kInstrumentInferred));
  bench.market.Pass(300);
  bench.Give(bench.market.TradeOf(1, "98.00", "1"));
  EXPECT_EQ(bench.Value("spread_ticks"), static_cast<double>(2 * (ask.price - bid.price)));
  EXPECT_TRUE(bench.row().Has(quality::kInstrumentInferred));
}

TEST_F(TimersTest, AFrameThatShowsItsStreamOpenAgainDoesNotDoSoBeforeItself) {
  for (const bool depth : {true, false}) {
    Bench bench(Every(250 * kMillisecond));
    bench.Give("#conn 1 open wss://x/stream?streams=aaausdt@depth@100ms/aaausdt@trade");
    bench.Synchronise();
    bench.Give(bench.market.Trade());
    bench.Give("#conn 1 close 1006");
    const auto next = [&] {
      bench.market.Pass(250);
      bench.Give(depth ? bench.market.Depth() : bench.market.Trade());
      return bench.row().Has(depth ? quality::kStaleDepth : quality::kStaleTrade);
    };
    EXPECT_TRUE(next());
    EXPECT_FALSE(next());
  }
}

TEST_F(TimersTest, ASilenceIsFilledWhole) {
  Bench bench(Every(kSecond));
  bench.Synchronise();
  bench.GiveDepth(800);  // The clock is at 1 s; nothing is beyond it.
  bench.log.rows.clear();
  bench.GiveDepth(7'200'000);
  ASSERT_EQ(bench.log.rows.size(), 7'200U);
  for (std::size_t i = 0; i < 7'200; ++i) {
    EXPECT_EQ(bench.log.rows[i].header.event_ns,
              (FeedBuilder::kFirstMs / 1'000 + 1 + static_cast<std::int64_t>(i)) * kSecond);
  }
}

// Two frames that agree on a time, far beyond what can have passed, move the clock: no time passed.
TEST_F(TimersTest, OfALeapOfTheClockAnHourIsFilled) {
  Bench bench(Every(10 * kSecond));
  bench.Synchronise();
  const ReceiveTime received(bench.market.now_ms() * kMillisecond);
  bench.log.rows.clear();
  for (int i = 0; i < 2; ++i) {
    bench.market.Pass(i == 0 ? 1'000 * kHour / kMillisecond : 0);
    GiveLine(received, bench.market.Trade(), &bench.engine);
  }
  EXPECT_EQ(bench.log.rows.size(), 360U);
  const EventTime leapt = *bench.symbol().clock();
  bench.market.Pass(10'000);
  GiveLine(received, bench.market.Trade(), &bench.engine);
  ASSERT_EQ(bench.log.rows.size(), 361U);
  EXPECT_GE(bench.row().header.event_ns, leapt.raw());
}

TEST(Grid, ACoarserTickKeepsThePricesOfTheEventsThatWait) {
  Bench bench;
  bench.Synchronise();
  bench.Give(R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT",)"
             R"("status":"TRADING","baseAssetPrecision":8,"filters":[)"
             R"({"filterType":"PRICE_FILTER","tickSize":"0.05"}]}]})");
  const std::int64_t id = bench.market.told_id() + 10;
  bench.Give(bench.market.DepthOf(id, id + 1, "[\"99.01\",\"4\"]", ""));
  bench.Give(
      absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", bench.SnapshotAt(id)));
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.Value("best_bid"), 99.01);
  EXPECT_EQ(bench.symbol().scale().tick, Price(1'000'000));
}

TEST(Grid, IsSettledByAnAnswerInWhichAnotherSymbolIsOdd) {
  Bench bench;
  bench.Give(R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"ODD","filters":[)"
             R"({"filterType":"PRICE_FILTER","tickSize":"0.0000000001"}]},{"symbol":"AAAUSDT",)"
             R"("filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"}]}]})");
  bench.GiveDepth();
  EXPECT_TRUE(bench.symbol().grid().settled());
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kInstrumentUnusable), 1);
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kExchangeInfoUnusable), 0);
}

constexpr char kCoarserTick[] =
    R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT","baseAssetPrecision":8,)"
    R"("filters":[{"filterType":"PRICE_FILTER","tickSize":"0.05"}]}]})";

TEST(Grid, ACoarserTickIsTakenWhenTheBookThatServedIsReplaced) {
  EngineOptions options = DefaultOptions();
  options.on_gap = OnGap::kServe;
  Bench bench(options);
  bench.Synchronise();
  bench.Give(kCoarserTick);
  const std::int64_t id = bench.market.told_id() + 10;
  bench.Give(bench.market.DepthOf(id, id + 1, "", ""));
  // Newer than the event: held. The old book serves on, in its own tick.
  bench.Give(
      absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=2 {\"lastUpdateId\":", id + 5,
                   R"(,"bids":[["99.00","1"],["98.00","2"]],"asks":[["101.00","1"]]})"));
  bench.Give(bench.market.DepthOf(id + 2, id + 3, "", ""));
  EXPECT_EQ(bench.row().header.flags & kDown, quality::kResyncing);
  EXPECT_EQ(bench.symbol().scale().tick, Price(1'000'000));
  bench.Give(bench.market.DepthOf(id + 4, id + 6, "[\"98.50\",\"4\"]", ""));
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().scale().tick, Price(5'000'000));
  EXPECT_EQ(bench.Value("spread_ticks"), 40);
  EXPECT_EQ(bench.Value("best_bid"), 99.0);
  EXPECT_EQ(bench.symbol().book()->known_edge(Side::kBid), Ticks(1'960));
  EXPECT_EQ(bench.symbol().book()->known_edge(Side::kAsk), std::nullopt);
  EXPECT_EQ(bench.symbol().book()->bucket_size(0), Ticks(2));
  EXPECT_TRUE(bench.symbol().book()->CheckBuckets());
}

TEST(Grid, ACoarserTickIsTakenWhenASnapshotThatDiffersReplacesTheBook) {
  Bench bench;
  bench.Synchronise();
  bench.Give(kCoarserTick);
  const std::int64_t id = bench.market.told_id();
  bench.Give(
      absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", bench.SnapshotAt(id)));
  bench.Give(bench.market.DepthOf(id + 1, id + 1, "", ""));
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().scale().tick, Price(5'000'000));
}

TEST(Grid, ACoarserTickIsNotTakenByAnAuditThatAgrees) {
  Bench bench;
  bench.Synchronise();
  bench.Give(kCoarserTick);
  bench.Give(bench.market.Rest());
  EXPECT_EQ(bench.symbol().book_counts().audits_agreed, 1);
  EXPECT_NE(bench.symbol().scale().tick, Price(5'000'000));
}

TEST(Grid, EventsOutOfTheGridsRangeThatWaitedForItAreMalformed) {
  Bench bench;
  bench.Give(bench.market.DepthOf(101, 102, "[\"20000000.00000001\",\"1\"]", ""));
  bench.Give(bench.SnapshotAt(100));
  EXPECT_FALSE(bench.Live());
}

// An engine whose symbol has a stated grid: tick 0.01, quantities with two decimals.
class StatedGrid : public ::testing::Test {
 protected:
  void SetUp() override {
    bench.Give(R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT",)"
               R"("baseAssetPrecision":2,"filters":[{"filterType":"PRICE_FILTER",)"
               R"("tickSize":"0.01"}]}]})");
    bench.Give(bench.market.DepthOf(99, 100, "", ""));
    bench.Give(bench.SnapshotAt(99));
    ASSERT_TRUE(bench.Live());
  }
  void TearDown() override {
    EXPECT_EQ(bench.symbol().scale(), (Scale{Price(1'000'000), 2}));
    EXPECT_EQ(bench.log.CountOf(NoticeKind::kTickRefined), 0);
    EXPECT_EQ(bench.log.CountOf(NoticeKind::kUnitRefined), 0);
    bench.Give(bench.market.TradeOf(9'000, "99.00", "1"));
    EXPECT_FALSE(bench.row().Has(quality::kInstrumentInferred));
  }

  Bench bench;
};

TEST_F(StatedGrid, IsNotRefinedByATradeOutOfRange) {
  bench.Give(bench.market.TradeOf(1, "11529215046.06846976", "1"));
  bench.Give(bench.market.TradeOf(2, "1.00", "99999999999999999999.001"));
  // Fits as it is, and would not in the finer unit that its quantity needs.
  bench.Give(bench.market.TradeOf(3, "1.00", "92233720368547758.071"));
  bench.Give(bench.market.TradeOf(4, "5000000000.01", "1000000000.12345678"));  // 101 bits.
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 4);
}

TEST_F(StatedGrid, IsNotRefinedByATickerOutOfRange) {
  bench.Give(bench.market.TickerOf(200, "1.00", "1", "20000000.00000001", "1"));
  bench.Give(bench.market.TickerOf(201, "1.001", "1", "2.00", "92233720368547758.071"));
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 2);
}

TEST_F(StatedGrid, IsNotRefinedByADepthEventOutOfRange) {
  bench.Give(bench.market.DepthOf(101, 102, "[\"20000000.00000001\",\"1\"]", ""));
  EXPECT_FALSE(bench.Live());
  bench.Give(bench.market.DepthOf(103, 104, "[\"98.001\",\"1.001\"],[\"1.0\",\"1e5\"]", ""));
  bench.Give(bench.market.DepthOf(106, 105, "[\"98.001\",\"1.001\"]", ""));
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 3);
}

TEST_F(StatedGrid, IsNotRefinedByASnapshotThatIsRefused) {
  for (const char* const sides :
       {R"("bids":[["98.001","2.00000001"],["99.00","1"]],"asks":[])",  // Unsorted.
        R"("bids":[["99.001","2.00000001"]],"asks":[["99.001","1"]])",  // Crossed.
        R"("bids":[["99.001","2.00000001"]],"asks":[["20000000.00000001","1"]])",
        R"("bids":[["99.001","2.00000001"]],"asks":[["101.00","92233720368547758.07"]])"}) {
    bench.Give(absl::StrCat(R"({"lastUpdateId":100,)", sides, "}"));
  }
  bench.Give(R"({"lastUpdateId":0,"bids":[["99.001","2.00000001"]],"asks":[]})");
  EXPECT_EQ(bench.symbol().counts().refused_snapshots, 5);
  EXPECT_TRUE(bench.Live());
}

TEST(Grid, AFrameThatNeedsAFinerTickAndAFinerUnitRefinesBothOrNone) {
  const struct {
    const char* level;  // In the book.
    Scale after;
  } kCases[] = {{R"(["98.00","1"])", {Price(100), 3}},
                // No finer unit can hold this quantity, no finer tick this price.
                {R"(["98.00","92233720368547758.07"])", {Price(1'000'000), 2}},
                {R"(["11400000000.00","1"])", {Price(1'000'000), 2}}};
  for (const auto& [level, after] : kCases) {
    Bench bench;
    bench.Give(R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT",)"
               R"("baseAssetPrecision":2,"filters":[{"filterType":"PRICE_FILTER",)"
               R"("tickSize":"0.01"}]}]})");
    bench.Give(bench.market.DepthOf(99, 100, "", ""));
    bench.Give(bench.SnapshotAt(99));
    bench.Give(bench.market.DepthOf(101, 101, "", level));
    bench.Give(bench.market.TradeOf(1, "99.000001", "1.005"));
    EXPECT_EQ(bench.symbol().scale(), after) << level;
    EXPECT_EQ(bench.symbol().counts().malformed_frames, after.qty_decimals == 3 ? 0 : 1) << level;
  }
}

// --- What stands against a refinement: the live book alone ---

constexpr char kThreeDecimals[] =
    R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT","baseAssetPrecision":3,)"
    R"("filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"}]}]})";
// The cap of an asset with three decimals: no finer unit holds it.
constexpr char kCapOfThree[] = R"(["99.50","9223372036854775.807"])";
constexpr char kFine[] = R"(["98.50","1.00000001"])";

// A bid and an ask, quantities in the finest unit.
std::string FineSnapshot(std::int64_t id) {
  return absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {\"lastUpdateId\":", id,
                      R"(,"bids":[["99.00","1.00000001"]],"asks":[["101.00","1"]]})");
}

class Refinement : public ::testing::Test {
 protected:
  explicit Refinement(OnGap on_gap = OnGap::kBlank) : bench(Options(on_gap)) {
    bench.Give(kThreeDecimals);
  }
  static EngineOptions Options(OnGap on_gap) {
    EngineOptions options = DefaultOptions();
    options.on_gap = on_gap;
    return options;
  }
  void GiveBids(std::int64_t first, std::int64_t last, const std::string& bids) {
    bench.Give(bench.market.DepthOf(first, last, bids, ""));
  }
  void Synchronise() {
    GiveBids(101, 102, "");
    bench.Give(bench.SnapshotAt(100));
    ASSERT_TRUE(bench.Live());
  }

  Bench bench;
};

class RefinementInServe : public Refinement {
 protected:
  RefinementInServe() : Refinement(OnGap::kServe) {}
};

TEST_F(Refinement, DropsTheWaitingEventsThatCannotFollowIt) {
  GiveBids(101, 102, kCapOfThree);
  GiveBids(103, 104, "");
  bench.Give(FineSnapshot(100));
  EXPECT_EQ(bench.symbol().counts().refused_snapshots, 0);
  EXPECT_EQ(bench.symbol().scale().qty_decimals, 8);
  EXPECT_FALSE(bench.Live()) << "an event of it is gone";
  GiveBids(105, 106, "");
  EXPECT_EQ(bench.log.wishes.back().reason, SnapshotReason::kUnusable);
  bench.Give(FineSnapshot(104));
  EXPECT_TRUE(bench.Live());
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kSequenceGap), 0);
}

TEST_F(Refinement, DropsTheWaitingEventsWhosePricesCannotFollowIt) {
  GiveBids(101, 102, R"(["20000000.00","1"])");
  bench.Give(R"(#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {"lastUpdateId":102,)"
             R"("bids":[["99.00000001","1"]],"asks":[]})");
  EXPECT_EQ(bench.symbol().counts().refused_snapshots, 0);
  EXPECT_EQ(bench.symbol().scale().tick, Price(1));
  GiveBids(103, 104, "");
  EXPECT_TRUE(bench.Live());
}

TEST_F(Refinement, ForgetsQuotesThatCannotFollowItAndSaysSo) {
  Synchronise();
  bench.Give(bench.market.TickerOf(104, "99.50", "9223372036854775.807", "101.00", "1"));
  EXPECT_FALSE(bench.row().Has(quality::kDroppedInput));
  GiveBids(103, 104, kFine);
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 0);
  EXPECT_TRUE(std::isnan(bench.Value("touch_bid_qty")));
  EXPECT_TRUE(bench.row().Has(quality::kDroppedInput));
  EXPECT_EQ(bench.symbol().counts().ticker_audits, 0);
  bench.Give(bench.market.TickerOf(105, "99.00", "1", "101.00", "1"));
  EXPECT_EQ(bench.Value("touch_bid_qty"), 1);
  EXPECT_EQ(bench.Value("ofi_touch_10s"), 0) << "nothing is differenced across it";
}

TEST_F(Refinement, ForgetsFillsThatCannotFollowItAndSaysSo) {
  Synchronise();
  bench.Give(bench.market.TradeOf(1, "99.50", "9223372036854775.807"));
  GiveBids(103, 104, kFine);
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.Value("trade_count_10s"), 0);
  EXPECT_TRUE(bench.row().Has(quality::kDroppedInput));
}

TEST_F(Refinement, KeepsWhatFitsWithoutALoss) {
  Synchronise();
  bench.Give(bench.market.TickerOf(102, "99.50", "2", "101.00", "1"));
  bench.Give(bench.market.TradeOf(1, "99.50", "3"));
  GiveBids(103, 104, kFine);
  EXPECT_EQ(bench.Value("touch_bid_qty"), 2);
  EXPECT_EQ(bench.Value("max_trade_qty_10s"), 3);
  EXPECT_FALSE(bench.row().Has(quality::kDroppedInput));
}

TEST_F(Refinement, ThatTheLiveBookCannotFollowIsAMalformedEventAndAResync) {
  Synchronise();
  GiveBids(103, 104, kCapOfThree);
  ASSERT_TRUE(bench.row().Has(quality::kQtyCapped));
  GiveBids(105, 106, kFine);
  EXPECT_FALSE(bench.Live());
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 1);
  EXPECT_EQ(bench.symbol().scale().qty_decimals, 3);
  GiveBids(107, 108, kFine);
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 1);
  bench.Give(FineSnapshot(107));
  EXPECT_TRUE(bench.Live());
}

// 2^62 units at 10^9 ticks are 2^92; at the finest tick they are more than sums hold.
TEST_F(Refinement, ThatMakesAValueOfTheLiveBookTooLargeIsRefused) {
  Synchronise();
  GiveBids(103, 104, R"(["10000000.00","4611686018427387.904"])");
  ASSERT_TRUE(bench.Live());
  bench.Give(bench.market.TradeOf(1, "99.00000001", "1"));
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 1);
  EXPECT_EQ(bench.symbol().scale().tick, Price(1'000'000));
}

TEST_F(RefinementInServe, GivesUpAnOldBookThatCannotFollowIt) {
  Synchronise();
  GiveBids(103, 104, kCapOfThree);
  GiveBids(111, 112, "");
  ASSERT_EQ(bench.row().header.flags & kDown, quality::kResyncing);
  GiveBids(113, 114, kFine);
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 0);
  bench.Give(bench.market.TradeOf(1, "99.00", "1"));
  EXPECT_TRUE(bench.row().Has(kDown));
  bench.Give(FineSnapshot(110));
  EXPECT_TRUE(bench.Live());
}

// --- A quantity unit that is stated late ---

constexpr char kTwoDecimals[] =
    R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT","baseAssetPrecision":2,)"
    R"("filters":[{"filterType":"PRICE_FILTER","tickSize":"0.00000001"}]}]})";
// More than 64 bits hold in units of 1e-8: the cap of an asset with two decimals.
constexpr char kCapLevel[] = R"(["0.00001000","92233720368547758.07"])";
std::string CapSnapshot(std::int64_t id) {
  return absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {\"lastUpdateId\":", id,
                      R"(,"bids":[)", kCapLevel, R"(],"asks":[["0.00001001","7.00"]]})");
}
EngineOptions TinyBuckets() {
  EngineOptions options = DefaultOptions();
  options.bucket_sizes = {"0.00000010", "0.00000100"};
  return options;
}

TEST(LateUnit, IsTakenWhenASnapshotNeedsItAndNothingIsLost) {
  Bench bench(TinyBuckets());
  bench.Give(bench.market.DepthOf(101, 102, R"(["0.00000999","5.25"])", ""));
  bench.Give(bench.market.TickerOf(102, "0.00001000", "3.50", "0.00001001", "7.00"));
  bench.Give(bench.market.TradeOf(1, "0.00001000", "2.75"));
  bench.Give(kTwoDecimals);
  bench.Give(CapSnapshot(100));
  ASSERT_TRUE(bench.Live());
  EXPECT_TRUE(bench.row().Has(quality::kQtyCapped));
  EXPECT_FALSE(bench.row().Has(quality::kInstrumentInferred));
  EXPECT_EQ(bench.symbol().scale().qty_decimals, 2);
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kUnitCoarsened), 1);
  EXPECT_EQ(bench.Value("touch_bid_qty"), 3.5);
  EXPECT_EQ(bench.Value("sell_vol_10s") + bench.Value("buy_vol_10s"), 2.75);
  EXPECT_EQ(bench.symbol().book()->ladder(Side::kBid).level_count(), 2);
}

TEST(LateUnit, IsTakenByADepthEventThatWaits) {
  Bench bench(TinyBuckets());
  bench.Give(bench.market.DepthOf(101, 102, R"(["0.00000999","5.25"])", ""));
  bench.Give(kTwoDecimals);
  bench.Give(bench.market.DepthOf(103, 104, kCapLevel, ""));
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 0);
  bench.Give(CapSnapshot(102));
  EXPECT_TRUE(bench.Live());
}

TEST(LateUnit, WaitsUntilWhatIsRememberedIsAWholeNumberOfIt) {
  Bench bench(TinyBuckets());
  bench.Give(bench.market.DepthOf(101, 102, "", ""));
  bench.Give(bench.market.TradeOf(1, "0.00001000", "0.001"));
  bench.Give(kTwoDecimals);
  bench.Give(CapSnapshot(102));
  EXPECT_EQ(bench.symbol().counts().refused_snapshots, 1);
  EXPECT_EQ(bench.symbol().scale().qty_decimals, 8);
  bench.market.Pass(60'000);  // The fill leaves the longest window.
  bench.Give(bench.market.DepthOf(103, 104, "", ""));
  bench.Give(CapSnapshot(103));
  EXPECT_TRUE(bench.Live());
  EXPECT_EQ(bench.symbol().scale().qty_decimals, 2);
}

TEST(LateUnit, IsNotTakenFromALiveBookButAtItsNextSynchronisation) {
  Bench bench(TinyBuckets());
  bench.Give(bench.market.DepthOf(99, 100, "", ""));
  bench.Give(absl::StrReplaceAll(CapSnapshot(99), {{"92233720368547758.07", "1.00"}}));
  ASSERT_TRUE(bench.Live());
  bench.Give(kTwoDecimals);
  bench.Give(bench.market.DepthOf(101, 101, kCapLevel, ""));
  EXPECT_FALSE(bench.Live()) << "what it says fits no unit of the book";
  EXPECT_EQ(bench.symbol().scale().qty_decimals, 8);
  bench.Give(bench.market.DepthOf(102, 102, "", ""));
  bench.Give(CapSnapshot(101));
  EXPECT_TRUE(bench.Live());
  bench.Give(bench.market.DepthOf(103, 103, kCapLevel, ""));
  EXPECT_TRUE(bench.Live());
  EXPECT_TRUE(bench.row().Has(quality::kQtyCapped));
}

TEST(LateUnit, IsTakenAlsoWhereAnInstrumentOptionStatesTheTick) {
  EngineOptions options = TinyBuckets();
  options.instruments = {ParseInstrumentOption("AAAUSDT:0.00000001:1").value()};
  Bench bench(options);
  bench.Give(kTwoDecimals);
  bench.Give(bench.market.DepthOf(101, 102, "", ""));
  bench.Give(CapSnapshot(101));
  EXPECT_TRUE(bench.Live());
}

// --- No look-ahead -------------------------------------------------------------------------------

std::vector<LoggedRow> RowsOf(const std::vector<std::string>& lines, std::size_t count) {
  Bench bench;
  for (std::size_t i = 0; i < count; ++i) {
    GiveLine(
        ReceiveTime((FeedBuilder::kFirstMs + static_cast<std::int64_t>(i) * 20) * kMillisecond),
        lines[i], &bench.engine);
  }
  return bench.log.rows;
}

TEST(NoLookAhead, RecordsBeforeACutAreTheSameToTheLastBit) {
  FeedBuilder market("AAAUSDT", Numbering::kSpot, 3);
  std::vector<std::string> lines{market.Depth(), market.Rest()};
  for (int i = 0; i < 150; ++i) {
    market.Pass(25);
    market.Move(3);
    lines.push_back(market.Ticker());
    lines.push_back(i == 70 ? market.Rest() : market.Trade());
    const std::string frame = market.Depth();
    if (i != 40) lines.push_back(frame);
    if (i == 50) lines.push_back(market.Rest());
  }
  const std::vector<LoggedRow> whole = RowsOf(lines, lines.size());
  ASSERT_GT(whole.size(), 300U);
  for (std::size_t cut = 2; cut < lines.size(); cut += lines.size() / 200 + 1) {
    const std::vector<LoggedRow> part = RowsOf(lines, cut);
    ASSERT_LE(part.size(), whole.size());
    for (std::size_t i = 0; i < part.size(); ++i) ASSERT_TRUE(SameBits(part[i], whole[i])) << cut;
  }
}

// A frame that says nothing, in the place and at the time of the one that made a timer record: the
// record must be the same.
TEST(NoLookAhead, TimerRecordsHoldNothingOfTheFrameThatMakesThem) {
  struct Timed {
    std::int64_t ms;
    std::string line;
    bool moves_clock;
  };
  FeedBuilder market("AAAUSDT", Numbering::kSpot, 3);
  std::vector<Timed> lines;
  const auto add = [&](std::string line, bool moves_clock = true) {
    lines.push_back({market.now_ms(), std::move(line), moves_clock});
  };
  add("#conn 1 open wss://x/stream?streams=aaausdt@depth@100ms/aaausdt@trade", false);
  add(market.Depth());
  add(market.Rest(), false);
  for (int i = 0; i < 300; ++i) {
    market.Pass(40);
    market.Move(3);
    const std::int64_t id = market.id();
    if (i % 30 == 10) {
      // Off the tick and finer than the unit, by depth, trade and ticker.
      const std::string fine = absl::StrCat("98.", i, "5");
      add(market.DepthOf(market.told_id() + 1, id, absl::StrCat("[\"", fine, "\",\"2.0001\"]"),
                         ""));
      market.SetId(id);
    } else if (i % 30 == 20) {
      add(market.TradeOf(market.trade_id() + 1, absl::StrCat("97.", i, "25"), "1.00001"));
      market.SkipTradeIds(1);
    } else if (i % 10 == 3) {
      add(market.Trade());
    } else if (i != 100) {
      add(market.Depth());
    }
    add(market.Ticker(), false);
    if (i % 7 == 0) add("#conn 1 close 1006", false);
    if (i == 110) add(market.Rest(), false);
  }

  EngineOptions options = DefaultOptions();
  options.emit.interval = 20 * kMillisecond;
  options.instruments = {ParseInstrumentOption("AAAUSDT:0.01:1").value()};
  const auto give = [](Bench* bench, const Timed& timed) {
    GiveLine(ReceiveTime(timed.ms * kMillisecond), timed.line, &bench->engine);
  };
  std::size_t compared = 0;
  Bench whole(options);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t before = whole.log.rows.size();
    give(&whole, lines[i]);
    if (!lines[i].moves_clock || i % 3 != 0) continue;
    Bench cut(options);
    for (std::size_t k = 0; k < i; ++k) give(&cut, lines[k]);
    // Ids long past: it moves the clock and is dropped.
    cut.market.set_now_ms(lines[i].ms);
    give(&cut, {lines[i].ms, cut.market.DepthOf(1, 1, "", ""), true});
    for (std::size_t row = before; row < cut.log.rows.size(); ++row, ++compared) {
      ASSERT_EQ(cut.log.rows[row].trigger(), Trigger::kTimer);
      ASSERT_LT(row, whole.log.rows.size());
      ASSERT_TRUE(SameBits(cut.log.rows[row], whole.log.rows[row])) << lines[i].line;
    }
  }
  EXPECT_GT(compared, 100U);
}

// --- Beliefs that are given up -------------------------------------------------------------------

TEST(BareSnapshots, BelongToTheOneSymbolOfTheirSource) {
  Bench bench;
  FeedBuilder other("BBBUSDT", Numbering::kSpot, 11);
  bench.engine.BeginSource(1, false);
  bench.GiveDepth();
  bench.engine.BeginSource(2, false);
  bench.Give(other.Depth());
  bench.Give(other.Snapshot());
  bench.engine.BeginSource(1, false);
  bench.Give(bench.market.Snapshot());
  ASSERT_EQ(bench.engine.symbols().size(), 2U);
  for (const auto& symbol : bench.engine.symbols()) EXPECT_EQ(symbol->counts().snapshots, 1);
  EXPECT_EQ(bench.engine.counts().unattributed_snapshots, 0);
}

TEST(BareSnapshots, AreNotTakenByARawFrameTooBrokenToNameItsSymbol) {
  const std::string depth = R"({"e":"depthUpdate","E":1782000000000,"s":"AAAUSDT","U":101,)"
                            R"("u":102,"b":[["98.00","2"]],"a":[]})";
  for (const std::string& broken :
       {depth.substr(0, depth.find("USDT")), absl::StrReplaceAll(depth, {{"\"s\"", "\"S\""}})}) {
    Bench bench;
    bench.Give(broken);
    bench.Give(bench.SnapshotAt(100));
    bench.Give(depth);
    ASSERT_EQ(bench.engine.symbols().size(), 1U) << broken;
    EXPECT_EQ(bench.symbol().name(), "AAAUSDT");
    EXPECT_TRUE(bench.Live());
    EXPECT_EQ(bench.engine.counts().unnamed, 1);
  }
}

TEST(Names, NothingIsOfNoSymbol) {
  Bench bench;
  bench.engine.AddSymbol("");
  bench.engine.OnDropped(1, "depth", "");
  EXPECT_TRUE(bench.engine.symbols().empty());
}

TEST(Names, FaultD5APayloadThatDiffersFromItsStreamByCaseIsItsStreamsLoss) {
  Bench bench;
  bench.Synchronise();
  bench.market.Move(1);
  bench.Give(absl::StrReplaceAll(bench.market.Depth(), {{"\"AAAUSDT\"", "\"AaaUSDT\""}}));
  ASSERT_EQ(bench.engine.symbols().size(), 1U);
  EXPECT_EQ(bench.symbol().counts().malformed_frames, 1);
  EXPECT_FALSE(bench.Live());
}

TEST(Names, OfARequestAreDecoded) {
  Bench bench;
  bench.Give(R"({"stream":"币安usdt@depth@100ms","data":{"e":"depthUpdate","E":1782000000000,)"
             R"("s":"币安USDT","U":101,"u":102,"b":[],"a":[]}})");
  bench.Give(absl::StrCat("#rest GET /api/v3/depth?symbol=%E5%B8%81%E5%AE%89USDT&limit=1000 ",
                          bench.SnapshotAt(100)));
  ASSERT_EQ(bench.engine.symbols().size(), 1U);
  EXPECT_TRUE(bench.Live());
}

TEST(Names, OfAConnectionsStreamsAreDecoded) {
  for (const char* const url :
       {"wss://x/stream?streams=aaausdt%40depth%40100ms%2Faaausdt%40bookTicker",
        "wss://x/ws/aaausdt%40depth%40100ms/aaausdt%40bookTicker"}) {
    Bench bench;
    bench.Synchronise();
    bench.Give(bench.market.Trade());
    bench.Give(absl::StrCat("#conn 1 open ", url));
    bench.Give("#conn 2 open wss://x/ws/aaausdt@trade");
    bench.Give("#conn 2 close 1006");
    bench.Give(bench.market.Ticker());
    EXPECT_FALSE(bench.row().Has(quality::kStaleDepth)) << url;
    EXPECT_TRUE(bench.row().Has(quality::kStaleTrade)) << url;
  }
}

TEST(Names, AreReadWithoutTheirEscapes) {
  // As the exchange sends it, and as Python's json.dumps writes it again.
  const std::string plain = R"({"stream":"币安usdt@depth@100ms","data":{"e":"depthUpdate",)"
                            R"("E":1782000000000,"s":"币安USDT","U":101,"u":102,"b":[],"a":[]}})";
  const std::string escaped = absl::StrReplaceAll(plain, {{"币安", R"(\u5e01\u5b89)"}});
  const std::size_t data = escaped.find(R"({"e")");
  const std::string raw = escaped.substr(data, escaped.size() - data - 1);
  ASSERT_NE(plain, escaped);
  for (const std::string& frame : {plain, escaped, raw}) {
    Bench bench;
    bench.Give(bench.SnapshotAt(100));
    bench.Give(frame);
    ASSERT_EQ(bench.engine.symbols().size(), 1U) << frame;
    EXPECT_EQ(bench.symbol().name(), "币安USDT");
    EXPECT_TRUE(bench.Live()) << frame;
  }
}

TEST(Beliefs, AFirstTimeThatNothingConfirmsDoesNotFreezeTheSymbol) {
  Bench bench;
  bench.Give(R"({"stream":"aaausdt@trade","data":{"e":"trade","E":4102444800000,"s":"AAAUSDT",)"
             R"("t":1,"p":"100.00","q":"1.000","T":4102444800000,"m":true,"M":true}})");
  bench.Synchronise();
  for (int i = 0; i < 20; ++i) bench.GiveDepth();
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kClockRestarted), 1);
  EXPECT_EQ(bench.Value("trade_count_60s"), 0.0);
  EXPECT_LE(bench.Value("depth_age_ms"), 1.0);
}

TEST(Beliefs, DiffsThatWaitedThroughARestartOfTheClockStayBeforeThoseThatFollow) {
  Bench bench;
  const std::string rest = bench.market.Rest();
  const std::int64_t true_ms = bench.market.now_ms() + 1'000;
  const ReceiveTime received(bench.market.now_ms() * kMillisecond);
  const auto give_depth_at = [&](std::int64_t ms) {
    bench.market.set_now_ms(ms);
    bench.market.Move(2);
    GiveLine(received, bench.market.Depth(), &bench.engine);
  };
  give_depth_at(true_ms + 2 * kHour / kMillisecond);  // Its time is wrong, and it waits.
  give_depth_at(true_ms);                             // The clock restarts.
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kClockRestarted), 1);
  GiveLine(received, rest, &bench.engine);
  ASSERT_TRUE(bench.Live());
  EXPECT_EQ(bench.row().header.event_ns, true_ms * kMillisecond);
  give_depth_at(true_ms - 50);
  EXPECT_EQ(bench.row().header.event_ns, true_ms * kMillisecond);
  EXPECT_EQ(bench.Value("depth_age_ms"), 0.0);
}

TEST(Beliefs, NoRecordIsBeforeAnother) {
  Bench bench;
  bench.Give(
      absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", bench.SnapshotAt(100)));
  bench.Give(bench.market.DepthOf(101, 102, "", ""));
  ASSERT_EQ(bench.log.rows.size(), 1U);
  const std::int64_t first = bench.row().header.event_ns;
  bench.market.Pass(-3'700'000);
  bench.Give(bench.market.Trade());
  ASSERT_EQ(bench.log.rows.size(), 2U);
  EXPECT_EQ(bench.row().header.event_ns, first);
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kClockRestarted), 0);
}

TEST(Beliefs, ALossIsToldAlsoWhenTheClockRestarts) {
  Bench bench;
  bench.market.Pass(1'000'000'000);
  bench.Give(bench.market.Trade());
  bench.Give("#lost 1 disk");
  bench.market.Pass(-1'000'000'000);
  bench.Synchronise();
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kClockRestarted), 1);
  EXPECT_TRUE(bench.row().Has(quality::kDroppedInput));
}

TEST(Beliefs, OneAbsurdEventTimeBesideAGoodTradeTimeLeavesTheLagAsItIs) {
  Bench bench;
  bench.Synchronise();
  const auto lag = bench.symbol().lag_range();
  ASSERT_TRUE(lag.has_value());
  const auto trade = [&](std::int64_t event_ms) {
    const std::string frame = bench.market.Trade();
    const std::string time = absl::StrCat("\"E\":", bench.market.now_ms() + 1);
    EXPECT_NE(frame.find(time), std::string::npos);
    return absl::StrReplaceAll(frame, {{time, absl::StrCat("\"E\":", event_ms)}});
  };
  for (const std::int64_t absurd :
       {std::int64_t{4'000'000'000'000}, bench.market.now_ms() + 3'600'001}) {
    bench.Give(trade(absurd));
    EXPECT_EQ(bench.Value("lag_excess_ms"), 0.0);
  }
  EXPECT_EQ(bench.symbol().counts().disbelieved_times, 2);
  bench.GiveDepth();
  EXPECT_EQ(bench.Value("lag_excess_ms"), 0.0);
  EXPECT_EQ(bench.symbol().lag_range()->least, lag->least);
  bench.Give(trade(bench.market.now_ms() + 3'600'000));
  EXPECT_EQ(bench.symbol().lag_range()->least, lag->least - kHour) << "an hour is believed";
}

TEST(InputDoubts, ATradeOrTickerThatRepeatsIsDroppedHoweverOften) {
  Bench bench;
  bench.Synchronise();
  const std::string ticker = bench.market.Ticker();
  const std::string trade = bench.market.Trade();
  bench.Give(ticker);
  bench.Give(trade);
  for (int i = 0; i < 40; ++i) {
    bench.GiveDepth(500);
    bench.Give(ticker);
    bench.Give(trade);
  }
  EXPECT_EQ(bench.symbol().counts().duplicate_trades, 40);
  EXPECT_EQ(bench.symbol().counts().stale_tickers, 40);
  EXPECT_EQ(bench.Value("trade_count_60s"), 1.0);
  EXPECT_EQ(bench.Value("trade_count_10s"), 0.0);
  EXPECT_FALSE(bench.row().Has(quality::kTradeGap));
}

TEST(InputDoubts, TradeAndTickerIdsMayRestartWithThoseOfDepth) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.Ticker());
  bench.Give(bench.market.Trade());
  bench.market.RestartIds();
  const std::string low = bench.market.TradeOf(3, "100.00", "1.000");
  bench.Give(low);
  EXPECT_EQ(bench.symbol().counts().duplicate_trades, 1);
  for (int i = 0; i < 20; ++i) bench.GiveDepth(600);
  EXPECT_EQ(bench.symbol().book_counts().restarts, 1);
  bench.Give(bench.market.Ticker());
  EXPECT_EQ(bench.symbol().counts().stale_tickers, 0);
  bench.Give(low);
  EXPECT_EQ(bench.Value("trade_count_60s"), 2.0);
  EXPECT_TRUE(bench.row().Has(quality::kTradeGap)) << "fills may be missing";
  bench.Give(low);
  EXPECT_EQ(bench.symbol().counts().duplicate_trades, 2) << "once";
}

TEST(Beliefs, AfterTheLargestTradeIdOfAllTheNumberingMayRestartToo) {
  Bench bench;
  bench.Synchronise();
  bench.Give(bench.market.TradeOf(INT64_MAX, "100.00", "1.000"));
  bench.market.RestartIds();
  for (int i = 0; i < 20; ++i) bench.GiveDepth(600);
  bench.Give(bench.market.Trade());
  EXPECT_EQ(bench.symbol().counts().trade_gaps, 1);
  EXPECT_TRUE(bench.row().Has(quality::kTradeGap));
  EXPECT_EQ(bench.row().trigger(), Trigger::kTrade);
}

TEST(Beliefs, FaultS9AHeldSnapshotThatTheFeedDoesNotComeToIsGivenUp) {
  Bench bench;
  bench.GiveDepth();
  bench.Give(R"(#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {"lastUpdateId":900000000000,)"
             R"("bids":[["99.00","1.000"]],"asks":[["101.00","1.000"]]})");
  for (int i = 0; i < 40; ++i) bench.GiveDepth(500);
  EXPECT_EQ(bench.symbol().state(), SymbolState::kBuffering);
  ASSERT_GE(bench.log.wishes.size(), 2U);
  EXPECT_EQ(bench.log.wishes.back().reason, SnapshotReason::kUnusable);
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_EQ(bench.symbol().state(), SymbolState::kLive);
}

}  // namespace
}  // namespace thalweg
