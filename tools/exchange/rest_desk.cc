#include "tools/exchange/rest_desk.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "feeds/decode/rest_target.h"
#include "replay/json_path.h"
#include "simdjson.h"

namespace thalweg {
namespace {

enum class Call : std::uint8_t {
  kPing,
  kTime,
  kExchangeInfo,
  kDepth,
  kTrades,
  kAggTrades,
  kKlines,
  kAvgPrice,
  kPrice,
  kBookTicker,
  kDayTicker,
};

constexpr std::int64_t kItemsDefault = 500;
constexpr std::int64_t kItemsMax = 1'000;
constexpr std::int64_t kFuturesKlinesMax = 1'500;
constexpr std::int64_t kAvgPriceMinutes = 5;
constexpr std::array<std::int64_t, 7> kFuturesDepthLimits{{5, 10, 20, 50, 100, 500, 1'000}};
// Own answers, which no exchange has: outside of every limit.
constexpr std::string_view kOwnPrefix = "/thalweg/";

// Times of parameters are ms or us, told apart by their size.
constexpr std::int64_t kMicrosecondsFrom = 100'000'000'000'000;

std::int64_t UnixTime(EventTime time, bool microseconds) {
  return time.raw() / (microseconds ? kMicrosecond : kMillisecond);
}

std::string_view StatusOf(std::string_view rules) {
  static const JsonPath& path = *new JsonPath(*JsonPath::Parse("status"));
  static const JsonPath& contract = *new JsonPath(*JsonPath::Parse("contractStatus"));
  const std::string_view status = path.Find(rules);
  return status.empty() ? contract.Find(rules) : status;
}

HttpAnswer BadParameter(std::string_view name) {
  return ErrorAnswer(400, -1102,
                     absl::StrCat("Mandatory parameter '", Abseil(name),
                                  "' was not sent, was empty/null, or malformed."));
}
HttpAnswer InvalidData(std::string_view name) {
  return ErrorAnswer(400, -1130,
                     absl::StrCat("Data sent for parameter '", Abseil(name), "' is not valid."));
}
HttpAnswer InvalidSymbol() { return ErrorAnswer(400, -1121, "Invalid symbol."); }

HttpAnswer Json(std::string body) {
  HttpAnswer answer;
  answer.body = std::move(body);
  return answer;
}

std::string RateLimitText(std::string_view kind, Nanos window, std::int64_t limit) {
  const StatedWindow stated = StatedWindowOf(window);
  return absl::StrCat(R"({"rateLimitType":")", Abseil(kind), R"(","interval":")",
                      Abseil(stated.interval), R"(","intervalNum":)", stated.count, R"(,"limit":)",
                      limit, "}");
}

// The offset of "5", "-1" or "+05:30"; nothing when it is not in [-12:00, +14:00].
std::optional<Nanos> ParseTimeZone(absl::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) text.remove_prefix(1);
  const std::vector<absl::string_view> words = absl::StrSplit(text, ':');
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (words.size() > 2 || !absl::SimpleAtoi(words[0], &hours) || hours < 0 || hours > 14 ||
      (words.size() == 2 &&
       (!absl::SimpleAtoi(words[1], &minutes) || minutes < 0 || minutes > 59))) {
    return std::nullopt;
  }
  const Nanos offset = (hours * 60 + minutes) * kMinute * (negative ? -1 : 1);
  if (offset < -12 * kHour || offset > 14 * kHour) return std::nullopt;
  return offset;
}

}  // namespace

struct RestDesk::Endpoint {
  std::string_view name;
  Call call;
  std::string_view parameters;  // '!' behind a mandatory one.
  std::int64_t weight;          // Of spot; 0: it depends on the parameters.
  std::int64_t futures_weight;
};

struct RestDesk::Query {
  std::map<std::string, std::string> parameters;
  std::vector<const ListedSymbol*> symbols;  // Named by symbol or symbols.
  bool is_one = false;                       // By `symbol`.
  std::int64_t limit = kItemsDefault;
  std::optional<std::int64_t> from_id;
  std::optional<EventTime> from;
  std::optional<EventTime> until;
  std::optional<KlineInterval> interval;
  Nanos zone = 0;
  bool microseconds = false;
  EventTime now;

