#include "feeds/decode/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/decode/general_decoder.h"
#include "feeds/decode/json_grammar.h"
#include "tests/feeds/decode/any_event.h"
#include "tests/feeds/decode/padded_text.h"

namespace thalweg {
namespace {

using Verdict = DecodeVerdict;

constexpr std::int64_t kOne = 100'000'000;

// The field names and values of a payload object, to be put together in any order.
using Fields = std::vector<std::pair<std::string, std::string>>;

std::string Object(const Fields& fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields) {
    if (text.size() != 1) text += ',';
    text.append("\"").append(name).append("\":").append(value);
  }
  return text + "}";
}

std::string Combined(std::string_view stream, std::string_view payload) {
  return R"({"stream":")" + std::string(stream) + R"(","data":)" + std::string(payload) + "}";
}

// One payload of each kind and market, as the exchange orders its fields.
struct Sample {
  const char* name;
  std::string stream;
  Fields fields;
  std::vector<std::string> optional;  // fields that the event can do without
};

const Fields kCandle{{"t", "1782000000000"}, {"T", "1782000059999"},  {"s", "\"BTCUSDT\""},
                     {"i", "\"1m\""},        {"f", "5100"},           {"L", "5145"},
                     {"o", "\"104321.56\""}, {"c", "\"104330.00\""},  {"h", "\"104331.10\""},
                     {"l", "\"104320.00\""}, {"v", "\"12.345\""},     {"n", "46"},
                     {"x", "false"},         {"q", "\"1287900.12\""}, {"V", "\"7.00\""},
                     {"Q", "\"730250.0\""},  {"B", "\"0\""}};

const std::vector<Sample>& Samples() {
  static const auto& samples = *new std::vector<Sample>{
      {"spot depth",
       "btcusdt@depth@100ms",
       {{"e", "\"depthUpdate\""},
        {"E", "1782000000168"},
        {"s", "\"BTCUSDT\""},
        {"U", "90000000010"},
        {"u", "90000000017"},
        {"b", R"([["104321.55000000","1.23000000"],["104321.00000000","0.00000000"]])"},
        {"a", R"([["104321.56000000","0.04500000"]])"}},
       {"e"}},
      {"USD-M depth",
       "btcusdt@depth@0ms",
       {{"e", "\"depthUpdate\""},
        {"E", "1782000000168"},
        {"T", "1782000000160"},
        {"s", "\"BTCUSDT\""},
        {"ps", "\"BTCUSDT\""},
        {"st", "1"},
        {"U", "2710246765373"},
        {"u", "2710246765597"},
        {"pu", "2710246765326"},
        {"b", R"([["5000.00","14.368"],["28018.90","0.000"]])"},
        {"a", R"([["28145.20","6.961"]])"}},
       {"e", "T", "ps", "st", "pu"}},
      {"COIN-M depth",
       "btcusd_perp@depth",
       {{"e", "\"depthUpdate\""},
        {"E", "1782000000168"},
        {"T", "1782000000160"},
        {"s", "\"BTCUSD_PERP\""},
        {"ps", "\"BTCUSD\""},
        {"U", "1007198631260"},
        {"u", "1007198631565"},
        {"pu", "1007198631198"},
        {"b", R"([["61773.6","1001"],["61776.4","412"]])"},
        {"a", R"([["61790.0","0"]])"}},
       {"e", "T", "ps", "pu"}},
      {"spot bookTicker",
       "btcusdt@bookTicker",
       {{"u", "90000000017"},
        {"s", "\"BTCUSDT\""},
        {"b", "\"104321.55000000\""},
        {"B", "\"1.23000000\""},
        {"a", "\"104321.56000000\""},
        {"A", "\"0.04500000\""}},
       {}},
      {"USD-M bookTicker",
       "btcusdt@bookTicker",
       {{"e", "\"bookTicker\""},
        {"u", "2710246762461"},
        {"s", "\"BTCUSDT\""},
        {"b", "\"28145.10\""},
        {"B", "\"3.868\""},
        {"a", "\"28145.20\""},
        {"A", "\"6.887\""},
        {"T", "1782000000160"},
        {"E", "1782000000168"}},
       {"e", "T", "E"}},
      {"COIN-M bookTicker",
       "btcusd_perp@bookTicker",
       {{"u", "1007198632021"},
        {"e", "\"bookTicker\""},
        {"s", "\"BTCUSD_PERP\""},
        {"ps", "\"BTCUSD\""},
        {"b", "\"61804.7\""},
        {"B", "\"35\""},
        {"a", "\"61804.8\""},
        {"A", "\"1645\""},
        {"T", "1782000000160"},
        {"E", "1782000000168"}},
       {"e", "ps", "T", "E"}},
      {"spot trade",
       "btcusdt@trade",
       {{"e", "\"trade\""},
        {"E", "1782000000123"},
        {"s", "\"BTCUSDT\""},
        {"t", "5100000001"},
        {"p", "\"104321.56000000\""},
        {"q", "\"0.02500000\""},
        {"T", "1782000000121"},
        {"m", "true"},
        {"M", "true"}},
       {"e", "M"}},
      {"USD-M trade",
       "btcusdt@trade",
       {{"e", "\"trade\""},
        {"E", "1782000000123"},
        {"T", "1782000000121"},
        {"s", "\"BTCUSDT\""},
        {"t", "3535186032"},
        {"p", "\"28145.10\""},
        {"q", "\"0.002\""},
        {"X", "\"MARKET\""},
        {"m", "false"}},
       {"e", "X"}},
      {"spot aggTrade",
       "btcusdt@aggTrade",
       {{"e", "\"aggTrade\""},
        {"E", "1782000000123"},
        {"s", "\"BTCUSDT\""},
        {"a", "3900000007"},
        {"p", "\"104321.56000000\""},
        {"q", "\"0.05000000\""},
        {"f", "5100000001"},
        {"l", "5100000003"},
        {"T", "1782000000121"},
        {"m", "false"},
        {"M", "true"}},
       {"e", "f", "l", "M"}},
      {"USD-M aggTrade",
       "btcusdt@aggTrade",
       {{"e", "\"aggTrade\""},
        {"E", "1782000000123"},
        {"a", "87353230"},
        {"s", "\"BTCUSDT\""},
        {"p", "\"7.6120\""},
        {"q", "\"297\""},
        {"nq", "\"290\""},
        {"f", "126902924"},
        {"l", "126902927"},
        {"T", "1782000000121"},
        {"m", "true"}},
       {"e", "nq", "f", "l"}},
      {"kline",
       "btcusdt@kline_1m",
       {{"e", "\"kline\""}, {"E", "1782000002010"}, {"s", "\"BTCUSDT\""}, {"k", Object(kCandle)}},
       {"e"}},
      {"spot partial depth",
       "btcusdt@depth5@100ms",
       {{"lastUpdateId", "90000000017"},
        {"bids", R"([["104321.55000000","1.23000000"]])"},
        {"asks", R"([["104321.56000000","0.04500000"],["104321.60000000","2.00000000"]])"}},
       {}},
      {"USD-M partial depth",
       "btcusdt@depth10@500ms",
       {{"e", "\"depthUpdate\""},
        {"E", "1782000000168"},
        {"T", "1782000000160"},
        {"s", "\"BTCUSDT\""},
        {"U", "2710246765373"},
        {"u", "2710246765597"},
        {"pu", "2710246765326"},
        {"b", R"([["28018.90","1.5"]])"},
        {"a", R"([["28145.20","6.961"]])"}},
       {"e", "E", "T", "s", "U", "pu"}},
  };
  return samples;
}

class DecoderTest : public testing::Test {
 protected:
  // The decoder's outcome, which must be the general reader's too.
  Outcome Run(std::string_view payload, int qty_decimals = 8) {
    const PaddedText text(payload);
    const FrameHead head = NameFrame(text.view());
    const std::optional<Outcome> outcome = Decode(head, qty_decimals, &decoder_);
    EXPECT_EQ(Decode(head, qty_decimals, &general_), outcome) << payload;
    return outcome.value_or(
        Outcome{.verdict = Verdict::kNotJson, .event = {}, .finest_decimals = 0});
  }

