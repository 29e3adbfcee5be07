// The digest marks of a shard, without its thread.
#include "pipeline/shard_engine.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/core/ring_testing.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

// Keeps what it is given, and gives back nothing.
class GreedySink final : public InputSink {
 public:
  bool Take(LiveInput& input) override {
    if (input.kind == InputKind::kDigest) marks.push_back(&input);
    return true;
  }
  std::vector<LiveInput*> marks;
};

class ShardEngineTest : public testing::Test {
 protected:
  ShardEngineTest() {
    options_.symbols = {"AAAUSDT"};
    options_.emit = EmitPolicy::All();
    catalogue_ = std::make_unique<Catalogue>(MakeCatalogue(options_));
    pool_ = InputPool::Create({}, 2).value();
    engine_ = std::make_unique<ShardEngine>(options_, *catalogue_, ShardOutputs{.sink = &sink_},
                                            *pool_, orders_);
  }

  void Use(InputKind kind, const std::string& name, const std::string& payload) {
    UseBy(*engine_, kind, name, payload);
    if (beside_) UseBy(*beside_, kind, name, payload);
  }
  void UseBy(ShardEngine& engine, InputKind kind, const std::string& name,
             const std::string& payload) {
    LiveInput* const input = pool_->Take(name.size() + payload.size());
    InputPool::SetText(*input, name, payload);
    input->kind = kind;
    input->received = ReceiveTime(market_.now_ms() * kMillisecond);
    pool_->Hold(*input);
    engine.Use(input);
  }
  void Step(std::int64_t milliseconds) {
    market_.Pass(milliseconds);
    market_.Move(3);
    Use(InputKind::kFrame, "", market_.Depth());
  }
  void Synchronise() {
    Step(1);
    Use(InputKind::kRest, "/api/v3/depth?symbol=AAAUSDT&limit=1000", market_.Snapshot());
    Step(1);
  }

  EngineOptions options_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<InputPool> pool_;
  SnapshotOrders orders_{{"AAAUSDT"}};
  GreedySink sink_;
  std::unique_ptr<ShardEngine> engine_;
  std::unique_ptr<ShardEngine> beside_;  // Another one, when a test wants it.
  FeedBuilder market_{"AAAUSDT", FeedBuilder::Numbering::kSpot, 1};
};

