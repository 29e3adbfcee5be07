// The whole feed against the loopback exchange: real sockets, the seeded market or a small
// recording, and faults. Waits are for events, with a deadline that only a failure reaches.
#include "feeds/net/live_feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "replay/market.h"
#include "tests/feeds/net/kept_shard.h"
#include "tests/feeds/net/raw_server.h"
#include "tests/feeds/net/scripted_server.h"
#include "tests/tools/test_folder.h"
#include "tools/exchange/exchange.h"
#include "tools/exchange/fault.h"
#include "tools/exchange/loopback_server.h"
#include "tools/exchange/market_feed.h"
#include "tools/exchange/test_authority.h"

namespace thalweg {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

// The seeded market on a port of the loopback, on a thread of its own.
class ServedMarket {
 public:
  explicit ServedMarket(const std::vector<std::string>& symbols,
                        const std::vector<std::string>& faults = {}, Market market = Market::kSpot,
                        const ServerOptions& server = {}) {
    MarketOptions market_options;
    market_options.market = market;
    market_options.levels = 1'000;
    for (const std::string& symbol : symbols) {
      market_options.symbols.emplace_back().name = symbol;
    }
    ExchangeOptions options;
    for (const std::string& text : faults) options.faults.push_back(*ParseFault(text));
    auto created = LoopbackServer::Create(server);
    EXPECT_TRUE(created.ok()) << created.status();
    server_ = *std::move(created);
    exchange_ = std::make_unique<Exchange>(std::move(options),
                                           std::make_unique<MarketFeed>(market_options), *server_);
    thread_ = std::thread([this] { server_->Run(*exchange_, 240 * kSecond); });
  }
  ~ServedMarket() {
    server_->Stop();
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  std::unique_ptr<LoopbackServer> server_;
  std::unique_ptr<Exchange> exchange_;
  std::thread thread_;
};

LiveFeedOptions OptionsFor(std::uint16_t port, Market market = Market::kSpot) {
  LiveFeedOptions options = LiveFeedOptionsOf(market);
  options.rest = *ParseEndpoint(absl::StrCat("http://127.0.0.1:", port), Protocol::kRest);
  options.websocket = *ParseEndpoint(absl::StrCat("ws://127.0.0.1:", port), Protocol::kWebSocket);
  options.seed = 1;
  options.slot.backoff.first = 20 * kMillisecond;
  return options;
}

// A feed on a thread of its own.
class RunningFeed {
 public:
  RunningFeed(LiveFeedOptions options, std::vector<FeedShard> shards) {
    options.log = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.emplace_back(line);
    };
    auto created = LiveFeed::Create(std::move(options), std::move(shards));
    EXPECT_TRUE(created.ok()) << created.status();
    feed_ = *std::move(created);
    thread_ = std::thread([this] {
      result_ = feed_->Run();
      is_over_.store(true);
    });
  }
  ~RunningFeed() { (void)Stop(); }

  absl::Status Stop() {
    if (thread_.joinable()) {
      feed_->Stop();
      thread_.join();
    }
    return result_;
  }
  // Run() ended by itself.
  absl::Status Join() {
    thread_.join();
    return result_;
  }
  [[nodiscard]] bool is_over() const { return is_over_.load(); }
  [[nodiscard]] LiveFeed& feed() { return *feed_; }
  [[nodiscard]] std::string Log() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& line : log_) absl::StrAppend(&text, line, "\n");
    return text;
  }
  // False: it did not come to pass.
  bool Await(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) {
        ADD_FAILURE() << "waited in vain; the log:\n" << Log();
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<LiveFeed> feed_;
  std::atomic<bool> is_over_{false};
  absl::Status result_;
  std::thread thread_;
};

