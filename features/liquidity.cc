#include "features/liquidity.h"

#include <cmath>
#include <numeric>

namespace thalweg {
namespace {

constexpr double kBpsOfOne = 10'000.0;

// Sweep costs of one side for all notionals in one walk: 1e4 |2 N p - mid2 D| / (mid2 D), with p
// the last price used and D = (quantity before it) p + N - (notional before it). False when the
// side ran out before the largest notional was reached.
bool SweepSide(const BookPicture& picture, const SweepTargets& targets, Side side, double* costs,
               Reach* reach) noexcept {
  constexpr std::size_t kCount = kSweepNotionals.size();
  std::fill_n(costs, kCount, kNaN);
  std::size_t next = 0;
  Wide enough = targets[0].enough;
  Wide qty_before = 0;
  Wide notional_before = 0;
  std::int64_t last_price = 0;
  const Wide mid2 = picture.mid2();
  picture.book().ladder(side).Walk([&](const TickLevel& level) {
    const std::int64_t price = level.price.raw();
    const Wide notional_here = notional_before + Wide{price} * level.qty.raw();
    last_price = price;
    while (notional_here >= enough) {
      const SweepTargets::Target& target = targets[next];
      const Wide d = (qty_before * price - notional_before) * target.factor + target.units;
      const Wide excess = 2 * target.units * price - mid2 * d;
      costs[next++] = kBpsOfOne * Ratio(excess < 0 ? -excess : excess, mid2 * d);
      if (next == kCount) return false;
      enough = targets[next].enough;
    }
    qty_before += level.qty.raw();
    notional_before = notional_here;
    return true;
  });
  reach->Include(side, last_price);
  return next == kCount;
}

// Sum(d C) / Sum(d^2) over the best levels, d = distance from mid, C = cumulative quantity; with
// twice the distances, so that half ticks stay integers.
double Slope(const BookPicture& picture, Side side) noexcept {
  Wide cumulative = 0;
  Wide weighted = 0;
  Wide squares = 0;
  for (const TickLevel& level : picture.top(side)) {
    const Wide distance2 = std::abs(2 * level.price.raw() - picture.mid2());
    cumulative += level.qty.raw();
    weighted += distance2 * cumulative;
    squares += distance2 * distance2;
  }
  return 2.0 * Ratio(weighted, squares) / picture.scale().qty_one();
}

}  // namespace

void SweepTargets::SetScale(const Scale& scale) noexcept {
  if (scale == scale_) return;
  scale_ = scale;
  const std::int64_t tick = scale.tick.raw();
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Wide raw = Wide{kSweepNotionals[i]} * kPriceOne * PowerOfTen(scale.qty_decimals);
    const std::int64_t shared = std::gcd(static_cast<std::int64_t>(raw % tick), tick);
    const Wide units = raw / shared;
    const Wide factor = tick / shared;
    targets_[i] = {units, factor, (units + factor - 1) / factor};
  }
}

bool ComputeLiquidity(const BookPicture& picture, const SweepTargets& targets, double* out,
                      Reach* reach) noexcept {
  std::fill_n(out, kLiquidityFeatures, kNaN);
  if (!picture.two_sided()) return false;
  const bool bought = SweepSide(picture, targets, Side::kAsk, out, reach);
  const bool sold = SweepSide(picture, targets, Side::kBid, out + kSweepNotionals.size(), reach);
  out[6] = Slope(picture, Side::kBid);
  out[7] = Slope(picture, Side::kAsk);
  return !bought || !sold;
}

}  // namespace thalweg
