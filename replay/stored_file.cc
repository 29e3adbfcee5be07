#include "replay/stored_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "feeds/decode/frame.h"

namespace thalweg {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

class DiskFile final : public StoredFile {
 public:
  DiskFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {
    struct stat facts {};
    if (fstat(descriptor_, &facts) == 0 && S_ISREG(facts.st_mode)) bytes_total_ = facts.st_size;
    // Only advice: a file that cannot take it is read all the same.
    (void)posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  ~DiskFile() override { close(descriptor_); }
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  absl::StatusOr<std::size_t> Read(std::span<char> out) override {
    for (;;) {
      const ssize_t got = read(descriptor_, out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return absl::UnavailableError(Reason(errno));
    }
  }

  bool Seek(std::int64_t offset) override { return lseek(descriptor_, offset, SEEK_SET) == offset; }

  const std::string& path() const noexcept override { return path_; }
  std::int64_t bytes_total() const noexcept override { return bytes_total_; }

 private:
  const std::string path_;
  const int descriptor_;
  std::int64_t bytes_total_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StoredFile>> OpenStoredFile(const std::string& path) {
  int descriptor = -1;
  do {
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor >= 0) return std::make_unique<DiskFile>(path, descriptor);
  const int error = errno;
  const std::string message = absl::StrCat(path, ": ", Reason(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}

void PaddedBuffer::Grow(std::size_t capacity, std::size_t kept) {
  assert(kept <= capacity_);
  if (capacity <= capacity_) return;
  // Pages that nothing is ever put into stay untouched.
  auto memory = std::make_unique_for_overwrite<char[]>(capacity + 2 * kPayloadPadding);
  if (kept != 0) std::memcpy(memory.get() + kPayloadPadding, data(), kept);
  memory_ = std::move(memory);
  capacity_ = capacity;
}

char* PaddedBuffer::data() noexcept { return memory_.get() + kPayloadPadding; }

StoredInput::StoredInput(std::unique_ptr<StoredFile> file) : file_(std::move(file)) {
  buffer_.Grow(kStoredBufferBytes, 0);
}

bool StoredInput::Fill(std::size_t bytes) {
  assert(bytes <= kStoredBufferBytes);
  if (view_.size() >= bytes) return true;
  if (ended_) return false;
  if (!view_.empty()) std::memmove(buffer_.data(), view_.data(), view_.size());
  std::size_t held = view_.size();
  while (held < bytes && !ended_) {
    const absl::StatusOr<std::size_t> got =
        file_->Read({buffer_.data() + held, buffer_.capacity() - held});
    if (!got.ok()) error_ = got.status();
    ended_ = !got.ok() || *got == 0;
    if (!ended_) held += *got;
  }
  view_ = {buffer_.data(), held};
  return held >= bytes;
}

void StoredInput::Consume(std::size_t bytes) noexcept {
  assert(bytes <= view_.size());
  view_.remove_prefix(bytes);
  offset_ += static_cast<std::int64_t>(bytes);
  farthest_ = std::max(farthest_, offset_);
}

bool StoredInput::SeekTo(std::int64_t offset) {
  if (!file_->Seek(offset)) return false;
  view_ = {};
  offset_ = offset;
  ended_ = false;
  error_ = absl::OkStatus();
  return true;
}

bool StoredInput::SeekPattern(std::string_view pattern) {
  assert(!pattern.empty());
  while (Fill(pattern.size())) {
    const std::size_t at = view_.find(pattern);
    if (at != std::string_view::npos) {
      Consume(at);
      return true;
    }
    // Its first bytes may be the last ones at hand.
    Consume(view_.size() - (pattern.size() - 1));
  }
  Consume(view_.size());
  return false;
}

}  // namespace thalweg
