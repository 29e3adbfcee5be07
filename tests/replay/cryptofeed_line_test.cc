#include "replay/cryptofeed_line.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace thalweg {
namespace {

TEST(CryptofeedLineTest, AFrameIsItsPayloadByteForByte) {
  const RecordingLine line =
      ParseCryptofeedLine(R"(1633998512.0633569: {"stream":"x@trade", "data": {"t": 1}})");
  ASSERT_EQ(line.kind, LineKind::kFrame);
  EXPECT_EQ(line.receive_time.raw(), 1'633'998'512'063'356'900);
  EXPECT_EQ(line.payload, R"({"stream":"x@trade", "data": {"t": 1}})");
}

TEST(CryptofeedLineTest, AnAnswerIsARestLineOfThePathAndQueryOfItsUrl) {
  const RecordingLine line = ParseCryptofeedLine(
      R"(https://api.binance.com/api/v3/depth?symbol=NKNUSDT&limit=1000 -> 1633998512.5: {"lastUpdateId":1})");
  ASSERT_EQ(line.kind, LineKind::kRest);
  EXPECT_EQ(line.receive_time.raw(), 1'633'998'512'500'000'000);
  EXPECT_EQ(line.target, "/api/v3/depth?symbol=NKNUSDT&limit=1000");
  EXPECT_EQ(line.payload, R"({"lastUpdateId":1})");
}

TEST(CryptofeedLineTest, AnOpeningIsAConnection) {
  const RecordingLine line = ParseCryptofeedLine(
      "wss://stream.binance.com:9443/stream?streams=a@trade/b@depth <-> 1633998511.159679");
  ASSERT_EQ(line.kind, LineKind::kConnOpen);
  EXPECT_EQ(line.receive_time.raw(), 1'633'998'511'159'679'000);
  EXPECT_EQ(line.url, "wss://stream.binance.com:9443/stream?streams=a@trade/b@depth");
}

TEST(CryptofeedLineTest, ConfigurationsAndMessagesSentSayNothing) {
  EXPECT_EQ(ParseCryptofeedLine(R"(configuration: {"trades":["NKN-USDT"]})").kind,
            LineKind::kOtherHash);
  EXPECT_EQ(
      ParseCryptofeedLine(R"(wss://x.y/ws <- 1633998511.1: {"method":"SUBSCRIBE","params":[]})")
          .kind,
      LineKind::kOtherHash);
}

TEST(CryptofeedLineTest, AllElseIsMalformedAndSaysWhy) {
  struct Case {
    std::string_view text;
    std::string_view reason;
  };
  for (const Case& broken :
       std::vector<Case>{{"", "neither a time nor a URL"},
                         {"something else", "neither a time nor a URL"},
                         {R"({"e":"trade"})", "neither a time nor a URL"},
                         {R"(1633998512.5 {"e":"trade"})", "no ': '"},
                         {R"(1633998512.5x: {"e":"trade"})", "its time is no number"},
                         {R"(5: {"e":"trade"})", "its time is no number"},
                         {"1633998512.5: ", "no JSON"},
                         {"1633998512.5: <html>", "no JSON"},
                         {"https://x.y/api", "neither a time nor a URL"},
                         {"https://x.y/api ->", "no time after the URL"},
                         {"https://x.y/api -> 1633998512.5", "no ': '"},
                         {"https://x.y/api -> 1633998512.5: Bad Gateway", "no JSON"},
                         {"https://x.y -> 1633998512.5: {}", "no path"},
                         {"https://x.y/api => 1633998512.5: {}", "neither '->'"},
                         {"wss://x.y/ws <-> soon", "its time is no number"}}) {
    const RecordingLine line = ParseCryptofeedLine(broken.text);
    EXPECT_EQ(line.kind, LineKind::kMalformed) << broken.text;
    EXPECT_NE(line.reason.find(broken.reason), std::string_view::npos)
        << broken.text << ": " << line.reason;
  }
}

}  // namespace
}  // namespace thalweg
