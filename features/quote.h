// Group Quote: prices, spread and imbalances of the book (24 features).
//
// Empty side: its own features and everything that needs both sides are NaN. Crossed or locked:
// best prices, quantities, gaps and spread_ticks stay, the rest is NaN. Definitions:
// docs/FEATURES.md. Sources: Cont, Kukanov, Stoikov (2014) for the queue imbalance; Stoikov (2018)
// for the weighted mid and the micro-price. Threads: pure function; allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "core/events.h"
#include "features/book_picture.h"

namespace thalweg {

inline constexpr std::size_t kQuoteFeatures = 24;
// imbalance_exp_h10: half-life and reach of its weights, in ticks from the own touch.
inline constexpr int kExponentialHalfLife = 10;
inline constexpr int kExponentialReach = 20 * kExponentialHalfLife;

// Writes kQuoteFeatures values and adds every price looked at to `reach`.
void ComputeQuote(const BookPicture& picture, double* out, Reach* reach) noexcept;

// Quantities within `bps` of the mid, borders included: 20000 p >= mid2 (10000 - bps) for bids.
// REQUIRES: picture.two_sided(), 0 <= bps < 10000.
struct BandDepths {
  Wide bid;
  Wide ask;
};
[[nodiscard]] BandDepths DepthsWithin(const BookPicture& picture, std::int64_t bps) noexcept;

// The weights 2^(-d/h) of the ticks d = 0 to 20 h from a side's own touch. Immutable.
class ExponentialWeights {
 public:
  explicit ExponentialWeights(int half_life);
  // The weighted sum of a side's quantities, in quantity units; levels beyond 20 h are dropped.
  // REQUIRES: the side has a level.
  [[nodiscard]] double SumOf(const LevelLadder& ladder) const noexcept;

 private:
  std::vector<double> weights_;
};

// The weighted mid of two levels in quote units: each price weighted with the other's quantity.
// REQUIRES: bid < ask, quantities positive. The prices are Price, not ticks.
[[nodiscard]] double WeightedMid(const Level& bid, const Level& ask) noexcept;

}  // namespace thalweg
