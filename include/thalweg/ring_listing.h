// Which rings there are, and taking away those that nobody writes.
//
// Threads: pure functions but for the file system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ring_format.h"
#include "thalweg/ring_reader.h"

namespace thalweg {

// A ring file that lies in a folder.
struct RingListing {
  std::string name;
  RingKind kind = RingKind::kFeatures;
  std::string path;
  // Why it cannot be read; OK when it can.
  absl::Status status;
  RingWriterLife writer = RingWriterLife::kClosed;
  std::uint64_t generation = 0;
  std::uint64_t newest = 0;
};

// Every ring in a folder, by name and kind.
[[nodiscard]] std::vector<RingListing> ListRings(std::string_view folder = "/dev/shm");

// Removes the files of a ring that nobody writes, its lock included; with an empty name, those of
// all rings. Answers the paths removed. FailedPrecondition when a writer lives (an empty name skips
// those); NotFound.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> RemoveRings(
    std::string_view name, std::string_view folder = "/dev/shm");

}  // namespace thalweg
