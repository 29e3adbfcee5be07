// What the exchange may do to its payloads without telling: insert a key, remove one, rename it,
// send them in another order, or send one twice. Each is done to every key of every kind of event,
// in combined and in raw frames.
//
// What must come out follows from what a key is for. Every key that is left has its meaning; an
// event without an essential one is malformed; a raw frame without the keys that name it is none of
// ours. The decoder and the general reader agree on every frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/decode/decoder.h"
#include "feeds/decode/general_decoder.h"
#include "tests/feeds/decode/any_event.h"
#include "tests/feeds/decode/padded_text.h"

namespace thalweg {
namespace {

using Keys = std::set<std::string>;

struct Field {
  std::string key;
  std::string value;
  bool essential = false;
  std::string other = {};  // Another good value, when the key is read and has one.
};
using Fields = std::vector<Field>;

std::string TextOf(const Fields& fields) {
  std::string text = "{";
  for (const Field& field : fields) {
    if (text.size() > 1) text += ',';
    text.append("\"").append(field.key).append("\":").append(field.value);
  }
  return text + "}";
}

Keys KeysOf(const Fields& fields) {
  Keys keys;
  for (const Field& field : fields) keys.insert(field.key);
  return keys;
}

// One kind of event of one market.
struct Schema {
  std::string name;
  std::string stream;  // Empty: never in a combined frame.
  Fields fields;       // Of the object that is changed,
  std::string before;  // and what stands around it in the payload.
  std::string after;
  // Whether a raw frame with these keys still says what it is. Null: never in a raw frame.
  std::function<bool(const Keys&)> names_itself;
  // The event that the keys that are there make.
  std::function<AnyEvent(const Keys&)> event;
};

// A raw frame says what it is, and whose.
bool HasEvent(const Keys& keys) { return keys.contains("e") && keys.contains("s"); }
bool AlwaysNamed(const Keys&) { return true; }

constexpr EventTime kE(1'782'000'000'168'000'000);
constexpr EventTime kT(1'782'000'000'160'000'000);
const std::string kETime = "1782000000168";
const std::string kTTime = "1782000000160";
const std::string kOtherTime = "1782000000999";

std::optional<EventTime> TimeIf(const Keys& keys, const std::string& key, EventTime time) {
  return keys.contains(key) ? std::optional(time) : std::nullopt;
}

Schema SpotDepth() {
  return {
      "spot depth",
      "btcusdt@depth@100ms",
      {{"e", "\"depthUpdate\""},
       {"E", kETime, true, kOtherTime},
       {"s", "\"BTCUSDT\"", true},
       {"U", "90000000010", true, "90000000009"},
       {"u", "90000000017", true, "90000000018"},
       {"b", R"([["104321.55000000","1.23000000"],["104321.00000000","0.00000000"]])", true, "[]"},
       {"a", R"([["104321.56000000","0.04500000"]])", true, R"([["104321.57","1"]])"}},
      "",
      "",
      HasEvent,
      [](const Keys&) {
        const std::vector<Level> bids{{Price(10432155000000), Qty(123000000)},
                                      {Price(10432100000000), Qty(0)}};
        const std::vector<Level> asks{{Price(10432156000000), Qty(4500000)}};
        return Flatten(
            DepthDiff{UpdateId(90000000010), UpdateId(90000000017), {}, kE, {}, {}, bids, asks});
      }};
}

Schema FuturesDepth() {
  return {"futures depth",
          "btcusdt@depth@0ms",
          {{"e", "\"depthUpdate\""},
           {"E", kETime, true, kOtherTime},
           {"T", kTTime, false, kOtherTime},
           {"s", "\"BTCUSDT\"", true},
           {"ps", "\"BTCUSDT\""},
           {"st", "1", false, "2"},
           {"U", "2710246765373", true, "2710246765372"},
           {"u", "2710246765597", true, "2710246765598"},
           {"pu", "2710246765326", false, "2710246765325"},
           {"b", R"([["5000.00","14.368"]])", true, R"([["5000.00","0.000"]])"},
           {"a", R"([["28145.20","6.961"]])", true, "[]"}},
          "",
          "",
          HasEvent,
          [](const Keys& keys) {
            const std::vector<Level> bids{{Price(500000000000), Qty(1436800000)}};
            const std::vector<Level> asks{{Price(2814520000000), Qty(696100000)}};
            DepthDiff diff{UpdateId(2710246765373),
                           UpdateId(2710246765597),
                           {},
                           kE,
                           TimeIf(keys, "T", kT),
                           {},
                           bids,
                           asks};
            if (keys.contains("pu")) diff.previous = UpdateId(2710246765326);
            if (keys.contains("st")) diff.market_segment = 1;
            return Flatten(diff);
          }};
}

Schema SpotTicker() {
  return {"spot bookTicker",
          "btcusdt@bookTicker",
          {{"u", "90000000017", true, "90000000018"},
           {"s", "\"BTCUSDT\"", true},
           {"b", "\"104321.55000000\"", true, "\"104321.5\""},
           {"B", "\"1.23000000\"", true, "\"7\""},
           {"a", "\"104321.56000000\"", true, "\"104321.6\""},
           {"A", "\"0.04500000\"", true, "\"8\""}},
          "",
          "",
          // It has no `e`: its quotes and its symbol name it.
          [](const Keys& keys) {
            const std::vector<std::string> naming{"u", "s", "b", "B", "a", "A"};
            return std::all_of(naming.begin(), naming.end(),
                               [&](const std::string& key) { return keys.contains(key); });
          },
          [](const Keys&) {
            return Flatten(BookTicker{UpdateId(90000000017),
                                      {Price(10432155000000), Qty(123000000)},
                                      {Price(10432156000000), Qty(4500000)},
                                      {},
                                      {}});
          }};
}

Schema FuturesTicker() {
  Schema schema = SpotTicker();
  schema.name = "futures bookTicker";
  schema.fields.insert(schema.fields.begin(), {"e", "\"bookTicker\""});
  schema.fields.push_back({"T", kTTime, false, kOtherTime});
  schema.fields.push_back({"E", kETime, false, kOtherTime});
  const auto named_by_quotes = schema.names_itself;
  schema.names_itself = [named_by_quotes](const Keys& keys) {
    return HasEvent(keys) || named_by_quotes(keys);
  };
  schema.event = [](const Keys& keys) {
    return Flatten(BookTicker{UpdateId(90000000017),
                              {Price(10432155000000), Qty(123000000)},
                              {Price(10432156000000), Qty(4500000)},
                              TimeIf(keys, "E", kE),
                              TimeIf(keys, "T", kT)});
  };
  return schema;
}

AnyEvent TradeEvent(bool market) {
  return Flatten(Trade{TradeId(5100000001), Price(10432156000000), Qty(2500000), kT, kE,
                       Aggressor::kSeller, market});
}

Schema SpotTrade() {
  return {"spot trade",
          "btcusdt@trade",
          {{"e", "\"trade\""},
           {"E", kETime, true, kOtherTime},
           {"s", "\"BTCUSDT\"", true},
           {"t", "5100000001", true, "5100000002"},
           {"p", "\"104321.56000000\"", true, "\"7\""},
           {"q", "\"0.02500000\"", true, "\"8\""},
           {"T", kTTime, true, kOtherTime},
           {"m", "true", true, "false"},
           {"M", "true"}},
          "",
          "",
          HasEvent,
          [](const Keys&) { return TradeEvent(true); }};
}

Schema FuturesTrade() {
  Schema schema = SpotTrade();
  schema.name = "futures trade";
  schema.fields.back() = {"X", "\"NA\"", false, "\"MARKET\""};
  schema.event = [](const Keys& keys) { return TradeEvent(!keys.contains("X")); };
  return schema;
}

Schema AggTrade() {
  Schema schema = SpotTrade();
  schema.name = "aggTrade";
  schema.stream = "btcusdt@aggTrade";
  schema.fields[0].value = "\"aggTrade\"";
  schema.fields[3].key = "a";
  schema.fields.push_back({"f", "5100000001"});
  schema.fields.push_back({"l", "5100000003"});
  schema.fields.push_back({"nq", "\"0.02\""});
  return schema;
}

AnyEvent CandleEvent() {
  return Flatten(Kline{kE, EventTime(1'782'000'000'000'000'000),
                       EventTime(1'782'000'059'999'000'000), TradeId(5100), TradeId(5145),
                       Price(10432156000000), Price(10433110000000), Price(10432000000000),
                       Price(10433000000000), Qty(1234500000), Qty(700000000),
                       Price(128790012000000), Price(73025000000000), 46, true});
}

constexpr std::string_view kCandle =
    R"({"t":1782000000000,"T":1782000059999,"f":5100,"L":5145,"o":"104321.56","c":"104330.00",)"
    R"("h":"104331.10","l":"104320.00","v":"12.345","n":46,"x":true,"q":"1287900.12","V":"7.00",)"
    R"("Q":"730250.0"})";

Schema KlineFrame() {
  return {"kline",
          "btcusdt@kline_1m",
          {{"e", "\"kline\""},
           {"E", kETime, true, kOtherTime},
           {"s", "\"BTCUSDT\"", true},
           {"k", std::string(kCandle), true}},
          "",
          "",
          HasEvent,
          [](const Keys&) { return CandleEvent(); }};
}

// The object inside of a kline.
Schema KlineCandle() {
  return {"kline's candle",
          "btcusdt@kline_1m",
          {{"t", "1782000000000", true, "1782000000001"},
           {"T", "1782000059999", true, "1782000059998"},
           {"s", "\"BTCUSDT\""},
           {"i", "\"1m\""},
           {"f", "5100", true, "-1"},
           {"L", "5145", true, "-1"},
           {"o", "\"104321.56\"", true, "\"1\""},
           {"c", "\"104330.00\"", true, "\"2\""},
           {"h", "\"104331.10\"", true, "\"3\""},
           {"l", "\"104320.00\"", true, "\"4\""},
           {"v", "\"12.345\"", true, "\"5\""},
           {"n", "46", true, "47"},
           {"x", "true", true, "false"},
           {"q", "\"1287900.12\"", true, "\"6\""},
           {"V", "\"7.00\"", true, "\"7.01\""},
           {"Q", "\"730250.0\"", true, "\"8\""},
           {"B", "\"0\""}},
          R"({"e":"kline","E":1782000000168,"s":"BTCUSDT","k":)",
          "}",
          AlwaysNamed,
          [](const Keys&) { return CandleEvent(); }};
}

AnyEvent PictureEvent() {
  const std::vector<Level> bids{{Price(10432155000000), Qty(123000000)}};
  const std::vector<Level> asks{{Price(10432156000000), Qty(4500000)}};
  return Flatten(DepthSnapshot{UpdateId(90000000017), bids, asks});
}

Schema Snapshot() {
  return {"snapshot",
          "",
          {{"lastUpdateId", "90000000017", true, "90000000018"},
           {"E", kETime},
           {"bids", R"([["104321.55000000","1.23000000"]])", true, "[]"},
           {"asks", R"([["104321.56000000","0.04500000"]])", true, R"([["104321.57","1"]])"}},
          "",
          "",
          [](const Keys& keys) { return keys.contains("lastUpdateId"); },
          [](const Keys&) { return PictureEvent(); }};
}

Schema PartialDepth() {
  Schema schema = Snapshot();
  schema.name = "partial depth";
  schema.stream = "btcusdt@depth5@100ms";
  schema.names_itself = nullptr;
  return schema;
}

enum class Form : std::uint8_t { kCombined, kRaw };

struct Case {
  Schema schema;
  Form form;
};

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const Schema& schema :
       {SpotDepth(), FuturesDepth(), SpotTicker(), FuturesTicker(), SpotTrade(), FuturesTrade(),
        AggTrade(), KlineFrame(), KlineCandle(), Snapshot(), PartialDepth()}) {
    if (!schema.stream.empty()) cases.push_back({schema, Form::kCombined});
    if (schema.names_itself) cases.push_back({schema, Form::kRaw});
  }
  return cases;
}