  Verdict VerdictOf(std::string_view payload, int qty_decimals = 8) {
    return Run(payload, qty_decimals).verdict;
  }

  // A spot trade with one field replaced, or without it where `value` is empty.
  Verdict TradeWith(std::string_view name, std::string_view value, int qty_decimals = 8) {
    return VerdictOf(Combined("btcusdt@trade", With(Samples()[6].fields, name, value)),
                     qty_decimals);
  }
  Verdict DepthWith(std::string_view name, std::string_view value, int qty_decimals = 8) {
    return VerdictOf(Combined("btcusdt@depth", With(Samples()[0].fields, name, value)),
                     qty_decimals);
  }
  // A depth frame with one bid.
  Verdict LevelOf(std::string_view price, std::string_view qty, int qty_decimals = 8) {
    Fields fields = Samples()[0].fields;
    fields[5].second = "[[" + std::string(price) + "," + std::string(qty) + "]]";
    fields[6].second = "[]";
    return VerdictOf(Combined("btcusdt@depth", Object(fields)), qty_decimals);
  }

  static std::string With(Fields fields, std::string_view name, std::string_view value) {
    std::erase_if(fields, [&](const auto& f) { return value.empty() && f.first == name; });
    for (auto& field : fields) {
      if (field.first == name) field.second = value;
    }
    return Object(fields);
  }

