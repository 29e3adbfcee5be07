#include "replay/collector_export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/replay/stored_recordings.h"

namespace thalweg {
namespace {

constexpr std::string_view kTrade = R"({"stream":"aaausdt@trade","data":{"e":"trade","E":1}})";
constexpr std::string_view kOther = R"({"stream":"bbbusdt@trade","data":{"e":"trade","E":1}})";
constexpr std::string_view kSnapshot = R"({"lastUpdateId":7,"bids":[],"asks":[]})";

// What an export made, and what it said.
struct Exported {
  absl::Status status;
  Feed lines;
  std::string bytes;
  ExportCounts counts;
  CaptureCounts source_counts;
};

std::string BytesOf(const std::string& path) {
  std::string bytes;
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return bytes;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) bytes += static_cast<char>(c);
  std::fclose(file);
  return bytes;
}

Exported ExportFiles(const std::vector<std::string>& paths, const std::string& symbol = "",
                     std::string_view ending = ".txt") {
  Exported exported;
  CollectorExport exporting(symbol, false, [](std::string_view) {});
  exported.status = exporting.Open(paths);
  if (!exported.status.ok()) return exported;
  const TemporaryFile place;
  const std::string path = absl::StrCat(place.path(), Abseil(ending));
  auto file = CollectorFile::Create(path);
  EXPECT_TRUE(file.ok()) << file.status();
  exported.status = exporting.Run(**file);
  if (exported.status.code() == absl::StatusCode::kInvalidArgument) {
    (*file)->Discard();
  } else {
    const absl::Status closed = (*file)->Close();
    EXPECT_TRUE(closed.ok()) << closed;
    exported.lines = ReadFeed({path});
  }
  exported.bytes = BytesOf(path);
  exported.counts = exporting.counts();
  exported.source_counts = exporting.source_counts();
  std::remove(path.c_str());
  return exported;
}

Exported ExportText(std::string_view text, const std::string& symbol = "",
                    std::string_view ending = ".txt") {
  const TemporaryFile file(text);
  return ExportFiles({file.path()}, symbol, ending);
}

std::string Line(int millisecond, std::string_view text) {
  return absl::StrCat(1'700'000'000'000 + millisecond, " ", Abseil(text), "\n");
}

std::string Written(int millisecond, std::string_view text) {
  return absl::StrCat(1'700'000'000'000 + millisecond, "000000 ", Abseil(text));
}

TEST(CollectorExportTest, FramesPassAndDepthAnswersBecomeBareSnapshots) {
  const Exported exported = ExportText(absl::StrCat(
      Line(1, "#thalweg 1 {\"run\":\"a\"}"), Line(2, "#conn 1 open wss://x.y/a"),
      Line(3, absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=5 ", Abseil(kSnapshot))),
      Line(4, kTrade), Line(5, "#rest GET /api/v3/exchangeInfo {}"), Line(6, "{\"id\":1}"),
      "junk\n"));
  ASSERT_TRUE(exported.status.ok()) << exported.status;
  EXPECT_EQ(exported.lines, Feed({Written(3, kSnapshot), Written(4, kTrade)}));
  EXPECT_EQ(exported.counts.frames, 1);
  EXPECT_EQ(exported.counts.snapshots, 1);
  EXPECT_EQ(exported.counts.hash_lines, 3);
  EXPECT_EQ(exported.counts.unnamed, 1);
  EXPECT_EQ(exported.source_counts.malformed_lines, 1);
}

TEST(CollectorExportTest, AnAnswerThatIsNoSnapshotIsLeftOut) {
  const Exported exported = ExportText(
      Line(1, R"(#rest GET /api/v3/depth?symbol=AAAUSDT&limit=5 {"code":-1003,"msg":"no"})"));
  EXPECT_EQ(exported.lines, Feed());
  EXPECT_EQ(exported.counts.hash_lines, 1);
}

TEST(CollectorExportTest, OfSeveralSymbolsOneIsExported) {
  const std::string text = absl::StrCat(
      Line(1, kTrade), Line(2, kOther),
      Line(3, absl::StrCat("#rest GET /api/v3/depth?symbol=BBBUSDT&limit=5 ", Abseil(kSnapshot))),
      Line(4, kSnapshot));
  const Exported exported = ExportText(text, "BBBUSDT");
  ASSERT_TRUE(exported.status.ok()) << exported.status;
  EXPECT_EQ(exported.lines, Feed({Written(2, kOther), Written(3, kSnapshot)}));
  EXPECT_EQ(exported.counts.filtered, 1);
  EXPECT_EQ(exported.counts.unnamed, 1) << "The bare snapshot may be of either.";
}

TEST(CollectorExportTest, ASecondSymbolIsRefusedWhenNoneWasAskedForAndNothingIsLeftBehind) {
  const Exported exported = ExportText(absl::StrCat(Line(1, kTrade), Line(2, kOther)));
  EXPECT_EQ(exported.status.code(), absl::StatusCode::kInvalidArgument);
  for (const std::string_view part : {":2: ", "BBBUSDT", "AAAUSDT", "--symbols"}) {
    EXPECT_NE(exported.status.message().find(Abseil(part)), std::string::npos) << exported.status;
  }
  EXPECT_EQ(exported.bytes, "");
}

TEST(CollectorExportTest, ABareSnapshotIsOfTheSymbolOfItsFile) {
  const std::string text = absl::StrCat(Line(1, kSnapshot), Line(2, kTrade));
  EXPECT_EQ(ExportText(text).lines, Feed({Written(1, kSnapshot), Written(2, kTrade)}));
  EXPECT_EQ(ExportText(text, "BBBUSDT").lines, Feed());
  EXPECT_EQ(ExportText(Line(1, kSnapshot), "BBBUSDT").lines, Feed({Written(1, kSnapshot)}));
}

TEST(CollectorExportTest, TheNamesEndingSaysWhetherItIsPacked) {
  const std::string text = Line(1, kTrade);
  EXPECT_EQ(ExportText(text, "", ".txt").bytes, Written(1, kTrade) + "\n");
  const Exported packed = ExportText(text, "", ".gz");
  EXPECT_EQ(packed.bytes.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(packed.lines, Feed({Written(1, kTrade)}));
}

TEST(CollectorExportTest, RecordingsAreReadOneAfterAnother) {
  const TemporaryFile later(Line(9, kTrade));
  const TemporaryFile earlier(Line(1, kTrade));
  EXPECT_EQ(ExportFiles({later.path(), earlier.path()}).lines,
            Feed({Written(9, kTrade), Written(1, kTrade)}));
}

TEST(CollectorExportTest, WhatStandsBeforeDamageIsExported) {
  std::string damaged = Zstd(Line(2, kTrade));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x10);
  const Exported exported = ExportText(Zstd(Line(1, kTrade)) + damaged);
  EXPECT_EQ(exported.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(exported.lines, Feed({Written(1, kTrade)}));
}

TEST(CollectorExportTest, AnotherProgramsCaptureIsNoRecording) {
  EXPECT_EQ(ExportText("1700000000.5: {}\n").status.code(), absl::StatusCode::kDataLoss);
}

TEST(CollectorFileTest, AFileThatExistsIsNotReplaced) {
  const TemporaryFile existing("precious");
  const auto file = CollectorFile::Create(existing.path());
  EXPECT_EQ(file.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(file.status().message().find(existing.path()), std::string::npos);
  EXPECT_EQ(BytesOf(existing.path()), "precious");
}

TEST(CollectorFileTest, AFolderThatIsNotThereIsTold) {
  const auto file = CollectorFile::Create("/nonexistent/folder/file.gz");
  EXPECT_EQ(file.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(file.status().message().find("/nonexistent/folder/file.gz"), std::string::npos);
}

// --- There and back ---------------------------------------------------------------------------

TEST(RoundTripTest, ARecordingOfOneSymbolIsTheSameAfterExportAndImport) {
  const Feed feed = ReadFeed({std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt"});
  ASSERT_GT(feed.size(), 1'000U);
  const Imported imported = ImportFiles({std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt"});
  EXPECT_EQ(imported.lines, feed);
  const TemporaryFile recording(Zstd(TextOf(imported.lines)));
  const Exported exported = ExportFiles({recording.path()}, "", ".gz");
  EXPECT_EQ(exported.lines, feed);
  const TemporaryFile collected(exported.bytes);
  EXPECT_EQ(ImportFiles({collected.path()}).lines, feed);
}

// Of a capture of several symbols one comes back with all its frames and its snapshot.
TEST(RoundTripTest, ASymbolOfACaptureComesBackWhole) {
  const Feed capture = ReadCryptofeed("cryptofeed-binance-usdm-2021-07-22");
  if (capture.empty()) GTEST_SKIP() << kNoData;
  const TemporaryFile recording(TextOf(capture));
  const Exported exported = ExportFiles({recording.path()}, "SUSHIUSDT", ".gz");
  ASSERT_TRUE(exported.status.ok()) << exported.status;
  EXPECT_EQ(exported.counts.frames, 305 + 255 + 22 + 40);
  EXPECT_EQ(exported.counts.snapshots, 1);

  const TemporaryFile collected(exported.bytes);
  const Imported back = ImportFiles({collected.path()}, {.snapshot_limit = 1'000});
  ASSERT_TRUE(back.status.ok()) << back.status;
  Feed of_symbol;
  std::ranges::copy_if(capture, std::back_inserter(of_symbol), [](const std::string& line) {
    return line.find("\"sushiusdt@") != std::string::npos ||
           line.find("depth?symbol=SUSHIUSDT&") != std::string::npos;
  });
  EXPECT_EQ(back.lines, of_symbol);
}

}  // namespace
}  // namespace thalweg
