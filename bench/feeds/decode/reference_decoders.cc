#include "bench/feeds/decode/reference_decoders.h"

#include <array>
#include <cstring>

namespace thalweg::bench {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::SUCCESS;

constexpr std::array<std::int64_t, 9> kPowers{1,       10,        100,        1'000,      10'000,
                                              100'000, 1'000'000, 10'000'000, 100'000'000};

// The number in 1e-8. REQUIRES: digits, then optionally a dot and one to eight digits.
std::int64_t FixedPoint(std::string_view text) {
  std::int64_t value = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] != '.'; ++i) value = value * 10 + (text[i] - '0');
  if (i == text.size()) return value * kPowers[8];
  const std::size_t decimals = text.size() - ++i;
  for (; i < text.size(); ++i) value = value * 10 + (text[i] - '0');
  return value * kPowers[8 - decimals];
}

// The same from the first digit to the closing quote, which stands for sure: simdjson looked.
std::int64_t FixedPoint(ondemand::raw_json_string raw) {
  std::int64_t value = 0;
  const char* at = raw.raw();
  for (; *at != '.' && *at != '"'; ++at) value = value * 10 + (*at - '0');
  if (*at == '"') return value * kPowers[8];
  const char* const fraction = ++at;
  for (; *at != '"'; ++at) value = value * 10 + (*at - '0');
  return value * kPowers[static_cast<std::size_t>(8 - (at - fraction))];
}

// --- simdjson, on demand ----------------------------------------------------------------------

bool ReadNumber(ondemand::value value, std::string_view* text, std::int64_t* number) {
  if (value.get_string().get(*text) != SUCCESS) return false;
  *number = FixedPoint(*text);
  return true;
}

bool ReadNumber(ondemand::value value, ondemand::raw_json_string* text, std::int64_t* number) {
  if (value.get_raw_json_string().get(*text) != SUCCESS) return false;
  *number = FixedPoint(*text);
  return true;
}

template <class Text>
bool ReadLevels(simdjson::simdjson_result<ondemand::value> value, std::vector<Level>* levels) {
  levels->clear();
  ondemand::array array;
  if (value.get_array().get(array) != SUCCESS) return false;
  for (auto element : array) {
    ondemand::array pair;
    if (element.get_array().get(pair) != SUCCESS) return false;
    std::int64_t numbers[2] = {};
    int count = 0;
    for (auto number : pair) {
      Text text;
      ondemand::value one;
      if (count == 2 || number.get(one) != SUCCESS || !ReadNumber(one, &text, &numbers[count++])) {
        return false;
      }
    }
    levels->push_back({Price(numbers[0]), Qty(numbers[1])});
  }
  return true;
}

template <class Text>
bool ReadPrice(simdjson::simdjson_result<ondemand::value> field, std::int64_t* number) {
  Text text;
  ondemand::value value;
  return field.get(value) == SUCCESS && ReadNumber(value, &text, number);
}

template <class Text>
bool ReadQuote(ondemand::document& document, const char* price, const char* qty, Level* level) {
  std::int64_t numbers[2] = {};
  if (!ReadPrice<Text>(document[price], &numbers[0]) ||
      !ReadPrice<Text>(document[qty], &numbers[1])) {
    return false;
  }
  *level = {Price(numbers[0]), Qty(numbers[1])};
  return true;
}

bool Open(ondemand::parser& parser, const NamedFrame& frame, ondemand::document* document) {
  const simdjson::padded_string_view text(frame.object.data(), frame.object.size(),
                                          frame.object.size() + kPayloadPadding);
  return parser.iterate(text).get(*document) == SUCCESS;
}

template <class Text>
bool OnDemandDiff(ondemand::parser& parser, const NamedFrame& frame, DiffRead* diff) {
  ondemand::document document;
  return Open(parser, frame, &document) && document["E"].get(diff->event_time_ms) == SUCCESS &&
         document["U"].get(diff->first) == SUCCESS && document["u"].get(diff->last) == SUCCESS &&
         ReadLevels<Text>(document["b"], &diff->bids) &&
         ReadLevels<Text>(document["a"], &diff->asks);
}

template <class Text>
bool OnDemandTicker(ondemand::parser& parser, const NamedFrame& frame, TickerRead* ticker) {
  ondemand::document document;
  return Open(parser, frame, &document) && document["u"].get(ticker->id) == SUCCESS &&
         ReadQuote<Text>(document, "b", "B", &ticker->bid) &&
         ReadQuote<Text>(document, "a", "A", &ticker->ask);
}

template <class Text>
bool OnDemandTrade(ondemand::parser& parser, const NamedFrame& frame, TradeRead* trade) {
  ondemand::document document;
  return Open(parser, frame, &document) && document["E"].get(trade->event_time_ms) == SUCCESS &&
         document["t"].get(trade->id) == SUCCESS &&
         ReadQuote<Text>(document, "p", "q", &trade->fill) &&
         document["T"].get(trade->trade_time_ms) == SUCCESS &&
         document["m"].get(trade->buyer_is_maker) == SUCCESS;
}

