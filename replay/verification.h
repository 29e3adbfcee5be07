// Is a recording good, and is its replay what the live run made?
//
// Plays recordings with the options that they hold, makes a digest of each run and shard, compares
// it at every `#digest` line, and audits what came of the rest: ids, bookTickers, snapshots and
// buckets against the levels of the book. What cannot be claimed, because lines are missing or the
// options are not known, is said; it is never taken for a difference.
//
// Memory depends on the number of runs and symbols, not on the length. Threads: one. Errors: Run()
// answers what ended it; the receipts are of everything before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "replay/recording_player.h"
#include "replay/segment_header.h"

namespace thalweg {

// A symbol's buckets are recomputed from its levels at each so many of its records, and at the end.
inline constexpr std::int64_t kBucketAuditPeriod = 256;

// What came of one symbol until the end of its run.
struct SymbolAudit {
  std::string symbol;
  bool live_at_end = false;
  SymbolCounts counts;
  BookCounts book;
  std::int64_t bucket_audits = 0;
  std::int64_t bucket_audits_equal = 0;

  // Nothing that was compared differs.
  [[nodiscard]] bool good() const noexcept;
};

// The first checkpoint that differs: what the live run said, and what was made of its input.
struct ParityDifference {
  std::int64_t live_records = 0;
  std::int64_t records = 0;
};

// From here on the input is not all that the live engine was given.
struct ParityBreak {
  std::int64_t records = 0;  // Made before it.
  std::string reason;        // "3 lines lost (disk full)"
};

// What came of one shard of one run; of lines without a header, when `run` is empty.
struct ShardReceipt {
  std::string run;
  std::int64_t shard = 0;
  bool options_recorded = false;  // Without them no digest is compared.
  bool end_is_cut = false;
  std::int64_t records = 0;
  std::int64_t checkpoints = 0;         // `#digest` lines that agreed,
  std::int64_t agreed_records = 0;      // and the records of the last of them.
  std::int64_t checkpoints_passed = 0;  // Behind a break or a difference: not compared.
  std::optional<ParityDifference> difference;
  std::optional<ParityBreak> parity_break;
  std::int64_t dropped_frames = 0;  // Before the engine, live: part of its input.
  std::int64_t unnamed_frames = 0;
  std::vector<SymbolAudit> symbols;

  // Every record is one that the live run made.
  [[nodiscard]] bool whole() const noexcept;
  // Neither a digest nor an audit differs.
  [[nodiscard]] bool good() const noexcept;
};

// "run R shard 0: bit-identical for 6493 records (13 checkpoints)", and what cannot be claimed.
[[nodiscard]] std::string ParityText(const ShardReceipt& receipt);
// What `--strict` says against it: gaps, losses, malformed frames, and what is not claimed. Empty:
// nothing.
[[nodiscard]] std::vector<std::string> Objections(const ShardReceipt& receipt);

// Whose record it is. Lives until the next one.
struct VerifiedRecord {
  const ShardReceipt& receipt;  // With this record counted.
  const Catalogue& catalogue;
  const SymbolEngine& symbol;
  const RecordBuffer& record;
};

class Verification {
 public:
  struct Watchers {
    RecordingPlayer::Teller file;                       // What is worth telling of the files.
    std::function<void(const Notice&)> notice;          // And of the engines.
    std::function<void(const VerifiedRecord&)> record;  // Every record that is made.
    std::function<void(const RecordingLine&)> line;     // Every line that was used.
  };

  // `options`: of recordings that do not hold theirs. REQUIRES: ValidateOptions(options) is OK. Of
  // the watchers each may be absent.
  Verification(const EngineOptions& options, const PlayerOptions& player_options,
               Watchers watchers);
  ~Verification();

  // Plays the files to their end, once. Errors: as of RecordingPlayer::Run(), and Unimplemented or
  // InvalidArgument for options in a header that this program cannot repeat.
  [[nodiscard]] absl::Status Run(const std::vector<std::string>& paths);
  // Ends Run() well behind the line that is being used.
  void Stop() noexcept { player_.Stop(); }

  // After Run(): in the order in which the shards of runs began.
  [[nodiscard]] const std::vector<ShardReceipt>& receipts() const noexcept { return receipts_; }
  [[nodiscard]] const PlayerCounts& counts() const noexcept { return player_.counts(); }
  [[nodiscard]] PlayerPosition position() const { return player_.position(); }
  [[nodiscard]] std::int64_t frames() const noexcept { return frames_; }

 private:
  class Shard;

  [[nodiscard]] absl::StatusOr<std::shared_ptr<Engine>> MakeEngine(const SegmentHeader& header);
  void OnFileMessage(const FileMessage& message);
  void OnLine(const RecordingLine& line);
  [[nodiscard]] Shard* ShardInUse() noexcept;
  void EndRun();

  const EngineOptions options_;
  const Watchers watchers_;
  // Of the run that is being played; lines before a header are of one too.
  std::vector<std::shared_ptr<Shard>> shards_;
  std::string run_;
  std::vector<ShardReceipt> receipts_;
  std::int64_t holes_told_ = 0;
  std::int64_t cuts_told_ = 0;
  std::int64_t frames_ = 0;
  RecordingPlayer player_;
};

}  // namespace thalweg