TEST(LiveFeedTest, ExchangeInfoComesFirstThenFramesThenTheSnapshotThatWasOrdered) {
  ServedMarket exchange({"BTCUSDT", "ETHUSDT"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT", "ETHUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.frame_count() >= 20; }));
  ASSERT_EQ(shard.rest_count(), 1u);
  EXPECT_TRUE(absl::StartsWith(shard.rest()[0].target, "/api/v3/exchangeInfo?symbols="));
  EXPECT_TRUE(absl::StrContains(shard.rest()[0].body, "\"BTCUSDT\""));
  const std::string url = shard.urls().at(0);
  EXPECT_EQ(url, absl::StrCat("ws://127.0.0.1:", exchange.port(),
                              "/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@"
                              "trade/ethusdt@depth@100ms/ethusdt@bookTicker/ethusdt@trade"));
  shard.Order("ETHUSDT");
  ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 2; }));
  EXPECT_EQ(shard.rest()[1].target, "/api/v3/depth?symbol=ETHUSDT&limit=1000");
  EXPECT_TRUE(absl::StrContains(shard.rest()[1].body, "lastUpdateId"));
  for (const std::string& frame : shard.frames()) {
    EXPECT_TRUE(absl::StartsWith(frame, "{\"stream\":\"")) << frame;
  }
  ASSERT_TRUE(running.Await([&] {
    const FeedStatus status = running.feed().Status();
    return status.state == FeedState::kRunning && status.connections.size() == 1 &&
           status.connections[0].state == SlotState::kOpen && status.snapshot_counts.given == 1;
  }));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1000"}));
  EXPECT_EQ(running.feed().Status().state, FeedState::kStopped);
  EXPECT_EQ(shard.gaps(), 0);
}

TEST(LiveFeedTest, AnUnknownSymbolEndsTheFeedByItsName) {
  ServedMarket exchange({"BTCUSDT", "ETHUSDT"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT", "NOSUCH", "ETHUSDT"}}});
  const absl::Status status = running.Join();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "'NOSUCH'")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "-1121")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "BTCUSDT")) << status;
  EXPECT_TRUE(shard.events().empty());
}

TEST(LiveFeedTest, ANameThatIsOnlyAPairOrAnAssetIsAnUnknownSymbol) {
  ServedMarket exchange({"BTCUSDT"}, {}, Market::kUsdM);
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port(), Market::kUsdM), {{&shard, {"BTCUSDT", "BTC"}}});
  const absl::Status status = running.Join();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "'BTC' is unknown")) << status;
}

TEST(LiveFeedTest, WhatCannotBeFedIsRefusedAtOnce) {
  KeptShard shard;
  EXPECT_TRUE(absl::IsInvalidArgument(LiveFeed::Create(OptionsFor(1), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(LiveFeed::Create(OptionsFor(1), {{&shard, {}}}).status()));
  const auto twice = LiveFeed::Create(OptionsFor(1), {{&shard, {"A"}}, {&shard, {"A"}}});
  EXPECT_TRUE(absl::StrContains(twice.status().message(), "'A' is named twice"));
  LiveFeedOptions options = OptionsFor(1);
  // 18 a minute; a depth snapshot weighs 50, and exchangeInfo 20.
  options.weight_share = 0.003;
  const auto starved = LiveFeed::Create(options, {{&shard, {"A"}}});
  EXPECT_TRUE(absl::IsInvalidArgument(starved.status()));
  EXPECT_TRUE(absl::StrContains(starved.status().message(), "leaves 18 a minute"))
      << starved.status();
  options = OptionsFor(1);
  options.ca_path = "/nonexistent.pem";
  EXPECT_TRUE(absl::StrContains(LiveFeed::Create(options, {{&shard, {"A"}}}).status().message(),
                                "/nonexistent.pem"));
}

TEST(LiveFeedTest, TwoShardsHaveConnectionsAndAnswersOfTheirOwn) {
  ServedMarket exchange({"BTCUSDT", "ETHUSDT", "SOLUSDT"});
  KeptShard first;
  KeptShard second;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.streams_per_connection = 3;
  RunningFeed running(options, {{&first, {"BTCUSDT", "SOLUSDT"}}, {&second, {"ETHUSDT"}}});
  ASSERT_TRUE(running.Await([&] {
    return first.frame_count() >= 20 && second.frame_count() >= 10 && first.urls().size() == 2;
  }));
  first.Order("ETHUSDT");  // Not its own.
  first.Order("SOLUSDT");
  second.Order("ETHUSDT", SnapshotNeed::kBackground);
  ASSERT_TRUE(running.Await([&] { return first.rest_count() == 2 && second.rest_count() == 2; }));
  EXPECT_TRUE(absl::StrContains(first.rest()[1].target, "SOLUSDT"));
  EXPECT_TRUE(absl::StrContains(second.rest()[1].target, "ETHUSDT"));
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().orders_unknown == 1; }));
  for (const std::string& frame : second.frames()) {
    EXPECT_TRUE(absl::StrContains(frame, "ethusdt")) << frame;
  }
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LiveFeedTest, UsdmStreamsAreOnThePathsThatServeThem) {
  ServedMarket exchange({"BTCUSDT"}, {}, Market::kUsdM);
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port(), Market::kUsdM);
  options.trade_stream = "aggTrade";
  RunningFeed running(options, {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.urls().size() == 2 && shard.frame_count() > 10; }));
  const auto urls = shard.urls();
  EXPECT_TRUE(std::any_of(urls.begin(), urls.end(), [](const std::string& url) {
    return absl::EndsWith(url, "/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker");
  }));
  EXPECT_TRUE(std::any_of(urls.begin(), urls.end(), [](const std::string& url) {
    return absl::EndsWith(url, "/market/stream?streams=btcusdt@aggTrade");
  }));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.gaps(), 0);
}

