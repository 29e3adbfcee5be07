#include "core/ring_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/string_view.h"

namespace thalweg {

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

absl::Status FileError(int error, const std::string& path, std::string_view what) {
  const std::string message =
      absl::StrCat(path, ": ", Abseil(what), ": ", std::generic_category().message(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case ELOOP:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::StatusOr<FileHandle> OpenRingFile(const std::string& path, int flags, std::uint32_t mode) {
  // O_NONBLOCK: what lies there may be a pipe, which would wait for somebody.
  FileHandle file(::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode));
  if (file.is_open()) return file;
  const int error = errno;
  return FileError(error, path,
                   error == ELOOP ? "is a link, which is never followed" : "cannot open");
}

absl::Status CheckRingFile(const struct stat& stat, const std::string& path,
                           std::optional<std::uint32_t> owner) {
  if (!S_ISREG(stat.st_mode)) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": is not a regular file"));
  }
  const bool ours = owner ? stat.st_uid == *owner : stat.st_uid == ::geteuid() || stat.st_uid == 0;
  if (!ours) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": belongs to user ", stat.st_uid, ", and only files of user ",
                     owner.value_or(::geteuid()), owner ? "" : " or root", " are used"));
  }
  if ((stat.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "%s: others may write it (mode %04o): remove it, or chmod it to 0600 or 0640", path,
        stat.st_mode & 07777));
  }
  return absl::OkStatus();
}

void MarkSuperseded(int descriptor) {
  const auto state = static_cast<std::uint32_t>(RingWriterState::kSuperseded);
  // Whoever has it mapped sees what is written to the file. Nobody needs to, so an error is none.
  if (PeekRingHeader(descriptor)) {
    (void)!::pwrite(descriptor, &state, sizeof(state), offsetof(RingHeader, writer_state));
  }
}

std::optional<RingHeader> PeekRingHeader(int descriptor) {
  RingHeader header;
  const ssize_t got = ::pread(descriptor, static_cast<void*>(&header), sizeof(header), 0);
  if (got != static_cast<ssize_t>(sizeof(header)) || header.magic != kRingMagic) {
    return std::nullopt;
  }
  return header;
}

}  // namespace thalweg
