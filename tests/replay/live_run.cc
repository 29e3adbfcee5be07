#include "tests/replay/live_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "replay/recording_player.h"
#include "tools/feature_table.h"
#include "tools/text_file.h"

namespace thalweg {

struct TableOutput::File {
  std::unique_ptr<TextFile> text;
};

TableOutput::TableOutput(const Catalogue& catalogue, const std::string& path)
    : file_(std::make_unique<File>()) {
  file_->text = TextFile::Create(path).value();
  WriteFeatureHeader(catalogue, *file_->text);
}

TableOutput::~TableOutput() = default;

void TableOutput::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  if (watcher) watcher(symbol, record);
  digest_.Add(record);
  WriteFeatureRow(symbol, record, *file_->text);
}

void TableOutput::OnSnapshotWanted(const SymbolEngine&, SnapshotReason) { ++wishes_; }

std::string TableOutput::Close() {
  EXPECT_TRUE(file_->text->Close().ok());
  return ReadWholeFile(file_->text->path());
}

std::vector<std::string> SegmentsIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Replayed ReplaySegments(const EngineOptions& options, const std::string& folder) {
  const TestFolder scratch;
  const Catalogue catalogue = MakeCatalogue(options);
  TableOutput table(catalogue, scratch.PathOf("table.csv"));
  Replayed replayed;
  RecordingPlayer player(options, catalogue, table, {}, [&](const FileMessage& message) {
    replayed.told.emplace_back(message.text);
  });
  player.set_line_watcher([&](const RecordingLine& line) {
    ++replayed.lines;
    if (line.kind == LineKind::kFrame) ++replayed.frames;
    if (line.kind == LineKind::kDrop) replayed.dropped += line.count;
    if (line.kind == LineKind::kLost) replayed.lost += line.count;
    if (line.kind != LineKind::kDigest) return;
    ++replayed.marks;
    replayed.last_mark = line.digest;
    const RecordDigest& digest = table.digest();
    const bool right = line.count == digest.record_count() && line.digest == digest.Hex();
    replayed.wrong_marks += right ? 0 : 1;
  });
  replayed.status = player.Run(SegmentsIn(folder));
  replayed.digest = table.digest().Hex();
  replayed.records = table.digest().record_count();
  replayed.table = table.Close();
  return replayed;
}

class LiveRun::WaitingSink final : public InputSink {
 public:
  explicit WaitingSink(Recorder& recorder) : recorder_(recorder) {}
  bool Take(LiveInput& input) override {
    // Far from the half that it may hold of the smallest pool of a test.
    while (recorder_.counts().waiting > 8) std::this_thread::yield();
    return recorder_.Take(input);
  }

 private:
  Recorder& recorder_;
};

LiveRun::LiveRun(EngineOptions options, LiveShardOptions shard_options,
                 RingPublisherOptions publishing)
    : options_(std::move(options)), catalogue_(MakeCatalogue(options_)) {
  table_ = std::make_unique<TableOutput>(catalogue_, folder_.PathOf("table.csv"));
  output_ = table_.get();
  if (!shard_options.clock) shard_options.clock = [this] { return Now(); };
  shard_ = LiveShard::Create(options_, catalogue_, shard_options).value();
  if (publishing.name.empty()) return;
  std::filesystem::create_directory(ring_folder());
  std::filesystem::permissions(ring_folder(), std::filesystem::perms::owner_all);
  publishing.folder = ring_folder();
  publisher_ = RingPublisher::Create(publishing, options_, catalogue_).value();
}

void LiveRun::Start() {
  RecorderOptions recording;
  recording.segments.folder = folder();
  recording.segments.run = "run-1";
  recording.segments.market = "spot";
  recording.segments.symbols = options_.symbols;
  recording.segments.text_bytes_max = segment_bytes_;
  recording.clock = [this] { return Now(); };
  auto recorder = Recorder::Create(recording, shard_->pool(), &shard_->orders(), opener_);
  ASSERT_TRUE(recorder.ok()) << recorder.status();
  recorder_ = *std::move(recorder);
  if (waits_for_recorder_) {
    waiting_sink_ = std::make_unique<WaitingSink>(*recorder_);
    sink_ = waiting_sink_.get();
  }
  shard_->Start({.publisher = publisher_.get(),
                 .sink = sink_ != nullptr ? sink_ : recorder_.get(),
                 .output = output_});
}

void LiveRun::Give(const RecordingLine& line, std::int64_t connection) {
  now_.store(line.receive_time.raw(), std::memory_order_relaxed);
  switch (line.kind) {
    case LineKind::kFrame:
      return input().OnFrame(connection, line.receive_time, RingPublisher::MonotonicNow(),
                             line.payload);
    case LineKind::kRest:
      (void)input().OnRest(line.receive_time, line.target, line.payload);
      return;
    case LineKind::kConnOpen:
      return input().OnConnectionOpen(line.connection, line.receive_time, line.url);
    case LineKind::kConnClose:
      return input().OnConnectionClosed(line.connection, line.receive_time, 1006);
    default:
      return;
  }
}

void LiveRun::GiveText(ReceiveTime received, std::string_view text, std::int64_t connection) {
  std::string line;
  AppendLine(received, text, &line);
  line.pop_back();
  Give(ParseRecordingLine(line), connection);
}

bool LiveRun::WaitUntilUsed() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < end) {
    const ShardCounts counts = shard_->counts();
    if (counts.inputs == counts.intake.given || shard_->failed()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

absl::Status LiveRun::Stop() {
  absl::Status status = shard_->Stop();
  status.Update(recorder_->Close());
  return status;
}

}  // namespace thalweg