TEST(LiveFeedTest, OverTlsWithTheCaThatWasNamed) {
  const TestFolder folder;
  const auto authority = MakeTestAuthority(folder.PathOf("ca"));
  ASSERT_TRUE(authority.ok()) << authority.status();
  ServerOptions server;
  server.certificate_path = authority->certificate_path;
  server.key_path = authority->key_path;
  ServedMarket exchange({"BTCUSDT"}, {}, Market::kSpot, server);
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.rest =
      *ParseEndpoint(absl::StrCat("https://localhost:", exchange.port()), Protocol::kRest);
  options.websocket =
      *ParseEndpoint(absl::StrCat("wss://localhost:", exchange.port()), Protocol::kWebSocket);
  options.ca_path = authority->ca_path;
  {
    RunningFeed running(options, {{&shard, {"BTCUSDT"}}});
    ASSERT_TRUE(running.Await([&] { return shard.frame_count() >= 20; }));
    EXPECT_TRUE(running.Stop().ok());
  }
  // Without it nothing is believed, and it says so, for ever.
  options.ca_path = "";
  KeptShard none;
  RunningFeed refused(options, {{&none, {"BTCUSDT"}}});
  ASSERT_TRUE(refused.Await(
      [&] { return absl::StrContains(refused.feed().Status().problem, "tls verify failed"); }));
  EXPECT_EQ(none.rest_count(), 0u);
  EXPECT_TRUE(refused.Stop().ok());
}

TEST(LiveFeedTest, FaultN3ACutInMidFrameIsToldAndMadeGood) {
  for (const std::string how : {"fin", "reset"}) {
    ServedMarket exchange({"BTCUSDT"}, {absl::StrCat("cut:bytes=60,how=", how, "@frame=30")});
    KeptShard shard;
    RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
    ASSERT_TRUE(running.Await([&] { return shard.events().size() >= 3; }));
    const std::size_t count = shard.frame_count();
    ASSERT_TRUE(running.Await([&] { return shard.frame_count() > count + 10; }));
    EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1006", "open 2"}));
    for (const std::string& frame : shard.frames()) {
      EXPECT_TRUE(absl::EndsWith(frame, "}}")) << frame;
    }
    EXPECT_TRUE(absl::StrContains(running.Log(), "conn 1 closed 1006: ")) << running.Log();
    EXPECT_TRUE(running.Stop().ok());
  }
}

