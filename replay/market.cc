#include "replay/market.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "feeds/decode/rest_target.h"
#include "replay/market_symbol.h"

namespace thalweg {
namespace {

struct NamedRegime {
  Regime regime;
  std::string_view name;
};
constexpr std::array<NamedRegime, 6> kRegimes{{{Regime::kCalm, "calm"},
                                               {Regime::kBurst, "burst"},
                                               {Regime::kTrend, "trend"},
                                               {Regime::kCrash, "crash"},
                                               {Regime::kThin, "thin"},
                                               {Regime::kOneSided, "one-sided"}}};

// Rules and prices of some symbols, as they were in August 2024.
struct KnownSymbol {
  std::string_view name;
  Price tick;
  int step_decimals;
  Price price;
};
constexpr std::array<KnownSymbol, 5> kKnownSymbols{
    {{"BTCUSDT", Price(1'000'000), 5, Price(6'180'000'000'000)},
     {"ETHUSDT", Price(1'000'000), 4, Price(268'000'000'000)},
     {"BNBUSDT", Price(10'000'000), 3, Price(51'200'000'000)},
     {"SOLUSDT", Price(1'000'000), 3, Price(15'900'000'000)},
     {"XRPUSDT", Price(10'000), 0, Price(61'000'000)}}};

constexpr Nanos kRegimeSecondsMax = 604'800;  // A week.

absl::Status Invalid(absl::string_view key, absl::string_view value, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(key, ": '", value, "' is not ", allowed));
}

// Every option, as text: another text, another market.
std::string Describe(const MarketOptions& options) {
  std::string text = absl::StrCat("seed ", options.seed, " symbols");
  for (const MarketSymbolOptions& symbol : options.symbols) {
    absl::StrAppend(&text, " ", symbol.name, ":", symbol.activity_percent, ":", symbol.tick.raw(),
                    ":", symbol.step_decimals, ":", symbol.price.raw());
  }
  absl::StrAppend(&text, " market ", options.market == Market::kSpot ? "spot" : "usdm",
                  " interval_ms ", options.depth_interval / kMillisecond, " levels ",
                  options.levels, " snapshot_limit ", options.snapshot_limit, " snapshot_every_s ",
                  options.snapshot_every / kSecond, " start_ns ", options.start.raw(), " regimes");
  for (const RegimeSpan& span : options.regimes) {
    absl::StrAppend(&text, " ", Abseil(RegimeName(span.regime)), ":", span.length / kSecond);
  }
  return text;
}

std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0;
  for (const char c : text) hash = MarketRandom::Mix(hash ^ static_cast<unsigned char>(c));
  return hash;
}

}  // namespace

std::string_view RegimeName(Regime regime) noexcept {
  for (const NamedRegime& named : kRegimes) {
    if (named.regime == regime) return named.name;
  }
  return "";
}

absl::StatusOr<std::vector<RegimeSpan>> ParseRegimes(std::string_view text) {
  std::vector<RegimeSpan> spans;
  for (const absl::string_view part : absl::StrSplit(Abseil(text), ',')) {
    const std::vector<absl::string_view> words = absl::StrSplit(part, ':');
    const auto named = std::find_if(
        kRegimes.begin(), kRegimes.end(),
        [&](const NamedRegime& candidate) { return candidate.name == Standard(words[0]); });
    std::int64_t seconds = kHour / kSecond;
    if (named == kRegimes.end() || words.size() > 2 ||
        (words.size() == 2 &&
         (!absl::SimpleAtoi(words[1], &seconds) || seconds < 1 || seconds > kRegimeSecondsMax))) {
      return Invalid("regimes", part,
                     "calm, burst, trend, crash, thin or one-sided, each with :SECONDS in "
                     "[1, 604800]");
    }
    spans.push_back({named->regime, seconds * kSecond});
  }
  return spans;
}

absl::StatusOr<MarketSymbolOptions> ParseMarketSymbol(std::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(Abseil(text), ':');
  MarketSymbolOptions symbol;
  symbol.name = std::string(words[0]);
  const bool plain = !symbol.name.empty() && symbol.name.size() <= 20 &&
                     std::all_of(symbol.name.begin(), symbol.name.end(), [](char c) {
                       return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                     });
  if (!plain || words.size() > 2 ||
      (words.size() == 2 && (!absl::SimpleAtoi(words[1], &symbol.activity_percent) ||
                             symbol.activity_percent < 1 || symbol.activity_percent > 1'000))) {
    return Invalid("symbols", Abseil(text),
                   "a name of 1 to 20 capitals and digits, with :ACTIVITY in percent, 1 to 1000");
  }
  for (const KnownSymbol& known : kKnownSymbols) {
    if (known.name != symbol.name) continue;
    symbol.tick = known.tick;
    symbol.step_decimals = known.step_decimals;
    symbol.price = known.price;
  }
  return symbol;
}

absl::Status SyntheticMarket::Validate(const MarketOptions& options) {
  if (options.symbols.empty() || options.symbols.size() > kMarketSymbolsMax) {
    return Invalid("symbols", absl::StrCat(options.symbols.size()),
                   absl::StrCat("a list of 1 to ", kMarketSymbolsMax, " symbols"));
  }
  std::set<std::string> names;
  for (const MarketSymbolOptions& symbol : options.symbols) {
    if (names.insert(symbol.name).second) continue;
    return absl::InvalidArgumentError(absl::StrCat("symbols: '", symbol.name, "' is named twice"));
  }
  if (options.market == Market::kCoinM) return Invalid("market", "coinm", "spot or usdm");
  const Nanos interval = options.depth_interval / kMillisecond;
  if (interval != 20 && interval != 100 && interval != 1'000) {
    return Invalid("interval", absl::StrCat(interval), "20, 100 or 1000 ms");
  }
  if (options.regimes.empty()) return Invalid("regimes", "", "a list of regimes");
  if (options.levels < kMarketLevelsMin || options.levels > kMarketLevelsMax) {
    return Invalid("levels", absl::StrCat(options.levels),
                   absl::StrCat("a number in [", kMarketLevelsMin, ", ", kMarketLevelsMax, "]"));
  }
  const std::size_t limit_max = options.market == Market::kSpot ? kSpotDepthMax : kFuturesDepthMax;
  if (options.snapshot_limit < 1 || options.snapshot_limit > limit_max) {
    return Invalid("snapshot-limit", absl::StrCat(options.snapshot_limit),
                   absl::StrCat("a number in [1, ", limit_max, "]"));
  }
  if (options.snapshot_every < 0) {
    return Invalid("snapshot-every", absl::StrCat(options.snapshot_every / kSecond),
                   "a number of seconds, 0 for never again");
  }
  return absl::OkStatus();
}

SyntheticMarket::SyntheticMarket(const MarketOptions& options) : options_(options) {
  const bool shared = options_.market != Market::kSpot;
  // Beyond 32 bits, as ids of real markets are.
  last_ids_.assign(shared ? 1 : options_.symbols.size(),
                   shared ? 5'000'000'000'000 : 50'000'000'000);
  std::vector<const MarketWriting*> writings;
  std::vector<std::string> streams;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options_.symbols.size(); ++i) {
    symbols_.push_back(std::make_unique<MarketSymbol>(options_, i, &last_ids_[shared ? 0 : i]));
    const MarketWriting& writing = symbols_.back()->writing();
    writings.push_back(&writing);
    streams.insert(streams.end(),
                   {writing.depth_stream, writing.ticker_stream, writing.trade_stream});
    names.push_back(absl::StrCat("\"", writing.symbol, "\""));
  }
  const std::string description = Describe(options_);
  preamble_.push_back(absl::StrCat(
      R"(#thalweg 1 {"run":"synthetic-)", absl::Hex(HashOf(description), absl::kZeroPad16),
      R"(","shard":0,"segment":0,"market":")", shared ? "usdm" : "spot", R"(","symbols":[)",
      absl::StrJoin(names, ","), R"(],"made_with":")", description, "\"}"));
  AppendExchangeInfoLine(writings, options_.start, &preamble_.emplace_back());
  preamble_.push_back(absl::StrCat("#conn 1 open wss://synthetic.invalid/stream?streams=",
                                   absl::StrJoin(streams, "/")));
}

SyntheticMarket::~SyntheticMarket() = default;

MarketLine SyntheticMarket::Next() {
  if (preamble_next_ < preamble_.size()) {
    return {ReceiveTime(options_.start.raw()), preamble_[preamble_next_++], 0, {}};
  }
  std::size_t earliest = 0;
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    MarketSymbol& symbol = *symbols_[i];
    while (symbol.next_line == symbol.lines().size()) symbol.Step();
    if (NextReceived(i) < NextReceived(earliest)) earliest = i;
  }
  MarketSymbol& symbol = *symbols_[earliest];
  const MarketSymbol::Line& line = symbol.lines()[symbol.next_line++];
  return {line.received, symbol.text(line), earliest, line.depth_end};
}

ReceiveTime SyntheticMarket::NextReceived(std::size_t symbol) const {
  return symbols_[symbol]->lines()[symbols_[symbol]->next_line].received;
}

const TrueBook& SyntheticMarket::book(std::size_t symbol) const { return symbols_[symbol]->book(); }

Price SyntheticMarket::tick(std::size_t symbol) const { return symbols_[symbol]->writing().tick; }

int SyntheticMarket::step_decimals(std::size_t symbol) const {
  return symbols_[symbol]->writing().step_decimals;
}

absl::Status SyntheticMarket::Change(std::size_t symbol, const MarketRules& rules) {
  const MarketRules present = symbols_[symbol]->next_rules();
  const std::int64_t tick = rules.tick.value_or(*present.tick).raw();
  const std::int64_t before = present.tick->raw();
  const std::int64_t price = options_.symbols[symbol].price.raw();
  if (tick <= 0 || (tick % before != 0 && before % tick != 0) || price / tick < kTicksOfPriceMin ||
      price / tick > kTicksOfPriceMax) {
    return Invalid(
        "tick", FormatDecimal(tick, kPriceDecimals),
        absl::StrCat("a multiple or a part of the present one, ",
                     FormatDecimal(before, kPriceDecimals), ", with ", kTicksOfPriceMin, " to ",
                     kTicksOfPriceMax, " of them in the price of ", options_.symbols[symbol].name));
  }
  symbols_[symbol]->Change(rules);
  return absl::OkStatus();
}

void SyntheticMarket::Halt(std::size_t symbol, EventTime until) {
  symbols_[symbol]->Halt(until - options_.start);
}

absl::Status SyntheticMarket::Relist(std::size_t symbol, std::int64_t first) {
  if (options_.market != Market::kSpot) {
    return absl::InvalidArgumentError("a listing anew is of the spot market: futures share ids");
  }
  symbols_[symbol]->Relist(first);
  return absl::OkStatus();
}

}  // namespace thalweg
