// The book of one symbol as a recording tells it: its snapshot, and every depth event since.
//
// Independent of book/ on purpose, as replay/true_book.h is. Until a snapshot and the events around
// it fit together there is no book; a gap takes it away until the next snapshot. Levels that no
// snapshot and no event ever named are not in it. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/events.h"
#include "core/units.h"
#include "replay/true_book.h"

namespace thalweg {

// Events kept for a snapshot that is older than they are; the oldest is dropped beyond.
inline constexpr std::size_t kRecordedEventsKept = 2'000;

class RecordedBook {
 public:
  void Apply(const DepthDiff& diff);
  void ApplySnapshot(const DepthSnapshot& snapshot);
  // Events are missing: there is no book until the next snapshot.
  void Lose();

  // Null when there is none.
  [[nodiscard]] const TrueBook* book() const noexcept { return is_known_ ? &book_ : nullptr; }

 private:
  struct Event {
    UpdateId first;
    UpdateId last;
    std::optional<UpdateId> previous;
    std::vector<Level> bids;
    std::vector<Level> asks;
  };
  // Whether the event says all that happened since `id`.
  [[nodiscard]] static bool Continues(const Event& event, UpdateId id);
  void Set(const Event& event);

  TrueBook book_;
  bool is_known_ = false;
  std::deque<Event> events_;  // The newest ones, without a gap between them.
};

}  // namespace thalweg
