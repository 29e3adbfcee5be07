#include "replay/recording_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thalweg {

absl::StatusOr<RecordingFolder> RecordingFolder::Hold(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::UnavailableError(absl::StrCat(path, ": ", error.message()));
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    // One that may be written but not read cannot be locked, and need not be.
    if (errno == EACCES) return RecordingFolder(-1);
    return absl::UnavailableError(absl::StrCat(path, ": ", std::generic_category().message(errno)));
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(descriptor);
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": another program is recording into this folder; name another one, or end that"));
  }
  return RecordingFolder(descriptor);
}

RecordingFolder::~RecordingFolder() {
  if (descriptor_ >= 0) close(descriptor_);
}

RecordingFolder::RecordingFolder(RecordingFolder&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace thalweg
