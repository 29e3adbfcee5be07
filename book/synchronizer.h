// The synchronisation of one book with its feed, as a pure state machine over update ids.
//
//   buffering --(snapshot + a diff that continues it)--> live --(gap, malformed, restart)-->
//   buffering
//
// It is told of diffs and snapshots and answers with what to do; it never does anything itself. Its
// caller keeps the diffs (book/diff_buffer.h) and the books.
//
// Invariant: while live, `applied_id` is the last id of the newest diff that was answered kApply;
// the chain from the snapshot to it has no hole. While buffering, the diffs answered kKeep* since
// the last "empty the buffer" answer are an unbroken chain. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "book/diff_buffer.h"
#include "book/sequencing.h"
#include "book/stale_run.h"
#include "core/units.h"

namespace thalweg {

enum class DiffAnswer : std::uint8_t {
  kApply,          // Live, and it continues the book.
  kKeep,           // Buffering: it continues the chain of kept diffs, or begins it.
  kKeepAfterGap,   // Live until now: ids are missing. The book is invalid; empty the buffer, keep
                   // this.
  kKeepAfterHole,  // Buffering: ids are missing. Empty the buffer, keep this.
  kKeepAfterRestart,  // The numbering began anew. The book is invalid; empty the buffer, keep this.
  kDrop,              // Stale.
  kRefuse,  // Ids that cannot be: if the book was live it is invalid now; nothing is kept.
};

// How a snapshot fits the diffs kept.
enum class SnapshotFit : std::uint8_t {
  kUndecided,  // Newer than every kept diff, or none is kept: hold it; the next diff decides.
  kContinued,  // The oldest kept diff that is not stale to it continues it.
  kTooOld,     // Ids between it and the oldest kept diff are missing: fetch another.
};

class Synchronizer {
 public:
  // How the exchange numbers this book; known at the latest with the first diff.
  void set_numbering(Numbering numbering) noexcept { numbering_ = numbering; }
  [[nodiscard]] Numbering numbering() const noexcept { return numbering_; }

  [[nodiscard]] bool live() const noexcept { return live_; }
  // REQUIRES: live(). The id of the book.
  [[nodiscard]] UpdateId applied_id() const noexcept { return chain_id_; }

  // Judges a diff. `clock` is the symbol's event clock on its arrival.
  [[nodiscard]] DiffAnswer OnDiff(const DiffIds& ids, EventTime clock) noexcept;

  // Judges a snapshot against the kept diffs; those stale to it are removed unless it is too old.
  [[nodiscard]] SnapshotFit FitSnapshot(UpdateId snapshot, DiffBuffer& kept) const noexcept;

  // The book was made whole: snapshot, then every kept diff up to `applied`.
  void BecomeLive(UpdateId applied) noexcept;
  // The book cannot be trusted any more, for a reason the ids do not show (a frame was lost or
  // unreadable, an audit differed). The chain of ids goes on: the next diff shows by its ids
  // whether any are missing.
  void Invalidate() noexcept;

 private:
  Numbering numbering_ = Numbering::kSpot;
  bool live_ = false;
  bool has_chain_ = false;  // chain_id_ is valid: a diff was applied or kept, or a book was live.
  UpdateId chain_id_;       // Last id of the newest diff applied or kept.
  StaleRun stale_run_;      // Stale diffs since the last one that was not.
};

}  // namespace thalweg
