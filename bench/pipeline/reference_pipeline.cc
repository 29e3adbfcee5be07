#include "bench/pipeline/reference_pipeline.h"

#include <absl/container/btree_map.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/workload.h"
#include "core/decimal.h"
#include "features/quote.h"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kBps = 10'000;

constexpr std::array<std::string_view, 24> kQuoteNames{"best_bid",
                                                       "best_bid_qty",
                                                       "best_ask",
                                                       "best_ask_qty",
                                                       "mid",
                                                       "spread_ticks",
                                                       "spread_bps",
                                                       "weighted_mid",
                                                       "weighted_mid_adj_bps",
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
                                                       "ask_gap_1",
                                                       "microprice",
                                                       "microprice_adj_bps"};
constexpr std::array<std::string_view, kLiquidityFeatures> kLiquidityNames{
    "sweep_cost_buy_10k",   "sweep_cost_buy_100k", "sweep_cost_buy_1m", "sweep_cost_sell_10k",
    "sweep_cost_sell_100k", "sweep_cost_sell_1m",  "bid_slope_l20",     "ask_slope_l20"};

// The farthest price within `bps` of the mid: 20000 p >= mid2 (10000 - x) for bids.
std::int64_t BandEdge(Side side, std::int64_t mid2, std::int64_t bps) {
  if (side == Side::kAsk) {
    return static_cast<std::int64_t>(Wide{mid2} * (kBps + bps) / (2 * kBps));
  }
  return static_cast<std::int64_t>((Wide{mid2} * (kBps - bps) + 2 * kBps - 1) / (2 * kBps));
}

const std::array<double, kExponentialReach + 1>& ExponentialWeights() {
  static const auto weights = [] {
    std::array<double, kExponentialReach + 1> made{};
    for (std::size_t d = 0; d < made.size(); ++d) {
      made[d] = std::exp2(-static_cast<double>(d) / kExponentialHalfLife);
    }
    return made;
  }();
  return weights;
}

bool IsWithin(Side side, std::int64_t price, std::int64_t edge) {
  return side == Side::kBid ? price >= edge : price <= edge;
}

double GapOf(const TopOfBook& top) {
  if (top.count < 2) return kNaN;
  return static_cast<double>(std::abs(top.levels[0].price - top.levels[1].price));
}

}  // namespace

std::vector<std::size_t> ColumnsOf(const Catalogue& catalogue,
                                   std::span<const std::string_view> names) {
  std::vector<std::size_t> columns;
  for (const std::string_view name : names) {
    const auto found = std::find_if(catalogue.features().begin(), catalogue.features().end(),
                                    [&](const Feature& feature) { return feature.name == name; });
    if (found == catalogue.features().end()) FailCheck(name);
    columns.push_back(static_cast<std::size_t>(found - catalogue.features().begin()));
  }
  return columns;
}

std::vector<std::size_t> ReferenceColumns(const Catalogue& catalogue) {
  std::vector<std::size_t> columns = ColumnsOf(catalogue, kQuoteNames);
  for (const std::size_t column : ColumnsOf(catalogue, kLiquidityNames)) columns.push_back(column);
  for (const auto& [group, count] :
       {std::pair(FeatureGroup::kBuckets, 2 * catalogue.bucket_count()),
        std::pair(FeatureGroup::kOrderFlow, kOrderFlowFeatures),
        std::pair(FeatureGroup::kTrades, kTradeFlowFeatures),
        std::pair(FeatureGroup::kAges, kAgeFeatures),
        std::pair(FeatureGroup::kTouch, kTouchFeatures)}) {
    for (std::size_t i = 0; i < count; ++i) columns.push_back(catalogue.GroupBegin(group) + i);
  }
  return columns;
}

template <class Levels>
TopOfBook ReadTop(const Levels& levels) {
  TopOfBook top;
  levels.Walk([&](std::int64_t price, std::int64_t qty) {
    top.levels[top.count++] = {Ticks(price), Qty(qty)};
    return top.count < kTopLevels;
  });
  return top;
}

