#include "book/order_book.h"

#include <algorithm>
#include <atomic>
#include <cassert>

namespace thalweg {
namespace {

// So that no two books of a process ever have the same revision: each begins a range of its own.
std::uint64_t FirstRevision() noexcept {
  static std::atomic<std::uint64_t> book_count{0};
  return book_count.fetch_add(1, std::memory_order_relaxed) << 40;
}

// Levels whose directory entries are fetched ahead of applying them: few enough to stay in the
// first-level cache. Fetching the quantities ahead as well cost more than it gave, warm and cold.
constexpr std::size_t kBatch = 64;

SnapshotVerdict ValidateSide(std::span<const TickLevel> levels, Side side) noexcept {
  std::optional<Ticks> last;
  for (const TickLevel& level : levels) {
    if (level.price.raw() < 0 || level.price > kTicksMax) return SnapshotVerdict::kBadPrice;
    if (level.qty.raw() <= 0) return SnapshotVerdict::kZeroQty;
    if (last == level.price) return SnapshotVerdict::kDuplicate;
    if (last && IsInside(side, level.price, last)) return SnapshotVerdict::kUnsorted;
    last = level.price;
  }
  return SnapshotVerdict::kGood;
}

// Calls visit(TickLevel) for the levels up to `edge`, best first, until it returns false.
template <class F>
void WalkInside(const LevelLadder& ladder, std::optional<Ticks> edge, F&& visit) {
  ladder.Walk(
      [&](TickLevel level) { return IsInside(ladder.side(), level.price, edge) && visit(level); });
}

// The first level at `price` or beyond.
std::optional<TickLevel> FirstFrom(const LevelLadder& ladder, Ticks price) {
  std::optional<TickLevel> first;
  ladder.WalkFrom(price, [&](TickLevel level) {
    first = level;
    return false;
  });
  return first;
}

// The nearest price that is better than `price`, or worse.
Ticks JustInside(Side side, Ticks price) noexcept {
  return side == Side::kBid ? price + 1 : price - 1;
}
Ticks JustOutside(Side side, Ticks price) noexcept {
  return side == Side::kBid ? price - 1 : price + 1;
}

std::optional<Ticks> Scaled(std::optional<Ticks> edge, std::int64_t factor) noexcept {
  if (!edge) return std::nullopt;
  return Ticks(std::min(edge->raw(), kTicksMax.raw() / factor) * factor);
}

}  // namespace

SnapshotVerdict ValidateSnapshot(std::span<const TickLevel> bids,
                                 std::span<const TickLevel> asks) noexcept {
  const SnapshotVerdict of_bids = ValidateSide(bids, Side::kBid);
  if (of_bids != SnapshotVerdict::kGood) return of_bids;
  const SnapshotVerdict of_asks = ValidateSide(asks, Side::kAsk);
  if (of_asks != SnapshotVerdict::kGood) return of_asks;
  const bool crossed = !bids.empty() && !asks.empty() && bids.front().price >= asks.front().price;
  return crossed ? SnapshotVerdict::kCrossed : SnapshotVerdict::kGood;
}

OrderBook::HalfBook::HalfBook(Side side, std::span<const Ticks> sizes, BucketRounding rounding,
                              const LadderBounds& bounds)
    : ladder(side, bounds) {
  buckets.reserve(sizes.size());
  for (const Ticks size : sizes) buckets.emplace_back(side, size, rounding);
}

void OrderBook::HalfBook::Load(std::span<const TickLevel> levels, std::size_t limit) noexcept {
  ladder.Clear();
  for (const TickLevel& level : levels) ladder.Set(level.price, level.qty);
  snapshot_edge.reset();
  if (!levels.empty() && levels.size() >= limit) snapshot_edge = levels.back().price;
  RebuildBuckets();
}

void OrderBook::HalfBook::Apply(std::span<const TickLevel> levels) noexcept {
  while (!levels.empty()) {
    const std::size_t count = std::min(levels.size(), kBatch);
    ApplyBatch(levels.first(count));
    levels = levels.subspan(count);
  }
  FollowTouch();
}

void OrderBook::HalfBook::ApplyBatch(std::span<const TickLevel> levels) noexcept {
  for (const TickLevel& level : levels) ladder.Prefetch(level.price);
  for (const TickLevel& level : levels) {
    const std::int64_t delta = level.qty - ladder.Set(level.price, level.qty);
    for (BucketLadder& bucket : buckets) bucket.Add(level.price, delta);
  }
  if (ladder.unsettled_count() != 0) [[unlikely]]
    SettleEvictions();
}

// Takes out of the buckets what the ladder evicted: no change told them. A full ladder evicts with
// every far level that comes, so that reading all levels anew would be the cost of every event.
void OrderBook::HalfBook::SettleEvictions() noexcept {
  const std::span<const TickLevel> evicted = ladder.unsettled();
  if (std::ssize(evicted) != ladder.unsettled_count()) return RebuildBuckets();
  for (const TickLevel& level : evicted) {
    for (BucketLadder& bucket : buckets) bucket.Add(level.price, -level.qty.raw());
  }
  ladder.SettleEvictions();
}

// Once an event: the touch may have moved.
void OrderBook::HalfBook::FollowTouch() noexcept {
  std::optional<Ticks> best;
  if (!ladder.empty()) best = ladder.best();
  if (best == followed) return;
  followed = best;
  for (BucketLadder& bucket : buckets) bucket.Follow(ladder);
}

void OrderBook::HalfBook::RebuildBuckets() noexcept {
  followed.reset();
  if (!ladder.empty()) followed = ladder.best();
  ladder.SettleEvictions();
  ++rebuilds;
  for (BucketLadder& bucket : buckets) bucket.Rebuild(ladder);
}

void OrderBook::HalfBook::Clear() noexcept {
  ladder.Clear();
  snapshot_edge.reset();
  RebuildBuckets();
}

void OrderBook::HalfBook::ScalePrices(std::int64_t factor) {
  ladder.ScalePrices(factor);
  snapshot_edge = Scaled(snapshot_edge, factor);
  for (BucketLadder& bucket : buckets) bucket.ScaleSize(factor);
  RebuildBuckets();
}

std::optional<Ticks> OrderBook::HalfBook::known_edge() const noexcept {
  const std::optional<Ticks> evicted = ladder.evicted_edge();
  if (!evicted) return snapshot_edge;
  return InnerEdge(ladder.side(), snapshot_edge, JustInside(ladder.side(), *evicted));
}

bool OrderBook::HalfBook::SameInside(const HalfBook& other) const noexcept {
  const std::optional<Ticks> edge = InnerEdge(ladder.side(), known_edge(), other.known_edge());
  std::int64_t surplus = 0;  // As many levels there as here, and each of these there: all equal.
  WalkInside(other.ladder, edge, [&](TickLevel) { return ++surplus, true; });
  bool same = true;
  WalkInside(ladder, edge, [&](TickLevel level) {
    --surplus;
    return same = other.ladder.at(level.price) == level.qty;
  });
  return same && surplus == 0;
}

void OrderBook::HalfBook::TakeOver(const HalfBook& other) noexcept {
  const Side side = ladder.side();
  const std::optional<Ticks> own = known_edge();
  const std::optional<Ticks> edge = other.known_edge();
  ladder.ForgetEvictions();
  if (own) {
    // One by one, as changes end a walk: first those that the other book has not.
    for (std::optional<TickLevel> level = FirstFrom(ladder, JustOutside(side, *own));
         level && IsInside(side, level->price, edge);
         level = FirstFrom(ladder, JustOutside(side, level->price))) {
      ladder.Set(level->price, other.ladder.at(level->price));
    }
    WalkInside(other.ladder, edge, [&](TickLevel level) {
      if (!IsInside(side, level.price, own)) ladder.Set(level.price, level.qty);
      return true;
    });
  }
  snapshot_edge = edge;
  RebuildBuckets();
}

OrderBook::OrderBook(std::span<const Ticks> bucket_sizes, BucketRounding rounding,
                     const LadderBounds& bounds)
    : halves_{HalfBook(Side::kBid, bucket_sizes, rounding, bounds),
              HalfBook(Side::kAsk, bucket_sizes, rounding, bounds)},
      revision_(FirstRevision()) {
  assert(!bucket_sizes.empty() && bucket_sizes.size() <= kBucketSizesMax);
}

void OrderBook::Load(std::span<const TickLevel> bids, std::span<const TickLevel> asks, UpdateId id,
                     std::size_t limit) {
  ++revision_;
  assert(limit > 0 && ValidateSnapshot(bids, asks) == SnapshotVerdict::kGood);
  halves_[0].Load(bids, limit);
  halves_[1].Load(asks, limit);
  id_ = id;
}

void OrderBook::Apply(std::span<const TickLevel> bids, std::span<const TickLevel> asks,
                      UpdateId last_id) noexcept {
  ++revision_;
  halves_[0].Apply(bids);
  halves_[1].Apply(asks);
  id_ = last_id;
}

void OrderBook::Clear() noexcept {
  ++revision_;
  for (HalfBook& half : halves_) half.Clear();
  id_ = UpdateId();
}

bool OrderBook::one_sided() const noexcept {
  return halves_[0].ladder.empty() || halves_[1].ladder.empty();
}

bool OrderBook::crossed() const noexcept {
  return !one_sided() && halves_[0].ladder.best() >= halves_[1].ladder.best();
}

std::optional<Ticks> OrderBook::known_edge(Side side) const noexcept {
  return half(side).known_edge();
}

void OrderBook::set_known_edges(const KnownEdges& edges) noexcept {
  ++revision_;
  halves_[0].snapshot_edge = edges.bid;
  halves_[1].snapshot_edge = edges.ask;
}

Coverage OrderBook::coverage(Side side, int size_index, Ticks label) const noexcept {
  const BucketLadder& bucket = buckets(side, size_index);
  const std::optional<Ticks> edge = known_edge(side);
  if (IsInside(side, bucket.OuterPrice(label), edge)) return Coverage::kComplete;
  return IsInside(side, bucket.InnerPrice(label), edge) ? Coverage::kPartial : Coverage::kUnknown;
}

int OrderBook::complete_dense(Side side, int size_index) const noexcept {
  const std::optional<Ticks> edge = known_edge(side);
  if (edge) return buckets(side, size_index).dense_inside(*edge);
  return static_cast<int>(dense(side, size_index).buckets.size());
}

int OrderBook::complete_compact(Side side, int size_index,
                                const CompactLadder& ladder) const noexcept {
  int count = ladder.count;
  while (count > 0 &&
         coverage(side, size_index, ladder.buckets[static_cast<std::size_t>(count - 1)].label) !=
             Coverage::kComplete) {
    --count;
  }
  return count;
}

bool OrderBook::CheckBuckets(int size_index) const noexcept {
  return std::ranges::all_of(halves_, [&](const HalfBook& half) {
    return half.buckets[static_cast<std::size_t>(size_index)].Agrees(half.ladder);
  });
}

bool OrderBook::CheckBuckets() const noexcept {
  for (int i = 0; i < bucket_size_count(); ++i) {
    if (!CheckBuckets(i)) return false;
  }
  return true;
}

void OrderBook::RebuildBuckets() noexcept {
  ++revision_;
  for (HalfBook& half : halves_) half.RebuildBuckets();
}

bool OrderBook::SameInside(const OrderBook& other) const noexcept {
  return halves_[0].SameInside(other.halves_[0]) && halves_[1].SameInside(other.halves_[1]);
}

void OrderBook::TakeOver(const OrderBook& other) noexcept {
  ++revision_;
  halves_[0].TakeOver(other.halves_[0]);
  halves_[1].TakeOver(other.halves_[1]);
}

bool OrderBook::CanRefine(std::int64_t price_factor, std::int64_t qty_factor) const noexcept {
  const std::int64_t highest = kTicksMax.raw() / price_factor;
  return std::ranges::all_of(halves_, [&](const HalfBook& half) {
    bool fits = true;
    half.ladder.Walk([&](TickLevel level) {
      fits = level.price.raw() <= highest && CanScale(level.qty.raw(), qty_factor) &&
             NotionalFits(level.price.raw() * price_factor, Qty(level.qty.raw() * qty_factor));
      return fits;
    });
    return fits;
  });
}

void OrderBook::ScalePrices(std::int64_t factor) {
  ++revision_;
  for (HalfBook& half : halves_) half.ScalePrices(factor);
}

bool OrderBook::ScaleQuantities(std::int64_t factor) {
  for (const HalfBook& half : halves_) {
    if (!half.ladder.CanScaleQuantities(factor)) return false;
  }
  ++revision_;
  for (HalfBook& half : halves_) {
    (void)half.ladder.ScaleQuantities(factor);
    half.RebuildBuckets();
  }
  return true;
}

}  // namespace thalweg
