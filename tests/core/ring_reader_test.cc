// A reader beside a writer in one process: what it reads, what it misses, what it says of both.
#include "thalweg/ring_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <numeric>
#include <optional>
#include <thread>

#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

constexpr SymbolId kFirst{0};
constexpr SymbolId kSecond{1};

std::int64_t MonotonicNow() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

void ExpectRecord(RingReader& reader, std::uint64_t n) {
  ASSERT_EQ(reader.Next(), RingRead::kRecord) << n;
  EXPECT_TRUE(TestRecord::IsWhole(reader.record(), n, n)) << n;
}

TEST(RingReaderTest, EveryRecordIsReadInItsOrderAsItWasPublished) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  RingReader reader = OpenTestRing(folder);
  EXPECT_EQ(reader.Next(), RingRead::kNothing);
  for (std::uint64_t n = 1; n <= 30; ++n) {
    ring.PublishTo(n);
    ExpectRecord(reader, n);
    EXPECT_EQ(reader.record().header().seq, n);
    EXPECT_EQ(reader.Next(), RingRead::kNothing);
  }
  EXPECT_EQ(reader.lost(), 0u);
  EXPECT_EQ(reader.newest(), 30u);
}

TEST(RingReaderTest, AReaderStartsAtTheNewestAtTheOldestOrAtANumber) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  ring.PublishTo(20);
  RingReader reader = OpenTestRing(folder, RingStart::kNewest);
  ExpectRecord(reader, 20);
  reader.Seek(RingStart::kOldest);
  for (std::uint64_t n = 13; n <= 20; ++n) ExpectRecord(reader, n);
  reader.Seek(17);
  ExpectRecord(reader, 17);
  reader.Seek(22);
  EXPECT_EQ(reader.Next(), RingRead::kNothing);
  ring.PublishTo(22);
  ExpectRecord(reader, 22);
  EXPECT_EQ(reader.lost(), 0u);
}

TEST(RingReaderTest, SlowReaderIsLappedNotWaitedForAndLearnsHowManyItLost) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  RingReader reader = OpenTestRing(folder);
  ring.PublishTo(3);
  ExpectRecord(reader, 1);
  ring.PublishTo(9);
  ExpectRecord(reader, 2);  // Still held: 2 to 9 are.
  ring.PublishTo(50);
  ASSERT_EQ(reader.Next(), RingRead::kLapped);
  EXPECT_EQ(reader.last_lost(), 47u);  // 3 to 49.
  ExpectRecord(reader, 50);
  EXPECT_EQ(reader.lost(), 47u);
  reader.Seek(std::uint64_t{1});
  ASSERT_EQ(reader.Next(), RingRead::kLapped);
  EXPECT_EQ(reader.last_lost(), 49u);
  EXPECT_EQ(reader.lost(), 96u);
}

TEST(RingReaderTest, TheOldestOfAFullRingThatIsBeingWrittenLeavesASixteenthOut) {
  const RingFolder folder;
  {
    const TestRing ring(folder, TestShape(32));
    ring.PublishTo(100);
    RingReader reader = OpenTestRing(folder);
    ExpectRecord(reader, 69 + 2);
    EXPECT_EQ(reader.lost(), 0u);
  }
  RingReader reader = OpenTestRing(folder);
  ExpectRecord(reader, 69);
}

TEST(RingReaderTest, WhereNobodyWritesAnyMoreALapGoesOnAtTheOldestHeld) {
  const RingFolder folder;
  {
    const TestRing ring(folder, TestShape(8));
    ring.PublishTo(20);
  }
  RingReader reader = OpenTestRing(folder);
  reader.Seek(std::uint64_t{1});
  ASSERT_EQ(reader.Next(), RingRead::kLapped);
  EXPECT_EQ(reader.last_lost(), 12u);
  for (std::uint64_t n = 13; n <= 20; ++n) ExpectRecord(reader, n);
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
  EXPECT_EQ(reader.lost(), 12u);
}

