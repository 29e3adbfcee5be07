// Writes a recording as a folder of segments, each of which can be read alone.
//
// A segment is one file (replay/recording_writer.h), named
// `<UTC start>-s<shard>-<number, six digits>.zst`, 20261121T020000.123456789Z-s0-000001.zst for
// example. It begins with `#thalweg`, the newest exchangeInfo answer to each request (of many
// symbols they come in parts) and the connections that are open, which the writer learns from the
// lines that pass through it; the header says how many lines are such repetitions, so that a replay
// that comes from the segment before can skip them.
//
// A new segment begins at every full hour of UTC (a multiple of the options' span of receive time),
// when the one under way has the size of the options or a clock that was set back lies a whole span
// before its begin, after a file that is suspect, and at every start of the program. Nothing is
// ever written to an older one.
//
// What sorts: numbers rise for ever, over restarts too, for one more than the largest of the shard
// in the folder is taken. Times never fall within a run (a clock that was set back leaves them
// where they were), so the names of a run sort as they were written. Of runs between which the
// clock was set back only the numbers do.
//
// Disk full: RecordingWriter's way. A file that turns out suspect, or a segment that cannot be
// made: lines are dropped and counted, every kRetryInterval another segment is tried, and after its
// first lines it says `#lost <n> <reason>`. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "replay/output_file.h"
#include "replay/recording_writer.h"

namespace thalweg {

// Connections that a new segment repeats; of more, those with the smallest ids are left out.
inline constexpr std::size_t kRepeatedConnectionsMax = 1'024;
// And exchangeInfo answers; of more, the oldest are left out.
inline constexpr std::size_t kRepeatedInfosMax = 256;

// "20261121T020000.123456789Z".
[[nodiscard]] std::string UtcStamp(ReceiveTime time);
// "20261121T020000.123456789Z-s0-000001.zst".
[[nodiscard]] std::string SegmentName(ReceiveTime start, std::int64_t shard, std::int64_t number);

struct SegmentOptions {
  std::string folder;  // Made when it is not there.
  std::string run;     // Unique for each start, the same for all its shards.
  std::int64_t shard = 0;
  std::string market;                // "spot", "usdm" or "coinm".
  std::vector<std::string> symbols;  // In id order.
  std::string options_json = "{}";   // Every option that changes records, as a JSON object.

  // A segment ends at this much text, and where a multiple of the span begins, from the epoch on.
  std::int64_t text_bytes_max = std::int64_t{1} << 30;
  Nanos span_max = kHour;

  // See RecordingWriter.
  Nanos sync_interval = kSyncInterval;
};

// Sums over all segments, with the lines that begin them.
struct SegmentCounts {
  std::int64_t segments = 0;
  std::int64_t faulty_segments = 0;  // That ended suspect, or without all of their lines.
  std::int64_t lines = 0;
  std::int64_t stored_lines = 0;
  std::int64_t lost_lines = 0;
  std::int64_t text_bytes = 0;
  std::int64_t stored_bytes = 0;
};

class SegmentWriter {
 public:
  using Opener =
      std::function<absl::StatusOr<std::unique_ptr<OutputFile>>(const std::string& path)>;

  // Begins the first segment. InvalidArgument with the option, its value and what is allowed;
  // Unavailable with path and reason. `open` is the seam for faults; it never replaces a file.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(
      const SegmentOptions& options, ReceiveTime now, Opener open = CreateOutputFile);

  // As RecordingWriter does.
  void Write(ReceiveTime received, std::string_view text);
  void OnTimer(ReceiveTime now);
  // OK only if every line given is in a segment; else what went wrong last.
  [[nodiscard]] absl::Status Close();

  // Of the newest segment: a change says that a new one began, which wants a snapshot of every
  // symbol.
  [[nodiscard]] std::int64_t segment() const noexcept { return segment_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] SegmentCounts counts() const noexcept;
  // OK while lines are taken; else path and reason.
  [[nodiscard]] const absl::Status& status() const noexcept;
  // How the last segment ended that did not end well, or could not be made.
  [[nodiscard]] const absl::Status& last_fault() const noexcept { return last_fault_; }

 private:
  SegmentWriter(const SegmentOptions& options, Opener open, std::int64_t segment);

  void Advance(ReceiveTime now);
  [[nodiscard]] bool IsFull(ReceiveTime now) const noexcept;
  void BeginSegment(ReceiveTime now);
  [[nodiscard]] absl::StatusOr<std::unique_ptr<OutputFile>> OpenNext();
  void WriteBeginning(ReceiveTime now);
  [[nodiscard]] std::string HeaderJson(std::size_t repeated_lines) const;
  void EndSegment();
  void NoteFault(const absl::Status& fault);
  void Learn(std::string_view text);

  const SegmentOptions options_;
  const Opener open_;

  std::unique_ptr<RecordingWriter> writer_;  // Null when no segment could be made.
  std::int64_t segment_;
  std::string path_;
  ReceiveTime begun_;       // When the newest segment was begun, or tried to be.
  ReceiveTime named_;       // The time in its name.
  WriterCounts beginning_;  // What its first lines made of the writer's counts.

  // The newest answer to each request, as the text of a line; the one that came last stands last.
  struct ExchangeInfo {
    std::string target;
    std::string text;
  };
  std::vector<ExchangeInfo> exchange_infos_;
  std::map<std::int64_t, std::string> connections_;  // Those that are open, likewise.

  SegmentCounts ended_;            // Of segments that ended, and of lines while there was none.
  std::int64_t untold_lines_ = 0;  // Lost, and no `#lost` line tells of them.
  std::string loss_reason_;
  absl::Status last_fault_;
  bool after_loss_ = false;  // The segment before did not end well.
  bool closed_ = false;
};

}  // namespace thalweg