// --- Documents --------------------------------------------------------------------------------

// `value`: an element, or what may be one.
template <class Value>
bool ReadNumber(Value value, std::int64_t* number) {
  std::string_view text;
  if (value.get(text) != SUCCESS) return false;
  *number = FixedPoint(text);
  return true;
}

bool ReadLevels(simdjson::simdjson_result<simdjson::dom::element> value,
                std::vector<Level>* levels) {
  levels->clear();
  simdjson::dom::array array;
  if (value.get(array) != SUCCESS) return false;
  for (const simdjson::dom::element element : array) {
    simdjson::dom::array pair;
    if (element.get(pair) != SUCCESS) return false;
    std::int64_t numbers[2] = {};
    int count = 0;
    for (const simdjson::dom::element number : pair) {
      if (count == 2 || !ReadNumber(number, &numbers[count++])) return false;
    }
    levels->push_back({Price(numbers[0]), Qty(numbers[1])});
  }
  return true;
}

bool ReadQuote(simdjson::dom::element object, const char* price, const char* qty, Level* level) {
  std::int64_t numbers[2] = {};
  if (!ReadNumber(object[price], &numbers[0]) || !ReadNumber(object[qty], &numbers[1])) {
    return false;
  }
  *level = {Price(numbers[0]), Qty(numbers[1])};
  return true;
}

Level ReadLevel(const nlohmann::json& price, const nlohmann::json& qty) {
  return {Price(FixedPoint(price.get_ref<const std::string&>())),
          Qty(FixedPoint(qty.get_ref<const std::string&>()))};
}

void ReadLevels(const nlohmann::json& array, std::vector<Level>* levels) {
  levels->clear();
  for (const nlohmann::json& pair : array) levels->push_back(ReadLevel(pair[0], pair[1]));
}

std::string_view TextOf(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

Level ReadLevel(const rapidjson::Value& price, const rapidjson::Value& qty) {
  return {Price(FixedPoint(TextOf(price))), Qty(FixedPoint(TextOf(qty)))};
}

void ReadLevels(const rapidjson::Value& array, std::vector<Level>* levels) {
  levels->clear();
  for (const rapidjson::Value& pair : array.GetArray()) {
    levels->push_back(ReadLevel(pair[0], pair[1]));
  }
}

// --- Events -----------------------------------------------------------------------------------

// Keys of one letter; numbers alternate between price and quantity.
struct DiffHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DiffHandler> {
  explicit DiffHandler(DiffRead* target) : diff(target) {}

  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key = size == 1 ? text[0] : '\0';
    if (key == 'b') levels = &diff->bids;
    if (key == 'a') levels = &diff->asks;
    return true;
  }
  bool Uint64(std::uint64_t number) {
    const auto value = static_cast<std::int64_t>(number);
    if (key == 'E') diff->event_time_ms = value;
    if (key == 'U') diff->first = value;
    if (key == 'u') diff->last = value;
    return true;
  }
  bool Uint(unsigned number) { return Uint64(number); }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (key != 'b' && key != 'a') return true;
    const std::int64_t number = FixedPoint(std::string_view(text, size));
    if (is_price) {
      levels->push_back({Price(number), Qty()});
    } else {
      levels->back().qty = Qty(number);
    }
    is_price = !is_price;
    return true;
  }

  DiffRead* diff;
  std::vector<Level>* levels = nullptr;
  char key = '\0';
  bool is_price = true;
};

}  // namespace

bool SimdjsonStrings::Decode(const NamedFrame& frame, DiffRead* diff) {
  return OnDemandDiff<std::string_view>(parser_, frame, diff);
}
bool SimdjsonStrings::Decode(const NamedFrame& frame, TickerRead* ticker) {
  return OnDemandTicker<std::string_view>(parser_, frame, ticker);
}
bool SimdjsonStrings::Decode(const NamedFrame& frame, TradeRead* trade) {
  return OnDemandTrade<std::string_view>(parser_, frame, trade);
}

bool SimdjsonRawStrings::Decode(const NamedFrame& frame, DiffRead* diff) {
  return OnDemandDiff<ondemand::raw_json_string>(parser_, frame, diff);
}
bool SimdjsonRawStrings::Decode(const NamedFrame& frame, TickerRead* ticker) {
  return OnDemandTicker<ondemand::raw_json_string>(parser_, frame, ticker);
}
bool SimdjsonRawStrings::Decode(const NamedFrame& frame, TradeRead* trade) {
  return OnDemandTrade<ondemand::raw_json_string>(parser_, frame, trade);
}

