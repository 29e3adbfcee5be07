// A symbol's book kept true to its feed: snapshot and diffs joined by their ids, gaps found, the
// book blanked or served on, audited by later snapshots, and replaced when it proves wrong.
//
// Two books exist: the active one, which records are made from, and a standby one, into which a
// snapshot is loaded. They change places when the standby one continues the feed. A snapshot for a
// live book is an audit and a wider horizon, not a reset: the standby book is rolled to the same id
// and compared inside the zone both know.
//
// Invariant: while `state()` is kLive the active book is the exchange's at `id()` inside its known
// edges, as far as ids can tell. Nothing is applied in part.
// Threads: one. No I/O: what it needs it asks of its observer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "book/diff_buffer.h"
#include "book/order_book.h"
#include "book/stale_run.h"
#include "book/synchronizer.h"
#include "pipeline/engine_options.h"
#include "pipeline/instrument_grid.h"

namespace thalweg {

enum class BookState : std::uint8_t {
  kDown,     // No diff yet.
  kInvalid,  // Buffering: no book, or one that is not to be trusted.
  kServed,   // Buffering, while the old book goes on (OnGap::kServe).
  kLive,
};

// Why a snapshot is wanted.
enum class SnapshotReason : std::uint8_t {
  kStart,     // No book yet.
  kGap,       // Ids are missing.
  kUnusable,  // The last snapshot was too old, refused or late.
  kAudit,     // bookTicker disagreed, or a crossed book was not confirmed.
  kPeriod,    // The book is live and well: an audit is due (pipeline/audit_schedule.h).
  kHorizon,   // Likewise: the price has come near the known edge.
};

// Nothing is wrong: whoever needs a snapshot for another reason goes first.
[[nodiscard]] constexpr bool IsBackground(SnapshotReason reason) noexcept {
  return reason == SnapshotReason::kPeriod || reason == SnapshotReason::kHorizon;
}

// What became of a snapshot.
enum class SnapshotOutcome : std::uint8_t {
  kSynchronised,   // The book is live.
  kHeld,           // The next diff decides; or, live: held until the book reaches its id.
  kTooOld,         // Ids between it and the diffs are missing. Not used.
  kOlderThanHeld,  // A newer one is held already. Not used.
  kAgreed,         // Audit: equal inside the known zone; its edges are the horizon now.
  kDiverged,       // Audit: different; it replaces the book as after a gap.
};

// A snapshot as it came, in ticks.
struct SnapshotLevels {
  UpdateId id;
  std::size_t limit = 0;
  std::vector<TickLevel> bids;
  std::vector<TickLevel> asks;
};

// Two books of one id that are not equal.
struct Divergence {
  const OrderBook& book;
  const OrderBook& snapshot;     // Brought to the book's id.
  const SnapshotLevels& answer;  // What it was made of; empty when the grid has changed since.
  const DiffBuffer& retained;
  const KeptDiff*
      newest;  // Also retained: at which a snapshot that was held met the book; or null.
};

struct BookCounts {
  std::int64_t applied = 0;  // Diffs applied to the book of a synchronisation.
  std::int64_t stale = 0;
  std::int64_t gaps = 0;       // Breaks in the chain of ids, each counted once.
  std::int64_t restarts = 0;   // Numberings that began anew.
  std::int64_t overflows = 0;  // Waiting diffs dropped because the buffer was full.
  std::int64_t synchronisations = 0;
  std::int64_t audits_agreed = 0;
  std::int64_t audits_diverged = 0;
  std::int64_t snapshots_unused = 0;  // Too old, or older than one held.
  std::int64_t bucket_repairs = 0;    // Buckets that differed from the raw levels and were rebuilt.
  std::int64_t audits_wished = 0;     // Snapshots wished in the background,
  std::int64_t audits_given_up = 0;   // and of these: for which none came in time.
};

class SynchronisedBook {
 public:
  class Observer {
   public:
    // A synchronisation is complete: `first` will be applied next, the first event of the new book.
    virtual void OnSynchronised(const KeptDiff& first) = 0;
    // The active book has taken in `diff`.
    virtual void OnApplied(const KeptDiff& diff) = 0;
    // Everything that `diff` made possible was done: its record is due, unless `diff.recorded` says
    // that it made one before.
    virtual void OnDiffDone(const KeptDiff& diff) = 0;
    // The book was live and cannot be trusted any more.
    virtual void OnBookLost() = 0;
    virtual void OnAudit(bool agreed) = 0;
    // Before the book is lost for it. What it holds lives until the call returns.
    virtual void OnDiverged(const Divergence& divergence) = 0;
    // Buckets were not what the raw levels say: records since the last check may be wrong. They
    // were made anew.
    virtual void OnBucketsRepaired() = 0;
    virtual void OnSnapshotWanted(SnapshotReason reason) = 0;

   protected:
    ~Observer() = default;
  };

  SynchronisedBook(const std::vector<Price>& bucket_sizes, BucketRounding rounding, OnGap on_gap,
                   InstrumentGrid& grid, Observer& observer);

  void set_numbering(Numbering numbering) noexcept { synchronizer_.set_numbering(numbering); }
  [[nodiscard]] Numbering numbering() const noexcept { return synchronizer_.numbering(); }

