// Normalised events: what a decoder makes of a frame, whatever its wire format was.
//
// Prices are in 1e-8 of the quote currency, quantities in the unit that the caller of the decoder
// named, times in ns. Spans point into the decoder that made them and live until its next call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/units.h"

namespace thalweg {

// One level of a diff or a snapshot: the absolute quantity at a price; in a diff, zero removes it.
struct Level {
  Price price;
  Qty qty;
  friend bool operator==(const Level&, const Level&) = default;
};

// One depth update ("diff"): every level that changed in [first, last].
struct DepthDiff {
  UpdateId first;                             // U
  UpdateId last;                              // u
  std::optional<UpdateId> previous;           // pu: futures only
  EventTime event_time;                       // E
  std::optional<EventTime> transaction_time;  // T: futures only
  std::optional<int> market_segment;  // st: 1 USD-M, 2 COIN-M; absent on spot and in old feeds
  std::span<const Level> bids;
  std::span<const Level> asks;
};

// A whole picture of the book down to some level, best first.
struct DepthSnapshot {
  UpdateId last;  // lastUpdateId; -1 has been seen on an empty book
  std::span<const Level> bids;
  std::span<const Level> asks;
};

// The best quotes as the exchange sees them. A price or quantity of 0 means that the side is
// absent.
struct BookTicker {
  UpdateId id;  // u, of the same numbering as depth
  Level bid;
  Level ask;
  std::optional<EventTime> event_time;        // futures only
  std::optional<EventTime> transaction_time;  // futures only
};

// One fill (`trade`), or the fills of one taker order at one price (`aggTrade`).
struct Trade {
  TradeId id;  // t, or a
  Price price;
  Qty qty;
  EventTime trade_time;  // T
  EventTime event_time;  // E
  Aggressor aggressor = Aggressor::kBuyer;
  bool market = true;  // false: a futures fill that is no market order ("X" other than "MARKET")
};

// A candle of the kline stream, still forming unless `closed`.
struct Kline {
  EventTime event_time;
  EventTime open_time;
  EventTime close_time;
  TradeId first_trade;  // -1 in a candle without trades
  TradeId last_trade;
  Price open, high, low, close;
  Qty volume;
  Qty taker_buy_volume;
  Price quote_volume;            // 1e-8 of the quote currency
  Price taker_buy_quote_volume;  // likewise
  std::int64_t trade_count = 0;
  bool closed = false;
};

}  // namespace thalweg