bool SimdjsonDom::Decode(const NamedFrame& frame, DiffRead* diff) {
  simdjson::dom::element root;
  return parser_.parse(frame.object.data(), frame.object.size(), false).get(root) == SUCCESS &&
         root["E"].get(diff->event_time_ms) == SUCCESS && root["U"].get(diff->first) == SUCCESS &&
         root["u"].get(diff->last) == SUCCESS && ReadLevels(root["b"], &diff->bids) &&
         ReadLevels(root["a"], &diff->asks);
}
bool SimdjsonDom::Decode(const NamedFrame& frame, TickerRead* ticker) {
  simdjson::dom::element root;
  return parser_.parse(frame.object.data(), frame.object.size(), false).get(root) == SUCCESS &&
         root["u"].get(ticker->id) == SUCCESS && ReadQuote(root, "b", "B", &ticker->bid) &&
         ReadQuote(root, "a", "A", &ticker->ask);
}
bool SimdjsonDom::Decode(const NamedFrame& frame, TradeRead* trade) {
  simdjson::dom::element root;
  return parser_.parse(frame.object.data(), frame.object.size(), false).get(root) == SUCCESS &&
         root["E"].get(trade->event_time_ms) == SUCCESS && root["t"].get(trade->id) == SUCCESS &&
         ReadQuote(root, "p", "q", &trade->fill) &&
         root["T"].get(trade->trade_time_ms) == SUCCESS &&
         root["m"].get(trade->buyer_is_maker) == SUCCESS;
}

bool NlohmannDom::Decode(const NamedFrame& frame, DiffRead* diff) {
  const nlohmann::json root = nlohmann::json::parse(frame.object, nullptr, false);
  if (root.is_discarded()) return false;
  diff->event_time_ms = root["E"].get<std::int64_t>();
  diff->first = root["U"].get<std::int64_t>();
  diff->last = root["u"].get<std::int64_t>();
  ReadLevels(root["b"], &diff->bids);
  ReadLevels(root["a"], &diff->asks);
  return true;
}
bool NlohmannDom::Decode(const NamedFrame& frame, TickerRead* ticker) {
  const nlohmann::json root = nlohmann::json::parse(frame.object, nullptr, false);
  if (root.is_discarded()) return false;
  *ticker = {root["u"].get<std::int64_t>(), ReadLevel(root["b"], root["B"]),
             ReadLevel(root["a"], root["A"])};
  return true;
}
bool NlohmannDom::Decode(const NamedFrame& frame, TradeRead* trade) {
  const nlohmann::json root = nlohmann::json::parse(frame.object, nullptr, false);
  if (root.is_discarded()) return false;
  *trade = {root["t"].get<std::int64_t>(), root["T"].get<std::int64_t>(),
            root["E"].get<std::int64_t>(), ReadLevel(root["p"], root["q"]), root["m"].get<bool>()};
  return true;
}

bool RapidjsonDom::Decode(const NamedFrame& frame, DiffRead* diff) {
  pool_.Clear();
  rapidjson::Document root(&pool_);
  root.Parse(frame.object.data(), frame.object.size());
  if (root.HasParseError()) return false;
  diff->event_time_ms = root["E"].GetInt64();
  diff->first = root["U"].GetInt64();
  diff->last = root["u"].GetInt64();
  ReadLevels(root["b"], &diff->bids);
  ReadLevels(root["a"], &diff->asks);
  return true;
}
bool RapidjsonDom::Decode(const NamedFrame& frame, TickerRead* ticker) {
  pool_.Clear();
  rapidjson::Document root(&pool_);
  root.Parse(frame.object.data(), frame.object.size());
  if (root.HasParseError()) return false;
  *ticker = {root["u"].GetInt64(), ReadLevel(root["b"], root["B"]),
             ReadLevel(root["a"], root["A"])};
  return true;
}
bool RapidjsonDom::Decode(const NamedFrame& frame, TradeRead* trade) {
  pool_.Clear();
  rapidjson::Document root(&pool_);
  root.Parse(frame.object.data(), frame.object.size());
  if (root.HasParseError()) return false;
  *trade = {root["t"].GetInt64(), root["T"].GetInt64(), root["E"].GetInt64(),
            ReadLevel(root["p"], root["q"]), root["m"].GetBool()};
  return true;
}

bool RapidjsonSaxInSitu::Decode(const NamedFrame& frame, DiffRead* diff) {
  text_.resize(frame.object.size() + 1);
  std::memcpy(text_.data(), frame.object.data(), frame.object.size());
  text_.back() = '\0';
  diff->bids.clear();
  diff->asks.clear();
  DiffHandler handler(diff);
  rapidjson::InsituStringStream stream(text_.data());
  return !reader_.Parse<rapidjson::kParseInsituFlag>(stream, handler).IsError();
}

}  // namespace thalweg::bench
