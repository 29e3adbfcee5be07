// A small deterministic market of one symbol that makes frames as text: true ids, books, tickers
// and trades, spot or futures numbering.
//
// Prices are in cents, quantities in thousandths. The market moves with Move(); a depth frame tells
// what changed since the one before; a ticker tells the touch of the moment under the newest id.
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

// The same numbers on every platform.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  // In [0, count).
  std::int64_t Roll(std::int64_t count) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(count));
  }
  bool OneIn(std::int64_t count) { return Roll(count) == 0; }

 private:
  std::mt19937_64 engine_;
};

class FeedBuilder {
 public:
  static constexpr std::int64_t kFirstMs = 1'732'154'400'000;

  enum class Numbering { kSpot, kFutures };
  FeedBuilder(std::string symbol, Numbering numbering, std::uint64_t seed, int levels = 30);

  // So many changes of the book, each with an id of its own. The book never crosses.
  void Move(int changes);
  void Pass(std::int64_t milliseconds) { now_ms_ += milliseconds; }
  // Everything that stands between these prices and the touch leaves the book.
  void EmptySide(bool bid);
  // A new numbering that begins low; the book stays.
  void RestartIds();

  // Frames of the present time.
  std::string Depth();
  [[nodiscard]] std::string Ticker() const;
  std::string Trade();
  // A REST answer: the best `limit` levels a side, as of the newest id.
  [[nodiscard]] std::string Snapshot(std::size_t limit = 1'000) const;
  [[nodiscard]] std::string Rest(std::size_t limit = 1'000) const;

  // Parts, for frames made by hand.
  [[nodiscard]] std::string Frame(std::string_view stream_type, std::string_view data) const;
  [[nodiscard]] std::string DepthOf(std::int64_t first, std::int64_t last, std::string_view bids,
                                    std::string_view asks) const;
  [[nodiscard]] std::string TickerOf(std::int64_t id, std::string_view bid,
                                     std::string_view bid_qty, std::string_view ask,
                                     std::string_view ask_qty) const;
  [[nodiscard]] std::string TradeOf(std::int64_t id, std::string_view price,
                                    std::string_view qty) const;
  void SkipTradeIds(std::int64_t count) { trade_id_ += count; }
  // The next depth frame begins after `id`: for frames made by hand that the market agrees with.
  void SetId(std::int64_t id);

  [[nodiscard]] const std::string& symbol() const noexcept { return symbol_; }
  [[nodiscard]] std::int64_t id() const noexcept { return id_; }
  [[nodiscard]] std::int64_t told_id() const noexcept { return told_id_; }
  [[nodiscard]] std::int64_t trade_id() const noexcept { return trade_id_; }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
  void set_now_ms(std::int64_t now_ms) noexcept { now_ms_ = now_ms; }

 private:
  using Bids = std::map<std::int64_t, std::int64_t, std::greater<>>;
  using Asks = std::map<std::int64_t, std::int64_t>;

  void SetLevel(bool bid, std::int64_t cents, std::int64_t qty);
  [[nodiscard]] std::string FuturesTimes() const;

  const std::string symbol_;
  std::string stream_;
  const bool futures_;
  Dice dice_;
  Bids bids_;
  Asks asks_;
  std::map<std::int64_t, std::int64_t> changed_bids_;  // Since the last depth frame.
  std::map<std::int64_t, std::int64_t> changed_asks_;
  std::int64_t now_ms_ = kFirstMs;
  std::int64_t id_ = 5'000'000'000;  // Beyond 32 bits.
  std::int64_t told_id_ = 5'000'000'000;
  std::int64_t trade_id_ = 700;
};

[[nodiscard]] std::string CentsText(std::int64_t cents);
[[nodiscard]] std::string ThousandthsText(std::int64_t thousandths);

}  // namespace thalweg
