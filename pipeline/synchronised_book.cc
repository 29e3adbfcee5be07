#include "pipeline/synchronised_book.h"

#include <cassert>
#include <limits>
#include <numeric>
#include <utility>

namespace thalweg {
namespace {

// How many applied diffs pass between two comparisons of the buckets with the raw levels.
constexpr std::int64_t kBucketCheckPeriod = 1 << 14;

// The quantity in a unit of `to` decimals instead of `from`; nothing when it does not fit.
std::optional<Qty> InUnit(Qty qty, int from, int to) noexcept {
  if (to < from) {
    const std::int64_t divisor = PowerOfTen(from - to);
    return Divides(divisor, qty.raw()) ? std::optional(Qty(qty.raw() / divisor)) : std::nullopt;
  }
  const std::int64_t factor = PowerOfTen(to - from);
  return CanScale(qty.raw(), factor) ? std::optional(Qty(qty.raw() * factor)) : std::nullopt;
}

}  // namespace

SynchronisedBook::SynchronisedBook(const std::vector<Price>& bucket_sizes, BucketRounding rounding,
                                   OnGap on_gap, InstrumentGrid& grid, Observer& observer)
    : bucket_sizes_(bucket_sizes),
      rounding_(rounding),
      on_gap_(on_gap),
      grid_(grid),
      observer_(observer) {
  for (std::vector<TickLevel>* levels : {&bids_, &asks_, &answer_.bids, &answer_.asks}) {
    levels->reserve(kScratchLevels);
  }
}

DiffAnswer SynchronisedBook::OnDiff(const KeptDiff& diff, EventTime clock) {
  const DiffAnswer answer = synchronizer_.OnDiff(diff.ids, clock);
  switch (answer) {
    case DiffAnswer::kApply:
      ApplyLive(diff);
      break;
    case DiffAnswer::kDrop:
      ++counts_.stale;
      break;
    case DiffAnswer::kRefuse:
      if (state_ == BookState::kLive) LoseBook();
      break;
    case DiffAnswer::kKeepAfterRestart:
      ++counts_.restarts;
      held_.reset();
      [[fallthrough]];
    case DiffAnswer::kKeepAfterGap:
    case DiffAnswer::kKeepAfterHole:
      if (answer != DiffAnswer::kKeepAfterRestart) ++counts_.gaps;
      kept_.Clear();
      if (state_ == BookState::kLive) LoseBook();
      [[fallthrough]];
    case DiffAnswer::kKeep:
      Keep(diff);
      break;
  }
  WatchHeld(clock);
  return answer;
}

// A held snapshot that the feed does not come to is of another numbering, or of another book: it is
// given up, so that it cannot keep a better one away.
void SynchronisedBook::WatchHeld(EventTime clock) {
  if (!held_) return held_run_.Reset();
  if (!held_run_.Add(clock)) return;
  held_.reset();
  held_run_.Reset();
  ++counts_.snapshots_unused;
  if (state_ != BookState::kLive) WantSnapshot(SnapshotReason::kUnusable);
}

// A diff that continues the live book: book first, then the audits by a ticker and by a held
// snapshot, then its record; last, the new book, when the snapshot differed.
void SynchronisedBook::ApplyLive(const KeptDiff& diff) {
  KeptDiff retained = diff;
  retained.recorded = true;
  if (wanted_) kept_.Retain(retained);
  Apply(diff, active());
  ++counts_.applied;
  id_ = diff.ids.last;
  observer_.OnApplied(diff);
  const bool agrees = AuditAtNextDiff(diff);
  CheckBucketsNowAndThen();  // After the other audits, whose agreement does not speak of buckets.
  observer_.OnDiffDone(diff);
  if (agrees) return;
  kept_.Push(retained);
  TrySynchronise();
}

// A diff while no book continues the feed. In service mode the old book takes it in all the same,
// also one of a numbering that began anew.
void SynchronisedBook::Keep(const KeptDiff& diff) {
  if (state_ == BookState::kDown) state_ = BookState::kInvalid;
  const std::int64_t overflows_before = kept_.overflow_count();
  kept_.Push(diff);
  counts_.overflows += kept_.overflow_count() - overflows_before;
  if (held_ && TrySynchronise()) return;
  if (state_ == BookState::kServed) {
    Apply(diff, active());
    ++counts_.applied;
    id_ = diff.ids.last;
    // A held snapshot that is newer than the diff has made it superfluous.
    if (!kept_.empty()) kept_.MarkNewestRecorded();
    observer_.OnApplied(diff);
    observer_.OnDiffDone(diff);
  }
  WantSnapshot(counts_.synchronisations == 0 ? SnapshotReason::kStart : SnapshotReason::kGap);
}

// Swaps in the standby book when the kept diffs continue its snapshot, and applies them.
bool SynchronisedBook::TrySynchronise() {
  switch (synchronizer_.FitSnapshot(*held_, kept_)) {
    case SnapshotFit::kUndecided:
      return false;
    case SnapshotFit::kTooOld:
      held_.reset();
      ++counts_.snapshots_unused;
      WantSnapshot(SnapshotReason::kUnusable);
      return false;
    case SnapshotFit::kContinued:
      break;
  }
  active_ = 1 - active_;
  held_.reset();
  wanted_.reset();
  state_ = BookState::kLive;
  ++counts_.synchronisations;
  synchronizer_.BecomeLive(kept_.newest_ids().last);
  observer_.OnSynchronised(kept_.at(0));
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const KeptDiff diff = kept_.at(i);
    Apply(diff, active());
    counts_.applied += diff.recorded ? 0 : 1;
    id_ = diff.ids.last;
    observer_.OnApplied(diff);
    observer_.OnDiffDone(diff);
  }
  kept_.Clear();
  return true;
}

