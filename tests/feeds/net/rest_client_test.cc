// The REST client over loopback sockets: against the loopback exchange, and against servers that do
// what no exchange should.
#include "feeds/net/rest_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "feeds/decode/decoder.h"
#include "feeds/net/rest_request.h"
#include "feeds/net/snapshot_queue.h"
#include "tests/feeds/net/scripted_server.h"
#include "tests/tools/test_folder.h"
#include "tools/exchange/loopback_server.h"
#include "tools/exchange/market_feed.h"
#include "tools/exchange/test_authority.h"

namespace thalweg {
namespace {

constexpr Nanos kPatience = 100 * kSecond;

// The exchange on a small seeded market, in a thread of its own.
class ServedMarket {
 public:
  explicit ServedMarket(const std::vector<std::string>& faults = {}, ServerOptions server = {},
                        const std::vector<std::string>& symbols = {"BTCUSDT", "ETHUSDT"},
                        std::int64_t time_scale = 1) {
    MarketOptions market;
    market.levels = 50;
    market.symbols.clear();
    for (const std::string& symbol : symbols) market.symbols.push_back(*ParseMarketSymbol(symbol));
    ExchangeOptions options;
    options.time_scale = time_scale;
    for (const std::string& text : faults) options.faults.push_back(*ParseFault(text));
    auto created = LoopbackServer::Create(server);
    EXPECT_TRUE(created.ok()) << created.status();
    server_ = *std::move(created);
    exchange_ = std::make_unique<Exchange>(std::move(options), std::make_unique<MarketFeed>(market),
                                           *server_);
    thread_ = std::thread([this] { server_->Run(*exchange_, kPatience); });
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

std::string Response(std::string_view body, std::string_view headers = "",
                     std::string_view status = "200 OK") {
  return absl::StrCat("HTTP/1.1 ", std::string(status), "\r\nContent-Length: ", body.size(), "\r\n",
                      std::string(headers), "\r\n", std::string(body));
}

// Says the same to every request.
ScriptedServer::Serve Always(std::string bytes) {
  return [bytes = std::move(bytes)](int socket, int) {
    while (!ScriptedServer::ReadRequest(socket).empty()) {
      if (!ScriptedServer::Write(socket, bytes)) return;
    }
  };
}

class RestClientTest : public testing::Test {
 protected:
  void Connect(std::uint16_t port, const RestOptions& options = {},
               const std::string& ca_path = "") {
    auto trust = ServerTrust::Create(ca_path);
    ASSERT_TRUE(trust.ok()) << trust.status();
    client_ = nullptr;
    trust_ = *std::move(trust);
    Endpoint endpoint;
    endpoint.is_tls = !ca_path.empty();
    endpoint.host = ca_path.empty() ? "127.0.0.1" : "localhost";
    endpoint.port = port;
    client_ = std::make_unique<RestClient>(loop_, *trust_, *resolver_, endpoint, options);
  }

  // Runs until `count` answers have come.
  std::vector<RestAnswer> GetAll(const std::vector<std::string>& targets) {
    std::vector<RestAnswer> answers(targets.size());
    std::size_t left = targets.size();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      client_->Get(targets[i], [&, i](RestAnswer answer) {
        answers[i] = std::move(answer);
        if (--left == 0) loop_.Stop();
      });
    }
    Run();
    EXPECT_EQ(left, 0u) << "it took too long";
    return answers;
  }
  RestAnswer Get(const std::string& target) { return GetAll({target})[0]; }
  void Run() {
    LoopTimer too_long(loop_);
    too_long.Start(kPatience, [this] { loop_.Stop(); });
    loop_.Run();
  }

  NetworkLoop loop_;
  std::unique_ptr<Resolver> resolver_ = MakeSystemResolver(loop_);
  std::unique_ptr<ServerTrust> trust_;
  std::unique_ptr<RestClient> client_;
};

const std::string kDepth = DepthRequest(Market::kSpot, "BTCUSDT", 1'000).target;

TEST_F(RestClientTest, TheExchangeAnswersEveryKindOfRequestOverOneConnection) {
  ServedMarket exchange;
  Connect(exchange.port());
  const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT"};
  const RestAnswer depth = Get(kDepth);
  ASSERT_TRUE(depth.is_good()) << DescribeAnswer(depth);
  EXPECT_TRUE(CheckDepthAnswer(depth.body).ok());
  ASSERT_EQ(depth.used_weight.size(), 1u);
  EXPECT_EQ(depth.used_weight[0].window, 60 * kSecond);
  EXPECT_EQ(depth.used_weight[0].used, 50);
  EXPECT_GT(depth.received.raw(), 0);
  EXPECT_LE(depth.monotonic, NetworkLoop::Now());

  const RestAnswer info = Get(ExchangeInfoRequests(Market::kSpot, symbols)[0].target);
  ASSERT_TRUE(info.is_good()) << DescribeAnswer(info);
  const auto limits = ReadRateLimits(info.body);
  ASSERT_TRUE(limits.ok());
  ASSERT_EQ(limits->size(), 2u);
  EXPECT_EQ((*limits)[0].limit, 6'000);
  EXPECT_EQ(DecodeExchangeInfo(info.body)->size(), 2u);

  std::int64_t weight = 70;
  for (const RestRequest& request :
       {TimeRequest(Market::kSpot), AggTradesRequest(Market::kSpot, "BTCUSDT", {}),
        TradesRequest(Market::kSpot, "BTCUSDT", 10),
        KlinesRequest(Market::kSpot, "BTCUSDT", "1m", {}),
        BookTickerRequest(Market::kSpot, "BTCUSDT")}) {
    const RestAnswer answer = Get(request.target);
    EXPECT_TRUE(answer.is_good()) << request.target << ": " << DescribeAnswer(answer);
    weight += request.weight;
    ASSERT_EQ(answer.used_weight.size(), 1u);
    EXPECT_EQ(answer.used_weight[0].used, weight) << request.target << ": what it weighs";
  }
  EXPECT_EQ(client_->counts().connections, 1);
  EXPECT_EQ(client_->counts().answers, 7);
}

TEST_F(RestClientTest, InsideTlsTheCertificateIsVerified) {
  TestFolder folder;
  const auto authority = MakeTestAuthority(folder.PathOf("ca"));
  ASSERT_TRUE(authority.ok()) << authority.status();
  ServerOptions server;
  server.certificate_path = authority->certificate_path;
  server.key_path = authority->key_path;
  ServedMarket exchange({}, server);
  Connect(exchange.port(), {}, authority->ca_path);
  EXPECT_TRUE(Get(kDepth).is_good());
  EXPECT_TRUE(Get(kDepth).is_good());
  EXPECT_EQ(client_->counts().connections, 1);
}

TEST_F(RestClientTest, FaultN6AServerThatIsNotTrustedGetsNoRequest) {
  TestFolder folder;
  const auto authority = MakeTestAuthority(folder.PathOf("ca"));
  const auto other = MakeTestAuthority(folder.PathOf("other"));
  ServerOptions server;
  server.certificate_path = authority->certificate_path;
  server.key_path = authority->key_path;
  ServedMarket exchange({}, server);
  Connect(exchange.port(), {}, other->ca_path);
  const RestAnswer answer = Get(kDepth);
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(absl::StartsWith(answer.status.message(), "tls verify failed: host=localhost:"))
      << answer.status;
  EXPECT_EQ(client_->counts().tls_failures, 1);
}

TEST_F(RestClientTest, ManyRequestsShareABoundedNumberOfConnections) {
  ServedMarket exchange;
  Connect(exchange.port(), {.connections = 3});
  const auto answers = GetAll(std::vector<std::string>(50, TimeRequest(Market::kSpot).target));
  for (const RestAnswer& answer : answers) EXPECT_TRUE(answer.is_good()) << answer.status;
  EXPECT_EQ(client_->counts().connections, 3);
}

TEST_F(RestClientTest, BeyondTheBoundOfWaitingRequestsOneIsTurnedAway) {
  ServedMarket exchange;
  Connect(exchange.port(), {.connections = 1});
  const auto answers =
      GetAll(std::vector<std::string>(kRestWaitingMax + 2, TimeRequest(Market::kSpot).target));
  EXPECT_TRUE(answers[kRestWaitingMax].is_good()) << "one is under way, the others wait";
  EXPECT_EQ(answers.back().status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(client_->counts().overflow, 1);
}

TEST_F(RestClientTest, ATargetThatWouldBeTwoRequestsIsRefused) {
  ServedMarket exchange;
  Connect(exchange.port());
  for (const std::string& target :
       {std::string("/a\r\nHost: b"), std::string("a"), std::string(), std::string("/a b"),
        "/" + std::string(kTargetBytesMax, 'a'), std::string("/\xc3\xa4")}) {
    EXPECT_EQ(Get(target).status.code(), absl::StatusCode::kInvalidArgument) << target;
  }
}

TEST_F(RestClientTest, FaultS5RefusalsAreAnswersWithTheirRetryAfter) {
  ServedMarket exchange({"rest-error:status=429@request=1", "rest-error:status=418@request=2",
                         "rest-error:status=503@request=3", "rest-error:status=403@request=4"});
  Connect(exchange.port());
  WeightBudget budget(DefaultRateLimits(Market::kSpot));
  for (const int status : {429, 418, 503, 403}) {
    const RestAnswer answer = Get(kDepth);
    ASSERT_TRUE(answer.status.ok()) << answer.status;
    EXPECT_EQ(answer.code, status);
    EXPECT_FALSE(answer.is_good());
    if (status > 403 && status < 500) {
      EXPECT_EQ(answer.retry_after, kSecond);
    }
    budget.OnRefusal(answer.code, answer.retry_after, 0);
  }
  EXPECT_EQ(budget.counts().paused, 2);
  EXPECT_EQ(budget.counts().banned, 1);
  EXPECT_TRUE(Get(kDepth).is_good()) << "the connection lives on";
}

TEST_F(RestClientTest, FaultS5TheExchangesOwnLimitIsReported) {
  ServedMarket exchange;
  Connect(exchange.port());
  const std::string whole = DepthRequest(Market::kSpot, "BTCUSDT", 5'000).target;
  for (int i = 0; i < 24; ++i) ASSERT_EQ(Get(whole).code, 200) << i;
  const RestAnswer refused = Get(whole);
  EXPECT_EQ(refused.code, 429);
  ASSERT_TRUE(refused.retry_after.has_value());
  EXPECT_GT(*refused.retry_after, 0);
  EXPECT_TRUE(absl::StartsWith(DescribeAnswer(refused), "HTTP 429: -1003 Too much request weight"))
      << DescribeAnswer(refused);
}

TEST_F(RestClientTest, FaultS6GarbageIsToldFromADepthAnswer) {
  ServedMarket exchange(
      {"snapshot-garbage:how=html@request=1", "snapshot-garbage:how=empty@request=2",
       "snapshot-garbage:how=truncated@request=3", "snapshot-garbage:how=crossed@request=4"});
  Connect(exchange.port());
  for (int i = 0; i < 3; ++i) {
    const RestAnswer answer = Get(kDepth);
    EXPECT_TRUE(answer.is_good());
    EXPECT_FALSE(CheckDepthAnswer(answer.body).ok()) << i;
  }
  // That its levels are crossed is for the engine to see.
  EXPECT_TRUE(CheckDepthAnswer(Get(kDepth).body).ok());
  EXPECT_TRUE(CheckDepthAnswer(Get(kDepth).body).ok());
}

TEST_F(RestClientTest, FaultS3ALateAnswerIsADeadlineAndTheNextRequestWorks) {
  ServedMarket exchange({"snapshot-late:for=30@request=1"});
  Connect(exchange.port(), {.deadline = 200 * kMillisecond});
  const RestAnswer late = Get(kDepth);
  EXPECT_EQ(late.status.code(), absl::StatusCode::kDeadlineExceeded) << late.status;
  EXPECT_TRUE(absl::StrContains(late.status.message(), "target=/api/v3/depth")) << late.status;
  Connect(exchange.port());
  EXPECT_TRUE(Get(kDepth).is_good());
}

// One connection: the first is under way, the others wait for it.
TEST_F(RestClientTest, FaultS5WhatWasNotSentIsCalledOffWhenOneIsRefused) {
  const ScriptedServer refusing(Always(Response("{}", "Retry-After: 7\r\n", "429 Slow Down")));
  RestOptions options;
  options.connections = 1;
  Connect(refusing.port(), options);
  std::vector<RestAnswer> answers(3);
  std::size_t left = answers.size();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    client_->Get("/", [&, i](RestAnswer answer) {
      answers[i] = std::move(answer);
      if (answers[i].code == 429) client_->CallOffUnsent();
      if (--left == 0) loop_.Stop();
    });
  }
  Run();
  EXPECT_EQ(answers[0].code, 429);
  EXPECT_TRUE(answers[0].was_sent);
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_TRUE(absl::IsCancelled(answers[i].status)) << answers[i].status;
    EXPECT_FALSE(answers[i].was_sent);
    EXPECT_FALSE(answers[i].Report().was_sent);
  }
  EXPECT_EQ(client_->counts().called_off, 2);
  EXPECT_EQ(client_->counts().answers, 1) << "nothing was sent behind the refusal";
  EXPECT_EQ(Get("/").code, 429) << "and what is asked later is sent";
}

TEST_F(RestClientTest, ADialThatIsCalledOffSendsNothing) {
  const ScriptedServer server(Always(Response("{}")));
  Connect(server.port());
  RestAnswer called_off;
  client_->Get("/", [&](RestAnswer answer) {
    called_off = std::move(answer);
    loop_.Stop();
  });
  client_->CallOffUnsent();
  Run();
  EXPECT_TRUE(absl::IsCancelled(called_off.status)) << called_off.status;
  EXPECT_FALSE(called_off.was_sent);
  EXPECT_EQ(Get("/").code, 200);
}

TEST_F(RestClientTest, AConnectionThatIsResetIsALoss) {
  ServedMarket exchange({"rest-error:status=0@request=1"});
  Connect(exchange.port());
  const RestAnswer answer = Get(kDepth);
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable) << answer.status;
  EXPECT_EQ(client_->counts().lost, 1);
  EXPECT_TRUE(Get(kDepth).is_good());
}

TEST_F(RestClientTest, FaultN2NobodyListens) {
  std::uint16_t port = 0;
  {
    ScriptedServer server(Always(""));
    port = server.port();
  }
  Connect(port);
  const RestAnswer answer = Get("/");
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StartsWith(answer.status.message(), "connect failed: host=127.0.0.1:"))
      << answer.status;
  EXPECT_EQ(client_->counts().connect_failures, 1);
}

TEST_F(RestClientTest, FaultW5ARedirectIsAnAnswerAndNotFollowed) {
  ScriptedServer elsewhere(Always(Response("{}")));
  ScriptedServer server(Always(Response(
      "", absl::StrCat("Location: http://127.0.0.1:", elsewhere.port(), "/\r\n"), "302 Found")));
  Connect(server.port());
  EXPECT_EQ(Get("/a").code, 302);
  EXPECT_EQ(Get("/a").code, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(RestClientTest, FaultS6CompressedAnswersAreRefused) {
  ScriptedServer server(Always(Response("\x1f\x8b", "Content-Encoding: gzip\r\n")));
  Connect(server.port());
  EXPECT_EQ(Get("/a").status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(client_->counts().malformed, 1);
}

TEST_F(RestClientTest, CompressionIsNotAskedFor) {
  ScriptedServer server([](int socket, int) {
    const std::string request = ScriptedServer::ReadRequest(socket);
    ScriptedServer::Write(socket, Response(request));
    (void)ScriptedServer::ReadRequest(socket);
  });
  Connect(server.port());
  const RestAnswer answer = Get("/a?b=c");
  EXPECT_TRUE(absl::StartsWith(answer.body, "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:"))
      << answer.body;
  EXPECT_FALSE(absl::StrContains(answer.body, "Encoding")) << answer.body;
}

TEST_F(RestClientTest, FaultS6NothingThatIsNoHttpHarmsTheClient) {
  const std::string garbage[] = {
      "\x16\x03\x01\x02\x00",
      "{\"lastUpdateId\":1}",
      "HTTP/9.9 200 OK\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
      "HTTP/1.1 200 OK\r\nA: " + std::string(std::size_t{100} << 10, 'a') + "\r\n\r\n",
      "HTTP/1.1 200 OK\r\n" + std::string(1 << 20, '\n'),
  };
  for (const std::string& bytes : garbage) {
    ScriptedServer server([&](int socket, int) {
      (void)ScriptedServer::ReadRequest(socket);
      ScriptedServer::Write(socket, bytes);
    });
    Connect(server.port());
    const RestAnswer answer = Get("/a");
    EXPECT_FALSE(answer.status.ok()) << bytes.substr(0, 60);
  }
}

TEST_F(RestClientTest, FaultS6AnAnswerCutAnywhereIsNone) {
  const std::string whole = Response(R"({"lastUpdateId":1,"bids":[],"asks":[]})");
  ScriptedServer server([&](int socket, int connection) {
    (void)ScriptedServer::ReadRequest(socket);
    ScriptedServer::Write(socket, whole.substr(0, static_cast<std::size_t>(connection - 1)));
  });
  Connect(server.port());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const RestAnswer answer = Get("/a");
    EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable) << cut << answer.status;
  }
  EXPECT_TRUE(Get("/a").is_good());
  EXPECT_EQ(client_->counts().lost, static_cast<std::int64_t>(whole.size()));
}

TEST_F(RestClientTest, AHugeAnswerEndsAtTheBound) {
  RestOptions options;
  options.body_max = 100'000;
  const std::string bodies[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n" + std::string(100'001, 'x'),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n" + std::string(100'001, 'x') +
          "\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n" + std::string(200'000, 'x'),
  };
  for (const std::string& bytes : bodies) {
    ScriptedServer server(Always(bytes));
    Connect(server.port(), options);
    const RestAnswer answer = Get("/a");
    EXPECT_EQ(answer.status.code(), absl::StatusCode::kDataLoss) << answer.status;
    EXPECT_EQ(client_->counts().malformed, 1);
  }
  ScriptedServer server(Always(Response(std::string(100'000, 'x'))));
  Connect(server.port(), options);
  EXPECT_EQ(Get("/a").body.size(), 100'000u);
}

TEST_F(RestClientTest, FaultN7ADribbleIsReadWholeAndOneWithoutEndIsADeadline) {
  ScriptedServer slow([](int socket, int) {
    (void)ScriptedServer::ReadRequest(socket);
    for (const char byte : Response("{\"a\":1}", "X-MBX-USED-WEIGHT-1M: 7\r\n")) {
      ScriptedServer::Write(socket, std::string(1, byte));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    (void)ScriptedServer::ReadRequest(socket);
  });
  Connect(slow.port());
  const RestAnswer answer = Get("/a");
  EXPECT_EQ(answer.body, "{\"a\":1}");
  ASSERT_EQ(answer.used_weight.size(), 1u);
  EXPECT_EQ(answer.used_weight[0].used, 7);

  ScriptedServer endless([](int socket, int) {
    (void)ScriptedServer::ReadRequest(socket);
    ScriptedServer::Write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (ScriptedServer::Write(socket, "x")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  Connect(endless.port(), {.deadline = 150 * kMillisecond});
  EXPECT_EQ(Get("/a").status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(client_->counts().deadlines, 1);
}

TEST_F(RestClientTest, ARequestIntoAConnectionThatWasClosedInTheMeantimeIsSentOnceMore) {
  ScriptedServer server([](int socket, int) {
    (void)ScriptedServer::ReadRequest(socket);
    ScriptedServer::Write(socket, Response("{}"));
  });
  Connect(server.port());
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(Get("/a").is_good()) << i;
    // Not to prove anything about time: so that the server's end has most often arrived.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(client_->counts().retried, 4);
  EXPECT_EQ(client_->counts().connections, 5);
}

TEST_F(RestClientTest, AServerThatNeverAnswersASecondTimeIsNotAskedForEver) {
  ScriptedServer server([](int socket, int connection) {
    (void)ScriptedServer::ReadRequest(socket);
    if (connection == 1) ScriptedServer::Write(socket, Response("{}"));
  });
  Connect(server.port());
  EXPECT_TRUE(Get("/a").is_good());
  EXPECT_EQ(Get("/a").status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(RestClientTest, AnAnswerWithMoreBehindItEndsTheConnection) {
  ScriptedServer server(Always(Response("{}") + "HTTP/1.1 200 OK\r\n"));
  Connect(server.port());
  EXPECT_TRUE(Get("/a").is_good());
  EXPECT_TRUE(Get("/a").is_good());
  EXPECT_EQ(client_->counts().connections, 2) << "what lies there is nobody's answer";
}

TEST_F(RestClientTest, ACallbackMayDestroyTheClientAndWhatIsUnderWayIsForgotten) {
  ServedMarket exchange({"snapshot-late:for=30@request=1"});
  Connect(exchange.port());
  bool is_forgotten = true;
  for (int i = 0; i < 3; ++i) {
    client_->Get(kDepth, [&](const RestAnswer& answer) {
      if (!answer.is_good() || client_ == nullptr) is_forgotten = false;
      client_ = nullptr;
      loop_.Post([this] { loop_.Stop(); });
    });
  }
  Run();
  EXPECT_EQ(client_, nullptr);
  EXPECT_TRUE(is_forgotten);
}

// Queue, budget and client together, at an exchange that enforces its limit: a minute there is a
// second.
TEST_F(RestClientTest, FaultS5ManyLostSymbolsRecoverWithoutARefusalOverSockets) {
  constexpr int kSymbols = 150;
  constexpr std::int64_t kScale = 60;
  std::vector<std::string> symbols;
  for (int i = 0; i < kSymbols; ++i) symbols.push_back(absl::StrCat("S", i, "USDT"));
  ServedMarket exchange({}, {}, symbols, kScale);
  Connect(exchange.port());
  std::mt19937_64 random(1);
  // As its exchangeInfo states them.
  WeightBudget budget(std::vector<RateLimit>{{RateLimitKind::kRequestWeight, kSecond, 6'000},
                                             {RateLimitKind::kRawRequests, 5 * kSecond, 300'000}});
  SnapshotQueue queue({}, budget, random);
  for (const std::string& symbol : symbols) {
    queue.Want(symbol, SnapshotNeed::kNoBook, NetworkLoop::Now());
  }
  std::vector<std::string> given;
  int refused = 0;
  LoopTimer timer(loop_);
  const std::function<void()> pump = [&] {
    while (const auto request = queue.Take(NetworkLoop::Now())) {
      client_->Get(request->target, [&, request = *request](const RestAnswer& answer) {
        const bool is_good = answer.is_good() && CheckDepthAnswer(answer.body).ok();
        if (!is_good) ++refused;
        const SnapshotUse use =
            queue.OnAnswer(request, is_good ? SnapshotResult::kGood : SnapshotResult::kFailed,
                           answer.Report(), NetworkLoop::Now());
        if (use == SnapshotUse::kGive) given.push_back(request.symbol);
        if (given.size() == kSymbols) loop_.Stop();
        pump();
      });
    }
    if (const auto due = queue.NextDue(NetworkLoop::Now())) {
      timer.Start(*due - NetworkLoop::Now(), pump);
    }
  };
  pump();
  Run();
  std::sort(given.begin(), given.end());
  std::sort(symbols.begin(), symbols.end());
  EXPECT_EQ(given, symbols) << "each once";
  EXPECT_EQ(refused, 0);
  EXPECT_LE(client_->counts().connections, static_cast<std::int64_t>(kRestConnectionsMax));
}

}  // namespace
}  // namespace thalweg
