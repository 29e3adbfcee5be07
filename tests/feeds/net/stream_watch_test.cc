// Every watch on a clock of its own: what is asked for again, what is replaced, what is given up,
// and what rightly silent symbols cost.
#include "feeds/net/stream_watch.h"

#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "feeds/net/backoff.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

ConnectionPlan PlanOf(std::size_t symbols) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < symbols; ++i) names.push_back(absl::StrCat("SYM", i));
  return PlanStreams({}, names)->front();
}

// A watch, its clock, and an exchange that pings, pongs and answers as it is told to.
class Watched {
 public:
  explicit Watched(ConnectionPlan plan, WatchOptions options = {})
      : plan_(std::move(plan)), watch(options, plan_) {
    watch.OnOpen(now);
  }

  // Lets time pass; `each` is called every 100 ms. Stops at a verdict.
  WatchStep Pass(
      Nanos span, const std::function<void()>& each = [] {}) {
    const Nanos end = now + span;
    while (now < end) {
      now += 50 * kMillisecond;
      if (now / kMillisecond % 100 == 0) each();
      if (pings && now - last_ping_ >= 20 * kSecond) {
        last_ping_ = now;
        watch.OnServerPing(now);
      }
      while (true) {
        const WatchStep step = watch.Advance(now, pace);
        if (step.verdict != WatchVerdict::kGood) return step;
        if (step.ping) {
          ++pings_sent;
          if (pongs) watch.OnPong(now);
        }
        if (step.text) sent.push_back(*step.text), answer(*step.text);
        if (!step.ping && !step.text) break;
      }
    }
    return {};
  }
  void Frames(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) watch.OnFrame(i, now);
  }
  void Good(const std::string& text) {
    const std::string id = text.substr(text.rfind(':') + 1);
    watch.OnReply(absl::StrCat(R"({"result":null,"id":)", id), now);
  }
  [[nodiscard]] std::size_t Sent(std::string_view method) const {
    std::size_t count = 0;
    for (const std::string& text : sent) {
      count += absl::StrContains(text, absl::StrCat("\"", std::string(method), "\"")) ? 1u : 0u;
    }
    return count;
  }

 private:
  ConnectionPlan plan_;

 public:
  StreamWatch watch;
  FramePace pace;
  Nanos now = 1'000 * kSecond;
  bool pings = true;
  bool pongs = true;
  int pings_sent = 0;
  std::vector<std::string> sent;
  std::function<void(const std::string&)> answer = [this](const std::string& text) { Good(text); };

 private:
  Nanos last_ping_ = 1'000 * kSecond;
};

std::string ListReply(const std::string& text, const std::vector<std::string>& streams) {
  std::string list;
  for (const std::string& stream : streams) {
    absl::StrAppend(&list, list.empty() ? "\"" : ",\"", stream, "\"");
  }
  return absl::StrCat("{\"result\":[", list, "],\"id\":", text.substr(text.rfind(':') + 1));
}

// ---- Replies

TEST(ControlReplyTest, BothShapesOfErrorsAndAllResultsAreRead) {
  const auto good = ReadControlReply(R"({"result":null,"id":11})");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->id, 11);
  EXPECT_FALSE(good->is_error);
  const auto listed = ReadControlReply(R"({"result":["a@trade", "b\u00e4@depth"],"id":3})");
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->listed, (std::vector<std::string>{"a@trade", "bä@depth"}));
  const auto flat = ReadControlReply(R"({"code":2,"msg":"Invalid request","id":7})");
  ASSERT_TRUE(flat);
  EXPECT_TRUE(flat->is_error);
  EXPECT_EQ(flat->id, 7);
  EXPECT_EQ(flat->error, R"(2 "Invalid request")");
  const auto wrapped = ReadControlReply(R"({"error":{"code":4,"msg":"Too many"},"id":9})");
  ASSERT_TRUE(wrapped);
  EXPECT_TRUE(wrapped->is_error);
  EXPECT_EQ(wrapped->id, 9);
  EXPECT_EQ(wrapped->error, R"({"code":4,"msg":"Too many"})");
  for (const std::string_view other :
       {R"({"result":null,"id":"x"})", R"({"result":null,"id":null})", R"({"result":null})",
        R"({"result":null,"id":99999999999999999999})"}) {
    const auto reply = ReadControlReply(other);
    ASSERT_TRUE(reply) << other;
    EXPECT_FALSE(reply->id);
  }
}

