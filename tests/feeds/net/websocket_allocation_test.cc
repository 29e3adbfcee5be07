// A message from the socket to the observer allocates nothing once buffers have their size.
#include <gtest/gtest.h>

#include "feeds/net/stream_slot.h"
#include "tests/core/allocation_count.h"
#include "tests/feeds/net/client_session.h"
#include "tests/feeds/net/raw_server.h"

namespace thalweg {
namespace {

TEST(WebSocketAllocationTest, AMessageAllocatesNothingAfterWarmUp) {
  constexpr std::int64_t kMessages = 40'000;
  std::string all;
  for (std::int64_t i = 0; i < kMessages; ++i) {
    all += ServerFrame(0x81, std::string(static_cast<std::size_t>(50 + i * 37 % 3'000), 'x'));
    if (i % 1'000 == 0) all += ServerFrame(0x89, "ping");
  }
  all += ServerFrame(0x88, ClosePayload(1'000));
  ClientSession session;
  session.keeps_messages = false;
  // Pongs are paced, and allocate: with one window for all only those of the warm-up are sent.
  session.options.pace_window = kHour;
  std::int64_t before = 0;
  std::int64_t after = 0;
  session.on_message = [&] {
    if (session.message_count == kMessages / 4) before = AllocationCount();
    if (session.message_count == kMessages) after = AllocationCount();
  };
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    connection.Send(all);
    connection.Drain();
  });
  session.Run(server.port());
  EXPECT_EQ(session.message_count, kMessages);
  EXPECT_EQ(after - before, 0);
}

// From the observer to the shard: which stream it is, the watch, the seam.
class CountingShard : public ShardInput {
 public:
  void OnConnectionOpen(std::int64_t, ReceiveTime, std::string_view) override {}
  void OnFrame(std::int64_t, ReceiveTime, std::int64_t, std::string_view) override { ++frames; }
  void OnConnectionClosed(std::int64_t, ReceiveTime, int) override {}
  bool OnRest(ReceiveTime, std::string_view, std::string_view) override { return true; }
  std::optional<SnapshotOrder> TakeOrder() override { return std::nullopt; }

  std::int64_t frames = 0;
};

class StillSocket : public StreamSocket {
 public:
  void Send(std::string) override {}
  void Ping() override {}
  void Close(int) override {}
  [[nodiscard]] FramePace& pace() noexcept override { return pace_; }
  [[nodiscard]] const SocketCounts& counts() const noexcept override { return counts_; }

 private:
  FramePace pace_;
  SocketCounts counts_;
};

TEST(WebSocketAllocationTest, AFrameOnItsWayToTheShardAllocatesNothing) {
  Nanos now = 1'000 * kSecond;
  SocketObserver* observer = nullptr;
  ConnectionBudget connects;
  WeightBudget weight(DefaultRateLimits(Market::kSpot));
  RandomSource random(1);
  std::int64_t last_connection = 0;
  SlotSurroundings surroundings{[&](const std::string&, SocketObserver& told) {
                                  observer = &told;
                                  return std::make_unique<StillSocket>();
                                },
                                [&] { return now; },
                                [&] { return ReceiveTime(now); },
                                [](std::string_view) {},
                                connects,
                                weight,
                                random,
                                last_connection,
                                ""};
  CountingShard shard;
  MergedStreams streams(PlanStreams({}, {"BTCUSDT", "ETHUSDT"})->front(), shard,
                        [](std::size_t, bool) {});
  StreamSlot slot({}, streams, surroundings);
  slot.Tick(now);
  ASSERT_NE(observer, nullptr);
  observer->OnOpen();
  const std::string frames[] = {
      R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"BTCUSDT","U":1,"u":1}})",
      R"({"stream":"ethusdt@bookTicker","data":{"u":7,"s":"ETHUSDT"}})",
      R"({"stream":"nobody@trade","data":{"e":"trade"}})",
  };
  const std::int64_t before = AllocationCount();
  for (int i = 0; i < 10'000; ++i) {
    now += kMillisecond;
    observer->OnMessage({ReceiveTime(now), now, frames[i % 3], false});
    slot.Tick(now);
  }
  EXPECT_LE(AllocationCount() - before, 20);  // A request or two of the watch, which are cold.
  EXPECT_EQ(shard.frames, 10'000);
}

}  // namespace
}  // namespace thalweg
