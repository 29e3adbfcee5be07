// The folder that a run records into: one run at a time.
//
// Two programs in one folder would take turns with the numbers of its segments, and a verification
// of the folder would mix their runs. So a run holds the folder from before its first segment until
// behind its last one, with flock(2) on the folder itself: nothing is left in it, and the lock ends
// with the process, however that ends. Where a file system has no locks the folder is used without.
//
// Threads: one an object.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace thalweg {

class RecordingFolder {
 public:
  // Makes the folder when it is not there, and holds it while the object lives. FailedPrecondition
  // when another one is recording into it; Unavailable with path and the system's reason.
  [[nodiscard]] static absl::StatusOr<RecordingFolder> Hold(const std::string& path);
  ~RecordingFolder();
  RecordingFolder(RecordingFolder&& other) noexcept;
  RecordingFolder& operator=(RecordingFolder&&) = delete;

 private:
  explicit RecordingFolder(int descriptor) noexcept : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace thalweg
