// What there is to be seen of a ring at one moment: plain data between the watch, which reads rings
// (tools/top/ring_watch.h), and the picture, which shows them (tools/top/top_picture.h).
//
// Nothing in it is to be trusted: texts and numbers are whatever lies in the file. NaN is "not
// known".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/ring_format.h"
#include "core/stage.h"
#include "core/units.h"
#include "thalweg/ring_reader.h"

namespace thalweg {

// The features that are shown, by their names in the catalogue.
enum class Figure : std::uint8_t {
  kBestBid,
  kBestBidQty,
  kBestAsk,
  kBestAskQty,
  kMid,
  kSpreadTicks,
  kSpreadBps,
  kWeightedMid,
  kMicroprice,
  kImbalanceL1,
  kImbalanceL5,
  kImbalanceL10,
  kImbalanceL20,
  kImbalance10Bps,
  kBuyVol1s,
  kBuyVol10s,
  kBuyVol60s,
  kSellVol1s,
  kSellVol10s,
  kSellVol60s,
  kTradeImbalance1s,
  kTradeImbalance10s,
  kTradeImbalance60s,
  kDepthAge,
  kTickerAge,
  kTradeAge,
};
inline constexpr std::array<std::string_view, 26> kFigureNames{"best_bid",
                                                               "best_bid_qty",
                                                               "best_ask",
                                                               "best_ask_qty",
                                                               "mid",
                                                               "spread_ticks",
                                                               "spread_bps",
                                                               "weighted_mid",
                                                               "microprice",
                                                               "imbalance_l1",
                                                               "imbalance_l5",
                                                               "imbalance_l10",
                                                               "imbalance_l20",
                                                               "imbalance_10bps",
                                                               "buy_vol_1s",
                                                               "buy_vol_10s",
                                                               "buy_vol_60s",
                                                               "sell_vol_1s",
                                                               "sell_vol_10s",
                                                               "sell_vol_60s",
                                                               "trade_imbalance_1s",
                                                               "trade_imbalance_10s",
                                                               "trade_imbalance_60s",
                                                               "depth_age_ms",
                                                               "ticker_age_ms",
                                                               "trade_age_ms"};
static_assert(kFigureNames.size() == static_cast<std::size_t>(Figure::kTradeAge) + 1);

class Figures {
 public:
  Figures() { values_.fill(kNaN); }
  [[nodiscard]] double operator[](Figure figure) const noexcept {
    return values_[static_cast<std::size_t>(figure)];
  }
  [[nodiscard]] double& operator[](Figure figure) noexcept {
    return values_[static_cast<std::size_t>(figure)];
  }

 private:
  std::array<double, kFigureNames.size()> values_;
};

// Events a second over the last seconds, by the wall clock.
struct SymbolRates {
  double depth = kNaN;
  double ticker = kNaN;
  double trade = kNaN;
  [[nodiscard]] double all() const noexcept { return depth + ticker + trade; }
};

struct SymbolScene {
  std::string name;
  // False: its status could not be read, each time one looked. Its writer died over it.
  bool readable = false;
  RingStatus status;
  RingSymbolCounts counts;
  SymbolRates rates;
  // Of its newest record; zero and NaN before there is one.
  RecordHeader header;
  Figures figures;
};

// Percentiles of times in ns, from cells as they lie in a ring; at most an eighth above the true
// ones.
struct LatencyScene {
  std::uint64_t count = 0;
  Nanos p50 = 0;
  Nanos p99 = 0;
  Nanos p999 = 0;
  Nanos max = 0;
};
using LatencyCellCounts = std::span<const std::uint64_t, kRingLatencyCells>;
[[nodiscard]] LatencyScene SummariseCells(LatencyCellCounts cells, std::uint64_t max_ns) noexcept;
// Of all records since the writer began.
[[nodiscard]] LatencyScene SummariseLatency(const RingStatistics& statistics) noexcept;
// Of what came into the cells between two looks. Its greatest time is the end of a cell, and not
// above `max_ns`.
[[nodiscard]] LatencyScene SummariseBetween(LatencyCellCounts before, LatencyCellCounts after,
                                            std::uint64_t max_ns) noexcept;

// Times since the writer began, and those of the last seconds.
struct SpansScene {
  LatencyScene all;
  LatencyScene lately;
};

struct LevelScene {
  double price = kNaN;
  double qty = kNaN;
};

inline constexpr std::size_t kBucketsASide = 15;

// One side of one bucket size, from the touch outwards.
struct BucketSideScene {
  double label = kNaN;         // Of the first bucket; the next are a size apart.
  std::uint32_t complete = 0;  // So many are known as a whole; beyond, levels may be missing.
  std::array<double, kBucketsASide> qty{};
  std::array<double, kBucketsASide> notional{};
};

struct BucketsScene {
  std::string name;  // "t10", or "b1" where sizes differ between symbols.
  double size = kNaN;
  std::array<BucketSideScene, 2> sides;  // By Side.
};

// More levels a side are not looked for.
inline constexpr std::size_t kLevelsSeen = 100;
// One value a second of a symbol's event clock is kept for so long.
inline constexpr std::size_t kMidSeconds = 240;

// The book of one symbol, as its newest records on the other rings have it.
struct BookScene {
  std::uint32_t symbol_id = 0;
  std::vector<double> mids;  // Oldest first; NaN where there was none.
  // Empty: there is no such ring, or no record of this symbol.
  std::array<std::vector<LevelScene>, 2> levels;  // By Side, from the touch outwards.
  std::uint64_t levels_update_id = 0;
  std::vector<BucketsScene> buckets;
  std::uint64_t buckets_update_id = 0;
};

struct RingScene {
  std::string name;
  RingWriterLife writer = RingWriterLife::kWriting;
  Nanos silent = 0;     // Since it was first seen silent.
  std::string trouble;  // Why what is shown is all there is; empty when all is well.
  std::string news;     // What happened lately, such as a new generation.
  std::uint64_t generation = 0;
  std::uint64_t pid = 0;
  RingStatistics statistics;
  LatencyScene latency;
  LatencyScene latency_lately;
  std::array<SpansScene, kStages.size()> stages;  // By Stage.
  std::uint64_t records = 0;                      // The number of the newest.
  double records_rate = kNaN;
  double frames_rate = kNaN;
  std::uint64_t lost = 0;            // Lapped before they were read.
  std::uint64_t skipped = 0;         // Left out, because there were more than a picture needs.
  std::vector<SymbolScene> symbols;  // By id.
};

}  // namespace thalweg
