// Does a diff continue a book? The exchange's rules as pure functions.
//
// Spot ids are dense: an event covers [U, u] and the next one begins at u + 1 or before. Futures
// ids are sparse and shared between symbols; there each event names its predecessor (`pu`).
// Sources: Binance, "How to manage a local order book correctly" (spot; futures), and recorded
// feeds where they differ from it (docs/SEQUENCING.md).
// Threads: pure functions.
#pragma once

#include <optional>

#include "core/units.h"
#include "core/verdict.h"

namespace thalweg {

enum class Numbering : std::uint8_t {
  kSpot,     // U == previous u + 1
  kFutures,  // pu == previous u
};

struct DiffIds {
  UpdateId first;                    // U
  UpdateId last;                     // u
  std::optional<UpdateId> previous;  // pu
};

// What an exchange answers as lastUpdateId of a book that never had a level: any event continues
// it.
inline constexpr UpdateId kEmptyBookId{-1};

[[nodiscard]] constexpr bool WellFormed(Numbering numbering, const DiffIds& ids) noexcept {
  if (ids.first.raw() < 0 || ids.first > ids.last) return false;
  if (numbering == Numbering::kSpot) return true;
  return ids.previous.has_value() && ids.previous->raw() >= 0;
}

// The first diff after a snapshot with lastUpdateId `snapshot`.
//
// Spot: the same rule as for every later diff. Futures: one that ends at the snapshot's id is
// applied although its effect is in the snapshot already (quantities are absolute), because the
// next diff names it as its predecessor.
[[nodiscard]] constexpr DiffVerdict JudgeFirst(Numbering numbering, UpdateId snapshot,
                                               const DiffIds& ids) noexcept {
  if (!WellFormed(numbering, ids)) return DiffVerdict::kMalformed;
  if (snapshot == kEmptyBookId) return DiffVerdict::kApply;
  if (numbering == Numbering::kFutures) {
    if (ids.last < snapshot) return DiffVerdict::kStale;
    return *ids.previous <= snapshot ? DiffVerdict::kApply : DiffVerdict::kGap;
  }
  if (ids.last <= snapshot) return DiffVerdict::kStale;
  return ids.first <= snapshot + 1 ? DiffVerdict::kApply : DiffVerdict::kGap;
}

// A diff after another one, the last one applied (or kept) having ended at `applied`.
[[nodiscard]] constexpr DiffVerdict JudgeNext(Numbering numbering, UpdateId applied,
                                              const DiffIds& ids) noexcept {
  if (!WellFormed(numbering, ids)) return DiffVerdict::kMalformed;
  if (ids.last <= applied) return DiffVerdict::kStale;
  const bool continues =
      numbering == Numbering::kFutures ? *ids.previous == applied : ids.first <= applied + 1;
  return continues ? DiffVerdict::kApply : DiffVerdict::kGap;
}

}  // namespace thalweg
