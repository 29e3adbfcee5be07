#include "replay/market_frames.h"

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/decimal.h"

namespace thalweg {
namespace {

void AppendNumber(std::int64_t number, std::string* out) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out->append(text.data(), end);
}

// `value` of 10^-decimals with `places` decimals. REQUIRES: places >= decimals, or the rest is 0.
void AppendDecimal(std::int64_t value, int decimals, int places, std::string* out) {
  const std::int64_t one = PowerOfTen(decimals);
  AppendNumber(value / one, out);
  if (places == 0) return;
  out->push_back('.');
  std::int64_t rest = value % one;
  for (int place = 0; place < places; ++place) {
    rest *= 10;
    out->push_back(static_cast<char>('0' + rest / one));
    rest %= one;
  }
}

void AppendPrice(const MarketWriting& writing, Ticks price, std::string* out) {
  AppendDecimal(price.raw() * writing.tick.raw(), kPriceDecimals, writing.price_places, out);
}

void AppendQty(const MarketWriting& writing, Qty qty, std::string* out) {
  AppendDecimal(qty.raw(), writing.step_decimals, writing.qty_places, out);
}

void AppendMilliseconds(EventTime time, std::string* out) {
  AppendNumber(time.raw() / kMillisecond, out);
}

void AppendLevel(const MarketWriting& writing, const MarketLevel& level, std::string* out) {
  out->append("[\"");
  AppendPrice(writing, level.price, out);
  out->append("\",\"");
  AppendQty(writing, level.qty, out);
  out->append("\"],");
}

// Levels are given best first.
void AppendLevels(const MarketWriting& writing, const std::vector<MarketLevel>& levels,
                  bool reversed, std::string* out) {
  out->push_back('[');
  if (reversed) {
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
      AppendLevel(writing, *level, out);
    }
  } else {
    for (const MarketLevel& level : levels) AppendLevel(writing, level, out);
  }
  if (levels.empty()) {
    out->push_back(']');
  } else {
    out->back() = ']';
  }
}

void AppendSide(const MarketWriting& writing, const TrueBook& book, Side side, std::size_t limit,
                std::string* out) {
  std::vector<MarketLevel> levels;
  for (const auto& [key, qty] : book.levels(side)) {
    if (levels.size() == limit) break;
    levels.push_back({TrueBook::Price(side, key), Qty(qty)});
  }
  AppendLevels(writing, levels, false, out);
}

void OpenEnvelope(const std::string& stream, std::string* out) {
  out->append(R"({"stream":")").append(stream).append(R"(","data":{)");
}

void AppendSymbol(const MarketWriting& writing, std::string* out) {
  out->append(R"(,"s":")").append(writing.symbol).push_back('"');
}

bool IsFutures(const MarketWriting& writing) { return writing.market != Market::kSpot; }

}  // namespace

MarketWriting::MarketWriting(std::string symbol_name, Market market_kind, thalweg::Price tick_size,
                             int step_decimal_count, Nanos depth_interval)
    : symbol(std::move(symbol_name)),
      market(market_kind),
      tick(tick_size),
      step_decimals(step_decimal_count),
      price_places(kPriceDecimals),
      qty_places(kQtyDecimalsMax) {
  if (market != Market::kSpot) {
    price_places = SignificantDecimals(FormatEightDecimals(tick.raw(), kPriceDecimals));
    qty_places = step_decimals;
  }
  const std::string lower = absl::AsciiStrToLower(symbol);
  depth_stream = lower + "@depth";
  // Without a speed in its name a stream comes once a second.
  if (depth_interval != kSecond) {
    absl::StrAppend(&depth_stream, "@", depth_interval / kMillisecond, "ms");
  }
  ticker_stream = lower + "@bookTicker";
  trade_stream = lower + "@trade";
}

void AppendDepth(const MarketWriting& writing, const MarketDepth& depth, std::string* out) {
  const bool futures = IsFutures(writing);
  OpenEnvelope(writing.depth_stream, out);
  out->append(R"("e":"depthUpdate","E":)");
  AppendMilliseconds(depth.time, out);
  if (futures) {
    out->append(R"(,"T":)");
    AppendMilliseconds(depth.time, out);
  }
  AppendSymbol(writing, out);
  out->append(R"(,"U":)");
  AppendNumber(depth.first.raw(), out);
  out->append(R"(,"u":)");
  AppendNumber(depth.last.raw(), out);
  if (futures) {
    out->append(R"(,"pu":)");
    AppendNumber(depth.previous.raw(), out);
  }
  out->append(R"(,"b":)");
  AppendLevels(writing, depth.bids, futures, out);
  out->append(R"(,"a":)");
  AppendLevels(writing, depth.asks, false, out);
  out->append("}}");
}

