// What the first line of a segment says of it: `#thalweg 1 {json}`.
//
// Grammar: docs/RECORDINGS.md; replay/segment_writer.h writes it. Names that are not known are
// skipped. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

struct SegmentHeader {
  std::string run;  // Never empty in a header that was read.
  std::int64_t shard = 0;
  std::int64_t segment = 0;          // Of its shard in the folder; a restart counts on.
  std::int64_t run_segment = 0;      // Of its shard in the run, from 1; 0: it does not say.
  std::int64_t repeats = 0;          // Lines to come that say again what the segment before said.
  std::vector<std::string> symbols;  // In id order.
  std::string options;  // Every option that changes records, as a JSON object; empty without them.
};

// False when the text is no JSON object with a run.
[[nodiscard]] bool ParseSegmentHeader(std::string_view json, SegmentHeader* header);

}  // namespace thalweg
