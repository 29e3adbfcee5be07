// A text file being written, or standard output for "-": buffered, and honest about errors.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thalweg {

class TextFile {
 public:
  // Whether Create() can be expected to work and may replace what is there, without changing
  // anything: Unavailable with path and reason. Recordings are never replaced.
  [[nodiscard]] static absl::Status CheckCreatable(const std::string& path);
  // Replaces an existing file.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<TextFile>> Create(const std::string& path);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  void Text(std::string_view text) { buffer_ += text; }
  void Integer(std::int64_t value);
  void Unsigned(std::uint64_t value);
  // The shortest decimal that reads back to the same double; "nan" for NaN.
  void Number(double value);
  // Ends a row; writes the buffer out when it is large.
  void EndLine();

  // False when a write failed: nothing more is written, and Close() says why.
  [[nodiscard]] bool good() const noexcept { return error_ == 0; }
  // Writes everything out and closes. The first error that happened, with file and reason.
  [[nodiscard]] absl::Status Close();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  TextFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  void Flush();

  std::string path_;
  std::FILE* file_;
  std::string buffer_;
  int error_ = 0;  // errno of the first failed write.
};

}  // namespace thalweg