  Decoder decoder_;
  GeneralDecoder general_;
};

TEST_F(DecoderTest, SpotDepthBecomesADiff) {
  const PaddedText text(Combined("btcusdt@depth@100ms", Object(Samples()[0].fields)));
  DepthDiff diff;
  ASSERT_EQ(decoder_.DecodeDepth(NameFrame(text.view()), 8, &diff), Verdict::kOk);
  EXPECT_EQ(diff.first, UpdateId(90000000010));
  EXPECT_EQ(diff.last, UpdateId(90000000017));
  EXPECT_FALSE(diff.previous.has_value());
  EXPECT_EQ(diff.event_time, EventTime(1782000000168'000'000));
  EXPECT_FALSE(diff.transaction_time.has_value());
  EXPECT_FALSE(diff.market_segment.has_value());
  ASSERT_EQ(diff.bids.size(), 2u);
  ASSERT_EQ(diff.asks.size(), 1u);
  EXPECT_EQ(diff.bids[0], (Level{Price(10432155000000), Qty(123000000)}));
  EXPECT_EQ(diff.bids[1], (Level{Price(10432100000000), Qty(0)}));
  EXPECT_EQ(diff.asks[0], (Level{Price(10432156000000), Qty(4500000)}));
}

TEST_F(DecoderTest, FuturesDepthKeepsItsChainTimesAndSegment) {
  const PaddedText text(Object(Samples()[1].fields));
  DepthDiff diff;
  ASSERT_EQ(decoder_.DecodeDepth(NameFrame(text.view()), 3, &diff), Verdict::kOk);
  EXPECT_EQ(diff.previous, UpdateId(2710246765326));
  EXPECT_EQ(diff.transaction_time, EventTime(1782000000160'000'000));
  EXPECT_EQ(diff.market_segment, 1);
  ASSERT_EQ(diff.bids.size(), 2u);
  EXPECT_EQ(diff.bids[0], (Level{Price(5000 * kOne), Qty(14'368)}));
}

TEST_F(DecoderTest, CoinMarginedContractsAreCounted) {
  const PaddedText text(Combined("btcusd_perp@depth", Object(Samples()[2].fields)));
  DepthDiff diff;
  ASSERT_EQ(decoder_.DecodeDepth(NameFrame(text.view()), 0, &diff), Verdict::kOk);
  ASSERT_EQ(diff.bids.size(), 2u);
  EXPECT_EQ(diff.bids[0], (Level{Price(6177360000000), Qty(1001)}));
}

TEST_F(DecoderTest, BookTickersOfAllMarkets) {
  const AnyEvent spot{90000000017, 10432155000000, 123000000, 10432156000000, 4500000, 0, 0, 0, 0};
  EXPECT_EQ(Run(Object(Samples()[3].fields)).event, spot);
  EXPECT_EQ(Run(Combined("btcusdt@bookTicker", Object(Samples()[3].fields))).event, spot);
  const AnyEvent usd{2710246762461,
                     2814510000000,
                     386800000,
                     2814520000000,
                     688700000,
                     1,
                     1782000000168'000'000,
                     1,
                     1782000000160'000'000};
  EXPECT_EQ(Run(Object(Samples()[4].fields)).event, usd);
  const AnyEvent coin{
      1007198632021,        6180470000000, 35, 6180480000000, 1645, 1, 1782000000168'000'000, 1,
      1782000000160'000'000};
  EXPECT_EQ(Run(Combined("btcusd_perp@bookTicker", Object(Samples()[5].fields)), 0).event, coin);
}

TEST_F(DecoderTest, TradesTellTheAggressorAndTheMarket) {
  const auto seller = static_cast<std::int64_t>(Aggressor::kSeller);
  const auto buyer = static_cast<std::int64_t>(Aggressor::kBuyer);
  EXPECT_EQ(Run(Object(Samples()[6].fields)).event,
            (AnyEvent{5100000001, 10432156000000, 2500000, 1782000000121'000'000,
                      1782000000123'000'000, seller, true}));
  EXPECT_EQ(Run(Combined("btcusdt@trade", Object(Samples()[7].fields)), 3).event,
            (AnyEvent{3535186032, 2814510000000, 2, 1782000000121'000'000, 1782000000123'000'000,
                      buyer, true}));
  EXPECT_EQ(Run(With(Samples()[7].fields, "X", "\"INSURANCE_FUND\"")).event.back(), false);
  EXPECT_EQ(Run(Object(Samples()[8].fields)).event.front(), 3900000007);
  EXPECT_EQ(Run(Object(Samples()[9].fields)).event.front(), 87353230);
}

TEST_F(DecoderTest, OrderIdsOfOldTradesAreIgnored) {
  Fields fields = Samples()[6].fields;
  const Outcome without = Run(Object(fields));
  fields.insert(fields.begin() + 6, {{"b", "23000000001"}, {"a", "23000000002"}});
  EXPECT_EQ(Run(Object(fields)), without);
}

TEST_F(DecoderTest, KlineIsReadWhole) {
  const AnyEvent candle{1782000002010'000'000,
                        1782000000000'000'000,
                        1782000059999'000'000,
                        5100,
                        5145,
                        10432156000000,
                        10433110000000,
                        10432000000000,
                        10433000000000,
                        1234500000,
                        700000000,
                        128790012000000,
                        73025000000000,
                        46,
                        false};
  EXPECT_EQ(Run(Object(Samples()[10].fields)).event, candle);
  EXPECT_EQ(Run(Combined("btcusdt@kline_1m", Object(Samples()[10].fields))).event, candle);
}

TEST_F(DecoderTest, CandleWithoutTradesHasNoTradeIds) {
  Fields candle = kCandle;
  candle[4].second = candle[5].second = "-1";
  EXPECT_EQ(VerdictOf(With(Samples()[10].fields, "k", Object(candle))), Verdict::kOk);
  candle[4].second = "-2";
  EXPECT_EQ(VerdictOf(With(Samples()[10].fields, "k", Object(candle))), Verdict::kBadIds);
}

TEST_F(DecoderTest, PartialDepthOfBothMarkets) {
  EXPECT_EQ(Run(Combined("btcusdt@depth5", Object(Samples()[11].fields))).event,
            (AnyEvent{90000000017, 1, 10432155000000, 123000000, 2, 10432156000000, 4500000,
                      10432160000000, 200000000}));
  EXPECT_EQ(Run(Combined("btcusdt@depth5", Object(Samples()[12].fields))).event,
            (AnyEvent{2710246765597, 1, 2801890000000, 150000000, 1, 2814520000000, 696100000}));
}

TEST_F(DecoderTest, SnapshotMayHaveBlanksAndMoreFields) {
  const AnyEvent snapshot{7, 1, 120000000, 50000000, 0};
  EXPECT_EQ(
      Run(R"({"lastUpdateId": 7, "E": 1, "T": 2, "bids": [["1.2", "0.5"]], "asks": []})").event,
      snapshot);
  EXPECT_EQ(
      Run("{\"lastUpdateId\":7,\"symbol\":\"X\",\"bids\":[[\"1.2\",\"0.5\"]],\"asks\":[]}\r\n ")
          .event,
      snapshot);
  EXPECT_EQ(Run(R"({"lastUpdateId":-1,"bids":[],"asks":[]})").verdict, Verdict::kOk);
  EXPECT_EQ(Run(R"({"lastUpdateId":-2,"bids":[],"asks":[]})").verdict, Verdict::kBadIds);
  EXPECT_EQ(Run(R"({"lastUpdateId":7,"bids":[]})").verdict, Verdict::kMissingField);
  EXPECT_EQ(Run(R"({"lastUpdateId":7,"bids":[],"asks":[]}{})").verdict, Verdict::kNotJson);
}

TEST_F(DecoderTest, ThirdElementOfALevelIsIgnored) {
  EXPECT_EQ(DepthWith("b", R"([["1.5","2.5",[]],["1.4","2",["x"]]])"), Verdict::kOk);
}

TEST_F(DecoderTest, TimesInMicrosecondsAreToldByTheirSize) {
  const Outcome ms = Run(Object(Samples()[0].fields));
  EXPECT_EQ(Run(With(Samples()[0].fields, "E", "1782000000168000")), ms);
  EXPECT_EQ(DepthWith("E", "4611686018427"), Verdict::kOk);
  EXPECT_EQ(DepthWith("E", "4611686018428"), Verdict::kOutOfRange);
  EXPECT_EQ(DepthWith("E", "999999999999999"), Verdict::kOutOfRange);
  EXPECT_EQ(DepthWith("E", "1000000000000000"), Verdict::kOk);
  EXPECT_EQ(DepthWith("E", "4611686018427387"), Verdict::kOk);
  EXPECT_EQ(DepthWith("E", "4611686018427388"), Verdict::kOutOfRange);
  EXPECT_EQ(DepthWith("E", "-1"), Verdict::kOutOfRange);
}

TEST_F(DecoderTest, FieldsMayBeAddedAnywhere) {
  for (const Sample& sample : Samples()) {
    const Outcome usual = Run(Combined(sample.stream, Object(sample.fields)));
    ASSERT_EQ(usual.verdict, Verdict::kOk) << sample.name;
    for (std::size_t at = 0; at <= sample.fields.size(); ++at) {
      for (const std::string_view value :
           {"5", "-1.5e400", "\"text\"", "null", "true", "[]", "{}", R"([["1","2"],{"u":1}])",
            R"({"b":[["9","9"]],"u":3,"s":"\"}"})", "123456789012345678901234567890"}) {
        Fields fields = sample.fields;
        fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at),
                      {"new", std::string(value)});
        EXPECT_EQ(Run(Combined(sample.stream, Object(fields))), usual)
            << sample.name << at << value;
      }
    }
  }
}

TEST_F(DecoderTest, FieldsMayComeInAnyOrder) {
  for (const Sample& sample : Samples()) {
    const Outcome usual = Run(Combined(sample.stream, Object(sample.fields)));
    for (std::size_t a = 0; a < sample.fields.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        Fields fields = sample.fields;
        std::swap(fields[a], fields[b]);
        EXPECT_EQ(Run(Combined(sample.stream, Object(fields))), usual) << sample.name;
      }
    }
  }
}

TEST_F(DecoderTest, OnlyNeededFieldsAreMissed) {
  for (const Sample& sample : Samples()) {
    for (const auto& [name, value] : sample.fields) {
      const bool optional =
          std::find(sample.optional.begin(), sample.optional.end(), name) != sample.optional.end();
      EXPECT_EQ(VerdictOf(Combined(sample.stream, With(sample.fields, name, ""))),
                optional ? Verdict::kOk : Verdict::kMissingField)
          << sample.name << " without " << name;
    }
  }
  for (const auto& [name, value] : kCandle) {
    const bool optional = name == "s" || name == "i" || name == "B";
    EXPECT_EQ(VerdictOf(With(Samples()[10].fields, "k", With(kCandle, name, ""))),
              optional ? Verdict::kOk : Verdict::kMissingField)
        << "candle without " << name;
  }
}

TEST_F(DecoderTest, KeysDifferByCase) {
  Fields fields = Samples()[0].fields;
  fields[3].first = "V";
  fields[4].first = "U";  // instead of `u`
  EXPECT_EQ(VerdictOf(Combined("btcusdt@depth", Object(fields))), Verdict::kMissingField);
}

TEST_F(DecoderTest, BlanksAreAllowedWhereJsonAllowsThem) {
  for (const Sample& sample : Samples()) {
    const Outcome usual = Run(Combined(sample.stream, Object(sample.fields)));
    std::string spaced;
    for (const char c : Combined(sample.stream, Object(sample.fields))) {
      spaced += c;
      if (c == ',' || c == ':' || c == '{' || c == '[') spaced += " \t\r\n";
    }
    EXPECT_EQ(Run(spaced + " \n"), usual) << sample.name;
  }
}

TEST_F(DecoderTest, FaultD1CutFramesAreNeverGood) {
  const Outcome cut{.verdict = Verdict::kNotJson, .event = {}, .finest_decimals = 0};
  for (const Sample& sample : Samples()) {
    const bool is_partial = sample.stream.find("depth5") != std::string::npos ||
                            sample.stream.find("depth10") != std::string::npos;
    for (const std::string& whole :
         {Combined(sample.stream, Object(sample.fields)), Object(sample.fields)}) {
      if (is_partial && !whole.starts_with("{\"stream")) continue;
      EXPECT_EQ(VerdictOf(whole), Verdict::kOk) << whole;
      for (std::size_t size = 0; size < whole.size(); ++size) {
        PaddedText text(std::string_view(whole).substr(0, size));
        EXPECT_EQ(VerdictOf(text.view()), Verdict::kNotJson) << text.view();
        // Also where the rest still stands behind the end, as in a reused buffer.
        text.FillAfter(std::string_view(whole).substr(size));
        const auto outcome = Decode(NameFrame(text.view()), 8, &decoder_);
        EXPECT_EQ(outcome.value_or(cut).verdict, Verdict::kNotJson) << text.view();
      }
    }
  }
}

TEST_F(DecoderTest, NothingMayFollowTheFrame) {
  for (const Sample& sample : Samples()) {
    const std::string whole = Combined(sample.stream, Object(sample.fields));
    for (const std::string_view tail : {"x", "}", "{}", ",", "]", "\"", " 1", "\0"}) {
      EXPECT_EQ(VerdictOf(whole + std::string(tail.empty() ? std::string_view("\0", 1) : tail)),
                Verdict::kNotJson)
          << sample.name << tail;
    }
  }
}

TEST_F(DecoderTest, FaultD6WhatFollowsInThePaddingDoesNotMatter) {
  for (const Sample& sample : Samples()) {
    const std::string whole = Combined(sample.stream, Object(sample.fields));
    const Outcome usual = Run(whole);
    for (const std::string_view after : {"}", "}}", "]", ",", "\"", "0", ":", "{", "[", "\\"}) {
      PaddedText text(whole, after[0]);
      EXPECT_EQ(Decode(NameFrame(text.view()), 8, &decoder_), usual) << sample.name << after;
      EXPECT_EQ(Decode(NameFrame(text.view()), 8, &general_), usual) << sample.name << after;
    }
  }
}

TEST_F(DecoderTest, WhatFollowsInThePaddingDoesNotChangeWhatIsWrong) {
  for (const std::string_view broken :
       {R"({"e":"kline","E":1,"s":"X","k":{"ff":1,"g":,"i":1},"i":0,"id":,z})",
        R"({"lastUpdateId":"+1","y":\"[","z":\"x"})"}) {
    const Outcome usual = Run(broken);
    EXPECT_NE(usual.verdict, Verdict::kOk) << broken;
    for (const char after : std::string_view("}]\",0:{[\\")) {
      const PaddedText text(broken, after);
      EXPECT_EQ(Decode(NameFrame(text.view()), 8, &general_), usual) << broken << after;
    }
  }
}

