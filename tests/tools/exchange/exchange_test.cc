// The exchange on a recording and on a clock in the test's hand: what it sends when.
#include "tools/exchange/exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/tools/exchange/exchange_testing.h"

namespace thalweg {
namespace {

constexpr char kDepthUrl[] = "/stream?streams=demousdt@depth@100ms";

std::vector<std::string> DepthMessages(int from, int until) {
  std::vector<std::string> messages;
  for (int i = from; i < until; ++i) messages.push_back(DepthMessage(i));
  return messages;
}

std::string PayloadOf(const std::string& message) {
  const std::size_t data = message.find(",\"data\":") + 8;
  return message.substr(data, message.size() - 1 - data);
}

TEST(ExchangeTest, FramesComeAsRecordedAtTheirTimesFromTheFirstSubscriptionOn) {
  TestExchange test;
  test.RunTo(5 * kSecond);
  test.Open("/ws/");
  test.RunTo(9 * kSecond);
  EXPECT_TRUE(test.wire.items.empty());
  test.Text(1, R"({"method":"SUBSCRIBE","params":["demousdt@depth@100ms"],"id":1})");
  test.Text(1, R"({"method":"SET_PROPERTY","params":["combined",true],"id":2})");
  test.wire.items.clear();
  test.RunTo(9 * kSecond + 250 * kMillisecond);
  EXPECT_EQ(test.wire.Texts(), DepthMessages(0, 3));
  test.RunTo(20 * kSecond);
  EXPECT_EQ(test.wire.Texts(), DepthMessages(0, kDemoEvents));
  EXPECT_TRUE(test.exchange->is_feed_over());
  EXPECT_TRUE(test.wire.Of("close").empty());
}

TEST(ExchangeTest, RawConnectionsGetThePayloadAlone) {
  TestExchange test;
  test.Open("/ws/demousdt@trade");
  test.RunTo(150 * kMillisecond);
  EXPECT_EQ(test.wire.Texts(),
            (std::vector<std::string>{PayloadOf(TradeMessage(0)), PayloadOf(TradeMessage(1))}));
}

TEST(ExchangeTest, TheSpeedDividesTheTimesBetweenFrames) {
  ExchangeOptions options;
  options.speed = 4;
  TestExchange test({}, options);
  test.Open(kDepthUrl);
  test.RunTo(130 * kMillisecond);
  EXPECT_EQ(test.wire.Texts(), DepthMessages(0, 6));
}

TEST(ExchangeTest, AtFullSpeedTheFeedWaitsForItsReaders) {
  ExchangeOptions options;
  options.speed = 0;
  TestExchange test({}, options);
  test.wire.has_room = false;
  test.Open(kDepthUrl);
  test.RunTo(kSecond);
  EXPECT_TRUE(test.wire.Texts().empty());
  test.wire.has_room = true;
  test.RunTo(kSecond);
  EXPECT_EQ(test.wire.Texts(), DepthMessages(0, kDemoEvents));
}

TEST(ExchangeTest, ATimeUnitAskedForIsThatOfEveryTimeOfTheConnection) {
  TestExchange test;
  test.Open("/stream?streams=demousdt@trade&timeUnit=MICROSECOND");
  test.RunTo(50 * kMillisecond);
  ASSERT_EQ(test.wire.Texts().size(), 1u);
  EXPECT_NE(test.wire.Texts()[0].find(absl::StrCat("\"E\":", kTestStartMs + 21, "000,")),
            std::string::npos);
  EXPECT_NE(test.wire.Texts()[0].find(absl::StrCat("\"T\":", kTestStartMs + 20, "000,")),
            std::string::npos);
}

TEST(ExchangeTest, PingsComeEveryTwentySecondsAndAMinuteWithoutPongEndsTheConnection) {
  TestExchange test;
  test.Open(kDepthUrl);
  test.Open(kDepthUrl);
  for (Nanos time = kSecond; time < 70 * kSecond; time += kSecond) {
    test.RunTo(time);
    // The second one answers, the first one says something else.
    for (const KeptWire::Item& ping : test.wire.Of("ping")) {
      if (ping.connection == 2) test.exchange->OnPong(2, ping.text, test.now);
    }
    test.exchange->OnPong(1, "", test.now);
    if (test.wire.Of("ping").size() > 6) break;
    if (time % (20 * kSecond) != 0) continue;
    EXPECT_EQ(test.wire.Of("ping").size(), static_cast<std::size_t>(2 * time / (20 * kSecond)));
    EXPECT_FALSE(test.wire.Of("ping").back().text.empty());
  }
  EXPECT_TRUE(test.wire.Of("close").empty());
  test.wire.items.clear();
  test.RunTo(80 * kSecond);
  ASSERT_EQ(test.wire.Of("close").size(), 1u);
  EXPECT_EQ(test.wire.Of("close")[0].connection, 1);
  EXPECT_EQ(test.wire.Of("close")[0].number, 1'008);
}

TEST(ExchangeTest, AConnectionLivesTwentyFourHours) {
  ExchangeOptions options;
  options.time_scale = 10'000;  // 8.64 s; a ping each 2 ms.
  TestExchange test({}, options);
  test.Open(kDepthUrl);
  while (test.now < 9 * kSecond && test.wire.Of("close").empty()) {
    test.RunTo(test.now + 2 * kMillisecond);
    for (const KeptWire::Item& ping : test.wire.Of("ping")) {
      test.exchange->OnPong(1, ping.text, test.now);
    }
    std::erase_if(test.wire.items, [](const auto& item) { return item.kind == "ping"; });
  }
  ASSERT_EQ(test.wire.Of("close").size(), 1u);
  EXPECT_EQ(test.wire.Of("close")[0].text, "connection expired");
  EXPECT_GE(test.now, 8'640 * kMillisecond);
}

TEST(ExchangeTest, TheSixthClientFrameOfASecondEndsTheConnection) {
  TestExchange test;
  test.Open(kDepthUrl);
  test.Text(1, R"({"method":"LIST_SUBSCRIPTIONS","id":1})");
  test.exchange->OnPing(1, test.now);
  test.exchange->OnPong(1, "", test.now);
  test.exchange->OnPing(1, test.now);
  test.exchange->OnPing(1, test.now);
  EXPECT_TRUE(test.wire.Of("close").empty());
  test.exchange->OnPong(1, "", test.now);
  ASSERT_EQ(test.wire.Of("close").size(), 1u);
  EXPECT_EQ(test.wire.Of("close")[0].number, 1'008);
  // What comes after it is not heard.
  test.wire.items.clear();
  test.Text(1, R"({"method":"LIST_SUBSCRIPTIONS","id":2})");
  test.RunTo(kSecond);
  EXPECT_TRUE(test.wire.items.empty());
}

TEST(ExchangeTest, ShutDownTellsEverybodyInTheFormOfTheirConnection) {
  TestExchange test;
  test.Open("/ws/demousdt@trade");
  test.Open(kDepthUrl);
  test.wire.items.clear();
  test.exchange->ShutDown(test.now);
  EXPECT_EQ(
      test.wire.Texts(1),
      (std::vector<std::string>{absl::StrCat(R"({"e":"serverShutdown","E":)", kTestStartMs, "}")}));
  EXPECT_EQ(test.wire.Texts(2),
            (std::vector<std::string>{
                absl::StrCat(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":)",
                             kTestStartMs, "}}")}));
  EXPECT_EQ(test.wire.Of("close").size(), 2u);
}

TEST(ExchangeTest, ACombinedUrlWithTooManyStreamsAndOtherAddressesAreRefused) {
  TestExchange test;
  std::string url = "/stream?streams=a@trade";
  for (int i = 0; i < 1'024; ++i) absl::StrAppend(&url, "/s", i, "@trade");
  HttpQuestion question;
  question.target = url;
  EXPECT_EQ(test.exchange->Open(question, 0).refusal.status, 400);
  question.target = "/elsewhere";
  EXPECT_EQ(test.exchange->Open(question, 0).refusal.status, 404);
}

// ---- Faults. N3, N4, W1 and so on: the faults of the catalogue that each one makes.

std::vector<std::string> DepthWith(const std::vector<std::string>& faults) {
  TestExchange test(faults);
  test.Open(kDepthUrl);
  test.RunTo(20 * kSecond);
  return test.wire.Texts();
}

TEST(ExchangeFaultTest, DropTakesTheNamedFramesOut) {
  auto want = DepthMessages(0, kDemoEvents);
  want.erase(want.begin() + 4, want.begin() + 6);
  EXPECT_EQ(DepthWith({"drop:stream=demousdt@depth@100ms,count=2@frame=5"}), want);
  // The event that holds the id: number 4, U 109 and u 110.
  EXPECT_EQ(DepthWith({"drop:stream=demousdt@depth@100ms,count=2@id=110"}), want);
  EXPECT_EQ(DepthWith({"drop:stream=demousdt@depth@100ms,count=2@time=0.4"}), want);
  // Frames of all streams count: three for each event.
  want = DepthMessages(0, kDemoEvents);
  want.erase(want.begin() + 2);
  EXPECT_EQ(DepthWith({"drop@frame=7"}), want);
}

TEST(ExchangeFaultTest, DuplicateSendsAgain) {
  auto want = DepthMessages(0, kDemoEvents);
  want.insert(want.begin() + 3, 2, DepthMessage(2));
  EXPECT_EQ(DepthWith({"duplicate:stream=demousdt@depth@100ms,times=2@frame=3"}), want);
}

TEST(ExchangeFaultTest, ReorderLetsFramesOfTheStreamPass) {
  auto want = DepthMessages(0, kDemoEvents);
  std::rotate(want.begin() + 2, want.begin() + 3, want.begin() + 5);
  EXPECT_EQ(DepthWith({"reorder:stream=demousdt@depth@100ms,by=2@frame=3"}), want);
}

TEST(ExchangeFaultTest, AFrameThatWaitsForOthersComesAtTheLatestBehindTheLastOne) {
  EXPECT_EQ(DepthWith({"reorder:stream=demousdt@depth@100ms,by=9@frame=20"}),
            DepthMessages(0, kDemoEvents));
}

TEST(ExchangeFaultTest, DelayLetsLaterFramesPass) {
  auto want = DepthMessages(0, kDemoEvents);
  std::rotate(want.begin() + 2, want.begin() + 3, want.begin() + 6);
  EXPECT_EQ(DepthWith({"delay:stream=demousdt@depth@100ms,for=0.35@frame=3"}), want);
}

TEST(ExchangeFaultTest, StallHoldsOneStreamAndSendsItAllAfterwards) {
  TestExchange test({"stall:for=0.5,stream=demousdt@depth@100ms@time=0.25"});
  test.Open("/stream?streams=demousdt@depth@100ms/demousdt@trade");
  test.RunTo(740 * kMillisecond);
  std::vector<std::string> depth;
  std::size_t trades = 0;
  const auto sort = [&] {
    depth.clear();
    trades = 0;
    for (const std::string& text : test.wire.Texts()) {
      if (text.find("@trade") != std::string::npos) {
        ++trades;
      } else {
        depth.push_back(text);
      }
    }
  };
  sort();
  EXPECT_EQ(depth, DepthMessages(0, 3));
  EXPECT_EQ(trades, 8u);
  test.RunTo(751 * kMillisecond);
  sort();
  EXPECT_EQ(depth, DepthMessages(0, 8));
  test.RunTo(5 * kSecond);
  sort();
  EXPECT_EQ(depth, DepthMessages(0, kDemoEvents));
}

TEST(ExchangeFaultTest, StallThatLosesMakesAGapAndMayKeepPingsBack) {
  auto want = DepthMessages(0, kDemoEvents);
  want.erase(want.begin() + 3, want.begin() + 8);
  EXPECT_EQ(DepthWith({"stall:for=0.5,lose=yes@time=0.25"}), want);

  ExchangeOptions options;
  options.time_scale = 100;  // A ping each 0.2 s.
  TestExchange test({"stall:for=0.5,pings=no@time=0"}, options);
  test.Open(kDepthUrl);
  test.RunTo(450 * kMillisecond);
  EXPECT_TRUE(test.wire.Of("ping").empty());
  test.RunTo(600 * kMillisecond);
  EXPECT_EQ(test.wire.Of("ping").size(), 1u);
}

TEST(ExchangeFaultTest, CutSendsAPartAndNothingMore) {
  TestExchange test({"cut:stream=demousdt@depth@100ms,bytes=7@frame=3"});
  test.Open(kDepthUrl);
  test.RunTo(5 * kSecond);
  EXPECT_EQ(test.wire.Texts(), DepthMessages(0, 2));
  ASSERT_EQ(test.wire.Of("cut").size(), 1u);
  EXPECT_EQ(test.wire.Of("cut")[0].number, 7);
  EXPECT_EQ(test.wire.Of("cut")[0].text, DepthMessage(2));
}

TEST(ExchangeFaultTest, AFaultOfOneConnectionLeavesTheOthersAlone) {
  TestExchange test({"drop:connection=2,count=60@frame=1"});
  test.Open(kDepthUrl);
  test.Open(kDepthUrl);
  test.RunTo(5 * kSecond);
  EXPECT_EQ(test.wire.Texts(1), DepthMessages(0, kDemoEvents));
  EXPECT_TRUE(test.wire.Texts(2).empty());
}

TEST(ExchangeFaultTest, MalformedFramesTakeThePlaceOfGoodOnes) {
  const struct {
    const char* how;
    std::string text;
  } cases[] = {
      {"truncated", DepthMessage(2).substr(0, DepthMessage(2).size() / 2)},
      {"garbage", "\x01\x02<not json>{{{"},
      {"utf8", DepthMessage(2).substr(0, DepthMessage(2).size() / 2) + "\xc3\x28\xff"},
      {"huge,bytes=5000", std::string(5'000, ' ')},
  };
  for (const auto& [how, text] : cases) {
    auto want = DepthMessages(0, kDemoEvents);
    want[2] = text;
    EXPECT_EQ(
        DepthWith({absl::StrCat("malformed:stream=demousdt@depth@100ms,how=", how, "@frame=3")}),
        want);
  }
  TestExchange test({"malformed:stream=demousdt@depth@100ms,how=binary@frame=3"});
  test.Open(kDepthUrl);
  test.RunTo(5 * kSecond);
  ASSERT_EQ(test.wire.Of("binary").size(), 1u);
  EXPECT_EQ(test.wire.Of("binary")[0].text, DepthMessage(2));
}

TEST(ExchangeFaultTest, TheSchemaMayGrow) {
  auto want = DepthMessages(0, kDemoEvents);
  want[2] = absl::StrCat(R"({"stream":"demousdt@depth@100ms","data":{"zz":{"new":[1,"2",null],)",
                         R"("U":7},)", PayloadOf(DepthMessage(2)).substr(1), "}");
  EXPECT_EQ(DepthWith({"unknown-field:stream=demousdt@depth@100ms@frame=3"}), want);
  want = DepthMessages(0, kDemoEvents);
  const auto got = DepthWith({"unknown-event:stream=demousdt@depth@100ms@frame=3"});
  ASSERT_EQ(got.size(), want.size() + 1);
  EXPECT_NE(got[2].find(R"("e":"somethingNew")"), std::string::npos);
  EXPECT_EQ(got[3], DepthMessage(2));
}

TEST(ExchangeFaultTest, IdsBeginAnewForStreamsAndSnapshots) {
  TestExchange test({"id-reset:symbol=DEMOUSDT,to=5@time=0.55"});
  test.Open(kDepthUrl);
  test.RunTo(650 * kMillisecond);
  const auto got = test.wire.Texts();
  ASSERT_EQ(got.size(), 7u);
  EXPECT_EQ(got[5], DepthMessage(5));
  EXPECT_NE(got[6].find(R"("U":5,"u":6,)"), std::string::npos) << got[6];
  EXPECT_EQ(test.Get("/api/v3/depth?symbol=DEMOUSDT&limit=5").body.find(R"({"lastUpdateId":6,)"),
            0u);
}

TEST(ExchangeFaultTest, ShutdownIsToldAndThenDone) {
  TestExchange test({"shutdown:for=0.3@time=0.55", "close:code=1012,connection=2@time=0.2"});
  test.Open("/ws/demousdt@depth@100ms");
  test.Open(kDepthUrl);
  test.RunTo(kSecond);
  const auto closes = test.wire.Of("close");
  ASSERT_EQ(closes.size(), 2u);
  EXPECT_EQ(closes[0].connection, 2);
  EXPECT_EQ(closes[0].number, 1'012);
  EXPECT_EQ(closes[1].number, 1'001);
  const auto got = test.wire.Texts(1);
  ASSERT_EQ(got.size(), 10u);  // Events 0 to 8, and the notice behind the sixth.
  EXPECT_EQ(got[6], absl::StrCat(R"({"e":"serverShutdown","E":)", kTestStartMs + 550, "}"));
}

TEST(ExchangeFaultTest, ACloseWithoutAGoodbyeResetsEveryConnection) {
  TestExchange test({"close:code=1006@time=0.2"});
  test.Open("/ws/demousdt@depth@100ms");
  test.Open(kDepthUrl);
  test.RunTo(250 * kMillisecond);
  EXPECT_TRUE(test.wire.Of("close").empty());
  ASSERT_EQ(test.wire.Of("reset").size(), 2u);
  EXPECT_EQ(test.wire.Of("reset")[0].number, 0) << "bytes of a message";
  const std::size_t sent = test.wire.items.size();
  test.RunTo(kSecond);
  EXPECT_EQ(test.wire.items.size(), sent) << "nothing is sent behind it";
}

TEST(ExchangeFaultTest, AFaultMayBeAddedWhileItRunsAndCountsFromThenOn) {
  TestExchange test;
  test.Open(kDepthUrl);
  test.RunTo(350 * kMillisecond);
  EXPECT_EQ(test.Get("/thalweg/fault?add=drop%3Acount%3D2@frame%3D2").status, 200);
  EXPECT_EQ(test.Get("/thalweg/fault?add=close:code=1012@time=0").status, 200);
  test.RunTo(360 * kMillisecond);
  ASSERT_EQ(test.wire.Of("close").size(), 1u) << "at once";
  EXPECT_EQ(test.wire.Of("close")[0].number, 1'012);
  const HttpAnswer refused = test.Get("/thalweg/fault?add=flood@frame=1");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("there is no kind 'flood'"), std::string::npos) << refused.body;
  EXPECT_EQ(test.Get("/thalweg/fault").status, 400);
}

TEST(ExchangeTest, ItSaysHowNearTheLimitsItsClientsCame) {
  TestExchange test;
  test.Open(kDepthUrl);
  (void)test.Get("/api/v3/exchangeInfo");
  (void)test.Get("/api/v3/ping");
  EXPECT_EQ(test.Get("/thalweg/limits").body,
            R"({"weight":{"limit":6000,"windowMs":60000,"most":21},)"
            R"("attempts":{"limit":300,"windowMs":300000,"most":1},"refused":0,"banned":0})");
}

TEST(ExchangeTest, WithATimeScaleItStatesTheShorterWindows) {
  ExchangeOptions options;
  options.time_scale = 30;
  TestExchange test({}, options);
  const HttpAnswer info = test.Get("/api/v3/exchangeInfo");
  EXPECT_NE(info.body.find(R"({"rateLimitType":"REQUEST_WEIGHT","interval":"SECOND",)"
                           R"("intervalNum":2,"limit":6000})"),
            std::string::npos)
      << info.body;
  EXPECT_NE(info.body.find(R"("interval":"SECOND","intervalNum":10)"), std::string::npos);
  const auto states = [&](const auto& header) {
    return header.first == "X-MBX-USED-WEIGHT-2S" && header.second == "20";
  };
  EXPECT_TRUE(std::any_of(info.headers.begin(), info.headers.end(), states));
}

TEST(ExchangeFaultTest, PingsFloodAndDribblingBegins) {
  TestExchange test({"pings:count=30@time=0.1", "dribble:bytes=1,every=0.01,for=2@frame=1"});
  test.Open(kDepthUrl);
  test.RunTo(200 * kMillisecond);
  EXPECT_EQ(test.wire.Of("ping").size(), 30u);
  ASSERT_EQ(test.wire.Of("dribble").size(), 1u);
  EXPECT_EQ(test.wire.Of("dribble")[0].number, 1);
}

TEST(ExchangeFaultTest, AttemptsToConnectAreRefused) {
  TestExchange test({"refuse:count=2,status=429@attempt=2", "refuse:status=0@attempt=4"});
  HttpQuestion question;
  question.target = kDepthUrl;
  EXPECT_TRUE(test.exchange->Open(question, 0).connection.has_value());
  for (int i = 0; i < 2; ++i) {
    const UpgradeVerdict refused = test.exchange->Open(question, 0);
    ASSERT_FALSE(refused.connection.has_value());
    EXPECT_EQ(refused.refusal.status, 429);
    EXPECT_EQ(refused.refusal.headers.at(0).first, "Retry-After");
  }
  EXPECT_TRUE(test.exchange->Open(question, 0).refusal.is_aborted);
  EXPECT_TRUE(test.exchange->Open(question, 0).connection.has_value());
}

TEST(ExchangeFaultTest, SnapshotsComeLateOldBrokenOrNot) {
  TestExchange test(
      {"snapshot-late:for=3@request=1", "snapshot-old:by=5@request=2",
       "rest-error:status=418@request=3", "snapshot-garbage:how=html@request=4",
       "snapshot-garbage:how=truncated@request=5", "snapshot-garbage:how=empty@request=6",
       "snapshot-garbage:how=ascending@request=7", "snapshot-garbage:how=crossed@request=8",
       "snapshot-garbage:how=duplicate@request=9", "snapshot-garbage:how=missing@request=10"});
  test.Open(kDepthUrl);
  test.RunTo(1'050 * kMillisecond);
  const std::string url = "/api/v3/depth?symbol=DEMOUSDT&limit=2";
  const std::string good =
      R"({"lastUpdateId":122,"bids":[["100.10000000","1.50000000"],["100.09000000","1.50000000"]],)"
      R"("asks":[["101.00000000","2.00000000"],["101.01000000","2.00000000"]]})";
  const HttpAnswer late = test.Get(url);
  EXPECT_EQ(late.delay, 3 * kSecond);
  EXPECT_EQ(late.body, good);
  EXPECT_EQ(test.Get(url).body,
            R"({"lastUpdateId":116,"bids":[["100.07000000","1.50000000"],)"
            R"(["100.06000000","1.50000000"]],"asks":[["101.00000000","2.00000000"],)"
            R"(["101.01000000","2.00000000"]]})");
  EXPECT_EQ(test.Get(url).status, 418);
  EXPECT_EQ(test.Get(url).content_type, "text/html");
  EXPECT_EQ(test.Get(url).body, good.substr(0, good.size() / 2));
  EXPECT_EQ(test.Get(url).body, "");
  EXPECT_EQ(test.Get(url).body,
            R"({"lastUpdateId":122,"bids":[["100.09000000","1.50000000"],)"
            R"(["100.10000000","1.50000000"]],"asks":[["101.01000000","2.00000000"],)"
            R"(["101.00000000","2.00000000"]]})");
  EXPECT_EQ(test.Get(url).body,
            R"({"lastUpdateId":122,"asks":[["100.09000000","1.50000000"],)"
            R"(["100.10000000","1.50000000"]],"bids":[["101.01000000","2.00000000"],)"
            R"(["101.00000000","2.00000000"]]})");
  EXPECT_EQ(test.Get(url).body,
            R"({"lastUpdateId":122,"bids":[["100.10000000","1.50000000"],)"
            R"(["100.10000000","1.50000000"],["100.09000000","1.50000000"]],)"
            R"("asks":[["101.00000000","2.00000000"],["101.01000000","2.00000000"]]})");
  EXPECT_EQ(test.Get(url).body,
            R"({"lastUpdateId":122,"bids":[["100.10000000","1.50000000"]],)"
            R"("asks":[["101.00000000","2.00000000"],["101.01000000","2.00000000"]]})");
  EXPECT_EQ(test.Get(url).body, good);
}

TEST(ExchangeFaultTest, RepliesToControlMessagesAreWrongOrLost) {
  TestExchange test(
      {"reply:how=error@control=1", "reply:how=lost@control=2", "reply:how=other-id@control=3"});
  test.Open("/ws");
  for (int i = 0; i < 4; ++i) {
    test.Text(1, R"({"method":"SUBSCRIBE","params":["x@trade"],"id":7})");
  }
  const auto got = test.wire.Texts();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(got[0].starts_with(R"({"error":{"code":2,)")) << got[0];
  EXPECT_TRUE(got[0].ends_with(R"("id":7})")) << got[0];
  EXPECT_EQ(got[1], R"({"result":null,"id":"other"})");
  EXPECT_EQ(got[2], R"({"result":null,"id":7})");
}

TEST(ExchangeFaultTest, TheSameScriptDoesTheSameThingEveryTime) {
  const std::vector<std::string> faults = {"drop@frame=5", "reorder:by=3,count=2@frame=12",
                                           "stall:for=0.3@time=0.7", "duplicate@id=130",
                                           "id-reset:symbol=DEMOUSDT@time=1.5"};
  const auto run = [&](Nanos step) {
    TestExchange test(faults);
    test.Open("/stream?streams=demousdt@depth@100ms/demousdt@trade/demousdt@bookTicker");
    for (Nanos time = 0; time < 3 * kSecond; time += step) test.RunTo(time);
    test.RunTo(3 * kSecond);
    return test.wire.Texts();
  };
  EXPECT_EQ(run(kSecond), run(7 * kMillisecond));
}

}  // namespace
}  // namespace thalweg
