#include "replay/output_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

constexpr mode_t kFileMode = 0644;

bool MeansNoRoom(int error) noexcept {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

std::string Reason(int error) { return std::generic_category().message(error); }

absl::Status ToStatus(int error) {
  return MeansNoRoom(error) ? absl::ResourceExhaustedError(Reason(error))
                            : absl::UnavailableError(Reason(error));
}

int OpenRetrying(const char* path, int flags) noexcept {
  int descriptor = -1;
  do {
    descriptor = open(path, flags | O_CLOEXEC, kFileMode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// The name of a new file lies in its folder, which has to be stored too. Only best effort: some
// file systems have no such call, some folders may be written but not read.
void SyncFolderOf(const std::string& path) noexcept {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int descriptor = OpenRetrying(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return;
  (void)fsync(descriptor);
  close(descriptor);
}

class DiskFile final : public OutputFile {
 public:
  DiskFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~DiskFile() override {
    if (descriptor_ >= 0) close(descriptor_);
  }
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  absl::StatusOr<std::size_t> Write(std::string_view bytes) override {
    if (IsAtSizeLimit()) return ToStatus(EFBIG);
    for (;;) {
      const ssize_t put = write(descriptor_, bytes.data(), bytes.size());
      if (put >= 0) {
        size_ += static_cast<std::size_t>(put);
        return static_cast<std::size_t>(put);
      }
      if (errno != EINTR) return ToStatus(errno);
    }
  }

  absl::Status Sync() override {
    if (fdatasync(descriptor_) != 0) return ToStatus(errno);
    if (!std::exchange(folder_synced_, true)) SyncFolderOf(path_);
    return absl::OkStatus();
  }

  absl::Status Close() override {
    // Linux closes the descriptor whatever it answers: a second try could close somebody else's.
    if (close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) return ToStatus(errno);
    return absl::OkStatus();
  }

  const std::string& path() const noexcept override { return path_; }

 private:
  // Writing there would end a process that does not ignore SIGXFSZ, and which signals it ignores is
  // not a library's to decide.
  [[nodiscard]] bool IsAtSizeLimit() const noexcept {
    rlimit limit{};
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           size_ >= limit.rlim_cur;
  }

  const std::string path_;
  int descriptor_;
  std::size_t size_ = 0;
  bool folder_synced_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> CreateOutputFile(const std::string& path) {
  const int descriptor =
      OpenRetrying(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND);
  if (descriptor >= 0) return std::make_unique<DiskFile>(path, descriptor);
  const int error = errno;
  const std::string message = absl::StrCat(path, ": ", Reason(error));
  if (error == EEXIST) return absl::AlreadyExistsError(message);
  return absl::UnavailableError(message);
}

}  // namespace thalweg