  [[nodiscard]] bool Has(const std::string& name) const { return parameters.count(name) != 0; }
};

HttpAnswer ErrorAnswer(int status, int code, std::string_view message) {
  HttpAnswer answer =
      Json(absl::StrCat(R"({"code":)", code, R"(,"msg":")", Abseil(message), R"("})"));
  answer.status = status;
  return answer;
}

RestDesk::RestDesk(const Venue& venue, ExchangeFeed& feed, SymbolTapes& tapes,
                   const Listing& listing)
    : venue_(venue), feed_(feed), tapes_(tapes), listing_(listing) {
  for (const ListedSymbol& symbol : feed_.symbols()) listed_[symbol.name] = &symbol;
}

const RestDesk::Endpoint* RestDesk::Find(std::string_view path) const {
  static constexpr std::array<Endpoint, 13> kEndpoints{{
      {"ping", Call::kPing, "", 1, 1},
      {"time", Call::kTime, "", 1, 1},
      {"exchangeInfo", Call::kExchangeInfo,
       "symbol,symbols,permissions,showPermissionSets,symbolStatus", 20, 1},
      {"depth", Call::kDepth, "symbol!,limit,symbolStatus", 0, 0},
      {"trades", Call::kTrades, "symbol!,limit", 25, 5},
      {"historicalTrades", Call::kTrades, "symbol!,limit,fromId", 25, 20},
      {"aggTrades", Call::kAggTrades, "symbol!,fromId,startTime,endTime,limit", 4, 20},
      {"klines", Call::kKlines, "symbol!,interval!,startTime,endTime,timeZone,limit", 2, 0},
      {"uiKlines", Call::kKlines, "symbol!,interval!,startTime,endTime,timeZone,limit", 2, 0},
      {"avgPrice", Call::kAvgPrice, "symbol!", 2, 2},
      {"ticker/price", Call::kPrice, "symbol,symbols,symbolStatus", 0, 0},
      {"ticker/bookTicker", Call::kBookTicker, "symbol,symbols,symbolStatus", 0, 0},
      {"ticker/24hr", Call::kDayTicker, "symbol,symbols,symbolStatus,type", 0, 0},
  }};
  if (!path.starts_with(venue_.rest_prefix)) return nullptr;
  const std::string_view name = path.substr(venue_.rest_prefix.size());
  for (const Endpoint& endpoint : kEndpoints) {
    if (endpoint.name == name) return &endpoint;
  }
  return nullptr;
}

const ListedSymbol* RestDesk::Listed(std::string_view name) const {
  const auto symbol = listed_.find(name);
  return symbol == listed_.end() || !listing_.IsListed(name) ? nullptr : symbol->second;
}

bool RestDesk::HasStatus(const ListedSymbol& symbol, std::string_view status) const {
  return StatusOf(listing_.WithStatus(symbol.name, symbol.rules)) == status;
}

SymbolTape& RestDesk::TapeOf(std::string_view symbol) {
  const auto tape = tapes_.find(symbol);
  return tape != tapes_.end() ? tape->second : tapes_[std::string(symbol)];
}

std::int64_t RestDesk::Weight(const HttpQuestion& question) const {
  const std::string_view target = question.target;
  if (target.starts_with(kOwnPrefix)) return 0;
  const Endpoint* const endpoint = Find(target.substr(0, target.find('?')));
  if (endpoint == nullptr) return 1;
  const bool spot = venue_.market == Market::kSpot;
  const std::int64_t fixed = spot ? endpoint->weight : endpoint->futures_weight;
  if (fixed != 0) return fixed;
  if (endpoint->call == Call::kDepth) {
    return DepthWeight(venue_.market, static_cast<std::int64_t>(ParseRestTarget(target).limit));
  }
  if (endpoint->call == Call::kKlines) {
    std::int64_t limit = kItemsDefault;
    if (!absl::SimpleAtoi(QueryParameter(target, "limit").value_or(""), &limit)) {
      limit = kItemsDefault;
    }
    if (limit < 100) return 1;
    if (limit < 500) return 2;
    return limit <= 1'000 ? 5 : 10;
  }
  const bool one = QueryParameter(target, "symbol").has_value();
  if (endpoint->call == Call::kDayTicker) {
    if (!spot) return one ? 1 : 40;
    // By how many are named: none is all of them.
    const std::string symbols = PercentDecoded(QueryParameter(target, "symbols").value_or(""));
    const auto commas = std::count(symbols.begin(), symbols.end(), ',');
    if (one || (!symbols.empty() && commas < 20)) return 2;
    return symbols.empty() || commas >= 100 ? 80 : 40;
  }
  if (spot) return one ? 2 : 4;
  if (endpoint->call == Call::kPrice) return one ? 1 : 2;
  return one ? 2 : 5;
}

