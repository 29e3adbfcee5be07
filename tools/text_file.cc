#include "tools/text_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"

namespace thalweg {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

absl::Status Failed(const std::string& path, const char* what, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error)));
}

template <class Value>
void Append(std::string& buffer, Value value) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  buffer.append(digits.data(), end);
}

// Whether the first line of a file is one of a recording, packed or not.
bool IsRecording(const std::string& path) {
  const absl::StatusOr<std::unique_ptr<RecordingReader>> reader = RecordingReader::Open(path, {});
  std::string_view line;
  return reader.ok() && (*reader)->Next(&line) == ReadVerdict::kLine &&
         ParseRecordingLine(line).kind != LineKind::kMalformed;
}

}  // namespace

absl::Status TextFile::CheckCreatable(const std::string& path) {
  if (path == "-") return absl::OkStatus();
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return Failed(path, "write", EISDIR);
  if (std::filesystem::is_regular_file(status) && IsRecording(path)) {
    return absl::UnavailableError(
        absl::StrCat("cannot write ", path, ": it is a recording, and those are never replaced"));
  }
  // A new name is written into its folder.
  std::string written = path;
  if (!std::filesystem::exists(status)) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    written = folder.empty() ? std::string(".") : folder;
  }
  return access(written.c_str(), W_OK) == 0 ? absl::OkStatus() : Failed(path, "write", errno);
}

absl::StatusOr<std::unique_ptr<TextFile>> TextFile::Create(const std::string& path) {
  std::FILE* const file = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Failed(path, "write", errno);
  return std::unique_ptr<TextFile>(new TextFile(path, file));
}

TextFile::~TextFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

void TextFile::Integer(std::int64_t value) { Append(buffer_, value); }
void TextFile::Unsigned(std::uint64_t value) { Append(buffer_, value); }

void TextFile::Number(double value) {
  if (std::isnan(value)) {
    buffer_ += "nan";
  } else {
    Append(buffer_, value);
  }
}

void TextFile::EndLine() {
  buffer_ += '\n';
  if (buffer_.size() >= kBufferBytes) Flush();
}

void TextFile::Flush() {
  if (error_ == 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) {
    error_ = errno;
  }
  buffer_.clear();
}

absl::Status TextFile::Close() {
  Flush();
  if (std::fflush(file_) != 0 && error_ == 0) error_ = errno;
  if (file_ != stdout && std::fclose(file_) != 0 && error_ == 0) error_ = errno;
  file_ = nullptr;
  return error_ == 0 ? absl::OkStatus() : Failed(path_, "write", error_);
}

}  // namespace thalweg