SnapshotOutcome SynchronisedBook::OnSnapshot(UpdateId id, std::span<const TickLevel> bids,
                                             std::span<const TickLevel> asks, std::size_t limit) {
  if (held_ && id < *held_) {
    ++counts_.snapshots_unused;
    return SnapshotOutcome::kOlderThanHeld;
  }
  const std::optional<SnapshotReason> before = std::exchange(wanted_, std::nullopt);
  standby().Load(bids, asks, id, limit);
  held_ = id;
  held_run_.Reset();
  if (state_ != BookState::kLive) {
    if (kept_.empty() || TrySynchronise()) {
      return state_ == BookState::kLive ? SnapshotOutcome::kSynchronised : SnapshotOutcome::kHeld;
    }
    return held_ ? SnapshotOutcome::kHeld : SnapshotOutcome::kTooOld;
  }
  answer_.id = id;
  answer_.limit = limit;
  answer_.bids.assign(bids.begin(), bids.end());
  answer_.asks.assign(asks.begin(), asks.end());

  if (id > active().id()) {
    kept_.Clear();  // The audit needs only what comes.
    return SnapshotOutcome::kHeld;
  }
  if (id < active().id() && !RollStandbyThroughRetained()) {
    held_.reset();
    ++counts_.snapshots_unused;
    AskAgain(before);
    return SnapshotOutcome::kTooOld;
  }
  if (ConcludeAudit(nullptr)) return SnapshotOutcome::kAgreed;
  // The diffs it was rolled through continue it: one by one, for the histories that begin with it.
  standby().Load(bids, asks, id, limit);
  TrySynchronise();
  return SnapshotOutcome::kDiverged;
}

// Brings a snapshot that is older than the live book to its id. False when the diffs between are
// gone, as for a book that never had a level they always are.
bool SynchronisedBook::RollStandbyThroughRetained() {
  if (*held_ == kEmptyBookId) return false;
  if (synchronizer_.FitSnapshot(*held_, kept_) != SnapshotFit::kContinued) return false;
  for (std::size_t i = 0; i < kept_.size(); ++i) Apply(kept_.at(i), standby());
  return standby().id() == active().id();
}

// A held snapshot meets the live book at the diff that reaches its id. False when it differs.
bool SynchronisedBook::AuditAtNextDiff(const KeptDiff& diff) {
  if (!held_ || diff.ids.last < *held_) return true;
  // At equal ids the snapshot is compared as it is: applying the diff would hide a difference.
  if (diff.ids.last > *held_) Apply(diff, standby());
  return ConcludeAudit(&diff);
}