TEST(LiveFeedTest, FaultN4AStalledExchangeIsReconnectedThoughItPings) {
  ServedMarket exchange({"BTCUSDT"}, {"stall:for=3600@frame=100"});
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.slot.watch.stream_silence = 600 * kMillisecond;
  RunningFeed running(options, {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.events().size() >= 3; }));
  EXPECT_EQ(shard.events()[1], "close 1 1006");
  EXPECT_TRUE(absl::StrContains(running.Log(), "silent for ")) << running.Log();
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LiveFeedTest, FaultN9AShutdownIsSurvivedWithoutAGap) {
  ServedMarket exchange({"BTCUSDT", "ETHUSDT"}, {"shutdown:for=2@time=2", "shutdown:for=2@time=5"});
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  RunningFeed running(options, {{&shard, {"BTCUSDT", "ETHUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.events().size() >= 5; }));
  const std::int64_t events = shard.depth_events();
  ASSERT_TRUE(running.Await([&] { return shard.depth_events() > events + 20; }));
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "open 2", "close 1 1000", "open 3",
                                                      "close 2 1000"}))
      << running.Log();
  EXPECT_EQ(shard.gaps(), 0) << running.Log();
  EXPECT_EQ(shard.open_max(), 2u);
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LiveFeedTest, FaultN9PlannedRolloversMakeNoGap) {
  ServedMarket exchange({"BTCUSDT", "ETHUSDT"});
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.slot.watch.life = 1'500 * kMillisecond;
  options.slot.backoff.good_spell = kSecond;
  RunningFeed running(options, {{&shard, {"BTCUSDT", "ETHUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.events().size() >= 9; }));  // Four change-overs.
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.gaps(), 0) << running.Log();
  EXPECT_EQ(shard.open_max(), 2u);
  EXPECT_GT(shard.depth_events(), 60);
}

TEST(LiveFeedTest, FaultN8ASlowShardLosesNothingOnItsWay) {
  // A shard that takes its time for each frame: all come, in order, later.
  class SlowShard : public KeptShard {
   public:
    void OnFrame(std::int64_t connection, ReceiveTime received, std::int64_t monotonic,
                 std::string_view payload) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
      KeptShard::OnFrame(connection, received, monotonic, payload);
    }
  };
  ServedMarket exchange({"BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"});
  SlowShard shard;
  RunningFeed running(OptionsFor(exchange.port()),
                      {{&shard, {"BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.depth_events() >= 100; }));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.gaps(), 0);
}

TEST(LiveFeedTest, FaultW3APingFloodBringsNoBan) {
  ServedMarket exchange({"BTCUSDT"}, {"pings:count=500@time=1"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.depth_events() >= 40; }));
  // Five frames in a second would have been cut with 1008.
  EXPECT_EQ(shard.events(), std::vector<std::string>{"open 1"});
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LiveFeedTest, FaultW5RefusedAttemptsAreTriedAgainLater) {
  ServedMarket exchange({"BTCUSDT"}, {"refuse:status=503@attempt=1", "refuse:status=0@attempt=2",
                                      "refuse:status=500@attempt=3"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.frame_count() >= 5; }));
  EXPECT_TRUE(absl::StrContains(running.Log(), "HTTP 503")) << running.Log();
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(running.feed().Status().connections[0].counts.attempts, 4);
  EXPECT_EQ(running.feed().Status().connections[0].counts.refusals, 2);
}

TEST(LiveFeedTest, FaultW5ABanStopsEverythingAndIsShown) {
  ServedMarket exchange({"BTCUSDT"}, {"refuse:status=418@attempt=1"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().banned_for > 0; }));
  const FeedStatus status = running.feed().Status();
  EXPECT_GT(status.refused_for, 0);
  EXPECT_EQ(status.connections[0].state, SlotState::kWaiting);
  EXPECT_GT(status.connections[0].next_attempt_in, 0);
  EXPECT_EQ(status.connections[0].counts.attempts, 1);
  EXPECT_TRUE(running.Stop().ok());
}

// The breaker is of the address: whoever was refused, nothing is asked and nothing is dialled.
TEST(LiveFeedTest, FaultS5ARefusalOfRestStopsConnectionsTooAndItsEndIsShown) {
  for (const std::string status : {"429", "418"}) {
    SCOPED_TRACE(status);
    ServedMarket exchange({"BTCUSDT"}, {absl::StrCat("rest-error:status=", status, "@request=1"),
                                        "cut:bytes=0,how=reset@frame=40"});
    KeptShard shard;
    RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
    ASSERT_TRUE(running.Await([&] { return shard.frame_count() > 0; }));
    shard.Order("BTCUSDT");
    ASSERT_TRUE(running.Await([&] { return running.feed().Status().refused_for > 0; }));
    const FeedStatus refused = running.feed().Status();
    EXPECT_LE(refused.refused_for, kSecond) << "as Retry-After says";
    EXPECT_EQ(refused.banned_for > 0, status == "418");
    EXPECT_TRUE(absl::StrContains(refused.problem, absl::StrCat("HTTP ", status)));
    // It ends by itself, with nothing lost: the snapshot comes, and the next connection.
    ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 2; }));
    ASSERT_TRUE(
        running.Await([&] { return running.feed().Status().connections[0].counts.opens == 2; }));
    EXPECT_TRUE(running.Stop().ok());
    EXPECT_EQ(running.feed().Status().refused_for, 0);
  }
}

TEST(LiveFeedTest, FaultW6SubscriptionsThatFailAreMadeGood) {
  // Long names, so that the last streams of the plan do not fit into the URL although there are
  // few: a reply comes behind the data that is on its way.
  std::vector<std::string> symbols;
  for (int i = 10; i < 30; ++i) {
    symbols.push_back(absl::StrCat("SYMBOL", std::string(50, 'X'), i, "USDT"));
  }
  for (const std::string how : {"error", "lost", "other-id"}) {
    ServedMarket exchange(symbols, {absl::StrCat("reply:how=", how, "@control=1")});
    KeptShard shard;
    RunningFeed running(OptionsFor(exchange.port()), {{&shard, symbols}});
    const std::string last =
        absl::StrCat(R"({"stream":")", absl::AsciiStrToLower(symbols.back()), "@depth@100ms\"");
    ASSERT_TRUE(running.Await([&] {
      const auto frames = shard.frames();
      return std::any_of(frames.begin(), frames.end(),
                         [&](const std::string& frame) { return absl::StartsWith(frame, last); });
    }));
    EXPECT_EQ(shard.events(), std::vector<std::string>{"open 1"});
    EXPECT_EQ(shard.gaps(), 0);
    EXPECT_TRUE(running.Stop().ok());
    for (const std::string& frame : shard.frames()) {
      EXPECT_TRUE(absl::StartsWith(frame, "{\"stream\":")) << frame;  // No reply among them.
    }
  }
}

