// Writes a recording: a file of independent zstd frames with checksums that is only appended to.
//
// A zstd frame holds whole lines: at most kFrameTextBytes of them, or one longer line alone, and
// none that came kFrameSpan after its first one. Within it, lines are flushed into the file after
// kFlushTextBytes or kFlushSpan: that much a killed process loses, and a file that is cut anywhere
// reads up to its last flush. A sync ends the frame first, so that what a power cut tears behind it
// leaves its checksum whole. The writer has no clock. Time is what Write and OnTimer are given; a
// jump back counts like one forward.
//
// Disk full: what is at hand (at most kFlushTextBytes and a line) is kept, new lines are dropped
// and counted, and every kRetryInterval the writer tries again. When there is room the frame is
// completed, and the next one begins with `#lost <n> disk full`. Any other write error, and any
// sync that failed, seals the file as suspect: no byte is written to it after that, and going on in
// another file is for the caller (replay/segment_writer.h).
//
// Invariant: counts().lines is stored_lines + lost_lines + what waits for the next flush.
// Threads: one. Write() allocates nothing once its buffers have the size of the longest line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "replay/output_file.h"

struct ZSTD_CCtx_s;  // Of zstd.h.

namespace thalweg {

inline constexpr std::size_t kFrameTextBytes = std::size_t{1} << 20;
inline constexpr Nanos kFrameSpan = 10 * kSecond;
inline constexpr std::size_t kFlushTextBytes = std::size_t{64} << 10;
inline constexpr Nanos kFlushSpan = 100 * kMillisecond;
// Between two attempts to go on after the disk was full.
inline constexpr Nanos kRetryInterval = kSecond;
// OnTimer makes what is in the file survive a power cut when it is so old; so does Close, whatever
// the interval. 0: at the first OnTimer after each flush. kSyncNever: the system decides when.
inline constexpr Nanos kSyncInterval = kSecond;
inline constexpr Nanos kSyncNever = INT64_MAX;
// Whether so much time is between them, also when the wall clock was set back.
[[nodiscard]] inline bool IsPast(ReceiveTime start, Nanos span, ReceiveTime now) noexcept {
  return std::abs(now - start) >= span;
}

struct WriterCounts {
  std::int64_t lines = 0;         // Given to Write().
  std::int64_t stored_lines = 0;  // Of these: in the file.
  std::int64_t lost_lines = 0;    // Of these: not in the file, or nobody knows.
  std::int64_t text_bytes = 0;    // Of the lines taken, the writer's own `#lost` lines too.
  std::int64_t stored_bytes = 0;  // That the file took.
  std::int64_t frames = 0;        // zstd frames that were ended.
};

class RecordingWriter {
 public:
  // AlreadyExists (a recording never replaces a file) or Unavailable, with path and reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordingWriter>> Create(
      const std::string& path);
  // Over a file of the caller's: the seam for faults.
  explicit RecordingWriter(std::unique_ptr<OutputFile> file, Nanos sync_interval = kSyncInterval);
  // Closes, unless Close() was called.
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  // One line: `text` is a payload or a '#' line without time stamp ("#rest GET ..."). A line longer
  // than a reader takes (kLineBytesMax) is dropped like one that has no room.
  void Write(ReceiveTime received, std::string_view text);
  // Says `#lost <n> <reason>` of lines that were lost before they came here; nothing when `lines`
  // is 0. When it cannot be said now, they count as untold ones of this file.
  void TellLost(ReceiveTime received, std::int64_t lines, std::string_view reason);
  // The wall clock moved on: flushes what is due, ends a frame that is due, tries again after the
  // disk was full, syncs.
  void OnTimer(ReceiveTime now);
  // Ends the frame, syncs and closes. OK only if every line given is in the file.
  [[nodiscard]] absl::Status Close();

  [[nodiscard]] const std::string& path() const noexcept { return file_->path(); }
  [[nodiscard]] const WriterCounts& counts() const noexcept { return counts_; }
  // OK while lines are taken; ResourceExhausted while the disk is full; Unavailable when suspect.
  // With path and reason.
  [[nodiscard]] const absl::Status& status() const noexcept { return status_; }
  // Nothing will be written to the file any more; nobody knows what the disk has of its end.
  [[nodiscard]] bool suspect() const noexcept { return suspect_; }
  // Lost lines that no `#lost` line of the file tells of.
  [[nodiscard]] std::int64_t untold_lines() const noexcept { return untold_lines_; }

 private:
  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };
  // Lines, and how many lost ones the `#lost` lines among them tell of.
  struct Tally {
    std::int64_t lines = 0;
    std::int64_t told = 0;
  };

  void Advance(ReceiveTime now);
  void Take(ReceiveTime received, std::string_view text);
  void TellLoss();
  void Lose(std::int64_t lines);
  void LoseWhatIsAtHand();

  void Flush();
  void EndFrame();
  [[nodiscard]] bool Pack(bool ends_frame);
  void Store();
  void EnterFull(const absl::Status& reason);
  void Sync();
  void Seal(std::string_view what, const absl::Status& reason);

  const std::unique_ptr<OutputFile> file_;
  const Nanos sync_interval_;
  const std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;
  std::string text_;                  // Lines taken and not yet packed.
  std::vector<char> chunk_;           // What the packer fills at a time.
  std::string packed_;                // Packed and not yet stored, from stored_at_ on.
  std::size_t stored_at_ = 0;         // Of packed_.
  std::size_t frame_text_bytes_ = 0;  // Of the frame under way; 0: there is none.

  ReceiveTime now_;
  ReceiveTime frame_start_;
  ReceiveTime text_start_;      // When the first line of text_ came.
  ReceiveTime unsynced_start_;  // When the file took the first byte that was not synced since.
  ReceiveTime tried_;           // When the disk was found full.

  Tally at_hand_;   // In text_ and packed_.
  Tally unsynced_;  // In the file, since the last sync.
  std::int64_t unsynced_bytes_ = 0;
  std::int64_t untold_lines_ = 0;
  std::string loss_reason_;
  std::string loss_text_;

  WriterCounts counts_;
  absl::Status status_;
  bool suspect_ = false;
  bool closed_ = false;
};

}  // namespace thalweg
