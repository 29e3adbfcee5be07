// Group Quote: prices, spread and imbalances of the book (24 features).
//
// Empty side: its own features and everything that needs both sides are NaN. Crossed or locked:
// best prices, quantities, gaps and spread_ticks stay, the rest is NaN. Definitions:
// docs/FEATURES.md. Sources: Cont, Kukanov, Stoikov (2014) for the queue imbalance; Stoikov (2018)
// for the weighted mid and the micro-price. Threads: pure function; allocates nothing.
#pragma once

#include "core/events.h"
#include "features/book_picture.h"

namespace thalweg {

inline constexpr std::size_t kQuoteFeatures = 24;
// imbalance_exp_h10: half-life and reach of its weights, in ticks from the own touch.
inline constexpr int kExponentialHalfLife = 10;
inline constexpr int kExponentialReach = 20 * kExponentialHalfLife;

// Writes kQuoteFeatures values and adds every price looked at to `reach`.
void ComputeQuote(const BookPicture& picture, double* out, Reach* reach) noexcept;

// The weighted mid of two levels in quote units: each price weighted with the other's quantity.
// REQUIRES: bid < ask, quantities positive. The prices are Price, not ticks.
[[nodiscard]] double WeightedMid(const Level& bid, const Level& ask) noexcept;

}  // namespace thalweg
