#include "tools/exchange/exchange_feed.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "replay/json_path.h"

namespace thalweg {
namespace {

// Of a symbol's name the part behind its base asset; the longest that fits counts.
constexpr std::array<std::string_view, 12> kQuoteAssets{
    {"FDUSD", "USDT", "USDC", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "USD"}};

TradeId IdField(std::string_view body, const JsonPath& path) {
  const std::string_view text = path.Find(body);
  std::int64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return TradeId(id);
}

std::string Padded(std::int64_t units, int decimals, int places) {
  std::string text = FormatEightDecimals(units, decimals);
  text.resize(text.size() - static_cast<std::size_t>(kPriceDecimals - places));
  if (places == 0) text.pop_back();
  return text;
}

std::string PriceText(const BookScale& scale, Ticks price) {
  return Padded(price.raw() * scale.tick.raw(), kPriceDecimals, scale.price_places);
}
std::string QtyText(const BookScale& scale, std::int64_t qty) {
  return Padded(qty, scale.qty_decimals, scale.qty_places);
}

void AppendSide(const ExchangeBook& from, Side side, std::size_t limit, std::string* out) {
  out->push_back('[');
  std::size_t count = 0;
  for (const auto& [key, qty] : from.book.levels(side)) {
    if (count == limit) break;
    absl::StrAppend(out, count++ == 0 ? "" : ",", "[\"",
                    PriceText(from.scale, TrueBook::Price(side, key)), "\",\"",
                    QtyText(from.scale, qty), "\"]");
  }
  out->push_back(']');
}

}  // namespace

namespace {

absl::Status AsRecorded() {
  return absl::UnimplementedError("a recording is played as it is; take the seeded market");
}

}  // namespace

absl::Status ExchangeFeed::Change(std::string_view, const MarketRules&) { return AsRecorded(); }
absl::Status ExchangeFeed::Halt(std::string_view, Nanos) { return AsRecorded(); }
absl::Status ExchangeFeed::Relist(std::string_view, std::int64_t) { return AsRecorded(); }

void FeedReader::Read(std::string_view text, int qty_decimals, FeedFrame* frame,
                      std::optional<DepthDiff>* diff) {
  static const JsonPath& first_fill = *new JsonPath(*JsonPath::Parse("f"));
  static const JsonPath& last_fill = *new JsonPath(*JsonPath::Parse("l"));
  *frame = FeedFrame{};
  diff->reset();
  const FrameHead head = NameFrame(text);
  frame->text = text;
  frame->kind = head.kind;
  frame->symbol = head.symbol.empty() ? absl::AsciiStrToUpper(Abseil(head.stream_symbol))
                                      : std::string(head.symbol);
  switch (head.kind) {
    case FrameKind::kDepth: {
      DepthDiff decoded;
      if (decoder_.DecodeDepth(head, qty_decimals, &decoded) != DecodeVerdict::kOk) return;
      frame->first = decoded.first;
      frame->last = decoded.last;
      *diff = decoded;
      return;
    }
    case FrameKind::kBookTicker: {
      BookTicker ticker;
      if (decoder_.DecodeBookTicker(head, kQtyDecimalsMax, &ticker) != DecodeVerdict::kOk) return;
      frame->first = frame->last = ticker.id;
      frame->ticker = ticker;
      return;
    }
    case FrameKind::kTrade:
    case FrameKind::kAggTrade: {
      Trade trade;
      if (decoder_.DecodeTrade(head, kQtyDecimalsMax, &trade) != DecodeVerdict::kOk) return;
      frame->trade = trade;
      if (head.kind == FrameKind::kAggTrade) {
        frame->first_fill = IdField(head.body, first_fill);
        frame->last_fill = IdField(head.body, last_fill);
      }
      return;
    }
    default:
      return;
  }
}

std::string MadeRules(std::string_view symbol, Price tick, Price step, Market market) {
  std::string_view quote;
  for (const std::string_view candidate : kQuoteAssets) {
    if (symbol.size() > candidate.size() && symbol.ends_with(candidate)) {
      quote = candidate;
      break;
    }
  }
  const std::string_view base = symbol.substr(0, symbol.size() - quote.size());
  const std::string tick_text = FormatEightDecimals(tick.raw(), kPriceDecimals);
  const std::string step_text = FormatEightDecimals(step.raw(), kPriceDecimals);
  std::string json = absl::StrCat(R"({"symbol":")", Abseil(symbol), R"(",)");
  if (market != Market::kSpot) {
    absl::StrAppend(&json, R"("pair":")", Abseil(symbol), R"(","contractType":"PERPETUAL",)");
  }
  absl::StrAppend(&json, R"("status":"TRADING","baseAsset":")", Abseil(base),
                  R"(","baseAssetPrecision":8,"quoteAsset":")", Abseil(quote),
                  R"(","quotePrecision":8,"quoteAssetPrecision":8,)");
  if (market == Market::kSpot) {
    absl::StrAppend(
        &json,
        R"("baseCommissionPrecision":8,"quoteCommissionPrecision":8,"orderTypes":["LIMIT",)"
        R"("LIMIT_MAKER","MARKET"],"icebergAllowed":true,"ocoAllowed":true,"otoAllowed":true,)"
        R"("quoteOrderQtyMarketAllowed":true,"allowTrailingStop":true,"cancelReplaceAllowed":true,)"
        R"("amendAllowed":true,"isSpotTradingAllowed":true,"isMarginTradingAllowed":false,)");
  }
  absl::StrAppend(
      &json, R"("filters":[{"filterType":"PRICE_FILTER","minPrice":")", tick_text,
      R"(","maxPrice":"1000000.00000000","tickSize":")", tick_text,
      R"("},{"filterType":"LOT_SIZE","minQty":")", step_text,
      R"(","maxQty":"9000000.00000000","stepSize":")", step_text,
      R"("},{"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,)"
      R"("maxNotional":"9000000.00000000","applyMaxToMarket":false,"avgPriceMins":5}],)"
      R"("permissions":[],"permissionSets":[["SPOT"]],"defaultSelfTradePreventionMode":"NONE",)"
      R"("allowedSelfTradePreventionModes":["NONE"]})");
  return json;
}

std::string DepthAnswer(const ExchangeBook& book, Market market, std::size_t limit, EventTime time,
                        std::int64_t id_shift) {
  std::string json = absl::StrCat(R"({"lastUpdateId":)",
                                  std::max<std::int64_t>(book.book.id().raw() - id_shift, 0));
  if (market != Market::kSpot) {
    const std::int64_t ms = time.raw() / kMillisecond;
    absl::StrAppend(&json, R"(,"E":)", ms, R"(,"T":)", ms);
  }
  absl::StrAppend(&json, R"(,"bids":)");
  AppendSide(book, Side::kBid, limit, &json);
  absl::StrAppend(&json, R"(,"asks":)");
  AppendSide(book, Side::kAsk, limit, &json);
  json.push_back('}');
  return json;
}

std::string BookText(const ExchangeBook& from, std::size_t limit) {
  std::string text;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    std::size_t left = limit;
    for (const auto& [key, qty] : from.book.levels(side)) {
      if (left-- == 0) break;
      absl::StrAppend(&text, side == Side::kBid ? "b " : "a ",
                      FormatEightDecimals(TrueBook::Price(side, key).raw() * from.scale.tick.raw(),
                                          kPriceDecimals),
                      " ", FormatEightDecimals(qty, from.scale.qty_decimals), "\n");
    }
  }
  return text;
}

}  // namespace thalweg