TEST_F(DecoderTest, AZeroByteMakesNoKeyOfOneLetterOfAKeyOfTwo) {
  std::string frame = Combined("btcusdt@trade", Object(Samples()[6].fields));
  const std::size_t key = frame.find("\"T\"");
  ASSERT_NE(key, std::string::npos);
  frame.insert(key + 2, 1, '\0');
  EXPECT_EQ(VerdictOf(frame), Verdict::kNotJson);
}

TEST_F(DecoderTest, SymbolMustBeTheStreams) {
  EXPECT_EQ(TradeWith("s", "\"BTCUSDT\""), Verdict::kOk);
  for (const std::string_view symbol :
       {"\"btcusdt\"", "\"BTCUSDC\"", "\"BTCUSD\"", "\"BTCUSDTX\"", "\"\"", "\"ETHUSDT\""}) {
    EXPECT_EQ(TradeWith("s", symbol), Verdict::kWrongSymbol) << symbol;
    EXPECT_EQ(DepthWith("s", symbol), Verdict::kWrongSymbol) << symbol;
  }
  EXPECT_EQ(TradeWith("s", "5"), Verdict::kBadField);
}

TEST_F(DecoderTest, FaultD5NonAsciiSymbolsAreComparedByteByByte) {
  const auto with_symbol = [&](std::string_view stream, std::string_view symbol) {
    return VerdictOf(
        Combined(stream, With(Samples()[6].fields, "s", "\"" + std::string(symbol) + "\"")));
  };
  EXPECT_EQ(with_symbol("币安usdt@trade", "币安USDT"), Verdict::kOk);
  EXPECT_EQ(with_symbol("é@trade", "é"), Verdict::kOk);
  EXPECT_EQ(with_symbol("é@trade", "É"), Verdict::kWrongSymbol);
  EXPECT_EQ(with_symbol("a_1-z@trade", "A_1-Z"), Verdict::kOk);
}

