// A watch on rings that a writer in this process makes: what is new, rates, another generation, and
// rings that are not as they should be.

#include "tools/top/ring_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/quality.h"
#include "tests/tools/top/market_ring.h"

namespace thalweg {
namespace {

RingWatch OpenWatch(const RingFolder& folder, const std::string& name = "test") {
  return RingWatch::Open(name, folder.path()).value();
}

RingSymbolCounts CountsOf(std::uint64_t depth) {
  RingSymbolCounts counts;
  counts.depth_frames = depth;
  counts.ticker_frames = 2 * depth;
  return counts;
}

TEST(RingWatchTest, ShowsStateCountsAndTheNewestRecordOfEachSymbol) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT", "ETHUSDT"});
  ring.Publish(0, 61'602.01, 61'602.02);
  ring.Publish(0, 61'603.01, 61'603.02);
  ring.SetCounts(0, CountsOf(2));
  ring.SetStatus(1, 3, quality::kBookInvalid | quality::kResyncing);

  RingWatch watch = OpenWatch(folder);
  const RingScene& scene = watch.Look(0);
  EXPECT_EQ(scene.name, "test");
  EXPECT_EQ(scene.writer, RingWriterLife::kWriting);
  EXPECT_EQ(scene.generation, 1U);
  EXPECT_EQ(scene.pid, static_cast<std::uint64_t>(::getpid()));
  EXPECT_EQ(scene.records, 2U);
  EXPECT_EQ(scene.lost, 0U);
  EXPECT_EQ(scene.trouble, "");
  ASSERT_EQ(scene.symbols.size(), 2U);
  const SymbolScene& first = scene.symbols[0];
  EXPECT_EQ(first.name, "BTCUSDT");
  EXPECT_TRUE(first.readable);
  EXPECT_EQ(first.counts.ticker_frames, 4U);
  EXPECT_EQ(first.header.seq, 2U);
  EXPECT_EQ(first.figures[Figure::kBestBid], 61'603.01);
  EXPECT_EQ(first.figures[Figure::kTradeImbalance60s], -0.98);
  EXPECT_TRUE(std::isnan(first.figures[Figure::kMicroprice]));
  const SymbolScene& second = scene.symbols[1];
  EXPECT_EQ(second.header.seq, 0U);
  EXPECT_TRUE(std::isnan(second.figures[Figure::kBestBid]));
  EXPECT_EQ(second.status.state, 3U);

  // A gap is seen without a record.
  ring.SetStatus(0, 3, quality::kBookInvalid);
  EXPECT_EQ(watch.Look(1).symbols[0].status.quality, quality::kBookInvalid);
}

TEST(RingWatchTest, EveryShownFigureIsAFeatureOfTheCatalogue) {
  const Catalogue catalogue(DefaultBucketSizes());
  for (const std::string_view name : kFigureNames) {
    const auto& features = catalogue.features();
    EXPECT_TRUE(std::any_of(features.begin(), features.end(), [&](const Feature& feature) {
      return feature.name == name;
    })) << name;
  }
}

TEST(RingWatchTest, RatesAreThoseOfTheLastTwoSeconds) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT", "ETHUSDT"});
  RingWatch watch = OpenWatch(folder);
  EXPECT_TRUE(std::isnan(watch.Look(0).symbols[0].rates.depth));
  EXPECT_TRUE(std::isnan(watch.Look(0).records_rate));
  std::uint64_t depth = 0;
  const auto after = [&](std::int64_t at_ns, std::uint64_t more) {
    depth += more;
    ring.SetCounts(0, CountsOf(depth));
    for (std::uint64_t i = 0; i < more; ++i) ring.Publish(0, 100, 101);
    return watch.Look(at_ns).symbols[0].rates;
  };
  EXPECT_TRUE(std::isnan(after(kSecond / 4, 5).depth));  // Not yet long enough.
  EXPECT_DOUBLE_EQ(after(kSecond / 2, 5).depth, 20);
  EXPECT_DOUBLE_EQ(after(kSecond / 2, 0).ticker, 40);
  EXPECT_DOUBLE_EQ(watch.scene().records_rate, 20);
  EXPECT_DOUBLE_EQ(after(kSecond, 0).depth, 10);
  EXPECT_DOUBLE_EQ(after(3 * kSecond / 2, 0).depth, 10.0 / 1.5);
  EXPECT_DOUBLE_EQ(after(2 * kSecond, 0).depth, 5);
  EXPECT_DOUBLE_EQ(after(5 * kSecond / 2, 0).depth, 0);  // The burst is 2 seconds old.
  EXPECT_DOUBLE_EQ(watch.scene().symbols[1].rates.depth, 0);
}

TEST(RingWatchTest, StagesAreThoseOfAllTimeAndThoseOfTheLastTwoSeconds) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT"});
  RingWatch watch = OpenWatch(folder);
  const auto add = [&](Stage stage, std::int64_t nanos, int times) {
    for (int i = 0; i < times; ++i) ring.features().AddStage(stage, nanos);
  };
  add(Stage::kBook, 1'000, 5);
  ring.features().AddLatency(9'000);
  const auto book = [&](std::int64_t seconds) {
    return watch.Look(seconds * kSecond).stages[Index(Stage::kBook)];
  };
  EXPECT_EQ(book(0).all.count, 5U);
  EXPECT_EQ(watch.scene().stages[Index(Stage::kQueue)].all.count, 0U);
  EXPECT_EQ(watch.scene().latency.count, 1U);
  add(Stage::kBook, 100, 3);
  ring.features().AddLatency(7);
  const SpansScene first = book(1);
  EXPECT_EQ(first.all.count, 8U);
  EXPECT_EQ(first.all.max, 1'000);
  EXPECT_EQ(first.lately.count, 3U);
  EXPECT_LE(first.lately.max, 112);
  EXPECT_EQ(watch.scene().latency_lately.count, 1U);
  EXPECT_EQ(watch.scene().latency_lately.max, 7);
  // What is older than two seconds is not of the last ones.
  (void)book(2);
  (void)book(3);
  (void)book(4);
  EXPECT_EQ(book(5).lately.count, 0U);
  EXPECT_EQ(book(5).all.count, 8U);
}

TEST(RingWatchTest, TheWayOfTheMidIsThatOfTheEventClockFromTheOldestRecordOn) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT"});
  ring.Publish(0, 100, 102, kMarketStart);
  ring.Publish(0, 102, 104, kMarketStart + kSecond / 2);  // In the same second.
  ring.Publish(0, 104, 106, kMarketStart + kSecond);
  RingWatch watch = OpenWatch(folder);
  watch.Look(0);
  EXPECT_EQ(watch.Book(0).mids, (std::vector<double>{103, 105}));
  ring.Publish(0, 90, 92, kMarketStart + 3 * kSecond);
  watch.Look(1);
  EXPECT_EQ(watch.Book(0).mids, (std::vector<double>{103, 105, 105, 91}));
  ring.Publish(0, 80, 82, kMarketStart + 30'000 * kSecond);
  watch.Look(2);
  std::vector<double> mids(kMidSeconds, 91);
  mids.back() = 81;
  EXPECT_EQ(watch.Book(0).mids, mids);
}

TEST(RingWatchTest, RecordsThatWereOverwrittenAreLostAndThoseLeftOutAreSkipped) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT"}, "test", 4);
  for (int i = 0; i < 10; ++i) ring.Publish(0, 100, 101);
  RingWatch watch = OpenWatch(folder);
  EXPECT_EQ(watch.Look(0).lost, 0U);  // They were gone before it came.
  for (int i = 0; i < 10; ++i) ring.Publish(0, 100, 101);
  EXPECT_EQ(watch.Look(1).lost, 9U);  // It goes on at the newest.
  EXPECT_EQ(watch.scene().skipped, 0U);

  MarketRing wide(folder, {"BTCUSDT"}, "wide", 16'384);
  RingWatch slow = OpenWatch(folder, "wide");
  slow.Look(0);
  for (int i = 0; i < 3'000; ++i) wide.Publish(0, 100, 101);
  EXPECT_EQ(slow.Look(1).lost, 0U);
  EXPECT_EQ(slow.scene().skipped, 3'000U - 2'048U);
  EXPECT_EQ(slow.scene().symbols[0].header.seq, 3'000U);
}

TEST(RingWatchTest, LevelsAndBucketsComeFromTheOtherTwoRings) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT", "ETHUSDT"});
  ring.Publish(1, 2'501.5, 2'501.75);
  RingWatch watch = OpenWatch(folder);
  watch.Look(0);
  const BookScene book = watch.Book(1);
  ASSERT_EQ(book.levels[0].size(), kMarketLevels);
  ASSERT_EQ(book.levels[1].size(), kMarketLevels);
  EXPECT_EQ(book.levels[0][0].price, 2'501.5);
  EXPECT_EQ(book.levels[1][2].qty, 1.2);
  EXPECT_EQ(book.levels_update_id, 50'123'456'789U);
  ASSERT_EQ(book.buckets.size(), 2U);
  EXPECT_EQ(book.buckets[1].name, "t50");
  EXPECT_EQ(book.buckets[1].size, 50);
  EXPECT_EQ(book.buckets[1].sides[0].label, 2'500);
  EXPECT_EQ(book.buckets[1].sides[1].label, 2'550);
  EXPECT_EQ(book.buckets[1].sides[0].complete, 15U);
  EXPECT_EQ(book.buckets[1].sides[1].complete, 12U);
  EXPECT_EQ(book.buckets[1].sides[0].qty[1], 100);
  EXPECT_EQ(book.buckets[1].sides[1].notional[4], 10 * 2'501.75);

  const BookScene none = watch.Book(0);  // No record of it.
  EXPECT_TRUE(none.levels[0].empty());
  EXPECT_TRUE(none.buckets.empty());
  EXPECT_TRUE(watch.Book(77).levels[0].empty());
}

TEST(RingWatchTest, TheOtherRingsMayComeLaterAndThoseOfAnotherWriterAreNotShown) {
  const RingFolder folder;
  std::optional<MarketRing> old(std::in_place, folder, std::vector<std::string>{"BTCUSDT"});
  old->Publish(0, 100, 101);
  const std::string tops = folder.File("test.tops");
  std::filesystem::copy_file(tops, tops + ".kept");
  std::filesystem::rename(folder.File("test.ladders"), folder.File("test.ladders.kept"));
  RingWatch watch = OpenWatch(folder);
  watch.Look(0);
  EXPECT_TRUE(watch.Book(0).buckets.empty());
  std::filesystem::rename(folder.File("test.ladders.kept"), folder.File("test.ladders"));
  EXPECT_EQ(watch.Book(0).buckets.size(), 2U);

  old.reset();
  MarketRing next(folder, {"BTCUSDT"});
  next.Publish(0, 200, 201);
  std::filesystem::rename(tops + ".kept", tops);  // Of the first generation.
  watch.Look(kSecond);
  EXPECT_EQ(watch.scene().generation, 2U);
  EXPECT_TRUE(watch.Book(0).levels[0].empty());
  EXPECT_EQ(watch.Book(0).buckets[0].sides[0].label, 200);
}

TEST(RingWatchTest, AnotherGenerationIsFollowedAndTold) {
  const RingFolder folder;
  std::optional<MarketRing> old(std::in_place, folder,
                                std::vector<std::string>{"BTCUSDT", "ETHUSDT"});
  old->Publish(0, 100, 101);
  RingWatch watch = OpenWatch(folder);
  watch.Look(0);
  old->Close();
  EXPECT_EQ(watch.Look(kSecond).writer, RingWriterLife::kClosed);
  EXPECT_EQ(watch.scene().symbols.size(), 2U);
  EXPECT_EQ(watch.scene().news, "");

  old.reset();
  MarketRing next(folder, {"SOLUSDT"});
  next.Publish(0, 30, 31);
  const RingScene& scene = watch.Look(2 * kSecond);
  EXPECT_EQ(scene.generation, 2U);
  EXPECT_EQ(scene.writer, RingWriterLife::kWriting);
  EXPECT_EQ(scene.news, "generation 2 took over");
  EXPECT_EQ(scene.trouble, "");
  EXPECT_EQ(scene.lost, 0U);
  ASSERT_EQ(scene.symbols.size(), 1U);
  EXPECT_EQ(scene.symbols[0].name, "SOLUSDT");
  EXPECT_EQ(scene.symbols[0].figures[Figure::kBestBid], 30);
  EXPECT_TRUE(std::isnan(scene.symbols[0].rates.depth));
  EXPECT_EQ(watch.Look(11 * kSecond).news, "generation 2 took over");
  EXPECT_EQ(watch.Look(12 * kSecond).news, "");
}

TEST(RingWatchTest, AWriterWithoutASignOfLifeIsSilentSinceItsLastOne) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT"});
  RingWatch watch = OpenWatch(folder);
  EXPECT_EQ(watch.Look(0).silent, 0);
  const std::int64_t now =
      std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  ring.features().Beat(now - 5 * kSecond);
  EXPECT_EQ(watch.Look(5 * kSecond).writer, RingWriterLife::kSilent);
  EXPECT_GE(watch.scene().silent, 5 * kSecond);
  EXPECT_LT(watch.scene().silent, 3'600 * kSecond);
  ring.Beat();
  EXPECT_EQ(watch.Look(9 * kSecond).writer, RingWriterLife::kWriting);
  EXPECT_EQ(watch.scene().silent, 0);
}

TEST(RingWatchTest, ARingThatIsRemovedStaysAsItWas) {
  const RingFolder folder;
  MarketRing ring(folder, {"BTCUSDT"});
  ring.Publish(0, 100, 101);
  RingWatch watch = OpenWatch(folder);
  ring.Close();
  std::filesystem::remove(folder.File("test"));
  const RingScene& scene = watch.Look(kSecond);
  EXPECT_NE(scene.trouble.find(folder.File("test")), std::string::npos);
  EXPECT_EQ(scene.symbols[0].figures[Figure::kBestBid], 100);
}

TEST(RingWatchTest, RecordsOfOtherFieldsHaveNoFigures) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  ring.writer->AddSymbol(SymbolId{0}, "BTCUSDT");
  ring.writer->SetStatus(SymbolId{0}, RingStatus{});
  ring.PublishTo(3);
  RingWatch watch = OpenWatch(folder);
  const RingScene& scene = watch.Look(0);
  EXPECT_EQ(scene.records, 3U);
  ASSERT_EQ(scene.symbols.size(), 1U);
  for (std::size_t i = 0; i < kFigureNames.size(); ++i) {
    EXPECT_TRUE(std::isnan(scene.symbols[0].figures[static_cast<Figure>(i)]));
  }
}

TEST(RingWatchTest, WhatIsNoRingIsRefused) {
  const RingFolder folder;
  EXPECT_TRUE(absl::IsNotFound(RingWatch::Open("absent", folder.path()).status()));
  EXPECT_FALSE(RingWatch::Open("not a name", folder.path()).ok());
}

}  // namespace
}  // namespace thalweg
