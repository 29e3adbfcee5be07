// Recordings for tests of the whole path: the real ones, other programs' captures imported, feeds
// made from them, and a replay that watches what comes out.
//
// A feed is a vector of lines without newlines, in the grammar of replay/recording_line.h. It is
// always played through a file and the player, so that no step of the real path is left out.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/record.h"
#include "core/units.h"
#include "features/catalogue.h"
#include "pipeline/engine.h"
#include "replay/capture_import.h"
#include "replay/recording_player.h"

namespace thalweg {

using Feed = std::vector<std::string>;

// What a test says that skips because the real recordings are not there.
inline constexpr char kNoData[] =
    "no real recordings: set THALWEG_DATA to the folder that holds reference-facts.json";

// The lines of files read one after another, at most `count`.
[[nodiscard]] Feed ReadFeed(const std::vector<std::string>& paths, std::size_t count = SIZE_MAX);

// What an import of files made, and what it said.
struct Imported {
  absl::Status status;
  Feed lines;
  std::vector<std::string> told;  // "<line of the file>: <message>"
  ImportCounts counts;
  CaptureCounts source_counts;
};
[[nodiscard]] Imported ImportFiles(const std::vector<std::string>& paths,
                                   const ImportOptions& options = {});

// The files of a cryptofeed capture of the data folder, and the recording that an import makes of
// them. Empty when it is not there; ends the program when it cannot be imported whole.
[[nodiscard]] std::vector<std::string> CryptofeedFiles(std::string_view name);
[[nodiscard]] Feed ReadCryptofeed(std::string_view name);

// The first 90 s of the real BTCUSDT recording; in the short part, which says so, 10 s. Empty when
// it is not there.
[[nodiscard]] Feed BeginningOfBtcusdt();

// What RewriteFrames does to each number and side of a feed.
struct Rewriting {
  std::function<Price(Price)> price{};  // Absent: as it is. Not asked about a price of 0.
  std::function<std::int64_t(std::int64_t)> qty{};  // In 1e-8. Absent: as it is.
  bool swap_sides = false;  // Bids become asks and the other way round; `m` is flipped.
};

// The feed with every depth event, bookTicker, trade and snapshot rewritten, numbers with eight
// decimals. REQUIRES: nothing else is in it.
[[nodiscard]] Feed RewriteFrames(const Feed& feed, const Rewriting& rewriting);

// The feed as a file's text.
[[nodiscard]] std::string TextOf(const Feed& feed);

// A file that lasts as long as the object, in the system's folder for such files.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes = {});
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// One replay: an engine's options, a player, and everything it says.
class CaptureReplay final : private EngineOutput {
 public:
  using RecordWatcher = std::function<void(const SymbolEngine&, const RecordBuffer&)>;

  explicit CaptureReplay(EngineOptions options, const PlayerOptions& player_options = {});

  void set_record_watcher(RecordWatcher watcher) { record_watcher_ = std::move(watcher); }
  void set_line_watcher(std::function<void(const RecordingLine&)> watcher) {
    player_.set_line_watcher(std::move(watcher));
  }

  [[nodiscard]] absl::Status Run(const std::vector<std::string>& paths) {
    return player_.Run(paths);
  }
  [[nodiscard]] absl::Status RunFeed(const Feed& feed);

  [[nodiscard]] const RecordingPlayer& player() const noexcept { return player_; }
  [[nodiscard]] const Catalogue& catalogue() const noexcept { return catalogue_; }
  // What the player told of the files, and the engines of what came in them.
  [[nodiscard]] const std::vector<std::string>& told() const noexcept { return told_; }
  [[nodiscard]] const std::vector<NoticeKind>& notices() const noexcept { return notices_; }
  // Of the engines of the newest run; null when there is no such symbol.
  [[nodiscard]] const SymbolEngine* symbol(std::string_view name) const;

 private:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;
  void OnNotice(const Notice& notice) override { notices_.push_back(notice.kind); }

  const EngineOptions options_;
  const Catalogue catalogue_;
  RecordWatcher record_watcher_;
  std::vector<std::string> told_;
  std::vector<NoticeKind> notices_;
  RecordingPlayer player_;
};

// A record, kept.
struct Row {
  RecordHeader header;
  std::vector<double> features;
};

// Options under which a feed of BTCUSDT and feeds made from it have one grid, and every message
// makes a record.
[[nodiscard]] EngineOptions FixedGridOptions();

// The records of a feed of good frames; ends the program when it cannot be played.
[[nodiscard]] std::vector<Row> RowsOf(const Feed& feed, const EngineOptions& options);

}  // namespace thalweg