TEST(ControlReplyTest, DataIsNoReplyAndNothingBrokenIsEither) {
  for (const std::string_view data :
       {"", "{", "{}", "[]", "null", R"("result")", R"({"id":7})",
        R"({"stream":"a@trade","data":{"e":"trade","id":7,"result":1}})",
        R"({"e":"serverShutdown","E":1,"result":null,"id":1})", R"({"result":null,"id":7)",
        R"({"result")", R"({"result":})"}) {
    EXPECT_FALSE(ReadControlReply(data)) << data;
  }
}

// ---- Subscriptions

TEST(StreamWatchTest, WhatTheUrlDoesNotNameIsSubscribedInFewPacedRequests) {
  const ConnectionPlan plan = PlanOf(300);
  Watched watched(plan);
  EXPECT_FALSE(watched.watch.is_subscribed());
  EXPECT_EQ(watched.Pass(5 * kSecond, [&] { watched.Frames(0, 900); }).verdict,
            WatchVerdict::kGood);
  EXPECT_TRUE(watched.watch.is_subscribed());
  EXPECT_EQ(watched.Sent("SUBSCRIBE"),
            (900 - plan.in_target + kSubscribeStreamsMax - 1) / kSubscribeStreamsMax);
  EXPECT_NE(watched.sent.back().find(plan.streams.back().name), std::string::npos);
  EXPECT_NE(watched.sent.front().find(plan.streams[plan.in_target].name), std::string::npos);
}

TEST(StreamWatchTest, FaultW6ARefusedSubscriptionIsAskedAgainThenTheConnectionReplaced) {
  for (const bool is_flat : {false, true}) {
    Watched watched(PlanOf(300));
    watched.answer = [&](const std::string& text) {
      const std::string id = text.substr(text.rfind(':') + 1);
      watched.watch.OnReply(absl::StrCat(is_flat ? R"({"code":2,"msg":"no","id":)"
                                                 : R"({"error":{"code":2,"msg":"no"},"id":)",
                                         id),
                            watched.now);
    };
    const WatchStep step = watched.Pass(60 * kSecond, [&] { watched.Frames(0, 900); });
    EXPECT_EQ(step.verdict, WatchVerdict::kReplace);
    EXPECT_NE(step.why.find("SUBSCRIBE failed 3 times"), std::string::npos) << step.why;
    EXPECT_NE(step.why.find("no"), std::string::npos);
    EXPECT_FALSE(watched.watch.is_subscribed());
    // It stays so, and nothing more is asked for.
    const std::size_t asked = watched.sent.size();
    EXPECT_EQ(watched.Pass(kSecond).verdict, WatchVerdict::kReplace);
    EXPECT_EQ(watched.sent.size(), asked);
  }
}

TEST(StreamWatchTest, FaultW6ARefusalOnceIsMadeGoodByTheNextRequest) {
  Watched watched(PlanOf(300));
  bool is_first = true;
  watched.answer = [&](const std::string& text) {
    if (!std::exchange(is_first, false)) return watched.Good(text);
    watched.watch.OnReply(
        absl::StrCat(R"({"code":2,"msg":"no","id":)", text.substr(text.rfind(':') + 1)),
        watched.now);
  };
  EXPECT_EQ(watched.Pass(20 * kSecond, [&] { watched.Frames(0, 900); }).verdict,
            WatchVerdict::kGood);
  EXPECT_TRUE(watched.watch.is_subscribed());
  EXPECT_EQ(watched.watch.counts().subscribe_errors, 1);
}

