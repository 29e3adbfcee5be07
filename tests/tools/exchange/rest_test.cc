// REST answers of the exchange: shapes, weights, errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/tools/exchange/exchange_testing.h"
#include "tests/tools/program.h"
#include "tools/exchange/market_feed.h"
#include "tools/exchange/recording_feed.h"

namespace thalweg {
namespace {

std::string Header(const HttpAnswer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

// At 1.05 s of the recording: event 10 was the newest.
class RestTest : public testing::Test {
 protected:
  RestTest() {
    test_.Open("/ws/demousdt@trade");
    test_.RunTo(1'050 * kMillisecond);
  }
  TestExchange test_;
};

TEST_F(RestTest, EveryEndpointAnswersInItsShape) {
  const std::int64_t second = kTestStartMs;
  const std::int64_t now = kTestStartMs + 1'050;
  const std::string day = absl::StrCat(
      R"("openPrice":"100.00000000","highPrice":"100.10000000","lowPrice":"100.00000000",)"
      R"("lastPrice":"100.10000000","volume":"5.50000000","quoteVolume":"550.27500000",)"
      R"("openTime":)",
      now - 24 * 3'600'000, R"(,"closeTime":)", now,
      R"(,"firstId":7000,"lastId":7010,"count":11})");
  const struct {
    std::string target;
    std::string body;
  } cases[] = {
      {"ping", "{}"},
      {"time", absl::StrCat(R"({"serverTime":)", kTestStartMs + 1'050, "}")},
      {"depth?symbol=DEMOUSDT&limit=1",
       R"({"lastUpdateId":122,"bids":[["100.10000000","1.50000000"]],)"
       R"("asks":[["101.00000000","2.00000000"]]})"},
      {"trades?symbol=DEMOUSDT&limit=1",
       absl::StrCat(R"([{"id":7010,"price":"100.10000000","qty":"0.50000000",)",
                    R"("quoteQty":"50.05000000","time":)", kTestStartMs + 1'020,
                    R"(,"isBuyerMaker":true,"isBestMatch":true}])")},
      {"historicalTrades?symbol=DEMOUSDT&fromId=7003&limit=1",
       absl::StrCat(R"([{"id":7003,"price":"100.03000000","qty":"0.50000000",)",
                    R"("quoteQty":"50.01500000","time":)", kTestStartMs + 320,
                    R"(,"isBuyerMaker":false,"isBestMatch":true}])")},
      {"aggTrades?symbol=DEMOUSDT&limit=1",
       absl::StrCat(
           R"([{"a":5000000009,"p":"100.09000000","q":"0.50000000","f":7009,"l":7009,"T":)",
           kTestStartMs + 920, R"(,"m":false,"M":true}])")},
      {absl::StrCat("aggTrades?symbol=DEMOUSDT&startTime=", kTestStartMs + 20,
                    "&endTime=", kTestStartMs + 120, "&limit=5"),
       absl::StrCat(
           R"([{"a":5000000000,"p":"100.00000000","q":"0.50000000","f":7000,"l":7000,"T":)",
           kTestStartMs + 20,
           R"(,"m":true,"M":true},{"a":5000000001,"p":"100.01000000","q":"0.50000000",)",
           R"("f":7001,"l":7001,"T":)", kTestStartMs + 120, R"(,"m":false,"M":true}])")},
      {"klines?symbol=DEMOUSDT&interval=1s&limit=1&endTime=" + std::to_string(second),
       absl::StrCat("[[", second, R"(,"100.00000000","100.09000000","100.00000000",)",
                    R"("100.09000000","5.00000000",)", second + 999,
                    R"(,"500.22500000",10,"2.50000000","250.12500000","0"]])")},
      {"ticker/price?symbol=DEMOUSDT", R"({"symbol":"DEMOUSDT","price":"100.10000000"})"},
      {"ticker/price", R"([{"symbol":"DEMOUSDT","price":"100.10000000"}])"},
      {"ticker/bookTicker?symbol=DEMOUSDT",
       R"({"symbol":"DEMOUSDT","bidPrice":"100.10000000","bidQty":"1.50000000",)"
       R"("askPrice":"101.00000000","askQty":"2.00000000"})"},
      {"ticker/bookTicker?symbols=%5B%22DEMOUSDT%22%5D",
       R"([{"symbol":"DEMOUSDT","bidPrice":"100.10000000","bidQty":"1.50000000",)"
       R"("askPrice":"101.00000000","askQty":"2.00000000"}])"},
      {"ticker/24hr?symbol=DEMOUSDT",
       absl::StrCat(
           R"({"symbol":"DEMOUSDT","priceChange":"0.10000000","priceChangePercent":"0.100",)"
           R"("weightedAvgPrice":"100.05000000","lastQty":"0.50000000",)"
           R"("prevClosePrice":"100.00000000","bidPrice":"100.10000000","bidQty":"1.50000000",)"
           R"("askPrice":"101.00000000","askQty":"2.00000000",)",
           day)},
      {"ticker/24hr?symbols=%5B%22DEMOUSDT%22%5D&type=MINI",
       absl::StrCat(R"([{"symbol":"DEMOUSDT",)", day, "]")},
      {"avgPrice?symbol=DEMOUSDT",
       absl::StrCat(R"({"mins":5,"price":"100.05000000","closeTime":)", kTestStartMs + 1'020, "}")},
  };
  for (const auto& [target, body] : cases) {
    const HttpAnswer answer = test_.Get("/api/v3/" + target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body, body) << target;
  }
}

TEST_F(RestTest, TimesAreMicrosecondsWhereTheHeaderAsksForThem) {
  HttpQuestion question;
  question.address = "127.0.0.1";
  question.microseconds = true;
  question.target = "/api/v3/time";
  EXPECT_EQ(test_.exchange->Ask(question, test_.now).body,
            absl::StrCat(R"({"serverTime":)", kTestStartMs + 1'050, "000}"));
  question.target = "/api/v3/klines?symbol=DEMOUSDT&interval=1m&limit=1";
  EXPECT_NE(test_.exchange->Ask(question, test_.now).body.find("999999,"), std::string::npos);
}

TEST_F(RestTest, WrongRequestsGetTheExchangesCodes) {
  const struct {
    const char* target;
    int status;
    const char* code;
  } cases[] = {
      {"depth", 400, "-1102"},
      {"depth?symbol=", 400, "-1105"},
      {"depth?symbol=NONE", 400, "-1121"},
      {"depth?symbol=demousdt", 400, "-1100"},
      {"depth?symbol=DEMOUSDT&limit=x", 400, "-1100"},
      {"depth?symbol=DEMOUSDT&limit=0", 400, "-1130"},
      {"depth?symbol=DEMOUSDT&more=1", 400, "-1101"},
      {"depth?symbol=DEMOUSDT&symbolStatus=FAST", 400, "-1122"},
      {"depth?symbol=DEMOUSDT&symbolStatus=HALT", 400, "-1220"},
      {"klines?symbol=DEMOUSDT", 400, "-1102"},
      {"klines?symbol=DEMOUSDT&interval=2m", 400, "-1120"},
      {"klines?symbol=DEMOUSDT&interval=1m&timeZone=15", 400, "-1130"},
      {"klines?symbol=DEMOUSDT&interval=1m&startTime=5&endTime=4", 400, "-1130"},
      {"aggTrades?symbol=DEMOUSDT&fromId=1&startTime=5", 400, "-1128"},
      {"ticker/price?symbol=DEMOUSDT&symbols=%5B%22DEMOUSDT%22%5D", 400, "-1128"},
      {"ticker/price?symbols=%5B%22DEMOUSDT%22,%22NONE%22%5D", 400, "-1121"},
      {"ticker/price?symbols=DEMOUSDT", 400, "-1100"},
      {"exchangeInfo?symbol=NONE", 400, "-1121"},
      {"exchangeInfo?symbol=DEMOUSDT&symbolStatus=TRADING", 400, "-1128"},
  };
  for (const auto& [target, status, code] : cases) {
    const HttpAnswer answer = test_.Get(absl::StrCat("/api/v3/", target));
    EXPECT_EQ(answer.status, status) << target;
    EXPECT_EQ(answer.body.find(absl::StrCat(R"({"code":)", code, R"(,"msg":")")), 0u)
        << target << " " << answer.body;
  }
  EXPECT_EQ(test_.Get("/api/v1/time").status, 404);
  EXPECT_EQ(test_.Get("/api/v3/order").status, 404);
  EXPECT_EQ(test_.Get("/").status, 404);
  HttpQuestion question;
  question.method = "POST";
  question.target = "/api/v3/time";
  EXPECT_EQ(test_.exchange->Ask(question, 0).status, 405);
}

TEST_F(RestTest, EachRequestWeighsWhatTheDocumentationSays) {
  const struct {
    const char* target;
    int weight;
  } cases[] = {
      {"ping", 1},
      {"time", 1},
      {"exchangeInfo", 20},
      {"depth?symbol=DEMOUSDT", 5},
      {"depth?symbol=DEMOUSDT&limit=500", 25},
      {"depth?symbol=DEMOUSDT&limit=1000", 50},
      {"depth?symbol=DEMOUSDT&limit=9999", 250},
      {"trades?symbol=DEMOUSDT", 25},
      {"historicalTrades?symbol=DEMOUSDT", 25},
      {"aggTrades?symbol=DEMOUSDT", 4},
      {"klines?symbol=DEMOUSDT&interval=1m", 2},
      {"avgPrice?symbol=DEMOUSDT", 2},
      {"ticker/price?symbol=DEMOUSDT", 2},
      {"ticker/price", 4},
      {"ticker/bookTicker?symbols=%5B%22DEMOUSDT%22%5D", 4},
      {"ticker/24hr?symbols=%5B%22DEMOUSDT%22%5D", 2},
      {"ticker/24hr", 80},
  };
  int used = 0;
  for (const auto& [target, weight] : cases) {
    const HttpAnswer answer = test_.Get(absl::StrCat("/api/v3/", target));
    ASSERT_EQ(answer.status, 200) << target;
    used += weight;
    EXPECT_EQ(Header(answer, "X-MBX-USED-WEIGHT-1M"), absl::StrCat(used)) << target;
  }
}

TEST_F(RestTest, TheLimitEndsIn429AndGoingOnIn418UntilTheBanIsOver) {
  const std::string heavy = "/api/v3/depth?symbol=DEMOUSDT&limit=5000";
  for (int i = 0; i < 24; ++i) ASSERT_EQ(test_.Get(heavy).status, 200) << i;
  const HttpAnswer refused = test_.Get("/api/v3/ping");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(Header(refused, "Retry-After"), "59");  // 1.05 s of the minute are over.
  EXPECT_EQ(Header(refused, "X-MBX-USED-WEIGHT-1M"), "6001");
  EXPECT_EQ(refused.body.find(R"({"code":-1003,"msg":"Too much request weight used;)"), 0u);
  HttpAnswer last;
  for (int i = 0; i < 10; ++i) last = test_.Get("/api/v3/ping");
  EXPECT_EQ(last.status, 418);
  EXPECT_EQ(Header(last, "Retry-After"), "120");
  EXPECT_NE(last.body.find(absl::StrCat("IP banned until ", kTestStartMs + 121'050)),
            std::string::npos)
      << last.body;
  test_.RunTo(100 * kSecond);
  EXPECT_EQ(test_.Get("/api/v3/ping").status, 418);
  test_.RunTo(125 * kSecond);
  EXPECT_EQ(test_.Get("/api/v3/ping").status, 200);
}

TEST(RestBookTest, ThereIsNoBookBeforeTheRecordingsSnapshotAndTheTrueOneAfterIt) {
  TestExchange test;
  test.Open("/ws/demousdt@trade");
  const std::string url = "/api/v3/depth?symbol=DEMOUSDT&limit=100";
  test.RunTo(340 * kMillisecond);
  EXPECT_EQ(test.Get(url).status, 503);
  test.RunTo(360 * kMillisecond);
  // Snapshot 104 and the events behind it up to number 3.
  EXPECT_EQ(test.Get(url).body,
            R"({"lastUpdateId":108,"bids":[["100.03000000","1.50000000"],)"
            R"(["100.02000000","1.50000000"],["100.01000000","1.50000000"],)"
            R"(["99.00000000","3.00000000"]],"asks":[["101.00000000","2.00000000"],)"
            R"(["101.01000000","2.00000000"],["101.02000000","2.00000000"],)"
            R"(["101.03000000","2.00000000"]]})");
  // The exchange's own question: the book at an id of the past, in replay's form.
  const HttpAnswer past = test.Get("/thalweg/book?symbol=DEMOUSDT&id=106");
  EXPECT_EQ(past.body,
            "b 100.02000000 1.50000000\nb 100.01000000 1.50000000\nb 99.00000000 3.00000000\n"
            "a 101.00000000 2.00000000\na 101.01000000 2.00000000\na 101.02000000 2.00000000\n");
  const HttpAnswer top = test.Get("/thalweg/book?symbol=DEMOUSDT&id=106&limit=1");
  EXPECT_EQ(std::count(top.body.begin(), top.body.end(), '\n'), 2) << top.body;
  EXPECT_EQ(test.Get("/thalweg/book?symbol=DEMOUSDT&limit=x").status, 400);
  EXPECT_EQ(test.Get("/thalweg/book?symbol=DEMOUSDT&id=109").status, 404);
  EXPECT_EQ(test.Get("/thalweg/book?symbol=NONE").status, 404);
}

class FeedTest : public testing::Test {
 protected:
  std::unique_ptr<RecordingFeed> Open(const std::string& text,
                                      const std::vector<Instrument>& instruments = {}) {
    auto feed = RecordingFeed::Open({folder_.Write("feed.txt", text)}, instruments);
    EXPECT_TRUE(feed.ok()) << feed.status();
    return feed.ok() ? *std::move(feed) : nullptr;
  }
  TestFolder folder_;
};

TEST_F(FeedTest, RulesAreThoseOfTheRecordingElseOfTheOptionElseOfAllPrices) {
  const std::string rules =
      R"({"symbol":"DEMOUSDT","status":"TRADING","zz":[1, 2],"filters":[{"filterType":)"
      R"("PRICE_FILTER","tickSize":"0.05"}]})";
  const std::string info =
      absl::StrCat(kTestStart, R"( #rest GET /api/v3/exchangeInfo {"symbols":[)", rules, "]}\n");
  const auto own = Open(info + DemoRecording(), {*ParseInstrumentOption("DEMOUSDT:0.1:0.2")});
  ASSERT_EQ(own->symbols().size(), 1u);
  EXPECT_EQ(own->symbols()[0].rules, rules);

  const auto given = Open(DemoRecording(), {*ParseInstrumentOption("DEMOUSDT:0.1:0.2")});
  EXPECT_NE(given->symbols()[0].rules.find(R"("tickSize":"0.10000000")"), std::string::npos);
  EXPECT_NE(given->symbols()[0].rules.find(R"("stepSize":"0.20000000")"), std::string::npos);

  const auto inferred = Open(DemoRecording());
  EXPECT_NE(inferred->symbols()[0].rules.find(R"("tickSize":"0.01000000")"), std::string::npos);
  EXPECT_NE(inferred->symbols()[0].rules.find(R"("stepSize":"0.50000000")"), std::string::npos);
}

TEST_F(FeedTest, AGapTakesTheBookAwayUntilTheNextSnapshot) {
  std::string text;
  for (int i = 0; i < 5; ++i) {
    if (i == 3) continue;
    absl::StrAppend(&text, kTestStart + i * kSecond, " ", DepthMessage(i), "\n");
    if (i == 0) {
      absl::StrAppend(&text, kTestStart + 1, R"( {"lastUpdateId":102,"bids":[],"asks":[]})", "\n");
    }
  }
  absl::StrAppend(&text, kTestStart + 5 * kSecond,
                  R"( {"lastUpdateId":110,"bids":[["1.0","1.0"]],"asks":[]})", "\n");
  const auto feed = Open(text);
  std::vector<std::int64_t> ids;
  while (feed->NextAt()) {
    (void)feed->Next();
    const auto id = feed->BookId("DEMOUSDT");
    ids.push_back(id ? id->raw() : -1);
  }
  EXPECT_EQ(ids, (std::vector<std::int64_t>{-1, 102, 104, 106, -1, 110}));
}

TEST_F(FeedTest, WhatIsNoRecordingIsRefused) {
  EXPECT_FALSE(RecordingFeed::Open({folder_.PathOf("absent")}, {}).ok());
  EXPECT_FALSE(RecordingFeed::Open({folder_.Write("empty", "")}, {}).ok());
  const auto nothing = RecordingFeed::Open({folder_.Write("words", "hello\n")}, {});
  ASSERT_FALSE(nothing.ok());
  EXPECT_NE(nothing.status().message().find("words"), std::string::npos);
}

// A client's book from a snapshot in mid-stream and every later event, and the market's own one.
TEST(MarketFeedTest, ASnapshotAndLaterEventsMakeTheTrueBook) {
  MarketOptions options;
  options.levels = 300;
  options.symbols = {*ParseMarketSymbol("BTCUSDT"), *ParseMarketSymbol("XRPUSDT:50")};
  MarketFeed feed(options);
  EXPECT_EQ(feed.symbols().size(), 2u);
  ASSERT_TRUE(feed.BookAt("XRPUSDT", {}).has_value());
  FeedReader reader;
  std::optional<DepthDiff> diff;
  FeedFrame again;
  std::optional<TrueBook> book;
  int straddled = 0;
  int applied = 0;
  for (int i = 0; i < 4'000; ++i) {
    ASSERT_TRUE(feed.NextAt().has_value());
    const FeedFrame& frame = feed.Next();
    if (frame.symbol != "BTCUSDT") continue;
    // A snapshot now and then, and the events from there on.
    if (i % 500 == 250) book = feed.BookAt("BTCUSDT", {})->book;
    if (frame.kind != FrameKind::kDepth || !book) continue;
    reader.Read(frame.text, 5, &again, &diff);
    ASSERT_TRUE(diff.has_value());
    if (diff->last <= book->id()) continue;
    ASSERT_LE(diff->first, book->id() + 1);
    straddled += diff->first <= book->id() ? 1 : 0;
    for (const Side side : {Side::kBid, Side::kAsk}) {
      for (const Level& level : side == Side::kBid ? diff->bids : diff->asks) {
        book->Set(diff->last, side, Ticks(level.price.raw() / 1'000'000), level.qty);
      }
    }
    ++applied;
    ASSERT_EQ(book->hash(), feed.BookAt("BTCUSDT", feed.BookId("BTCUSDT"))->book.hash());
  }
  EXPECT_GT(applied, 100);
  EXPECT_GT(straddled, 0);
}

TEST(RecordedFeedTest, TheLastBookOfEveryRealRecordingIsTheKnownOne) {
  const std::vector<RecordedSet> sets = RecordedSets();
  if (sets.empty()) GTEST_SKIP() << "no real recordings here";
  const std::string facts = ReadWholeFile((RecordedDataFolder() / "reference-facts.json").string());
  const TestFolder folder;
  for (const RecordedSet& set : sets) {
    SCOPED_TRACE(std::string(set.name));
    auto feed = RecordingFeed::Open(set.files, {});
    ASSERT_TRUE(feed.ok()) << feed.status();
    while ((*feed)->NextAt()) (void)(*feed)->Next();
    EXPECT_TRUE((*feed)->status().ok());
    ASSERT_EQ((*feed)->symbols().size(), 1u);
    const auto book = (*feed)->BookAt((*feed)->symbols()[0].name, {});
    ASSERT_TRUE(book.has_value());
    const std::string sum =
        RunProgram("sha256sum", {folder.Write("book.txt", BookText(*book))}).out.substr(0, 64);
    ASSERT_EQ(sum.size(), 64u);
    EXPECT_NE(facts.find(sum), std::string::npos) << sum;
  }
}

}  // namespace
}  // namespace thalweg