// Compares the two books. Equal: the snapshot's edges are the horizon now. Different: the snapshot
// stays held, to replace the book as after a gap; the one diff that a held snapshot was rolled
// through may be applied to it again, because quantities are absolute. REQUIRES: both books have
// the same id.
bool SynchronisedBook::ConcludeAudit(const KeptDiff* newest) {
  assert(standby().id() == active().id());
  const bool agreed = active().SameInside(standby());
  ++(agreed ? counts_.audits_agreed : counts_.audits_diverged);
  observer_.OnAudit(agreed);
  if (agreed) {
    active().TakeOver(standby());
    held_.reset();
    kept_.Clear();
    return true;
  }
  observer_.OnDiverged({active(), standby(), answer_, kept_, newest});
  synchronizer_.Invalidate();
  LoseBook();
  return false;
}

void SynchronisedBook::OnSnapshotRefused() {
  const std::optional<SnapshotReason> before = std::exchange(wanted_, std::nullopt);
  if (state_ == BookState::kLive) {
    AskAgain(before);
  } else if (state_ != BookState::kDown) {
    WantSnapshot(SnapshotReason::kUnusable);
  }
}

// A snapshot for the live book could not be used: one that was asked for is asked for again, and
// diffs are retained on; else nothing is.
void SynchronisedBook::AskAgain(std::optional<SnapshotReason> before) {
  if (before) {
    WantSnapshot(IsBackground(*before) ? *before : SnapshotReason::kUnusable);
  } else {
    kept_.Clear();
  }
}

void SynchronisedBook::OnDiffLost() {
  if (state_ != BookState::kLive) return;  // The ids of the next diff decide.
  synchronizer_.Invalidate();
  kept_.Clear();
  LoseBook();
}

bool SynchronisedBook::WantSnapshot(SnapshotReason reason) {
  if (held_) return false;
  if (wanted_ && (IsBackground(reason) || !IsBackground(*wanted_))) return true;
  wanted_ = reason;
  counts_.audits_wished += IsBackground(reason) ? 1 : 0;
  observer_.OnSnapshotWanted(reason);
  return true;
}

void SynchronisedBook::GiveUpBackground() noexcept {
  assert(awaits_background());
  wanted_.reset();
  if (state_ == BookState::kLive) kept_.Clear();
  ++counts_.audits_given_up;
}

void SynchronisedBook::LoseBook() {
  state_ = on_gap_ == OnGap::kServe ? BookState::kServed : BookState::kInvalid;
  observer_.OnBookLost();
}

// It cannot follow a refinement of the grid.
void SynchronisedBook::GiveUpServedBook() {
  assert(state_ == BookState::kServed);
  state_ = BookState::kInvalid;
  active().Clear();
  observer_.OnBookLost();
}

void SynchronisedBook::PrepareStandby() {
  assert(grid_.settled());
  if (books_[0] && books_tick_ == grid_.scale().tick) return;
  MakeBooks();
  DropKeptOutOfRange();
}

Price SynchronisedBook::CommonTick(Price tick) const noexcept {
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const KeptDiff diff = kept_.at(i);
    tick = grid_.Refined(diff.asks, grid_.Refined(diff.bids, tick));
  }
  for (const Side side : {Side::kBid, Side::kAsk}) {
    book().ladder(side).Walk([&](TickLevel level) {
      tick = Price(std::gcd(tick.raw(), grid_.scale().ToPrice(level.price).raw()));
      return true;
    });
  }
  return tick;
}

// Diffs that the grid cannot hold: they came before there was one, or before it became finer. A
// chain without them begins later.
void SynchronisedBook::DropKeptOutOfRange() {
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    if (!Convert(kept_.at(i))) return kept_.Clear();
  }
}

void SynchronisedBook::MakeBooks() {
  books_tick_ = grid_.scale().tick;
  std::vector<Ticks> sizes;
  for (const Price size : bucket_sizes_) sizes.emplace_back(size.raw() / books_tick_.raw());
  for (std::optional<OrderBook>& book : books_) book.emplace(sizes, rounding_);
}

