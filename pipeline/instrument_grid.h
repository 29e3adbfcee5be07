// A symbol's price grid and quantity unit as they stand, and how they become finer.
//
// Until it is settled (by an option, a file, an exchangeInfo answer, else by the first snapshot)
// there is no tick and no book; prices seen are remembered by their greatest common divisor.
// Afterwards a well-formed price off the grid refines the tick to the common divisor before its
// frame is used, and a quantity finer than its unit refines the unit. Nothing is ever rounded.
// Threads: one.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "book/level.h"
#include "core/events.h"
#include "core/instrument.h"
#include "core/units.h"
#include "features/scale.h"

namespace thalweg {

// Exact division by an invariant: one multiplication instead of a division, with the proof that
// nothing is left over. (Warren, Hacker's Delight, 10-16 and 10-17.)
class ExactDivisor {
 public:
  explicit constexpr ExactDivisor(std::int64_t divisor) noexcept
      : shift_(std::countr_zero(static_cast<std::uint64_t>(divisor))),
        largest_(std::numeric_limits<std::uint64_t>::max() / static_cast<std::uint64_t>(divisor)) {
    const std::uint64_t odd = static_cast<std::uint64_t>(divisor) >> shift_;
    inverse_ = odd;  // Right to 3 bits; each step doubles them.
    for (int i = 0; i < 5; ++i) inverse_ *= 2 - odd * inverse_;
  }

  // value / divisor when the divisor divides it, else some number above largest().
  [[nodiscard]] constexpr std::uint64_t Divide(std::int64_t value) const noexcept {
    return std::rotr(static_cast<std::uint64_t>(value) * inverse_, shift_);
  }
  [[nodiscard]] constexpr std::uint64_t largest() const noexcept { return largest_; }
  [[nodiscard]] constexpr bool Divides(std::int64_t value) const noexcept {
    return Divide(value) <= largest_;
  }

 private:
  int shift_;
  std::uint64_t largest_;
  std::uint64_t inverse_ = 1;
};

// How a frame's prices stand to the grid.
enum class GridFit : std::uint8_t {
  kOnGrid,
  kOffGrid,     // Well-formed, and finer than the tick: refine, then convert again.
  kOutOfRange,  // Beyond kTicksMax or 2^kNotionalBits: the frame is malformed.
};

class InstrumentGrid {
 public:
  // `bucket_divisor`: greatest common divisor of the bucket sizes, in 1e-8 of the quote currency.
  explicit InstrumentGrid(Price bucket_divisor) : bucket_divisor_(bucket_divisor) {}

  [[nodiscard]] bool settled() const noexcept { return settled_; }
  [[nodiscard]] const Scale& scale() const noexcept { return scale_; }
  [[nodiscard]] int qty_decimals() const noexcept { return scale_.qty_decimals; }
  // The tick or the unit was inferred or refined at some time.
  [[nodiscard]] bool inferred() const noexcept { return inferred_; }
  [[nodiscard]] InstrumentSource source() const noexcept { return source_; }

  // What a source says of the instrument. True when a tick was settled by it. `fresh`: no frame was
  // seen yet, so that a coarser quantity unit can still be taken.
  bool Settle(const Instrument& instrument, InstrumentSource source, bool fresh);
  // Brings the grid to a snapshot's prices: infers it if nothing settled it, which is the answer
  // true, else refines the tick as far as they need.
  [[nodiscard]] bool FitSnapshot(std::span<const Level> bids, std::span<const Level> asks);

  // Remembers a price seen before the grid was settled.
  void Remember(Price price) noexcept { seen_ = std::gcd(seen_, price.raw()); }

  // REQUIRES: settled(), like all below.
  [[nodiscard]] bool OnGrid(Price price) const noexcept { return divisor_.Divides(price.raw()); }
  // Converts levels; `out` is replaced and complete only with kOnGrid.
  [[nodiscard]] GridFit Convert(std::span<const Level> levels, std::vector<TickLevel>* out) const;

  // The common divisor of the tick and these prices; the present tick when all are on the grid.
  [[nodiscard]] Price Refined(std::span<const Level> levels, Price tick) const noexcept;
  // Makes the tick finer; answers by which factor every price in ticks grows.
  // REQUIRES: `tick` divides the present tick.
  [[nodiscard]] std::int64_t RefineTick(Price tick);
  // Takes another quantity unit; a finer one counts as refined.
  void SetQtyDecimals(int decimals);

  // A coarser tick that a later exchangeInfo stated: counts from the next synchronisation. Absent:
  // the newest one stated no such tick.
  void set_pending_tick(std::optional<Price> tick) noexcept { pending_tick_ = tick; }
  [[nodiscard]] std::optional<Price> pending_tick() const noexcept { return pending_tick_; }
  // Takes the pending tick as far as the bucket sizes and these prices (their common divisor with
  // it) allow; answers by which factor every price in ticks shrinks. REQUIRES: pending_tick();
  // `allowed` is a multiple of the present tick.
  [[nodiscard]] std::int64_t TakePendingTick(Price allowed);

 private:
  void SetTick(Price tick);

  Price bucket_divisor_;
  Scale scale_;
  ExactDivisor divisor_{1};
  bool settled_ = false;
  bool inferred_ = false;
  InstrumentSource source_ = InstrumentSource::kInferred;
  std::int64_t seen_ = 0;  // Common divisor of the prices seen before the grid was settled.
  std::optional<Price> pending_tick_;
};

}  // namespace thalweg
