#include "feeds/net/rest_request.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feeds/decode/rest_target.h"

namespace thalweg {
namespace {

TEST(RestRequestTest, DepthHasItsPathLimitAndWeight) {
  EXPECT_EQ(DepthRequest(Market::kSpot, "BTCUSDT", 1'000),
            (RestRequest{"/api/v3/depth?symbol=BTCUSDT&limit=1000", 50}));
  EXPECT_EQ(DepthRequest(Market::kSpot, "BTCUSDT", 9'999),
            (RestRequest{"/api/v3/depth?symbol=BTCUSDT&limit=5000", 250}));
  EXPECT_EQ(DepthRequest(Market::kSpot, "BTCUSDT", 100).weight, 5);
  EXPECT_EQ(DepthRequest(Market::kSpot, "BTCUSDT", 101).weight, 25);
  EXPECT_EQ(DepthRequest(Market::kSpot, "BTCUSDT", 501).weight, 50);
  EXPECT_EQ(DepthRequest(Market::kSpot, "BTCUSDT", 1'001).weight, 250);
}

TEST(RestRequestTest, FuturesTakeTheNextLimitThatExists) {
  EXPECT_EQ(DepthRequest(Market::kUsdM, "BTCUSDT", 5'000),
            (RestRequest{"/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 20}));
  EXPECT_EQ(DepthRequest(Market::kCoinM, "BTCUSD_PERP", 21),
            (RestRequest{"/dapi/v1/depth?symbol=BTCUSD_PERP&limit=50", 2}));
  EXPECT_EQ(DepthRequest(Market::kUsdM, "A", 100).weight, 5);
  EXPECT_EQ(DepthRequest(Market::kUsdM, "A", 499),
            (RestRequest{"/fapi/v1/depth?symbol=A&limit=500", 10}));
  EXPECT_EQ(DepthRequest(Market::kUsdM, "A", 1).target, "/fapi/v1/depth?symbol=A&limit=5");
}

TEST(RestRequestTest, SymbolsBeyondAsciiComeBackFromTheTarget) {
  const std::string symbol = "\xe5\xb8\x81&=USDT";
  const RestRequest request = DepthRequest(Market::kSpot, symbol, 1'000);
  EXPECT_EQ(request.target, "/api/v3/depth?symbol=%E5%B8%81%26%3DUSDT&limit=1000");
  const RestTarget parsed = ParseRestTarget(request.target);
  EXPECT_EQ(parsed.symbol, symbol);
  EXPECT_EQ(parsed.limit, 1'000u);
  EXPECT_EQ(parsed.kind, RestKind::kDepth);
}

TEST(RestRequestTest, ExchangeInfoNamesItsSymbolsAsAJsonArray) {
  const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT"};
  const auto requests = ExchangeInfoRequests(Market::kSpot, symbols);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target, "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D");
  EXPECT_EQ(requests[0].weight, 20);
  EXPECT_EQ(QueryParameter(requests[0].target, "symbols"), R"(["BTCUSDT","ETHUSDT"])");
  EXPECT_TRUE(ExchangeInfoRequests(Market::kSpot, {}).empty());
  EXPECT_EQ(ExchangeInfoRequests(Market::kUsdM, symbols),
            (std::vector<RestRequest>{{"/fapi/v1/exchangeInfo", 1}}));
}

TEST(RestRequestTest, ALongListOfSymbolsIsSplitAndNoneIsLost) {
  std::vector<std::string> symbols;
  for (int i = 0; i < 1'000; ++i) symbols.push_back("SYMBOL" + std::to_string(i) + "USDT");
  std::string joined;
  for (const RestRequest& request : ExchangeInfoRequests(Market::kSpot, symbols)) {
    EXPECT_LE(request.target.size(), kTargetBytesMax);
    std::string list = *QueryParameter(request.target, "symbols");
    ASSERT_TRUE(list.starts_with("[\"") && list.ends_with("\"]"));
    joined += (joined.empty() ? "" : ",") + list.substr(1, list.size() - 2);
  }
  std::string expected;
  for (const std::string& symbol : symbols) {
    expected += (expected.empty() ? "\"" : ",\"") + symbol + "\"";
  }
  EXPECT_EQ(joined, expected);
}

TEST(RestRequestTest, HistoryIsPagedByIdOrTime) {
  Page page;
  page.from_id = 7;
  page.limit = 5'000;
  EXPECT_EQ(AggTradesRequest(Market::kSpot, "BTCUSDT", page),
            (RestRequest{"/api/v3/aggTrades?symbol=BTCUSDT&fromId=7&limit=1000", 4}));
  page = {};
  page.start_ms = 10;
  page.end_ms = 20;
  EXPECT_EQ(KlinesRequest(Market::kSpot, "BTCUSDT", "1m", page),
            (RestRequest{"/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=10&endTime=20"
                         "&limit=1000",
                         2}));
  EXPECT_EQ(KlinesRequest(Market::kUsdM, "BTCUSDT", "1m", page).weight, 5);
  EXPECT_EQ(TradesRequest(Market::kSpot, "BTCUSDT", 10),
            (RestRequest{"/api/v3/trades?symbol=BTCUSDT&limit=10", 25}));
  EXPECT_EQ(BookTickerRequest(Market::kSpot, "BTCUSDT"),
            (RestRequest{"/api/v3/ticker/bookTicker?symbol=BTCUSDT", 2}));
  EXPECT_EQ(TimeRequest(Market::kCoinM), (RestRequest{"/dapi/v1/time", 1}));
}

}  // namespace
}  // namespace thalweg