void SynchronisedBook::Apply(const KeptDiff& diff, OrderBook& book) {
  [[maybe_unused]] const bool fits = Convert(diff);
  assert(fits);
  book.Apply(bids_, asks_, diff.ids.last);
}

// The diff's levels in the present tick and unit, in bids_ and asks_. False when they do not fit.
bool SynchronisedBook::Convert(const KeptDiff& diff) {
  return Convert(diff.bids, diff.qty_decimals, &bids_) &&
         Convert(diff.asks, diff.qty_decimals, &asks_);
}

bool SynchronisedBook::Convert(std::span<const Level> levels, int decimals,
                               std::vector<TickLevel>* out) {
  const int unit = grid_.qty_decimals();
  if (decimals != unit) {  // Kept since before a change of the unit.
    rescaled_.clear();
    for (const Level& level : levels) {
      const std::optional<Qty> qty = InUnit(level.qty, decimals, unit);
      if (!qty) return false;
      rescaled_.push_back({level.price, *qty});
    }
    levels = rescaled_;
  }
  return grid_.Convert(levels, out) == GridFit::kOnGrid;
}

void SynchronisedBook::CheckBucketsNowAndThen() {
  if (counts_.applied % kBucketCheckPeriod != 0) return;
  const auto sizes = static_cast<std::int64_t>(bucket_sizes_.size());
  const int size_index = static_cast<int>(counts_.applied / kBucketCheckPeriod % sizes);
  if (active().CheckBuckets(size_index)) return;
  ++counts_.bucket_repairs;
  active().RebuildBuckets();
  observer_.OnBucketsRepaired();
}

// A book that is not in use need not follow the grid.
void SynchronisedBook::DropDeadBooks() noexcept {
  if (!books_[0] || usable()) return;
  active().Clear();
  if (!held_) standby().Clear();
}

bool SynchronisedBook::CanRefine(std::int64_t price_factor,
                                 std::int64_t qty_factor) const noexcept {
  return state_ != BookState::kLive || books_[active_]->CanRefine(price_factor, qty_factor);
}

void SynchronisedBook::Refine(std::int64_t price_factor, std::int64_t qty_factor) {
  if (books_[0]) {
    DropDeadBooks();
    if (!active().CanRefine(price_factor, qty_factor)) GiveUpServedBook();
    if (!standby().CanRefine(price_factor, qty_factor)) {
      standby().Clear();
      held_.reset();
    }
    for (std::optional<OrderBook>& book : books_) {
      book->ScalePrices(price_factor);
      (void)book->ScaleQuantities(qty_factor);
    }
    books_tick_ = grid_.scale().tick;
    answer_.bids.clear();
    answer_.asks.clear();
  }
  if (grid_.settled()) DropKeptOutOfRange();
}

// Buckets count in ticks as well: both books are made anew, the one that was replaced empty.
void SynchronisedBook::Coarsen(std::int64_t factor) {
  const auto coarser = [factor](Ticks price) { return Ticks(price.raw() / factor); };
  const auto read = [&](Side side, std::vector<TickLevel>* out) {
    out->clear();
    active().ladder(side).Walk([&](TickLevel level) {
      out->push_back({coarser(level.price), level.qty});
      return true;
    });
    const std::optional<Ticks> edge = active().known_edge(side);
    return edge ? std::optional(coarser(*edge)) : std::nullopt;
  };
  KnownEdges edges;
  edges.bid = read(Side::kBid, &bids_);
  edges.ask = read(Side::kAsk, &asks_);
  const UpdateId id = active().id();
  MakeBooks();
  active().Load(bids_, asks_, id, std::numeric_limits<std::size_t>::max());
  active().set_known_edges(edges);
}

bool SynchronisedBook::CanDivideQuantities(int decimals) const noexcept {
  if (holds_grid()) return false;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const KeptDiff diff = kept_.at(i);
    for (const std::span<const Level> levels : {diff.bids, diff.asks}) {
      for (const Level& level : levels) {
        if (!InUnit(level.qty, diff.qty_decimals, decimals)) return false;
      }
    }
  }
  return true;
}

}  // namespace thalweg