TEST(RingReaderTest, ARingOfOneSlotHoldsItsNewestRecord) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(1));
  RingReader reader = OpenTestRing(folder);
  ring.PublishTo(1);
  ExpectRecord(reader, 1);
  ring.PublishTo(3);
  ASSERT_EQ(reader.Next(), RingRead::kLapped);
  EXPECT_EQ(reader.last_lost(), 1u);
  ExpectRecord(reader, 3);
}

TEST(RingReaderTest, AClosedRingIsReadToItsEnd) {
  const RingFolder folder;
  {
    const TestRing ring(folder, TestShape(8));
    ring.PublishTo(10);
  }
  RingReader reader = OpenTestRing(folder);
  EXPECT_EQ(reader.writer(), RingWriterLife::kClosed);
  for (std::uint64_t n = 3; n <= 10; ++n) ExpectRecord(reader, n);
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
  EXPECT_EQ(reader.Wait(std::chrono::seconds(3600)), RingRead::kEnded);
}

TEST(RingReaderTest, AWriterWithoutASignOfLifeForASecondIsSilent) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  const RingReader reader = OpenTestRing(folder);
  EXPECT_EQ(reader.writer(), RingWriterLife::kWriting);
  ring.writer->Beat(MonotonicNow() - kRingSilentAfterNs - 1);
  EXPECT_EQ(reader.writer(), RingWriterLife::kSilent);
  ring.writer->Beat(MonotonicNow());
  EXPECT_EQ(reader.writer(), RingWriterLife::kWriting);
}

TEST(RingReaderTest, ANewWriterMakesANewFileAndReadersFollowIt) {
  const RingFolder folder;
  auto first = std::make_unique<TestRing>(folder, TestShape(8));
  first->PublishTo(5);
  RingReader reader = OpenTestRing(folder);
  ExpectRecord(reader, 1);
  EXPECT_FALSE(reader.Reopen().value());
  first.reset();
  const TestRing second(folder, TestShape(8));
  second.PublishTo(2);
  EXPECT_EQ(reader.writer(), RingWriterLife::kSuperseded);
  ExpectRecord(reader, 2);  // The old file stays as it was.
  EXPECT_TRUE(reader.Reopen().value());
  EXPECT_EQ(reader.lost(), 3u);  // 3 to 5 of the old file.
  EXPECT_EQ(reader.header().generation, 2u);
  EXPECT_EQ(reader.writer(), RingWriterLife::kWriting);
  ExpectRecord(reader, 1);
  ExpectRecord(reader, 2);
  EXPECT_EQ(reader.Next(), RingRead::kNothing);
}

TEST(RingReaderTest, WhatANewFileHoldsNoMoreIsLostToo) {
  const RingFolder folder;
  auto first = std::make_unique<TestRing>(folder, TestShape(8));
  first->PublishTo(5);
  RingReader reader = OpenTestRing(folder);
  ExpectRecord(reader, 1);
  first.reset();
  const TestRing second(folder, TestShape(8));
  second.PublishTo(20);
  std::filesystem::rename(folder.File("test"), folder.File("moved"));
  EXPECT_TRUE(absl::IsNotFound(reader.Reopen().status()));
  EXPECT_EQ(reader.lost(), 0u);
  std::filesystem::rename(folder.File("moved"), folder.File("test"));
  EXPECT_TRUE(reader.Reopen().value());
  EXPECT_EQ(reader.last_lost(), 4u + 12u);
  ExpectRecord(reader, 13);
}

TEST(RingReaderTest, ASymbolsNewestRecordIsThereForWhoComesLate) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(2));
  EXPECT_TRUE(ring.writer->AddSymbol(kFirst, "BTCUSDT"));
  EXPECT_TRUE(ring.writer->AddSymbol(kSecond, "ETHUSDT"));
  RingReader reader = OpenTestRing(folder);
  EXPECT_EQ(reader.symbol_count(), 2u);
  EXPECT_FALSE(reader.Latest("BTCUSDT"));
  ring.PublishTo(1, kFirst);
  ring.PublishTo(9, kSecond);
  ASSERT_TRUE(reader.Latest("BTCUSDT"));
  EXPECT_TRUE(TestRecord::IsWhole(reader.record(), 1, 1));
  ASSERT_TRUE(reader.Latest(1));
  EXPECT_TRUE(TestRecord::IsWhole(reader.record(), 9, 9));
  EXPECT_FALSE(reader.Latest("XRPUSDT"));
  EXPECT_FALSE(reader.Latest(2));
  EXPECT_EQ(reader.position(), 1u);
}