TEST(StreamWatchTest, FaultW6ALostReplyAndOneForAnotherIdAreAskedAgain) {
  for (const bool is_lost : {true, false}) {
    Watched watched(PlanOf(300));
    bool is_first = true;
    watched.answer = [&](const std::string& text) {
      if (!std::exchange(is_first, false)) return watched.Good(text);
      if (!is_lost) watched.watch.OnReply(R"({"result":null,"id":424242})", watched.now);
    };
    EXPECT_EQ(watched.Pass(20 * kSecond, [&] { watched.Frames(0, 900); }).verdict,
              WatchVerdict::kGood);
    EXPECT_TRUE(watched.watch.is_subscribed());
    EXPECT_EQ(watched.watch.counts().replies_lost, 1);
    EXPECT_EQ(watched.watch.counts().replies_unknown, is_lost ? 0 : 1);
  }
}

TEST(StreamWatchTest, RepliesOfAnyKindWithoutARequestDoNothing) {
  Watched watched(PlanOf(1));
  for (const std::string_view text : {R"({"result":null,"id":1})", R"({"result":null,"id":0})",
                                      R"({"code":2,"msg":"x","id":-5})", "", "{", R"({"id":1})"}) {
    watched.watch.OnReply(text, watched.now);
  }
  EXPECT_EQ(watched.watch.counts().replies_unknown, 6);
  EXPECT_TRUE(watched.watch.is_subscribed());
}

// ---- First messages

