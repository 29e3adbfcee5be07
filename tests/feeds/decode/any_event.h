// The verdict and the event of any frame in one comparable form.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "core/events.h"
#include "core/verdict.h"
#include "feeds/decode/frame.h"

namespace thalweg {

// Every field of an event as a number, in the order of its declaration; optional fields as a flag
// and a number, sides as their size and levels.
using AnyEvent = std::vector<std::int64_t>;

struct Outcome {
  DecodeVerdict verdict = DecodeVerdict::kOk;
  AnyEvent event;           // empty unless kOk
  int finest_decimals = 0;  // of kQtyTooFine
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

template <class T>
void Append(const std::optional<T>& value, AnyEvent* event) {
  event->push_back(value.has_value());
  if constexpr (std::is_same_v<T, int>) {
    event->push_back(value.value_or(0));
  } else {
    event->push_back(value.value_or(T()).raw());
  }
}

inline void Append(std::span<const Level> side, AnyEvent* event) {
  event->push_back(static_cast<std::int64_t>(side.size()));
  for (const Level& level : side) {
    event->push_back(level.price.raw());
    event->push_back(level.qty.raw());
  }
}

inline AnyEvent Flatten(const DepthDiff& diff) {
  AnyEvent event{diff.first.raw(), diff.last.raw(), diff.event_time.raw()};
  Append(diff.previous, &event);
  Append(diff.transaction_time, &event);
  Append(diff.market_segment, &event);
  Append(diff.bids, &event);
  Append(diff.asks, &event);
  return event;
}

inline AnyEvent Flatten(const DepthSnapshot& snapshot) {
  AnyEvent event{snapshot.last.raw()};
  Append(snapshot.bids, &event);
  Append(snapshot.asks, &event);
  return event;
}

inline AnyEvent Flatten(const BookTicker& ticker) {
  AnyEvent event{ticker.id.raw(), ticker.bid.price.raw(), ticker.bid.qty.raw(),
                 ticker.ask.price.raw(), ticker.ask.qty.raw()};
  Append(ticker.event_time, &event);
  Append(ticker.transaction_time, &event);
  return event;
}

inline AnyEvent Flatten(const Trade& trade) {
  return {trade.id.raw(),
          trade.price.raw(),
          trade.qty.raw(),
          trade.trade_time.raw(),
          trade.event_time.raw(),
          static_cast<int>(trade.aggressor),
          trade.market};
}

inline AnyEvent Flatten(const Kline& kline) {
  return {kline.event_time.raw(),
          kline.open_time.raw(),
          kline.close_time.raw(),
          kline.first_trade.raw(),
          kline.last_trade.raw(),
          kline.open.raw(),
          kline.high.raw(),
          kline.low.raw(),
          kline.close.raw(),
          kline.volume.raw(),
          kline.taker_buy_volume.raw(),
          kline.quote_volume.raw(),
          kline.taker_buy_quote_volume.raw(),
          kline.trade_count,
          kline.closed};
}

// What `decoder` (a Decoder or a GeneralDecoder) makes of a frame; nothing for kinds without an
// event.
template <class AnyDecoder>
std::optional<Outcome> Decode(const FrameHead& head, int qty_decimals, AnyDecoder* decoder) {
  Outcome outcome;
  const auto take = [&](DecodeVerdict verdict, const auto& event) {
    outcome.verdict = verdict;
    if (verdict == DecodeVerdict::kOk) outcome.event = Flatten(event);
    if (verdict == DecodeVerdict::kQtyTooFine) {
      outcome.finest_decimals = decoder->finest_qty_decimals();
    }
    return outcome;
  };
  DepthDiff diff;
  BookTicker ticker;
  Trade trade;
  Kline kline;
  DepthSnapshot snapshot;
  switch (head.kind) {
    case FrameKind::kDepth:
      return take(decoder->DecodeDepth(head, qty_decimals, &diff), diff);
    case FrameKind::kBookTicker:
      return take(decoder->DecodeBookTicker(head, qty_decimals, &ticker), ticker);
    case FrameKind::kTrade:
    case FrameKind::kAggTrade:
      return take(decoder->DecodeTrade(head, qty_decimals, &trade), trade);
    case FrameKind::kKline:
      return take(decoder->DecodeKline(head, qty_decimals, &kline), kline);
    case FrameKind::kPartialDepth:
      return take(decoder->DecodePartialDepth(head, qty_decimals, &snapshot), snapshot);
    case FrameKind::kSnapshot:
      return take(decoder->DecodeSnapshot(head.body, qty_decimals, &snapshot), snapshot);
    default:
      return std::nullopt;
  }
}

}  // namespace thalweg