// Reads and checks the parameters; an answer of status 200 means that they are good.
HttpAnswer RestDesk::Check(const Endpoint& endpoint, const HttpQuestion& question,
                           Query* query) const {
  const std::vector<absl::string_view> allowed =
      absl::StrSplit(Abseil(endpoint.parameters), ',', absl::SkipEmpty());
  const std::string_view target = question.target;
  const std::size_t mark = target.find('?');
  const std::string_view text = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  std::size_t sent = 0;
  for (const absl::string_view pair : absl::StrSplit(Abseil(text), '&', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    const std::string name = PercentDecoded(Standard(words[0]));
    ++sent;
    const bool known = std::any_of(
        allowed.begin(), allowed.end(),
        [&](absl::string_view candidate) { return absl::StripSuffix(candidate, "!") == name; });
    if (!known) continue;
    const std::string value = words.size() == 2 ? PercentDecoded(Standard(words[1])) : "";
    if (value.empty()) {
      return ErrorAnswer(400, -1105, absl::StrCat("Parameter '", name, "' was empty."));
    }
    query->parameters[name] = value;
  }
  if (sent > query->parameters.size()) {
    return ErrorAnswer(400, -1101,
                       absl::StrCat("Too many parameters; expected '", query->parameters.size(),
                                    "' and received '", sent, "'."));
  }
  for (const absl::string_view name : allowed) {
    const absl::string_view plain = absl::StripSuffix(name, "!");
    if (plain != name && !query->Has(std::string(plain))) return BadParameter(Standard(plain));
  }

  for (const auto& [name, value] : query->parameters) {
    if (name != "limit" && name != "fromId" && name != "startTime" && name != "endTime") continue;
    std::int64_t number = 0;
    const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) {
      return ErrorAnswer(400, -1100,
                         absl::StrCat("Illegal characters found in parameter '", name,
                                      "'; legal range is '^[0-9]{1,20}$'."));
    }
    if (!absl::SimpleAtoi(value, &number)) return InvalidData(name);
    if (name == "limit") {
      if (number < 1) return InvalidData(name);
      query->limit = number;
    } else if (name == "fromId") {
      query->from_id = number;
    } else {
      const Nanos unit = number >= kMicrosecondsFrom ? kMicrosecond : kMillisecond;
      if (number > kTimeMax / unit) return InvalidData(name);
      (name == "startTime" ? query->from : query->until) = EventTime(number * unit);
    }
  }
  if (query->from && query->until && *query->from > *query->until) {
    return ErrorAnswer(400, -1130, "Data sent for parameter 'startTime' is not valid.");
  }
  if (query->Has("symbol") && query->Has("symbols")) {
    return ErrorAnswer(400, -1128,
                       "Combination of optional parameters invalid. Recommendation: 'symbol' or "
                       "'symbols'");
  }
  if (query->from_id && (query->from || query->until)) {
    return ErrorAnswer(400, -1128,
                       "Combination of optional parameters invalid. Recommendation: '', 'fromId', "
                       "'startTime', 'startTime,endTime'");
  }

  std::vector<std::string> names;
  if (query->Has("symbol")) {
    query->is_one = true;
    names.push_back(query->parameters["symbol"]);
  } else if (query->Has("symbols")) {
    simdjson::dom::parser parser;
    simdjson::dom::array array;
    const simdjson::padded_string json(query->parameters["symbols"]);
    if (parser.parse(json).get(array) != simdjson::SUCCESS || array.size() == 0) {
      return ErrorAnswer(400, -1100,
                         "Illegal characters found in parameter 'symbols'; legal range "
                         "is an array of symbols.");
    }
    for (const simdjson::dom::element element : array) {
      std::string_view name;
      if (element.get(name) != simdjson::SUCCESS) return InvalidSymbol();
      names.emplace_back(name);
    }
  }
  for (const std::string& name : names) {
    const bool legal = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                         return absl::ascii_isupper(static_cast<unsigned char>(c)) ||
                                absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-' ||
                                c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
                       });
    if (!legal) {
      return ErrorAnswer(400, -1100,
                         "Illegal characters found in parameter 'symbol'; legal range is "
                         "'^[A-Z0-9-_.]{1,20}$'.");
    }
    const ListedSymbol* const symbol = Listed(name);
    if (symbol == nullptr) return InvalidSymbol();
    query->symbols.push_back(symbol);
  }

  if (query->Has("symbolStatus")) {
    static constexpr std::array<std::string_view, 5> kStatuses{
        {"TRADING", "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY"}};
    const std::string& wanted = query->parameters["symbolStatus"];
    if (std::find(kStatuses.begin(), kStatuses.end(), wanted) == kStatuses.end()) {
      return ErrorAnswer(400, -1122, "Invalid symbolStatus.");
    }
    if (endpoint.call == Call::kExchangeInfo && !names.empty()) {
      return ErrorAnswer(400, -1128,
                         "Combination of optional parameters invalid. Recommendation: "
                         "'symbolStatus' without 'symbol' and 'symbols'");
    }
    for (const ListedSymbol* const symbol : query->symbols) {
      if (!HasStatus(*symbol, wanted)) {
        return ErrorAnswer(400, -1220,
                           "The symbol's status does not match the requested "
                           "symbolStatus.");
      }
    }
  }
  if (query->Has("interval")) {
    query->interval = KlineInterval::Parse(query->parameters["interval"]);
    if (!query->interval) return ErrorAnswer(400, -1120, "Invalid interval.");
  }
  if (query->Has("timeZone")) {
    const std::optional<Nanos> zone = ParseTimeZone(query->parameters["timeZone"]);
    if (!zone) return InvalidData("timeZone");
    query->zone = *zone;
  }
  query->microseconds = question.microseconds;
  return {};
}

