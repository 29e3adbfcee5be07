// What an exchange has told of one symbol so far: its last trades, the aggregates and candles that
// follow from them, and its best quotes. REST answers are made from it.
//
// Prices and quantities are in 1e-8, sums exact in 128 bits. Aggregates are those of the feed where
// it has them, else fills of one time, price and aggressor that follow each other. Bounds: the
// newest kTradesKept trades and aggregates and kSecondsKept seconds with a trade; older ones are
// forgotten, and a candle that began before the oldest second kept is not told. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.h"
#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kTradesKept = 20'000;
inline constexpr std::size_t kSecondsKept = 20'000;

struct TapeTrade {
  TradeId id;
  Price price;
  Qty qty;
  EventTime time;
  bool buyer_is_maker = false;
};

struct TapeAggregate {
  TapeTrade fills;  // With the aggregate's own id.
  TradeId first;
  TradeId last;
};

struct Candle {
  EventTime open_time;
  Price open, high, low, close;
  Wide volume = 0;        // 1e-8
  Wide quote_volume = 0;  // 1e-16
  Wide taker_buy_volume = 0;
  Wide taker_buy_quote_volume = 0;
  std::int64_t trade_count = 0;
  TradeId first_trade{-1};
  TradeId last_trade{-1};
};

// A candle's length by its name, "1s" to "1M".
class KlineInterval {
 public:
  [[nodiscard]] static std::optional<KlineInterval> Parse(std::string_view name);

  // The opening time of the candle that holds `time`, and that of the one after it. Times are UTC;
  // `offset` shifts the borders, as an exchange's time zone does.
  [[nodiscard]] EventTime Open(EventTime time, Nanos offset) const;
  [[nodiscard]] EventTime Next(EventTime open, Nanos offset) const;

 private:
  Nanos length_ = 0;  // 0: calendar months.
  Nanos anchor_ = 0;  // A border, since 1970.
};

class SymbolTape {
 public:
  void AddTrade(const Trade& trade);
  // A feed that has aggregates of its own.
  void AddAggregate(const Trade& trade, TradeId first, TradeId last);
  void SetTicker(const BookTicker& ticker) { ticker_ = ticker; }

  [[nodiscard]] const std::deque<TapeTrade>& trades() const noexcept { return trades_; }
  // The last one may still get fills of its own time; it is told once `now` is past that.
  [[nodiscard]] const std::deque<TapeAggregate>& aggregates(EventTime now);
  [[nodiscard]] const std::optional<BookTicker>& ticker() const noexcept { return ticker_; }
  [[nodiscard]] std::optional<Price> last_price() const noexcept { return last_price_; }

  // Candles from `from` to `until` (opening times, inclusive) up to the one that holds `now`;
  // those without a trade repeat the close before them. At most `limit`: the oldest ones, or the
  // newest.
  [[nodiscard]] std::vector<Candle> Candles(const KlineInterval& interval, Nanos offset,
                                            EventTime from, EventTime until, EventTime now,
                                            std::size_t limit, bool newest) const;
  // All that was traded in seconds that began at `from` or later, as one candle; without a trade in
  // them all its prices are the last one.
  [[nodiscard]] Candle Since(EventTime from) const;

 private:
  void AddFill(const TapeTrade& trade, TradeId first, TradeId last);
  void CloseAggregate();

  std::deque<TapeTrade> trades_;
  std::deque<TapeAggregate> aggregates_;
  std::optional<TapeAggregate> open_aggregate_;
  bool has_own_aggregates_ = false;
  bool has_trades_ = false;
  std::int64_t aggregate_count_ = 0;
  std::deque<Candle> seconds_;
  bool forgot_seconds_ = false;
  std::optional<BookTicker> ticker_;
  std::optional<Price> last_price_;
};

// Decimal text of `value` in units of 10^-decimals, with that many decimals.
[[nodiscard]] std::string FormatWide(Wide value, int decimals);

}  // namespace thalweg
