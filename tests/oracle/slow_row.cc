// Rows: what SlowSymbol says of its state, column by column, and the quality word.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tests/oracle/slow_symbol.h"

namespace thalweg::oracle {
namespace {

constexpr Int kHalfLife = 10;  // of imbalance_exp_h10, in ticks
constexpr Int kWidestBand = 25;
constexpr std::size_t kDeepestLevel = 20;
constexpr Int kNotionals[] = {10'000, 100'000, 1'000'000};
constexpr Int kFlagSpan = 60 * kSec;  // of TRADE_GAP and DROPPED_INPUT
constexpr Int kWarmups[] = {100 * kMs, kSec, 5 * kSec, 10 * kSec, 60 * kSec, 300 * kSec};
constexpr Int kIntensityWarmup = 5 * kSec;  // five half-lives of a second
constexpr Int kStaleLimits[] = {1'000 * kMs, 5'000 * kMs, 60 * kSec};

// Bits of the quality word.
enum Bit {
  kBookInvalid = 0,
  kResyncing = 1,
  kFirstAfterResync = 2,
  kCrossed = 3,
  kOneSided = 4,
  kShortBook = 5,
  kHorizon = 6,
  kSweepThin = 7,
  kStaleDepth = 8,
  kTradeGap = 11,
  kDroppedInput = 12,
  kHalted = 13,
  kInstrumentInferred = 14,
  kAuditDiverged = 15,
  kQtyCapped = 16,
  kBucketHorizon = 24,
  kWarmup = 32,
  kWarmupVpin = 38,
  kWarmupIntensity = 39,
};

std::uint64_t Flag(int bit, bool set) { return set ? std::uint64_t{1} << bit : 0; }

double Units(Wide value) { return Ratio(value, kOne); }
double Milliseconds(Int ns) { return static_cast<double>(ns) / 1e6; }
double Imbalance(Wide bid, Wide ask) { return Ratio(bid - ask, bid + ask); }
double LogRatio(Wide bid, Wide ask) {
  if (bid == 0 || ask == 0) return NotANumber();
  // Sixteen digits near a ratio of 1, too, where the logarithm of a rounded quotient has few.
  const auto excess = static_cast<long double>(bid - ask);
  return static_cast<double>(std::log1p(excess / static_cast<long double>(ask)));
}
double WeightedMid(const SlowLevel& bid, const SlowLevel& ask) {
  const Wide weighted = Wide{bid.qty} * ask.price + Wide{ask.qty} * bid.price;
  return Ratio(weighted, Wide{bid.qty} + ask.qty) / static_cast<double>(kOne);
}
double Gap(const SlowLevels& levels, Int tick) {
  if (levels.size() < 2) return NotANumber();
  return static_cast<double>(std::abs(levels[0].price - levels[1].price) / tick);
}

// One NaN, no minus zero.
void Canonicalise(std::vector<double>* values) {
  for (double& value : *values) value = std::isnan(value) ? NotANumber() : value + 0.0;
}

}  // namespace

SlowSymbol::View SlowSymbol::MakeView() const {
  View view;
  view.tick = Tick();
  if (!Serving()) return view;
  view.bids = book_.Levels(SlowSide::kBid);
  view.asks = book_.Levels(SlowSide::kAsk);
  view.twice_mid = TwiceMid(view.bids, view.asks);
  return view;
}

void SlowSymbol::EmitRow(Int recv, const char* trigger) {
  if (!ever_synchronised_ || !options_.compute_rows) return;
  const View view = MakeView();
  const bool depth_row = std::string_view(trigger) == "depth";
  SlowRow row{*clock_, recv, book_id_, trigger, name_, Flags(view, depth_row), {}};
  AppendQuote(view, &row.features);
  AppendLiquidity(view, &row.features);
  AppendBuckets(view, &row.features);
  AppendOrderFlow(&row.features);
  AppendTrades(view, &row.features);
  AppendAges(&row.features);
  AppendTouch(&row.features);
  Canonicalise(&row.features);
  counts_.crossed_rows += IsCrossed(view.bids, view.asks);
  rows_->push_back(std::move(row));
  if (depth_row && Serving() && options_.make_ladders) EmitLadders(view);
}

// --- The quality word ----------------------------------------------------------------------------

std::uint64_t SlowSymbol::Flags(const View& view, bool depth_row) const {
  std::uint64_t flags = Flag(kBookInvalid, !Serving()) | Flag(kResyncing, resyncing_) |
                        Flag(kFirstAfterResync, depth_row && first_after_resync_) |
                        Flag(kHalted, !trading_) | Flag(kInstrumentInferred, inferred_) |
                        Flag(kAuditDiverged, audit_diverged_) | Flag(kWarmupVpin, true);
  flags |= StaleFlags() | TimeFlags() | WarmupFlags();
  if (Serving()) flags |= ContentFlags(view);
  return flags;
}

std::uint64_t SlowSymbol::ContentFlags(const View& view) const {
  const auto capped = [](const SlowLevels& levels) {
    for (std::size_t i = 0; i < std::min(kDeepestLevel, levels.size()); ++i) {
      if (levels[i].qty == kCappedQty) return true;
    }
    return false;
  };
  const bool is_short = view.bids.size() < kDeepestLevel || view.asks.size() < kDeepestLevel;
  std::uint64_t flags = Flag(kCrossed, IsCrossed(view.bids, view.asks)) |
                        Flag(kOneSided, view.bids.empty() || view.asks.empty()) |
                        Flag(kShortBook, is_short) | Flag(kHorizon, LooksBeyondHorizon(view)) |
                        Flag(kSweepThin, SweepsAreThin(view)) |
                        Flag(kQtyCapped, capped(view.bids) || capped(view.asks));
  for (std::size_t k = 0; k < bucket_sizes_.size(); ++k) {
    const auto incomplete = [&](SlowSide side, const SlowLevels& levels) {
      const std::vector<SlowBucket> ladder = DenseLadder(side, levels, bucket_sizes_[k]);
      return CompleteBuckets(side, book_, ladder) < static_cast<int>(ladder.size());
    };
    flags |= Flag(kBucketHorizon + static_cast<int>(k),
                  incomplete(SlowSide::kBid, view.bids) || incomplete(SlowSide::kAsk, view.asks));
  }
  return flags;
}

bool SlowSymbol::LooksBeyondHorizon(const View& view) const {
  return SideLooksBeyond(SlowSide::kBid, view) || SideLooksBeyond(SlowSide::kAsk, view);
}

bool SlowSymbol::SideLooksBeyond(SlowSide side, const View& view) const {
  const SlowLevels& levels = side == SlowSide::kBid ? view.bids : view.asks;
  const std::optional<Int> edge = book_.edge(side);
  if (levels.empty() || !edge) return false;
  const Int outwards = side == SlowSide::kBid ? -1 : 1;
  const Wide range_end = levels[0].price + Wide{outwards} * 20 * kHalfLife * view.tick;
  const SlowLevel& deepest = levels[std::min(kDeepestLevel, levels.size()) - 1];
  if (book_.Beyond(side, range_end) || book_.Beyond(side, deepest.price)) return true;
  if (!view.twice_mid) return false;
  // The border of the widest band, mid * (1 -+ bps / 10000), against the edge, both times 20000.
  const Wide border = Wide{*view.twice_mid} * (10'000 + outwards * kWidestBand);
  if ((border - Wide{20'000} * *edge) * outwards > 0) return true;
  for (const Int notional : kNotionals) {
    const SlowSweep sweep = SweepCost(levels, *view.twice_mid, view.tick, notional);
    if (book_.Beyond(side, *sweep.last_price)) return true;
  }
  return false;
}

bool SlowSymbol::SweepsAreThin(const View& view) const {
  if (!view.twice_mid) return false;
  for (const Int notional : kNotionals) {
    for (const SlowLevels* levels : {&view.bids, &view.asks}) {
      if (std::isnan(SweepCost(*levels, *view.twice_mid, view.tick, notional).cost_bps))
        return true;
    }
  }
  return false;
}

std::uint64_t SlowSymbol::StaleFlags() const {
  std::uint64_t flags = 0;
  for (int stream = kDepth; stream < kStreams; ++stream) {
    const LastSeen& seen = seen_[stream];
    const Int limit = kStaleLimits[stream];
    const bool old = seen.time && *clock_ - *seen.time > limit;
    const bool silent = !seen.recv || now_recv_ - *seen.recv > limit;
    flags |= Flag(kStaleDepth + stream, old || silent || seen.connection_closed);
  }
  return flags;
}

std::uint64_t SlowSymbol::TimeFlags() const {
  const auto recent = [&](const std::optional<Int>& at) { return at && *clock_ - *at < kFlagSpan; };
  return Flag(kTradeGap, recent(trade_gap_at_)) | Flag(kDroppedInput, recent(loss_at_));
}

std::uint64_t SlowSymbol::WarmupFlags() const {
  const Int covered = *clock_ - std::max(*first_clock_, synchronised_at_);
  std::uint64_t flags = Flag(kWarmupIntensity, *clock_ - *first_clock_ < kIntensityWarmup);
  int bit = kWarmup;
  for (const Int window : kWarmups) flags |= Flag(bit++, covered < window);
  return flags;
}

// --- Columns -------------------------------------------------------------------------------------

void SlowSymbol::AppendQuote(const View& view, std::vector<double>* out) const {
  const double nan = NotANumber();
  const SlowLevels& bids = view.bids;
  const SlowLevels& asks = view.asks;
  out->push_back(bids.empty() ? nan : Units(bids[0].price));
  out->push_back(bids.empty() ? nan : Units(bids[0].qty));
  out->push_back(asks.empty() ? nan : Units(asks[0].price));
  out->push_back(asks.empty() ? nan : Units(asks[0].qty));
  const bool two_sided = !bids.empty() && !asks.empty();
  out->push_back(view.twice_mid ? Ratio(*view.twice_mid, 2 * kOne) : nan);
  out->push_back(two_sided ? static_cast<double>((asks[0].price - bids[0].price) / view.tick)
                           : nan);
  if (view.twice_mid) {
    const Wide m2 = *view.twice_mid;
    const Wide spread = asks[0].price - bids[0].price;
    const Wide touch_qty = Wide{bids[0].qty} + asks[0].qty;
    out->push_back(2e4 * Ratio(spread, m2));
    out->push_back(WeightedMid(bids[0], asks[0]));
    out->push_back(1e4 * Ratio((Wide{bids[0].qty} - asks[0].qty) * spread, touch_qty * m2));
    out->insert(out->end(), {nan, nan});
    for (const std::size_t count : {1U, 5U, 10U, 20U}) {
      out->push_back(Imbalance(DepthOfLevels(bids, count), DepthOfLevels(asks, count)));
    }
    const auto band = [&](SlowSide side, Int bps) {
      return DepthOfBand(side, side == SlowSide::kBid ? bids : asks, *view.twice_mid, bps);
    };
    for (const Int bps : {5, 10, 25}) {
      out->push_back(Imbalance(band(SlowSide::kBid, bps), band(SlowSide::kAsk, bps)));
    }
    const long double bid_decayed = DepthDecayed(bids, view.tick, kHalfLife);
    const long double ask_decayed = DepthDecayed(asks, view.tick, kHalfLife);
    out->push_back(static_cast<double>((bid_decayed - ask_decayed) / (bid_decayed + ask_decayed)));
    out->push_back(LogRatio(DepthOfLevels(bids, 10), DepthOfLevels(asks, 10)));
    out->push_back(Units(band(SlowSide::kBid, 10)));
    out->push_back(Units(band(SlowSide::kAsk, 10)));
  } else {
    out->insert(out->end(), 16, nan);
  }
  out->push_back(Gap(bids, view.tick));
  out->push_back(Gap(asks, view.tick));
}

void SlowSymbol::AppendLiquidity(const View& view, std::vector<double>* out) const {
  if (!view.twice_mid) {
    out->insert(out->end(), 8, NotANumber());
    return;
  }
  for (const SlowLevels* levels : {&view.asks, &view.bids}) {
    for (const Int notional : kNotionals) {
      out->push_back(SweepCost(*levels, *view.twice_mid, view.tick, notional).cost_bps);
    }
  }
  for (const SlowLevels* levels : {&view.bids, &view.asks}) {
    out->push_back(Slope(*levels, *view.twice_mid, view.tick, kDeepestLevel));
  }
}

void SlowSymbol::AppendBuckets(const View& view, std::vector<double>* out) const {
  if (!view.twice_mid) {
    out->insert(out->end(), 2 * bucket_sizes_.size(), NotANumber());
    return;
  }
  std::vector<double> log_ratios;
  for (const Int size : bucket_sizes_) {
    const Wide bid = LadderQty(DenseLadder(SlowSide::kBid, view.bids, size));
    const Wide ask = LadderQty(DenseLadder(SlowSide::kAsk, view.asks, size));
    out->push_back(Imbalance(bid, ask));
    log_ratios.push_back(LogRatio(bid, ask));
  }
  out->insert(out->end(), log_ratios.begin(), log_ratios.end());
}

void SlowSymbol::AppendOrderFlow(std::vector<double>* out) const {
  for (const Int window : {100 * kMs, kSec, 5 * kSec, 10 * kSec, 60 * kSec}) {
    out->push_back(Serving() ? Units(book_flow_.Sum(*clock_, window)) : NotANumber());
  }
}

void SlowSymbol::AppendTrades(const View& view, std::vector<double>* out) const {
  const auto sums = [&](Int window) { return tape_.Sums(*clock_, window); };
  const auto for_windows = [&](auto value) {
    for (const Int window : {kSec, 10 * kSec, 60 * kSec}) out->push_back(value(sums(window)));
  };
  const auto flow = [](const SlowTradeSums& s) { return Units(s.buy - s.sell); };
  out->push_back(flow(sums(100 * kMs)));
  for_windows([](const SlowTradeSums& s) { return Units(s.buy); });
  for_windows([](const SlowTradeSums& s) { return Units(s.sell); });
  for_windows([](const SlowTradeSums& s) { return Imbalance(s.buy, s.sell); });
  for_windows([](const SlowTradeSums& s) { return static_cast<double>(s.count); });
  for_windows([&](const SlowTradeSums& s) {
    if (!view.twice_mid) return NotANumber();
    // Prices in ticks: their unit cancels, and the product with 2 m stays in 128 bits.
    const Wide base = Wide{*view.twice_mid} * (s.buy + s.sell);
    return 1e4 * Ratio(2 * s.notional - base, base);
  });
  out->push_back(flow(sums(5 * kSec)));
  const SlowTradeSums ten = sums(10 * kSec);
  out->push_back(Units(ten.max_qty));
  out->push_back(Ratio(ten.buy + ten.sell, Wide{ten.count} * kOne));
  out->push_back(inter_trade_ ? Milliseconds(*inter_trade_) : NotANumber());
}

void SlowSymbol::AppendAges(std::vector<double>* out) const {
  for (const LastSeen& seen : seen_) {
    out->push_back(seen.time ? Milliseconds(*clock_ - *seen.time) : NotANumber());
  }
  out->push_back(lag_ ? Milliseconds(*lag_ - *least_lag_) : NotANumber());
  out->push_back(effective_spread_.value_or(NotANumber()));
}

void SlowSymbol::AppendTouch(std::vector<double>* out) const {
  const double nan = NotANumber();
  if (!touch_) {
    out->insert(out->end(), 10, nan);
    return;
  }
  const SlowQuote& q = *touch_;
  out->push_back(q.has_bid() ? Units(q.bid.price) : nan);
  out->push_back(q.has_bid() ? Units(q.bid.qty) : nan);
  out->push_back(q.has_ask() ? Units(q.ask.price) : nan);
  out->push_back(q.has_ask() ? Units(q.ask.qty) : nan);
  const std::optional<Int> m2 = q.TwiceMid();
  out->push_back(m2 ? Ratio(*m2, 2 * kOne) : nan);
  out->push_back(m2 ? WeightedMid(q.bid, q.ask) : nan);
  out->push_back(m2 ? Imbalance(q.bid.qty, q.ask.qty) : nan);
  for (const Int window : {100 * kMs, kSec, 10 * kSec}) {
    out->push_back(Units(touch_flow_.Sum(*clock_, window)));
  }
}

// --- Ladders -------------------------------------------------------------------------------------

namespace {

// Fifteen cells of one kind; the missing ones are NaN.
template <class Cell>
void AppendCells(const std::vector<SlowBucket>& ladder, std::vector<double>* out, Cell cell) {
  for (std::size_t n = 0; n < kLadderLength; ++n) {
    out->push_back(n < ladder.size() ? cell(ladder[n]) : NotANumber());
  }
}

void AppendLadderSide(const std::vector<SlowBucket>& ladder, std::vector<double>* out) {
  AppendCells(ladder, out, [](const SlowBucket& bucket) { return Units(bucket.label); });
  AppendCells(ladder, out, [](const SlowBucket& bucket) { return Units(bucket.qty); });
  Wide qty = 0;
  AppendCells(ladder, out, [&](const SlowBucket& bucket) { return Units(qty += bucket.qty); });
  Wide notional = 0;
  AppendCells(ladder, out, [&](const SlowBucket& bucket) {
    return Ratio(notional += bucket.notional, Wide{kOne} * kOne);
  });
}

}  // namespace

void SlowSymbol::EmitLadders(const View& view) {
  const double nan = NotANumber();
  const bool has_bid = !view.bids.empty();
  const bool has_ask = !view.asks.empty();
  for (const Int size : bucket_sizes_) {
    const std::vector<SlowBucket> bids = CompactLadder(SlowSide::kBid, view.bids, size);
    const std::vector<SlowBucket> asks = CompactLadder(SlowSide::kAsk, view.asks, size);
    const Wide spread = has_bid && has_ask ? view.asks[0].price - view.bids[0].price : 0;
    std::vector<double> values = {
        Units(size),
        has_bid ? Units(view.bids[0].price) : nan,
        has_ask ? Units(view.asks[0].price) : nan,
        has_bid && has_ask ? Units(spread) : nan,
        view.twice_mid ? 2e2 * Ratio(spread, *view.twice_mid) : nan,
        view.twice_mid ? Imbalance(LadderQty(bids), LadderQty(asks)) : nan,
        view.twice_mid ? Ratio(LadderQty(bids), LadderQty(asks)) : nan,
        static_cast<double>(CompleteBuckets(SlowSide::kBid, book_, bids)),
        static_cast<double>(CompleteBuckets(SlowSide::kAsk, book_, asks))};
    AppendLadderSide(bids, &values);
    AppendLadderSide(asks, &values);
    Canonicalise(&values);
    ladders_->push_back({*clock_, book_id_, name_, std::move(values)});
  }
}

// --- Names ---------------------------------------------------------------------------------------

std::vector<std::string> SlowColumns(const std::vector<std::string>& bucket_sizes) {
  std::vector<std::string> names = {"best_bid",
                                    "best_bid_qty",
                                    "best_ask",
                                    "best_ask_qty",
                                    "mid",
                                    "spread_ticks",
                                    "spread_bps",
                                    "weighted_mid",
                                    "weighted_mid_adj_bps",
                                    "microprice",
                                    "microprice_adj_bps",
                                    "imbalance_l1",
                                    "imbalance_l5",
                                    "imbalance_l10",
                                    "imbalance_l20",
                                    "imbalance_5bps",
                                    "imbalance_10bps",
                                    "imbalance_25bps",
                                    "imbalance_exp_h10",
                                    "log_depth_ratio_l10",
                                    "bid_depth_10bps",
                                    "ask_depth_10bps",
                                    "bid_gap_1",
                                    "ask_gap_1"};
  const auto expand = [&](std::vector<const char*> stems, std::vector<std::string> suffixes) {
    for (const char* stem : stems) {
      for (const std::string& suffix : suffixes) names.push_back(absl::StrCat(stem, suffix));
    }
  };
  expand({"sweep_cost_buy_", "sweep_cost_sell_"}, {"10k", "100k", "1m"});
  expand({"bid_slope_l20", "ask_slope_l20"}, {""});
  expand({"imbalance_t", "log_depth_ratio_t"}, bucket_sizes);
  expand({"ofi_l1_"}, {"100ms", "1s", "5s", "10s", "60s"});
  expand({"tfi_100ms"}, {""});
  expand({"buy_vol_", "sell_vol_", "trade_imbalance_", "trade_count_", "vwap_dev_bps_"},
         {"1s", "10s", "60s"});
  expand({"tfi_5s", "max_trade_qty_10s", "mean_trade_qty_10s", "inter_trade_ms"}, {""});
  expand({"depth_age_ms", "ticker_age_ms", "trade_age_ms", "lag_excess_ms", "eff_spread_bps"},
         {""});
  expand({"touch_bid", "touch_bid_qty", "touch_ask", "touch_ask_qty", "touch_mid",
          "touch_weighted_mid", "touch_imbalance"},
         {""});
  expand({"ofi_touch_"}, {"100ms", "1s", "10s"});
  return names;
}

std::vector<std::string> SlowLadderColumns() {
  std::vector<std::string> names = {
      "tick_size",          "best_bid",  "best_ask",    "spread",
      "spread_pct",         "imbalance", "depth_ratio", "complete_levels_bid",
      "complete_levels_ask"};
  for (const char* side : {"bid", "ask"}) {
    for (const char* cell : {"price", "qty", "cum_qty", "cum_usd"}) {
      for (int n = 1; n <= kLadderLength; ++n)
        names.push_back(absl::StrCat(side, "_", cell, "_", n));
    }
  }
  return names;
}

}  // namespace thalweg::oracle
