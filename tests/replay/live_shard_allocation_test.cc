// From the network's thread over the engine's with rings, digest and marks to the recorder's: once
// all of it is warm, frames allocate nothing on any of the three, and neither does losing them.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/shard_intake.h"
#include "tests/core/allocation_count.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/replay/live_run.h"

namespace thalweg {
namespace {

constexpr int kSteps = 300;

struct Frame {
  ReceiveTime received;
  std::string text;
};

std::vector<Frame> MakeFrames(FeedBuilder& market, int steps) {
  std::vector<Frame> frames;
  for (int i = 0; i < steps; ++i) {
    market.Pass(100);
    market.Move(10);
    const ReceiveTime now(market.now_ms() * kMillisecond);
    for (const std::string& text : {market.Depth(), market.Ticker(), market.Trade()}) {
      frames.push_back({now, text});
    }
  }
  return frames;
}

void Give(LiveRun& run, const std::vector<Frame>& frames) {
  for (const Frame& frame : frames) {
    run.input().OnFrame(1, frame.received, RingPublisher::MonotonicNow(), frame.text);
  }
  ASSERT_TRUE(run.WaitUntilUsed());
}

TEST(LiveShardAllocationTest, FramesAllocateNothingOnAnyThreadOnceAllIsWarm) {
  EngineOptions options;
  options.symbols = {"AAAUSDT"};
  options.emit = EmitPolicy::All();
  options.bucket_sizes = {"0.1", "1"};
  RingPublisherOptions publishing;
  publishing.name = "live";
  LiveRun run(options, {}, publishing);
  run.set_output(nullptr);
  run.Start();
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 7, 200);
  Give(run, MakeFrames(market, 1));
  run.GiveText(ReceiveTime(market.now_ms() * kMillisecond), market.Rest());
  for (int round = 0; round < 6; ++round) Give(run, MakeFrames(market, kSteps));
  std::vector<std::vector<Frame>> rounds;
  for (int round = 0; round < 6; ++round) rounds.push_back(MakeFrames(market, kSteps));
  ASSERT_TRUE(run.WaitUntilUsed());
  const std::int64_t records = run.shard().counts().records;

  const std::int64_t before = AllocationCount();
  for (const std::vector<Frame>& frames : rounds) Give(run, frames);
  EXPECT_EQ(AllocationCount(), before);

  EXPECT_EQ(run.shard().counts().records - records, 6 * kSteps * 3);
  EXPECT_EQ(run.shard().counts().intake.lost_frames, 0);
  ASSERT_TRUE(run.Stop().ok());
  const Replayed replayed = run.Replay();
  EXPECT_EQ(replayed.digest, run.shard().engine()->digest().Hex());
  EXPECT_GT(replayed.marks, 100);
}

TEST(LiveShardAllocationTest, FaultQ1LosingFramesAllocatesNothing) {
  const std::vector<std::string> symbols{"AAAUSDT", "BBBUSDT"};
  const auto pool = InputPool::Create({{16, 4, 2, 1}}, symbols.size() + 1).value();
  InputQueue queue(1, pool->input_count());
  SnapshotOrders orders(symbols);
  ShardIntake intake(symbols, *pool, queue, orders);
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 8);
  const std::vector<Frame> frames = MakeFrames(market, 100);

  const std::int64_t before = AllocationCount();
  for (const Frame& frame : frames) intake.OnFrame(1, frame.received, 1, frame.text);
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_GT(intake.counts().lost_frames, 250);
}

}  // namespace
}  // namespace thalweg
