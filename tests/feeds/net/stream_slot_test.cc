// One planned connection on a clock of the test's own, over sockets that do what the test says.
#include "feeds/net/stream_slot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/feeds/net/kept_shard.h"

namespace thalweg {
namespace {

class FakeSocket : public StreamSocket {
 public:
  FakeSocket(std::string socket_target, SocketObserver& socket_observer,
             std::vector<FakeSocket*>* list)
      : target(std::move(socket_target)), observer(socket_observer), list_(list) {
    list_->push_back(this);
  }
  ~FakeSocket() override { list_->erase(std::find(list_->begin(), list_->end(), this)); }

  void Send(std::string text) override { sent.push_back(std::move(text)); }
  void Ping() override { ++pings; }
  void Close(int code) override { close_code = code; }
  [[nodiscard]] FramePace& pace() noexcept override { return pace_; }
  [[nodiscard]] const SocketCounts& counts() const noexcept override { return kept_counts; }

  const std::string target;
  SocketObserver& observer;
  std::vector<std::string> sent;
  int pings = 0;
  int close_code = 0;
  bool is_open = false;
  bool is_over = false;
  bool is_stalled = false;
  Nanos last_ping = 0;
  SocketCounts kept_counts;

 private:
  std::vector<FakeSocket*>* list_;
  FramePace pace_;
};

std::string Depth(std::int64_t id) {
  return absl::StrCat(R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,)",
                      R"("s":"BTCUSDT","U":)", id, R"(,"u":)", id, R"(,"b":[],"a":[]}})");
}

// The exchange's events are one each 100 ms, numbered by time; open sockets deliver them.
class SlotTest : public testing::Test {
 protected:
  SlotTest() { Make(); }

