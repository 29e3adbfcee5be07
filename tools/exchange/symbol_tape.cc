#include "tools/exchange/symbol_tape.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace thalweg {
namespace {

constexpr Nanos kTapeMinute = 60 * kSecond;
constexpr Nanos kTapeDay = 24 * kHour;
// Monday, the 5th of January 1970.
constexpr Nanos kFirstMonday = 4 * kTapeDay;
// Fills of one time may come this much apart.
constexpr Nanos kAggregateOpen = 50 * kMillisecond;
// Ids of aggregates that are made here begin beyond 32 bits, as those of the exchange do.
constexpr std::int64_t kFirstAggregateId = 5'000'000'000;

struct NamedInterval {
  std::string_view name;
  Nanos length;
};
constexpr std::array<NamedInterval, 16> kIntervals{{{"1s", kSecond},
                                                    {"1m", kTapeMinute},
                                                    {"3m", 3 * kTapeMinute},
                                                    {"5m", 5 * kTapeMinute},
                                                    {"15m", 15 * kTapeMinute},
                                                    {"30m", 30 * kTapeMinute},
                                                    {"1h", kHour},
                                                    {"2h", 2 * kHour},
                                                    {"4h", 4 * kHour},
                                                    {"6h", 6 * kHour},
                                                    {"8h", 8 * kHour},
                                                    {"12h", 12 * kHour},
                                                    {"1d", kTapeDay},
                                                    {"3d", 3 * kTapeDay},
                                                    {"1w", 7 * kTapeDay},
                                                    {"1M", 0}}};

// The first moment of the month that is `months` after that of `time`.
Nanos MonthBorder(Nanos time, int months) {
  using std::chrono::days;
  using std::chrono::sys_days;
  const sys_days day{days(time / kTapeDay)};
  const std::chrono::year_month_day date(day);
  const std::chrono::year_month month = date.year() / date.month() + std::chrono::months(months);
  return Nanos{sys_days(month / 1).time_since_epoch().count()} * kTapeDay;
}

void Merge(const Candle& second, Candle* candle) {
  if (candle->trade_count == 0) {
    candle->open = candle->high = candle->low = second.open;
    candle->first_trade = second.first_trade;
  }
  candle->high = std::max(candle->high, second.high);
  candle->low = std::min(candle->low, second.low);
  candle->close = second.close;
  candle->volume += second.volume;
  candle->quote_volume += second.quote_volume;
  candle->taker_buy_volume += second.taker_buy_volume;
  candle->taker_buy_quote_volume += second.taker_buy_quote_volume;
  candle->trade_count += second.trade_count;
  candle->last_trade = second.last_trade;
}

Candle Flat(EventTime open, Price price) {
  Candle candle;
  candle.open_time = open;
  candle.open = candle.high = candle.low = candle.close = price;
  return candle;
}

TapeTrade ToTape(const Trade& trade) {
  return {trade.id, trade.price, trade.qty, trade.trade_time,
          trade.aggressor == Aggressor::kSeller};
}

template <class Kept>
void Append(const Kept& item, std::size_t kept, std::deque<Kept>* items) {
  items->push_back(item);
  if (items->size() > kept) items->pop_front();
}

}  // namespace

std::optional<KlineInterval> KlineInterval::Parse(std::string_view name) {
  for (const NamedInterval& named : kIntervals) {
    if (named.name != name) continue;
    KlineInterval interval;
    interval.length_ = named.length;
    interval.anchor_ = named.name == "1w" ? kFirstMonday : 0;
    return interval;
  }
  return std::nullopt;
}

EventTime KlineInterval::Open(EventTime time, Nanos offset) const {
  const Nanos local = time.raw() + offset;
  if (length_ == 0) return EventTime(MonthBorder(local, 0) - offset);
  return EventTime(local - (local - anchor_) % length_ - offset);
}

EventTime KlineInterval::Next(EventTime open, Nanos offset) const {
  if (length_ != 0) return open + length_;
  return EventTime(MonthBorder(open.raw() + offset, 1) - offset);
}

