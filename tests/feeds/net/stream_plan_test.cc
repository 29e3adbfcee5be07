// Every stream over exactly one connection, within the exchange's limits, spelled as it wants them.
#include "feeds/net/stream_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "feeds/decode/rest_target.h"
#include "simdjson.h"

namespace thalweg {
namespace {

std::vector<std::string> Symbols(std::size_t count) {
  std::vector<std::string> symbols;
  for (std::size_t i = 0; i < count; ++i) symbols.push_back(absl::StrCat("SYM", i, "USDT"));
  return symbols;
}

std::vector<ConnectionPlan> Plan(Market market, const std::vector<std::string>& symbols,
                                 const std::string& trade_stream = "trade",
                                 std::size_t per_connection = 0) {
  StreamPlanOptions options;
  options.market = market;
  options.trade_stream = trade_stream;
  options.streams_per_connection = per_connection;
  auto plans = PlanStreams(options, symbols);
  EXPECT_TRUE(plans.ok()) << plans.status();
  return *std::move(plans);
}

TEST(StreamPlanTest, ThreeStreamsOfASymbolAreOneCombinedUrl) {
  const auto plans = Plan(Market::kSpot, {"BTCUSDT"});
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].Target(),
            "/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade");
  EXPECT_EQ(plans[0].WholeTarget(), plans[0].Target());
}

TEST(StreamPlanTest, UsdmSplitsByPathOnlyWhereTheExchangeDoes) {
  const auto trades = Plan(Market::kUsdM, {"BTCUSDT"});
  ASSERT_EQ(trades.size(), 1u);
  EXPECT_EQ(trades[0].Target(),
            "/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade");
  const auto aggregates = Plan(Market::kUsdM, {"BTCUSDT"}, "aggTrade");
  ASSERT_EQ(aggregates.size(), 2u);
  EXPECT_EQ(aggregates[0].Target(),
            "/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker");
  EXPECT_EQ(aggregates[1].Target(), "/market/stream?streams=btcusdt@aggTrade");
  const auto coinm = Plan(Market::kCoinM, {"BTCUSD_PERP"}, "aggTrade");
  ASSERT_EQ(coinm.size(), 1u);
  EXPECT_EQ(coinm[0].path, "");
}

