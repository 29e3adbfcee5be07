// The unpacked bytes of a recording, chunk by chunk: plain text, gzip or zstd, told apart by the
// first bytes of the file.
//
// Everything handed out is as good as the format can tell: a zstd frame of up to kHeldFrameBytes is
// one chunk and was verified, unless the file was cut in it; gzip can only check a member at its
// end. Threads: one thread an object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "replay/recording_reader.h"
#include "replay/stored_file.h"

namespace thalweg {

struct Chunk {
  // With kPayloadPadding readable bytes on both sides, until the next call. May be empty.
  std::string_view bytes;
  // The writer ended a unit of its own here (a zstd frame).
  bool ends_frame = false;
};

enum class ChunkVerdict : std::uint8_t {
  kChunk,
  kHole,  // Bytes are missing here; hole() says why. The next chunk begins a frame.
  kEnd,   // end() says how; unless it was whole, fault() says why.
};

// What is wrong with a stored file, and where.
struct FileDefect {
  std::int64_t offset = 0;
  std::string reason;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  [[nodiscard]] virtual ChunkVerdict Next(Chunk* chunk) = 0;

  [[nodiscard]] FileEnd end() const noexcept { return end_; }
  [[nodiscard]] const FileDefect& fault() const noexcept { return fault_; }
  [[nodiscard]] const FileDefect& hole() const noexcept { return hole_; }  // The last one.
  [[nodiscard]] const StoredFile& file() const noexcept { return input_.file(); }
  [[nodiscard]] std::int64_t bytes_read() const noexcept { return input_.farthest(); }

 protected:
  explicit ByteSource(StoredInput input) : input_(std::move(input)) {}

  // Ends the source, which stays ended.
  void End(FileEnd end, FileDefect fault);
  // Ends it at the end of its stored bytes: as `end`, or damaged when they could not be read on.
  void EndOfInput(FileEnd end, std::string_view reason);

  StoredInput input_;
  FileDefect hole_;

 private:
  FileEnd end_ = FileEnd::kOpen;
  FileDefect fault_;
};

// Whether a file that begins with `head` is of the format with this magic number: a file that is
// shorter holds the beginning of the magic, and one flipped bit makes no text of a packed file.
[[nodiscard]] bool BeginsAs(std::string_view head, std::string_view magic) noexcept;

// Unavailable with the path and the system's reason when not even the first byte can be
// read.
[[nodiscard]] absl::StatusOr<std::unique_ptr<ByteSource>> OpenByteSource(
    std::unique_ptr<StoredFile> file, const RecordingReader::Options& options);

}  // namespace thalweg
