// The bytes of a recording as they are stored, before anything is unpacked.
//
// StoredFile is the seam between readers and the disk: a test that wants a read error in mid-file
// gives a reader a StoredFile of its own. StoredInput puts a buffer before it.
// Threads: one thread an object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thalweg {

class StoredFile {
 public:
  virtual ~StoredFile() = default;

  // Reads on from where the last read ended: the number of bytes read, 0 at the end of the file.
  // The status holds the system's reason alone; who reports it adds the path.
  [[nodiscard]] virtual absl::StatusOr<std::size_t> Read(std::span<char> out) = 0;
  // Makes `offset` the place of the next read; false when the file cannot go back (a pipe).
  [[nodiscard]] virtual bool Seek(std::int64_t offset) = 0;

  [[nodiscard]] virtual const std::string& path() const noexcept = 0;
  [[nodiscard]] virtual std::int64_t bytes_total() const noexcept = 0;  // 0 when not known.
};

// NotFound or Unavailable with the path and the system's reason.
[[nodiscard]] absl::StatusOr<std::unique_ptr<StoredFile>> OpenStoredFile(const std::string& path);

// Memory with kPayloadPadding readable bytes before and after it.
class PaddedBuffer {
 public:
  // Makes room for `capacity` bytes and keeps the first `kept` ones. Never shrinks.
  void Grow(std::size_t capacity, std::size_t kept);

  [[nodiscard]] char* data() noexcept;
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
};

// A StoredFile with a buffer. An error of the file is an end that error() explains.
class StoredInput {
 public:
  explicit StoredInput(std::unique_ptr<StoredFile> file);

  // Makes view() at least `bytes` long; false when the file ends before. REQUIRES: bytes is at most
  // kStoredBufferBytes. Views from before are gone.
  [[nodiscard]] bool Fill(std::size_t bytes);
  // The bytes not yet consumed that are at hand; they stay readable until the next Fill or SeekTo,
  // also after Consume.
  [[nodiscard]] std::string_view view() const noexcept { return view_; }
  void Consume(std::size_t bytes) noexcept;
  // Goes to `offset`; false, and nothing changed, when the file cannot.
  [[nodiscard]] bool SeekTo(std::int64_t offset);
  // Goes to the next place from here on that holds `pattern`; false, at the end, when none does.
  // REQUIRES: pattern is not empty.
  [[nodiscard]] bool SeekPattern(std::string_view pattern);

  // The offset of the first byte of view() in the file, and the largest it has ever been.
  [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::int64_t farthest() const noexcept { return farthest_; }
  [[nodiscard]] const absl::Status& error() const noexcept { return error_; }
  [[nodiscard]] const StoredFile& file() const noexcept { return *file_; }

 private:
  std::unique_ptr<StoredFile> file_;
  PaddedBuffer buffer_;
  std::string_view view_;
  std::int64_t offset_ = 0;
  std::int64_t farthest_ = 0;
  bool ended_ = false;
  absl::Status error_;
};

inline constexpr std::size_t kStoredBufferBytes = std::size_t{256} << 10;

}  // namespace thalweg
