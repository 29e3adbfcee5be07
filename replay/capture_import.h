// Makes one recording of files of other programs: their lines, interleaved by time.
//
// Lines of equal time come in the order in which the files were given, and within a file nothing is
// reordered, as in RecordingMerge. Payloads are kept byte for byte, every line keeps its time, in
// ns. The recording has no #thalweg header: it is no run of the engine, and recordings without one
// go on where the one before ended, as the files that they were made of do. What is changed, and
// only this:
//
// - A bare snapshot becomes a #rest line when its symbol and, by the options, its limit are known.
// - Of several files, connections are numbered anew, and #thalweg and #digest lines are left out:
//   they speak of one run, in its order.
//
// Threads: one. Memory does not depend on the length of the files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "replay/capture_source.h"
#include "replay/json_path.h"
#include "replay/recording_player.h"
#include "replay/recording_writer.h"

namespace thalweg {

struct ImportOptions {
  std::vector<std::string> symbols{};           // Only lines of these; empty: of all.
  std::optional<std::size_t> snapshot_limit{};  // That bare snapshots were asked with.
  std::optional<JsonPath> time_field{};         // Where JSON lines say when they were received.
  bool salvage = false;                         // Step over damage, at the next zstd frame.
};

struct ImportCounts {
  std::int64_t written = 0;  // Lines, of which:
  std::int64_t frames = 0;
  std::int64_t rest_answers = 0;    // In sources already, or made of bare snapshots.
  std::int64_t bare_snapshots = 0;  // Kept as they were.
  std::int64_t filtered = 0;        // Of other symbols: not written.
  std::int64_t left_out = 0;        // #thalweg and #digest lines.
};

class CaptureImport {
 public:
  using Teller = std::function<void(const FileMessage& message)>;

  // `tell`: what is worth telling about the files themselves; position() says where.
  CaptureImport(ImportOptions options, Teller tell);

  // Opens the files and reads up to the first line of each, so that what cannot be imported at all
  // is known before anything is written. InvalidArgument for wrong options, else what opening and
  // reading answer (CaptureSource).
  [[nodiscard]] absl::Status Open(const std::vector<std::string>& paths);

  // Writes everything. The status of the first source that ended badly; everything good in it and
  // in the others was written. Or that of the writer when it cannot go on: nothing is imported
  // behind that. REQUIRES: Open() answered OK.
  [[nodiscard]] absl::Status Run(RecordingWriter& writer);

  // Called after every line that was used; for progress.
  void set_line_watcher(std::function<void()> watcher) { watcher_ = std::move(watcher); }

  // The source that was read last.
  [[nodiscard]] PlayerPosition position() const {
    return PositionIn(sources_, reading_, receive_time_);
  }
  [[nodiscard]] const ImportCounts& counts() const noexcept { return counts_; }
  // Summed over the sources.
  [[nodiscard]] CaptureCounts source_counts() const { return SumOf(sources_); }
  // Every symbol that a line named, whether it was asked for or not.
  [[nodiscard]] const std::set<std::string, std::less<>>& symbols_seen() const noexcept {
    return seen_;
  }

 private:
  // The next line of a source. It lives as long as its source is left alone.
  struct Head {
    std::size_t source;
    ReceiveTime order;  // Its time, or that of a later line before it in its source.
    CaptureLine line;
  };

  [[nodiscard]] static bool IsLater(const Head& a, const Head& b) noexcept;
  [[nodiscard]] bool ReadAhead(Head* head);
  void Use(const Head& head, RecordingWriter& writer);
  [[nodiscard]] bool IsWanted(const Head& head);
  void WriteSnapshot(const Head& head, RecordingWriter& writer);
  void WriteConnection(const Head& head, RecordingWriter& writer);
  [[nodiscard]] std::string_view SymbolOfSnapshot(const Head& head) const;
  [[nodiscard]] std::int64_t ConnectionOf(std::size_t source, std::int64_t connection);

  const ImportOptions options_;
  const Teller tell_;
  std::function<void()> watcher_;
  std::vector<std::unique_ptr<CaptureSource>> sources_;
  std::vector<Head> heads_;  // A heap, the next one in front, of the sources not at their end.
  // Of several sources: the number given to a connection of a source.
  std::map<std::pair<std::size_t, std::int64_t>, std::int64_t> connections_;
  std::set<std::string, std::less<>> seen_;
  std::size_t reading_ = 0;
  ReceiveTime receive_time_;
  std::string text_;  // Of a line that is made here.
  ImportCounts counts_;
};

}  // namespace thalweg
