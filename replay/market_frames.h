// What a synthetic exchange sends, as text: the stream payloads and REST answers of Binance spot
// and USD-M futures, in the combined form.
//
// Spot pads every number to eight decimals and lists bids from the best down, asks from the best
// up; futures pad to the decimals of tick and step, list both sides by rising price, and add `pu`,
// `T` and, in bookTicker, `e` and `E`. Threads: pure functions over their arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.h"
#include "core/units.h"
#include "pipeline/engine_options.h"
#include "replay/true_book.h"

namespace thalweg {

// One symbol's way of writing. Prices are in ticks, quantities in steps.
struct MarketWriting {
  MarketWriting(std::string symbol_name, Market market_kind, thalweg::Price tick_size,
                int step_decimal_count, Nanos depth_interval);

  std::string symbol;
  Market market;
  thalweg::Price tick;
  int step_decimals;
  int price_places;
  int qty_places;
  std::string depth_stream;
  std::string ticker_stream;
  std::string trade_stream;
};

// A level of a depth event; quantity 0: none any more.
struct MarketLevel {
  Ticks price;
  Qty qty;
};

struct MarketDepth {
  UpdateId first;
  UpdateId last;
  UpdateId previous;
  EventTime time;
  std::vector<MarketLevel> bids;  // Best first.
  std::vector<MarketLevel> asks;
};

struct MarketTrade {
  TradeId id;
  Ticks price;
  Qty qty;
  EventTime time;
  Aggressor aggressor = Aggressor::kBuyer;
};

// Each appends one payload. Times are written in milliseconds.
void AppendDepth(const MarketWriting& writing, const MarketDepth& depth, std::string* out);
// An absent side is written as price and quantity 0.
void AppendTicker(const MarketWriting& writing, UpdateId id, const MarketLevel& bid,
                  const MarketLevel& ask, EventTime time, std::string* out);
void AppendTrade(const MarketWriting& writing, const MarketTrade& trade, std::string* out);
// The lines of REST answers, "#rest GET <target> <body>": the best `limit` levels of each side, and
// the rules of all symbols.
void AppendSnapshotLine(const MarketWriting& writing, const TrueBook& book, std::size_t limit,
                        EventTime time, std::string* out);
void AppendExchangeInfoLine(const std::vector<const MarketWriting*>& writings, EventTime time,
                            std::string* out);

}  // namespace thalweg
