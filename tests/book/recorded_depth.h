// The snapshot and the depth events of a real spot recording, as a book takes them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "book/level.h"
#include "feeds/decode/decoder.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg::testing {

struct RecordedEvent {
  std::int64_t last = 0;  // Of a snapshot: lastUpdateId.
  std::vector<TickLevel> bids;
  std::vector<TickLevel> asks;
};

struct RecordedDepth {
  RecordedEvent snapshot;
  std::vector<RecordedEvent> events;  // From the one that continues the snapshot on.
};

// The tick of BTCUSDT is 0.01.
[[nodiscard]] inline std::vector<TickLevel> InTicks(std::span<const Level> levels) {
  std::vector<TickLevel> in_ticks;
  for (const Level& level : levels) {
    in_ticks.push_back({Ticks(level.price.raw() / 1'000'000), level.qty});
  }
  return in_ticks;
}

// No events when the recording is absent.
[[nodiscard]] inline RecordedDepth ReadBtcusdt() {
  RecordedDepth depth;
  Decoder decoder;
  const RecordedFeed feed(RecordedFiles("spot-btcusdt-2024-08-08"));
  for (const RecordedFeed::Line& line : feed.lines()) {
    const FrameHead head = NameFrame(line.payload);
    DepthDiff diff;
    DepthSnapshot snapshot;
    if (head.kind == FrameKind::kDepth &&
        decoder.DecodeDepth(head, kQtyDecimalsMax, &diff) == DecodeVerdict::kOk) {
      depth.events.push_back({diff.last.raw(), InTicks(diff.bids), InTicks(diff.asks)});
    } else if (head.kind == FrameKind::kSnapshot &&
               decoder.DecodeSnapshot(line.payload, kQtyDecimalsMax, &snapshot) ==
                   DecodeVerdict::kOk) {
      depth.snapshot = {snapshot.last.raw(), InTicks(snapshot.bids), InTicks(snapshot.asks)};
    }
  }
  std::erase_if(depth.events,
                [&](const RecordedEvent& event) { return event.last <= depth.snapshot.last; });
  return depth;
}

}  // namespace thalweg::testing
