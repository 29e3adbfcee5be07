// No look-ahead: a recording that is cut anywhere gives the records of the whole one up to the cut,
// bit for bit, and no other.
//
// The real BTCUSDT recording is cut behind 25 of its lines, ten of them among the first 20, where
// the book is still being synchronised and the instrument inferred, and in the middle of the line
// that follows. Each record is compared by its hash and by the line that made it.

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstddef>
#include <cstdio>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

constexpr std::size_t kCuts = 25;
constexpr std::size_t kEarlyCuts = 10;
constexpr std::size_t kEarlyLines = 20;
constexpr std::size_t kShortLines = 4'000;

// A record, and the number of the line that made it.
struct Made {
  XXH64_hash_t hash;
  std::int64_t line;
  friend bool operator==(const Made&, const Made&) = default;
};

// The records that a file with this text gives.
std::vector<Made> RecordsOf(std::string_view text) {
  const TemporaryFile file(text);
  EngineOptions options;
  options.emit = EmitPolicy::All();
  CaptureReplay replay(options);
  std::vector<Made> records;
  replay.set_record_watcher([&](const SymbolEngine&, const RecordBuffer& record) {
    const auto bytes = record.bytes();
    records.push_back({XXH3_64bits(bytes.data(), bytes.size()), replay.player().position().line});
  });
  const absl::Status played = replay.Run({file.path()});
  EXPECT_TRUE(played.ok()) << played;
  return records;
}

// The numbers of the lines behind which it is cut.
std::set<std::size_t> CutsOf(std::size_t line_count) {
  std::mt19937 random(20240808);
  std::set<std::size_t> cuts;
  while (cuts.size() < kEarlyCuts) cuts.insert(1 + random() % kEarlyLines);
  while (cuts.size() < kCuts) cuts.insert(1 + random() % (line_count - 1));
  return cuts;
}

std::vector<Made> MadeByFirstLines(const std::vector<Made>& records, std::size_t line_count) {
  std::vector<Made> first;
  for (const Made& record : records) {
    if (record.line <= static_cast<std::int64_t>(line_count)) first.push_back(record);
  }
  return first;
}

// A recording as text, and where its lines end.
struct Recording {
  std::string text;
  std::vector<std::size_t> ends;

  // Its first lines, and half of the next one.
  [[nodiscard]] std::string_view First(std::size_t line_count) const {
    return std::string_view(text).substr(0, ends[line_count - 1]);
  }
  [[nodiscard]] std::string_view FirstAndAHalf(std::size_t line_count) const {
    return std::string_view(text).substr(0, (ends[line_count - 1] + ends[line_count]) / 2);
  }
};

Recording ReadBtcusdt() {
  std::size_t line_count = SIZE_MAX;
  if (TakeShortPart()) {
    line_count = kShortLines;
    std::printf("Short part: the first %zu lines\n", kShortLines);
  }
  Recording recording;
  for (const std::string& line : ReadFeed(RecordedFiles("spot-btcusdt-2024-08-08"), line_count)) {
    recording.text.append(line).push_back('\n');
    recording.ends.push_back(recording.text.size());
  }
  return recording;
}

TEST(CutTest, RecordsBeforeACutAreThoseOfTheWholeRecording) {
  const Recording recording = ReadBtcusdt();
  if (recording.ends.empty()) GTEST_SKIP() << kNoData;
  const std::vector<Made> whole = RecordsOf(recording.text);
  ASSERT_GT(whole.size(), recording.ends.size() / 2);

  for (const std::size_t cut : CutsOf(recording.ends.size())) {
    SCOPED_TRACE(testing::Message() << "cut behind line " << cut);
    const std::vector<Made> expected = MadeByFirstLines(whole, cut);
    const std::vector<Made> records = RecordsOf(recording.First(cut));
    ASSERT_EQ(records.size(), expected.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      ASSERT_TRUE(records[i] == expected[i]) << "record " << i;
    }
    // A line whose end is missing makes no record, and changes none.
    EXPECT_TRUE(RecordsOf(recording.FirstAndAHalf(cut)) == expected) << "and a half of the next";
  }
}

}  // namespace
}  // namespace thalweg
