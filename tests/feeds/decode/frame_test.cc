#include "feeds/decode/frame.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/feeds/decode/padded_text.h"

namespace thalweg {
namespace {

struct Named {
  FrameKind kind;
  std::string symbol, stream_symbol, stream_type, body;
};

Named Name(std::string_view payload) {
  const PaddedText text(payload);
  const FrameHead head = NameFrame(text.view());
  return {head.kind, std::string(head.symbol), std::string(head.stream_symbol),
          std::string(head.stream_type), std::string(head.body)};
}

FrameKind KindOfStreamNamed(std::string_view stream) {
  return Name(R"({"stream":")" + std::string(stream) + R"(","data":{}})").kind;
}

constexpr std::string_view kDepthBody =
    R"({"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]})";
constexpr std::string_view kTickerBody =
    R"({"u":50093239212,"s":"BTCUSDT","b":"61837.63","B":"3.7","a":"61837.64","A":"1.5"})";

std::string Combined(std::string_view stream, std::string_view body) {
  return R"({"stream":")" + std::string(stream) + R"(","data":)" + std::string(body) + "}";
}

TEST(NameFrameTest, CombinedFrameGivesStreamSymbolAndBody) {
  const Named named = Name(Combined("btcusdt@depth@100ms", kDepthBody));
  EXPECT_EQ(named.kind, FrameKind::kDepth);
  EXPECT_EQ(named.symbol, "BTCUSDT");
  EXPECT_EQ(named.stream_symbol, "btcusdt");
  EXPECT_EQ(named.stream_type, "depth@100ms");
  EXPECT_EQ(named.body, std::string(kDepthBody) + "}");
}

TEST(NameFrameTest, StreamTypeDecidesTheKind) {
  const std::pair<std::string_view, FrameKind> kCases[] = {
      {"btcusdt@depth", FrameKind::kDepth},
      {"btcusdt@depth@100ms", FrameKind::kDepth},
      {"btcusdt@depth@500ms", FrameKind::kDepth},
      {"btcusdt@depth@0ms", FrameKind::kDepth},
      {"btcusdt@depth@1000ms", FrameKind::kDepth},
      {"btcusdt@depth5", FrameKind::kPartialDepth},
      {"btcusdt@depth10@250ms", FrameKind::kPartialDepth},
      {"btcusdt@depth20@100ms", FrameKind::kPartialDepth},
      {"btcusdt@depth20@500ms", FrameKind::kPartialDepth},
      {"btcusdt@depth50", FrameKind::kPartialDepth},
      {"btcusdt@depthX", FrameKind::kOther},
      {"btcusdt@rpiDepth@500ms", FrameKind::kOther},
      {"btcusdt@bookTicker", FrameKind::kBookTicker},
      {"btcusdt@bookticker", FrameKind::kOther},
      {"btcusdt@trade", FrameKind::kTrade},
      {"btcusdt@aggTrade", FrameKind::kAggTrade},
      {"btcusdt@kline_1m", FrameKind::kKline},
      {"btcusdt@kline_1d@+08:00", FrameKind::kKline},
      {"btcusdt@blockTrade", FrameKind::kOther},
      {"btcusdt@markPrice@1s", FrameKind::kOther},
      {"!miniTicker@arr", FrameKind::kOther},
      {"!serverShutdown", FrameKind::kServerShutdown},
      {"nothing", FrameKind::kOther},
      {"", FrameKind::kUnnamed},
  };
  for (const auto& [stream, kind] : kCases) EXPECT_EQ(KindOfStreamNamed(stream), kind) << stream;
}

TEST(NameFrameTest, StreamWithoutAtSignHasNoType) {
  const Named named =
      Name(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1782000000000}})");
  EXPECT_EQ(named.kind, FrameKind::kServerShutdown);
  EXPECT_EQ(named.stream_symbol, "!serverShutdown");
  EXPECT_EQ(named.stream_type, "");
}

TEST(NameFrameTest, EnvelopeMayHaveBlanksAndAnyOrder) {
  const std::string body(kTickerBody);
  for (const std::string& payload :
       {R"({ "stream" : "btcusdt@bookTicker" , "data" : )" + body + "}",
        R"({"stream": "btcusdt@bookTicker", "data": )" + body + "} ",
        R"({"data":)" + body + R"(,"stream":"btcusdt@bookTicker"})",
        "  \n" + Combined("btcusdt@bookTicker", body),
        R"({"x":{"stream":"no@trade"},"stream":"btcusdt@bookTicker","data":)" + body + "}"}) {
    const Named named = Name(payload);
    EXPECT_EQ(named.kind, FrameKind::kBookTicker) << payload;
    EXPECT_EQ(named.symbol, "BTCUSDT") << payload;
    EXPECT_EQ(named.stream_symbol, "btcusdt") << payload;
    EXPECT_EQ(named.stream_type, "bookTicker") << payload;
    EXPECT_TRUE(named.body.starts_with(body)) << payload;
  }
}

