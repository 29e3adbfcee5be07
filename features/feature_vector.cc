#include "features/feature_vector.h"

#include <algorithm>
#include <optional>
#include <span>

#include "features/book_picture.h"
#include "features/buckets.h"

namespace thalweg {
namespace {

// The bits about the content of a book; `reach`: the farthest prices that features looked at.
QualityWord BookQuality(const BookPicture& picture, const Reach& reach) noexcept {
  const OrderBook& book = picture.book();
  QualityWord word = picture.crossed() ? quality::kCrossed : 0;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const std::span<const TickLevel> top = picture.top(side);
    if (top.size() < kTopLevels) word |= quality::kShortBook;
    if (top.empty()) {
      word |= quality::kOneSided;
      continue;
    }
    const auto capped = [](const TickLevel& level) { return level.qty == kQtyCap; };
    if (std::any_of(top.begin(), top.end(), capped)) word |= quality::kQtyCapped;
    const Ticks farthest(side == Side::kBid ? reach.bid_low : reach.ask_high);
    if (!book.Knows(side, farthest)) word |= quality::kHorizon;
    for (int i = 0; i < book.bucket_size_count(); ++i) {
      if (book.complete_dense(side, i) < kLadderBuckets) {
        word |= quality::BucketHorizon(static_cast<std::size_t>(i));
      }
    }
  }
  return word;
}

}  // namespace

void FeatureVector::ComputeBook(const OrderBook& book, std::size_t bucket_sizes,
                                const Scale& scale) {
  BookValues& known = book_values_;
  if (known.revision == book.revision() && known.scale == scale) return;
  known.revision = book.revision();
  known.scale = scale;
  known.values.resize(kQuoteFeatures + kLiquidityFeatures + 2 * bucket_sizes);
  double* const liquidity = known.values.data() + kQuoteFeatures;
  double* const buckets = liquidity + kLiquidityFeatures;

  const BookPicture picture(book, scale);
  Reach reach;
  ComputeQuote(picture, known.values.data(), &reach);
  sweep_targets_.SetScale(scale);
  const bool thin = ComputeLiquidity(picture, sweep_targets_, liquidity, &reach);
  ComputeBuckets(picture, buckets);
  known.quality = BookQuality(picture, reach) | (thin ? quality::kSweepThin : 0);
  known.mid2.reset();
  if (picture.two_sided()) known.mid2 = picture.mid2() * scale.tick.raw();
}

QualityWord FeatureVector::Compute(const OrderBook* book, std::size_t bucket_sizes,
                                   const Scale& scale, EventTime clock, double* out) {
  double* const flow = out + kQuoteFeatures + kLiquidityFeatures + 2 * bucket_sizes;
  double* const trades = flow + kOrderFlowFeatures;
  double* const age = trades + kTradeFlowFeatures;
  double* const quotes = age + kAgeFeatures;
  double* const end = out + Count(bucket_sizes);

  order_flow.AdvanceTo(clock);
  trade_flow.AdvanceTo(clock);
  touch.AdvanceTo(clock);

  QualityWord word = 0;
  std::optional<std::int64_t> mid2;
  if (book == nullptr) {
    std::fill(out, trades, kNaN);
  } else {
    ComputeBook(*book, bucket_sizes, scale);
    std::copy(book_values_.values.begin(), book_values_.values.end(), out);
    order_flow.Compute(scale, flow);
    mid2 = book_values_.mid2;
    word = book_values_.quality;
  }
  trade_flow.Compute(scale, mid2, trades);
  ages.Compute(clock, age);
  touch.Compute(scale, quotes);
  // One NaN only: compilers may choose the sign of a NaN that arithmetic makes.
  std::for_each(out, end, [](double& value) { value = value == value ? value : kNaN; });
  return word;
}

bool FeatureVector::ScalePrices(std::int64_t factor) {
  const bool fits = order_flow.CanScalePrices(factor);
  fits ? order_flow.ScalePrices(factor) : order_flow.Restart();
  return fits;
}

bool FeatureVector::ScaleQuantities(std::int64_t factor) {
  const auto scale = [factor](auto& group) {
    const bool fits = group.CanScaleQuantities(factor);
    fits ? group.ScaleQuantities(factor) : group.Restart();
    return fits;
  };
  const bool book = scale(order_flow);
  const bool trades = scale(trade_flow);
  return scale(touch) && book && trades;
}

void FeatureVector::DivideQuantities(std::int64_t divisor) {
  order_flow.Restart();
  trade_flow.DivideQuantities(divisor);
  touch.DivideQuantities(divisor);
}

}  // namespace thalweg