TEST(LiveFeedTest, SnapshotsThatFailAreTriedAgainAndGarbageGoesNowhere) {
  ServedMarket exchange({"BTCUSDT"}, {"rest-error:status=503,count=2@request=1",
                                      "snapshot-garbage:how=html@request=3",
                                      "snapshot-garbage:how=truncated@request=4"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.frame_count() > 5; }));
  shard.Order("BTCUSDT");
  ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 2; }));
  EXPECT_TRUE(absl::StrContains(shard.rest()[1].body, "\"lastUpdateId\":"));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(running.feed().Status().snapshot_counts.requests, 5);
  EXPECT_EQ(running.feed().Status().problem, "");
}

TEST(LiveFeedTest, AnswersThatAreAboutTheConnectionAreNoRefusals) {
  ServedMarket exchange({"BTCUSDT"},
                        {"rest-error:status=408@request=1", "rest-error:status=425@request=2"});
  KeptShard shard;
  RunningFeed running(OptionsFor(exchange.port()), {{&shard, {"BTCUSDT"}}});
  shard.Order("BTCUSDT");
  ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 2; }));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(running.feed().Status().snapshot_counts.failed, 2);
  EXPECT_EQ(running.feed().Status().snapshot_counts.refused, 0);
}

// Answers questions for exchangeInfo, numbered from 0, as a test says, and nothing else.
class ScriptedInfo {
 public:
  explicit ScriptedInfo(std::function<std::string(int number)> answer)
      : answer_(std::move(answer)) {}