RestDesk::Depth RestDesk::AsDepth(const HttpQuestion& question) const {
  const std::string_view target = question.target;
  const Endpoint* const endpoint = Find(target.substr(0, target.find('?')));
  Query query;
  if (question.method != "GET" || endpoint == nullptr || endpoint->call != Call::kDepth ||
      Check(*endpoint, question, &query).status != 200) {
    return {};
  }
  return {query.symbols.front()->name, ParseRestTarget(target).limit};
}

HttpAnswer RestDesk::AnswerDepth(const Depth& depth, EventTime now, std::int64_t ids_ago,
                                 std::int64_t id_shift) {
  std::optional<ExchangeBook> book = feed_.BookAt(depth.symbol, std::nullopt);
  if (book && ids_ago > 0) {
    book = feed_.BookAt(depth.symbol,
                        UpdateId(std::max<std::int64_t>(book->book.id().raw() - ids_ago, 0)));
  }
  if (!book) {
    return ErrorAnswer(503, -1001, "Internal error; the book is not known at this instant.");
  }
  return Json(DepthAnswer(*book, venue_.market, depth.limit, now, id_shift));
}

HttpAnswer RestDesk::Answer(const HttpQuestion& question, EventTime now) {
  const std::string_view target = question.target;
  const std::string_view path = target.substr(0, target.find('?'));
  Query query;
  query.now = now;
  if (path == absl::StrCat(Abseil(kOwnPrefix), "book")) {
    for (const char* const name : {"symbol", "id", "limit"}) {
      if (const auto value = QueryParameter(target, name)) query.parameters[name] = *value;
    }
    return OwnBook(query);
  }
  const Endpoint* const endpoint = Find(path);
  if (endpoint == nullptr) {
    HttpAnswer answer;
    answer.status = 404;
    answer.content_type = "text/html";
    answer.body = "<html><body><h2>404 Not found</h2></body></html>";
    return answer;
  }
  if (question.method != "GET") {
    return ErrorAnswer(405, -1000, "Request method is not supported.");
  }
  HttpAnswer checked = Check(*endpoint, question, &query);
  if (checked.status != 200) return checked;
  switch (endpoint->call) {
    case Call::kPing:
      return Json("{}");
    case Call::kTime:
      return Json(absl::StrCat(R"({"serverTime":)", UnixTime(now, query.microseconds), "}"));
    case Call::kExchangeInfo:
      return ExchangeInfo(query);
    case Call::kDepth: {
      const std::int64_t limit = query.limit;
      if (venue_.market != Market::kSpot && query.Has("limit") &&
          std::find(kFuturesDepthLimits.begin(), kFuturesDepthLimits.end(), limit) ==
              kFuturesDepthLimits.end()) {
        return ErrorAnswer(400, -4021, absl::StrCat("'", limit, "' is not a valid depth limit."));
      }
      return AnswerDepth({query.symbols.front()->name, ParseRestTarget(target).limit}, now, 0, 0);
    }
    case Call::kTrades:
      return Trades(query);
    case Call::kAggTrades:
      return AggTrades(query);
    case Call::kKlines:
      return Klines(query);
    case Call::kAvgPrice:
      return AvgPrice(query);
    case Call::kPrice:
      return PriceTicker(query);
    case Call::kDayTicker:
      return DayTicker(query);
    case Call::kBookTicker:
      return BookTicker(query);
  }
  return ErrorAnswer(500, -1001, "Internal error; unable to process your request.");
}