TEST(StreamPlanTest, EveryStreamIsOnOneConnectionAndASymbolsStreamsStayTogether) {
  for (const Market market : {Market::kSpot, Market::kUsdM, Market::kCoinM}) {
    for (const std::string trade_stream : {"trade", "aggTrade"}) {
      for (const std::size_t count : {1u, 2u, 66u, 67u, 100u, 341u, 342u, 1'000u}) {
        for (const std::size_t per_connection : {0u, 1u, 3u, 4u, 50u, 5'000u}) {
          const auto plans = Plan(market, Symbols(count), trade_stream, per_connection);
          std::set<std::string> seen;
          std::map<std::pair<std::string, std::size_t>, std::size_t> connection_of;
          for (std::size_t i = 0; i < plans.size(); ++i) {
            EXPECT_LE(plans[i].streams.size(),
                      market == Market::kSpot ? kSpotStreamsMax : kFuturesStreamsMax);
            if (per_connection != 0) {
              EXPECT_LE(plans[i].streams.size(), std::max<std::size_t>(per_connection, 3));
            }
            EXPECT_LE(plans[i].Target().size(), kStreamTargetBytesMax);
            EXPECT_GE(plans[i].in_target, 1u);
            for (const PlannedStream& stream : plans[i].streams) {
              EXPECT_TRUE(seen.insert(stream.name).second) << stream.name;
              const auto [at, is_new] = connection_of.insert({{plans[i].path, stream.symbol}, i});
              EXPECT_EQ(at->second, i) << stream.name;
            }
          }
          EXPECT_EQ(seen.size(), 3 * count);
        }
      }
    }
  }
}

TEST(StreamPlanTest, AsFewConnectionsAsTheLimitsAllow) {
  EXPECT_EQ(Plan(Market::kSpot, Symbols(341)).size(), 1u);
  EXPECT_EQ(Plan(Market::kSpot, Symbols(342)).size(), 2u);
  EXPECT_EQ(Plan(Market::kUsdM, Symbols(66)).size(), 1u);
  EXPECT_EQ(Plan(Market::kUsdM, Symbols(100), "aggTrade").size(), 2u);
  EXPECT_EQ(Plan(Market::kUsdM, Symbols(101), "aggTrade").size(), 3u);
}

TEST(StreamPlanTest, TheUrlIsBoundedAndTheWholeOneNamesEveryStream) {
  const auto plans = Plan(Market::kSpot, Symbols(300));
  ASSERT_EQ(plans.size(), 1u);
  const ConnectionPlan& plan = plans[0];
  EXPECT_LT(plan.in_target, plan.streams.size());
  EXPECT_GT(plan.Target().size(), kStreamTargetBytesMax - 100);
  const auto listed = QueryParameter(plan.WholeTarget(), "streams");
  ASSERT_TRUE(listed);
  EXPECT_EQ(std::count(listed->begin(), listed->end(), '/'), 899);
  EXPECT_EQ(plan.WholeTarget().find(plan.Target()), 0u);
}

TEST(StreamPlanTest, SymbolsAreOpaqueUtf8) {
  // Lower-casing byte by byte would make another letter of 0xC3 0x84.
  const std::string symbol = "币A\xC3\x84USDT";
  EXPECT_EQ(StreamSymbol(symbol), "币a\xC3\x84usdt");
  const auto plans = Plan(Market::kSpot, {symbol});
  EXPECT_EQ(plans[0].Target().find("/stream?streams=%E5%B8%81a%C3%84usdt@depth@100ms/"), 0u);
  EXPECT_EQ(QueryParameter(plans[0].Target(), "streams")->find(plans[0].streams[0].name), 0u);
}

TEST(StreamPlanTest, WhatCannotBeASymbolIsRefusedByName) {
  for (const std::string bad :
       {"", "BTC/USDT", "BTC@USDT", "A B", "A\"B", "A\\B", "A\nB", "A&B", "A?B", "A#B", "A%B",
        "\xff", "\xC3", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"}) {
    const auto plans = PlanStreams({}, {"BTCUSDT", bad});
    EXPECT_TRUE(absl::IsInvalidArgument(plans.status())) << bad;
    EXPECT_NE(plans.status().message().find(absl::StrCat("'", bad, "'")), std::string::npos);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(PlanStreams({}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(PlanStreams({}, {std::string(65, 'A')}).status()));
  EXPECT_TRUE(PlanStreams({}, {std::string(64, 'A')}).ok());
  const auto twice = PlanStreams({}, {"BTCUSDT", "btcusdt"});
  EXPECT_NE(twice.status().message().find("'btcusdt' is named twice"), std::string::npos);
  StreamPlanOptions options;
  options.trade_stream = "trades";
  EXPECT_NE(PlanStreams(options, {"A"}).status().message().find("'trades'"), std::string::npos);
}

// Against simdjson, on every sequence of up to three bytes out of those that decide.
TEST(StreamPlanTest, Utf8IsJudgedAsBySimdjson) {
  std::vector<char> bytes;
  for (const int byte :
       {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
        0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff}) {
    bytes.push_back(static_cast<char>(byte));
  }
  std::vector<std::string> texts = {""};
  for (std::size_t begin = 0, length = 1; length <= 4; ++length) {
    const std::size_t end = texts.size();
    for (std::size_t i = begin; i < end; ++i) {
      for (const char byte : bytes) texts.push_back(texts[i] + byte);
    }
    begin = end;
    if (length == 3) break;
  }
  // Four bytes: those that begin like one of four.
  const std::size_t end = texts.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (texts[i].size() == 3 && static_cast<unsigned char>(texts[i][0]) >= 0xf0) {
      for (const char byte : bytes) texts.push_back(texts[i] + byte);
    }
  }
  for (const std::string& text : texts) {
    ASSERT_EQ(IsUtf8(text), simdjson::validate_utf8(text.data(), text.size()))
        << testing::PrintToString(text);
  }
}

TEST(StreamPlanTest, ControlRequestsAreTheExchanges) {
  EXPECT_EQ(ControlRequest("SUBSCRIBE", {"a@trade", "b@depth"}, 7),
            R"({"method":"SUBSCRIBE","params":["a@trade","b@depth"],"id":7})");
  EXPECT_EQ(ControlRequest("LIST_SUBSCRIPTIONS", {}, 8),
            R"({"method":"LIST_SUBSCRIPTIONS","id":8})");
}

}  // namespace
}  // namespace thalweg
