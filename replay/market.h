// A synthetic exchange: seeded order flow of one or several symbols, and the feed that it would
// send.
//
// Each symbol owns a true book. Its depth stream batches many update ids into one event, skips
// quiet intervals and names levels by what they are at the end of the interval; bookTicker comes at
// each change of the touch, trades in fills of one taker order, depth snapshots with a limit and an
// answer that comes later than it was made. docs/MARKET.md says how near that is to a real feed.
// Synthetic and never advice: no strategy can be judged on it.
//
// The same options give the same bytes from every compiler: integers alone. No end: the caller
// stops. Memory does not grow with time. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "pipeline/engine_options.h"
#include "replay/true_book.h"

namespace thalweg {

// How a market behaves for a while.
enum class Regime : std::uint8_t {
  kCalm,      // The shape of a real feed on an ordinary evening.
  kBurst,     // One second in five with many times the messages and trades.
  kTrend,     // The price goes up, step by step.
  kCrash,     // It falls for half of the span, the spread opens, then it recovers.
  kThin,      // A dozen levels a side, far apart, few messages.
  kOneSided,  // As thin; now and then all bids, or all asks, are gone for a while.
};
[[nodiscard]] std::string_view RegimeName(Regime regime) noexcept;

struct RegimeSpan {
  Regime regime = Regime::kCalm;
  Nanos length = 0;
};
// "calm:60,crash:10": names with seconds; a single name needs none.
// InvalidArgument with the part that is wrong and what is allowed.
[[nodiscard]] absl::StatusOr<std::vector<RegimeSpan>> ParseRegimes(std::string_view text);

struct MarketSymbolOptions {
  std::string name;
  std::int64_t activity_percent = 100;  // Of BTCUSDT's messages.
  Price tick{1'000'000};                // 0.01
  int step_decimals = 5;
  Price price{6'180'000'000'000};  // 61,800.00: where it begins.
};
// "ETHUSDT" or "ETHUSDT:40" (activity in percent, 1 to 1000). Tick, step and price are those of
// that time for some well-known symbols, else BTCUSDT's.
[[nodiscard]] absl::StatusOr<MarketSymbolOptions> ParseMarketSymbol(std::string_view text);

inline constexpr std::size_t kMarketSymbolsMax = 500;
// Of a market's price, when its tick changes.
inline constexpr std::int64_t kTicksOfPriceMin = 1'000;
inline constexpr std::int64_t kTicksOfPriceMax = 1'000'000'000'000;
inline constexpr std::size_t kMarketLevelsMin = 100;
inline constexpr std::size_t kMarketLevelsMax = 100'000;

struct MarketOptions {
  std::uint64_t seed = 1;
  std::vector<MarketSymbolOptions> symbols;
  Market market = Market::kSpot;              // Spot or USD-M: ids and payloads.
  Nanos depth_interval = 100 * kMillisecond;  // 20, 100 or 1000 ms.
  // Levels a side that makers keep; a market left alone has some 12,000. Below the snapshot limit,
  // with some room, snapshots hold whole sides.
  std::size_t levels = kMarketLevelsMax;
  // Levels a side that snapshots hold: at most 5000 on spot, 1000 on futures.
  std::size_t snapshot_limit = 1'000;
  Nanos snapshot_every = 600 * kSecond;                     // After the first one; 0: never again.
  std::vector<RegimeSpan> regimes{{Regime::kCalm, kHour}};  // One after another, then again.
  EventTime start{1'767'225'600'000'000'000};               // 2026-01-01 00:00 UTC
};

// A line of a recording: the text after the receive time.
struct MarketLine {
  ReceiveTime received;
  std::string_view text;              // Lives until the next call of Next().
  std::size_t symbol = 0;             // Its position in the options; 0 too for lines of no symbol.
  std::optional<UpdateId> depth_end;  // Of a depth event: its last update id.
};

// What an exchange may change of a symbol while it trades; absent: as it is.
struct MarketRules {
  std::optional<Price> tick{};
  std::optional<int> step_decimals{};
};

class MarketSymbol;

class SyntheticMarket {
 public:
  // InvalidArgument with key, value and allowed range.
  [[nodiscard]] static absl::Status Validate(const MarketOptions& options);

  // REQUIRES: Validate(options) is OK.
  explicit SyntheticMarket(const MarketOptions& options);
  ~SyntheticMarket();

  // The next line: first `#thalweg`, exchangeInfo and `#conn`, then the feed, by receive time.
  [[nodiscard]] MarketLine Next();

  // The true book of a symbol, by its position in the options. It is ahead of the lines handed out
  // by up to one depth interval; At() and HashAt() answer for the ids that they name.
  [[nodiscard]] const TrueBook& book(std::size_t symbol) const;
  // The units of that book.
  [[nodiscard]] Price tick(std::size_t symbol) const;
  [[nodiscard]] int step_decimals(std::size_t symbol) const;

  // What happens to a symbol, from its next depth interval on. Symbols that are left alone make the
  // same lines as in a market where nothing happens.
  //
  // Other rules. Orders that a coarser tick or step does not allow are taken back first, in a depth
  // event. InvalidArgument: the one is no multiple of the other, or the price would have fewer than
  // kTicksOfPriceMin ticks or more than kTicksOfPriceMax.
  [[nodiscard]] absl::Status Change(std::size_t symbol, const MarketRules& rules);
  // Nobody trades, and nothing is sent, until then.
  void Halt(std::size_t symbol, EventTime until);
  // It is listed anew: another book, with update ids and trade ids that begin at `first`. The first
  // depth event tells the whole book. InvalidArgument: futures, whose symbols share their ids.
  [[nodiscard]] absl::Status Relist(std::size_t symbol, std::int64_t first);

 private:
  [[nodiscard]] ReceiveTime NextReceived(std::size_t symbol) const;

  const MarketOptions options_;
  std::vector<std::int64_t> last_ids_;  // Of each symbol on spot; futures share one sequence.
  std::vector<std::unique_ptr<MarketSymbol>> symbols_;
  std::vector<std::string> preamble_;
  std::size_t preamble_next_ = 0;
};

}  // namespace thalweg
