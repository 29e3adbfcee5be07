// Group Liquidity: the cost of trading through the book, and its slope (8 features).
//
// All are NaN without a mid (an empty side, a crossed book). A sweep that the book cannot fill is
// NaN and sets SWEEP_THIN; a partial average is never published. Levels beyond the known edge are
// used as they are: HORIZON says so. Threads: pure function; allocates nothing.
#pragma once

#include "features/book_picture.h"

namespace thalweg {

inline constexpr std::size_t kLiquidityFeatures = 8;
// Quote currency spent or received by the sweeps, ascending.
inline constexpr std::array<std::int64_t, 3> kSweepNotionals{10'000, 100'000, 1'000'000};

// The sweeps' notionals as integers of one instrument's scale, made anew when the scale changes.
class SweepTargets {
 public:
  struct Target {
    Wide units;   // N as a number of (tick * quantity unit) / factor.
    Wide factor;  // 1 unless the tick does not divide N.
    Wide enough;  // The sum of price * quantity, in ticks and units, that reaches N.
  };

  void SetScale(const Scale& scale) noexcept;
  [[nodiscard]] const Target& operator[](std::size_t i) const noexcept { return targets_[i]; }

 private:
  Scale scale_{Price(0), 0};
  std::array<Target, kSweepNotionals.size()> targets_{};
};

// Writes kLiquidityFeatures values, adds every price looked at to `reach`; true when a sweep was
// NaN because the book is too thin. REQUIRES: `targets` have the picture's scale.
[[nodiscard]] bool ComputeLiquidity(const BookPicture& picture, const SweepTargets& targets,
                                    double* out, Reach* reach) noexcept;

}  // namespace thalweg