class SchemaEvolutionTest : public testing::TestWithParam<Case> {
 protected:
  const Schema& schema() const { return GetParam().schema; }
  bool raw() const { return GetParam().form == Form::kRaw; }

  // The frame that these fields make, as both readers see it.
  std::optional<Outcome> Run(const Fields& fields) {
    const std::string payload = schema().before + TextOf(fields) + schema().after;
    const PaddedText text(
        raw() ? payload : R"({"stream":")" + schema().stream + R"(","data":)" + payload + "}");
    const FrameHead head = NameFrame(text.view());
    const std::optional<Outcome> outcome = Decode(head, kQtyDecimalsMax, &decoder_);
    EXPECT_EQ(outcome, Decode(head, kQtyDecimalsMax, &general_)) << text.view();
    return outcome;
  }

  // What a frame must be in which these keys are left.
  std::optional<Outcome> Wanted(const Keys& keys) const {
    if (raw() && !schema().names_itself(keys)) return std::nullopt;
    Outcome outcome;
    for (const Field& field : schema().fields) {
      if (field.essential && !keys.contains(field.key)) {
        outcome.verdict = DecodeVerdict::kMissingField;
        return outcome;
      }
    }
    outcome.event = schema().event(keys);
    return outcome;
  }
  std::optional<Outcome> Wanted() const { return Wanted(KeysOf(schema().fields)); }

