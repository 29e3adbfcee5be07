// Drives an engine from recordings: each line in its order, each to the engine it belongs to.
//
// Files are read one after another as one stream, or interleaved by receive time. A recording's
// header with a new run begins fresh engines, one for each shard in it; recordings without a header
// share one. Memory does not depend on their length. Threads: one. Errors: Run(), or the Step()
// that met it, answers what ended the replay; everything before it was used.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/engine.h"
#include "replay/recording_line.h"
#include "replay/recording_merge.h"
#include "replay/recording_reader.h"
#include "replay/segment_header.h"

namespace thalweg {

struct PlayerOptions {
  bool merge = false;    // Interleave by receive time instead of one after another.
  bool salvage = false;  // Step over damage, at the next zstd frame.
};

struct PlayerCounts {
  std::int64_t lines = 0;
  std::int64_t malformed_lines = 0;
  std::int64_t other_lines = 0;  // '#' lines that mean nothing here.
  std::int64_t holes = 0;        // Damage stepped over.
  std::int64_t cut_files = 0;    // Files whose end is cut.
  std::int64_t empty_files = 0;
  std::int64_t overlapping_files = 0;            // That start before the one before ended.
  std::vector<std::string> not_live_at_run_end;  // Symbols whose run was followed by another one.
};

// What is worth telling about a file that is read; who needs no more takes the text.
struct FileMessage {
  std::string_view text;
  bool is_of_a_line = false;  // Of one of its lines, and maybe of the next million too.

  // NOLINTNEXTLINE(google-explicit-constructor): a function of a text alone can be a teller.
  operator std::string_view() const noexcept { return text; }
};

// Where a replay stands: for messages and for progress.
struct PlayerPosition {
  std::string_view path;
  std::int64_t line = 0;
  std::int64_t bytes_read = 0;   // Of all files as stored.
  std::int64_t bytes_total = 0;  // 0: not known, because a pipe is among them.
  ReceiveTime receive_time;
};

class RecordingPlayer {
 public:
  // What is worth telling about the files themselves; the player's position says where.
  using Teller = std::function<void(const FileMessage& message)>;

  // Makes the engine of a run and shard from its header. That of lines before any header is made
  // at once, from a header without a run, which must not fail; any other error ends the replay.
  using EngineMaker = std::function<absl::StatusOr<std::shared_ptr<Engine>>(const SegmentHeader&)>;

  // Engines of one kind for all. `options`, `catalogue` and `output` outlive the player.
  RecordingPlayer(const EngineOptions& options, const Catalogue& catalogue, EngineOutput& output,
                  const PlayerOptions& player_options, Teller tell);
  // For who wants other options or another output for each.
  RecordingPlayer(const PlayerOptions& player_options, EngineMaker make, Teller tell);

  // Called before every line that is used; for a pace, and for the time at which it begins. The
  // player's position is the line's.
  void set_line_gate(std::function<void(const RecordingLine&)> gate) { gate_ = std::move(gate); }
  // Called after every line that was used; for progress and for watching lines go by.
  void set_line_watcher(std::function<void(const RecordingLine&)> watcher) {
    watcher_ = std::move(watcher);
  }

  // Whether every file can be opened: NotFound or Unavailable with file and reason.
  [[nodiscard]] static absl::Status CheckReadable(const std::vector<std::string>& paths);

  // Ends Run(), or the steps, behind the line that is being used or before the one at the gate, and
  // well: nothing is played any more. For gate and watcher.
  void Stop() noexcept { stopped_ = true; }

  // Plays the files to their end: Open(), then Step() until nothing is left. Errors: NotFound,
  // Unavailable, DataLoss or InvalidArgument with file, offset and reason.
  [[nodiscard]] absl::Status Run(const std::vector<std::string>& paths);

