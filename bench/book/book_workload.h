// The depth of a recording as a book takes it: one snapshot and the events that continue it, in
// ticks, decoded and judged before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "book/level.h"
#include "book/sequencing.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg::bench {

struct BookEvent {
  DiffIds ids;
  std::vector<TickLevel> bids;
  std::vector<TickLevel> asks;
};

struct BookWorkload {
  // Decodes a recording of one symbol. Ends the program when no event continues its snapshot.
  explicit BookWorkload(const RecordedSet& set);

  [[nodiscard]] std::int64_t event_count() const {
    return static_cast<std::int64_t>(events.size());
  }

  std::string name;
  Price tick;  // The common divisor of all prices.
  Numbering numbering = Numbering::kSpot;
  BookEvent snapshot;
  std::vector<BookEvent> events;
  std::int64_t level_count = 0;  // In all events.
};

// The default bucket sizes in ticks.
[[nodiscard]] std::vector<Ticks> BucketSizesInTicks(Price tick);

}  // namespace thalweg::bench
