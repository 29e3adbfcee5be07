#include "pipeline/symbol_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "pipeline/shard_engine.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

class SymbolBoardTest : public testing::Test {
 protected:
  SymbolBoardTest() {
    options_.symbols = {"AAAUSDT", "BBBUSDT"};
    catalogue_ = std::make_unique<Catalogue>(MakeCatalogue(options_));
    pool_ = InputPool::Create({}, 3).value();
    engine_ = std::make_unique<ShardEngine>(options_, *catalogue_, ShardOutputs{.board = &board_},
                                            *pool_, orders_);
  }

  void Use(InputKind kind, const std::string& name, const std::string& payload) {
    LiveInput* const input = pool_->Take(name.size() + payload.size());
    InputPool::SetText(*input, name, payload);
    input->kind = kind;
    input->connection = 1;
    input->received = Now();
    pool_->Hold(*input);
    engine_->Use(input);
  }
  void Step(std::int64_t milliseconds) {
    market_.Pass(milliseconds);
    market_.Move(3);
    Use(InputKind::kFrame, "", market_.Depth());
  }
  void Beat() { engine_->OnTimer(Now(), ++beats_); }
  [[nodiscard]] ReceiveTime Now() const { return ReceiveTime(market_.now_ms() * kMillisecond); }

  EngineOptions options_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<InputPool> pool_;
  SnapshotOrders orders_{{"AAAUSDT", "BBBUSDT"}};
  SymbolBoard board_{2};
  std::unique_ptr<ShardEngine> engine_;
  FeedBuilder market_{"AAAUSDT", FeedBuilder::Numbering::kSpot, 1};
  std::int64_t beats_ = 0;
};

// Against the engine itself.
TEST_F(SymbolBoardTest, ShowsWhatTheEngineIsAtEachBeat) {
  EXPECT_EQ(board_.Read(0).state, 0);
  Use(InputKind::kConnectionOpen, "", "/stream?streams=aaausdt@depth@100ms/aaausdt@bookTicker");
  Step(1);
  EXPECT_EQ(board_.Read(0).counts.depth_frames, 0) << "nothing before a beat";
  Use(InputKind::kRest, "/api/v3/depth?symbol=AAAUSDT&limit=1000", market_.Snapshot());
  for (int i = 0; i < 10; ++i) Step(100);
  Use(InputKind::kFrame, "", market_.Ticker());
  const ReceiveTime used = Now();
  market_.Pass(20);
  Beat();
  const SymbolEngine& symbol = *engine_->engine().symbols()[0];
  const SymbolReading reading = board_.Read(0);
  EXPECT_EQ(reading.state, static_cast<std::int64_t>(SymbolState::kLive));
  EXPECT_EQ(reading.quality, symbol.quality());
  EXPECT_EQ(reading.update_id, symbol.update_id().raw());
  EXPECT_EQ(reading.event_ns, symbol.clock()->raw());
  EXPECT_EQ(reading.counts.depth_frames, 11);
  EXPECT_EQ(reading.counts.ticker_audits, symbol.counts().ticker_audits);
  EXPECT_EQ(reading.book.applied, symbol.book_counts().applied);
  EXPECT_EQ(reading.book.bucket_repairs, symbol.book_counts().bucket_repairs);
  EXPECT_EQ(reading.is_depth_open, 1);
  EXPECT_EQ(reading.used_ns[0], used.raw());
  EXPECT_EQ(reading.used_ns[1], used.raw());
  EXPECT_EQ(reading.used_ns[2], 0) << "no trade came";
  EXPECT_EQ(board_.counts().frames, engine_->engine().counts().frames);
  EXPECT_EQ(board_.Read(1).state, static_cast<std::int64_t>(SymbolState::kDown));

  Use(InputKind::kConnectionClosed, "", "");
  Beat();
  EXPECT_EQ(board_.Read(0).is_depth_open, 0);
  EXPECT_EQ(board_.Read(0).state, static_cast<std::int64_t>(SymbolState::kLive))
      << "the book goes on if nothing was missed";
}

TEST_F(SymbolBoardTest, MayBeReadWhileItIsWritten) {
  std::atomic<bool> is_over{false};
  std::int64_t newest = 0;
  std::thread reader([&] {
    while (!is_over.load()) {
      const std::int64_t count = board_.Read(0).counts.depth_frames;
      EXPECT_GE(count, newest);
      newest = count;
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    Step(1);
    Beat();
  }
  is_over.store(true);
  reader.join();
  EXPECT_EQ(board_.Read(0).counts.depth_frames, 2'000);
}

}  // namespace
}  // namespace thalweg