void SymbolTape::AddTrade(const Trade& trade) {
  const TapeTrade fill = ToTape(trade);
  has_trades_ = true;
  Append(fill, kTradesKept, &trades_);
  AddFill(fill, fill.id, fill.id);
  if (has_own_aggregates_) return;
  if (open_aggregate_ && open_aggregate_->fills.time == fill.time &&
      open_aggregate_->fills.price == fill.price &&
      open_aggregate_->fills.buyer_is_maker == fill.buyer_is_maker &&
      open_aggregate_->last + 1 == fill.id &&
      open_aggregate_->fills.qty.raw() <= kQtyCap.raw() - fill.qty.raw()) {
    open_aggregate_->fills.qty = open_aggregate_->fills.qty + fill.qty.raw();
    open_aggregate_->last = fill.id;
    return;
  }
  CloseAggregate();
  open_aggregate_ = TapeAggregate{fill, fill.id, fill.id};
  open_aggregate_->fills.id = TradeId(kFirstAggregateId + aggregate_count_++);
}

void SymbolTape::AddAggregate(const Trade& trade, TradeId first, TradeId last) {
  if (!has_own_aggregates_) {
    has_own_aggregates_ = true;
    aggregates_.clear();
    open_aggregate_.reset();
  }
  const TapeTrade fills = ToTape(trade);
  Append(TapeAggregate{fills, first, last}, kTradesKept, &aggregates_);
  // A feed that has both counts each fill once.
  if (!has_trades_) AddFill(fills, first, last);
}

void SymbolTape::AddFill(const TapeTrade& trade, TradeId first, TradeId last) {
  last_price_ = trade.price;
  const EventTime open(trade.time.raw() - trade.time.raw() % kSecond);
  // Trades come in the order of their times; one that does not joins the newest second.
  if (seconds_.empty() || open > seconds_.back().open_time) {
    if (seconds_.size() == kSecondsKept) {
      seconds_.pop_front();
      forgot_seconds_ = true;
    }
    seconds_.push_back(Flat(open, trade.price));
  }
  Candle fill = Flat(open, trade.price);
  fill.volume = trade.qty.raw();
  fill.quote_volume = Wide{trade.price.raw()} * trade.qty.raw();
  if (!trade.buyer_is_maker) {
    fill.taker_buy_volume = fill.volume;
    fill.taker_buy_quote_volume = fill.quote_volume;
  }
  fill.trade_count = last.raw() - first.raw() + 1;
  fill.first_trade = first;
  fill.last_trade = last;
  Merge(fill, &seconds_.back());
}

void SymbolTape::CloseAggregate() {
  if (!open_aggregate_) return;
  Append(*open_aggregate_, kTradesKept, &aggregates_);
  open_aggregate_.reset();
}

const std::deque<TapeAggregate>& SymbolTape::aggregates(EventTime now) {
  if (open_aggregate_ && open_aggregate_->fills.time + kAggregateOpen < now) CloseAggregate();
  return aggregates_;
}

std::vector<Candle> SymbolTape::Candles(const KlineInterval& interval, Nanos offset, EventTime from,
                                        EventTime until, EventTime now, std::size_t limit,
                                        bool newest) const {
  std::vector<Candle> candles;
  if (seconds_.empty()) return candles;
  EventTime open = interval.Open(seconds_.front().open_time, offset);
  if (forgot_seconds_ && open < seconds_.front().open_time) open = interval.Next(open, offset);
  auto second = std::lower_bound(
      seconds_.begin(), seconds_.end(), open,
      [](const Candle& candle, EventTime time) { return candle.open_time < time; });
  Price close = second == seconds_.begin() ? seconds_.front().open : std::prev(second)->close;
  std::deque<Candle> kept;
  const EventTime last = std::min(until, std::max(now, seconds_.back().open_time));
  for (; open <= last; open = interval.Next(open, offset)) {
    const EventTime end = interval.Next(open, offset);
    Candle candle = Flat(open, close);
    for (; second != seconds_.end() && second->open_time < end; ++second) Merge(*second, &candle);
    close = candle.close;
    if (open < from) continue;
    kept.push_back(candle);
    if (kept.size() <= limit) continue;
    if (!newest) {
      kept.pop_back();
      break;
    }
    kept.pop_front();
  }
  candles.assign(kept.begin(), kept.end());
  return candles;
}

Candle SymbolTape::Since(EventTime from) const {
  Candle candle = Flat(from, last_price_.value_or(Price(0)));
  for (const Candle& second : seconds_) {
    if (second.open_time >= from) Merge(second, &candle);
  }
  return candle;
}

std::string FormatWide(Wide value, int decimals) {
  std::string reversed;
  for (int place = 0; value != 0 || place <= decimals; ++place) {
    if (place == decimals && decimals > 0) reversed.push_back('.');
    reversed.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  }
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace thalweg
