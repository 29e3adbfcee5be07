// The obvious book: std::map, written to be checked by eye. What the fast structures must equal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "book/bucket_ladder.h"
#include "book/level.h"
#include "core/units.h"

namespace thalweg::testing {

class ModelSide {
 public:
  explicit ModelSide(Side side) : side_(side) {}

  Qty Set(Ticks price, Qty qty) {
    const Qty old = at(price);
    levels_.erase(Key(price));
    if (qty.raw() != 0) levels_.emplace(Key(price), TickLevel{price, qty});
    return old;
  }

  void Clear() { levels_.clear(); }

  [[nodiscard]] Side side() const { return side_; }
  [[nodiscard]] bool empty() const { return levels_.empty(); }
  [[nodiscard]] Ticks best() const { return levels_.begin()->second.price; }
  [[nodiscard]] const std::map<std::int64_t, TickLevel>& by_key() const { return levels_; }

  [[nodiscard]] Qty at(Ticks price) const {
    const auto found = levels_.find(Key(price));
    return found == levels_.end() ? Qty() : found->second.qty;
  }

  // Best first.
  [[nodiscard]] std::vector<TickLevel> levels() const {
    std::vector<TickLevel> all;
    for (const auto& [key, level] : levels_) all.push_back(level);
    return all;
  }

  [[nodiscard]] Wide SumTo(Ticks edge) const {
    Wide sum = 0;
    for (const auto& [key, level] : levels_) {
      if (key <= Key(edge)) sum += level.qty.raw();
    }
    return sum;
  }

 private:
  [[nodiscard]] std::int64_t Key(Ticks price) const {
    return side_ == Side::kBid ? -price.raw() : price.raw();
  }

  Side side_;
  std::map<std::int64_t, TickLevel> levels_;
};

[[nodiscard]] inline std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}
[[nodiscard]] inline std::int64_t CeilDivide(std::int64_t a, std::int64_t b) {
  return -FloorDivide(-a, b);
}

[[nodiscard]] inline std::int64_t BucketIndex(Side side, Ticks price, Ticks size,
                                              BucketRounding rounding) {
  const bool up = side == Side::kAsk && rounding == BucketRounding::kOutward;
  return up ? CeilDivide(price.raw(), size.raw()) : FloorDivide(price.raw(), size.raw());
}

// Buckets of the levels given best first, from the definition: the non-empty ones, best first.
[[nodiscard]] inline std::vector<CompactBucket> ModelBuckets(Side side,
                                                             std::span<const TickLevel> levels,
                                                             Ticks size, BucketRounding rounding) {
  std::vector<CompactBucket> buckets;
  for (const TickLevel& level : levels) {
    const Ticks label(BucketIndex(side, level.price, size, rounding) * size.raw());
    if (buckets.empty() || buckets.back().label != label) buckets.push_back({label, Bucket{}});
    buckets.back().bucket.qty += level.qty.raw();
    buckets.back().bucket.notional += Wide{level.price.raw()} * level.qty.raw();
  }
  return buckets;
}

// The dense ladder: kLadderBuckets consecutive ones from the touch bucket. Empty side: none.
[[nodiscard]] inline std::vector<CompactBucket> ModelDense(Side side,
                                                           std::span<const CompactBucket> compact,
                                                           Ticks size) {
  std::vector<CompactBucket> dense;
  if (compact.empty()) return dense;
  const std::int64_t step = side == Side::kBid ? -size.raw() : size.raw();
  std::size_t next = 0;
  for (int i = 0; i < kLadderBuckets; ++i) {
    const Ticks label = compact.front().label + step * i;
    dense.push_back({label, Bucket{}});
    if (next < compact.size() && compact[next].label == label) dense.back() = compact[next++];
  }
  return dense;
}

}  // namespace thalweg::testing
