// The book of one symbol: two sides of levels, their buckets, and how far they are known.
//
// It applies what it is given: whether a diff continues the book is decided before
// (book/sequencing.h). During an event the sides may cross; only what stands after it counts.
//
// Invariant: after every call the buckets are exactly the sums of the levels.
// Threads: none of its own; one thread at a time.
// Allocation: none in Apply(), SameInside() and TakeOver() once the ladders have grown to their
// symbol's size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "book/bucket_ladder.h"
#include "book/horizon.h"
#include "book/level.h"
#include "book/level_ladder.h"
#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kBucketSizesMax = 8;

// What is wrong with a snapshot, the first thing found.
enum class SnapshotVerdict : std::uint8_t {
  kGood,
  kBadPrice,   // Outside [0, kTicksMax].
  kZeroQty,    // A quantity of zero or less.
  kDuplicate,  // A price twice.
  kUnsorted,   // Not best first.
  kCrossed,    // The best bid is not below the best ask.
};
[[nodiscard]] SnapshotVerdict ValidateSnapshot(std::span<const TickLevel> bids,
                                               std::span<const TickLevel> asks) noexcept;

class OrderBook {
 public:
  // REQUIRES: one to kBucketSizesMax sizes in ticks, each in [1, kTicksMax].
  explicit OrderBook(std::span<const Ticks> bucket_sizes,
                     BucketRounding rounding = BucketRounding::kOutward,
                     const LadderBounds& bounds = {});
  // Moves only: a copy would share its revision.
  OrderBook(OrderBook&&) = default;
  OrderBook& operator=(OrderBook&&) = default;

  // Replaces everything. A side of `limit` or more levels is known to its worst price only; a
  // shorter one is the whole side. REQUIRES: ValidateSnapshot() is kGood, limit > 0.
  void Load(std::span<const TickLevel> bids, std::span<const TickLevel> asks, UpdateId id,
            std::size_t limit);

  // Applies one event: absolute quantities, 0 removes. Later levels of a price win. REQUIRES:
  // prices in [0, kTicksMax], no negative quantity.
  void Apply(std::span<const TickLevel> bids, std::span<const TickLevel> asks,
             UpdateId last_id) noexcept;

  void Clear() noexcept;

  // The last update id in the book.
  [[nodiscard]] UpdateId id() const noexcept { return id_; }
  // Another number after every change of levels, buckets or known edges, and one that no other book
  // of this process has: what was computed from the book is good while it stays.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  [[nodiscard]] const LevelLadder& ladder(Side side) const noexcept { return half(side).ladder; }
  [[nodiscard]] bool one_sided() const noexcept;
  // Locked counts as crossed. False while a side is empty.
  [[nodiscard]] bool crossed() const noexcept;

  // Buckets: `size_index` counts the sizes given to the constructor.
  [[nodiscard]] int bucket_size_count() const noexcept {
    return static_cast<int>(halves_[0].buckets.size());
  }
  [[nodiscard]] Ticks bucket_size(int size_index) const noexcept {
    return buckets(Side::kBid, size_index).size();
  }
  [[nodiscard]] DenseView dense(Side side, int size_index) const noexcept {
    return buckets(side, size_index).dense();
  }
  [[nodiscard]] CompactLadder compact(Side side, int size_index) const noexcept {
    return buckets(side, size_index).Compact(half(side).ladder);
  }

  // The worst price of `side` up to which every level is known, evictions included; none when the
  // whole side is.
  [[nodiscard]] std::optional<Ticks> known_edge(Side side) const noexcept;
  [[nodiscard]] bool Knows(Side side, Ticks price) const noexcept {
    return IsInside(side, price, known_edge(side));
  }
  // For an audit that passed: events never move the edges.
  void set_known_edges(const KnownEdges& edges) noexcept;

  // How much is known of the bucket with this label.
  [[nodiscard]] Coverage coverage(Side side, int size_index, Ticks label) const noexcept;
  // Complete buckets among those present in the ladder: 0 to kLadderBuckets.
  [[nodiscard]] int complete_dense(Side side, int size_index) const noexcept;
  [[nodiscard]] int complete_compact(Side side, int size_index,
                                     const CompactLadder& ladder) const noexcept;

  // Whether the buckets, of one size or of all, are what the raw levels say. RebuildBuckets() is
  // the remedy when they are not.
  [[nodiscard]] bool CheckBuckets(int size_index) const noexcept;
  [[nodiscard]] bool CheckBuckets() const noexcept;
  void RebuildBuckets() noexcept;
  // How often all buckets of a side were read from its levels anew. For tests: an event must not.
  [[nodiscard]] std::int64_t bucket_rebuilds() const noexcept {
    return halves_[0].rebuilds + halves_[1].rebuilds;
  }

  // Whether every level is equal in the zone that both books know.
  [[nodiscard]] bool SameInside(const OrderBook& other) const noexcept;

  // Beyond its own edges and inside the other's, this book becomes the other one, which also means
  // removals; then it adopts the other's edges. REQUIRES: equal ticks and quantity units.
  void TakeOver(const OrderBook& other) noexcept;

  // Whether every level fits a tick and a quantity unit that are finer by these factors >= 1. Cold.
  [[nodiscard]] bool CanRefine(std::int64_t price_factor, std::int64_t qty_factor) const noexcept;

  // The tick, or the quantity unit, was refined by `factor` >= 1. REQUIRES, for prices: every
  // bucket size times factor is at most kTicksMax. Quantities: false, and nothing changed, when a
  // level would not fit or is at the cap. Cold.
  void ScalePrices(std::int64_t factor);
  [[nodiscard]] bool ScaleQuantities(std::int64_t factor);

 private:
  struct HalfBook {
    HalfBook(Side side, std::span<const Ticks> sizes, BucketRounding rounding,
             const LadderBounds& bounds);

    LevelLadder ladder;
    std::vector<BucketLadder> buckets;
    std::optional<Ticks> snapshot_edge;
    std::optional<Ticks> followed;  // The best price that the buckets know of.
    std::int64_t rebuilds = 0;

    void Load(std::span<const TickLevel> levels, std::size_t limit) noexcept;
    void Apply(std::span<const TickLevel> levels) noexcept;
    void ApplyBatch(std::span<const TickLevel> levels) noexcept;
    void SettleEvictions() noexcept;
    void FollowTouch() noexcept;
    void RebuildBuckets() noexcept;
    void Clear() noexcept;
    void ScalePrices(std::int64_t factor);
    [[nodiscard]] std::optional<Ticks> known_edge() const noexcept;
    [[nodiscard]] bool SameInside(const HalfBook& other) const noexcept;
    void TakeOver(const HalfBook& other) noexcept;
  };

  [[nodiscard]] const HalfBook& half(Side side) const noexcept {
    return halves_[static_cast<std::size_t>(side)];
  }
  [[nodiscard]] const BucketLadder& buckets(Side side, int size_index) const noexcept {
    return half(side).buckets[static_cast<std::size_t>(size_index)];
  }

  std::array<HalfBook, 2> halves_;  // By Side.
  UpdateId id_;
  std::uint64_t revision_;
};

}  // namespace thalweg