  // A diff of the feed, WellFormed() in its numbering; its prices are on the grid if the grid is
  // settled. `clock`: on its arrival.
  DiffAnswer OnDiff(const KeptDiff& diff, EventTime clock);
  // A valid snapshot (ValidateSnapshot() is kGood) in ticks of the settled grid.
  SnapshotOutcome OnSnapshot(UpdateId id, std::span<const TickLevel> bids,
                             std::span<const TickLevel> asks, std::size_t limit);
  // A snapshot came that could not be used at all.
  void OnSnapshotRefused();
  // The clock was wrong until now: what waits counts as being of this time.
  void Restamp(EventTime time) noexcept { kept_.Restamp(time); }
  // A diff was lost or unreadable.
  void OnDiffLost();
  // Asks for a snapshot unless one is under way; while live, diffs are retained from here on. One
  // that is under way in the background is asked for again when it becomes urgent. False when one
  // is held: it decides first.
  bool WantSnapshot(SnapshotReason reason);
  // A snapshot is under way that nobody but the background waits for.
  [[nodiscard]] bool awaits_background() const noexcept {
    return wanted_ && IsBackground(*wanted_);
  }
  // It did not come: nothing is retained for it any more. REQUIRES: awaits_background()
  void GiveUpBackground() noexcept;

  // REQUIRES: grid settled before the first call. Makes the books anew when the grid began anew.
  void PrepareStandby();

  [[nodiscard]] BookState state() const noexcept { return state_; }
  // Something stands on the present grid that a coarser one would not hold: a book that is used, or
  // a snapshot that waits.
  [[nodiscard]] bool holds_grid() const noexcept { return usable() || held_.has_value(); }
  // At OnSynchronised(): the common divisor of `tick` and the prices of the new book and of the
  // diffs that it will take in. The tick became coarser by a factor that this allows.
  [[nodiscard]] Price CommonTick(Price tick) const noexcept;
  void Coarsen(std::int64_t factor);
  // A book is there to make features from: live or served.
  [[nodiscard]] bool usable() const noexcept {
    return state_ == BookState::kLive || state_ == BookState::kServed;
  }
  // REQUIRES: usable()
  [[nodiscard]] const OrderBook& book() const noexcept { return *books_[active_]; }
  [[nodiscard]] OrderBook& mutable_book() noexcept { return *books_[active_]; }
  // The last id applied to the active book; 0 before the first.
  [[nodiscard]] UpdateId id() const noexcept { return id_; }
  [[nodiscard]] const BookCounts& counts() const noexcept { return counts_; }

  // Whether the live book fits a tick and a quantity unit that are finer by these factors. Nothing
  // else stands against a refinement: a served book, a snapshot that waits or diffs that are kept
  // are given up when they cannot follow it.
  [[nodiscard]] bool CanRefine(std::int64_t price_factor, std::int64_t qty_factor) const noexcept;
  // The grid became finer by these factors. REQUIRES: CanRefine().
  void Refine(std::int64_t price_factor, std::int64_t qty_factor);
  // The unit became coarser; first, whether it can: only while no book stands on the grid.
  [[nodiscard]] bool CanDivideQuantities(int decimals) const noexcept;
  void DivideQuantities() noexcept { DropDeadBooks(); }

 private:
  OrderBook& active() noexcept { return *books_[active_]; }
  OrderBook& standby() noexcept { return *books_[1 - active_]; }

  void MakeBooks();
  [[nodiscard]] bool Convert(const KeptDiff& diff);
  [[nodiscard]] bool Convert(std::span<const Level> levels, int decimals,
                             std::vector<TickLevel>* out);
  void Apply(const KeptDiff& diff, OrderBook& book);
  void ApplyLive(const KeptDiff& diff);
  [[nodiscard]] bool AuditAtNextDiff(const KeptDiff& diff);
  void DropKeptOutOfRange();
  void WatchHeld(EventTime clock);
  void AskAgain(std::optional<SnapshotReason> before);
  void DropDeadBooks() noexcept;
  bool ConcludeAudit(const KeptDiff* newest);
  bool RollStandbyThroughRetained();
  void Keep(const KeptDiff& diff);
  bool TrySynchronise();
  void LoseBook();
  void GiveUpServedBook();
  void CheckBucketsNowAndThen();

  std::vector<Price> bucket_sizes_;
  BucketRounding rounding_;
  OnGap on_gap_;
  InstrumentGrid& grid_;
  Observer& observer_;

  Synchronizer synchronizer_;
  DiffBuffer kept_;  // Buffering: waiting for a snapshot. Live: retained for an audit under way.
  std::array<std::optional<OrderBook>, 2> books_;
  Price books_tick_;  // The tick the books were made for.
  std::size_t active_ = 0;
  BookState state_ = BookState::kDown;
  std::optional<UpdateId> held_;  // The standby book holds a snapshot with this id.
  StaleRun held_run_;             // Diffs that have not reached it.
  SnapshotLevels answer_;         // The newest snapshot of the live book.
  // A snapshot was asked for, for this reason, and has not come.
  std::optional<SnapshotReason> wanted_;
  UpdateId id_;
  BookCounts counts_;
  std::vector<TickLevel> bids_;  // Scratch for conversion.
  std::vector<TickLevel> asks_;
  std::vector<Level> rescaled_;
};

}  // namespace thalweg