TEST_F(DecoderTest, SymbolsAreComparedWithoutTheirEscapes) {
  const auto with_symbol = [&](std::string_view stream, std::string_view symbol) {
    return VerdictOf(
        Combined(stream, With(Samples()[6].fields, "s", "\"" + std::string(symbol) + "\"")));
  };
  EXPECT_EQ(with_symbol(R"(\u5e01\u5b89usdt@trade)", R"(\u5e01\u5b89USDT)"), Verdict::kOk);
  EXPECT_EQ(with_symbol(R"(\u5e01\u5b89usdt@trade)", "币安USDT"), Verdict::kOk);
  EXPECT_EQ(with_symbol("币安usdt@trade", R"(\u5e01\u5b89USDT)"), Verdict::kOk);
  EXPECT_EQ(with_symbol(R"(\u5e01usdt@trade)", R"(\u5b89USDT)"), Verdict::kWrongSymbol);
  EXPECT_EQ(with_symbol(R"(\u5e0usdt@trade)", "USDT"), Verdict::kWrongSymbol);
}

TEST_F(DecoderTest, FaultD1MalformedNumbersAreNamedAsSuch) {
  for (const std::string_view number :
       {"\"-1.5\"", "\"+1\"", "\"1e5\"", "\"1E-5\"", "\"NaN\"", "\"Infinity\"", "\"1.\"", "\".5\"",
        "\"\"", "\"1.123456789\"", "\" 1\"", "\"1 \"", "\"1..2\"", "\"0x10\"", "\"1,5\"",
        "\"1.5\\n\"", "\".\"", "\"1.000000000\""}) {
    EXPECT_EQ(LevelOf(number, "\"1.5\""), Verdict::kBadNumber) << number;
    EXPECT_EQ(LevelOf("\"1.5\"", number), Verdict::kBadNumber) << number;
    EXPECT_EQ(TradeWith("p", number), Verdict::kBadNumber) << number;
    EXPECT_EQ(TradeWith("q", number), Verdict::kBadNumber) << number;
  }
}

