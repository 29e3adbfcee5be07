// A live run without threads or sockets: an engine that is given a feed, and the recording of it,
// with a `#digest` line after so many records, as a recorder writes it.
//
// Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "replay/recorded_options.h"
#include "replay/recording_line.h"
#include "replay/segment_writer.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {

class RecordedRun final : public EngineOutput {
 public:
  static constexpr std::int64_t kCheckpointRecords = 20;

  // `segments`: folder, run, shard and bounds; the rest follows from `options`.
  RecordedRun(SegmentOptions segments, const EngineOptions& options, FeedBuilder market)
      : market_(std::move(market)),
        options_(options),
        catalogue_(MakeCatalogue(options_)),
        engine_(options_, catalogue_, *this) {
    segments.symbols = options_.symbols;
    if (segments.options_json == "{}") segments.options_json = RecordedOptionsJson(options_);
    auto writer = SegmentWriter::Create(segments, Now());
    EXPECT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
  }

  void OnRecord(const SymbolEngine&, RecordBuffer& record) override { digest_.Add(record); }

  // Both get it: the engine, then the recording.
  void Give(const std::string& text) {
    GiveUnrecorded(text);
    Write(text);
    if (digest_.record_count() >= checkpoint_ + kCheckpointRecords) WriteDigest();
  }
  void GiveUnrecorded(const std::string& text) { GiveLine(Now(), text, &engine_); }
  void Write(const std::string& text) { writer_->Write(Now(), text); }
  void WriteDigest() {
    checkpoint_ = digest_.record_count();
    std::string text;
    AppendDigestText(checkpoint_, digest_.Hex(), &text);
    Write(text);
  }
  // Trades and tickers make records too when the options say so.
  void Step() {
    market_.Pass(100);
    market_.Move(3);
    Give(market_.Depth());
    Give(market_.Ticker());
    Give(market_.Trade());
  }
  void Start() {
    Step();
    Give(market_.Rest());
  }
  void Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
  }
  // As a process that ends well does; else as one that was killed behind its last flush.
  void End(bool well = true) {
    if (well) WriteDigest();
    EXPECT_TRUE(writer_->Close().ok());
  }

  [[nodiscard]] ReceiveTime Now() const { return ReceiveTime(market_.now_ms() * kMillisecond); }
  [[nodiscard]] std::int64_t records() const { return digest_.record_count(); }
  [[nodiscard]] std::string digest() const { return digest_.Hex(); }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] FeedBuilder& market() { return market_; }

 private:
  FeedBuilder market_;
  const EngineOptions options_;
  const Catalogue catalogue_;
  Engine engine_;
  RecordDigest digest_;
  std::int64_t checkpoint_ = 0;
  std::unique_ptr<SegmentWriter> writer_;
};

// The segments in a folder, in the order of their names.
inline std::vector<std::string> SegmentsOf(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace thalweg
