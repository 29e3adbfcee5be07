// The lines of one file of another program, or of a recording, as lines of a recording that know
// whose they are.
//
// Which program wrote a file is told by its first line that any of them could have written, never
// by its name; lines that this program could not have written are malformed: told, counted, stepped
// over. A bare snapshot ({"lastUpdateId":...}, a collector's) belongs to the one symbol that the
// file's frames name; before any frame it waits for the first one, over at most
// kLinesReadAhead lines. Memory does not depend on the file's length.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "replay/json_path.h"
#include "replay/recording_line.h"
#include "replay/recording_player.h"
#include "replay/recording_reader.h"

namespace thalweg {

inline constexpr std::size_t kLinesReadAhead = 64;

enum class CaptureFormat : std::uint8_t {
  kRecording,   // `<time> <payload>`: a recording, or a file of hftbacktest's collector.
  kCryptofeed,  // replay/cryptofeed_line.h
  kJsonLines,   // A payload a line, its time somewhere in it.
};

// A line, in the words of a recording. Views live until the next call of its source.
struct CaptureLine {
  RecordingLine line;        // Never malformed. Connections are numbered as in the source.
  std::string_view text;     // All that follows the time.
  std::string_view symbol;   // Of whom it tells, in upper case; empty: of nobody, all, or unknown.
  bool is_snapshot = false;  // A frame that is a bare snapshot.
};

struct CaptureCounts {
  std::int64_t lines = 0;
  std::int64_t malformed_lines = 0;
  std::int64_t other_lines = 0;  // Of which nothing becomes a line.
  std::int64_t holes = 0;        // Damage stepped over.
};

class CaptureSource {
 public:
  struct Options {
    std::optional<CaptureFormat> format{};  // Given: not told by the content.
    std::optional<JsonPath> time_field{};   // Where JSON lines say when they were received.
    bool salvage = false;                   // Step over damage, at the next zstd frame.
  };
  // What is worth telling about the file; path() and line_number() say where.
  using Teller = std::function<void(const FileMessage& message)>;

  // NotFound or Unavailable with the path and the system's reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CaptureSource>> Open(const std::string& path,
                                                                           const Options& options,
                                                                           Teller tell);

  // The next line; false at the end, of which status() says how it came. Damage stepped over is a
  // #lost line.
  [[nodiscard]] bool Next(CaptureLine* line);

  // DataLoss for a file that is damaged before its end, in which nothing is a line of any program,
  // or that is a recording of an unknown version; InvalidArgument for JSON lines when no time field
  // was given. A cut end is told only.
  [[nodiscard]] const absl::Status& status() const noexcept { return status_; }
  [[nodiscard]] const CaptureCounts& counts() const noexcept { return counts_; }
  // Absent before the first line that any program could have written.
  [[nodiscard]] std::optional<CaptureFormat> format() const noexcept { return format_; }
  // Whether frames have named more than one symbol.
  [[nodiscard]] bool has_several_symbols() const noexcept { return several_symbols_; }
  [[nodiscard]] const RecordingReader& reader() const noexcept { return *reader_; }

 private:
  // A line that was read, to be handed out: `<ns> <text>` with kPayloadPadding bytes around it.
  struct Waiting {
    std::string padded;
    std::string symbol;
    bool is_snapshot = false;
  };

  CaptureSource(std::unique_ptr<RecordingReader> reader, const Options& options, Teller tell);

  // Reads on until a line was put into the queue; false at the end.
  [[nodiscard]] bool Read();
  [[nodiscard]] bool ReadLine(std::string_view text);
  [[nodiscard]] RecordingLine Parse(std::string_view text) const;
  void Enqueue(const RecordingLine& line, std::string_view source_text);
  void Push(ReceiveTime time, std::string_view text, std::string symbol, bool is_snapshot);
  void PushFrame(const RecordingLine& line);
  void PushOpening(const RecordingLine& line);
  void PushLoss();
  void NoteSymbol(std::string_view symbol);
  [[nodiscard]] bool SnapshotWaitsForAName() const;
  void Finish();

  const std::unique_ptr<RecordingReader> reader_;
  const Options options_;
  const Teller tell_;
  std::optional<CaptureFormat> format_;
  std::deque<Waiting> queue_;
  Waiting shown_;       // What was handed out last.
  std::string symbol_;  // The first one that a frame named.
  bool several_symbols_ = false;
  bool connection_open_ = false;          // Of a cryptofeed capture.
  std::optional<ReceiveTime> last_time_;  // Of the last line read.
  bool ended_ = false;
  CaptureCounts counts_;
  absl::Status status_;
};

[[nodiscard]] CaptureCounts SumOf(const std::vector<std::unique_ptr<CaptureSource>>& sources);
// How far sources were read, the last line being one of sources[reading].
[[nodiscard]] PlayerPosition PositionIn(const std::vector<std::unique_ptr<CaptureSource>>& sources,
                                        std::size_t reading, ReceiveTime receive_time);

}  // namespace thalweg