TEST(RingReaderTest, AStatusIsSeenAtOnceWithoutARecord) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(2));
  ring.writer->AddSymbol(kFirst, "BTCUSDT");
  const RingReader reader = OpenTestRing(folder);
  const std::optional<RingSymbol> fresh = reader.state("BTCUSDT");
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->status.state, 0u);

  RingStatus status;
  status.state = 3;
  status.quality = 3;
  status.changed_ns = 1'000;
  status.update_id = 42;
  ring.writer->SetStatus(kFirst, status);
  RingSymbolCounts counts;
  counts.gaps = 7;
  ring.writer->SetCounts(kFirst, counts);
  std::optional<RingSymbol> now = reader.state("BTCUSDT");
  ASSERT_TRUE(now);
  EXPECT_EQ(now->name, "BTCUSDT");
  EXPECT_EQ(now->status.state, 3u);
  EXPECT_EQ(now->status.quality, 3u);
  EXPECT_EQ(now->status.update_id, 42u);
  EXPECT_EQ(now->status.changed_ns, 1'000);
  EXPECT_EQ(now->status.change, fresh->status.change + 1);
  EXPECT_EQ(now->counts.gaps, 7u);

  // Another update id is no change of state.
  status.update_id = 43;
  status.changed_ns = 2'000;
  ring.writer->SetStatus(kFirst, status);
  now = reader.state("BTCUSDT");
  EXPECT_EQ(now->status.update_id, 43u);
  EXPECT_EQ(now->status.changed_ns, 1'000);
  EXPECT_FALSE(reader.state("ETHUSDT"));
}

TEST(RingReaderTest, SymbolsThatDoNotFitAreCountedAndPublishedAllTheSame) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  shape.symbols_max = 2;
  const TestRing ring(folder, shape);
  EXPECT_FALSE(ring.writer->AddSymbol(kFirst, std::string(kRingNameBytes, 'x')));
  EXPECT_TRUE(ring.writer->AddSymbol(kSecond, std::string(kRingNameBytes - 1, 'x')));
  EXPECT_FALSE(ring.writer->AddSymbol(SymbolId{2}, "BTCUSDT"));
  ring.PublishTo(1, SymbolId{2});
  RingReader reader = OpenTestRing(folder);
  ExpectRecord(reader, 1);
  EXPECT_EQ(reader.statistics().unlisted_symbols, 2u);
  EXPECT_EQ(reader.symbol_count(), 2u);
  EXPECT_EQ(reader.symbol(0)->name, "");
  EXPECT_EQ(reader.symbol(1)->name, std::string(kRingNameBytes - 1, 'x'));
  EXPECT_FALSE(reader.state(""));
}

TEST(RingReaderTest, ColumnsAreFoundByName) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  ring.PublishTo(1);
  RingReader reader = OpenTestRing(folder);
  ExpectRecord(reader, 1);
  const RingColumn column = reader.Column("value_3").value();
  const auto bound = reader.Bind<"value_0", "value_3">().value();
  const auto expected = std::bit_cast<double>(TestRecord::Word(1, 8 + 3));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(reader.record()[column]),
            std::bit_cast<std::uint64_t>(expected));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(bound.Get<"value_3">(reader.record())),
            std::bit_cast<std::uint64_t>(expected));
  EXPECT_TRUE(absl::IsNotFound(reader.Column("mid").status()));
  EXPECT_TRUE(absl::IsNotFound(reader.Bind<"mid">().status()));
  EXPECT_TRUE(absl::IsInvalidArgument(reader.Column("seq").status()));
}

