// Recordings that drive a FeatureEngine: the records of a player, by callback and polled, and what
// is answered when files are not as they should be.

#include "replay/recording_source.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "pipeline/feature_engine.h"
#include "pipeline/record_digest.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::string kDemo = std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt";

EngineOptions AllRecords() {
  EngineOptions options;
  options.emit = EmitPolicy::All();
  return options;
}

struct Digested {
  std::string digest;
  std::int64_t records = 0;
  friend bool operator==(const Digested&, const Digested&) = default;
};
Digested Of(const RecordDigest& digest) { return {digest.Hex(), digest.record_count()}; }

Digested ByOutput(const std::vector<std::string>& files) {
  RecordDigest digest;
  CaptureReplay replay(AllRecords());
  replay.set_record_watcher(
      [&digest](const SymbolEngine&, const RecordBuffer& record) { digest.Add(record); });
  EXPECT_TRUE(replay.Run(files).ok());
  return Of(digest);
}

Digested ByCallback(const std::vector<std::string>& files) {
  RecordDigest digest;
  FeatureEngine engine = FeatureEngine::Make(AllRecords(), Recordings(files)).value();
  engine.set_on_record([&digest](const FeatureRecord& record) {
    digest.Add({record.data(), record.size()});
  });
  EXPECT_TRUE(engine.Run().ok());
  EXPECT_TRUE(engine.ended());
  return Of(digest);
}

Digested ByPolling(const std::vector<std::string>& files) {
  RecordDigest digest;
  FeatureEngine engine = FeatureEngine::Make(AllRecords(), Recordings(files)).value();
  while (const FeatureRecord* const record = engine.Poll()) {
    digest.Add({record->data(), record->size()});
    EXPECT_EQ(record->header().seq, static_cast<std::uint64_t>(digest.record_count()));
  }
  EXPECT_TRUE(engine.ended());
  EXPECT_TRUE(engine.status().ok());
  EXPECT_EQ(engine.lost_count(), 0u);
  return Of(digest);
}

void ExpectTheSameRecordsInEveryWay(const std::vector<std::string>& files) {
  const Digested wanted = ByOutput(files);
  EXPECT_GT(wanted.records, 0);
  EXPECT_EQ(ByCallback(files).digest, wanted.digest);
  EXPECT_EQ(ByPolling(files), wanted);
}

TEST(RecordingSourceTest, TheDemoHasTheSameRecordsByOutputByCallbackAndPolled) {
  ExpectTheSameRecordsInEveryWay({kDemo});
}

TEST(RecordingSourceTest, RealRecordingsHaveTheSameRecordsByOutputByCallbackAndPolled) {
  std::vector<RecordedSet> sets = RecordedSets();
  if (sets.empty()) GTEST_SKIP() << "no recordings in " << RecordedDataFolder();
  if (TakeShortPart()) {
    sets.resize(1);
    std::printf("short: only %s\n", std::string(sets[0].name).c_str());
  }
  for (const RecordedSet& set : sets) {
    SCOPED_TRACE(set.name);
    ExpectTheSameRecordsInEveryWay(set.files);
  }
}

// The second one goes on where the first one ended.
TEST(RecordingSourceTest, FilesAreOneStream) {
  const std::string text = ReadWholeFile(kDemo);
  const std::size_t middle = text.find('\n', text.size() / 2) + 1;
  const TemporaryFile first(std::string_view(text).substr(0, middle));
  const TemporaryFile second(std::string_view(text).substr(middle));
  EXPECT_EQ(ByPolling({first.path(), second.path()}), ByPolling({kDemo}));
}

TEST(RecordingSourceTest, AFileThatIsNotThereIsToldBeforeAnythingIsPlayed) {
  const absl::Status status =
      FeatureEngine::Make({}, Recordings({kDemo, "/nonexistent/day.zst"})).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "/nonexistent/day.zst")) << status;
}

TEST(RecordingSourceTest, RecordsBeforeADamageArePolledAndThenTheStatusSaysWhatItIs) {
  const std::string text = ReadWholeFile(kDemo);
  const TemporaryFile file(text.substr(0, text.find('\n', text.size() / 2) + 1) +
                           "1732154500000000000 #thalweg 2 {\"run\":\"later\"}\n" + text);
  FeatureEngine engine = FeatureEngine::Make({}, Recordings({file.path()})).value();
  int records = 0;
  while (engine.Poll() != nullptr) ++records;
  EXPECT_GT(records, 200);
  EXPECT_TRUE(engine.ended());
  EXPECT_TRUE(absl::IsDataLoss(engine.status())) << engine.status();
  EXPECT_TRUE(absl::StrContains(engine.status().message(), file.path())) << engine.status();
  EXPECT_EQ(engine.Step(), SourceStep::kEnded);
  EXPECT_TRUE(engine.book("DEMOUSDT")) << "as it was when the source ended";
}

TEST(RecordingSourceTest, WhatIsWorthTellingAboutFilesIsTold) {
  const TemporaryFile empty;
  std::vector<std::string> told;
  FeatureEngine engine =
      FeatureEngine::Make(
          {}, Recordings({empty.path()}, {},
                         [&told](const FileMessage& message) { told.emplace_back(message.text); }))
          .value();
  EXPECT_TRUE(engine.Run().ok());
  EXPECT_EQ(told, std::vector<std::string>{"holds no line"});
}

TEST(RecordingSourceTest, OptionsOfThePlayerCount) {
  const TemporaryFile first("1723161255000000000 {\"e\":\"x\"}\n1723161259000000000 {}\n");
  const TemporaryFile second("1723161257000000000 {\"e\":\"x\"}\n");
  int overlaps = 0;
  const auto count = [&overlaps](const FileMessage&) { ++overlaps; };
  const std::vector<std::string> files{first.path(), second.path()};
  EXPECT_TRUE(FeatureEngine::Make({}, Recordings(files, {.merge = true}, count))->Run().ok());
  EXPECT_EQ(overlaps, 0);
  EXPECT_TRUE(FeatureEngine::Make({}, Recordings(files, {}, count))->Run().ok());
  EXPECT_EQ(overlaps, 1);
}

}  // namespace
}  // namespace thalweg
