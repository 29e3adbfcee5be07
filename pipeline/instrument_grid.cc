#include "pipeline/instrument_grid.h"

#include <algorithm>
#include <cassert>

namespace thalweg {
namespace {

std::int64_t Divisor(std::span<const Level> levels, std::int64_t so_far) noexcept {
  for (const Level& level : levels) so_far = std::gcd(so_far, level.price.raw());
  return so_far;
}

}  // namespace

bool InstrumentGrid::Settle(const Instrument& instrument, InstrumentSource source, bool fresh) {
  if (fresh) scale_.qty_decimals = instrument.qty_decimals;
  if (instrument.tick.raw() == 0) return false;
  // Prices seen so far, and the bucket sizes, must lie on the grid as well.
  const std::int64_t tick = std::gcd(std::gcd(instrument.tick.raw(), bucket_divisor_.raw()), seen_);
  SetTick(Price(tick));
  settled_ = true;
  source_ = source;
  inferred_ |= tick != instrument.tick.raw();
  return true;
}

bool InstrumentGrid::FitSnapshot(std::span<const Level> bids, std::span<const Level> asks) {
  if (!settled_) {
    SetTick(Price(Divisor(asks, Divisor(bids, std::gcd(bucket_divisor_.raw(), seen_)))));
    settled_ = true;
    inferred_ = true;
    source_ = InstrumentSource::kInferred;
    return true;
  }
  (void)RefineTick(Refined(asks, Refined(bids, scale_.tick)));
  return false;
}

GridFit InstrumentGrid::Convert(std::span<const Level> levels, std::vector<TickLevel>* out) const {
  out->resize(levels.size());
  std::uint64_t largest_ticks = 0;
  std::uint64_t all_ticks = 0;
  std::uint64_t all_qty = 0;
  TickLevel* to = out->data();
  for (const Level& level : levels) {
    const std::uint64_t ticks = divisor_.Divide(level.price.raw());
    largest_ticks = std::max(largest_ticks, ticks);
    all_ticks |= ticks;
    all_qty |= static_cast<std::uint64_t>(level.qty.raw());
    *to++ = {Ticks(static_cast<std::int64_t>(ticks)), level.qty};
  }
  if (largest_ticks > divisor_.largest()) return GridFit::kOffGrid;
  const bool fits = largest_ticks <= static_cast<std::uint64_t>(kTicksMax.raw()) &&
                    std::bit_width(all_ticks) + std::bit_width(all_qty) <= kNotionalBits;
  return fits ? GridFit::kOnGrid : GridFit::kOutOfRange;
}

Price InstrumentGrid::Refined(std::span<const Level> levels, Price tick) const noexcept {
  return Price(Divisor(levels, tick.raw()));
}

std::int64_t InstrumentGrid::RefineTick(Price tick) {
  assert(scale_.tick.raw() % tick.raw() == 0);
  const std::int64_t factor = scale_.tick.raw() / tick.raw();
  if (factor != 1) inferred_ = true;
  SetTick(tick);
  return factor;
}

std::int64_t InstrumentGrid::TakePendingTick(Price allowed) {
  const Price tick(std::gcd(allowed.raw(), bucket_divisor_.raw()));
  assert(tick.raw() % scale_.tick.raw() == 0);
  if (tick != *pending_tick_) inferred_ = true;
  pending_tick_.reset();
  const std::int64_t factor = tick.raw() / scale_.tick.raw();
  SetTick(tick);
  return factor;
}

void InstrumentGrid::SetQtyDecimals(int decimals) {
  assert(decimals >= 0 && decimals <= kQtyDecimalsMax);
  if (decimals > scale_.qty_decimals) inferred_ = true;
  scale_.qty_decimals = decimals;
}

void InstrumentGrid::SetTick(Price tick) {
  scale_.tick = tick;
  divisor_ = ExactDivisor(tick.raw());
}

}  // namespace thalweg