TEST(NameFrameTest, RawFrameIsNamedByItsEventType) {
  const std::pair<std::string_view, FrameKind> kCases[] = {
      {"depthUpdate", FrameKind::kDepth},     {"bookTicker", FrameKind::kBookTicker},
      {"trade", FrameKind::kTrade},           {"aggTrade", FrameKind::kAggTrade},
      {"kline", FrameKind::kKline},           {"serverShutdown", FrameKind::kServerShutdown},
      {"markPriceUpdate", FrameKind::kOther}, {"DepthUpdate", FrameKind::kOther},
  };
  for (const auto& [event, kind] : kCases) {
    const std::string payload =
        R"({"E":1782000000000,"e":")" + std::string(event) + R"(","s":"BTCUSDT"})";
    const Named named = Name(payload);
    EXPECT_EQ(named.kind, kind) << event;
    EXPECT_EQ(named.symbol, "BTCUSDT") << event;
    EXPECT_EQ(named.stream_symbol, "") << event;
    EXPECT_EQ(named.body, payload) << event;
  }
}

TEST(NameFrameTest, RawSpotBookTickerIsNamedByItsKeys) {
  EXPECT_EQ(Name(kTickerBody).kind, FrameKind::kBookTicker);
  EXPECT_EQ(Name(kTickerBody).symbol, "BTCUSDT");
  EXPECT_EQ(Name(R"({"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"1"})").kind, FrameKind::kUnnamed);
}

TEST(NameFrameTest, BareSnapshotHasNoSymbol) {
  const std::string_view payload = R"({"lastUpdateId": 5, "bids": [["1", "2"]], "asks": []})";
  EXPECT_EQ(Name(payload).kind, FrameKind::kSnapshot);
  EXPECT_EQ(Name(payload).symbol, "");
  EXPECT_EQ(Name(payload).body, payload);
}

TEST(NameFrameTest, PartialDepthInAStreamIsNoSnapshot) {
  const Named named =
      Name(Combined("btcusdt@depth20", R"({"lastUpdateId":5,"bids":[],"asks":[]})"));
  EXPECT_EQ(named.kind, FrameKind::kPartialDepth);
  EXPECT_EQ(named.symbol, "");
  EXPECT_EQ(named.stream_symbol, "btcusdt");
}

TEST(NameFrameTest, RepliesToControlMessagesAreRecognised) {
  for (const std::string_view reply :
       {R"({"result":null,"id":11})", R"({"id":"a1","result":["btcusdt@depth"]})",
        R"({"result":true,"id":null})", R"({"code":2,"msg":"Invalid request","id":7})",
        R"({"error":{"code":2,"msg":"x"},"id":7})"}) {
    EXPECT_EQ(Name(reply).kind, FrameKind::kControlReply) << reply;
  }
}

TEST(NameFrameTest, SymbolIsTakenFromTheOutermostObjectOnly) {
  EXPECT_EQ(Name(Combined("btcusdt@kline_1m", R"({"e":"kline","k":{"s":"X"},"s":"Y"})")).symbol,
            "");
  EXPECT_EQ(Name(Combined("btcusdt@trade", R"({"e":"x\",\"s\":\"Z","s":"Y"})")).symbol, "");
  EXPECT_EQ(Name(Combined("btcusdt@trade", R"({"e":"trade","ps":"BTC","s":"Y"})")).symbol, "Y");
}

TEST(NameFrameTest, NonAsciiSymbolsAreOpaqueBytes) {
  const Named named = Name(Combined("币安usdt@trade", R"({"e":"trade","s":"币安USDT"})"));
  EXPECT_EQ(named.stream_symbol, "币安usdt");
  EXPECT_EQ(named.symbol, "币安USDT");
}

TEST(NameFrameTest, FrameThatNamesItselfIsNamedWhereverItIsCut) {
  const std::string whole = Combined("btcusdt@depth@100ms", kDepthBody);
  const std::size_t named_from = whole.find("\",\"data") + 1;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Named named = Name(whole.substr(0, size));
    if (size < named_from) {
      EXPECT_EQ(named.kind, FrameKind::kUnnamed) << size;
    } else {
      EXPECT_EQ(named.kind, FrameKind::kDepth) << size;
      EXPECT_EQ(named.stream_symbol, "btcusdt") << size;
      EXPECT_TRUE(named.symbol.empty() || named.symbol == "BTCUSDT") << size;
    }
  }
}

