// The oracle's book: two sorted maps, and everything that is computed from a book by walking it.
//
// Prices and quantities are in 1e-8; nothing is kept up to date incrementally, nothing is cached.
// Each function is one definition of the feature reference (sections 1 and 2), written down as it
// stands there. NaN means "undefined".
// Threads: no shared state.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "tests/oracle/slow_decode.h"

namespace thalweg::oracle {

enum class SlowSide { kBid, kAsk };

[[nodiscard]] double NotANumber();
// `numerator / denominator` in doubles, NaN when the denominator is 0.
[[nodiscard]] double Ratio(Wide numerator, Wide denominator);
[[nodiscard]] Int FloorDiv(Int a, Int b);
[[nodiscard]] Int CeilDiv(Int a, Int b);

class SlowBook {
 public:
  SlowBook() = default;
  // The book of a snapshot and the edges of what it knows. `limit`: a side with that many levels or
  // more is known only as far as its worst level.
  SlowBook(const SlowSnapshot& snapshot, Int limit);

  // Sets every listed level, both sides; zero removes.
  void Apply(const SlowDepth& event);

  // Best first.
  [[nodiscard]] SlowLevels Levels(SlowSide side) const;
  // The worst price that the snapshot knew; empty: the side is complete.
  [[nodiscard]] std::optional<Int> edge(SlowSide side) const;
  // Whether `price` lies on the unknown side of the edge.
  [[nodiscard]] bool Beyond(SlowSide side, Wide price) const;

  // Whether both books hold the same levels wherever both of them know everything.
  [[nodiscard]] bool AgreesWith(const SlowBook& other) const;
  // Takes over `other`'s levels where this book knew nothing for certain, and its edges.
  void WidenTo(const SlowBook& other);

 private:
  using Map = std::map<Int, Int>;
  [[nodiscard]] const Map& Side(SlowSide side) const;
  [[nodiscard]] static bool BeyondEdge(SlowSide side, Wide price, const std::optional<Int>& edge);
  [[nodiscard]] Map KnownLevels(SlowSide side, const SlowBook& other) const;
  void WidenSide(SlowSide side, const SlowBook& other);

  Map bids_;
  Map asks_;
  std::optional<Int> bid_edge_;
  std::optional<Int> ask_edge_;
};

// Twice the mid in the unit of the prices; empty when a side is empty or the book is crossed.
[[nodiscard]] std::optional<Int> TwiceMid(const SlowLevels& bids, const SlowLevels& asks);
[[nodiscard]] bool IsCrossed(const SlowLevels& bids, const SlowLevels& asks);

// Sum over the best `count` levels.
[[nodiscard]] Wide DepthOfLevels(const SlowLevels& levels, std::size_t count);
// Sum over the levels within `bps` of the mid, border included.
[[nodiscard]] Wide DepthOfBand(SlowSide side, const SlowLevels& levels, Int twice_mid, Int bps);
// Sum of q * 2^(-d/half_life), d in ticks from the own touch, over d <= 20 * half_life, in base
// units.
[[nodiscard]] long double DepthDecayed(const SlowLevels& levels, Int tick, Int half_life);

// What a sweep of `notional` (quote units) found. `cost_bps` is NaN when the side is too thin;
// `last_price` is that of the last level looked at (empty: there was none).
struct SlowSweep {
  double cost_bps;
  std::optional<Int> last_price;
};
[[nodiscard]] SlowSweep SweepCost(const SlowLevels& levels, Int twice_mid, Int tick, Int notional);

// Slope through the origin of cumulative quantity on distance from the mid, base per tick.
[[nodiscard]] double Slope(const SlowLevels& levels, Int twice_mid, Int tick, std::size_t count);

// One bucket of a ladder: the label (1e-8), the exact quantity and notional (1e-16) in it.
struct SlowBucket {
  Int label = 0;
  Wide qty = 0;
  Wide notional = 0;
};
inline constexpr int kLadderLength = 15;
// 15 consecutive buckets from the touch's own; empty when the side is.
[[nodiscard]] std::vector<SlowBucket> DenseLadder(SlowSide side, const SlowLevels& levels,
                                                  Int size);
// The first 15 non-empty buckets.
[[nodiscard]] std::vector<SlowBucket> CompactLadder(SlowSide side, const SlowLevels& levels,
                                                    Int size);
[[nodiscard]] Wide LadderQty(const std::vector<SlowBucket>& ladder);
// How many of the ladder's buckets lie wholly inside what the book knows.
[[nodiscard]] int CompleteBuckets(SlowSide side, const SlowBook& book,
                                  const std::vector<SlowBucket>& ladder);

}  // namespace thalweg::oracle
