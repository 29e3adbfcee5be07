// Every setting that changes the numbers an engine produces.
//
// The same options and the same input give the same records, bit for bit. Validated by
// ValidateOptions() (pipeline/engine.h) before an engine is made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "book/bucket_ladder.h"
#include "core/instrument.h"
#include "core/units.h"
#include "features/catalogue.h"

namespace thalweg {

enum class Market : std::uint8_t { kSpot, kUsdM, kCoinM };

// As options, recordings and schemas write it.
[[nodiscard]] constexpr std::string_view MarketWord(Market market) noexcept {
  switch (market) {
    case Market::kSpot:
      return "spot";
    case Market::kUsdM:
      return "usdm";
    case Market::kCoinM:
      return "coinm";
  }
  return "";
}
[[nodiscard]] constexpr std::optional<Market> MarketOfWord(std::string_view word) noexcept {
  for (const Market market : {Market::kSpot, Market::kUsdM, Market::kCoinM}) {
    if (MarketWord(market) == word) return market;
  }
  return std::nullopt;
}

// What a record does after a sequence gap, until the book is whole again.
enum class OnGap : std::uint8_t {
  kBlank,  // Book features are NaN, flagged BOOK_INVALID and RESYNCING.
  kServe,  // The old book goes on with every later event, flagged RESYNCING.
};

// The one stream that feeds the trade features; the other is ignored.
enum class TradeStream : std::uint8_t { kTrade, kAggTrade };

// Which messages make a record. It selects records and never changes their values.
struct EmitPolicy {
  bool depth = true;
  bool ticker = false;
  bool trade = false;
  Nanos interval = 0;  // > 0: timer records at its multiples on the event clock, and no others.

  static EmitPolicy All() { return {true, true, true, 0}; }
  static EmitPolicy None() { return {false, false, false, 0}; }
};
inline constexpr Nanos kEmitIntervalMin = 1 * kMillisecond;
inline constexpr Nanos kEmitIntervalMax = 60 * kSecond;

// Of the snapshots that a live book wishes in the background.
inline constexpr Nanos kAuditIntervalMin = 1 * kSecond;
inline constexpr Nanos kAuditIntervalMax = 168 * kHour;
inline constexpr Nanos kProgramAuditInterval = 600 * kSecond;  // What the program's commands take.

inline constexpr std::size_t kDefaultSnapshotLimit = 1'000;
inline constexpr std::size_t kDeepSnapshotLimit = 5'000;

struct EngineOptions {
  // Only these symbols, numbered in this order; empty: every symbol, in order of appearance.
  std::vector<std::string> symbols;
  std::optional<Market> market;              // Absent: told from the events of each symbol.
  std::vector<Instrument> instruments;       // From --instrument: outrank everything.
  std::vector<Instrument> file_instruments;  // From --exchange-info.
  // Bucket sizes in quote units, as text; a symbol's own list replaces the common one.
  std::vector<std::string> bucket_sizes = DefaultBucketSizes();
  std::map<std::string, std::vector<std::string>> symbol_bucket_sizes;
  BucketRounding bucket_rounding = BucketRounding::kOutward;
  TradeStream trade_stream = TradeStream::kTrade;
  // The limit that a snapshot without a request was fetched with; absent: 1000, or 5000 when a side
  // has more than 1000 levels.
  std::optional<std::size_t> snapshot_limit;
  OnGap on_gap = OnGap::kBlank;
  EmitPolicy emit;
  // So often on its event clock a live book wishes a snapshot that audits it, and another one when
  // the price has come near its known edge (pipeline/audit_schedule.h); 0: neither. It changes
  // records: events are retained from a wish on, and decide which snapshots can be compared.
  Nanos audit_interval = 0;
};

// The bucket sizes of a symbol: its own, else the common ones. Lives as long as the options.
[[nodiscard]] const std::vector<std::string>& BucketSizesOf(const EngineOptions& options,
                                                            const std::string& symbol);

}  // namespace thalweg