HttpAnswer RestDesk::ExchangeInfo(const Query& query) const {
  std::string json = absl::StrCat(
      R"({"timezone":"UTC","serverTime":)", UnixTime(query.now, query.microseconds),
      R"(,"rateLimits":[)",
      RateLimitText("REQUEST_WEIGHT", venue_.weight_window, venue_.weight_max), ",",
      RateLimitText("RAW_REQUESTS", venue_.raw_requests_window, venue_.raw_requests_max),
      R"(],"exchangeFilters":[],"symbols":[)");
  std::vector<const ListedSymbol*> wanted = query.symbols;
  if (wanted.empty()) {
    for (const ListedSymbol& symbol : feed_.symbols()) {
      const auto status = query.parameters.find("symbolStatus");
      if (!listing_.IsListed(symbol.name)) continue;
      if (status != query.parameters.end() && !HasStatus(symbol, status->second)) continue;
      wanted.push_back(&symbol);
    }
  }
  const auto append = [this](std::string* out, const ListedSymbol* symbol) {
    *out += listing_.WithStatus(symbol->name, symbol->rules);
  };
  absl::StrAppend(&json, absl::StrJoin(wanted, ",", append), "]}");
  return Json(std::move(json));
}

std::string RestDesk::PriceText(Price price) const {
  return venue_.market == Market::kSpot ? FormatEightDecimals(price.raw(), kPriceDecimals)
                                        : FormatDecimal(price.raw(), kPriceDecimals);
}

std::string RestDesk::QtyText(Qty qty) const {
  return venue_.market == Market::kSpot ? FormatEightDecimals(qty.raw(), kQtyDecimalsMax)
                                        : FormatDecimal(qty.raw(), kQtyDecimalsMax);
}

