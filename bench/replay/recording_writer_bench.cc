// What it costs to record a real feed: its lines through a RecordingWriter, onto a disk that takes
// everything and keeps nothing. What is written is read back and compared first.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/workload.h"
#include "replay/recording_reader.h"
#include "replay/recording_writer.h"
#include "replay/stored_file.h"

namespace thalweg::bench {
namespace {

class NullFile : public OutputFile {
 public:
  absl::StatusOr<std::size_t> Write(std::string_view bytes) override { return bytes.size(); }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Close() override { return absl::OkStatus(); }
  const std::string& path() const noexcept override { return path_; }

 private:
  const std::string path_ = "null.zst";
};

class KeepingFile final : public NullFile {
 public:
  explicit KeepingFile(std::string* bytes) : bytes_(bytes) {}
  absl::StatusOr<std::size_t> Write(std::string_view bytes) override {
    bytes_->append(bytes);
    return bytes.size();
  }

 private:
  std::string* const bytes_;
};

class MemoryFile final : public StoredFile {
 public:
  explicit MemoryFile(std::string_view bytes) : bytes_(bytes) {}
  absl::StatusOr<std::size_t> Read(std::span<char> out) override {
    const std::size_t bytes = bytes_.copy(out.data(), out.size());
    bytes_.remove_prefix(bytes);
    return bytes;
  }
  bool Seek(std::int64_t) override { return false; }
  const std::string& path() const noexcept override { return path_; }
  std::int64_t bytes_total() const noexcept override { return 0; }

 private:
  const std::string path_ = "memory.zst";
  std::string_view bytes_;
};

WriterCounts Record(const RecordedFeed& feed, std::unique_ptr<OutputFile> file) {
  RecordingWriter writer(std::move(file));
  for (const RecordedFeed::Line& line : feed.lines()) writer.Write(line.received, line.payload);
  (void)writer.Close();
  return writer.counts();
}

// Every payload comes back as it was given.
bool IsReadBack(const RecordedFeed& feed) {
  std::string stored;
  Record(feed, std::make_unique<KeepingFile>(&stored));
  auto reader = RecordingReader::Open(std::make_unique<MemoryFile>(stored), {});
  if (!reader.ok()) return false;
  std::string_view line;
  for (const RecordedFeed::Line& given : feed.lines()) {
    if ((*reader)->Next(&line) != ReadVerdict::kLine) return false;
    if (!line.ends_with(given.payload)) return false;
  }
  return (*reader)->Next(&line) == ReadVerdict::kEnd && (*reader)->end() == FileEnd::kWhole;
}

void Run(::benchmark::State& state, const RecordedFeed& feed) {
  if (!IsReadBack(feed)) FailCheck("what was written is not read back");
  WriterCounts counts;
  for (auto _ : state) counts = Record(feed, std::make_unique<NullFile>());
  CountNanos(state, "line", counts.lines);
}

// The benchmarks keep pointers to what they run on.
std::vector<std::unique_ptr<const RecordedFeed>> feeds;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    feeds.push_back(std::make_unique<const RecordedFeed>(set.files, kLinesMax));
    const RecordedFeed* const feed = feeds.back().get();
    ::benchmark::RegisterBenchmark(
        ("BM_RecordingWriter/" + std::string(set.name) + "/thalweg").c_str(),
        [feed](::benchmark::State& state) { Run(state, *feed); });
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
