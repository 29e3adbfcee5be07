// What an exchange does to its instruments, and to everybody: on the seeded market, on a clock in
// the test's hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/tools/exchange/exchange_testing.h"
#include "tools/exchange/fault.h"
#include "tools/exchange/market_feed.h"

namespace thalweg {
namespace {

constexpr Price kCent{1'000'000};

MarketOptions TwoSymbols() {
  MarketOptions options;
  options.levels = 300;
  options.symbols = {*ParseMarketSymbol("AAAUSDT"), *ParseMarketSymbol("BBBUSDT")};
  return options;
}

// The market behind an exchange, and a client of one connection.
class InstrumentChangeTest : public testing::Test {
 protected:
  void Make(const std::vector<std::string>& faults, std::int64_t time_scale = 1) {
    ExchangeOptions options;
    options.time_scale = time_scale;
    for (const std::string& text : faults) {
      const auto fault = ParseFault(text);
      ASSERT_TRUE(fault.ok()) << fault.status();
      options.faults.push_back(*fault);
    }
    options.log = [this](std::string_view line) { log.emplace_back(line); };
    exchange = std::make_unique<Exchange>(std::move(options),
                                          std::make_unique<MarketFeed>(TwoSymbols()), wire);
    (void)Open();
  }
  UpgradeVerdict Open() {
    return exchange->Open(Question("/stream?streams=aaausdt@depth@100ms/aaausdt@trade/"
                                   "bbbusdt@depth@100ms"),
                          now);
  }
  HttpAnswer Get(const std::string& target) { return exchange->Ask(Question(target), now); }
  static HttpQuestion Question(const std::string& target) {
    HttpQuestion question;
    question.target = target;
    question.address = "127.0.0.1";
    return question;
  }
  void RunTo(Nanos time) {
    for (auto due = exchange->NextDue(now); due && *due <= time; due = exchange->NextDue(now)) {
      now = std::max(now, *due);
      exchange->Advance(now);
    }
    now = time;
    exchange->Advance(now);
  }
  // The new frames of a stream.
  std::vector<std::string> Frames(const std::string& stream) {
    std::vector<std::string> frames;
    for (const KeptWire::Item& item : wire.items) {
      if (absl::StartsWith(item.text, absl::StrCat(R"({"stream":")", stream, "\""))) {
        frames.push_back(item.text);
      }
    }
    return frames;
  }
  std::string Info(const std::string& symbol) {
    return Get(absl::StrCat("/api/v3/exchangeInfo?symbol=", symbol)).body;
  }