HttpAnswer RestDesk::Trades(const Query& query) {
  const auto& trades = TapeOf(query.symbols.front()->name).trades();
  const auto limit = static_cast<std::size_t>(std::min(query.limit, kItemsMax));
  auto first = trades.begin();
  if (query.from_id) {
    first = std::lower_bound(trades.begin(), trades.end(), TradeId(*query.from_id),
                             [](const TapeTrade& trade, TradeId id) { return trade.id < id; });
  } else if (trades.size() > limit) {
    first = trades.end() - static_cast<std::ptrdiff_t>(limit);
  }
  std::string json = "[";
  for (std::size_t count = 0; first != trades.end() && count < limit; ++first, ++count) {
    absl::StrAppend(
        &json, count == 0 ? "" : ",", R"({"id":)", first->id.raw(), R"(,"price":")",
        PriceText(first->price), R"(","qty":")", QtyText(first->qty), R"(","quoteQty":")",
        // Exact to 16 decimals, told with 8, as the exchange does.
        FormatWide(Wide{first->price.raw()} * first->qty.raw() / kPriceOne, kPriceDecimals),
        R"(","time":)", UnixTime(first->time, query.microseconds), R"(,"isBuyerMaker":)",
        first->buyer_is_maker ? "true" : "false",
        venue_.market == Market::kSpot ? R"(,"isBestMatch":true})" : "}");
  }
  json += "]";
  return Json(std::move(json));
}

HttpAnswer RestDesk::AggTrades(const Query& query) {
  const auto& aggregates = TapeOf(query.symbols.front()->name).aggregates(query.now);
  const auto limit = static_cast<std::size_t>(std::min(query.limit, kItemsMax));
  auto first = aggregates.begin();
  auto end = aggregates.end();
  const auto before = [](const TapeAggregate& aggregate, EventTime time) {
    return aggregate.fills.time < time;
  };
  if (query.from_id) {
    first = std::lower_bound(
        aggregates.begin(), aggregates.end(), TradeId(*query.from_id),
        [](const TapeAggregate& aggregate, TradeId id) { return aggregate.fills.id < id; });
  }
  // Bounds are whole ms (or us) and inclusive.
  const Nanos unit = query.microseconds ? kMicrosecond : kMillisecond;
  if (query.until) end = std::lower_bound(first, end, *query.until + unit, before);
  if (query.from) {
    first = std::lower_bound(first, end, *query.from, before);
  } else if (!query.from_id && static_cast<std::size_t>(end - first) > limit) {
    first = end - static_cast<std::ptrdiff_t>(limit);
  }
  std::string json = "[";
  for (std::size_t count = 0; first != end && count < limit; ++first, ++count) {
    absl::StrAppend(&json, count == 0 ? "" : ",", R"({"a":)", first->fills.id.raw(), R"(,"p":")",
                    PriceText(first->fills.price), R"(","q":")", QtyText(first->fills.qty),
                    R"(","f":)", first->first.raw(), R"(,"l":)", first->last.raw(), R"(,"T":)",
                    UnixTime(first->fills.time, query.microseconds), R"(,"m":)",
                    first->fills.buyer_is_maker ? "true" : "false",
                    venue_.market == Market::kSpot ? R"(,"M":true})" : "}");
  }
  json += "]";
  return Json(std::move(json));
}

HttpAnswer RestDesk::Klines(const Query& query) {
  const SymbolTape& tape = TapeOf(query.symbols.front()->name);
  const std::int64_t most = venue_.market == Market::kSpot ? kItemsMax : kFuturesKlinesMax;
  const std::vector<Candle> candles =
      tape.Candles(*query.interval, query.zone, query.from.value_or(EventTime(0)),
                   query.until.value_or(EventTime(kTimeMax)), query.now,
                   static_cast<std::size_t>(std::min(query.limit, most)), !query.from.has_value());
  const Nanos unit = query.microseconds ? kMicrosecond : kMillisecond;
  // 16 decimals are exact; 8 are told.
  const auto quote = [](Wide volume) { return FormatWide(volume / kPriceOne, kPriceDecimals); };
  std::string json = "[";
  for (const Candle& candle : candles) {
    const EventTime next = query.interval->Next(candle.open_time, query.zone);
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", "[",
                    UnixTime(candle.open_time, query.microseconds), ",\"", PriceText(candle.open),
                    "\",\"", PriceText(candle.high), "\",\"", PriceText(candle.low), "\",\"",
                    PriceText(candle.close), "\",\"", FormatWide(candle.volume, kQtyDecimalsMax),
                    "\",", next.raw() / unit - 1, ",\"", quote(candle.quote_volume), "\",",
                    candle.trade_count, ",\"", FormatWide(candle.taker_buy_volume, kQtyDecimalsMax),
                    "\",\"");
    absl::StrAppend(&json, quote(candle.taker_buy_quote_volume), "\",\"0\"]");
  }
  json += "]";
  return Json(std::move(json));
}