  static Fields With(Fields fields, std::size_t at, Field field) {
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at), std::move(field));
    return fields;
  }

  Decoder decoder_;
  GeneralDecoder general_;
};

TEST_P(SchemaEvolutionTest, TheSchemaOfTodayGivesItsEvent) {
  EXPECT_EQ(Run(schema().fields), Wanted());
}

TEST_P(SchemaEvolutionTest, FaultD2AnInsertedKeyChangesNothing) {
  const std::vector<std::string> values{"\"text\"",
                                        "\"}]{[,:\"",
                                        R"("say \"b\"")",
                                        "5",
                                        "-1.5e400",
                                        "{}",
                                        R"({"b":[["9","9"]],"u":3,"s":"X","E":{}})",
                                        "[]",
                                        R"([["1","2"],{"u":1}])",
                                        "true",
                                        "false",
                                        "null"};
  const std::vector<std::string> keys{"new", "z", "zz", "uu", "Bb", "_"};
  for (const std::string& key : keys) {
    for (const std::string& value : values) {
      for (std::size_t at = 0; at <= schema().fields.size(); ++at) {
        EXPECT_EQ(Run(With(schema().fields, at, {key, value})), Wanted())
            << key << ":" << value << " at " << at;
      }
    }
  }
}

TEST_P(SchemaEvolutionTest, ARemovedKeyIsMissedOnlyWhereTheEventNeedsIt) {
  for (std::size_t i = 0; i < schema().fields.size(); ++i) {
    Fields fields = schema().fields;
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(Run(fields), Wanted(KeysOf(fields))) << "without " << schema().fields[i].key;
  }
}