TEST_F(DecoderTest, NumbersOfTheWrongTypeAreBadFields) {
  for (const std::string_view value : {"1.5", "null", "true", "[]", "{}"}) {
    EXPECT_EQ(LevelOf(value, "\"1.5\""), Verdict::kBadField) << value;
    EXPECT_EQ(LevelOf("\"1.5\"", value), Verdict::kBadField) << value;
    EXPECT_EQ(TradeWith("p", value), Verdict::kBadField) << value;
  }
  for (const std::string_view value : {"\"1\"", "1.5", "1e5", "null", "true", "[]", "{}"}) {
    EXPECT_EQ(DepthWith("u", value), Verdict::kBadField) << value;
    EXPECT_EQ(DepthWith("E", value), Verdict::kBadField) << value;
    EXPECT_EQ(TradeWith("t", value), Verdict::kBadField) << value;
  }
  EXPECT_EQ(TradeWith("m", "\"true\""), Verdict::kBadField);
  EXPECT_EQ(TradeWith("m", "1"), Verdict::kBadField);
  for (const std::string_view levels : {R"([["1.5"]])", "[[]]", "[5]", R"(["1.5","2.5"])", "{}",
                                        "null", R"("")", R"([{"1":"2"}])"}) {
    EXPECT_EQ(DepthWith("b", levels), Verdict::kBadField) << levels;
    EXPECT_EQ(DepthWith("a", levels), Verdict::kBadField) << levels;
  }
}

