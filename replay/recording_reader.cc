#include "replay/recording_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "replay/byte_source.h"
#include "replay/stored_file.h"

namespace thalweg {
namespace {

// A line whose beginning is in one chunk and whose end in a later one.
class SplitLine {
 public:
  [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }
  void Clear() noexcept { bytes_ = 0; }

  // False, and nothing was added, when the line would be longer than kLineBytesMax.
  [[nodiscard]] bool Append(std::string_view piece) {
    if (piece.size() > kLineBytesMax - bytes_) return false;
    if (piece.empty()) return true;
    const std::size_t needed = bytes_ + piece.size();
    if (needed > buffer_.capacity()) {
      buffer_.Grow(std::min(std::max(2 * buffer_.capacity(), needed), kLineBytesMax), bytes_);
    }
    std::memcpy(buffer_.data() + bytes_, piece.data(), piece.size());
    bytes_ = needed;
    return true;
  }

  // The line, which stays readable until the next Append; what comes next begins a new one.
  [[nodiscard]] std::string_view Take() noexcept {
    return {buffer_.data(), std::exchange(bytes_, 0)};
  }

 private:
  PaddedBuffer buffer_;
  std::size_t bytes_ = 0;
};

std::string_view WithoutReturn(std::string_view line) noexcept {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

struct RecordingReader::State {
  explicit State(std::unique_ptr<ByteSource> opened) : source(std::move(opened)) {}

  [[nodiscard]] ReadVerdict Next(std::string_view* line);

  // Takes the next line, which may be empty, off the chunk; false when the chunk has no whole one.
  [[nodiscard]] bool TakeLine(std::string_view* line);
  // Goes to the next chunk: kLine when there may be a line in it.
  [[nodiscard]] ReadVerdict Refill();
  void EnterChunk(const Chunk& chunk);
  void EnterHole();
  void Finish();
  void RefuseLongLine();
  void EndWith(FileEnd how, const FileDefect& fault);
  [[nodiscard]] absl::Status Describe(const FileDefect& fault) const;

  const std::unique_ptr<ByteSource> source;
  std::string_view rest;  // Of the chunk, not yet handed out.
  SplitLine split;        // What stands before `rest` in its line.
  std::int64_t line_number = 0;
  std::int64_t good_lines = 0;
  std::int64_t hole_count = 0;
  FileEnd end = FileEnd::kOpen;
  absl::Status status;
  // Every zstd frame so far ended with a line. Where that is not so, a frame after a hole may begin
  // in mid-line, and the rest of that line must not be taken for one.
  bool frames_end_lines = true;
  bool after_hole = false;
};

ReadVerdict RecordingReader::State::Next(std::string_view* line) {
  ReadVerdict verdict = ReadVerdict::kLine;
  while (verdict == ReadVerdict::kLine) {
    while (TakeLine(line)) {
      if (line->empty()) continue;
      ++good_lines;
      return ReadVerdict::kLine;
    }
    verdict = end == FileEnd::kOpen ? Refill() : ReadVerdict::kEnd;
  }
  return verdict;
}

bool RecordingReader::State::TakeLine(std::string_view* line) {
  if (rest.empty()) return false;
  const void* newline = std::memchr(rest.data(), '\n', rest.size());
  if (newline == nullptr) return false;
  const auto bytes = static_cast<std::size_t>(static_cast<const char*>(newline) - rest.data());
  std::string_view found = rest.substr(0, bytes);
  rest.remove_prefix(bytes + 1);
  if (!split.empty()) [[unlikely]] {
    if (!split.Append(found)) {
      RefuseLongLine();
      return false;
    }
    found = split.Take();
  }
  ++line_number;
  *line = WithoutReturn(found);
  return true;
}

ReadVerdict RecordingReader::State::Refill() {
  if (!split.Append(rest)) {
    RefuseLongLine();
    return ReadVerdict::kEnd;
  }
  rest = {};
  Chunk chunk;
  switch (source->Next(&chunk)) {
    case ChunkVerdict::kChunk:
      EnterChunk(chunk);
      return ReadVerdict::kLine;
    case ChunkVerdict::kHole:
      EnterHole();
      return ReadVerdict::kHole;
    case ChunkVerdict::kEnd:
      break;
  }
  if (source->end() == FileEnd::kWhole && !split.empty()) {
    rest = "\n";  // The end of a whole file ends its last line; the source stays at its end.
    return ReadVerdict::kLine;
  }
  Finish();
  return ReadVerdict::kEnd;
}

void RecordingReader::State::EnterChunk(const Chunk& chunk) {
  rest = chunk.bytes;
  if (rest.empty()) return;
  if (chunk.ends_frame && rest.back() != '\n') frames_end_lines = false;
  if (!after_hole) return;
  after_hole = false;
  if (frames_end_lines) return;
  const std::size_t newline = rest.find('\n');
  after_hole = newline == std::string_view::npos;
  rest.remove_prefix(after_hole ? rest.size() : newline + 1);
}

void RecordingReader::State::EnterHole() {
  split.Clear();
  after_hole = true;
  ++hole_count;
  status = Describe(source->hole());
}

// What is left of a line is dropped: its end may be missing.
void RecordingReader::State::Finish() { EndWith(source->end(), source->fault()); }

void RecordingReader::State::RefuseLongLine() {
  EndWith(FileEnd::kDamaged,
          {source->bytes_read(), absl::StrCat("a line here is longer than ", kLineBytesMax,
                                              " bytes: this is no recording from here on")});
}

void RecordingReader::State::EndWith(FileEnd how, const FileDefect& fault) {
  rest = {};
  split.Clear();
  end = how;
  status = how == FileEnd::kWhole ? absl::OkStatus() : Describe(fault);
}

absl::Status RecordingReader::State::Describe(const FileDefect& fault) const {
  return absl::DataLossError(absl::StrCat(source->file().path(), ": at byte ", fault.offset, ": ",
                                          fault.reason, " (", good_lines,
                                          " good lines before it)"));
}

RecordingReader::RecordingReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordingReader::~RecordingReader() = default;

absl::StatusOr<std::unique_ptr<RecordingReader>> RecordingReader::Open(const std::string& path,
                                                                       const Options& options) {
  absl::StatusOr<std::unique_ptr<StoredFile>> file = OpenStoredFile(path);
  if (!file.ok()) return file.status();
  return Open(*std::move(file), options);
}

absl::StatusOr<std::unique_ptr<RecordingReader>> RecordingReader::Open(
    std::unique_ptr<StoredFile> file, const Options& options) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenByteSource(std::move(file), options);
  if (!source.ok()) return source.status();
  return std::unique_ptr<RecordingReader>(
      new RecordingReader(std::make_unique<State>(*std::move(source))));
}

ReadVerdict RecordingReader::Next(std::string_view* line) { return state_->Next(line); }

const std::string& RecordingReader::path() const noexcept { return state_->source->file().path(); }
std::int64_t RecordingReader::line_number() const noexcept { return state_->line_number; }
std::int64_t RecordingReader::bytes_read() const noexcept { return state_->source->bytes_read(); }
std::int64_t RecordingReader::bytes_total() const noexcept {
  return state_->source->file().bytes_total();
}
FileEnd RecordingReader::end() const noexcept { return state_->end; }
const absl::Status& RecordingReader::status() const noexcept { return state_->status; }
std::int64_t RecordingReader::hole_count() const noexcept { return state_->hole_count; }

}  // namespace thalweg
