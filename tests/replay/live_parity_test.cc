// What a live shard has made and what a replay of its recording makes are the same, to the last
// bit.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/ring_format.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/replay/live_run.h"
#include "tests/replay/market_testing.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

// Frames that may wait before a test waits, too: far from any bound.
constexpr std::int64_t kAhead = 2'000;

EngineOptions OptionsOf(std::vector<std::string> symbols) {
  EngineOptions options;
  options.symbols = std::move(symbols);
  options.emit = EmitPolicy::All();
  return options;
}

RingPublisherOptions SomeRings() {
  RingPublisherOptions publishing;
  publishing.name = "live";
  return publishing;
}

// Waits when the engine is far behind.
void GiveInTime(LiveRun& run, const RecordingLine& line) {
  run.Give(line);
  const ShardCounts counts = run.shard().counts();
  if (counts.intake.given - counts.inputs <= kAhead) return;
  ASSERT_TRUE(run.WaitUntilUsed());
}

void ExpectParity(LiveRun& run, std::int64_t records_min) {
  ASSERT_TRUE(run.WaitUntilUsed());
  const absl::Status stopped = run.Stop();
  ASSERT_TRUE(stopped.ok()) << stopped;
  ASSERT_EQ(run.shard().counts().intake.lost_frames, 0);
  const RecordDigest& digest = run.shard().engine()->digest();
  EXPECT_GE(digest.record_count(), records_min);
  const Replayed replayed = run.Replay();
  ASSERT_TRUE(replayed.status.ok()) << replayed.status;
  EXPECT_TRUE(replayed.told.empty()) << replayed.told.front();
  EXPECT_EQ(replayed.digest, digest.Hex());
  EXPECT_EQ(replayed.records, digest.record_count());
  EXPECT_EQ(replayed.wrong_marks, 0);
  EXPECT_GT(replayed.marks, 1);
  EXPECT_EQ(replayed.last_mark, digest.Hex());
  EXPECT_TRUE(replayed.table == run.table().Close()) << "the tables differ";
}

TEST(LiveParityTest, TheRealRecordingGivesTheSameRecordsLiveAndInReplay) {
  const std::vector<std::string> files = RecordedFiles("spot-btcusdt-2024-08-08");
  if (files.empty()) GTEST_SKIP() << kNoData;
  const RecordedFeed feed(files, TakeShortPart() ? 4'000 : 0);
  LiveRun run(OptionsOf({"BTCUSDT"}), {}, SomeRings());
  run.Start();
  run.GiveText(feed.lines().front().received, "#conn 1 open wss://h/stream?streams=btcusdt@depth");
  for (const RecordedFeed::Line& line : feed.lines()) {
    RecordingLine frame;
    frame.kind = LineKind::kFrame;
    frame.receive_time = line.received;
    frame.payload = line.payload;
    GiveInTime(run, frame);
  }
  run.GiveText(feed.lines().back().received, "#conn 1 close 1006");
  ExpectParity(run, TakeShortPart() ? 1'000 : 10'000);
}

TEST(LiveParityTest, AMarketOfTwentySymbolsGivesTheSameRecordsLiveAndInReplay) {
  MarketOptions market;
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) {
    names.push_back("S" + std::to_string(i) + "USDT");
    market.symbols.push_back(ParseMarketSymbol(names.back() + ":20").value());
  }
  market.levels = 300;
  const Nanos span = (TakeShortPart() ? 5 : 30) * kSecond;
  LiveRun run(OptionsOf(names), {}, SomeRings());
  run.set_segment_bytes(300'000);
  run.Start();
  MarketLines lines(market);
  while (true) {
    const RecordingLine& line = lines.Next();
    if (lines.age() > span) break;
    GiveInTime(run, line);
  }
  ExpectParity(run, 1'000);
  EXPECT_GT(SegmentsIn(run.folder()).size(), 1u);
}

}  // namespace
}  // namespace thalweg
