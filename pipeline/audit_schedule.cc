#include "pipeline/audit_schedule.h"

#include "xxhash.h"

namespace thalweg {
namespace {

Nanos PhaseOf(Nanos interval, std::string_view symbol) noexcept {
  const std::uint64_t part = XXH3_64bits(symbol.data(), symbol.size()) >> 32;
  return static_cast<Nanos>((Wide{interval} * part) >> 32);
}

}  // namespace

AuditSchedule::AuditSchedule(Nanos interval, std::string_view symbol) noexcept
    : interval_(interval), phase_(PhaseOf(interval, symbol)) {}

std::optional<SnapshotReason> AuditSchedule::Due(const OrderBook& book, Price tick,
                                                 EventTime clock) noexcept {
  if (interval_ == 0) return std::nullopt;
  const bool is_eroded = IsEroded(book, tick);
  if (IsPeriodOver(clock)) return SnapshotReason::kPeriod;
  if (!is_eroded) return std::nullopt;
  if (horizon_wished_at_ && clock - *horizon_wished_at_ < kHorizonPause) return std::nullopt;
  horizon_wished_at_ = clock;
  return SnapshotReason::kHorizon;
}

bool AuditSchedule::IsPeriodOver(EventTime clock) noexcept {
  const bool is_over = next_ && clock >= *next_;
  if (next_ && !is_over) return false;
  // The first moment of its own that is after `clock`: what a leap of the clock passed by is not
  // made up for.
  const std::int64_t periods = (clock.raw() - phase_) / interval_ + 1;
  next_ = EventTime(periods * interval_ + phase_);
  return is_over;
}

bool AuditSchedule::IsEroded(const OrderBook& book, Price tick) noexcept {
  bool is_eroded = false;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const LevelLadder& ladder = book.ladder(side);
    std::optional<std::int64_t>& whole = whole_ways_[static_cast<std::size_t>(side)];
    const std::optional<Ticks> edge = book.known_edge(side);
    if (!edge || ladder.empty()) {
      whole.reset();
      continue;
    }
    const Ticks best = ladder.best();
    const std::int64_t ticks = side == Side::kBid ? best - *edge : *edge - best;
    const std::int64_t way = ticks * tick.raw();
    if (edges_are_new_ || !whole) whole = way;
    is_eroded |= *whole > 0 && Wide{way} * 100 <= Wide{*whole} * kHorizonLeftPercent;
  }
  edges_are_new_ = false;
  return is_eroded;
}

}  // namespace thalweg
