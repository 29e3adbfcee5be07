// One side of a book in buckets of one size, kept up level change by level change.
//
// A bid bucket is named by its lower edge and an ask bucket by its upper edge, so that a label is
// never better than a price in it; kFloor names asks by the lower edge too, as some older
// collectors do. Buckets are numbered outward: ordinal = floor(price / size) for asks, its negative
// for bids, ceil instead of floor for asks rounded outward.
//
// Invariant: each of the kWindow buckets from a base on holds exactly the sums of the ladder's
// levels in its range. Changes outside the window are not kept: Follow() reads the ladder again
// when the touch leaves the usable part, and Compact() walks levels beyond it.
//
// Threads: none of its own; one thread at a time.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "book/level.h"
#include "book/level_ladder.h"
#include "core/units.h"

namespace thalweg {

enum class BucketRounding : std::uint8_t {
  kOutward,  // Bids down, asks up: the definition of this project.
  kFloor,    // Both sides down, for parity with older collectors.
};

// Buckets of a published ladder.
inline constexpr int kLadderBuckets = 15;

struct Bucket {
  Wide qty = 0;
  Wide notional = 0;  // Sum of price in ticks times quantity over the raw levels.
  friend bool operator==(const Bucket&, const Bucket&) = default;
};

// Consecutive buckets from the touch bucket outward, empty ones included. No buckets when the side
// is empty. Valid until the ladder changes.
struct DenseView {
  Ticks first_label;
  std::int64_t step = 0;  // From one label to the next, in ticks; negative for bids.
  std::span<const Bucket> buckets;

  [[nodiscard]] Ticks label(int i) const noexcept { return first_label + step * i; }
};

struct CompactBucket {
  Ticks label;
  Bucket bucket;
  friend bool operator==(const CompactBucket&, const CompactBucket&) = default;
};

// The first buckets that are not empty, from the touch outward.
struct CompactLadder {
  int count = 0;
  std::array<CompactBucket, kLadderBuckets> buckets;
};

// Division by a constant as one multiplication. Exact for every dividend below 2^51.
class TickDivider {
 public:
  // REQUIRES: 1 <= divisor <= 2^50.
  explicit TickDivider(std::int64_t divisor) noexcept;

  // floor(dividend / divisor). REQUIRES: 0 <= dividend < 2^51.
  [[nodiscard]] std::int64_t Divide(std::int64_t dividend) const noexcept {
    assert(dividend >= 0 && dividend < std::int64_t{1} << kDividendBits);
    const auto scaled = static_cast<std::uint64_t>(dividend) << (64 - kDividendBits);
    const auto high =
        static_cast<std::uint64_t>((static_cast<unsigned __int128>(scaled) * multiplier_) >> 64);
    return static_cast<std::int64_t>(high >> shift_);
  }

 private:
  static constexpr int kDividendBits = 51;
  std::uint64_t multiplier_;
  int shift_;
};

class BucketLadder {
 public:
  // REQUIRES: 1 <= size <= kTicksMax.
  BucketLadder(Side side, Ticks size, BucketRounding rounding);

  [[nodiscard]] Ticks size() const noexcept { return size_; }

  // The quantity at `price` changed by `delta` in the level ladder.
  void Add(Ticks price, std::int64_t delta) noexcept;

  // Makes the bucket of the ladder's best level the touch bucket. To be called when the best level
  // may have changed, before anything is read.
  void Follow(const LevelLadder& ladder) noexcept;

  // Reads everything from the ladder: after it changed in another way than through Add().
  void Rebuild(const LevelLadder& ladder) noexcept;

  // The tick was refined by `factor`. The level ladder is scaled too and Rebuild() follows before
  // anything else. REQUIRES: size() * factor <= kTicksMax.
  void ScaleSize(std::int64_t factor) noexcept;

  [[nodiscard]] DenseView dense() const noexcept;
  // How many buckets of dense() cover no price beyond `edge`.
  [[nodiscard]] int dense_inside(Ticks edge) const noexcept;
  [[nodiscard]] CompactLadder Compact(const LevelLadder& ladder) const noexcept;

  // Whether every bucket of the window is what the ladder's levels say, recomputed from scratch.
  [[nodiscard]] bool Agrees(const LevelLadder& ladder) const noexcept;

  // The label of the bucket that holds `price`, and the best and worst price a labelled bucket
  // covers; these may be negative.
  [[nodiscard]] Ticks LabelOf(Ticks price) const noexcept { return LabelAt(OrdinalOf(price)); }
  [[nodiscard]] Ticks InnerPrice(Ticks label) const noexcept { return label + inner_offset_; }
  [[nodiscard]] Ticks OuterPrice(Ticks label) const noexcept { return label + outer_offset_; }

 private:
  // 8 KiB a size and side. The touch starts at kLead and may wander to kUsable before the window is
  // placed anew: 64 buckets inward, 64 outward, and never less than 128 buckets outward of it.
  static constexpr int kWindow = 256;
  static constexpr int kLead = 64;
  static constexpr int kUsable = 128;
  static_assert(kUsable + kLadderBuckets <= kWindow);

  // Sums wrap like unsigned numbers on the way and are right at the end.
  using Sum = unsigned __int128;
  using Window = std::array<Bucket, kWindow>;

  [[nodiscard]] std::int64_t OrdinalOf(Ticks price) const noexcept {
    return (divider_.Divide(price.raw() + round_up_) ^ sign_) - sign_;
  }
  [[nodiscard]] Ticks LabelAt(std::int64_t ordinal) const noexcept {
    return Ticks(((ordinal ^ sign_) - sign_) * size_.raw());
  }

  static void AddLevel(Bucket& bucket, TickLevel level) noexcept;
  void SumWindow(const LevelLadder& ladder, std::span<Bucket> window) const noexcept;
  void SetSize(Ticks size) noexcept;

  Ticks size_;
  TickDivider divider_;
  std::int64_t sign_;  // -1 for bids, 0 for asks: negates as (x ^ sign) - sign.
  bool round_asks_up_;
  std::int64_t round_up_ = 0;      // Added before the division: size - 1 rounds up.
  std::int64_t inner_offset_ = 0;  // From a label to the best price of its bucket.
  std::int64_t outer_offset_ = 0;  // And to the worst.
  std::int64_t base_ = 0;          // Ordinal of the first bucket of the window.
  int touch_ = -1;               // Place of the touch bucket in the window; -1: the side is empty.
  std::vector<Bucket> buckets_;  // kWindow of them, and one that swallows changes outside.
};

// Without a branch on whether the change lies in the window: a last bucket swallows those outside.
inline void BucketLadder::Add(Ticks price, std::int64_t delta) noexcept {
  const auto place = static_cast<std::uint64_t>(OrdinalOf(price) - base_);
  Bucket& bucket = buckets_[place < kWindow ? place : kWindow];
  const Wide notional = Wide{price.raw()} * delta;
  bucket.qty = static_cast<Wide>(static_cast<Sum>(bucket.qty) + static_cast<Sum>(Wide{delta}));
  bucket.notional =
      static_cast<Wide>(static_cast<Sum>(bucket.notional) + static_cast<Sum>(notional));
}

}  // namespace thalweg
