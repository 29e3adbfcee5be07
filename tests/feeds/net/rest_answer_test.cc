#include "feeds/net/rest_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace thalweg {
namespace {

TEST(RestAnswerTest, FaultS5RetryAfterIsANumberOfSecondsOrAbsent) {
  EXPECT_EQ(ParseRetryAfter("7"), 7 * kSecond);
  EXPECT_EQ(ParseRetryAfter(" 7\t"), 7 * kSecond);
  EXPECT_EQ(ParseRetryAfter("0"), 0);
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999999"), kBanMax);
  for (const char* const text :
       {"", " ", "-1", "+1", "7s", "1.5", "0x10", "Wed, 21 Oct 2026 07:28:00 GMT", "7 7"}) {
    EXPECT_EQ(ParseRetryAfter(text), std::nullopt) << text;
  }
}

TEST(RestAnswerTest, UsedWeightIsReadInAnyCaseWithItsWindow) {
  const auto used = ParseUsedWeight("x-mbx-USED-weight-1m", " 120 ");
  ASSERT_TRUE(used.has_value());
  EXPECT_EQ(used->window, 60 * kSecond);
  EXPECT_EQ(used->used, 120);
  EXPECT_EQ(ParseUsedWeight("X-MBX-USED-WEIGHT-10S", "1")->window, 10 * kSecond);
  EXPECT_EQ(ParseUsedWeight("X-MBX-USED-WEIGHT-2H", "1")->window, 2 * kHour);
  EXPECT_EQ(ParseUsedWeight("X-MBX-USED-WEIGHT-1D", "1")->window, 24 * kHour);
  for (const char* const name :
       {"X-MBX-USED-WEIGHT", "X-MBX-USED-WEIGHT-", "X-MBX-USED-WEIGHT-M", "X-MBX-USED-WEIGHT-0M",
        "X-MBX-USED-WEIGHT-1X", "X-MBX-USED-WEIGHT-99999999999999999999D", "Date"}) {
    EXPECT_FALSE(ParseUsedWeight(name, "1").has_value()) << name;
  }
  for (const char* const value : {"", "-1", "many", "1e3"}) {
    EXPECT_FALSE(ParseUsedWeight("X-MBX-USED-WEIGHT-1M", value).has_value()) << value;
  }
}

TEST(RestAnswerTest, FaultS6OnlyAWholeObjectWithAnIdIsADepthAnswer) {
  const std::string good = R"({"lastUpdateId":9,"bids":[["1","2"]],"asks":[]})";
  EXPECT_TRUE(CheckDepthAnswer(good).ok());
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(CheckDepthAnswer(good.substr(0, cut)).ok()) << cut;
  }
  for (const char* const body :
       {"", "null", "[]", "7", R"({"code":-1121,"msg":"Invalid symbol."})",
        R"({"lastUpdateId":"9"})", R"({"lastUpdateId":9.5})", R"({"lastupdateid":9})",
        "<html><body>502</body></html>", "\x1f\x8b\x08\x00", "{\"lastUpdateId\":9}}",
        "{\"lastUpdateId\":\xff}", "[[[[[[[[[[[[[["}) {
    const absl::Status status = CheckDepthAnswer(body);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << body;
  }
  EXPECT_FALSE(CheckDepthAnswer(std::string(100'000, '[')).ok());
}

TEST(RestAnswerTest, RateLimitsOfKnownKindsAreRead) {
  const auto limits = ReadRateLimits(
      R"({"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,)"
      R"("limit":6000},{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50},)"
      R"({"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":300000},)"
      R"({"rateLimitType":"REQUEST_WEIGHT","interval":"WEEK","intervalNum":1,"limit":6},)"
      R"({"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":0,"limit":6},)"
      R"({"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":-6},7,{}]})");
  ASSERT_TRUE(limits.ok()) << limits.status();
  EXPECT_EQ(*limits,
            (std::vector<RateLimit>{{RateLimitKind::kRequestWeight, 60 * kSecond, 6'000},
                                    {RateLimitKind::kRawRequests, 300 * kSecond, 300'000}}));
  EXPECT_FALSE(ReadRateLimits("{}").ok());
  EXPECT_FALSE(ReadRateLimits("<html>").ok());
}

TEST(RestAnswerTest, ASymbolIsListedByItsOwnNameAlone) {
  EXPECT_EQ(ReadListedSymbols(R"({"symbols":[{"symbol":"BTCUSD_PERP","pair":"BTCUSD",)"
                              R"("baseAsset":"BTC","quoteAsset":"USD"},7,{"pair":"X"},)"
                              R"({"symbol": "ODD","baseAssetPrecision":"8"}]})"),
            (std::set<std::string>{"BTCUSD_PERP", "ODD"}));
  for (const char* const body : {"", "null", "[]", "{}", R"({"symbols":7})", "<html>"}) {
    EXPECT_TRUE(ReadListedSymbols(body).empty()) << body;
  }
}

TEST(RestAnswerTest, RulesAreEverythingButTheTimeAndTheLimits) {
  const std::string answer =
      R"({"timezone":"UTC","serverTime":1,"rateLimits":[1],"symbols":[{"symbol":"A"}]})";
  EXPECT_EQ(RulesOf(answer),
            RulesOf(R"({"timezone": "UTC", "serverTime":2, "symbols":[ {"symbol":"A"}]})"));
  EXPECT_NE(RulesOf(answer), RulesOf(R"({"timezone":"UTC","symbols":[{"symbol":"B"}]})"));
  EXPECT_NE(RulesOf(answer), "");
  EXPECT_EQ(RulesOf("[]"), "");
}

TEST(RestAnswerTest, AServerThatFailedIsLeftAloneAsLongAsItAsksWithinBounds) {
  EXPECT_EQ(ServerPause(std::nullopt), 0);
  EXPECT_EQ(ServerPause(-kSecond), 0);
  EXPECT_EQ(ServerPause(20 * kSecond), 20 * kSecond);
  EXPECT_EQ(ServerPause(kBanMax), kServerPauseMax);
}

TEST(RestAnswerTest, AnErrorIsDescribedInTheExchangesWords) {
  RestAnswer answer;
  answer.code = 400;
  answer.body = R"({"code":-1121,"msg":"Invalid\nsymbol."})";
  EXPECT_EQ(DescribeAnswer(answer), "HTTP 400: -1121 Invalid symbol.");
  EXPECT_EQ(ErrorCode(answer.body), -1121);
  answer.body = "<html>";
  EXPECT_EQ(DescribeAnswer(answer), "HTTP 400");
  EXPECT_EQ(ErrorCode(answer.body), std::nullopt);
  answer.body = R"({"code":1,"msg":")" + std::string(10'000, 'x') + "\"}";
  EXPECT_LT(DescribeAnswer(answer).size(), 300u);
}

}  // namespace
}  // namespace thalweg
