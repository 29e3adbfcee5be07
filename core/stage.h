// The stages of a frame's way from the network to a record that readers see: one list for whoever
// measures them (pipeline/stage_clock.h, tools/latency_bench.h), keeps them (RingStage) or shows
// them (`top`, `bench`).
//
// Stages follow each other: each begins where the one before has ended. A frame that makes no
// record has neither of the last two. Their numbers are part of the ring's format: new ones come at
// the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg {

enum class Stage : std::uint8_t {
  kSocket,    // The kernel has its last bytes -> it is whole in our memory. Wall clock, both.
  kQueue,     // -> the engine begins with it.
  kDecode,    // -> its text is numbers.
  kBook,      // -> sequenced; levels, buckets and windows hold it.
  kFeatures,  // -> its record is made.
  kPublish,   // -> the record is visible in the ring.
};

// Of a stage that a frame did not go through, or whose time nobody knows.
inline constexpr std::int64_t kNoTime = -1;

struct StageEntry {
  Stage stage;
  std::string_view name;         // A word, for columns and labels.
  std::string_view title;        // What it is, for tables with room.
  std::string_view description;  // From what to what.
};

// By Stage.
inline constexpr std::array kStages{
    StageEntry{Stage::kSocket, "socket", "socket",
               "from the kernel's receipt of a frame's last bytes to the frame in memory"},
    StageEntry{Stage::kQueue, "queue", "queue",
               "from the frame in memory to the engine beginning with it"},
    StageEntry{Stage::kDecode, "decode", "decode", "naming and decoding the frame"},
    StageEntry{Stage::kBook, "book", "sequence and book",
               "sequencing, levels, buckets, audits and windows"},
    StageEntry{Stage::kFeatures, "features", "features and record", "computing the record"},
    StageEntry{Stage::kPublish, "publish", "publish",
               "from the computed record to the record visible in the ring"},
};

[[nodiscard]] constexpr std::size_t Index(Stage stage) noexcept {
  return static_cast<std::size_t>(stage);
}
static_assert([] {
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    if (Index(kStages[i].stage) != i) return false;
  }
  return Index(Stage::kPublish) + 1 == kStages.size();
}());

}  // namespace thalweg
