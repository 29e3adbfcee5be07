// All feature groups of one symbol, written in catalogue order.
//
// The groups that remember something live here; the others are computed from the book alone.
// Threads: one. Allocates only when a window grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "book/order_book.h"
#include "core/quality.h"
#include "features/ages.h"
#include "features/liquidity.h"
#include "features/order_flow.h"
#include "features/quote.h"
#include "features/scale.h"
#include "features/touch.h"
#include "features/trade_flow.h"

namespace thalweg {

class FeatureVector {
 public:
  // The groups' own inputs.
  OrderFlowWindows<kOrderFlowSpans.size()> order_flow{kOrderFlowSpans};
  TradeFlow trade_flow;
  Touch touch;
  Ages ages;

  // Values in one vector, with so many bucket sizes.
  [[nodiscard]] static constexpr std::size_t Count(std::size_t bucket_sizes) noexcept {
    return kQuoteFeatures + kLiquidityFeatures + 2 * bucket_sizes + kOrderFlowFeatures +
           kTradeFlowFeatures + kAgeFeatures + kTouchFeatures;
  }

  // Writes Count(bucket_sizes) values as of `clock`. Without a book (null) every book feature is
  // NaN. Answers the quality bits about the content of the book, 0 without one. REQUIRES: the clock
  // never goes back.
  QualityWord Compute(const OrderBook* book, std::size_t bucket_sizes, const Scale& scale,
                      EventTime clock, double* out);

  // The tick, or the quantity unit, became finer by `factor`. A group in which something does not
  // fit then begins anew: false.
  [[nodiscard]] bool ScalePrices(std::int64_t factor);
  [[nodiscard]] bool ScaleQuantities(std::int64_t factor);
  // The quantity unit became coarser by `divisor`, while there is no book: the histories of the
  // book restart with the next one. First, whether everything else is a whole number of the new
  // unit.
  [[nodiscard]] bool CanDivideQuantities(std::int64_t divisor) const {
    return trade_flow.CanDivideQuantities(divisor) && touch.CanDivideQuantities(divisor);
  }
  void DivideQuantities(std::int64_t divisor);

 private:
  // What follows from the book alone: between two depth events it stays as it is.
  struct BookValues {
    std::optional<std::uint64_t> revision;  // Of the book; none: nothing is known yet.
    Scale scale;
    std::vector<double> values;  // The groups Quote, Liquidity and Buckets.
    QualityWord quality = 0;
    std::optional<std::int64_t> mid2;  // In 1e-8.
  };
  void ComputeBook(const OrderBook& book, std::size_t bucket_sizes, const Scale& scale);

  SweepTargets sweep_targets_;
  BookValues book_values_;
};

}  // namespace thalweg
