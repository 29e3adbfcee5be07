#include "replay/recorded_options.h"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "pipeline/engine.h"
#include "replay/json_text.h"

namespace thalweg {
namespace {

using Element = simdjson::dom::element;

template <class E>
struct Word {
  E value;
  std::string_view text;
};
constexpr std::array kMarkets{Word<Market>{Market::kSpot, MarketWord(Market::kSpot)},
                              Word<Market>{Market::kUsdM, MarketWord(Market::kUsdM)},
                              Word<Market>{Market::kCoinM, MarketWord(Market::kCoinM)}};
constexpr std::array kRoundings{Word<BucketRounding>{BucketRounding::kOutward, "outward"},
                                Word<BucketRounding>{BucketRounding::kFloor, "floor"}};
constexpr std::array kTradeStreams{Word<TradeStream>{TradeStream::kTrade, "trade"},
                                   Word<TradeStream>{TradeStream::kAggTrade, "aggTrade"}};
constexpr std::array kOnGaps{Word<OnGap>{OnGap::kBlank, "blank"},
                             Word<OnGap>{OnGap::kServe, "serve"}};

// --- Writing -------------------------------------------------------------------------------------

template <class E, std::size_t kCount>
std::string_view TextOf(const std::array<Word<E>, kCount>& words, E value) noexcept {
  for (const Word<E>& word : words) {
    if (word.value == value) return word.text;
  }
  return "";
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonText(text, &quoted);
  return quoted;
}

std::string ListJson(const std::vector<std::string>& texts) {
  return absl::StrCat(
      "[",
      absl::StrJoin(texts, ",",
                    [](std::string* out, const std::string& text) { AppendJsonText(text, out); }),
      "]");
}

std::string_view Bool(bool value) noexcept { return value ? "true" : "false"; }

std::string InstrumentsJson(const std::vector<Instrument>& instruments) {
  std::string json = "[";
  for (const Instrument& instrument : instruments) {
    if (json.back() != '[') json.push_back(',');
    absl::StrAppend(&json, "{\"symbol\":", Quoted(instrument.symbol), ",\"tick\":\"",
                    FormatDecimal(instrument.tick.raw(), kPriceDecimals), "\",\"step\":\"",
                    FormatDecimal(instrument.step.raw(), kPriceDecimals),
                    "\",\"qty_decimals\":", instrument.qty_decimals,
                    ",\"trading\":", Abseil(Bool(instrument.trading)), "}");
  }
  return json + "]";
}

std::string SymbolBucketsJson(const std::map<std::string, std::vector<std::string>>& lists) {
  std::string json = "{";
  for (const auto& [symbol, sizes] : lists) {
    if (json.back() != '{') json.push_back(',');
    absl::StrAppend(&json, Quoted(symbol), ":", ListJson(sizes));
  }
  return json + "}";
}

std::string EmitJson(const EmitPolicy& emit) {
  return absl::StrCat(
      "{\"depth\":", Abseil(Bool(emit.depth)), ",\"ticker\":", Abseil(Bool(emit.ticker)),
      ",\"trade\":", Abseil(Bool(emit.trade)), ",\"interval_ns\":", emit.interval, "}");
}

// --- Reading -------------------------------------------------------------------------------------

absl::Status Wrong(std::string_view name, std::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat("options: \"", Abseil(name), "\" is not ", Abseil(allowed)));
}

absl::Status Unknown(std::string_view where, std::string_view name) {
  return absl::UnimplementedError(absl::StrCat("options: \"", Abseil(where), Abseil(name),
                                               "\" is not known to this version of the program, so "
                                               "its records cannot be repeated: use a newer one"));
}

template <class E, std::size_t kCount>
absl::Status ReadWord(std::string_view name, const Element& value,
                      const std::array<Word<E>, kCount>& words, E* out) {
  std::string_view text;
  std::string allowed;
  const bool is_text = value.get(text) == simdjson::SUCCESS;
  for (const Word<E>& word : words) {
    absl::StrAppend(&allowed, allowed.empty() ? "" : " or ", Abseil(word.text));
    if (!is_text || word.text != text) continue;
    *out = word.value;
    return absl::OkStatus();
  }
  return Wrong(name, allowed);
}

absl::Status ReadBool(std::string_view name, const Element& value, bool* out) {
  return value.get(*out) == simdjson::SUCCESS ? absl::OkStatus() : Wrong(name, "true or false");
}

absl::Status ReadNumber(std::string_view name, const Element& value, std::int64_t* out) {
  return value.get(*out) == simdjson::SUCCESS ? absl::OkStatus() : Wrong(name, "a whole number");
}

absl::Status ReadText(std::string_view name, const Element& value, std::string* out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return Wrong(name, "a text");
  *out = text;
  return absl::OkStatus();
}

absl::Status ReadPrice(std::string_view name, const Element& value, Price* out) {
  std::string_view text;
  std::int64_t units = 0;
  if (value.get(text) != simdjson::SUCCESS ||
      ParseDecimal(text, kPriceDecimals, &units) != DecimalVerdict::kOk) {
    return Wrong(name, "a decimal in quotes");
  }
  *out = Price(units);
  return absl::OkStatus();
}

absl::Status ReadList(std::string_view name, const Element& value, std::vector<std::string>* out) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return Wrong(name, "a list of texts");
  out->clear();
  for (const Element item : items) {
    absl::Status status = ReadText(name, item, &out->emplace_back());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Gives every name and value of an object to `read`; names that come twice are refused.
template <class F>
absl::Status ReadObject(std::string_view name, const Element& value, const F& read) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return Wrong(name, "an object");
  std::set<std::string_view> seen;
  for (const auto& field : object) {
    if (!seen.insert(field.key).second) return Wrong(field.key, "there only once");
    absl::Status status = read(field.key, field.value);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadInstrument(std::string_view list, const Element& value, Instrument* out) {
  const std::string where = absl::StrCat(Abseil(list), ".");
  return ReadObject(list, value, [&](std::string_view name, const Element& field) {
    if (name == "symbol") return ReadText(name, field, &out->symbol);
    if (name == "tick") return ReadPrice(name, field, &out->tick);
    if (name == "step") return ReadPrice(name, field, &out->step);
    if (name == "trading") return ReadBool(name, field, &out->trading);
    if (name != "qty_decimals") return Unknown(where, name);
    std::int64_t decimals = 0;
    absl::Status status = ReadNumber(name, field, &decimals);
    if (status.ok() && (decimals < 0 || decimals > kQtyDecimalsMax)) {
      status = Wrong(name, "in [0, 8]");
    }
    out->qty_decimals = static_cast<int>(decimals);
    return status;
  });
}

absl::Status ReadInstruments(std::string_view name, const Element& value,
                             std::vector<Instrument>* out) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return Wrong(name, "a list of instruments");
  for (const Element item : items) {
    absl::Status status = ReadInstrument(name, item, &out->emplace_back());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadEmit(std::string_view where, const Element& value, EmitPolicy* out) {
  return ReadObject(where, value, [&](std::string_view name, const Element& field) {
    if (name == "depth") return ReadBool(name, field, &out->depth);
    if (name == "ticker") return ReadBool(name, field, &out->ticker);
    if (name == "trade") return ReadBool(name, field, &out->trade);
    if (name == "interval_ns") return ReadNumber(name, field, &out->interval);
    return Unknown("emit.", name);
  });
}

absl::Status ReadSymbolBuckets(std::string_view where, const Element& value, EngineOptions* out) {
  return ReadObject(where, value, [&](std::string_view symbol, const Element& sizes) {
    return ReadList(where, sizes, &out->symbol_bucket_sizes[std::string(symbol)]);
  });
}

absl::Status ReadMarket(std::string_view name, const Element& value, EngineOptions* out) {
  if (value.is_null()) return absl::OkStatus();
  return ReadWord(name, value, kMarkets, &out->market.emplace());
}

absl::Status ReadSnapshotLimit(std::string_view name, const Element& value, EngineOptions* out) {
  if (value.is_null()) return absl::OkStatus();
  std::int64_t limit = 0;
  absl::Status status = ReadNumber(name, value, &limit);
  if (status.ok() && limit < 1) status = Wrong(name, "a positive number");
  out->snapshot_limit = static_cast<std::size_t>(limit);
  return status;
}

absl::Status ReadOption(std::string_view name, const Element& value, EngineOptions* out) {
  if (name == "market") return ReadMarket(name, value, out);
  if (name == "instruments") return ReadInstruments(name, value, &out->instruments);
  if (name == "file_instruments") return ReadInstruments(name, value, &out->file_instruments);
  if (name == "buckets") return ReadList(name, value, &out->bucket_sizes);
  if (name == "symbol_buckets") return ReadSymbolBuckets(name, value, out);
  if (name == "bucket_rounding") return ReadWord(name, value, kRoundings, &out->bucket_rounding);
  if (name == "trade_stream") return ReadWord(name, value, kTradeStreams, &out->trade_stream);
  if (name == "snapshot_limit") return ReadSnapshotLimit(name, value, out);
  if (name == "on_gap") return ReadWord(name, value, kOnGaps, &out->on_gap);
  if (name == "emit") return ReadEmit(name, value, &out->emit);
  if (name == "audit_interval_ns") return ReadNumber(name, value, &out->audit_interval);
  return Unknown("", name);
}

}  // namespace

std::string RecordedOptionsJson(const EngineOptions& options) {
  return absl::StrCat(
      "{\"market\":",
      options.market ? Quoted(TextOf(kMarkets, *options.market)) : std::string("null"),
      ",\"instruments\":", InstrumentsJson(options.instruments),
      ",\"file_instruments\":", InstrumentsJson(options.file_instruments),
      ",\"buckets\":", ListJson(options.bucket_sizes),
      ",\"symbol_buckets\":", SymbolBucketsJson(options.symbol_bucket_sizes),
      ",\"bucket_rounding\":", Quoted(TextOf(kRoundings, options.bucket_rounding)),
      ",\"trade_stream\":", Quoted(TextOf(kTradeStreams, options.trade_stream)),
      ",\"snapshot_limit\":",
      options.snapshot_limit ? absl::StrCat(*options.snapshot_limit) : std::string("null"),
      ",\"on_gap\":", Quoted(TextOf(kOnGaps, options.on_gap)), ",\"emit\":", EmitJson(options.emit),
      options.audit_interval == 0 ? std::string()
                                  : absl::StrCat(",\"audit_interval_ns\":", options.audit_interval),
      "}");
}

absl::StatusOr<EngineOptions> ParseRecordedOptions(std::string_view json,
                                                   std::vector<std::string> symbols) {
  simdjson::dom::parser parser;
  Element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("options: no JSON");
  }
  EngineOptions options;
  options.symbols = std::move(symbols);
  absl::Status status =
      ReadObject("options", root, [&](std::string_view name, const Element& value) {
        return ReadOption(name, value, &options);
      });
  if (status.ok()) status = ValidateOptions(options);
  if (!status.ok()) return status;
  return options;
}

}  // namespace thalweg