HttpAnswer RestDesk::AvgPrice(const Query& query) {
  const std::deque<TapeTrade>& trades = TapeOf(query.symbols.front()->name).trades();
  const EventTime from = query.now - kAvgPriceMinutes * kMinute;
  Wide notional = 0;
  Wide volume = 0;
  for (auto trade = trades.rbegin(); trade != trades.rend() && trade->time > from; ++trade) {
    notional += Wide{trade->price.raw()} * trade->qty.raw();
    volume += trade->qty.raw();
  }
  Wide price = 0;
  if (volume > 0) {
    price = notional / volume;
  } else if (!trades.empty()) {
    price = trades.back().price.raw();
  }
  const std::int64_t close = trades.empty() ? 0 : UnixTime(trades.back().time, query.microseconds);
  return Json(absl::StrCat(R"({"mins":)", kAvgPriceMinutes, R"(,"price":")",
                           FormatWide(price, kPriceDecimals), R"(","closeTime":)", close, "}"));
}

// One answer, or a list of them: for the symbols that were asked for, else for all. `make` leaves
// its text empty where a symbol has none.
HttpAnswer RestDesk::Tickers(
    const Query& query,
    const std::function<void(const ListedSymbol& symbol, std::string* json)>& make) const {
  std::vector<std::string> items;
  const auto add = [&](const ListedSymbol& symbol) {
    std::string json;
    make(symbol, &json);
    if (!json.empty()) items.push_back(std::move(json));
  };
  for (const ListedSymbol* const symbol : query.symbols) add(*symbol);
  if (query.symbols.empty()) {
    for (const ListedSymbol& symbol : feed_.symbols()) add(symbol);
  }
  if (query.is_one) return Json(items.front());
  return Json(absl::StrCat("[", absl::StrJoin(items, ","), "]"));
}

HttpAnswer RestDesk::PriceTicker(const Query& query) {
  return Tickers(query, [&](const ListedSymbol& symbol, std::string* json) {
    const std::optional<Price> price = TapeOf(symbol.name).last_price();
    // A symbol that has not traded has no price: of one that was asked for 0 is told.
    if (!price && query.symbols.empty()) return;
    *json = absl::StrCat(R"({"symbol":")", symbol.name, R"(","price":")",
                         PriceText(price.value_or(Price(0))), R"("})");
  });
}

std::optional<RestDesk::Touch> RestDesk::TouchOf(const std::string& symbol) {
  const auto tape = tapes_.find(symbol);
  if (tape != tapes_.end() && tape->second.ticker()) {
    return Touch{tape->second.ticker()->bid, tape->second.ticker()->ask};
  }
  // Nothing was told of its quotes: they are those of the book.
  const auto book = feed_.BookAt(symbol, std::nullopt);
  if (!book) return std::nullopt;
  const auto best = [&](Side side) {
    const TrueBook::Levels& levels = book->book.levels(side);
    if (levels.empty()) return Level{};
    const auto [key, qty] = *levels.begin();
    return Level{Price(TrueBook::Price(side, key).raw() * book->scale.tick.raw()),
                 Qty(qty * PowerOfTen(kQtyDecimalsMax - book->scale.qty_decimals))};
  };
  return Touch{best(Side::kBid), best(Side::kAsk)};
}

HttpAnswer RestDesk::BookTicker(const Query& query) {
  return Tickers(query, [&](const ListedSymbol& symbol, std::string* json) {
    const std::optional<Touch> known = TouchOf(symbol.name);
    if (!known && query.symbols.empty()) return;
    const Touch touch = known.value_or(Touch());
    *json = absl::StrCat(R"({"symbol":")", symbol.name, R"(","bidPrice":")",
                         PriceText(touch.bid.price), R"(","bidQty":")", QtyText(touch.bid.qty),
                         R"(","askPrice":")", PriceText(touch.ask.price), R"(","askQty":")",
                         QtyText(touch.ask.qty), R"("})");
  });
}

