#include "core/ring_name.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::size_t kRingNameLength = 64;

std::string PathWith(std::string_view folder, std::string_view name, std::string_view end) {
  return absl::StrCat(Abseil(folder), "/thalweg.", Abseil(name), Abseil(end));
}

bool IsSamePlace(int descriptor, const std::string& path) {
  struct stat opened = {};
  struct stat there = {};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

// What the present file of this path says of itself; a file that is not ours is refused, one that
// is no ring says nothing.
absl::StatusOr<std::optional<RingHeader>> PresentHeader(const std::string& path) {
  struct stat stat = {};
  if (::lstat(path.c_str(), &stat) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return FileError(errno, path, "cannot look at it");
  }
  // A link is replaced, never followed; whose it is counts all the same.
  if (stat.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": belongs to user ", stat.st_uid,
                                                    ", not to ", ::geteuid(),
                                                    ": take another name, or have it removed"));
  }
  if (!S_ISREG(stat.st_mode)) return std::nullopt;
  const absl::StatusOr<FileHandle> file = OpenRingFile(path, O_RDONLY);
  if (!file.ok()) return file.status();
  return PeekRingHeader(file->get());
}

}  // namespace

absl::Status CheckRingName(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= kRingNameLength &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", Abseil(name),
                                                 "' is no name for a ring: 1 to ", kRingNameLength,
                                                 " letters, digits, '-' and '_'"));
}

std::string RingPath(std::string_view folder, std::string_view name, RingKind kind) {
  const std::string end =
      kind == RingKind::kFeatures ? "" : absl::StrCat(".", Abseil(RingKindName(kind)));
  return PathWith(folder, name, end);
}

absl::StatusOr<RingName> RingName::Take(std::string_view name, std::uint32_t mode,
                                        std::string_view folder) {
  absl::Status status = CheckRingName(name);
  if (!status.ok()) return status;
  const std::string path = PathWith(folder, name, ".lock");
  FileHandle lock;
  // Again when the file was removed between being opened and being locked: then it locks nothing.
  do {
    absl::StatusOr<FileHandle> opened = OpenRingFile(path, O_RDWR | O_CREAT, 0600);
    if (!opened.ok()) return opened.status();
    struct stat stat = {};
    if (::fstat(opened->get(), &stat) != 0) return FileError(errno, path, "cannot look at it");
    status = CheckRingFile(stat, path, ::geteuid());
    if (!status.ok()) return status;
    if (::flock(opened->get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return FileError(errno, path, "cannot lock it");
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": a writer that lives has the ring '", Abseil(name),
                       "': stop it, or take another name"));
    }
    lock = *std::move(opened);
  } while (!IsSamePlace(lock.get(), path));

  RingName taken;
  taken.name_ = name;
  taken.folder_ = folder;
  taken.mode_ = mode;
  taken.generation_ = 1;
  for (const RingKind kind : kRingKinds) {
    const absl::StatusOr<std::optional<RingHeader>> header =
        PresentHeader(RingPath(folder, name, kind));
    if (!header.ok()) return header.status();
    if (*header) taken.generation_ = std::max(taken.generation_, (*header)->generation + 1);
  }
  taken.lock_ = std::move(lock);
  return taken;
}

absl::Status RingName::Remove(RingKind kind) const {
  const std::string path = RingPath(folder_, name_, kind);
  // Of a writer that was killed while it made it.
  ::unlink(absl::StrCat(path, Abseil(kRingMakingSuffix)).c_str());
  const absl::StatusOr<FileHandle> old = OpenRingFile(path, O_RDWR);
  if (::unlink(path.c_str()) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(errno, path, "cannot remove it");
  }
  if (old.ok()) MarkSuperseded(old->get());
  return absl::OkStatus();
}

absl::Status RingName::RemoveAll() && {
  for (const RingKind kind : kRingKinds) {
    absl::Status status = Remove(kind);
    if (!status.ok()) return status;
  }
  ::unlink(PathWith(folder_, name_, ".lock").c_str());
  return absl::OkStatus();
}

}  // namespace thalweg
