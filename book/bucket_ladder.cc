#include "book/bucket_ladder.h"

#include <algorithm>
#include <bit>

namespace thalweg {

// With l = ceil(log2 d) and m = ceil(2^(51 + l) / d), floor(n * m / 2^(51 + l)) is floor(n / d) for
// every n < 2^51 (Granlund and Montgomery 1994). Shifting n up by 13 first makes it the high half
// of one 64 x 64 bit product, shifted by l.
TickDivider::TickDivider(std::int64_t divisor) noexcept {
  assert(divisor >= 1 && divisor <= kTicksMax.raw());
  const auto d = static_cast<std::uint64_t>(divisor);
  shift_ = static_cast<int>(std::bit_width(d - 1));
  const unsigned __int128 power = static_cast<unsigned __int128>(1) << (kDividendBits + shift_);
  multiplier_ = static_cast<std::uint64_t>((power + d - 1) / d);
}

BucketLadder::BucketLadder(Side side, Ticks size, BucketRounding rounding)
    : size_(size),
      divider_(size.raw()),
      sign_(side == Side::kBid ? -1 : 0),
      round_asks_up_(side == Side::kAsk && rounding == BucketRounding::kOutward),
      buckets_(kWindow + 1) {
  SetSize(size);
}

void BucketLadder::SetSize(Ticks size) noexcept {
  assert(size.raw() >= 1 && size <= kTicksMax);
  size_ = size;
  divider_ = TickDivider(size.raw());
  const std::int64_t width = size.raw() - 1;
  round_up_ = round_asks_up_ ? width : 0;
  const std::int64_t lowest = round_asks_up_ ? -width : 0;
  inner_offset_ = sign_ == 0 ? lowest : lowest + width;
  outer_offset_ = sign_ == 0 ? lowest + width : lowest;
}

void BucketLadder::AddLevel(Bucket& bucket, TickLevel level) noexcept {
  bucket.qty += level.qty.raw();
  bucket.notional += Wide{level.price.raw()} * level.qty.raw();
}

void BucketLadder::SumWindow(const LevelLadder& ladder, std::span<Bucket> window) const noexcept {
  std::fill(window.begin(), window.end(), Bucket{});
  ladder.Walk([&](TickLevel level) {
    const std::int64_t place = OrdinalOf(level.price) - base_;
    if (place >= kWindow) return false;
    if (place >= 0) AddLevel(window[static_cast<std::size_t>(place)], level);
    return true;
  });
}

void BucketLadder::Rebuild(const LevelLadder& ladder) noexcept {
  touch_ = ladder.empty() ? -1 : kLead;
  if (!ladder.empty()) base_ = OrdinalOf(ladder.best()) - kLead;
  SumWindow(ladder, std::span(buckets_).first<kWindow>());
}

void BucketLadder::Follow(const LevelLadder& ladder) noexcept {
  if (ladder.empty()) {
    touch_ = -1;
    return;
  }
  const std::int64_t place = OrdinalOf(ladder.best()) - base_;
  if (place < 0 || place > kUsable) {
    Rebuild(ladder);
  } else {
    touch_ = static_cast<int>(place);
  }
}

void BucketLadder::ScaleSize(std::int64_t factor) noexcept {
  assert(factor >= 1 && size_.raw() <= kTicksMax.raw() / factor);
  SetSize(Ticks(size_.raw() * factor));
}

DenseView BucketLadder::dense() const noexcept {
  if (touch_ < 0) return {};
  const std::int64_t step = (size_.raw() ^ sign_) - sign_;
  return {LabelAt(base_ + touch_), step,
          std::span(buckets_).subspan(static_cast<std::size_t>(touch_), kLadderBuckets)};
}

int BucketLadder::dense_inside(Ticks edge) const noexcept {
  if (touch_ < 0) return 0;
  const std::int64_t room = edge - OuterPrice(LabelAt(base_ + touch_));
  const std::int64_t outward = (room ^ sign_) - sign_;
  if (outward < 0) return 0;
  return static_cast<int>(std::min<std::int64_t>(divider_.Divide(outward) + 1, kLadderBuckets));
}

CompactLadder BucketLadder::Compact(const LevelLadder& ladder) const noexcept {
  CompactLadder compact;
  if (touch_ < 0) return compact;
  for (int place = touch_; place < kWindow && compact.count < kLadderBuckets; ++place) {
    const Bucket& bucket = buckets_[static_cast<std::size_t>(place)];
    if (bucket.qty == 0) continue;
    compact.buckets[static_cast<std::size_t>(compact.count++)] = {LabelAt(base_ + place), bucket};
  }
  if (compact.count == kLadderBuckets) return compact;
  const Ticks beyond = InnerPrice(LabelAt(base_ + kWindow));
  if (beyond.raw() < 0 || beyond > kTicksMax) return compact;
  int last = compact.count - 1;
  ladder.WalkFrom(beyond, [&](TickLevel level) {
    const Ticks label = LabelOf(level.price);
    if (last < 0 || compact.buckets[static_cast<std::size_t>(last)].label != label) {
      if (compact.count == kLadderBuckets) return false;
      last = compact.count++;
      compact.buckets[static_cast<std::size_t>(last)] = {label, Bucket{}};
    }
    AddLevel(compact.buckets[static_cast<std::size_t>(last)].bucket, level);
    return true;
  });
  return compact;
}

bool BucketLadder::Agrees(const LevelLadder& ladder) const noexcept {
  Window expected;
  SumWindow(ladder, expected);
  if (!std::equal(expected.begin(), expected.end(), buckets_.begin())) return false;
  if (ladder.empty()) return touch_ == -1;
  return touch_ == OrdinalOf(ladder.best()) - base_;
}

}  // namespace thalweg
