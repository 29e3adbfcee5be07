// Makes a file of hftbacktest's collector of recordings: the frames of one symbol, byte for byte,
// and its snapshots as bare `{"lastUpdateId":...}` lines.
//
// Recordings are read one after another, in the order given. What such a file cannot hold is left
// out and counted: '#' lines other than depth snapshots, frames that name no symbol.
// Threads: one. Memory does not depend on the length of the recordings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "replay/capture_source.h"
#include "replay/collector_file.h"
#include "replay/recording_player.h"

namespace thalweg {

struct ExportCounts {
  std::int64_t frames = 0;
  std::int64_t snapshots = 0;
  std::int64_t filtered = 0;    // Of other symbols.
  std::int64_t hash_lines = 0;  // Left out.
  std::int64_t unnamed = 0;     // Frames that name no symbol, left out.
};

class CollectorExport {
 public:
  using Teller = std::function<void(const FileMessage& message)>;

  // `symbol`: whose lines are exported; empty: those of the only symbol there is.
  CollectorExport(std::string symbol, bool salvage, Teller tell);

  // NotFound or Unavailable with the path and the system's reason.
  [[nodiscard]] absl::Status Open(const std::vector<std::string>& paths);

  // InvalidArgument when there is a second symbol and none was asked for: `file` is then not worth
  // keeping. Else the status of the first recording that ended badly; everything before it was
  // written. REQUIRES: Open() answered OK.
  [[nodiscard]] absl::Status Run(CollectorFile& file);

  // Called after every line that was used; for progress.
  void set_line_watcher(std::function<void()> watcher) { watcher_ = std::move(watcher); }

  [[nodiscard]] PlayerPosition position() const {
    return PositionIn(sources_, reading_, receive_time_);
  }
  [[nodiscard]] const ExportCounts& counts() const noexcept { return counts_; }
  // Summed over the recordings.
  [[nodiscard]] CaptureCounts source_counts() const { return SumOf(sources_); }
  // Every symbol that a line named.
  [[nodiscard]] const std::set<std::string, std::less<>>& symbols_seen() const noexcept {
    return seen_;
  }

 private:
  [[nodiscard]] absl::Status Use(const CaptureLine& line, CollectorFile& file);
  // Whether the symbol is the exported one; InvalidArgument for a second one.
  [[nodiscard]] absl::StatusOr<bool> IsWanted(std::string_view symbol);

  std::string symbol_;  // Empty until it is known.
  const bool chosen_;   // The symbol was asked for.
  const bool salvage_;
  const Teller tell_;
  std::function<void()> watcher_;
  std::vector<std::unique_ptr<CaptureSource>> sources_;
  std::size_t reading_ = 0;
  ReceiveTime receive_time_;
  std::set<std::string, std::less<>> seen_;
  ExportCounts counts_;
};

}  // namespace thalweg