template <class Levels>
BandDepths ReadBands(const Levels& levels, Side side, std::int64_t mid2, std::int64_t best) {
  const std::array edges{BandEdge(side, mid2, 5), BandEdge(side, mid2, 10),
                         BandEdge(side, mid2, 25)};
  const auto& weights = ExponentialWeights();
  BandDepths depths;
  Wide sum = 0;
  std::size_t band = 0;
  levels.Walk([&](std::int64_t price, std::int64_t qty) {
    const std::int64_t distance = std::abs(price - best);
    if (distance <= kExponentialReach) {
      depths.exponential += static_cast<double>(qty) * weights[static_cast<std::size_t>(distance)];
    }
    while (band < edges.size() && !IsWithin(side, price, edges[band])) depths.within[band++] = sum;
    sum += qty;
    return band < edges.size() || distance <= kExponentialReach;
  });
  while (band < edges.size()) depths.within[band++] = sum;
  return depths;
}

template <class Levels>
void ReadSweeps(const Levels& levels, const SweepTargets& targets, std::int64_t mid2,
                double* costs) {
  constexpr std::size_t kCount = kSweepNotionals.size();
  std::fill_n(costs, kCount, kNaN);
  std::size_t next = 0;
  Wide qty_before = 0;
  Wide notional_before = 0;
  levels.Walk([&](std::int64_t price, std::int64_t qty) {
    const Wide notional = notional_before + Wide{price} * qty;
    while (notional >= targets[next].enough) {
      const Wide units = targets[next].units;
      const Wide d = (qty_before * price - notional_before) * targets[next].factor + units;
      const Wide excess = 2 * units * price - mid2 * d;
      costs[next] = static_cast<double>(kBps) * Ratio(excess < 0 ? -excess : excess, mid2 * d);
      if (++next == kCount) return false;
    }
    qty_before += qty;
    notional_before = notional;
    return true;
  });
}

template <class Levels>
Wide SumBuckets(const Levels& levels, Side side, std::int64_t size, std::int64_t best) {
  const bool is_bid = side == Side::kBid;
  const std::int64_t first = (is_bid ? best / size : (best + size - 1) / size) * size;
  const std::int64_t last = first + (is_bid ? -size : size) * (kLadderBuckets - 1);
  // Bids of a bucket lie at its label or above it, asks at its label or below it.
  Wide sum = 0;
  levels.Walk([&](std::int64_t price, std::int64_t qty) {
    if (!IsWithin(side, price, last)) return false;
    sum += qty;
    return true;
  });
  return sum;
}

double SlopeOf(const TopOfBook& top, std::int64_t mid2, const Scale& scale) {
  Wide cumulative = 0;
  Wide weighted = 0;
  Wide squares = 0;
  for (std::size_t i = 0; i < top.count; ++i) {
    const Wide distance2 = std::abs(2 * top.levels[i].price.raw() - mid2);
    cumulative += top.levels[i].qty.raw();
    weighted += distance2 * cumulative;
    squares += distance2 * distance2;
  }
  return 2.0 * Ratio(weighted, squares) / scale.qty_one();
}

template <class D, class Map, BucketsBy kBuckets>
ReferencePipeline<D, Map, kBuckets>::ReferencePipeline(const Catalogue& catalogue,
                                                       const Scale& scale)
    : catalogue_(catalogue),
      scale_(scale),
      tick_(scale.tick.raw()),
      sizes_([&] {
        std::vector<std::int64_t> sizes;
        for (const std::string& size : DefaultBucketSizes()) {
          sizes.push_back(ParsePositivePrice(size)->raw() / scale.tick.raw());
        }
        return sizes;
      }()),
      quote_(ColumnsOf(catalogue, kQuoteNames)),
      liquidity_(ColumnsOf(catalogue, kLiquidityNames)),
      bids_(Side::kBid, sizes_),
      asks_(Side::kAsk, sizes_),
      record_(catalogue.features().size()) {
  sweeps_.SetScale(scale);
}