  // The same line by line, by who has more to do than to wait for the end. Open() looks at every
  // file and plays nothing. REQUIRES: what was opened before has been played.
  [[nodiscard]] absl::Status Open(const std::vector<std::string>& paths);
  // Plays the next line, or steps over a damage. False: all was played, or Stop() or an error ended
  // it before.
  [[nodiscard]] absl::StatusOr<bool> Step();

  [[nodiscard]] PlayerPosition position() const;
  // Files that were played to their end.
  [[nodiscard]] std::int64_t files_played() const noexcept { return files_before_; }
  [[nodiscard]] const PlayerCounts& counts() const noexcept { return counts_; }
  // The engine that the newest line, or the hole that is told of, belongs to; for watchers and
  // tellers. Null before the first line of a file.
  [[nodiscard]] const Engine* engine_in_use() const noexcept { return engine_in_use_; }
  // The engines of the newest run (of all runs that were interleaved); at least one.
  [[nodiscard]] std::vector<const Engine*> engines() const;
  // The symbol in them; null when none follows it. The first of several.
  [[nodiscard]] const SymbolEngine* FindSymbol(std::string_view name) const;
  // The clock moved on to `now`, receive time, for the engines(): what is silent since grows stale.
  // Never changes a record.
  void OnTimer(ReceiveTime now);
  // Every symbol that frames named in any run, whether it was asked for or not.
  [[nodiscard]] std::set<std::string> SymbolsSeen() const;

 private:
  // A file being played.
  struct Track {
    std::shared_ptr<Engine> engine;
    std::int64_t lines = 0;
    std::int64_t good_lines = 0;
    std::int64_t repeats = 0;  // Lines to come that say again what this engine was given.
  };

  // Begins the files that are played together: all that wait, or the first of them.
  [[nodiscard]] absl::Status BeginFiles();
  [[nodiscard]] absl::Status PlayNext(ReadVerdict verdict, std::string_view text);
  [[nodiscard]] absl::Status EndFiles();
  [[nodiscard]] absl::Status Finish(const RecordingReader& reader, const Track& track);
  [[nodiscard]] absl::Status Play(Track& track, ReadVerdict verdict, std::string_view text);
  void PlayHole(Track& track);
  [[nodiscard]] absl::Status Use(Track& track, const RecordingLine& line);
  [[nodiscard]] absl::Status BeginRun(Track& track, const RecordingLine& line);
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Engine>> MakeEngine(const SegmentHeader& header);
  void EndRun();

  const PlayerOptions player_options_;
  const EngineMaker make_;
  Teller tell_;
  std::function<void(const RecordingLine&)> gate_;
  std::function<void(const RecordingLine&)> watcher_;

  std::string run_;  // Of the newest header; empty before one.
  // Engines by run and shard: those of the newest run; of all runs while files are interleaved.
  // Lines before any header are a run of their own.
  std::map<std::pair<std::string, std::int64_t>, std::shared_ptr<Engine>> shards_;
  // The newest segment of each, if it has been read without a hole so far.
  std::map<const Engine*, std::int64_t> segments_;
  const Engine* engine_in_use_ = nullptr;
  std::shared_ptr<Engine> newest_;  // Goes on with a file without a header.
  // The first engine until a line was used in it: then it is one of `shards_`.
  std::shared_ptr<Engine> unused_;
  std::set<std::string> seen_in_earlier_runs_;
  std::vector<std::string> paths_;
  std::size_t paths_begun_ = 0;
  std::unique_ptr<RecordingMerge> files_;  // While files are played,
  std::vector<Track> tracks_;              // one for each of them;
  bool follows_ = false;                   // others were played before them,
  ReceiveTime time_before_;                // until then.
  std::size_t file_index_ = 0;
  std::int64_t files_before_ = 0;  // Played to their end.
  std::int64_t bytes_before_ = 0;  // Of files played to their end.
  std::int64_t bytes_total_ = 0;
  ReceiveTime receive_time_;
  bool stopped_ = false;
  PlayerCounts counts_;
};

}  // namespace thalweg
