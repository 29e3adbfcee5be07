#include "tests/oracle/slow_decode.h"

#include <algorithm>

namespace thalweg::oracle {
namespace {

using simdjson::dom::element;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool Has(element object, std::string_view key) {
  return object.at_key(key).error() == simdjson::SUCCESS;
}

bool HasANameTwice(element object) {
  simdjson::dom::object fields;
  if (object.get_object().get(fields) != simdjson::SUCCESS) return false;
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& field) { return CountOf(object, field.key) > 1; });
}

std::optional<Int> IntField(element object, std::string_view key) {
  Int value = 0;
  if (object.at_key(key).get_int64().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

// Milliseconds below 1e15, microseconds from there on.
std::optional<Int> TimeField(element object, std::string_view key) {
  const std::optional<Int> raw = IntField(object, key);
  if (!raw || *raw < 0) return std::nullopt;
  const Wide ns = Wide{*raw} * (*raw >= 1'000'000'000'000'000 ? 1'000 : 1'000'000);
  if (ns > kLastTime) return std::nullopt;
  return static_cast<Int>(ns);
}

// Reads a time that may be absent; false when it is there and bad.
bool OptionalTime(element object, std::string_view key, std::optional<Int>* time) {
  if (!Has(object, key)) return true;
  *time = TimeField(object, key);
  return time->has_value();
}

std::optional<Int> UnitsField(element object, std::string_view key) {
  const std::optional<std::string_view> text = TextField(object, key);
  return text ? ParseUnits(*text) : std::nullopt;
}

std::optional<Int> PriceField(element object, std::string_view key) {
  const std::optional<Int> price = UnitsField(object, key);
  return price && *price <= kMaxPrice ? price : std::nullopt;
}

std::optional<SlowLevel> ReadLevel(element pair) {
  std::string_view price_text;
  std::string_view qty_text;
  if (pair.at(0).get_string().get(price_text) != simdjson::SUCCESS) return std::nullopt;
  if (pair.at(1).get_string().get(qty_text) != simdjson::SUCCESS) return std::nullopt;
  const std::optional<Int> price = ParseUnits(price_text);
  const std::optional<Int> qty = ParseUnits(qty_text);
  if (!price || *price > kMaxPrice || !qty) return std::nullopt;
  return SlowLevel{*price, *qty};
}

bool ReadLevels(element object, std::string_view key, SlowLevels* levels) {
  simdjson::dom::array array;
  if (object.at_key(key).get_array().get(array) != simdjson::SUCCESS) return false;
  for (const element pair : array) {
    if (!pair.is_array()) return false;
    const std::optional<SlowLevel> level = ReadLevel(pair);
    if (!level) return false;
    levels->push_back(*level);
  }
  return true;
}

bool ReadQuote(element data, SlowTicker* ticker) {
  const std::optional<Int> bid = PriceField(data, "b");
  const std::optional<Int> bid_qty = UnitsField(data, "B");
  const std::optional<Int> ask = PriceField(data, "a");
  const std::optional<Int> ask_qty = UnitsField(data, "A");
  if (!bid || !bid_qty || !ask || !ask_qty) return false;
  ticker->bid = {*bid, *bid_qty};
  ticker->ask = {*ask, *ask_qty};
  return true;
}

// `X` may be absent; false when it is there and no text.
bool ReadOrderType(element data, bool* market) {
  if (!Has(data, "X")) return true;
  const std::optional<std::string_view> type = TextField(data, "X");
  if (type) *market = *type == "MARKET";
  return type.has_value();
}

}  // namespace

std::optional<Int> ParseUnits(std::string_view text) {
  std::size_t at = 0;
  Wide units = 0;
  const auto take_digit = [&] {
    units = units * 10 + (text[at++] - '0');
    return units <= Wide{INT64_MAX};
  };
  while (at < text.size() && IsDigit(text[at])) {
    if (!take_digit()) return std::nullopt;
  }
  if (at == 0) return std::nullopt;
  int decimals = 0;
  if (at < text.size()) {
    if (text[at++] != '.') return std::nullopt;
    for (; at < text.size(); ++decimals) {
      if (!IsDigit(text[at]) || decimals == 8 || !take_digit()) return std::nullopt;
    }
    if (decimals == 0) return std::nullopt;
  }
  for (; decimals < 8; ++decimals) units *= 10;
  if (units > Wide{INT64_MAX}) return std::nullopt;
  return static_cast<Int>(units);
}

int CountOf(element object, std::string_view key) {
  simdjson::dom::object fields;
  if (object.get_object().get(fields) != simdjson::SUCCESS) return 0;
  int count = 0;
  for (const auto& field : fields) count += field.key == key;
  return count;
}

std::optional<std::string_view> TextField(element object, std::string_view key) {
  std::string_view text;
  if (object.at_key(key).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<SlowDepth> DecodeDepth(element data) {
  if (HasANameTwice(data)) return std::nullopt;
  SlowDepth depth;
  const std::optional<Int> first = IntField(data, "U");
  const std::optional<Int> last = IntField(data, "u");
  const std::optional<Int> event_time = TimeField(data, "E");
  if (!first || !last || !event_time) return std::nullopt;
  if (*first < 0 || *first > *last) return std::nullopt;
  if (Has(data, "pu")) {
    depth.previous = IntField(data, "pu");
    if (!depth.previous || *depth.previous < 0) return std::nullopt;
  }
  if (!OptionalTime(data, "T", &depth.transaction_time)) return std::nullopt;
  depth.first = *first;
  depth.last = *last;
  depth.event_time = *event_time;
  if (!ReadLevels(data, "b", &depth.bids) || !ReadLevels(data, "a", &depth.asks))
    return std::nullopt;
  return depth;
}

std::optional<SlowTicker> DecodeTicker(element data) {
  if (HasANameTwice(data)) return std::nullopt;
  SlowTicker ticker;
  const std::optional<Int> id = IntField(data, "u");
  if (!id || *id < 0 || !ReadQuote(data, &ticker)) return std::nullopt;
  if (!OptionalTime(data, "E", &ticker.event_time)) return std::nullopt;
  if (!OptionalTime(data, "T", &ticker.transaction_time)) return std::nullopt;
  ticker.id = *id;
  return ticker;
}

std::optional<SlowTrade> DecodeTrade(element data, const char* id_key) {
  if (HasANameTwice(data)) return std::nullopt;
  const std::optional<Int> id = IntField(data, id_key);
  const std::optional<Int> price = PriceField(data, "p");
  const std::optional<Int> qty = UnitsField(data, "q");
  const std::optional<Int> trade_time = TimeField(data, "T");
  const std::optional<Int> event_time = TimeField(data, "E");
  bool buyer_is_maker = false;
  const bool has_side = data.at_key("m").get_bool().get(buyer_is_maker) == simdjson::SUCCESS;
  if (!id || *id < 0 || !price || !qty || !trade_time || !event_time || !has_side)
    return std::nullopt;
  SlowTrade trade{*id, *price, *qty, *trade_time, *event_time, buyer_is_maker ? -1 : 1, true};
  if (!ReadOrderType(data, &trade.market)) return std::nullopt;
  return trade;
}

std::optional<SlowSnapshot> DecodeSnapshot(element body) {
  if (HasANameTwice(body)) return std::nullopt;
  SlowSnapshot snapshot;
  const std::optional<Int> id = IntField(body, "lastUpdateId");
  if (!id || *id < -1) return std::nullopt;
  snapshot.id = *id;
  if (!ReadLevels(body, "bids", &snapshot.bids)) return std::nullopt;
  if (!ReadLevels(body, "asks", &snapshot.asks)) return std::nullopt;
  return snapshot;
}

}  // namespace thalweg::oracle