TEST(NameFrameTest, RawFrameIsUnnamedUntilItsSymbolIsThere) {
  for (const std::string_view whole :
       {kDepthBody, kTickerBody,
        std::string_view(R"({"e":"trade","E":1782000000000,"s":"BTCUSDT","t":1})")}) {
    // A spot bookTicker is named by all its keys, the last of which ends before the brace.
    const std::size_t named_from =
        whole == kTickerBody ? whole.size() - 1 : whole.find("\"BTCUSDT\"") + 9;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      const Named named = Name(whole.substr(0, size));
      if (size < named_from) {
        EXPECT_EQ(named.kind, FrameKind::kUnnamed) << whole.substr(0, size);
      } else {
        EXPECT_NE(named.kind, FrameKind::kUnnamed) << whole.substr(0, size);
        EXPECT_EQ(named.symbol, "BTCUSDT") << whole.substr(0, size);
      }
    }
  }
}

TEST(NameFrameTest, FrameOfAStreamWithoutASymbolOrARawOneWithoutItIsUnnamed) {
  for (const std::string_view payload :
       {R"({"e":"depthUpdate","E":1782000000000,"U":1,"u":2,"b":[],"a":[]})",
        R"({"e":"trade","E":1782000000000,"s":"","t":1})", R"({"e":"trade","s":5,"t":1})",
        R"({"e":"kline","E":1782000000000})", R"({"e":"bookTicker","u":1})"}) {
    EXPECT_EQ(Name(payload).kind, FrameKind::kUnnamed) << payload;
  }
  EXPECT_EQ(KindOfStreamNamed("@depth"), FrameKind::kUnnamed);
  EXPECT_EQ(Name(Combined("@depth@100ms", kDepthBody)).kind, FrameKind::kUnnamed);
}

TEST(NameFrameTest, RawArrayOfEventsIsWellNamedAndOfNoUse) {
  for (const std::string_view events :
       {R"([{"e":"24hrMiniTicker","E":1782000000000,"s":"BTCUSDT","c":"1.5"}])",
        R"( [ {"E":1,"e":"24hrMiniTicker"} , {"e":"1hTicker","x":[{"e":5}]} ] )"}) {
    EXPECT_EQ(Name(events).kind, FrameKind::kOther) << events;
  }
  for (const std::string_view events :
       {"[]", "[1]", "[{}]", R"([{"e":5}])", R"([{"x":{"e":"trade"}}])", R"([{"e":"trade"},5])",
        R"([{"e":"trade"},])", R"([{"e":"trade"}]])", R"([{"e":"trade"}] x)",
        R"([{"e":"trade"} {"e":"trade"}])"}) {
    EXPECT_EQ(Name(events).kind, FrameKind::kUnnamed) << events;
  }
  const std::string whole = R"([{"e":"24hrMiniTicker","s":"BTCUSDT"},{"e":"24hrMiniTicker"}])";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Name(whole.substr(0, size)).kind, FrameKind::kUnnamed) << size;
  }
}

TEST(NameFrameTest, WhatIsNoFrameIsUnnamed) {
  for (const std::string_view text :
       {"", " ", "{", "{}", "[]", "null", "\"", "{\"", "{\"stream\":", "{\"stream\":5,\"data\":{}}",
        "{\"e\":5}", "{\"e\"", "<html>", "{\"id\":5}", "{\"result\":5}", "\xff\xfe",
        "{\"stream\":\"\\"}) {
    EXPECT_EQ(Name(text).kind, FrameKind::kUnnamed) << text;
  }
  EXPECT_EQ(Name(std::string(100'000, '[')).kind, FrameKind::kUnnamed);
  EXPECT_EQ(Name("{\"a\":" + std::string(100'000, '[')).kind, FrameKind::kUnnamed);
}

TEST(NameFrameTest, PaddingIsNeverTakenForText) {
  const std::string whole = Combined("btcusdt@bookTicker", kTickerBody);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    PaddedText text(whole.substr(0, size));
    text.FillAfter(std::string_view(whole).substr(size));
    const FrameHead head = NameFrame(text.view());
    const char* const end = text.view().data() + size;
    EXPECT_LE(head.body.data() + head.body.size(), end) << size;
    EXPECT_TRUE(head.symbol.empty() || head.symbol.data() + head.symbol.size() < end) << size;
    EXPECT_TRUE(head.symbol.empty() || head.symbol == "BTCUSDT") << size;
  }
}

}  // namespace
}  // namespace thalweg