  [[nodiscard]] static std::string Http(const std::string& status, const std::string& body,
                                        const std::string& headers = "") {
    return absl::StrCat("HTTP/1.1 ", status, "\r\n", headers, "Content-Length: ", body.size(),
                        "\r\n\r\n", body);
  }
  [[nodiscard]] int asked() const { return asked_.load(); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  void Serve(int socket) {
    while (true) {
      const std::string request = ScriptedServer::ReadRequest(socket);
      if (request.empty()) return;
      const bool is_info = absl::StrContains(request, "exchangeInfo");
      ScriptedServer::Write(socket, is_info ? answer_(asked_++) : Http("404 Not Found", ""));
    }
  }

  const std::function<std::string(int)> answer_;
  std::atomic<int> asked_{0};
  ScriptedServer server_{[this](int socket, int) { Serve(socket); }};
};

TEST(LiveFeedTest, WhatTheExchangeSaysOfItsSymbolsIsAskedAgainAndGivenWhenItChanges) {
  const ScriptedInfo rest([](int number) {
    if (number >= 8) {
      return ScriptedInfo::Http("400 Bad Request", R"({"code":-1121,"msg":"Invalid symbol."})");
    }
    // Of each answer the time is another one; once the symbol halts.
    return ScriptedInfo::Http(
        "200 OK", absl::StrCat(R"({"serverTime":)", number, R"(,"symbols":[{"symbol":"AUSDT",)",
                               R"("status":")", number < 4 ? "TRADING" : "BREAK", R"("}]})"));
  });
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(rest.port());
  options.info_period = 10 * kMillisecond;
  options.weight_time_scale = 1'000;
  RunningFeed running(options, {{&shard, {"AUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return rest.asked() >= 12; }));
  EXPECT_FALSE(running.is_over());
  EXPECT_TRUE(running.Stop().ok());
  ASSERT_EQ(shard.rest_count(), 3u);
  EXPECT_TRUE(absl::StrContains(shard.rest()[0].body, "TRADING"));
  EXPECT_TRUE(absl::StrContains(shard.rest()[1].body, "BREAK"));
  EXPECT_TRUE(absl::StrContains(shard.rest()[2].body, "-1121")) << "no longer listed, once";
  EXPECT_TRUE(absl::StrContains(running.Log(), "symbol AUSDT has become unknown to "))
      << running.Log();
}

TEST(LiveFeedTest, FaultQ1InstrumentsThatFoundNoRoomAreGivenInALaterRound) {
  const ScriptedInfo rest([](int) {
    return ScriptedInfo::Http("200 OK", R"({"symbols":[{"symbol":"AUSDT","status":"TRADING"}]})");
  });
  KeptShard shard;
  shard.LoseAnswers(3);
  LiveFeedOptions options = OptionsFor(rest.port());
  options.info_period = 10 * kMillisecond;
  options.weight_time_scale = 1'000;
  RunningFeed running(options, {{&shard, {"AUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 1; }));
  const int asked = rest.asked();
  EXPECT_GE(asked, 4);
  ASSERT_TRUE(running.Await([&] { return rest.asked() >= asked + 5; }));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.rest_count(), 1u) << "once";
}

TEST(LiveFeedTest, FaultK8AHaltIsAskedAboutWhenItsSilenceBeginsAndIsNoStall) {
  ServedMarket exchange({"AAAUSDT", "BBBUSDT"}, {"halt:symbol=AAAUSDT,for=6@time=4"});
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.slot.watch.stream_silence = 3 * kSecond;
  options.info_doubt_period = 100 * kMillisecond;
  RunningFeed running(options, {{&shard, {"AAAUSDT", "BBBUSDT"}}});
  // Long before the next round: by its silence.
  ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 2; }));
  EXPECT_TRUE(absl::StrContains(shard.rest()[1].body, "BREAK"));
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().halted_symbols == 1; }));
  // And trading again by its first frame.
  ASSERT_TRUE(running.Await([&] { return shard.rest_count() == 3; }));
  EXPECT_FALSE(absl::StrContains(shard.rest()[2].body, "BREAK"));
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().halted_symbols == 0; }));
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1000"})) << running.Log();
  EXPECT_EQ(running.feed().Status().connections[0].counts.watch.stalls, 0) << running.Log();
  EXPECT_EQ(shard.gaps(), 0);
  EXPECT_TRUE(absl::StrContains(running.Log(), "symbol AAAUSDT does not trade")) << running.Log();
  EXPECT_TRUE(absl::StrContains(running.Log(), "symbol AAAUSDT trades again")) << running.Log();
}

TEST(LiveFeedTest, FaultK8ADelistedSymbolIsToldToItsShardAndTheOthersGoOn) {
  ServedMarket exchange({"AAAUSDT", "BBBUSDT"}, {"delist:symbol=AAAUSDT@time=2"});
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.info_period = 300 * kMillisecond;
  options.weight_time_scale = 100;
  RunningFeed running(options, {{&shard, {"AAAUSDT", "BBBUSDT"}}});
  const auto told = [&] {
    const auto rest = shard.rest();
    return std::any_of(rest.begin(), rest.end(), [](const KeptShard::Rest& answer) {
      return answer.target == "/api/v3/exchangeInfo?symbols=%5B%22AAAUSDT%22%5D" &&
             absl::StrContains(answer.body, "-1121");
    });
  };
  ASSERT_TRUE(running.Await(told));
  const std::size_t rest = shard.rest_count();
  const std::int64_t asked = running.feed().Status().info_attempts;
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().info_attempts > asked + 6; }));
  EXPECT_LE(shard.rest_count(), rest + 1) << "once";
  EXPECT_FALSE(running.is_over());
  EXPECT_EQ(running.feed().Status().halted_symbols, 1);
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_EQ(shard.events(), (std::vector<std::string>{"open 1", "close 1 1000"})) << running.Log();
}