TEST_F(DecoderTest, FaultD3NumbersBeyondTheirUnitAreOutOfRange) {
  const std::string thirty = "\"" + std::string(30, '9') + "\"";
  EXPECT_EQ(LevelOf(thirty, "\"1\""), Verdict::kOutOfRange);
  EXPECT_EQ(LevelOf("\"1\"", thirty), Verdict::kOutOfRange);
  EXPECT_EQ(TradeWith("t", std::string(30, '9')), Verdict::kOutOfRange);
  EXPECT_EQ(DepthWith("E", std::string(30, '9')), Verdict::kOutOfRange);
  EXPECT_EQ(LevelOf("\"11529215046.06846976\"", "\"1\""), Verdict::kOk);
  EXPECT_EQ(LevelOf("\"11529215046.06846977\"", "\"1\""), Verdict::kOutOfRange);
}

TEST_F(DecoderTest, QuantityCapFitsItsOwnUnitOnly) {
  const std::string_view cap = "\"92233720368547758.07\"";
  EXPECT_EQ(LevelOf("\"1\"", cap, 8), Verdict::kOutOfRange);
  EXPECT_EQ(LevelOf("\"1\"", cap, 2), Verdict::kOk);
  EXPECT_EQ(Run(With(Samples()[3].fields, "A", cap), 2).event[4], INT64_MAX);
  EXPECT_EQ(LevelOf("\"1\"", "\"92233720368.54775807\"", 8), Verdict::kOk);
  EXPECT_EQ(LevelOf("\"1\"", "\"92233720368.54775808\"", 8), Verdict::kOutOfRange);
}

TEST_F(DecoderTest, QuantityFinerThanItsUnitAsksForTheFinestOfTheFrame) {
  const std::string payload = Combined(
      "btcusdt@depth",
      With(Samples()[0].fields, "b",
           R"([["1.5","1.25000000"],["1.4","0.12340000"],["1.3","0.00100000"],["1.2","7.00"]])"));
  const Outcome coarse = Run(payload, 2);
  EXPECT_EQ(coarse.verdict, Verdict::kQtyTooFine);
  EXPECT_EQ(coarse.finest_decimals, 4);
  EXPECT_EQ(Run(payload, 4).verdict, Verdict::kOk);
  EXPECT_EQ(Run(payload, 4).event[11], 12'500);
  EXPECT_EQ(TradeWith("q", "\"0.02500000\"", 3), Verdict::kOk);
  EXPECT_EQ(TradeWith("q", "\"0.02500000\"", 2), Verdict::kQtyTooFine);
}

TEST_F(DecoderTest, OtherFaultsComeBeforeTooFineQuantities) {
  EXPECT_EQ(DepthWith("b", R"([["1.5","1.25"],["1.4","x"]])", 0), Verdict::kBadNumber);
}

TEST_F(DecoderTest, IdsMustRise) {
  EXPECT_EQ(DepthWith("U", "90000000018"), Verdict::kBadIds);
  EXPECT_EQ(DepthWith("U", "90000000017"), Verdict::kOk);
  EXPECT_EQ(DepthWith("U", "-1"), Verdict::kBadIds);
  EXPECT_EQ(DepthWith("u", "-1"), Verdict::kBadIds);
  EXPECT_EQ(TradeWith("t", "-1"), Verdict::kBadIds);
  EXPECT_EQ(DepthWith("u", "9223372036854775807"), Verdict::kOk);
}

TEST_F(DecoderTest, FaultD1NoNameMayComeTwiceInAnObject) {
  for (const Sample& sample : Samples()) {
    Fields ignored = sample.fields;
    ignored.insert(ignored.end(), {{"new", "1"}, {"new", "1"}});
    EXPECT_EQ(VerdictOf(Combined(sample.stream, Object(ignored))), Verdict::kBadField);
    for (const auto& [name, value] : sample.fields) {
      Fields fields = sample.fields;
      fields.push_back({name, value});
      EXPECT_EQ(VerdictOf(Combined(sample.stream, Object(fields))), Verdict::kBadField)
          << sample.name << " with two " << name;
    }
  }
  Fields candle = kCandle;
  candle.push_back({"o", "\"5\""});
  EXPECT_EQ(VerdictOf(With(Samples()[10].fields, "k", Object(candle))), Verdict::kBadField);
  EXPECT_EQ(VerdictOf(R"({"lastUpdateId":7,"bids":[],"asks":[],"lastUpdateId":8})"),
            Verdict::kBadField);
}

TEST_F(DecoderTest, AnEscapeInANameHidesNothing) {
  Fields fields = Samples()[6].fields;
  fields.push_back({R"(\u0071)", "\"7.5\""});  // q
  EXPECT_EQ(VerdictOf(Object(fields)), Verdict::kBadField);
  EXPECT_EQ(VerdictOf(Combined("btcusdt@trade", Object(fields))), Verdict::kBadField);
}

TEST_F(DecoderTest, AnObjectOfAbsurdlyManyFieldsIsRefused) {
  Fields fields = Samples()[6].fields;
  while (fields.size() < 64) fields.push_back({"new" + std::to_string(fields.size()), "1"});
  EXPECT_EQ(VerdictOf(Object(fields)), Verdict::kOk);
  fields.push_back({"one more", "1"});
  EXPECT_EQ(VerdictOf(Object(fields)), Verdict::kBadField);
}

TEST_F(DecoderTest, EnvelopeHasOneNameAndOnePayload) {
  for (const Sample& sample : Samples()) {
    const std::string data = "\"data\":" + Object(sample.fields);
    const std::string stream = R"("stream":")" + sample.stream + "\"";
    const std::string s = stream + ",";
    for (const std::string& twice :
         {"{" + s + data + "," + data + "}", "{" + s + data + "," + stream + "}",
          "{" + data + "," + data + "," + stream + "}", "{" + data + "," + s + data + "}",
          "{" + data + "," + s + stream + "}", "{" + s + s + data + "}",
          "{" + s + R"("data":5,)" + data + "}", "{" + s + R"("\u0064ata":5,)" + data + "}",
          "{" + s + data + R"(,"\u0064ata":5})"}) {
      EXPECT_EQ(VerdictOf(twice), Verdict::kNotJson) << twice;
    }
    EXPECT_EQ(VerdictOf("{\"x\":1," + s + data + "}"), Verdict::kOk) << sample.name;
  }
}

