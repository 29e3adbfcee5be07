// A shard and a recorder that a test feeds as a network would, and the replay of what they
// recorded.
//
// Threads: the test's is the network's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine.h"
#include "pipeline/live_shard.h"
#include "pipeline/record_digest.h"
#include "replay/recorder.h"
#include "replay/recording_line.h"
#include "tests/tools/test_folder.h"

namespace thalweg {

// The rows that a program would write of records, as text.
class TableOutput final : public EngineOutput {
 public:
  explicit TableOutput(const Catalogue& catalogue, const std::string& path);
  ~TableOutput() override;
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;
  void OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) override;

  [[nodiscard]] std::string Close();
  [[nodiscard]] const RecordDigest& digest() const noexcept { return digest_; }
  [[nodiscard]] std::int64_t wishes() const noexcept { return wishes_; }

  // Called first for every record, if it is there.
  std::function<void(const SymbolEngine&, const RecordBuffer&)> watcher;

 private:
  struct File;
  std::unique_ptr<File> file_;
  RecordDigest digest_;
  std::int64_t wishes_ = 0;
};

// What a replay of a folder of segments made.
struct Replayed {
  absl::Status status;
  std::string digest;
  std::int64_t records = 0;
  std::string table;
  std::int64_t lines = 0;
  std::int64_t frames = 0;
  std::int64_t dropped = 0;      // Frames that `#drop` lines tell of.
  std::int64_t lost = 0;         // Lines or frames that `#lost` lines tell of.
  std::int64_t marks = 0;        // `#digest` lines,
  std::int64_t wrong_marks = 0;  // those that differ from what the replay had made there,
  std::string last_mark;         // and the last one's digest.
  std::vector<std::string> told;
};
[[nodiscard]] Replayed ReplaySegments(const EngineOptions& options, const std::string& folder);
// In the order of their names.
[[nodiscard]] std::vector<std::string> SegmentsIn(const std::string& folder);

class LiveRun {
 public:
  explicit LiveRun(EngineOptions options, LiveShardOptions shard_options = {},
                   RingPublisherOptions publishing = {});

  // Begins both threads; before it nothing is used.
  void Start();
  // What a line of a recording says, as a network would tell it, on connection 1 unless it says
  // another.
  void Give(const RecordingLine& line, std::int64_t connection = 1);
  void GiveText(ReceiveTime received, std::string_view text, std::int64_t connection = 1);
  // Waits until everything that was given is used. False: not within a minute.
  [[nodiscard]] bool WaitUntilUsed();
  // Ends both threads. What they answer.
  absl::Status Stop();

  [[nodiscard]] Replayed Replay() const { return ReplaySegments(options_, folder()); }
  [[nodiscard]] std::string folder() const { return folder_.PathOf("recording"); }
  [[nodiscard]] LiveShard& shard() noexcept { return *shard_; }
  [[nodiscard]] ShardInput& input() noexcept { return shard_->input(); }
  [[nodiscard]] Recorder& recorder() noexcept { return *recorder_; }
  [[nodiscard]] RingPublisher* publisher() noexcept { return publisher_.get(); }
  [[nodiscard]] TableOutput& table() noexcept { return *table_; }
  [[nodiscard]] const EngineOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::string ring_folder() const { return folder_.PathOf("rings"); }
  // In place of the table.
  void set_output(EngineOutput* output) noexcept { output_ = output; }
  void set_sink(InputSink* sink) noexcept { sink_ = sink; }
  // The engine's thread then waits when the recorder is behind, so that nothing it does is refused:
  // parity is claimed of what is recorded.
  void WaitForRecorder() noexcept { waits_for_recorder_ = true; }
  void set_opener(SegmentWriter::Opener opener) { opener_ = std::move(opener); }
  void set_segment_bytes(std::int64_t bytes) noexcept { segment_bytes_ = bytes; }

 private:
  class WaitingSink;

  [[nodiscard]] ReceiveTime Now() const noexcept {
    return ReceiveTime(now_.load(std::memory_order_relaxed));
  }

  const TestFolder folder_;
  const EngineOptions options_;
  const Catalogue catalogue_;
  std::atomic<std::int64_t> now_{0};  // By the last receive time that was given.
  std::unique_ptr<TableOutput> table_;
  EngineOutput* output_ = nullptr;
  InputSink* sink_ = nullptr;
  std::int64_t segment_bytes_ = std::int64_t{1} << 30;
  SegmentWriter::Opener opener_ = CreateOutputFile;
  std::unique_ptr<RingPublisher> publisher_;
  std::unique_ptr<LiveShard> shard_;
  std::unique_ptr<Recorder> recorder_;
  bool waits_for_recorder_ = false;
  std::unique_ptr<InputSink> waiting_sink_;
};

}  // namespace thalweg
