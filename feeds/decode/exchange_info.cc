#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "core/instrument.h"
#include "feeds/decode/decoder.h"
#include "simdjson.h"

namespace thalweg {
namespace {

namespace dom = simdjson::dom;

absl::string_view Shown(std::string_view text) { return {text.data(), text.size()}; }

absl::Status NoExchangeInfo(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not an exchangeInfo answer: ", Shown(why)));
}

absl::Status BadSymbol(std::string_view symbol, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("exchangeInfo of symbol '", Shown(symbol), "': ", Shown(why)));
}

std::optional<std::string_view> TextOf(dom::object object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

// The filter of that type, if the symbol has it; filters of unknown types and shapes are skipped.
std::optional<dom::object> FindFilter(dom::object symbol, std::string_view type) {
  dom::array filters;
  if (symbol["filters"].get(filters) != simdjson::SUCCESS) return std::nullopt;
  for (const dom::element element : filters) {
    dom::object filter;
    if (element.get(filter) == simdjson::SUCCESS && TextOf(filter, "filterType") == type) {
      return filter;
    }
  }
  return std::nullopt;
}

// A price increment or quantity step of a filter; 0 without the filter, and where it says 0.
absl::StatusOr<Price> StepOf(dom::object symbol, std::string_view name,
                             std::string_view filter_type, std::string_view key) {
  const std::optional<dom::object> filter = FindFilter(symbol, filter_type);
  if (!filter.has_value()) return Price(0);
  const std::optional<std::string_view> text = TextOf(*filter, key);
  if (!text.has_value()) {
    return BadSymbol(name, absl::StrCat(Shown(filter_type), ".", Shown(key), " is missing"));
  }
  std::int64_t units = 0;
  if (ParseDecimal(*text, kPriceDecimals, &units) != DecimalVerdict::kOk ||
      Price(units) > kPriceMax) {
    return BadSymbol(name, absl::StrCat(Shown(filter_type), ".", Shown(key), " '", Shown(*text),
                                        "' is not a decimal number in range"));
  }
  return Price(units);
}

// Decimals of the base asset; the most that there are where the answer does not say.
absl::StatusOr<int> QtyDecimalsOf(dom::object symbol, std::string_view name) {
  dom::element precision;
  if (symbol["baseAssetPrecision"].get(precision) != simdjson::SUCCESS) return kQtyDecimalsMax;
  std::int64_t decimals = 0;
  if (precision.get(decimals) != simdjson::SUCCESS || decimals < 0) {
    return BadSymbol(name, "baseAssetPrecision is not a number of decimals");
  }
  return static_cast<int>(std::min<std::int64_t>(decimals, kQtyDecimalsMax));
}

// COIN-M calls a contract's status contractStatus. A symbol without any is taken as trading.
bool IsTrading(dom::object symbol) {
  std::optional<std::string_view> status = TextOf(symbol, "status");
  if (!status.has_value()) status = TextOf(symbol, "contractStatus");
  return !status.has_value() || *status == "TRADING";
}

absl::StatusOr<Instrument> InstrumentOf(dom::element element, std::size_t position) {
  dom::object symbol;
  if (element.get(symbol) != simdjson::SUCCESS) {
    return NoExchangeInfo(absl::StrCat("entry ", position, " of 'symbols' is no object"));
  }
  const std::optional<std::string_view> name = TextOf(symbol, "symbol");
  if (!name.has_value() || name->empty()) {
    return NoExchangeInfo(absl::StrCat("entry ", position, " of 'symbols' has no 'symbol'"));
  }
  const absl::StatusOr<Price> tick = StepOf(symbol, *name, "PRICE_FILTER", "tickSize");
  if (!tick.ok()) return tick.status();
  const absl::StatusOr<Price> step = StepOf(symbol, *name, "LOT_SIZE", "stepSize");
  if (!step.ok()) return step.status();
  const absl::StatusOr<int> qty_decimals = QtyDecimalsOf(symbol, *name);
  if (!qty_decimals.ok()) return qty_decimals.status();

  Instrument instrument;
  instrument.symbol = std::string(*name);
  instrument.tick = *tick;
  instrument.step = *step;
  instrument.qty_decimals = *qty_decimals;
  instrument.trading = IsTrading(symbol);
  return instrument;
}

// Why there is no list of symbols: the exchange's own error text, where it sent one.
absl::Status WithoutSymbols(dom::object answer) {
  std::int64_t code = 0;
  if (answer["code"].get(code) == simdjson::SUCCESS) {
    const std::string_view message = TextOf(answer, "msg").value_or("no text");
    return NoExchangeInfo(
        absl::StrCat("the exchange sent error ", code, " (", Shown(message), ")"));
  }
  return NoExchangeInfo("the array 'symbols' is missing");
}

}  // namespace

absl::StatusOr<std::vector<Instrument>> DecodeExchangeInfo(std::string_view body,
                                                           std::vector<std::string>* left_out) {
  dom::parser parser;
  dom::element root;
  if (const simdjson::error_code error = parser.parse(body.data(), body.size()).get(root);
      error != simdjson::SUCCESS) {
    return NoExchangeInfo(absl::StrCat("not JSON (", simdjson::error_message(error), ")"));
  }
  dom::object answer;
  if (root.get(answer) != simdjson::SUCCESS) return NoExchangeInfo("the text is no JSON object");
  dom::array symbols;
  if (answer["symbols"].get(symbols) != simdjson::SUCCESS) return WithoutSymbols(answer);

  std::vector<Instrument> instruments;
  instruments.reserve(symbols.size());
  absl::Status first_failure;
  std::size_t position = 0;
  for (const dom::element element : symbols) {
    absl::StatusOr<Instrument> instrument = InstrumentOf(element, position++);
    if (instrument.ok()) {
      instruments.push_back(*std::move(instrument));
      continue;
    }
    first_failure.Update(instrument.status());
    if (left_out != nullptr) left_out->emplace_back(instrument.status().message());
  }
  if (instruments.empty() && !first_failure.ok()) return first_failure;
  return instruments;
}

bool SaysUnknownSymbol(std::string_view body) {
  constexpr std::int64_t kInvalidSymbol = -1'121;
  dom::parser parser;
  dom::element root;
  std::int64_t code = 0;
  return parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
         root["code"].get(code) == simdjson::SUCCESS && code == kInvalidSymbol;
}

}  // namespace thalweg
