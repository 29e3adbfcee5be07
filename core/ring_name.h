// The name of a ring: where its files lie, and who may write them.
//
// Threads: one at a time. Errors: absl::Status with the path, the value and the remedy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ring_file.h"
#include "core/ring_format.h"

namespace thalweg {

// Where rings lie unless another folder is named.
inline constexpr std::string_view kRingFolder = "/dev/shm";

// 1 to 64 letters, digits, '-' and '_'; else InvalidArgument with the name.
[[nodiscard]] absl::Status CheckRingName(std::string_view name);
// "/dev/shm/thalweg.live", "/dev/shm/thalweg.live.ladders"
[[nodiscard]] std::string RingPath(std::string_view folder, std::string_view name, RingKind kind);

// A name that is held for writing: nobody else can take it while this lives. It ends with its
// process, however that ends (flock); but a child that was forked meanwhile holds it too, until it
// ends or calls exec.
class RingName {
 public:
  // `mode`: the permissions of the files to come, 0600 or 0640. FailedPrecondition: a writer that
  // lives has the name. PermissionDenied: what lies there belongs to somebody else, or others may
  // write it. Also learns which generation comes next.
  [[nodiscard]] static absl::StatusOr<RingName> Take(std::string_view name, std::uint32_t mode,
                                                     std::string_view folder = kRingFolder);
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] std::uint32_t mode() const noexcept { return mode_; }
  // Of the files to come: one more than that of any file of this name.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

  // Takes away a ring of an earlier writer that this one does not write: marked superseded, for who
  // still reads it, and removed. OK when there is none.
  [[nodiscard]] absl::Status Remove(RingKind kind) const;
  // Gives the name up, and takes away everything that has it.
  [[nodiscard]] absl::Status RemoveAll() &&;

 private:
  RingName() = default;

  std::string name_;
  std::string folder_;
  std::uint32_t mode_ = 0;
  std::uint64_t generation_ = 0;
  FileHandle lock_;
};

}  // namespace thalweg