void AppendTicker(const MarketWriting& writing, UpdateId id, const MarketLevel& bid,
                  const MarketLevel& ask, EventTime time, std::string* out) {
  OpenEnvelope(writing.ticker_stream, out);
  if (IsFutures(writing)) out->append(R"("e":"bookTicker",)");
  out->append(R"("u":)");
  AppendNumber(id.raw(), out);
  AppendSymbol(writing, out);
  out->append(R"(,"b":")");
  AppendPrice(writing, bid.price, out);
  out->append(R"(","B":")");
  AppendQty(writing, bid.qty, out);
  out->append(R"(","a":")");
  AppendPrice(writing, ask.price, out);
  out->append(R"(","A":")");
  AppendQty(writing, ask.qty, out);
  out->push_back('"');
  if (IsFutures(writing)) {
    out->append(R"(,"T":)");
    AppendMilliseconds(time, out);
    out->append(R"(,"E":)");
    AppendMilliseconds(time, out);
  }
  out->append("}}");
}

void AppendTrade(const MarketWriting& writing, const MarketTrade& trade, std::string* out) {
  OpenEnvelope(writing.trade_stream, out);
  out->append(R"("e":"trade","E":)");
  AppendMilliseconds(trade.time + kMillisecond, out);  // Sent a moment after it was matched.
  AppendSymbol(writing, out);
  out->append(R"(,"t":)");
  AppendNumber(trade.id.raw(), out);
  out->append(R"(,"p":")");
  AppendPrice(writing, trade.price, out);
  out->append(R"(","q":")");
  AppendQty(writing, trade.qty, out);
  out->append(R"(","T":)");
  AppendMilliseconds(trade.time, out);
  out->append(R"(,"m":)");
  out->append(trade.aggressor == Aggressor::kSeller ? "true" : "false");
  out->append(IsFutures(writing) ? R"(,"X":"MARKET"}})" : R"(,"M":true}})");
}

void AppendSnapshotLine(const MarketWriting& writing, const TrueBook& book, std::size_t limit,
                        EventTime time, std::string* out) {
  out->append("#rest GET ");
  out->append(IsFutures(writing) ? "/fapi/v1/depth?symbol=" : "/api/v3/depth?symbol=");
  out->append(writing.symbol).append("&limit=");
  AppendNumber(static_cast<std::int64_t>(limit), out);
  out->append(R"( {"lastUpdateId":)");
  AppendNumber(book.id().raw(), out);
  if (IsFutures(writing)) {
    out->append(R"(,"E":)");
    AppendMilliseconds(time, out);
    out->append(R"(,"T":)");
    AppendMilliseconds(time, out);
  }
  out->append(R"(,"bids":)");
  AppendSide(writing, book, Side::kBid, limit, out);
  out->append(R"(,"asks":)");
  AppendSide(writing, book, Side::kAsk, limit, out);
  out->push_back('}');
}

void AppendExchangeInfoLine(const std::vector<const MarketWriting*>& writings, EventTime time,
                            std::string* out) {
  out->append("#rest GET ");
  out->append(IsFutures(*writings.front()) ? "/fapi/v1/exchangeInfo" : "/api/v3/exchangeInfo");
  out->append(R"( {"timezone":"UTC","serverTime":)");
  AppendMilliseconds(time, out);
  out->append(R"(,"symbols":[)");
  for (const MarketWriting* const writing : writings) {
    out->append(R"({"symbol":")").append(writing->symbol);
    out->append(R"(","status":"TRADING","baseAssetPrecision":8)");
    out->append(R"(,"filters":[{"filterType":"PRICE_FILTER","tickSize":")");
    AppendPrice(*writing, Ticks(1), out);
    out->append(R"("},{"filterType":"LOT_SIZE","stepSize":")");
    AppendQty(*writing, Qty(1), out);
    out->append(R"("}]},)");
  }
  out->back() = ']';
  out->push_back('}');
}

}  // namespace thalweg
