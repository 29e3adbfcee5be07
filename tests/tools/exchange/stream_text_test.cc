#include "tools/exchange/stream_text.h"

#include <gtest/gtest.h>

#include <string>

#include "feeds/decode/frame.h"

namespace thalweg {
namespace {

// A frame with the room around it that decoders need.
class Padded {
 public:
  explicit Padded(const std::string& text)
      : size_(text.size()),
        text_(std::string(kPayloadPadding, ' ') + text + std::string(kPayloadPadding, ' ')) {}
  [[nodiscard]] std::string_view view() const {
    return std::string_view(text_).substr(kPayloadPadding, size_);
  }

 private:
  std::size_t size_;
  std::string text_;
};

TEST(StreamTextTest, ACombinedFrameIsTakenApartWithoutACopy) {
  const Padded frame(R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","U":1}})");
  const auto text = SplitStreamText(frame.view());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->stream, "btcusdt@depth@100ms");
  EXPECT_EQ(text->payload, R"({"e":"depthUpdate","U":1})");
  EXPECT_EQ(text->combined.data(), frame.view().data());
  EXPECT_EQ(Combined(text->stream, text->payload), frame.view());
}

TEST(StreamTextTest, BlanksInTheEnvelopeStayWhereTheyWere) {
  const Padded frame(
      R"({ "stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT", "t": 5} })");
  const auto text = SplitStreamText(frame.view());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->stream, "btcusdt@trade");
  EXPECT_EQ(text->payload, R"({"e": "trade", "s": "BTCUSDT", "t": 5})");
  EXPECT_EQ(text->combined, frame.view());
}

TEST(StreamTextTest, ARawFrameIsOfTheStreamThatItsEventNames) {
  const struct {
    const char* frame;
    const char* stream;
  } cases[] = {
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]})",
       "btcusdt@depth@100ms"},
      {R"({"e":"trade","E":1,"s":"BTCUSDT","t":5,"p":"1","q":"1","T":1,"m":true,"M":true})",
       "btcusdt@trade"},
      {R"({"e":"aggTrade","E":1,"s":"BTCUSDT","a":5,"p":"1","q":"1","f":1,"l":1,"T":1,"m":true})",
       "btcusdt@aggTrade"},
      {R"({"u":400,"s":"BNBUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.7"})",
       "bnbusdt@bookTicker"},
      {R"({"e":"kline","E":1,"s":"BTCUSDT","k":{"t":1,"T":2,"s":"BTCUSDT","i":"5m"}})",
       "btcusdt@kline_5m"},
  };
  for (const auto& [text, stream] : cases) {
    const Padded frame(text);
    const auto split = SplitStreamText(frame.view());
    ASSERT_TRUE(split.has_value()) << text;
    EXPECT_EQ(split->stream, stream);
    EXPECT_EQ(split->payload, frame.view());
    EXPECT_TRUE(split->combined.empty());
  }
}

TEST(StreamTextTest, WhatIsOfNoStreamIsOfNone) {
  for (const char* const text :
       {R"({"result":null,"id":1})", R"({"lastUpdateId":5,"bids":[],"asks":[]})", "{", "",
        R"({"stream":"btcusdt@trade","data":)"}) {
    const Padded frame(text);
    EXPECT_FALSE(SplitStreamText(frame.view()).has_value()) << text;
  }
}

TEST(StreamTextTest, TimesChangeTheirUnitAndNothingElseDoes) {
  const struct {
    const char* ms;
    const char* us;
  } cases[] = {
      {R"({"e":"trade","E":1672515782136,"s":"A","t":1672515782136,"p":"1.0","T":1672515782135})",
       R"({"e":"trade","E":1672515782136000,"s":"A","t":1672515782136,"p":"1.0","T":1672515782135000})"},
      {R"({"e":"depthUpdate","E":1672515782136,"U":1672515782136,"u":1672515782137,"b":[["0.1","2"]]})",
       R"({"e":"depthUpdate","E":1672515782136000,"U":1672515782136,"u":1672515782137,"b":[["0.1","2"]]})"},
      // The close time of a candle is its last moment.
      {R"({"e":"kline","E":1672515782136,"k":{"t":1672515780000,"T":1672515839999,"f":1672515780000}})",
       R"({"e":"kline","E":1672515782136000,"k":{"t":1672515780000000,"T":1672515839999999,"f":1672515780000}})"},
      {R"({"e":"24hrTicker","E":1672515782136,"o":"1672515782136","O":1672515782136,"C":1672515782137})",
       R"({"e":"24hrTicker","E":1672515782136000,"o":"1672515782136","O":1672515782136000,"C":1672515782137000})"},
      {R"({"e":"referencePrice","s":"A","t":1672515782136})",
       R"({"e":"referencePrice","s":"A","t":1672515782136000})"},
  };
  for (const auto& [ms, us] : cases) {
    EXPECT_EQ(InTimeUnit(ms, TimeUnit::kMicrosecond), us);
    EXPECT_EQ(InTimeUnit(us, TimeUnit::kMillisecond), ms);
    EXPECT_EQ(InTimeUnit(ms, TimeUnit::kMillisecond), ms);
    EXPECT_EQ(InTimeUnit(us, TimeUnit::kMicrosecond), us);
  }
}

TEST(StreamTextTest, IdsAreShiftedWhereverTheyStandAndOnlyThey) {
  EXPECT_EQ(
      WithShiftedIds(R"({"e":"depthUpdate","E":1000,"U":1000,"u":1005,"pu":999,"b":[]})", 900),
      R"({"e":"depthUpdate","E":1000,"U":100,"u":105,"pu":99,"b":[]})");
  EXPECT_EQ(WithShiftedIds(R"({"lastUpdateId":5,"bids":[["5","5"]]})", 900),
            R"({"lastUpdateId":0,"bids":[["5","5"]]})");
}

TEST(StreamTextTest, AnUnknownFieldLeavesAWholeObject) {
  EXPECT_EQ(WithUnknownField(R"({"e":"trade"})"),
            R"({"zz":{"new":[1,"2",null],"U":7},"e":"trade"})");
}

}  // namespace
}  // namespace thalweg