TEST_F(ShardEngineTest, ADigestIsMarkedOnceASecondOfReceiveTimeWhenRecordsWereMade) {
  Synchronise();
  EXPECT_EQ(orders_.Take()->need, SnapshotNeed::kNoBook);
  for (int i = 0; i < 25; ++i) Step(100);
  ASSERT_EQ(sink_.marks.size(), 2u);
  const RecordDigest& digest = engine_->digest();
  EXPECT_LT(sink_.marks[1]->count, digest.record_count());
  for (int i = 0; i < 50; ++i) {
    market_.Pass(100);
    Use(InputKind::kFrame, "", "{}");
  }
  EXPECT_EQ(sink_.marks.size(), 3u) << "what was made since, and nothing after it";
  EXPECT_EQ(sink_.marks[2]->payload, digest.Hex());
  EXPECT_EQ(sink_.marks[2]->count, digest.record_count());
  market_.Pass(-3'000);
  Step(0);
  EXPECT_EQ(sink_.marks.size(), 4u) << "a clock that was set back counts like one that went on";
}

// Live, one frame of some is timed on its way into the ring; what is recorded does not know of it.
TEST_F(ShardEngineTest, StagesOfFramesAreToldInTheRingAndChangeNoRecord) {
  const RingFolder folder;
  RingPublisherOptions publishing;
  publishing.name = "test";
  publishing.folder = folder.path();
  const auto publisher = *RingPublisher::Create(publishing, options_, *catalogue_);
  beside_ = std::make_unique<ShardEngine>(
      options_, *catalogue_, ShardOutputs{.publisher = publisher.get(), .sink = &sink_}, *pool_,
      orders_);
  Synchronise();
  for (int i = 0; i < 100; ++i) Step(100);
  ASSERT_GT(engine_->digest().record_count(), 90);
  EXPECT_EQ(beside_->digest().record_count(), engine_->digest().record_count());
  EXPECT_EQ(beside_->digest().Hex(), engine_->digest().Hex());

  RingOpenOptions reading;
  reading.folder = folder.path();
  const RingReader reader = RingReader::Open("test", reading).value();
  // 102 frames: the first, which makes no record, and every 17th.
  EXPECT_EQ(reader.stage(Stage::kDecode)->count, 102U / kTimedFrames);
  EXPECT_EQ(reader.stage(Stage::kBook)->count, 102U / kTimedFrames);
  EXPECT_EQ(reader.stage(Stage::kFeatures)->count, 102U / kTimedFrames - 1);
  EXPECT_EQ(reader.stage(Stage::kPublish)->count, 102U / kTimedFrames - 1);
  EXPECT_EQ(reader.stage(Stage::kQueue)->count, 0U) << "these frames do not say since when";
}

TEST_F(ShardEngineTest, AnAuditThatWaitsIsAskedForAgainAsOneAndNotAsIfThereWereNoBook) {
  Synchronise();
  ASSERT_EQ(orders_.Take()->need, SnapshotNeed::kNoBook);
  const std::int64_t id = market_.told_id() + 1;
  Use(InputKind::kFrame, "", market_.DepthOf(id, id, R"(["100.90","1"])", ""));  // It crosses.
  market_.SetId(id);
  Step(600);
  auto order = orders_.Take();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->need, SnapshotNeed::kDoubt);
  const ReceiveTime now(market_.now_ms() * kMillisecond);
  engine_->OnTimer(now + 10 * kSecond, 1);
  order = orders_.Take();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->need, SnapshotNeed::kDoubt);
  // Once the book is lost it is as urgent as any.
  market_.SetId(id + 100);
  Step(1);
  engine_->OnTimer(now + 20 * kSecond, 1);
  order = orders_.Take();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->need, SnapshotNeed::kNoBook);
}

class AuditedShardTest : public ShardEngineTest {
 protected:
  AuditedShardTest() {
    options_.audit_interval = kAuditIntervalMin;
    engine_ = std::make_unique<ShardEngine>(options_, *catalogue_, ShardOutputs{.sink = &sink_},
                                            *pool_, orders_);
  }
};

TEST_F(AuditedShardTest, AnAuditIsOrderedBehindEverythingElseUntilTheBookIsLost) {
  Synchronise();
  ASSERT_EQ(orders_.Take()->need, SnapshotNeed::kNoBook);
  ASSERT_FALSE(orders_.Take());
  Step(1'000);
  Step(1'000);
  auto order = orders_.Take();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->need, SnapshotNeed::kBackground);
  // Time that passes makes it no more urgent.
  engine_->OnTimer(ReceiveTime(market_.now_ms() * kMillisecond) + 60 * kSecond, 1);
  EXPECT_FALSE(orders_.Take());
  market_.SetId(market_.id() + 100);
  Step(1);
  order = orders_.Take();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->need, SnapshotNeed::kNoBook);
}

TEST_F(ShardEngineTest, ASinkThatKeepsEveryMarkStillGetsTheLastOne) {
  Synchronise();
  for (int i = 0; i < 100; ++i) Step(1'000);
  EXPECT_EQ(sink_.marks.size(), kDigestMarks);
  engine_->End(1);
  ASSERT_EQ(sink_.marks.size(), kDigestMarks + 1);
  EXPECT_EQ(sink_.marks.back()->payload, engine_->digest().Hex());
  EXPECT_EQ(sink_.marks.back()->count, engine_->digest().record_count());
}

}  // namespace
}  // namespace thalweg
