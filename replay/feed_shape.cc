#include "replay/feed_shape.h"

#include <algorithm>

namespace thalweg {
namespace {

std::optional<Ticks> BestOf(const LevelLadder& ladder) {
  return ladder.empty() ? std::nullopt : std::optional(ladder.best());
}

}  // namespace

void CountHistogram::Add(std::int64_t value, std::int64_t times) {
  const std::int64_t bin = std::clamp<std::int64_t>(value, 0, kCountBins - 1);
  if (bins_.size() <= static_cast<std::size_t>(bin))
    bins_.resize(static_cast<std::size_t>(bin) + 1);
  bins_[static_cast<std::size_t>(bin)] += times;
  total_ += times;
  const auto count = static_cast<double>(times);
  sum_ += count * static_cast<double>(bin);
  square_sum_ += count * static_cast<double>(bin) * static_cast<double>(bin);
}

double CountHistogram::mean() const noexcept {
  return total_ == 0 ? 0 : sum_ / static_cast<double>(total_);
}

double CountHistogram::fano() const noexcept {
  if (sum_ == 0) return 0;
  return (square_sum_ / static_cast<double>(total_) - mean() * mean()) / mean();
}

std::int64_t CountHistogram::Percentile(double share) const noexcept {
  std::int64_t seen = 0;
  for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
    seen += bins_[bin];
    if (seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(total_)) {
      return static_cast<std::int64_t>(bin);
    }
  }
  return 0;
}

void FeedShape::Interval::Add(EventTime time, CountHistogram* histogram) {
  const std::int64_t now = time.raw() / length;
  if (number && now > *number) {
    histogram->Add(count);
    if (now - *number > 1) histogram->Add(0, now - *number - 1);
    count = 0;
  }
  if (!number || now > *number) number = now;
  ++count;
}

void FeedShape::OnDepth(const DepthDiff& diff, const Touch& before, const Touch& after, Price tick,
                        EventTime clock) {
  if (!first_) first_ = clock;
  last_ = clock;
  levels.Add(static_cast<std::int64_t>(diff.bids.size() + diff.asks.size()));
  const std::int64_t ids = diff.last - diff.first;  // And one more.
  update_ids.Add(std::min<std::int64_t>(ids, CountHistogram::kCountBins) + 1);
  const auto count = [&](const Level& level, std::optional<Ticks> best, int outward) {
    ++level_updates;
    deletes += level.qty == Qty(0) ? 1 : 0;
    if (!best) return;
    ++measured;
    const std::int64_t distance = (level.price.raw() / tick.raw() - best->raw()) * outward;
    for (std::size_t i = 0; i < kWithinTicks.size(); ++i) within[i] += distance < kWithinTicks[i];
  };
  for (const Level& level : diff.bids) count(level, before.bid, -1);
  for (const Level& level : diff.asks) count(level, before.ask, 1);
  if (after.bid && after.ask) {
    ++two_sided_events;
    one_tick_spreads += *after.ask - *after.bid == 1 ? 1 : 0;
    touch_moves += before.bid != after.bid || before.ask != after.ask ? 1 : 0;
  }
}

void FeedShape::OnTrade(EventTime clock) {
  second_.Add(clock, &trades_second);
  tenth_.Add(clock, &trades_tenth);
}

double FeedShape::seconds() const noexcept {
  return first_ ? static_cast<double>(last_ - *first_) / static_cast<double>(kSecond) : 0;
}

void RecordingShape::OnFrame(const FrameHead& head, const SymbolEngine& symbol) {
  if (!symbol.clock()) return;  // No frame of it could be used.
  FeedShape& shape = shapes_[symbol.name()];
  DepthDiff diff;
  Trade trade;
  if (head.kind == FrameKind::kDepth) {
    FeedShape::Touch& touch = touches_[symbol.name()];
    const FeedShape::Touch before = touch;
    touch = {};
    if (const OrderBook* const book = symbol.book()) {
      touch = {BestOf(book->ladder(Side::kBid)), BestOf(book->ladder(Side::kAsk))};
    }
    if (decoder_.DecodeDepth(head, kQtyDecimalsMax, &diff) == DecodeVerdict::kOk) {
      shape.OnDepth(diff, before, touch, symbol.scale().tick, *symbol.clock());
    }
  } else if (head.kind == FrameKind::kBookTicker) {
    ++shape.tickers;
  } else if (head.kind == FrameKind::kTrade &&
             decoder_.DecodeTrade(head, kQtyDecimalsMax, &trade) == DecodeVerdict::kOk) {
    shape.OnTrade(*symbol.clock());
  }
}

}  // namespace thalweg
