#include "replay/bucket_audit.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace thalweg {
namespace {

// A bid's bucket is named by its lower edge, an ask's by its upper one; all by the lower one where
// both sides are rounded down.
Ticks LabelOf(Side side, Ticks price, Ticks size, BucketRounding rounding) noexcept {
  const bool up = side == Side::kAsk && rounding == BucketRounding::kOutward;
  const std::int64_t number = (price.raw() + (up ? size.raw() - 1 : 0)) / size.raw();
  return Ticks(number * size.raw());
}

// The buckets that hold a level, best first.
std::vector<CompactBucket> BucketsOf(const LevelLadder& ladder, Ticks size,
                                     BucketRounding rounding) {
  std::vector<CompactBucket> buckets;
  ladder.Walk([&](TickLevel level) {
    const Ticks label = LabelOf(ladder.side(), level.price, size, rounding);
    if (buckets.empty() || buckets.back().label != label) buckets.push_back({label, {}});
    buckets.back().bucket.qty += level.qty.raw();
    buckets.back().bucket.notional += Wide{level.price.raw()} * level.qty.raw();
    return true;
  });
  return buckets;
}

bool DenseAgrees(const DenseView& dense, const std::vector<CompactBucket>& buckets) {
  if (buckets.empty() || dense.buckets.empty()) return buckets.empty() && dense.buckets.empty();
  std::size_t next = 0;
  for (std::size_t i = 0; i < dense.buckets.size(); ++i) {
    const bool holds =
        next < buckets.size() && buckets[next].label == dense.label(static_cast<int>(i));
    if (dense.buckets[i] != (holds ? buckets[next++].bucket : Bucket{})) return false;
  }
  return next > 0;
}

bool CompactAgrees(const CompactLadder& compact, const std::vector<CompactBucket>& buckets) {
  const auto count = std::min(buckets.size(), compact.buckets.size());
  return compact.count == static_cast<int>(count) &&
         std::equal(buckets.begin(), buckets.begin() + compact.count, compact.buckets.begin());
}

}  // namespace

bool BucketsAreTheLevels(const OrderBook& book, BucketRounding rounding) {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    for (int i = 0; i < book.bucket_size_count(); ++i) {
      const std::vector<CompactBucket> buckets =
          BucketsOf(book.ladder(side), book.bucket_size(i), rounding);
      if (!DenseAgrees(book.dense(side, i), buckets)) return false;
      if (!CompactAgrees(book.compact(side, i), buckets)) return false;
    }
  }
  return true;
}

}  // namespace thalweg