  KeptWire wire;
  std::vector<std::string> log;
  std::unique_ptr<Exchange> exchange;
  Nanos now = 0;
};

// A client's book through changes of the rules: the market's own at every event, in its own units.
TEST(MarketFeedChangeTest, ABookKeptFromSnapshotAndEventsIsTheTrueOneThroughEveryChangeOfRules) {
  MarketFeed feed(TwoSymbols());
  FeedReader reader;
  std::optional<DepthDiff> diff;
  FeedFrame again;
  std::optional<TrueBook> book;
  Price tick = kCent;
  int decimals = 5;
  int applied = 0;
  std::set<std::int64_t> ticks_seen;
  const auto common = [](std::int64_t a, std::int64_t b) { return std::min(a, b); };
  for (int i = 0; i < 12'000; ++i) {
    if (i == 2'000) {
      ASSERT_TRUE(feed.Change("AAAUSDT", {.tick = Price(100'000)}).ok());
    }
    if (i == 4'000) {
      ASSERT_TRUE(feed.Change("AAAUSDT", {.step_decimals = 7}).ok());
    }
    if (i == 6'000) {
      ASSERT_TRUE(feed.Change("AAAUSDT", {.tick = Price(10'000'000)}).ok());
    }
    if (i == 8'000) {
      ASSERT_TRUE(feed.Change("AAAUSDT", {.step_decimals = 4}).ok());
    }
    ASSERT_TRUE(feed.NextAt().has_value());
    const FeedFrame& frame = feed.Next();
    if (frame.symbol != "AAAUSDT") continue;
    if (!book) book = feed.BookAt("AAAUSDT", {})->book;
    if (frame.kind != FrameKind::kDepth) continue;
    const auto truth = feed.BookAt("AAAUSDT", feed.BookId("AAAUSDT"));
    ASSERT_TRUE(truth.has_value());
    ticks_seen.insert(truth->scale.tick.raw());
    // The finest of both units: everything is a whole number in it.
    reader.Read(frame.text, 8, &again, &diff);
    ASSERT_TRUE(diff.has_value());
    const auto to = [&](Price new_tick, int new_decimals) {
      book = book->InUnits({tick.raw() / common(tick.raw(), new_tick.raw()),
                            new_tick.raw() / common(tick.raw(), new_tick.raw()),
                            PowerOfTen(std::max(new_decimals - decimals, 0)),
                            PowerOfTen(std::max(decimals - new_decimals, 0))});
      tick = new_tick;
      decimals = new_decimals;
    };
    to(Price(std::min(tick.raw(), truth->scale.tick.raw())), 8);
    if (diff->last > book->id()) {
      for (const Side side : {Side::kBid, Side::kAsk}) {
        for (const Level& level : side == Side::kBid ? diff->bids : diff->asks) {
          ASSERT_EQ(level.price.raw() % tick.raw(), 0);
          book->Set(diff->last, side, Ticks(level.price.raw() / tick.raw()), level.qty);
        }
      }
      ++applied;
    }
    to(truth->scale.tick, truth->scale.qty_decimals);
    ASSERT_EQ(book->hash(), truth->book.hash()) << "frame " << i;
  }
  EXPECT_GT(applied, 100);
  EXPECT_EQ(ticks_seen, (std::set<std::int64_t>{100'000, 1'000'000, 10'000'000}));
  EXPECT_FALSE(feed.Change("AAAUSDT", {.tick = Price(30'000'001)}).ok());
  EXPECT_FALSE(feed.Change("NOSUCH", {.tick = kCent}).ok());
}

TEST_F(InstrumentChangeTest, ATickIsFinerAndSaidAtOnceAndPricesFollow) {
  Make({"tick-size:symbol=AAAUSDT,tick=0.001@time=2",
        "step-size:symbol=AAAUSDT,step=0.000001@time=2"});
  RunTo(1'900 * kMillisecond);
  EXPECT_NE(Info("AAAUSDT").find(R"("tickSize":"0.01000000")"), std::string::npos);
  const auto is_finer = [](const std::string& frame) {
    for (std::size_t at = frame.find("[\""); at != std::string::npos;
         at = frame.find("[\"", at + 2)) {
      const std::size_t dot = frame.find('.', at);
      if (frame[dot + 3] != '0') return true;
    }
    return false;
  };
  const std::vector<std::string> before = Frames("aaausdt@depth@100ms");
  EXPECT_TRUE(std::none_of(before.begin(), before.end(), is_finer));
  wire.items.clear();
  RunTo(4 * kSecond);
  EXPECT_NE(Info("AAAUSDT").find(R"("tickSize":"0.00100000")"), std::string::npos);
  EXPECT_NE(Info("AAAUSDT").find(R"("stepSize":"0.00000100")"), std::string::npos);
  EXPECT_NE(Info("BBBUSDT").find(R"("tickSize":"0.01000000")"), std::string::npos);
  const std::vector<std::string> after = Frames("aaausdt@depth@100ms");
  EXPECT_TRUE(std::any_of(after.begin(), after.end(), is_finer));
  const std::vector<std::string> other = Frames("bbbusdt@depth@100ms");
  EXPECT_TRUE(std::none_of(other.begin(), other.end(), is_finer));
}

TEST_F(InstrumentChangeTest, AHaltSilencesOneSymbolAndItsIdsGoOnWithoutAGap) {
  Make({"halt:symbol=AAAUSDT,for=3,how=HALT@time=2"});
  RunTo(2'300 * kMillisecond);
  EXPECT_NE(Info("AAAUSDT").find(R"("status":"HALT")"), std::string::npos);
  EXPECT_NE(Info("BBBUSDT").find(R"("status":"TRADING")"), std::string::npos);
  std::string last = Frames("aaausdt@depth@100ms").back();
  wire.items.clear();
  RunTo(4'900 * kMillisecond);
  EXPECT_TRUE(Frames("aaausdt@depth@100ms").empty());
  EXPECT_GT(Frames("bbbusdt@depth@100ms").size(), 10u);
  RunTo(6 * kSecond);
  EXPECT_NE(Info("AAAUSDT").find(R"("status":"TRADING")"), std::string::npos);
  const auto next = Frames("aaausdt@depth@100ms");
  ASSERT_FALSE(next.empty());
  const auto number = [](const std::string& frame, const std::string& key) {
    return std::stoll(frame.substr(frame.find(key) + key.size()));
  };
  EXPECT_EQ(number(next.front(), R"("U":)"), number(last, R"("u":)") + 1);
}

TEST_F(InstrumentChangeTest, WhatIsDelistedIsUnknownAndSilentAndARelistingBeginsAllIdsAnew) {
  Make({"delist:symbol=AAAUSDT@time=2", "relist:symbol=AAAUSDT@time=4"});
  RunTo(2'300 * kMillisecond);
  EXPECT_EQ(Get("/api/v3/exchangeInfo?symbol=AAAUSDT").status, 400);
  EXPECT_EQ(Get("/api/v3/depth?symbol=AAAUSDT&limit=5").status, 400);
  EXPECT_EQ(Get("/api/v3/exchangeInfo").body.find("AAAUSDT"), std::string::npos);
  wire.items.clear();
  RunTo(3'900 * kMillisecond);
  EXPECT_TRUE(Frames("aaausdt@depth@100ms").empty());
  wire.items.clear();
  RunTo(20 * kSecond);
  EXPECT_NE(Info("AAAUSDT").find(R"("status":"TRADING")"), std::string::npos);
  const auto depth = Frames("aaausdt@depth@100ms");
  const auto begin = std::find_if(depth.begin(), depth.end(), [](const std::string& frame) {
    return absl::StrContains(frame, R"("U":1,)");
  });
  ASSERT_NE(begin, depth.end()) << "the first of its events";
  EXPECT_LE(begin - depth.begin(), 2) << "at most the interval that had begun";
  const auto trades = Frames("aaausdt@trade");
  EXPECT_TRUE(std::any_of(trades.begin(), trades.end(), [](const std::string& frame) {
    return absl::StrContains(frame, R"("t":1,)");
  }));
  const std::string book = Get("/api/v3/depth?symbol=AAAUSDT&limit=5").body;
  EXPECT_LT(std::stoll(book.substr(book.find(':') + 1)), 1'000'000) << book;
}

TEST_F(InstrumentChangeTest, AMaintenanceEndsAllConnectionsAndLasts) {
  Make({"maintenance:for=3600@time=2"}, 1'000);
  RunTo(1'900 * kMillisecond);
  EXPECT_TRUE(Open().connection.has_value());
  RunTo(2'100 * kMillisecond);
  EXPECT_EQ(wire.Of("close").size(), 2u);
  EXPECT_EQ(Open().refusal.status, 503);
  EXPECT_EQ(Get("/api/v3/ping").status, 503);
  RunTo(5'500 * kMillisecond);
  EXPECT_EQ(Open().refusal.status, 503);
  RunTo(5'700 * kMillisecond);
  EXPECT_TRUE(Open().connection.has_value());
  EXPECT_EQ(Get("/api/v3/ping").status, 200);
}

TEST(InstrumentFaultTest, WhatCannotBeIsRefused) {
  for (const char* const text :
       {"tick-size:symbol=A@time=1", "tick-size:symbol=A,tick=0@time=1",
        "tick-size:symbol=A,tick=x@time=1", "step-size:symbol=A,step=0.02@time=1",
        "step-size:symbol=A,step=10@time=1", "halt:symbol=A@time=1", "halt:for=3@time=1",
        "halt:symbol=A,for=3,how=TRADING@time=1", "delist@time=1", "relist:to=1@time=1",
        "maintenance@time=1", "maintenance:for=1,status=200@time=1"}) {
    EXPECT_FALSE(ParseFault(text).ok()) << text;
  }
  EXPECT_EQ(ParseFault("step-size:symbol=a,step=0.001@time=1")->increment, Price(100'000));
  EXPECT_EQ(ParseFault("step-size:symbol=a,step=1@time=1")->increment, Price(kPriceOne));
  EXPECT_EQ(ParseFault("halt:symbol=a,for=2@frame=3")->how, "BREAK");
}

// A recording has no other prices, and what it has of a symbol that halts is kept back.
TEST(InstrumentFaultTest, ARecordingIsPlayedAsItIs) {
  TestExchange test({"tick-size:symbol=DEMOUSDT,tick=0.001@time=0.2",
                     "halt:symbol=DEMOUSDT,for=0.5@time=0.55", "relist:symbol=DEMOUSDT@time=1.5"});
  test.Open("/stream?streams=demousdt@depth@100ms");
  test.RunTo(3 * kSecond);
  const auto texts = test.wire.Texts();
  EXPECT_EQ(texts.size(), 15u);
  EXPECT_EQ(texts[6], DepthMessage(11));
  EXPECT_EQ(std::count_if(test.log.begin(), test.log.end(),
                          [](const std::string& line) {
                            return absl::StrContains(line, "a recording is played as it is");
                          }),
            2);
}

}  // namespace
}  // namespace thalweg
