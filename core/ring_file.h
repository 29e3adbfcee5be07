// A ring's file, as one opens it: by name, not through a link, and only if nobody else may change
// it.
//
// Threads: pure functions but for the file system. Errors name the path, the value and the remedy.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ring_format.h"

namespace thalweg {

// A file descriptor that is closed at its end.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) noexcept : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileHandle();

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// "/dev/shm/thalweg.live: <what>: <errno in words>", with the code that fits the number.
[[nodiscard]] absl::Status FileError(int error, const std::string& path, std::string_view what);

// Opens a file that must not be a link. `flags`: O_RDONLY or O_RDWR, and O_CREAT.
[[nodiscard]] absl::StatusOr<FileHandle> OpenRingFile(const std::string& path, int flags,
                                                      std::uint32_t mode = 0);

// A regular file of `owner` (absent: of our own user, or of root) that others cannot write.
[[nodiscard]] absl::Status CheckRingFile(const struct stat& stat, const std::string& path,
                                         std::optional<std::uint32_t> owner);

// Tells readers of an old file that it is not the one that has the name.
void MarkSuperseded(int descriptor);

// Stands behind a ring's path while its file is being made.
inline constexpr std::string_view kRingMakingSuffix = ".new";

// Header of a file that is long enough for one and begins like a ring; absent for others.
[[nodiscard]] std::optional<RingHeader> PeekRingHeader(int descriptor);

}  // namespace thalweg