// Of the 24 hours that end now, as far as they were told.
HttpAnswer RestDesk::DayTicker(const Query& query) {
  const auto type = query.parameters.find("type");
  const bool is_mini = type != query.parameters.end() && type->second == "MINI";
  if (type != query.parameters.end() && !is_mini && type->second != "FULL") {
    return InvalidData("type");
  }
  const auto quote = [](Wide volume) { return FormatWide(volume / kPriceOne, kPriceDecimals); };
  const auto signed_text = [](Wide value, int decimals) {
    return absl::StrCat(value < 0 ? "-" : "", FormatWide(value < 0 ? -value : value, decimals));
  };
  return Tickers(query, [&](const ListedSymbol& symbol, std::string* json) {
    const SymbolTape& tape = TapeOf(symbol.name);
    if (!tape.last_price() && query.symbols.empty()) return;
    const EventTime from = query.now - 24 * kHour;
    const Candle day = tape.Since(from);
    *json = absl::StrCat(R"({"symbol":")", symbol.name, "\"");
    const auto text = [json](std::string_view name, std::string_view value) {
      absl::StrAppend(json, ",\"", Abseil(name), "\":\"", Abseil(value), "\"");
    };
    if (!is_mini) {
      const Wide change = Wide{day.close.raw()} - day.open.raw();
      const Wide open = std::max<Wide>(day.open.raw(), 1);
      text("priceChange", signed_text(change, kPriceDecimals));
      text("priceChangePercent", signed_text(change * 100'000 / open, 3));
      text("weightedAvgPrice",
           FormatWide(day.volume > 0 ? day.quote_volume / day.volume : 0, kPriceDecimals));
      text("lastQty", QtyText(tape.trades().empty() ? Qty(0) : tape.trades().back().qty));
    }
    if (!is_mini && venue_.market == Market::kSpot) {
      const Touch touch = TouchOf(symbol.name).value_or(Touch());
      text("prevClosePrice", PriceText(day.open));
      text("bidPrice", PriceText(touch.bid.price));
      text("bidQty", QtyText(touch.bid.qty));
      text("askPrice", PriceText(touch.ask.price));
      text("askQty", QtyText(touch.ask.qty));
    }
    text("openPrice", PriceText(day.open));
    text("highPrice", PriceText(day.high));
    text("lowPrice", PriceText(day.low));
    text("lastPrice", PriceText(day.close));
    text("volume", FormatWide(day.volume, kQtyDecimalsMax));
    text("quoteVolume", quote(day.quote_volume));
    absl::StrAppend(json, ",\"openTime\":", UnixTime(from, query.microseconds),
                    ",\"closeTime\":", UnixTime(query.now, query.microseconds),
                    ",\"firstId\":", day.first_trade.raw(), ",\"lastId\":", day.last_trade.raw(),
                    ",\"count\":", day.trade_count, "}");
  });
}

HttpAnswer RestDesk::OwnBook(const Query& query) {
  HttpAnswer answer;
  answer.content_type = "text/plain";
  const auto symbol = query.parameters.find("symbol");
  std::optional<UpdateId> id;
  if (symbol != query.parameters.end()) id = feed_.BookId(symbol->second);
  if (const auto asked = query.parameters.find("id"); id && asked != query.parameters.end()) {
    std::int64_t number = 0;
    // An id to come is no id.
    if (!absl::SimpleAtoi(asked->second, &number) || UpdateId(number) > *id) {
      id.reset();
    } else {
      id = UpdateId(number);
    }
  }
  const std::optional<ExchangeBook> book =
      id ? feed_.BookAt(symbol->second, id) : std::optional<ExchangeBook>();
  if (!book) {
    answer.status = 404;
    answer.body = "no book of that symbol at that id is known\n";
    return answer;
  }
  answer.headers.emplace_back("X-Update-Id", absl::StrCat(id->raw()));
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  const auto asked = query.parameters.find("limit");
  if (asked != query.parameters.end() && !absl::SimpleAtoi(asked->second, &limit)) {
    answer.status = 400;
    answer.body = "limit is no number\n";
    return answer;
  }
  answer.body = BookText(*book, limit);
  return answer;
}

}  // namespace thalweg
