#include "feeds/decode/rest_target.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {
namespace {

TEST(QueryParameterTest, FindsWholeNamesOnly) {
  constexpr std::string_view kTarget = "/api/v3/depth?symbol=BTCUSDT&limit=1000&flag&empty=&a=b=c";
  EXPECT_EQ(QueryParameter(kTarget, "symbol"), "BTCUSDT");
  EXPECT_EQ(QueryParameter(kTarget, "limit"), "1000");
  EXPECT_EQ(QueryParameter(kTarget, "a"), "b=c");
  EXPECT_EQ(QueryParameter(kTarget, "empty"), "");
  EXPECT_EQ(QueryParameter(kTarget, "ymbol"), std::nullopt);
  EXPECT_EQ(QueryParameter(kTarget, "lim"), std::nullopt);
  EXPECT_EQ(QueryParameter(kTarget, "flag"), std::nullopt);
}

TEST(QueryParameterTest, FindsNothingWithoutAQuery) {
  EXPECT_EQ(QueryParameter("/api/v3/exchangeInfo", "symbol"), std::nullopt);
  EXPECT_EQ(QueryParameter("/symbol=X", "symbol"), std::nullopt);
  EXPECT_EQ(QueryParameter("/x?", "symbol"), std::nullopt);
  EXPECT_EQ(QueryParameter("", "symbol"), std::nullopt);
}

TEST(PercentDecodedTest, UndoesWhatIsEncodedAndKeepsTheRest) {
  EXPECT_EQ(PercentDecoded("btcusdt%40depth%40100ms%2Fx"), "btcusdt@depth@100ms/x");
  EXPECT_EQ(PercentDecoded("%E5%B8%81%e5%ae%89USDT"), "币安USDT");
  EXPECT_EQ(PercentDecoded("%2541"), "%41") << "once";
  for (const std::string_view plain :
       {"", "BTCUSDT", "a+b", "%", "%4", "%zz", "%4g", "%-1", "%%"}) {
    EXPECT_EQ(PercentDecoded(plain), plain);
  }
  EXPECT_EQ(PercentDecoded("%%41"), "%A");
}

TEST(QueryParameterTest, ValuesAreDecodedAfterTheyWereCut) {
  EXPECT_EQ(QueryParameter("/x?a=1%262%3D3&b=%41", "a"), "1&2=3");
  EXPECT_EQ(QueryParameter("/x?a=1%262%3D3&b=%41", "b"), "A");
}

TEST(RestTargetTest, SymbolsBeyondAsciiAreDecoded) {
  EXPECT_EQ(ParseRestTarget("/api/v3/depth?symbol=%E5%B8%81%E5%AE%89USDT&limit=1000").symbol,
            "币安USDT");
}

TEST(RestTargetTest, NamesWhatWasAskedFor) {
  const RestTarget depth = ParseRestTarget("/api/v3/depth?symbol=BTCUSDT&limit=500");
  EXPECT_EQ(depth.kind, RestKind::kDepth);
  EXPECT_EQ(depth.symbol, "BTCUSDT");
  EXPECT_EQ(depth.limit, 500U);
  EXPECT_EQ(ParseRestTarget("/fapi/v1/exchangeInfo").kind, RestKind::kExchangeInfo);
  EXPECT_EQ(ParseRestTarget("/api/v3/time").kind, RestKind::kOther);
}

TEST(RestTargetTest, ADepthRequestWithoutALimitHasItsEndpointsDefault) {
  EXPECT_EQ(ParseRestTarget("/api/v3/depth?symbol=X").limit, 100U);
  EXPECT_EQ(ParseRestTarget("/fapi/v1/depth?symbol=X").limit, 500U);
  EXPECT_EQ(ParseRestTarget("/dapi/v1/depth?symbol=X&limit=zero").limit, 500U);
}

TEST(RestTargetTest, SymbolsAreThoseThatTheQuestionNames) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(AskedSymbols("/api/v3/exchangeInfo?symbol=BTCUSDT"), Names{"BTCUSDT"});
  EXPECT_EQ(AskedSymbols("/api/v3/exchangeInfo?symbols=%5B%22A%22,%22%E5%B8%81%22%5D"),
            (Names{"A", "币"}));
  EXPECT_EQ(AskedSymbols(R"(/api/v3/exchangeInfo?symbols=["A","B"]&x=1)"), (Names{"A", "B"}));
  EXPECT_EQ(AskedSymbols("/api/v3/exchangeInfo"), Names{});
  EXPECT_EQ(AskedSymbols("/api/v3/exchangeInfo?symbols="), Names{});
  EXPECT_TRUE(IsFuturesTarget("/fapi/v1/exchangeInfo"));
  EXPECT_TRUE(IsFuturesTarget("/dapi/v1/exchangeInfo"));
  EXPECT_FALSE(IsFuturesTarget("/api/v3/exchangeInfo"));
}

TEST(RestTargetTest, ALimitBeyondTheExchangesIsTheExchanges) {
  EXPECT_EQ(ParseRestTarget("/api/v3/depth?symbol=X&limit=10000").limit, 5'000U);
  EXPECT_EQ(ParseRestTarget("/fapi/v1/depth?symbol=X&limit=5000").limit, 1'000U);
}

}  // namespace
}  // namespace thalweg
