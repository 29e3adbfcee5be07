#include "replay/collector_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr unsigned kBufferBytes = 256U << 10;
constexpr char kStandardOutput[] = "-";

std::string Reason(int error) { return std::generic_category().message(error); }

// A descriptor of the caller's own, or -1 and errno.
int OpenNew(const std::string& path) {
  if (path == kStandardOutput) return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

}  // namespace

struct CollectorFile::State {
  void Put(std::string_view text);
  void Fail(int code);

  std::string path;
  gzFile file = nullptr;
  std::string line;
  absl::Status status;
};

void CollectorFile::State::Put(std::string_view text) {
  if (!status.ok()) return;
  errno = 0;
  if (gzfwrite(text.data(), 1, text.size(), file) == text.size()) return;
  int code = Z_OK;
  (void)gzerror(file, &code);
  Fail(code);
}

void CollectorFile::State::Fail(int code) {
  const int error = errno;
  const std::string reason = code == Z_ERRNO && error != 0 ? Reason(error) : zError(code);
  if (status.ok())
    status = absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", reason));
}

absl::StatusOr<std::unique_ptr<CollectorFile>> CollectorFile::Create(const std::string& path) {
  const int descriptor = OpenNew(path);
  if (descriptor < 0) {
    const int error = errno;
    if (error == EEXIST) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, ": ", Reason(error), "; recordings are never replaced"));
    }
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", Reason(error)));
  }
  // T: the bytes as they are, without gzip.
  gzFile const file = gzdopen(descriptor, path.ends_with(".gz") ? "wb" : "wbT");
  if (file == nullptr) {
    close(descriptor);
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": no memory for zlib"));
  }
  (void)gzbuffer(file, kBufferBytes);
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = file;
  return std::unique_ptr<CollectorFile>(new CollectorFile(std::move(state)));
}

CollectorFile::CollectorFile(std::unique_ptr<State> state) : state_(std::move(state)) {}

CollectorFile::~CollectorFile() {
  if (state_->file != nullptr) (void)gzclose_w(state_->file);
}

void CollectorFile::Write(ReceiveTime received, std::string_view payload) {
  state_->line.clear();
  absl::StrAppend(&state_->line, received.raw(), " ", Abseil(payload), "\n");
  state_->Put(state_->line);
}

absl::Status CollectorFile::Close() {
  errno = 0;
  const int code = gzclose_w(std::exchange(state_->file, nullptr));
  if (code != Z_OK) state_->Fail(code);
  return state_->status;
}

void CollectorFile::Discard() {
  (void)Close();
  if (state_->path != kStandardOutput) (void)unlink(state_->path.c_str());
}

}  // namespace thalweg