TEST_F(DecoderTest, DamageInAFieldThatNothingReadsIsFound) {
  for (const std::string_view damaged :
       {"t#u", "true0", "00", "6\"X\"", "1.", "-", "nul", "[1,]", "[1 2]", "[t#u]", "{\"a\"}",
        "{\"a\":01}", "{\"a\":1,}", "{1:2}", "\"\\q\"", "\"\\u12\"", "\"\x01\"", "[}", "'a'"}) {
    const std::string value(damaged);
    EXPECT_EQ(TradeWith("M", value), Verdict::kNotJson) << value;
    EXPECT_EQ(DepthWith("e", value), Verdict::kNotJson) << value;
    for (const Sample& sample : Samples()) {
      Fields fields = sample.fields;
      fields.insert(fields.begin() + 1, {"new", value});
      const std::string object = Object(fields);
      const Verdict verdict = VerdictOf(Combined(sample.stream, object));
      EXPECT_EQ(verdict, Verdict::kNotJson) << sample.name << value;
      const std::string good =
          R"("stream":")" + sample.stream + "\",\"data\":" + Object(sample.fields);
      EXPECT_EQ(VerdictOf("{\"x\":" + value + "," + good + "}"), Verdict::kNotJson) << value;
      EXPECT_EQ(VerdictOf("{" + good + ",\"x\":" + value + "}"), Verdict::kNotJson) << value;
    }
    EXPECT_EQ(VerdictOf(R"({"lastUpdateId":7,"bids":[["1","2",)" + value + R"(]],"asks":[]})"),
              Verdict::kNotJson);
  }
}

TEST_F(DecoderTest, MinusZeroIsNoIdAndNoTime) {
  for (const std::string_view name : {"U", "u", "E"}) {
    EXPECT_EQ(DepthWith(name, "-0"), Verdict::kBadField) << name;
  }
  EXPECT_EQ(TradeWith("t", "-0"), Verdict::kBadField);
  EXPECT_EQ(VerdictOf(R"({"lastUpdateId":-0,"bids":[],"asks":[]})"), Verdict::kBadField);
}

TEST_F(DecoderTest, WhatIsNoObjectIsNotJson) {
  for (const std::string_view data : {"null", "[]", "5", "\"x\"", "[{}]", "", "{", "}", "{]",
                                      "{\"a\"}", "{\"a\":1,}", "{'a':1}", "{\"E\":1 \"u\":2}"}) {
    EXPECT_EQ(VerdictOf(Combined("btcusdt@trade", data)), Verdict::kNotJson) << data;
  }
}

TEST_F(DecoderTest, FaultD1NestingIsSkippedToItsBoundAndRefusedBeyondWithoutHarm) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  Fields fields = Samples()[6].fields;
  fields.insert(fields.begin(), {"x", nested(kJsonNestingMax - 1)});  // The object is a level, too.
  EXPECT_EQ(VerdictOf(Object(fields)), Verdict::kOk);
  EXPECT_EQ(DepthWith("b", nested(kJsonNestingMax - 1)), Verdict::kBadField);
  for (const std::string& deep :
       {nested(kJsonNestingMax), nested(50'000), std::string(50'000, '[')}) {
    fields[0].second = deep;
    EXPECT_EQ(VerdictOf(Object(fields)), Verdict::kNotJson);
    EXPECT_EQ(DepthWith("b", deep), Verdict::kNotJson);
  }
}

TEST_F(DecoderTest, EnvelopeMayCarryDataFirst) {
  for (const Sample& sample : Samples()) {
    const std::string object = Object(sample.fields);
    const Outcome usual = Run(Combined(sample.stream, object));
    const std::string members = R"(,"stream":")" + sample.stream + "\"";
    EXPECT_EQ(Run("{\"data\":" + object + members + "}"), usual) << sample.name;
    EXPECT_EQ(Run("{\"data\":" + object + members + R"(,"x":[1]} )"), usual) << sample.name;
    EXPECT_EQ(VerdictOf("{\"data\":" + object + members), Verdict::kNotJson) << sample.name;
  }
}

}  // namespace
}  // namespace thalweg