TEST(RingReaderTest, StatisticsAreTheWriters) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  RingStatistics statistics;
  statistics.frames = 12;
  statistics.receive_ns = 34;
  ring.writer->SetStatistics(statistics);
  ring.writer->AddLatency(5);
  ring.writer->AddLatency(5'000);
  ring.writer->AddLatency(INT64_MAX);
  ring.writer->AddLatency(-1);
  ring.PublishTo(3);
  const RingStatistics read = OpenTestRing(folder).statistics();
  EXPECT_EQ(read.frames, 12u);
  EXPECT_EQ(read.receive_ns, 34);
  EXPECT_EQ(read.records, 3u);
  EXPECT_EQ(read.latency_max_ns, std::uint64_t{INT64_MAX});
  EXPECT_EQ(read.latency_cells[0], 1u);
  EXPECT_EQ(read.latency_cells[5], 1u);
  EXPECT_EQ(read.latency_cells[kRingLatencyCells - 1], 1u);
}

TEST(RingReaderTest, StagesAreTheWriters) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  shape.stages = true;
  const TestRing ring(folder, shape);
  const RingReader reader = OpenTestRing(folder);
  std::uint64_t sum = 0;
  for (const std::int64_t nanos : {5L, 5'000L, 0L, -1L, 1L << 40}) {
    ring.writer->AddStage(Stage::kQueue, nanos);
    sum += static_cast<std::uint64_t>(std::max(nanos, 0L));
  }
  ring.writer->AddStage(Stage::kPublish, 7);
  ring.PublishTo(3);
  const std::optional<RingStage> queue = reader.stage(Stage::kQueue);
  ASSERT_TRUE(queue);
  EXPECT_EQ(queue->count, 5u);
  EXPECT_EQ(queue->sum_ns, sum);
  EXPECT_EQ(queue->max_ns, std::uint64_t{1} << 40);
  EXPECT_EQ(queue->cells[0], 2u);
  EXPECT_EQ(queue->cells[5], 1u);
  EXPECT_EQ(queue->cells[kRingLatencyCells - 1], 1u);
  EXPECT_EQ(std::accumulate(std::begin(queue->cells), std::end(queue->cells), std::uint64_t{0}),
            queue->count);
  EXPECT_EQ(reader.stage(Stage::kPublish)->cells[7], 1u);
  EXPECT_EQ(reader.stage(Stage::kDecode)->count, 0u);
  EXPECT_FALSE(reader.stage(static_cast<Stage>(kStages.size())));
}

TEST(RingReaderTest, ARingWithoutStagesHasNone) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  ring.writer->AddStage(Stage::kQueue, 5);
  const RingReader reader = OpenTestRing(folder);
  for (const StageEntry& stage : kStages) EXPECT_FALSE(reader.stage(stage.stage));
  EXPECT_EQ(reader.header().stage_count, 0u);
  EXPECT_EQ(reader.header().stages_offset, 0u);
}

// The reader sleeps until it is woken, or looks up by itself: it needs the record either way.
void ExpectWaitIsEndedByARecord(bool wakes) {
  const RingFolder folder;
  RingShape shape = TestShape(8);
  shape.wakes = wakes;
  const TestRing ring(folder, shape);
  RingReader reader = OpenTestRing(folder);
  std::thread publisher([&] { ring.PublishTo(1); });
  EXPECT_EQ(reader.Wait(std::chrono::seconds(3600)), RingRead::kRecord);
  publisher.join();
  EXPECT_TRUE(TestRecord::IsWhole(reader.record(), 1, 1));
  EXPECT_EQ(reader.Wait(std::chrono::nanoseconds(1)), RingRead::kNothing);
}

TEST(RingReaderTest, WaitIsEndedByARecordOfAWriterThatWakes) { ExpectWaitIsEndedByARecord(true); }
TEST(RingReaderTest, WaitIsEndedByARecordOfAWriterThatDoesNotWake) {
  ExpectWaitIsEndedByARecord(false);
}

TEST(RingReaderTest, AReaderMovesWithItsPlace) {
  const RingFolder folder;
  const TestRing ring(folder, TestShape(8));
  ring.PublishTo(2);
  RingReader first = OpenTestRing(folder);
  ExpectRecord(first, 1);
  RingReader second = std::move(first);
  EXPECT_TRUE(TestRecord::IsWhole(second.record(), 1, 1));
  ExpectRecord(second, 2);
}

}  // namespace
}  // namespace thalweg