template <class D, class Map, BucketsBy kBuckets>
bool ReferencePipeline<D, Map, kBuckets>::OnFrame(ReceiveTime received, std::string_view payload) {
  const NamedFrame frame(payload);
  switch (frame.head.kind) {
    case FrameKind::kDepth:
      return OnDepth(frame, received);
    case FrameKind::kBookTicker:
      OnTicker(frame);
      return false;
    case FrameKind::kTrade:
      OnTrade(frame, received);
      return false;
    case FrameKind::kSnapshot:
      return OnSnapshot(payload, received);
    default:
      return false;
  }
}

template <class D, class Map, BucketsBy kBuckets>
bool ReferencePipeline<D, Map, kBuckets>::OnDepth(const NamedFrame& frame, ReceiveTime received) {
  if (!decoder_.Decode(frame, &diff_)) return false;
  const EventTime effective = Advance(diff_.event_time_ms, &depth_time_);
  ages_.OnLag(received.raw() - diff_.event_time_ms * kMillisecond);
  if (!applied_) {
    waiting_.push_back(diff_);
    return false;
  }
  const DiffIds ids{UpdateId(diff_.first), UpdateId(diff_.last), {}};
  if (JudgeNext(Numbering::kSpot, *applied_, ids) != DiffVerdict::kApply) return false;
  Apply(diff_);
  ages_.OnDepth(effective);
  order_flow_.AdvanceTo(clock_);
  AddOrderFlow(effective);
  WriteRecord(ids.last, received);
  return true;
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::OnTicker(const NamedFrame& frame) {
  TickerRead read;
  if (!decoder_.Decode(frame, &read)) return;
  const BookTicker ticker{UpdateId(read.id), read.bid, read.ask, {}, {}};
  if (clock_.raw() == 0) {
    (void)touch_.Set(ticker, std::nullopt);
    return;
  }
  if (!ticker_time_ || clock_ > *ticker_time_) ticker_time_ = clock_;
  ages_.OnTicker(*ticker_time_);
  (void)touch_.Set(ticker, *ticker_time_);
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::OnTrade(const NamedFrame& frame, ReceiveTime received) {
  TradeRead read;
  if (!decoder_.Decode(frame, &read)) return;
  const EventTime effective = Advance(read.trade_time_ms, &trade_time_);
  ages_.OnLag(received.raw() - read.event_time_ms * kMillisecond);
  Trade trade;
  trade.id = TradeId(read.id);
  trade.price = read.fill.price;
  trade.qty = read.fill.qty;
  trade.aggressor = read.buyer_is_maker ? Aggressor::kSeller : Aggressor::kBuyer;
  ages_.OnTrade(trade, effective, touch_.mid2());
  trade_flow_.AdvanceTo(clock_);
  (void)trade_flow_.Add(trade, effective);
}

// The snapshot comes once in a recording: who reads it does not matter.
template <class D, class Map, BucketsBy kBuckets>
bool ReferencePipeline<D, Map, kBuckets>::OnSnapshot(std::string_view payload,
                                                     ReceiveTime received) {
  DepthSnapshot snapshot;
  if (snapshot_decoder_.DecodeSnapshot(payload, kQtyDecimalsMax, &snapshot) != DecodeVerdict::kOk) {
    return false;
  }
  if (applied_) return false;  // An audit, which is not made here.
  DiffRead whole;
  whole.bids.assign(snapshot.bids.begin(), snapshot.bids.end());
  whole.asks.assign(snapshot.asks.begin(), snapshot.asks.end());
  Apply(whole);
  applied_ = snapshot.last;
  bool made_record = false;
  for (const DiffRead& diff : std::exchange(waiting_, {})) {
    const DiffIds ids{UpdateId(diff.first), UpdateId(diff.last), {}};
    if (JudgeNext(Numbering::kSpot, *applied_, ids) != DiffVerdict::kApply) continue;
    const EventTime time(diff.event_time_ms * kMillisecond);
    Apply(diff);
    ages_.OnDepth(time);
    order_flow_.AdvanceTo(clock_);
    AddOrderFlow(time);
    WriteRecord(ids.last, received);
    made_record = true;
  }
  return made_record;
}

template <class D, class Map, BucketsBy kBuckets>
EventTime ReferencePipeline<D, Map, kBuckets>::Advance(std::int64_t time_ms,
                                                       std::optional<EventTime>* stream) {
  const EventTime time(time_ms * kMillisecond);
  clock_ = std::max(clock_, time);
  if (!*stream || time > **stream) *stream = time;
  return **stream;
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::Apply(const DiffRead& diff) {
  ApplySide(bids_, diff.bids);
  ApplySide(asks_, diff.asks);
  if (diff.last != 0) applied_ = UpdateId(diff.last);
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::ApplySide(Half& half, const std::vector<Level>& levels) {
  for (const Level& level : levels) {
    const auto price = static_cast<std::int64_t>(tick_.Divide(level.price.raw()));
    const std::int64_t delta = level.qty.raw() - half.levels.Exchange(price, level.qty.raw());
    for (BucketArray& buckets : half.buckets) buckets.Add(price, delta);
  }
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::AddOrderFlow(EventTime effective) {
  QuoteState quote;
  bids_.levels.Walk([&](std::int64_t price, std::int64_t qty) {
    quote.bid = price;
    quote.bid_qty = qty;
    return false;
  });
  asks_.levels.Walk([&](std::int64_t price, std::int64_t qty) {
    quote.ask = price;
    quote.ask_qty = qty;
    return false;
  });
  (void)order_flow_.Add(effective, quote);
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::WriteRecord(UpdateId id, ReceiveTime received) {
  double* const out = record_.features();
  order_flow_.AdvanceTo(clock_);
  trade_flow_.AdvanceTo(clock_);
  touch_.AdvanceTo(clock_);
  std::optional<std::int64_t> mid2;
  WriteBook(&mid2);
  order_flow_.Compute(scale_, out + catalogue_.GroupBegin(FeatureGroup::kOrderFlow));
  trade_flow_.Compute(scale_, mid2, out + catalogue_.GroupBegin(FeatureGroup::kTrades));
  ages_.Compute(clock_, out + catalogue_.GroupBegin(FeatureGroup::kAges));
  touch_.Compute(scale_, out + catalogue_.GroupBegin(FeatureGroup::kTouch));
  std::for_each(out, out + catalogue_.features().size(),
                [](double& value) { value = value == value ? value : kNaN; });

  RecordHeader header;
  header.schema_hash = catalogue_.schema_hash();
  header.recv_ns = received.raw();
  header.event_ns = clock_.raw();
  header.update_id = static_cast<std::uint64_t>(id.raw());
  header.trigger = static_cast<std::uint16_t>(Trigger::kDepth);
  record_.set_header(header);
}

// REQUIRES: a book of a real recording, with levels on both sides and never crossed.
template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::WriteBook(std::optional<std::int64_t>* mid2_in_price) {
  const TopOfBook bids = ReadTop(bids_.levels);
  const TopOfBook asks = ReadTop(asks_.levels);
  if (bids.count == 0 || asks.count == 0) FailCheck("the reference needs two sides");
  WriteQuote(bids, asks);

  double* const out = record_.features();
  const std::int64_t best_bid = bids.levels[0].price.raw();
  const std::int64_t best_ask = asks.levels[0].price.raw();
  const std::int64_t mid2 = best_bid + best_ask;
  *mid2_in_price = mid2 * scale_.tick.raw();

  std::array<double, kLiquidityFeatures> liquidity;
  ReadSweeps(asks_.levels, sweeps_, mid2, liquidity.data());
  ReadSweeps(bids_.levels, sweeps_, mid2, liquidity.data() + kSweepNotionals.size());
  liquidity[6] = SlopeOf(bids, mid2, scale_);
  liquidity[7] = SlopeOf(asks, mid2, scale_);
  for (std::size_t i = 0; i < liquidity.size(); ++i) out[liquidity_[i]] = liquidity[i];

  double* const buckets = out + catalogue_.GroupBegin(FeatureGroup::kBuckets);
  for (std::size_t i = 0; i < sizes_.size(); ++i) {
    const Wide bid = BucketSum(bids_, i, best_bid);
    const Wide ask = BucketSum(asks_, i, best_ask);
    buckets[i] = Imbalance(bid, ask);
    buckets[sizes_.size() + i] = LogRatio(bid, ask);
  }
}

template <class D, class Map, BucketsBy kBuckets>
Wide ReferencePipeline<D, Map, kBuckets>::BucketSum(const Half& half, std::size_t size_index,
                                                    std::int64_t best) const {
  if constexpr (kBuckets == BucketsBy::kChanges) return half.buckets[size_index].Sum(best);
  return SumBuckets(half.levels, half.side, sizes_[size_index], best);
}

template <class D, class Map, BucketsBy kBuckets>
void ReferencePipeline<D, Map, kBuckets>::WriteQuote(const TopOfBook& bids, const TopOfBook& asks) {
  const TickLevel bid = bids.levels[0];
  const TickLevel ask = asks.levels[0];
  const std::int64_t mid2 = bid.price.raw() + ask.price.raw();
  const std::int64_t spread = ask.price - bid.price;
  const Wide bid_qty = bid.qty.raw();
  const Wide ask_qty = ask.qty.raw();
  const BandDepths bid_bands = ReadBands(bids_.levels, Side::kBid, mid2, bid.price.raw());
  const BandDepths ask_bands = ReadBands(asks_.levels, Side::kAsk, mid2, ask.price.raw());
  const double weights = bid_bands.exponential + ask_bands.exponential;

  // In the order of kQuoteNames.
  const std::array<double, kQuoteNames.size()> values{
      scale_.ToQuote(bid.price),
      scale_.ToBase(bid_qty),
      scale_.ToQuote(ask.price),
      scale_.ToBase(ask_qty),
      Ratio(Wide{mid2} * scale_.tick.raw(), Wide{2} * kPriceOne),
      static_cast<double>(spread),
      Ratio(Wide{2} * kBps * spread, mid2),
      WeightedMid({scale_.ToPrice(bid.price), bid.qty}, {scale_.ToPrice(ask.price), ask.qty}),
      static_cast<double>(kBps) * Ratio((bid_qty - ask_qty) * spread, (bid_qty + ask_qty) * mid2),
      Imbalance(bid_qty, ask_qty),
      Imbalance(bids.DepthOf(5), asks.DepthOf(5)),
      Imbalance(bids.DepthOf(10), asks.DepthOf(10)),
      Imbalance(bids.DepthOf(20), asks.DepthOf(20)),
      Imbalance(bid_bands.within[0], ask_bands.within[0]),
      Imbalance(bid_bands.within[1], ask_bands.within[1]),
      Imbalance(bid_bands.within[2], ask_bands.within[2]),
      (bid_bands.exponential - ask_bands.exponential) / weights + 0.0,
      LogRatio(bids.DepthOf(10), asks.DepthOf(10)),
      scale_.ToBase(bid_bands.within[1]),
      scale_.ToBase(ask_bands.within[1]),
      GapOf(bids),
      GapOf(asks),
      kNaN,
      kNaN};
  double* const out = record_.features();
  for (std::size_t i = 0; i < values.size(); ++i) out[quote_[i]] = values[i];
}

using StdMap = std::map<std::int64_t, std::int64_t>;
using Btree = absl::btree_map<std::int64_t, std::int64_t>;
template class ReferencePipeline<SimdjsonStrings, StdMap, BucketsBy::kChanges>;
template class ReferencePipeline<SimdjsonStrings, StdMap, BucketsBy::kSumming>;
template class ReferencePipeline<SimdjsonRawStrings, Btree, BucketsBy::kChanges>;

}  // namespace thalweg::bench
