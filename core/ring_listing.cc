#include "thalweg/ring_listing.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/ring_name.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr absl::string_view kPrefix = "thalweg.";

// Every file in the folder that is named like ours, without the prefix; sorted.
std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), ::closedir);
  if (!directory) return files;
  while (const dirent* const file = ::readdir(directory.get())) {
    absl::string_view name = file->d_name;
    if (absl::ConsumePrefix(&name, kPrefix)) files.emplace(name);
  }
  return files;
}

bool Exists(const std::string& path) {
  struct stat stat = {};
  return ::lstat(path.c_str(), &stat) == 0;
}

// The files of a name, that of its lock included.
std::vector<std::string> FilesOf(const std::string& name, const std::string& folder) {
  std::vector<std::string> paths;
  const std::string lock = absl::StrCat(folder, "/", kPrefix, name, ".lock");
  for (const RingKind kind : kRingKinds) {
    const std::string path = RingPath(folder, name, kind);
    for (const std::string& file : {path, absl::StrCat(path, Abseil(kRingMakingSuffix))}) {
      if (Exists(file)) paths.push_back(file);
    }
  }
  if (Exists(lock)) paths.push_back(lock);
  return paths;
}

// "live.ladders.new" -> "live"; empty when no ring is named like that.
std::string NameOfFile(const std::string& file) {
  std::string name = file.substr(0, file.find('.'));
  return CheckRingName(name).ok() ? name : "";
}

absl::StatusOr<std::vector<std::string>> RemoveRing(const std::string& name,
                                                    const std::string& folder) {
  const std::vector<std::string> paths = FilesOf(name, folder);
  if (paths.empty()) {
    return absl::NotFoundError(absl::StrCat(RingPath(folder, name, RingKind::kFeatures),
                                            ": there is no ring of this name"));
  }
  absl::StatusOr<RingName> taken = RingName::Take(name, 0600, folder);
  if (!taken.ok()) return taken.status();
  absl::Status status = (*std::move(taken)).RemoveAll();
  if (!status.ok()) return status;
  return paths;
}

}  // namespace

std::vector<RingListing> ListRings(std::string_view folder) {
  std::vector<RingListing> rings;
  for (const std::string& file : FilesIn(std::string(folder))) {
    const std::string name = NameOfFile(file);
    if (name.empty()) continue;
    for (const RingKind kind : kRingKinds) {
      RingListing ring;
      ring.name = name;
      ring.kind = kind;
      ring.path = RingPath(folder, name, kind);
      if (ring.path != absl::StrCat(Abseil(folder), "/", kPrefix, file)) continue;
      const absl::StatusOr<RingReader> reader = RingReader::Open(ring.path);
      ring.status = reader.status();
      if (reader.ok()) {
        ring.writer = reader->writer();
        ring.generation = reader->header().generation;
        ring.newest = reader->newest();
      }
      rings.push_back(std::move(ring));
    }
  }
  return rings;
}

absl::StatusOr<std::vector<std::string>> RemoveRings(std::string_view name,
                                                     std::string_view folder) {
  if (!name.empty()) {
    absl::Status status = CheckRingName(name);
    if (!status.ok()) return status;
    return RemoveRing(std::string(name), std::string(folder));
  }
  std::set<std::string> names;
  for (const std::string& file : FilesIn(std::string(folder))) names.insert(NameOfFile(file));
  names.erase("");
  std::vector<std::string> removed;
  for (const std::string& each : names) {
    const absl::StatusOr<std::vector<std::string>> paths = RemoveRing(each, std::string(folder));
    // A writer that lives keeps its rings; what is not ours stays too.
    if (absl::IsFailedPrecondition(paths.status()) || absl::IsPermissionDenied(paths.status()) ||
        absl::IsNotFound(paths.status())) {
      continue;
    }
    if (!paths.ok()) return paths.status();
    removed.insert(removed.end(), paths->begin(), paths->end());
  }
  return removed;
}

}  // namespace thalweg