TEST(LiveFeedTest, FaultX2AMaintenanceIsWaitedForByOneConnectionAndThenAllAreBack) {
  const std::vector<std::string> symbols{"AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT", "FUSDT"};
  ServedMarket exchange(symbols, {"maintenance:for=3@time=2"});
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(exchange.port());
  options.streams_per_connection = 3;
  options.info_period = kSecond;
  options.slot.backoff.first = 250 * kMillisecond;
  options.slot.backoff.longest = kSecond;
  RunningFeed running(options, {{&shard, symbols}});
  ASSERT_TRUE(running.Await([&] { return shard.open_count() == 6; }));
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().away_for > 0; }));
  EXPECT_EQ(shard.open_count(), 0u);
  // Nor does REST answer.
  ASSERT_TRUE(running.Await([&] { return !running.feed().Status().problem.empty(); }));
  ASSERT_TRUE(running.Await([&] { return shard.open_count() == 6; }));
  const std::int64_t events = shard.depth_events();
  ASSERT_TRUE(running.Await([&] { return shard.depth_events() > events + 20; }));
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().problem.empty(); }));
  EXPECT_EQ(running.feed().Status().away_for, 0);
  std::int64_t opens = 0;
  for (const SlotStatus& slot : running.feed().Status().connections) opens += slot.counts.opens;
  EXPECT_EQ(opens, 12);
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_TRUE(absl::StrContains(running.Log(), "one at a time until one opens")) << running.Log();
  EXPECT_TRUE(absl::StrContains(running.Log(), "the exchange is back after ")) << running.Log();
}

TEST(LiveFeedTest, FaultX1HowLongExchangeInfoWaitsIsWhatTheExchangeAsksForAndIsLogged) {
  for (const std::string status : {"503 Service Unavailable", "418 I'm a teapot"}) {
    const ScriptedInfo rest(
        [&](int) { return ScriptedInfo::Http(status, "", "Retry-After: 200\r\n"); });
    KeptShard shard;
    RunningFeed running(OptionsFor(rest.port()), {{&shard, {"AUSDT"}}});
    ASSERT_TRUE(running.Await([&] { return absl::StrContains(running.Log(), "; again in "); }));
    EXPECT_TRUE(absl::StrContains(running.Log(), "; again in 200.0 s")) << running.Log();
    EXPECT_TRUE(running.Stop().ok());
    EXPECT_EQ(rest.asked(), 1);
  }
}

TEST(LiveFeedTest, FaultN1AnExchangeThatIsNotThereIsAskedForEverAndSaidSo) {
  class NoNames : public Resolver {
   public:
    explicit NoNames(NetworkLoop& loop) : loop_(loop) {}
    void Resolve(const std::string&, Answer answer) override {
      loop_.Post([answer] { answer(absl::NotFoundError("no such host")); });
    }

   private:
    NetworkLoop& loop_;
  };
  KeptShard shard;
  LiveFeedOptions options = OptionsFor(1);
  options.rest = DefaultEndpoint(Market::kSpot, Protocol::kRest);
  options.make_resolver = [](NetworkLoop& loop) { return std::make_unique<NoNames>(loop); };
  RunningFeed running(options, {{&shard, {"BTCUSDT"}}});
  ASSERT_TRUE(running.Await([&] { return running.feed().Status().info_attempts >= 2; }));
  EXPECT_TRUE(absl::StrContains(running.feed().Status().problem, "no such host"))
      << running.feed().Status().problem;
  EXPECT_EQ(running.feed().Status().state, FeedState::kAsking);
  EXPECT_FALSE(running.is_over());
  EXPECT_TRUE(running.Stop().ok());
  EXPECT_TRUE(shard.events().empty());
}

TEST(LiveFeedTest, StoppingAnExchangeThatNeverAnswersTakesNoLongerThanItsDeadline) {
  RawServer server([](RawConnection& connection, int) {
    (void)connection.ReadRequest();
    connection.Drain();
  });
  KeptShard shard;
  RunningFeed running(OptionsFor(server.port()), {{&shard, {"BTCUSDT"}}});
  EXPECT_TRUE(running.Stop().ok());
}

}  // namespace
}  // namespace thalweg
