#include "tools/exchange/symbol_tape.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

constexpr std::int64_t kOne = 100'000'000;
// 2024-02-28 23:59:58 UTC, two days before the end of a leap February.
constexpr std::int64_t kStart = 1'709'164'798 * kSecond;

Trade Fill(std::int64_t id, Nanos at, std::int64_t price, std::int64_t qty,
           Aggressor aggressor = Aggressor::kBuyer) {
  Trade trade;
  trade.id = TradeId(id);
  trade.price = Price(price * kOne);
  trade.qty = Qty(qty * kOne);
  trade.trade_time = EventTime(kStart + at);
  trade.event_time = trade.trade_time;
  trade.aggressor = aggressor;
  return trade;
}

EventTime At(Nanos at) { return EventTime(kStart + at); }

TEST(KlineIntervalTest, BordersAreThoseOfTheCalendar) {
  const auto open = [](const char* name, std::int64_t seconds, Nanos zone = 0) {
    return KlineInterval::Parse(name)->Open(EventTime(seconds * kSecond), zone).raw() / kSecond;
  };
  const std::int64_t thursday = 1'709'208'000;  // 2024-02-29 12:00 UTC
  EXPECT_EQ(open("1s", thursday + 7), thursday + 7);
  EXPECT_EQ(open("1m", thursday + 67), thursday + 60);
  EXPECT_EQ(open("1d", thursday), 1'709'164'800);
  EXPECT_EQ(open("1w", thursday), 1'708'905'600);  // Monday the 26th
  EXPECT_EQ(open("1M", thursday), 1'706'745'600);  // The 1st
  EXPECT_EQ(open("1d", thursday, 14 * kHour), 1'709'208'000 - 2 * 3'600);
  const auto month = KlineInterval::Parse("1M");
  EXPECT_EQ(month->Next(EventTime(1'706'745'600 * kSecond), 0).raw() / kSecond, 1'709'251'200);
  EXPECT_FALSE(KlineInterval::Parse("2m").has_value());
  EXPECT_FALSE(KlineInterval::Parse("1min").has_value());
}

TEST(SymbolTapeTest, ACandleHoldsWhatItsTradesSay) {
  SymbolTape tape;
  tape.AddTrade(Fill(1, 0, 100, 2));
  tape.AddTrade(Fill(2, kSecond / 2, 103, 1, Aggressor::kSeller));
  tape.AddTrade(Fill(3, kSecond - 1, 99, 4));
  const auto candles = tape.Candles(*KlineInterval::Parse("1s"), 0, EventTime(0), At(kHour),
                                    At(kSecond / 2), 10, true);
  ASSERT_EQ(candles.size(), 1u);
  const Candle& candle = candles.front();
  EXPECT_EQ(candle.open_time, At(0));
  EXPECT_EQ(candle.open, Price(100 * kOne));
  EXPECT_EQ(candle.high, Price(103 * kOne));
  EXPECT_EQ(candle.low, Price(99 * kOne));
  EXPECT_EQ(candle.close, Price(99 * kOne));
  EXPECT_EQ(FormatWide(candle.volume, 8), "7.00000000");
  EXPECT_EQ(FormatWide(candle.quote_volume, 16), "699.0000000000000000");
  EXPECT_EQ(FormatWide(candle.taker_buy_volume, 8), "6.00000000");
  EXPECT_EQ(FormatWide(candle.taker_buy_quote_volume, 16), "596.0000000000000000");
  EXPECT_EQ(candle.trade_count, 3);
  EXPECT_EQ(candle.first_trade, TradeId(1));
  EXPECT_EQ(candle.last_trade, TradeId(3));
}

TEST(SymbolTapeTest, SecondsWithoutTradesRepeatTheCloseBefore) {
  SymbolTape tape;
  tape.AddTrade(Fill(1, 0, 100, 1));
  tape.AddTrade(Fill(2, 3 * kSecond, 105, 1));
  const auto candles = tape.Candles(*KlineInterval::Parse("1s"), 0, EventTime(0), At(kHour),
                                    At(5 * kSecond), 10, true);
  ASSERT_EQ(candles.size(), 6u);
  EXPECT_EQ(candles[1].open, Price(100 * kOne));
  EXPECT_EQ(candles[2].trade_count, 0);
  EXPECT_EQ(candles[2].first_trade, TradeId(-1));
  EXPECT_EQ(candles[3].open, Price(105 * kOne));
  EXPECT_EQ(candles[5].close, Price(105 * kOne));
}

TEST(SymbolTapeTest, TheWindowSaysWhichCandlesAreTold) {
  SymbolTape tape;
  for (int i = 0; i < 10; ++i) tape.AddTrade(Fill(i, i * kSecond, 100 + i, 1));
  const auto opens = [&](EventTime from, EventTime until, std::size_t limit, bool newest) {
    std::vector<std::int64_t> seconds;
    for (const Candle& candle : tape.Candles(*KlineInterval::Parse("1s"), 0, from, until,
                                             At(9 * kSecond), limit, newest)) {
      seconds.push_back((candle.open_time.raw() - kStart) / kSecond);
    }
    return seconds;
  };
  using Seconds = std::vector<std::int64_t>;
  EXPECT_EQ(opens(EventTime(0), At(kHour), 3, true), (Seconds{7, 8, 9}));
  EXPECT_EQ(opens(At(2 * kSecond), At(kHour), 3, false), (Seconds{2, 3, 4}));
  EXPECT_EQ(opens(EventTime(0), At(5 * kSecond), 3, true), (Seconds{3, 4, 5}));
  EXPECT_EQ(opens(At(1), At(2 * kSecond), 9, false), (Seconds{1, 2}));
}

TEST(SymbolTapeTest, ACandleThatLostItsBeginningIsNotTold) {
  SymbolTape tape;
  const int count = static_cast<int>(kSecondsKept) + 30;
  for (int i = 0; i < count; ++i) tape.AddTrade(Fill(i, i * kSecond, 100, 1));
  const auto candles = tape.Candles(*KlineInterval::Parse("1m"), 0, EventTime(0),
                                    At(30 * 24 * kHour), At((count - 1) * kSecond), 10'000, true);
  ASSERT_FALSE(candles.empty());
  EXPECT_EQ(candles.front().trade_count, 60);
}

TEST(SymbolTapeTest, FillsOfOneTakerOrderAtOnePriceAreOneAggregate) {
  SymbolTape tape;
  tape.AddTrade(Fill(1, 0, 100, 1));
  tape.AddTrade(Fill(2, 0, 100, 2));
  tape.AddTrade(Fill(3, 0, 101, 1));                      // Another price.
  tape.AddTrade(Fill(4, 0, 101, 1, Aggressor::kSeller));  // Another side.
  tape.AddTrade(Fill(5, kMillisecond, 101, 1, Aggressor::kSeller));
  tape.AddTrade(Fill(7, kMillisecond, 101, 1, Aggressor::kSeller));  // One is missing between.
  const auto& aggregates = tape.aggregates(At(kMillisecond));
  ASSERT_EQ(aggregates.size(), 4u);  // The last one may still get fills.
  EXPECT_EQ(aggregates[0].first, TradeId(1));
  EXPECT_EQ(aggregates[0].last, TradeId(2));
  EXPECT_EQ(aggregates[0].fills.qty, Qty(3 * kOne));
  EXPECT_FALSE(aggregates[0].fills.buyer_is_maker);
  EXPECT_TRUE(aggregates[2].fills.buyer_is_maker);
  for (std::size_t i = 1; i < aggregates.size(); ++i) {
    EXPECT_EQ(aggregates[i].fills.id, aggregates[i - 1].fills.id + 1);
  }
  EXPECT_EQ(tape.aggregates(At(kSecond)).size(), 5u);
}

TEST(SymbolTapeTest, AggregatesOfTheFeedTakeThePlaceOfOwnOnesAndCountOnce) {
  SymbolTape tape;
  tape.AddTrade(Fill(1, 0, 100, 1));
  tape.AddAggregate(Fill(900, 0, 100, 1), TradeId(1), TradeId(1));
  tape.AddTrade(Fill(2, kSecond, 100, 1));
  ASSERT_EQ(tape.aggregates(At(kHour)).size(), 1u);
  EXPECT_EQ(tape.aggregates(At(kHour)).front().fills.id, TradeId(900));
  const auto candles =
      tape.Candles(*KlineInterval::Parse("1s"), 0, EventTime(0), At(kHour), At(kSecond), 10, true);
  EXPECT_EQ(candles.at(0).trade_count, 1);
}

TEST(SymbolTapeTest, MemoryIsBounded) {
  SymbolTape tape;
  for (std::int64_t i = 0; i < 3 * static_cast<std::int64_t>(kTradesKept); ++i) {
    tape.AddTrade(Fill(i, i * kMillisecond, 100 + i % 2, 1));
  }
  EXPECT_EQ(tape.trades().size(), kTradesKept);
  EXPECT_EQ(tape.aggregates(At(kHour)).size(), kTradesKept);
}

TEST(FormatWideTest, EveryDigitIsThere) {
  EXPECT_EQ(FormatWide(0, 8), "0.00000000");
  EXPECT_EQ(FormatWide(5, 8), "0.00000005");
  EXPECT_EQ(FormatWide(Wide{INT64_MAX} * 10, 8), "922337203685.47758070");
  EXPECT_EQ(FormatWide(42, 0), "42");
}

}  // namespace
}  // namespace thalweg