TEST_P(SchemaEvolutionTest, ARenamedKeyIsARemovedOneAndAnUnknownOne) {
  for (std::size_t i = 0; i < schema().fields.size(); ++i) {
    const std::string key = schema().fields[i].key;
    for (const std::string& name : {key + "2", "x" + key, key + key + key, std::string("zzz")}) {
      Fields fields = schema().fields;
      fields[i].key = name;
      EXPECT_EQ(Run(fields), Wanted(KeysOf(fields))) << key << " as " << name;
    }
  }
}

TEST_P(SchemaEvolutionTest, FaultD2KeysThatChangePlacesChangeNothing) {
  constexpr std::size_t kPermutedMax = 6;  // 720 orders.
  const Fields& fields = schema().fields;
  std::vector<std::size_t> order(fields.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto expect_same = [&] {
    Fields reordered;
    for (const std::size_t i : order) reordered.push_back(fields[i]);
    EXPECT_EQ(Run(reordered), Wanted()) << TextOf(reordered);
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::rotate(order.begin(), order.begin() + 1, order.end());
    expect_same();
  }
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      std::swap(order[a], order[b]);
      expect_same();
      std::swap(order[a], order[b]);
    }
  }
  std::reverse(order.begin(), order.end());
  expect_same();
  std::sort(order.begin(), order.end());
  while (order.size() <= kPermutedMax && std::next_permutation(order.begin(), order.end())) {
    expect_same();
  }
}

TEST_P(SchemaEvolutionTest, AKeyThatComesTwiceIsRefusedWhateverItSays) {
  for (const Field& field : schema().fields) {
    for (std::size_t at = 0; at <= schema().fields.size(); ++at) {
      for (const std::string& value : {field.value, field.other}) {
        if (value.empty()) continue;
        const std::optional<Outcome> outcome = Run(With(schema().fields, at, {field.key, value}));
        ASSERT_TRUE(outcome.has_value()) << field.key << " at " << at;
        EXPECT_EQ(outcome->verdict, DecodeVerdict::kBadField) << field.key << " at " << at;
      }
    }
  }
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  std::string name =
      info.param.schema.name + (info.param.form == Form::kRaw ? " raw" : " combined");
  std::string letters;
  bool capital = true;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) letters += capital && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    capital = !letter;
  }
  return letters;
}

INSTANTIATE_TEST_SUITE_P(AllKinds, SchemaEvolutionTest, testing::ValuesIn(AllCases()), NameOf);

}  // namespace
}  // namespace thalweg
