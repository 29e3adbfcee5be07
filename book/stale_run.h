// When ids that look old are new ones.
//
// Ids that restart lower (a relisting, a wiped test network), or one absurdly high id that was
// believed, make everything after it look stale, for ever. After kRestartStaleFrames stale frames
// in a row, over at least kRestartSpan of the event clock, the numbering counts as new. Threads:
// one.
#pragma once

#include "core/units.h"

namespace thalweg {

inline constexpr int kRestartStaleFrames = 20;
inline constexpr Nanos kRestartSpan = 10 * kSecond;

class StaleRun {
 public:
  // One more stale frame; true when it completes the proof.
  [[nodiscard]] bool Add(EventTime clock) noexcept {
    if (count_++ == 0) since_ = clock;
    return count_ >= kRestartStaleFrames && clock - since_ >= kRestartSpan;
  }
  // A frame that was not stale.
  void Reset() noexcept { count_ = 0; }

 private:
  int count_ = 0;
  EventTime since_;  // Clock at the first of the run.
};

}  // namespace thalweg
