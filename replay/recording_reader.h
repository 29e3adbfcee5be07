// Reads a recording file line by line: plain text, gzip (any number of members) or zstd (any number
// of frames), told apart by their first bytes, never by the file's name.
//
// Memory is independent of the file's length. Nothing good is lost: every whole line before a cut
// or a damage is handed out first. A zstd frame of up to kHeldFrameBytes is handed out only after
// its checksum was verified, so that no line of a damaged frame is ever used.
//
// Threads: one reader a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thalweg {

class StoredFile;

inline constexpr std::size_t kHeldFrameBytes = std::size_t{8} << 20;
// A longer line is no line of a recording: the file is refused there (an exchangeInfo answer of all
// symbols has some 20 MB).
inline constexpr std::size_t kLineBytesMax = std::size_t{64} << 20;

// What Next() found.
enum class ReadVerdict : std::uint8_t {
  kLine,  // A line.
  kHole,  // With salvage: damage was skipped here; an unknown number of lines is missing.
  kEnd,   // No more lines; end() says how the file ended.
};

// How the file ended.
enum class FileEnd : std::uint8_t {
  kOpen,     // Not yet.
  kWhole,    // At its end.
  kCut,      // In mid-frame or mid-line: written by a process that was stopped. A warning.
  kDamaged,  // Before its end: status() says where and why.
};

class RecordingReader {
 public:
  struct Options {
    bool salvage = false;  // Go on at the next zstd frame after damage.
  };

  // NotFound or Unavailable with the path and the system's reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordingReader>> Open(
      const std::string& path, const Options& options);
  // The same with a file of the caller's: the seam for faults (replay/stored_file.h).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordingReader>> Open(
      std::unique_ptr<StoredFile> file, const Options& options);
  ~RecordingReader();

  // The next line without its newline (and without a '\r' before it), empty lines skipped. It has
  // kPayloadPadding readable bytes on both sides and lives until the next call. A last line without
  // a newline is handed out when the file is plain text or ended whole, and kept back (cut) when
  // the compressed stream was cut, since its end may be missing.
  [[nodiscard]] ReadVerdict Next(std::string_view* line);

  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] std::int64_t line_number() const noexcept;  // Of the last line, from 1.
  [[nodiscard]] std::int64_t bytes_read() const noexcept;   // Of the file as stored.
  [[nodiscard]] std::int64_t bytes_total() const noexcept;  // Of the file as stored.
  [[nodiscard]] FileEnd end() const noexcept;
  // OK, or for kCut and kDamaged: file, offset in the stored file, reason, good lines before it.
  // From a kHole to the end it says the same of that hole.
  [[nodiscard]] const absl::Status& status() const noexcept;
  // Damage that salvage stepped over, one status a hole.
  [[nodiscard]] std::int64_t hole_count() const noexcept;

 private:
  struct State;
  explicit RecordingReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