TEST(StreamWatchTest, AnIlliquidStreamIsAskedAboutAndLeftAloneWhenItIsListed) {
  const ConnectionPlan plan = PlanOf(2);
  Watched watched(plan);
  watched.answer = [&](const std::string& text) {
    std::vector<std::string> names;
    for (const auto& stream : plan.streams) names.push_back(stream.name);
    watched.watch.OnReply(ListReply(text, names), watched.now);
  };
  // The second symbol never says a word, for an hour.
  EXPECT_EQ(watched.Pass(3'600 * kSecond, [&] { watched.Frames(0, 3); }).verdict,
            WatchVerdict::kGood);
  EXPECT_EQ(watched.Sent("SUBSCRIBE"), 0u);
  // 10, 20, 40 ... 600 s apart.
  EXPECT_GE(watched.Sent("LIST_SUBSCRIPTIONS"), 3u);
  EXPECT_LE(watched.Sent("LIST_SUBSCRIPTIONS"), 12u);
}

TEST(StreamWatchTest, AStreamThatIsNotListedIsSubscribed) {
  const ConnectionPlan plan = PlanOf(2);
  Watched watched(plan);
  watched.answer = [&](const std::string& text) {
    if (!absl::StrContains(text, "LIST")) return watched.Good(text);
    watched.watch.OnReply(ListReply(text, {plan.streams[0].name, plan.streams[1].name,
                                           plan.streams[2].name, plan.streams[4].name}),
                          watched.now);
  };
  (void)watched.Pass(12 * kSecond, [&] { watched.Frames(0, 3); });
  ASSERT_EQ(watched.sent.size(), 2u);
  EXPECT_NE(watched.sent[1].find(R"("SUBSCRIBE","params":["sym1@depth@100ms","sym1@trade"])"),
            std::string::npos)
      << watched.sent[1];
  EXPECT_EQ(watched.watch.counts().resubscribed, 2);
}

// ---- Silence

TEST(StreamWatchTest, FaultN4OneSilentStreamOfManyIsSubscribedAgainAndNothingElseHappens) {
  Watched watched(PlanOf(2));
  EXPECT_EQ(watched.Pass(10 * kSecond, [&] { watched.Frames(0, 6); }).verdict, WatchVerdict::kGood);
  EXPECT_EQ(watched.Pass(5'900 * kMillisecond, [&] { watched.Frames(1, 6); }).verdict,
            WatchVerdict::kGood);
  EXPECT_TRUE(watched.sent.empty());
  EXPECT_EQ(watched.Pass(500 * kMillisecond, [&] { watched.Frames(1, 6); }).verdict,
            WatchVerdict::kGood);
  ASSERT_EQ(watched.sent.size(), 2u);
  EXPECT_NE(watched.sent[0].find(R"("UNSUBSCRIBE","params":["sym0@depth@100ms"])"),
            std::string::npos);
  EXPECT_NE(watched.sent[1].find(R"("SUBSCRIBE","params":["sym0@depth@100ms"])"),
            std::string::npos);
  EXPECT_EQ(watched.watch.counts().stalls, 1);
  // It helped: all is as before, also the limit.
  (void)watched.Pass(10 * kSecond, [&] { watched.Frames(0, 6); });
  EXPECT_EQ(watched.sent.size(), 2u);
  (void)watched.Pass(6'500 * kMillisecond, [&] { watched.Frames(1, 6); });
  EXPECT_EQ(watched.sent.size(), 4u);
}

TEST(StreamWatchTest, FaultN4AStreamThatStaysSilentGetsANewConnectionOnceAndNoStorm) {
  Watched watched(PlanOf(2));
  (void)watched.Pass(10 * kSecond, [&] { watched.Frames(0, 6); });
  const WatchStep step = watched.Pass(600 * kSecond, [&] { watched.Frames(1, 6); });
  EXPECT_EQ(step.verdict, WatchVerdict::kReplace);
  EXPECT_EQ(watched.Sent("SUBSCRIBE"), 2u);  // After 6 and 12 s more; after 24 s it is replaced.
  EXPECT_NE(step.why.find("silent"), std::string::npos);
  // Its successor has learnt: it was right to be silent (the symbol was halted).
  Watched next(PlanOf(2));
  next.now = watched.now;
  next.watch.Learn(watched.watch);
  next.watch.OnOpen(next.now);
  EXPECT_EQ(next.Pass(3'600 * kSecond, [&] { next.Frames(1, 6); }).verdict, WatchVerdict::kGood);
  EXPECT_LE(next.Sent("SUBSCRIBE"), 8u);
}

TEST(StreamWatchTest, FaultN4AllSilentIsAnotherConnectionAfterSixSeconds) {
  Watched watched(PlanOf(2));
  (void)watched.Pass(10 * kSecond, [&] { watched.Frames(0, 6); });
  EXPECT_EQ(watched.Pass(5'900 * kMillisecond).verdict, WatchVerdict::kGood);
  const WatchStep step = watched.Pass(500 * kMillisecond);
  EXPECT_EQ(step.verdict, WatchVerdict::kReconnect);  // Though pings and pongs are fine.
  EXPECT_NE(step.why.find("silent for 6"), std::string::npos) << step.why;
  EXPECT_TRUE(watched.sent.empty());
}

// Quiet symbols: an event every now and then, at random, for a day. Exponential gaps.
TEST(StreamWatchTest, FaultK8AHaltedSymbolMayBeSilentAndTheOthersAreWatchedOn) {
  Watched watched(PlanOf(3));
  ASSERT_EQ(watched.Pass(30 * kSecond, [&] { watched.Frames(0, 9); }).verdict, WatchVerdict::kGood);
  EXPECT_FALSE(watched.watch.TakeDoubt());
  // Before anything is done about a silence one may ask why, once.
  watched.Pass(5'500 * kMillisecond, [&] { watched.Frames(3, 9); });
  EXPECT_TRUE(watched.watch.TakeDoubt());
  EXPECT_FALSE(watched.watch.TakeDoubt());
  EXPECT_EQ(watched.watch.counts().stalls, 0);
  watched.watch.OnHalt(0, true, watched.now);
  EXPECT_EQ(watched.Pass(kHour, [&] { watched.Frames(3, 9); }).verdict, WatchVerdict::kGood);
  EXPECT_EQ(watched.watch.counts().stalls, 0);
  EXPECT_EQ(watched.watch.counts().questions, 0);
  EXPECT_TRUE(watched.sent.empty());
  EXPECT_FALSE(watched.watch.TakeDoubt());
  // Another one falls silent: that is a stall as ever.
  watched.Pass(7 * kSecond, [&] { watched.Frames(3, 6); });
  EXPECT_TRUE(watched.watch.TakeDoubt());
  EXPECT_EQ(watched.watch.counts().stalls, 3);
  // Trading again, after its first frames: how long it was silent is no usual gap of it.
  watched.Pass(kSecond, [&] { watched.Frames(0, 9); });
  watched.watch.OnHalt(0, false, watched.now);
  watched.Pass(5 * kSecond, [&] { watched.Frames(0, 9); });
  const std::int64_t stalls = watched.watch.counts().stalls;
  watched.Pass(7 * kSecond, [&] { watched.Frames(3, 9); });
  EXPECT_EQ(watched.watch.counts().stalls, stalls + 3);
}

TEST(StreamWatchTest, FaultK8AConnectionOfHaltedSymbolsAloneIsKeptByItsPings) {
  Watched watched(PlanOf(2));
  watched.Pass(30 * kSecond, [&] { watched.Frames(0, 6); });
  watched.Pass(5'500 * kMillisecond);
  EXPECT_TRUE(watched.watch.TakeDoubt());
  watched.watch.OnHalt(0, true, watched.now);
  watched.watch.OnHalt(1, true, watched.now);
  EXPECT_EQ(watched.Pass(kHour).verdict, WatchVerdict::kGood);
  watched.watch.OnHalt(1, false, watched.now);
  EXPECT_EQ(watched.Pass(5 * kSecond).verdict, WatchVerdict::kGood);
  EXPECT_EQ(watched.Pass(2 * kSecond).verdict, WatchVerdict::kReconnect);
  watched.watch.OnHalt(1, true, watched.now);
  watched.pings = watched.pongs = false;
  EXPECT_EQ(watched.Pass(70 * kSecond).verdict, WatchVerdict::kReconnect) << "the line is dead";
}

TEST(StreamWatchTest, QuietSymbolsMakeNoStorm) {
  for (const Nanos mean : {2 * kSecond, 20 * kSecond, 300 * kSecond}) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      if (seed > 1 && TakeShortPart()) continue;
      SCOPED_TRACE(testing::Message() << "mean " << mean / kSecond << " s, seed " << seed);
      RandomSource random(seed);
      const ConnectionPlan plan = PlanOf(1);
      auto watched = std::make_unique<Watched>(plan);
      const auto answer = [&](const std::string& text) {
        std::vector<std::string> names;
        for (const auto& stream : plan.streams) names.push_back(stream.name);
        watched->watch.OnReply(ListReply(text, names), watched->now);
      };
      watched->answer = answer;
      std::int64_t reconnects = 0;
      std::size_t requests = 0;
      const Nanos end = watched->now + 20 * kHour;
      while (watched->now < end) {
        const WatchStep step = watched->Pass(end - watched->now, [&] {
          // Each stream on its own.
          for (std::size_t i = 0; i < 3; ++i) {
            if (random() % static_cast<std::uint64_t>(mean / (100 * kMillisecond)) == 0) {
              watched->watch.OnFrame(i, watched->now);
            }
          }
        });
        if (step.verdict == WatchVerdict::kGood) break;
        ++reconnects;
        requests += watched->sent.size();
        auto next = std::make_unique<Watched>(plan);
        next->now = watched->now;
        next->watch.Learn(watched->watch);
        next->watch.OnOpen(next->now);
        watched = std::move(next);
        watched->answer = answer;
      }
      requests += watched->sent.size();
      EXPECT_LE(reconnects, 60) << "in 20 hours";
      EXPECT_LE(requests, 300u) << "in 20 hours";
    }
  }
}

TEST(StreamWatchTest, AConnectionThatNeverDeliversIsMadeAnewAtGrowingIntervals) {
  ConnectionPlan plan = PlanOf(1);
  auto watched = std::make_unique<Watched>(plan);
  std::vector<Nanos> waits;
  for (int i = 0; i < 6; ++i) {
    const Nanos began = watched->now;
    EXPECT_EQ(watched->Pass(3'600 * kSecond).verdict, WatchVerdict::kReconnect);
    waits.push_back((watched->now - began) / kSecond);
    auto next = std::make_unique<Watched>(plan);
    next->now = watched->now;
    next->watch.Learn(watched->watch);
    next->watch.OnOpen(next->now);
    watched = std::move(next);
  }
  EXPECT_EQ(waits, (std::vector<Nanos>{60, 120, 240, 480, 600, 600}));
}

// ---- Life

TEST(StreamWatchTest, FaultN5NoPongAndNothingElseIsHalfOpenAfterFifteenSeconds) {
  Watched watched(PlanOf(1));
  (void)watched.Pass(5 * kSecond);
  watched.pings = watched.pongs = false;
  watched.answer = [](const std::string&) {};
  const WatchStep step = watched.Pass(60 * kSecond);
  EXPECT_EQ(step.verdict, WatchVerdict::kReconnect);
  EXPECT_NE(step.why.find("no pong"), std::string::npos);
  EXPECT_EQ(watched.now - 1'000 * kSecond, 15 * kSecond);
  EXPECT_EQ(watched.pings_sent, 1);
}

TEST(StreamWatchTest, DataProvesALineWhosePongsStandBehindIt) {
  Watched watched(PlanOf(1));
  watched.pongs = false;
  EXPECT_EQ(watched.Pass(300 * kSecond, [&] { watched.Frames(0, 3); }).verdict,
            WatchVerdict::kGood);
}

TEST(StreamWatchTest, NoPingOfTheExchangeForAMinuteIsTheEnd) {
  Watched with_data(PlanOf(1));
  with_data.pings = false;
  EXPECT_EQ(with_data.Pass(59 * kSecond, [&] { with_data.Frames(0, 3); }).verdict,
            WatchVerdict::kGood);
  EXPECT_EQ(with_data.Pass(2 * kSecond, [&] { with_data.Frames(0, 3); }).verdict,
            WatchVerdict::kReplace);
  // Futures ping every 3 minutes.
  Watched futures(PlanOf(1), WatchOptionsOf(Market::kUsdM, 1));
  futures.pings = false;
  EXPECT_EQ(futures.Pass(539 * kSecond, [&] { futures.Frames(0, 3); }).verdict,
            WatchVerdict::kGood);
  EXPECT_EQ(futures.Pass(2 * kSecond, [&] { futures.Frames(0, 3); }).verdict,
            WatchVerdict::kReplace);
}

TEST(StreamWatchTest, FaultN9AConnectionIsReplacedBeforeTheExchangeCutsIt) {
  Watched watched(PlanOf(1));
  const Nanos life = 23 * kHour + 50 * 60 * kSecond;
  watched.now += life - 61 * kSecond;
  watched.watch.OnServerPing(watched.now), watched.watch.OnPong(watched.now);
  watched.Frames(0, 3);
  // The pings of the hours that were jumped over.
  EXPECT_EQ(watched.Pass(60 * kSecond, [&] { watched.Frames(0, 3); }).verdict, WatchVerdict::kGood);
  const WatchStep step = watched.Pass(2 * kSecond, [&] { watched.Frames(0, 3); });
  EXPECT_EQ(step.verdict, WatchVerdict::kReplace);
  EXPECT_NE(step.why.find("old"), std::string::npos);
  EXPECT_EQ(WatchOptionsOf(Market::kSpot, 1'000).life, life / 1'000);
}

TEST(StreamWatchTest, FaultN9AShutdownNoticeReplacesAtOnce) {
  Watched watched(PlanOf(1));
  watched.watch.OnShutdownNotice();
  EXPECT_EQ(watched.Pass(50 * kMillisecond).verdict, WatchVerdict::kReplace);
}

// ---- The pace

TEST(StreamWatchTest, FaultW3RequestsAndPingsLeaveRoomForPongs) {
  Watched watched(PlanOf(340));
  // An exchange that refuses and loses: as many requests as can be.
  std::vector<Nanos> times;
  int number = 0;
  watched.answer = [&](const std::string& text) {
    times.push_back(watched.now);
    if (++number % 3 == 0) watched.Good(text);
  };
  (void)watched.Pass(14 * kSecond, [&] { watched.Frames(0, 300); });
  EXPECT_GE(times.size(), 5u);
  for (std::size_t i = 2; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 2], kSecond) << "more than two requests in a second";
  }
}

}  // namespace
}  // namespace thalweg
