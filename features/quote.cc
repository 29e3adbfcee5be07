#include "features/quote.h"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

constexpr std::int64_t kBps = 10'000;

const ExponentialWeights& Weights() {
  static const ExponentialWeights weights(kExponentialHalfLife);
  return weights;
}

constexpr std::int64_t kUp = 2 * kBps - 1;

// (mid2 * parts + rounding) / 20000 of a positive mid2: the price at `parts` ten-thousandths of the
// mid, rounded down, or up with kUp. In 64 bits as far as they reach.
std::int64_t Share(std::int64_t mid2, std::int64_t parts, std::int64_t rounding) noexcept {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(mid2, parts, &product) && product <= INT64_MAX - rounding) {
    return (product + rounding) / (2 * kBps);
  }
  return static_cast<std::int64_t>((Wide{mid2} * parts + rounding) / (Wide{2} * kBps));
}

// The prices x bps below and above the mid, rounded away from it.
struct Band {
  std::int64_t low;   // floor
  std::int64_t high;  // ceil
};

Band BandAround(std::int64_t mid2, std::int64_t bps) noexcept {
  return {Share(mid2, kBps - bps, 0), Share(mid2, kBps + bps, kUp)};
}

double Gap(std::span<const TickLevel> top) noexcept {
  if (top.size() < 2) return kNaN;
  return static_cast<double>(std::abs(top[0].price - top[1].price));
}

}  // namespace

BandDepths DepthsWithin(const BookPicture& picture, std::int64_t bps) noexcept {
  const Ticks lowest(Share(picture.mid2(), kBps - bps, kUp));
  const Ticks highest(Share(picture.mid2(), kBps + bps, 0));
  return {picture.book().ladder(Side::kBid).SumTo(lowest),
          picture.book().ladder(Side::kAsk).SumTo(highest)};
}

ExponentialWeights::ExponentialWeights(int half_life) {
  for (int d = 0; d <= 20 * half_life; ++d) {
    weights_.push_back(std::exp2(-static_cast<double>(d) / half_life));
  }
}

double ExponentialWeights::SumOf(const LevelLadder& ladder) const noexcept {
  const std::int64_t touch = ladder.best().raw();
  double sum = 0.0;
  ladder.Walk([&](const TickLevel& level) {
    const auto distance = static_cast<std::size_t>(std::abs(level.price.raw() - touch));
    if (distance >= weights_.size()) return false;
    sum += static_cast<double>(level.qty.raw()) * weights_[distance];
    return true;
  });
  return sum;
}

double WeightedMid(const Level& bid, const Level& ask) noexcept {
  const Wide b = bid.price.raw();
  const Wide a = ask.price.raw();
  if (bid.qty == ask.qty) return Ratio(a + b, Wide{2} * kPriceOne);
  const Wide sum = Wide{bid.qty.raw()} + ask.qty.raw();
  // In units of 1e-8; the offset from the bid keeps 128 bits ample at any quantity. Prices above
  // 2^53 of them are rounded, which must not carry the sum out of the touch.
  const double above_bid = ToDouble((a - b) * bid.qty.raw()) / ToDouble(sum);
  const double inside = std::clamp(ToDouble(b) + above_bid, ToDouble(b), ToDouble(a));
  return inside / static_cast<double>(kPriceOne);
}

void ComputeQuote(const BookPicture& picture, double* out, Reach* reach) noexcept {
  std::fill_n(out, kQuoteFeatures, kNaN);
  const Scale& scale = picture.scale();
  const std::span<const TickLevel> bids = picture.top(Side::kBid);
  const std::span<const TickLevel> asks = picture.top(Side::kAsk);

  if (!bids.empty()) {
    out[0] = scale.ToQuote(bids[0].price);
    out[1] = scale.ToBase(bids[0].qty.raw());
    reach->Include(Side::kBid, bids[0].price.raw() - kExponentialReach);
    reach->Include(Side::kBid, bids.back().price.raw());
  }
  if (!asks.empty()) {
    out[2] = scale.ToQuote(asks[0].price);
    out[3] = scale.ToBase(asks[0].qty.raw());
    reach->Include(Side::kAsk, asks[0].price.raw() + kExponentialReach);
    reach->Include(Side::kAsk, asks.back().price.raw());
  }
  out[22] = Gap(bids);
  out[23] = Gap(asks);
  if (bids.empty() || asks.empty()) return;
  out[5] = static_cast<double>(picture.spread());
  if (!picture.two_sided()) return;

  const std::int64_t mid2 = picture.mid2();
  const Wide bid_qty = bids[0].qty.raw();
  const Wide ask_qty = asks[0].qty.raw();
  out[4] = Ratio(Wide{mid2} * scale.tick.raw(), Wide{2} * kPriceOne);
  out[6] = Ratio(Wide{2} * kBps * picture.spread(), mid2);
  out[7] = WeightedMid({scale.ToPrice(bids[0].price), bids[0].qty},
                       {scale.ToPrice(asks[0].price), asks[0].qty});
  // Formed without the cancellation of weighted_mid - mid.
  out[8] = static_cast<double>(kBps) *
           Ratio((bid_qty - ask_qty) * picture.spread(), (bid_qty + ask_qty) * mid2);
  // 9, 10: the micro-price needs a calibrated table.
  out[11] = Imbalance(bid_qty, ask_qty);
  out[12] = Imbalance(picture.DepthOf(Side::kBid, 5), picture.DepthOf(Side::kAsk, 5));
  const BandDepths best10{picture.DepthOf(Side::kBid, 10), picture.DepthOf(Side::kAsk, 10)};
  out[13] = Imbalance(best10.bid, best10.ask);
  out[14] = Imbalance(picture.DepthOf(Side::kBid, 20), picture.DepthOf(Side::kAsk, 20));

  const BandDepths within5 = DepthsWithin(picture, 5);
  const BandDepths within10 = DepthsWithin(picture, 10);
  const BandDepths within25 = DepthsWithin(picture, 25);
  out[15] = Imbalance(within5.bid, within5.ask);
  out[16] = Imbalance(within10.bid, within10.ask);
  out[17] = Imbalance(within25.bid, within25.ask);

  const double bid_weight = Weights().SumOf(picture.book().ladder(Side::kBid));
  const double ask_weight = Weights().SumOf(picture.book().ladder(Side::kAsk));
  out[18] = (bid_weight - ask_weight) / (bid_weight + ask_weight) + 0.0;
  out[19] = LogRatio(best10.bid, best10.ask);
  out[20] = scale.ToBase(within10.bid);
  out[21] = scale.ToBase(within10.ask);

  const Band widest = BandAround(mid2, 25);
  reach->Include(Side::kBid, widest.low);
  reach->Include(Side::kAsk, widest.high);
}

}  // namespace thalweg