  // `in_target`: as many streams are in the URL; the rest is asked for by SUBSCRIBE.
  void Make(std::size_t in_target = 3) {
    ConnectionPlan plan = PlanStreams({}, {"BTCUSDT"})->front();
    plan.in_target = in_target;
    streams = std::make_unique<MergedStreams>(
        std::move(plan), shard, [this](std::size_t, bool comes) { lines.push_back(comes); });
    slot = std::make_unique<StreamSlot>(options, *streams, surroundings);
    second_leg.reset();
  }
  void AddLeg() { second_leg = std::make_unique<StreamSlot>(options, *streams, surroundings); }
  // Of an endpoint of its own.
  void AddOtherLeg() {
    other_surroundings.emplace(surroundings);
    surroundings.is_only_endpoint = other_surroundings->is_only_endpoint = false;
    second_leg = std::make_unique<StreamSlot>(options, *streams, *other_surroundings);
  }
  void Pass(Nanos span) {
    const Nanos end = now + span;
    while (now < end) {
      now += 5 * kMillisecond;
      Serve();
      slot->Tick(now);
      if (second_leg) second_leg->Tick(now);
      streams->OnTimer(now, surroundings.wall());
      open_max = std::max(open_max, sockets.size());
    }
  }
  // Pings, answers, events.
  void Serve() {
    const std::vector<FakeSocket*> present = sockets;
    for (FakeSocket* const socket : present) {
      if (opens && !socket->is_open && !socket->is_over) Open(*socket);
      if (!socket->is_open) continue;
      if (now - socket->last_ping >= 20 * kSecond) {
        socket->last_ping = now;
        socket->observer.OnPing();
      }
      if (std::exchange(socket->pings, 0) > 0 && pongs) socket->observer.OnPong();
      for (const std::string& text : std::exchange(socket->sent, {})) {
        ++counted_texts;
        if (!pongs || replies == Replies::kNone) continue;
        const std::string begin =
            replies == Replies::kGood ? R"({"result":[],"id":)" : R"({"code":2,"msg":"no","id":)";
        Say(*socket, begin + text.substr(text.rfind(':') + 1));
      }
      const std::int64_t id = now / (100 * kMillisecond);
      if (events && now % (100 * kMillisecond) == 0 && !loses(*socket, id)) Say(*socket, Depth(id));
      if (answers_close && socket->close_code != 0) End(*socket, socket->close_code, "");
    }
  }
  void Open(FakeSocket& socket) {
    socket.is_open = true;
    socket.last_ping = now;
    socket.observer.OnOpen();
  }
  void Say(FakeSocket& socket, const std::string& text, bool is_binary = false) {
    socket.observer.OnMessage({ReceiveTime(now), now, text, is_binary});
  }
  void End(FakeSocket& socket, int code, const std::string& why, int http_status = 0,
           std::optional<Nanos> retry_after = {}) {
    SocketEnd end;
    end.code = code;
    if (!why.empty()) end.status = absl::UnavailableError(why);
    end.was_open = std::exchange(socket.is_open, false);
    end.http_status = http_status;
    end.retry_after = retry_after;
    socket.is_over = true;
    socket.observer.OnEnd(end);
  }
  [[nodiscard]] bool Logged(std::string_view text) const {
    return std::any_of(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

  Nanos now = 1'000 * kSecond;
  bool opens = true;
  bool events = true;
  bool pongs = true;
  bool answers_close = true;
  enum class Replies : std::uint8_t { kGood, kErrors, kNone } replies = Replies::kGood;
  std::function<bool(const FakeSocket&, std::int64_t)> loses = [](const FakeSocket&, std::int64_t) {
    return false;
  };
  std::vector<FakeSocket*> sockets;
  std::size_t open_max = 0;
  std::size_t counted_texts = 0;
  std::vector<std::string> log;
  std::vector<bool> lines;  // What was told of the depth.
  KeptShard shard;
  ConnectionBudget connects;
  WeightBudget weight{DefaultRateLimits(Market::kSpot)};
  RandomSource random{1};
  std::int64_t last_connection = 0;
  SlotOptions options;
  SlotSurroundings surroundings{[this](const std::string& target, SocketObserver& observer) {
                                  return std::make_unique<FakeSocket>(target, observer, &sockets);
                                },
                                [this] { return now; },
                                [this] { return ReceiveTime(now); },
                                [this](std::string_view line) { log.emplace_back(line); },
                                connects,
                                weight,
                                random,
                                last_connection,
                                "wss://stream.binance.com:9443"};
  std::optional<SlotSurroundings> other_surroundings;
  std::unique_ptr<MergedStreams> NewStreams() {
    return std::make_unique<MergedStreams>(PlanStreams({}, {"BTCUSDT"})->front(), shard,
                                           [](std::size_t, bool) {});
  }
  std::unique_ptr<MergedStreams> streams;
  std::vector<std::unique_ptr<MergedStreams>> streams_of;  // Of further slots.
  std::unique_ptr<StreamSlot> slot;
  std::unique_ptr<StreamSlot> second_leg;
};

TEST_F(SlotTest, FramesGoToTheShardAndRepliesAndBinaryDoNot) {
  events = false;
  Pass(10 * kMillisecond);
  ASSERT_EQ(sockets.size(), 1u);
  EXPECT_EQ(sockets[0]->target,
            "/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade");
  EXPECT_EQ(shard.urls(),
            std::vector<std::string>{"wss://stream.binance.com:9443" + sockets[0]->target});
  const std::vector<std::string> data = {
      Depth(7),
      R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT"}})",
      R"({"stream":"\u0062tcusdt@trade","data":{"e":"trade"}})",
      R"({"stream":"other@trade","data":{"e":"trade"}})",
      R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})",
      R"({"stream":)",
      "rubbish",
      R"({"e":"trade","s":"BTCUSDT"})",
      R"({"e":"serverShutdown","E":1})",
  };
  for (const std::string& text : data) Say(*sockets[0], text);
  Say(*sockets[0], R"({"result":null,"id":1})");
  Say(*sockets[0], R"({"error":{"code":2,"msg":"x"},"id":1})");
  Say(*sockets[0], "binary", true);
  EXPECT_EQ(shard.frames(), data);
  EXPECT_EQ(slot->counts().replies, 2);
  EXPECT_EQ(slot->counts().binary, 1);
  EXPECT_EQ(slot->counts().unknown_streams, 1);
  EXPECT_EQ(slot->counts().unnamed, 3);
  EXPECT_EQ(slot->counts().shutdown_notices, 2);
}

TEST_F(SlotTest, FaultN1AttemptsThatFailWaitLongerAndLongerAndNeverTooOften) {
  opens = false;
  std::vector<Nanos> attempts;
  for (int step = 0; step < 20 * 60 * 200; ++step) {
    Pass(5 * kMillisecond);
    if (sockets.empty()) continue;
    attempts.push_back(now);
    End(*sockets[0], kCloseNone, "dns failed: host=x reason=no such host");
  }
  // 20 minutes: at 15 s each in the mean once the wait is the longest.
  EXPECT_GT(attempts.size(), 40u);
  EXPECT_LT(attempts.size(), 200u);
  EXPECT_TRUE(shard.events().empty());
  EXPECT_TRUE(Logged("an attempt failed: dns failed: host=x reason=no such host; again in "));
}

TEST_F(SlotTest, FaultN1AServerThatAcceptsAndClosesAtOnceIsNoBusyLoop) {
  std::size_t attempts = 0;
  for (int step = 0; step < 10 * 60 * 200; ++step) {
    Pass(5 * kMillisecond);
    if (sockets.empty() || !sockets[0]->is_open) continue;
    ++attempts;
    End(*sockets[0], 1'008, "closed by the exchange");
  }
  EXPECT_LT(attempts, 120u);
  EXPECT_EQ(shard.open_count(), 0u);
}

TEST_F(SlotTest, FaultN3ALostConnectionIsToldAtOnceAndMadeAnew) {
  Pass(10 * kSecond);
  ASSERT_EQ(sockets.size(), 1u);
  End(*sockets[0], kCloseNone, "reset by peer");
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1006"}));
  EXPECT_EQ(lines, (std::vector<bool>{true, false}));
  EXPECT_TRUE(Logged("conn 1 closed 1006: reset by peer; again in "));
  Pass(kSecond);
  EXPECT_EQ(shard.events().back(), "open 2");
  EXPECT_EQ(lines.back(), true);
  EXPECT_EQ(open_max, 1u);
}

TEST_F(SlotTest, FaultN4ASilentConnectionIsMadeAnewThoughItsPingsAreAnswered) {
  Pass(10 * kSecond);
  events = false;
  Pass(6'400 * kMillisecond);
  EXPECT_EQ(shard.events().at(1), "close 1 1006");
  EXPECT_EQ(slot->counts().reconnects, 1);
  events = true;
  Pass(2 * kSecond);
  EXPECT_EQ(shard.events().back(), "open 2");
  EXPECT_TRUE(Logged("silent for 6"));
}

TEST_F(SlotTest, FaultN5AHalfOpenConnectionIsMadeAnew) {
  events = pongs = false;
  Pass(5 * kSecond);
  // Nothing at all comes any more.
  for (FakeSocket* const socket : sockets) socket->last_ping = INT64_MAX / 2;
  Pass(12 * kSecond);
  EXPECT_EQ(slot->counts().reconnects, 1);
  EXPECT_TRUE(Logged("no pong"));
}

TEST_F(SlotTest, FaultN9AShutdownNoticeOpensASuccessorAndNoEventIsMissed) {
  for (const bool is_raw : {false, true}) {
    const std::size_t before = shard.events().size();
    Pass(70 * kSecond);
    FakeSocket& old = *sockets.at(0);
    Say(old, is_raw ? R"({"e":"serverShutdown","E":1})"
                    : R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})");
    Pass(50 * kMillisecond);
    EXPECT_EQ(sockets.size(), 2u);
    Pass(3 * kSecond);
    EXPECT_EQ(sockets.size(), 1u);
    const auto events_now = shard.events();
    ASSERT_EQ(events_now.size(), before + (is_raw ? 2u : 3u));
    EXPECT_TRUE(absl::StartsWith(events_now[events_now.size() - 2], "open"));
    EXPECT_TRUE(absl::StartsWith(events_now.back(), "close"));
  }
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_GT(shard.depth_events(), 1'400);
  EXPECT_EQ(slot->counts().replacements, 2);
  EXPECT_EQ(shard.open_max(), 2u);
  EXPECT_EQ(lines, std::vector<bool>{true});  // The line was never down.
}

TEST_F(SlotTest, FaultN9AConnectionIsReplacedBeforeItsDayIsOverWithoutAGap) {
  options.watch.life = 600 * kSecond;
  Make();
  Pass(3'600 * kSecond);
  EXPECT_GE(slot->counts().replacements, 5);
  EXPECT_LE(slot->counts().replacements, 6);
  EXPECT_EQ(slot->counts().ends, 0);
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_GE(shard.depth_events(), 35'990);
  EXPECT_EQ(open_max, 2u);
}

TEST_F(SlotTest, FaultN9TheOldConnectionMayEndBeforeItsSuccessorIsReady) {
  Pass(70 * kSecond);
  opens = false;
  Say(*sockets[0], R"({"e":"serverShutdown","E":1})");
  Pass(50 * kMillisecond);
  ASSERT_EQ(sockets.size(), 2u);
  End(*sockets[0], 1'001, "closed by the exchange: going away");
  EXPECT_EQ(shard.events().back(), "close 1 1001");
  EXPECT_EQ(lines, (std::vector<bool>{true, false}));
  opens = true;
  Pass(kSecond);
  EXPECT_EQ(shard.events().back(), "open 2");
  EXPECT_EQ(lines, (std::vector<bool>{true, false, true}));
}

TEST_F(SlotTest, FaultN9WhatTheSuccessorHeldIsDeliveredWhenTheOldOneEndsEarly) {
  Pass(70 * kSecond);
  Say(*sockets[0], R"({"e":"serverShutdown","E":1})");
  Pass(250 * kMillisecond);  // Less than the overlap.
  ASSERT_EQ(sockets.size(), 2u);
  End(*sockets[0], 1'001, "closed by the exchange");
  Pass(kSecond);
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "open 2", "close 1 1001"}));
}

TEST_F(SlotTest, ASuccessorThatFailsIsTriedAgainAndTheOldConnectionStays) {
  Pass(70 * kSecond);
  opens = false;
  Say(*sockets[0], R"({"e":"serverShutdown","E":1})");
  int failures = 0;
  for (int i = 0; i < 60 * 200; ++i) {
    Pass(5 * kMillisecond);
    if (sockets.size() < 2) continue;
    ++failures;
    End(*sockets[1], kCloseNone, "connect failed");
  }
  EXPECT_GT(failures, 3);
  EXPECT_LT(failures, 30);
  EXPECT_EQ(shard.events(), std::vector<std::string>{"open 1"});
  EXPECT_EQ(shard.gaps(), 0);
  opens = true;
  Pass(40 * kSecond);
  EXPECT_EQ(shard.events().back(), "close 1 1000");
  EXPECT_EQ(shard.gaps(), 0);
}

TEST_F(SlotTest, ASuccessorThatDeliversNothingIsDroppedWhileTheOldOneDelivers) {
  Pass(70 * kSecond);
  Say(*sockets[0], R"({"e":"serverShutdown","E":1})");
  opens = false;
  Pass(50 * kMillisecond);
  ASSERT_EQ(sockets.size(), 2u);
  // Open, but only the old one has events.
  sockets[1]->observer.OnOpen();
  for (int i = 0; i < 31 * 200 && sockets.size() == 2; ++i) Pass(5 * kMillisecond);
  EXPECT_EQ(slot->counts().successors_dropped, 1);
  EXPECT_EQ(slot->counts().replacements, 0);
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "open 2", "close 2 1006"}));
}

TEST_F(SlotTest, ASuccessorThatIsRefusedAStreamIsDroppedAndTheOldConnectionStays) {
  for (const Replies bad : {Replies::kErrors, Replies::kNone}) {
    Make(1);
    replies = Replies::kGood;
    const std::size_t before = shard.events().size();
    Pass(70 * kSecond);
    const std::int64_t successor = last_connection + 1;
    replies = bad;
    Say(*sockets.at(0), R"({"e":"serverShutdown","E":1})");
    Pass(40 * kSecond);
    EXPECT_GE(slot->counts().successors_dropped, 1);
    EXPECT_EQ(slot->counts().replacements, 0);
    EXPECT_TRUE(Logged("a successor failed: SUBSCRIBE failed 3 times: ")) << log.back();
    EXPECT_EQ(shard.events().at(before + 2), absl::StrCat("close ", successor, " 1006"));
    replies = Replies::kGood;
    Pass(60 * kSecond);
    EXPECT_EQ(slot->counts().replacements, 1);
    EXPECT_EQ(shard.gaps(), 0);
    slot->Abandon();
    slot.reset();
    log.clear();
  }
}

TEST_F(SlotTest, FaultN9AnExchangeThatKeepsSayingShutdownMakesNoStorm) {
  int opened = 0;
  for (int i = 0; i < 600 * 200; ++i) {
    Pass(5 * kMillisecond);
    for (FakeSocket* const socket : sockets) {
      if (socket->is_open && socket->close_code == 0) {
        Say(*socket, R"({"e":"serverShutdown","E":1})");
      }
    }
    opened = static_cast<int>(slot->counts().opens);
  }
  EXPECT_LT(opened, 120) << "in ten minutes";
  EXPECT_EQ(shard.gaps(), 0);
}

TEST_F(SlotTest, APauseOfTheProcessIsNoSilenceOfTheStreams) {
  for (const bool reads_first : {false, true}) {
    Make(1);
    const std::size_t before = shard.events().size();
    Pass(30 * kSecond);
    const std::size_t sent = counted_texts;
    // Stopped, with a ping of ours and the exchange's data waiting in the kernel.
    now += 100 * kSecond;
    if (reads_first) {
      Say(*sockets.at(0), R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT"}})");
    }
    slot->Tick(now);
    sockets.at(0)->last_ping = now;
    Pass(5 * kSecond);
    EXPECT_EQ(shard.events().size(), before + 1) << "no other connection";
    EXPECT_EQ(counted_texts, sent) << "nothing was asked for";
    EXPECT_EQ(slot->Status(now).counts.watch.stalls, 0);
    // A silence after it is one, in the usual time.
    events = false;
    Pass(7 * kSecond);
    EXPECT_EQ(slot->counts().reconnects, 1);
    events = true;
    slot->Abandon();
    slot.reset();
  }
}

TEST_F(SlotTest, FaultN10EndsThatComeTwiceAndLateFramesDoNothing) {
  Pass(10 * kSecond);
  FakeSocket& socket = *sockets[0];
  End(socket, kCloseNone, "reset by peer");
  End(socket, 1'000, "again");
  Say(socket, Depth(99'999'999));
  socket.observer.OnPong();
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1006"}));
  Pass(10 * kSecond);
  EXPECT_EQ(open_max, 1u);
  EXPECT_EQ(shard.open_max(), 1u);
}

TEST_F(SlotTest, FaultW5RefusalsWaitAsLongAsTheExchangeAsks) {
  struct Case {
    int status;
    std::optional<Nanos> retry_after;
    Nanos least;
  };
  const Case cases[] = {{429, 7 * kSecond, 7 * kSecond},      {429, std::nullopt, kRefusalAssumed},
                        {418, 90 * kSecond, 90 * kSecond},    {418, std::nullopt, kAssumedBan},
                        {403, std::nullopt, kRefusalAssumed}, {503, 20 * kSecond, 20 * kSecond}};
  opens = false;
  for (const Case& refusal : cases) {
    SCOPED_TRACE(refusal.status);
    while (sockets.empty()) Pass(5 * kMillisecond);
    const Nanos refused = now;
    End(*sockets[0], kCloseNone, absl::StrCat("HTTP ", refusal.status), refusal.status,
        refusal.retry_after);
    EXPECT_EQ(weight.state(now) == BudgetState::kBanned, refusal.status == 418);
    do {
      Pass(5 * kMillisecond);
    } while (sockets.empty());
    EXPECT_GE(now - refused, refusal.least);
    EXPECT_LE(now - refused, refusal.least + kLongestWait + kAssumedBan);
  }
}

TEST_F(SlotTest, FaultW5AnEndpointThatRefusesALegLeavesTheOtherAndRestAlone) {
  AddOtherLeg();
  Pass(10 * kSecond);
  ASSERT_EQ(sockets.size(), 2u);
  opens = false;
  for (int i = 0; i < 3; ++i) {
    while (sockets.size() < 2) Pass(5 * kMillisecond);
    End(*sockets[1], kCloseNone, "HTTP 403", 403);
    EXPECT_EQ(weight.state(now), BudgetState::kOpen);
    EXPECT_TRUE(connects.NextAt(now) == now) << "the first leg may connect again";
    EXPECT_GE(second_leg->Status(now).next_attempt_in, kRefusalAssumed - 5 * kMillisecond);
    Pass(20 * kMillisecond);
    ASSERT_EQ(sockets.size(), 1u);
  }
  EXPECT_EQ(slot->Status(now).state, SlotState::kOpen);
  // A ban is of the address.
  while (sockets.size() < 2) Pass(5 * kMillisecond);
  End(*sockets[1], kCloseNone, "HTTP 418", 418);
  EXPECT_EQ(weight.state(now), BudgetState::kBanned);
  EXPECT_GT(connects.NextAt(now), now);
}

TEST_F(SlotTest, FaultW5WhatIsLoggedIsHowLongABanLasts) {
  Pass(10 * kSecond);
  weight.OnRefusal(418, 7'200 * kSecond, now);
  End(*sockets.at(0), kCloseNone, "reset by peer");
  EXPECT_TRUE(Logged("reset by peer; again in 7200.0 s")) << log.back();
  EXPECT_EQ(slot->Status(now).next_attempt_in, 7'200 * kSecond);
}

TEST_F(SlotTest, ASuccessorThatAFailingServerRefusesWaitsAsLongAsItAsks) {
  Pass(70 * kSecond);
  opens = false;
  Say(*sockets.at(0), R"({"e":"serverShutdown","E":1})");
  Pass(50 * kMillisecond);
  ASSERT_EQ(sockets.size(), 2u);
  End(*sockets[1], kCloseNone, "HTTP 503", 503, 90 * kSecond);
  EXPECT_TRUE(Logged("a successor failed: HTTP 503; again in 90.0 s")) << log.back();
  Pass(89 * kSecond);
  EXPECT_EQ(sockets.size(), 1u);
  Pass(2 * kSecond);
  EXPECT_EQ(sockets.size(), 2u);
}

TEST_F(SlotTest, FaultN5AHalfOpenConnectionIsMadeAnewThoughItWaitsForASuccessor) {
  Pass(70 * kSecond);
  weight.OnRefusal(418, 60 * kSecond, now);  // So there is none.
  Say(*sockets.at(0), R"({"e":"serverShutdown","E":1})");
  events = pongs = false;
  sockets[0]->last_ping = INT64_MAX / 2;
  Pass(16 * kSecond);
  EXPECT_EQ(slot->counts().reconnects, 1);
  EXPECT_TRUE(Logged("no pong"));
}

TEST_F(SlotTest, DepthComesWithItsFirstEventAndNotBefore) {
  events = false;
  Pass(kSecond);
  Say(*sockets.at(0), R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT"}})");
  EXPECT_TRUE(lines.empty());
  Say(*sockets.at(0), Depth(7));
  Say(*sockets.at(0), Depth(8));
  EXPECT_EQ(lines, std::vector<bool>{true});
  End(*sockets.at(0), kCloseNone, "reset by peer");
  EXPECT_EQ(lines, (std::vector<bool>{true, false}));
  Pass(kSecond);
  ASSERT_TRUE(sockets.at(0)->is_open);
  EXPECT_EQ(lines, (std::vector<bool>{true, false}));
  Say(*sockets.at(0), Depth(9));
  EXPECT_EQ(lines, (std::vector<bool>{true, false, true}));
}

// ---- Two legs

TEST_F(SlotTest, OfTwoLegsEveryEventIsGivenOnce) {
  AddLeg();
  Pass(60 * kSecond);
  EXPECT_EQ(sockets.size(), 2u);
  EXPECT_EQ(shard.gaps(), 0);
  const std::vector<std::string> frames = shard.frames();
  EXPECT_EQ(std::set<std::string>(frames.begin(), frames.end()).size(), frames.size());
  EXPECT_GE(frames.size(), 598u);
}

TEST_F(SlotTest, FaultS1WhatEitherLegLosesTheOtherHas) {
  AddLeg();
  // One event in twenty, never the same of both.
  loses = [this](const FakeSocket& socket, std::int64_t id) {
    return (id * 7) % 20 == (&socket == sockets.front() ? 3 : 12);
  };
  Pass(300 * kSecond);
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_GE(shard.depth_events(), 2'990);
  EXPECT_EQ(slot->counts().ends + second_leg->counts().ends, 0);
}

TEST_F(SlotTest, FaultN3ALegThatIsCutLeavesTheStreamsToTheOther) {
  AddLeg();
  Pass(10 * kSecond);
  for (int cut = 0; cut < 20; ++cut) {
    End(*sockets.at(static_cast<std::size_t>(cut) % sockets.size()), kCloseNone, "reset by peer");
    Pass(40 * kSecond);
    ASSERT_EQ(sockets.size(), 2u);
  }
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_EQ(lines, std::vector<bool>{true}) << "the line was never down";
}

TEST_F(SlotTest, FaultN4ALegThatIsStalledIsMadeAnewAndNothingIsMissed) {
  AddLeg();
  Pass(10 * kSecond);
  sockets.front()->is_stalled = true;
  loses = [](const FakeSocket& socket, std::int64_t) { return socket.is_stalled; };
  Pass(8 * kSecond);
  EXPECT_EQ(slot->counts().reconnects, 1);
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_EQ(lines, std::vector<bool>{true});
}

TEST_F(SlotTest, FaultN9ALegThatIsReplacedBesideAnotherMissesNothing) {
  options.watch.life = 100 * kSecond;
  Make();
  AddLeg();
  Pass(1'000 * kSecond);
  EXPECT_GE(slot->counts().replacements + second_leg->counts().replacements, 16);
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_LE(open_max, kLegsMax);
  EXPECT_GE(shard.depth_events(), 9'990);
}

TEST_F(SlotTest, FaultX2AnHourOfMaintenanceIsProbedByOneConnectionAtATimeAndThenAllAreBack) {
  constexpr std::size_t kSlots = 20;
  Outage outage;
  int doubts = 0;
  surroundings.outage = &outage;
  surroundings.on_doubt = [&] { ++doubts; };
  std::vector<std::unique_ptr<StreamSlot>> slots;
  for (std::size_t i = 0; i < kSlots; ++i) {
    slots.push_back(std::make_unique<StreamSlot>(options, *streams_of.emplace_back(NewStreams()),
                                                 surroundings));
  }
  bool is_maintained = false;
  std::vector<Nanos> attempts;
  const auto pass = [&](Nanos span) {
    for (const Nanos end = now + span; now < end;) {
      now += 5 * kMillisecond;
      const std::vector<FakeSocket*> present = sockets;
      std::size_t under_way = 0;
      for (FakeSocket* const socket : present) {
        if (socket->is_open || socket->is_over) continue;
        ++under_way;
        if (!is_maintained) continue;
        attempts.push_back(now);
        End(*socket, kCloseNone, "HTTP 503", 503);
      }
      if (is_maintained && outage.is_on() && attempts.size() > kSlots) {
        EXPECT_LE(under_way, 1U);
      }
      opens = !is_maintained;
      Serve();
      for (const auto& slot : slots) slot->Tick(now);
    }
  };
  pass(20 * kSecond);
  EXPECT_EQ(sockets.size(), kSlots);
  const std::uint64_t taken = connects.taken();

  is_maintained = true;
  for (FakeSocket* const socket : std::vector<FakeSocket*>(sockets)) {
    End(*socket, 1'001, "maintenance");
  }
  EXPECT_EQ(shard.open_count(), 0U);
  pass(kHour);
  // At most one each before it is known, then one in 22.5 s in the mean.
  EXPECT_LT(attempts.size(), kSlots + 250);
  EXPECT_GT(attempts.size(), 120U);
  EXPECT_EQ(connects.taken(), taken + attempts.size());
  for (std::size_t i = kSlots; i + 30 < attempts.size(); ++i) {
    EXPECT_GT(attempts[i + 30] - attempts[i], 60 * kSecond) << "never in bursts";
  }
  EXPECT_GT(outage.since(now), kHour - kSecond);
  EXPECT_TRUE(Logged("no connection is open and attempts fail: one at a time until one opens"));
  for (const auto& slot : slots) {
    EXPECT_EQ(slot->Status(now).state, SlotState::kWaiting);
    EXPECT_LE(slot->Status(now).next_attempt_in, kLongestWait);
  }

  const std::size_t before = attempts.size();
  is_maintained = false;
  pass(kLongestWait + kSecond);
  EXPECT_EQ(attempts.size(), before);
  EXPECT_EQ(shard.open_count(), kSlots) << "all by themselves";
  EXPECT_EQ(connects.taken(), taken + before + kSlots);
  EXPECT_TRUE(Logged("the exchange is back after 3"));
  EXPECT_EQ(doubts, 1) << "its rules may be others now";
  slots.clear();
}

TEST_F(SlotTest, FaultX2OneThatIsRefusedForItsOwnReasonsKeepsNobodyAway) {
  Outage outage;
  surroundings.outage = &outage;
  slot = std::make_unique<StreamSlot>(options, *streams, surroundings);
  StreamSlot other(options, *streams_of.emplace_back(NewStreams()), surroundings);
  opens = false;
  std::size_t refused = 0;
  for (int step = 0; step < 200 * 60 && shard.open_count() == 0; ++step) {
    now += 5 * kMillisecond;
    slot->Tick(now);
    for (FakeSocket* const socket : std::vector<FakeSocket*>(sockets)) {
      if (socket->is_open || socket->is_over) continue;
      // The first one to ask is never let in, nor is whoever asks at the same time.
      if (slot->Status(now).state == SlotState::kConnecting) {
        ++refused;
        End(*socket, kCloseNone, "HTTP 400", 400);
      }
    }
    other.Tick(now);
    for (FakeSocket* const socket : std::vector<FakeSocket*>(sockets)) {
      if (!socket->is_open && !socket->is_over) Open(*socket);
    }
  }
  EXPECT_EQ(shard.open_count(), 1U);
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(other.Status(now).state, SlotState::kOpen);
}

TEST_F(SlotTest, FaultK8AHaltedSymbolIsNoStallAndItsFirstFrameIsADoubt) {
  int doubts = 0;
  surroundings.on_doubt = [&] { ++doubts; };
  Make();
  Pass(30 * kSecond);
  EXPECT_EQ(doubts, 0);
  events = false;
  Pass(5'500 * kMillisecond);
  EXPECT_EQ(doubts, 1);
  slot->OnHalt(0, true, now);
  Pass(kHour);
  EXPECT_EQ(slot->counts().reconnects, 0);
  EXPECT_EQ(slot->Status(now).counts.watch.stalls, 0);
  EXPECT_EQ(slot->counts().opens, 1);
  // A connection that is made anew knows of the halt, too.
  End(*sockets[0], kCloseNone, "reset by peer");
  Pass(kHour);
  EXPECT_EQ(slot->counts().opens, 2);
  EXPECT_EQ(doubts, 1);
  events = true;
  Pass(kSecond);
  EXPECT_GT(doubts, 1);
  slot->OnHalt(0, false, now);
  doubts = 0;
  Pass(60 * kSecond);
  EXPECT_EQ(doubts, 0);
  EXPECT_EQ(slot->Status(now).counts.watch.stalls, 0);
}

TEST_F(SlotTest, TheExchangesWordsAreOneShortLineOfTheLog) {
  Make(1);
  opens = pongs = false;
  Pass(5 * kMillisecond);
  Open(*sockets.at(0));
  for (int i = 0; i < kSubscribeTriesMax; ++i) {
    while (sockets.at(0)->sent.empty()) slot->Tick(now += 5 * kMillisecond);
    const std::string text = std::exchange(sockets[0]->sent, {}).front();
    Say(*sockets[0], absl::StrCat(R"({"code":2,"msg":")", std::string(5'000, 'x'),
                                  "\n\",\"id\":", text.substr(text.rfind(':') + 1)));
  }
  slot->Tick(now);
  EXPECT_TRUE(Logged("is to be replaced: SUBSCRIBE failed 3 times"));
  for (const std::string& line : log) {
    EXPECT_LT(line.size(), 500u);
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST_F(SlotTest, FaultW5ABanOfRestStopsConnectionsToo) {
  weight.OnRefusal(418, 60 * kSecond, now);
  Pass(59 * kSecond);
  EXPECT_EQ(slot->counts().attempts, 0);
  Pass(2 * kSecond);
  EXPECT_EQ(slot->counts().attempts, 1);
}

TEST_F(SlotTest, StoppingSaysGoodbyeAndTellsTheClose) {
  Pass(10 * kSecond);
  slot->Stop();
  EXPECT_FALSE(slot->is_over());
  EXPECT_EQ(sockets[0]->close_code, 1'000);
  Pass(10 * kMillisecond);
  EXPECT_TRUE(slot->is_over());
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1000"}));
  Pass(60 * kSecond);
  EXPECT_EQ(slot->counts().attempts, 1);
}

TEST_F(SlotTest, StoppingIsPossibleInEveryState) {
  // Waiting, connecting, changing.
  slot->Stop();
  EXPECT_TRUE(slot->is_over());
  Make();
  opens = false;
  Pass(10 * kMillisecond);
  slot->Stop();
  ASSERT_EQ(sockets.size(), 1u);
  End(*sockets[0], 1'000, "");
  EXPECT_TRUE(slot->is_over());
  Make();
  opens = true;
  Pass(70 * kSecond);
  Say(*sockets[0], R"({"e":"serverShutdown","E":1})");
  Pass(100 * kMillisecond);
  ASSERT_EQ(sockets.size(), 2u);
  answers_close = false;
  slot->Stop();
  Pass(10 * kMillisecond);
  EXPECT_FALSE(slot->is_over());
  slot->Abandon();
  EXPECT_TRUE(slot->is_over());
  EXPECT_EQ(shard.open_count(), 0u);
}

TEST_F(SlotTest, TheStatusSaysWhatIsGoingOn) {
  opens = false;
  EXPECT_EQ(slot->Status(now).state, SlotState::kWaiting);
  Pass(10 * kMillisecond);
  EXPECT_EQ(slot->Status(now).state, SlotState::kConnecting);
  opens = true;
  Pass(70 * kSecond);
  SlotStatus status = slot->Status(now);
  EXPECT_EQ(status.state, SlotState::kOpen);
  EXPECT_EQ(status.connection, 1);
  EXPECT_EQ(status.streams, 3u);
  EXPECT_GE(status.open_for, 69 * kSecond);
  EXPECT_GT(status.counts.frames, 600);
  Say(*sockets[0], R"({"e":"serverShutdown","E":1})");
  Pass(50 * kMillisecond);
  EXPECT_EQ(slot->Status(now).state, SlotState::kChanging);
  End(*sockets[1], kCloseNone, "one\ntwo");
  End(*sockets[0], kCloseNone, "three\nfour");
  status = slot->Status(now);
  EXPECT_EQ(status.state, SlotState::kWaiting);
  EXPECT_EQ(status.last_end, "three four");
}

TEST_F(SlotTest, FaultN8AConnectionWithMuchUnreadIsToldAsLaggingUntilItIsRead) {
  Pass(kSecond);
  ASSERT_EQ(sockets.size(), 1u);
  EXPECT_TRUE(shard.lags().empty());
  sockets[0]->kept_counts.unread_bytes = kLagBytes + 1;
  Pass(kSecond);
  EXPECT_EQ(shard.lags(), std::vector<std::string>{"lags 1"});
  sockets[0]->kept_counts.unread_bytes = kLagBytes;
  Pass(kSecond);
  EXPECT_EQ(shard.lags(), (std::vector<std::string>{"lags 1", "reads 1"}));
}

}  // namespace
}  // namespace thalweg
