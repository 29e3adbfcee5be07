// The bytes of a recording on their way to the disk: only ever appended.
//
// OutputFile is the seam between writers and the disk, the counterpart of replay/stored_file.h: a
// test that wants a full disk or a write error at the Nth call gives a writer an OutputFile of its
// own. Nothing in it seeks, truncates or writes twice, so bytes that are stored never change.
// Threads: one thread an object.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thalweg {

// Statuses hold the system's reason alone; who reports them adds the path. Each call may wait for
// the disk, none for anything else.
class OutputFile {
 public:
  virtual ~OutputFile() = default;

  // Appends what there is room for, from the front of `bytes`, and answers how many bytes that was.
  // ResourceExhausted when there is no room at all (disk full, quota, size limit): later there may
  // be some. Unavailable for every other reason, after which nobody knows what is stored.
  [[nodiscard]] virtual absl::StatusOr<std::size_t> Write(std::string_view bytes) = 0;
  // Returns when everything written survives a power cut. After an error nobody knows what does,
  // and calling it again would hide that.
  [[nodiscard]] virtual absl::Status Sync() = 0;
  // Nothing may be called after it.
  [[nodiscard]] virtual absl::Status Close() = 0;

  [[nodiscard]] virtual const std::string& path() const noexcept = 0;
};

// Makes a new file, readable by all as far as the umask allows. AlreadyExists when there is
// anything of that name, a dangling link too; else Unavailable. Both with the path and the system's
// reason.
[[nodiscard]] absl::StatusOr<std::unique_ptr<OutputFile>> CreateOutputFile(const std::string& path);

}  // namespace thalweg
