#include "replay/capture_import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "pipeline/record_digest.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/test_disk.h"

namespace thalweg {
namespace {

std::string Frame(std::string_view stream, int number) {
  return absl::StrCat(R"({"stream":")", Abseil(stream), R"(","data":{"n":)", number, "}}");
}

// An import of files with these contents.
Imported ImportTexts(const std::vector<std::string>& texts, const ImportOptions& options = {}) {
  std::vector<std::unique_ptr<TemporaryFile>> files;
  std::vector<std::string> paths;
  for (const std::string& text : texts) {
    files.push_back(std::make_unique<TemporaryFile>(text));
    paths.push_back(files.back()->path());
  }
  return ImportFiles(paths, options);
}

// --- Order ------------------------------------------------------------------------------------

TEST(CaptureImportTest, LinesOfSeveralFilesAreInterleavedByTime) {
  const Imported imported =
      ImportTexts({"https://x.y/a -> 1700000000.1: {}\nhttps://x.y/b -> 1700000000.3: {}\n",
                   "wss://x.y/ws <-> 1700000000.05\n1700000000.2: {}\n\n1700000000.4: {}\n"});
  ASSERT_TRUE(imported.status.ok()) << imported.status;
  EXPECT_EQ(imported.lines,
            Feed({"1700000000050000000 #conn 1 open wss://x.y/ws",
                  "1700000000100000000 #rest GET /a {}", "1700000000200000000 {}",
                  "1700000000300000000 #rest GET /b {}", "1700000000400000000 {}"}));
  EXPECT_EQ(imported.counts.written, 5);
  EXPECT_EQ(imported.counts.frames, 2);
  EXPECT_EQ(imported.counts.rest_answers, 2);
}

TEST(CaptureImportTest, LinesOfEqualTimeComeInTheOrderOfTheFiles) {
  const std::vector<std::string> texts = {"1700000000.5: {\"n\":1}\n1700000000.5: {\"n\":2}\n",
                                          "1700000000500 {\"n\":3}\n"};
  EXPECT_EQ(ImportTexts(texts).lines,
            Feed({"1700000000500000000 {\"n\":1}", "1700000000500000000 {\"n\":2}",
                  "1700000000500000000 {\"n\":3}"}));
  EXPECT_EQ(ImportTexts({texts[1], texts[0]}).lines.front(), "1700000000500000000 {\"n\":3}");
}

TEST(CaptureImportTest, WithinAFileNothingIsReordered) {
  EXPECT_EQ(ImportTexts(
                {"1700000000.5: {\"n\":1}\n1700000000.1: {\"n\":2}\n", "1700000000.3: {\"n\":3}\n"})
                .lines,
            Feed({"1700000000300000000 {\"n\":3}", "1700000000500000000 {\"n\":1}",
                  "1700000000100000000 {\"n\":2}"}));
}

// --- What is changed --------------------------------------------------------------------------

TEST(CaptureImportTest, ConnectionsOfSeveralFilesAreNumberedAnew) {
  const std::vector<std::string> texts = {
      "1700000000001 #conn 7 open wss://x.y/a\n1700000000004 #conn 7 close 1000\n",
      "1700000000002 #conn 7 open wss://x.y/b\n1700000000003 #conn 8 open wss://x.y/c\n"};
  EXPECT_EQ(ImportTexts(texts).lines, Feed({"1700000000001000000 #conn 1 open wss://x.y/a",
                                            "1700000000002000000 #conn 2 open wss://x.y/b",
                                            "1700000000003000000 #conn 3 open wss://x.y/c",
                                            "1700000000004000000 #conn 1 close 1000"}));
  EXPECT_EQ(ImportTexts({texts[0]}).lines, Feed({"1700000000001000000 #conn 7 open wss://x.y/a",
                                                 "1700000000004000000 #conn 7 close 1000"}));
}

TEST(CaptureImportTest, OneRecordingPassesWholeAndOfSeveralWhatIsOfOneRunIsLeftOut) {
  const std::string text =
      "1700000000001 #thalweg 1 {\"run\":\"a\"}\n1700000000002 {}\n"
      "1700000000003 #digest 1 0123456789abcdef0123456789abcdef\n1700000000004 #sbe AAAA\n";
  const Imported one = ImportTexts({text});
  EXPECT_EQ(one.lines.size(), 4U);
  EXPECT_EQ(one.counts.left_out, 0);
  const Imported two = ImportTexts({text, "1700000000005 {}\n"});
  EXPECT_EQ(two.lines, Feed({"1700000000002000000 {}", "1700000000004000000 #sbe AAAA",
                             "1700000000005000000 {}"}));
  EXPECT_EQ(two.counts.left_out, 2);
}

constexpr std::string_view kSpot = R"({"lastUpdateId":7,"bids":[],"asks":[]})";
constexpr std::string_view kUsdM = R"({"lastUpdateId": 7, "E": 1, "T": 1, "bids": [], "asks": []})";
constexpr std::string_view kCoinM =
    R"({"lastUpdateId":7,"E":1,"T":1,"symbol":"A_PERP","pair":"A","bids":[],"asks":[]})";

// The second line of a file whose first one is a frame of AAAUSDT.
std::string SnapshotImported(std::string_view snapshot, const ImportOptions& options) {
  const Imported imported = ImportTexts({absl::StrCat("1700000000001 ", Frame("aaausdt@trade", 1),
                                                      "\n1700000000002 ", Abseil(snapshot), "\n")},
                                        options);
  return imported.lines.back();
}

TEST(CaptureImportTest, ABareSnapshotBecomesAnAnswerWhenItsLimitIsGiven) {
  const ImportOptions options = {.snapshot_limit = 500};
  const std::string query = "?symbol=AAAUSDT&limit=500 ";
  EXPECT_EQ(SnapshotImported(kSpot, options),
            absl::StrCat("1700000000002000000 #rest GET /api/v3/depth", query, Abseil(kSpot)));
  EXPECT_EQ(SnapshotImported(kUsdM, options),
            absl::StrCat("1700000000002000000 #rest GET /fapi/v1/depth", query, Abseil(kUsdM)));
  EXPECT_EQ(SnapshotImported(kCoinM, options),
            absl::StrCat("1700000000002000000 #rest GET /dapi/v1/depth", query, Abseil(kCoinM)));
}

TEST(CaptureImportTest, ABareSnapshotStaysBareWithoutALimit) {
  EXPECT_EQ(SnapshotImported(kSpot, {}), absl::StrCat("1700000000002000000 ", Abseil(kSpot)));
  EXPECT_EQ(SnapshotImported(kSpot, {.symbols = {"AAAUSDT"}}),
            absl::StrCat("1700000000002000000 ", Abseil(kSpot)));
}

TEST(CaptureImportTest, ABareSnapshotStaysBareBehindASecondSymbol) {
  const Imported imported = ImportTexts(
      {absl::StrCat("1700000000001 ", Frame("aaausdt@trade", 1), "\n1700000000002 ",
                    Frame("bbbusdt@trade", 1), "\n1700000000003 ", Abseil(kSpot), "\n")},
      {.symbols = {"AAAUSDT"}, .snapshot_limit = 500});
  EXPECT_EQ(imported.lines.back(), absl::StrCat("1700000000003000000 ", Abseil(kSpot)));
  EXPECT_EQ(imported.counts.bare_snapshots, 1);
}

TEST(CaptureImportTest, WithoutAnyFrameTheSymbolThatWasAskedForIsTheSnapshots) {
  const Imported imported = ImportTexts({absl::StrCat("1700000000003 ", Abseil(kSpot), "\n")},
                                        {.symbols = {"AAAUSDT"}, .snapshot_limit = 500});
  EXPECT_EQ(imported.lines.front().substr(20, 47),
            "#rest GET /api/v3/depth?symbol=AAAUSDT&limit=50");
}

TEST(CaptureImportTest, FilesOfOneSymbolEachKeepTheirSnapshotsApart) {
  const auto file = [](std::string_view name, int millisecond) {
    return absl::StrCat(1'700'000'000'000 + millisecond, " ", Abseil(kSpot), "\n",
                        1'700'000'000'010 + millisecond, " ",
                        Frame(absl::StrCat(Abseil(name), "@trade"), 1), "\n");
  };
  const Imported imported =
      ImportTexts({file("aaausdt", 1), file("bbbusdt", 2)}, {.snapshot_limit = 1'000});
  ASSERT_EQ(imported.lines.size(), 4U);
  EXPECT_EQ(imported.lines[0].substr(20, 38), "#rest GET /api/v3/depth?symbol=AAAUSDT");
  EXPECT_EQ(imported.lines[1].substr(20, 38), "#rest GET /api/v3/depth?symbol=BBBUSDT");
}

TEST(CaptureImportTest, OnlyLinesOfTheSymbolsAskedForAreWritten) {
  const Imported imported = ImportTexts(
      {absl::StrCat("1700000000001 #conn 1 open wss://x.y/a\n1700000000002 ",
                    Frame("aaausdt@trade", 1), "\n1700000000003 ", Frame("bbbusdt@trade", 1),
                    "\n1700000000004 #drop 1 depth BBBUSDT\n1700000000005 #rest GET "
                    "/api/v3/depth?symbol=BBBUSDT {}\n1700000000006 #rest GET "
                    "/api/v3/exchangeInfo {}\n1700000000007 #rest GET "
                    "/api/v3/depth?symbol=AAAUSDT {}\n")},
      {.symbols = {"AAAUSDT", "CCCUSDT"}});
  EXPECT_EQ(imported.lines,
            Feed({"1700000000001000000 #conn 1 open wss://x.y/a",
                  absl::StrCat("1700000000002000000 ", Frame("aaausdt@trade", 1)),
                  "1700000000006000000 #rest GET /api/v3/exchangeInfo {}",
                  "1700000000007000000 #rest GET /api/v3/depth?symbol=AAAUSDT {}"}));
  EXPECT_EQ(imported.counts.filtered, 3);
}

// --- Errors -----------------------------------------------------------------------------------

TEST(CaptureImportTest, AFileThatCannotBeImportedIsKnownBeforeAnythingIsWritten) {
  const std::string good = "1700000000001 {}\n";
  EXPECT_EQ(ImportTexts({good, "a letter\n"}).status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ImportTexts({good, "{\"E\":1700000000001}\n"}).status.code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ImportFiles({"/nonexistent/file"}).status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ImportTexts({"", "\n"}).status.code(), absl::StatusCode::kDataLoss);
}

TEST(CaptureImportTest, ATimeFieldWithoutJsonLinesIsWrongUsage) {
  const Imported imported =
      ImportTexts({"1700000000001 {}\n"}, {.time_field = *JsonPath::Parse("data.E")});
  EXPECT_EQ(imported.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(imported.status.message().find("--time-field: data.E"), std::string::npos);
}

TEST(CaptureImportTest, DamageInOneFileLosesNothingOfTheOthers) {
  std::string damaged = Zstd("1700000000003 {}\n");
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x10);
  const Imported imported =
      ImportTexts({Zstd("1700000000001 {}\n") + damaged, "1700000000002 {}\n1700000000004 {}\n"});
  EXPECT_EQ(imported.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(imported.lines.size(), 3U);
}

TEST(CaptureImportTest, AFullDiskEndsItAndNothingElseIsRead) {
  constexpr int kLines = 20'000;
  std::string text;
  std::mt19937_64 random(1);  // So that it does not pack well.
  for (int i = 0; i < kLines; ++i) {
    absl::StrAppend(&text, 1'700'000'000'000 + i, " {\"n\":", random(), "}\n");
  }
  const TemporaryFile source(text);
  TestDisk disk;
  disk.room = 100'000;
  RecordingWriter writer(disk.OpenOne());
  CaptureImport running({}, [](std::string_view) {});
  ASSERT_TRUE(running.Open({source.path()}).ok());
  const absl::Status status = running.Run(writer);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_LT(running.counts().written, kLines);
  EXPECT_EQ(writer.counts().lines, running.counts().written);
  EXPECT_FALSE(writer.Close().ok());
  EXPECT_EQ(disk.one().size(), 100'000U);
}

TEST(CaptureImportTest, AMalformedLineIsToldWithItsPlace) {
  const Imported imported = ImportTexts({"1700000000.1: {}\n\njunk\n1700000000.2: {}\n"});
  EXPECT_EQ(imported.told,
            Feed({"3: no line of a capture: neither a time nor a URL at the front"}));
  EXPECT_EQ(imported.lines.size(), 2U);
  EXPECT_EQ(imported.source_counts.malformed_lines, 1);
}

// --- The same records -------------------------------------------------------------------------

struct Digested {
  std::string digest;
  std::int64_t records = 0;
  friend bool operator==(const Digested&, const Digested&) = default;
};

Digested DigestOf(const Feed& feed, const EngineOptions& options) {
  CaptureReplay replay(options);
  RecordDigest digest;
  replay.set_record_watcher(
      [&](const SymbolEngine&, const RecordBuffer& record) { digest.Add(record); });
  const absl::Status played = replay.RunFeed(feed);
  EXPECT_TRUE(played.ok()) << played;
  return {digest.Hex(), digest.record_count()};
}

// The lines that tests play of one collector's recording, as a gzip file.
class CollectorImportTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    constexpr std::size_t kLines = 8'000;
    feed_ = ReadFeed(RecordedFiles(GetParam()), kLines);
    if (feed_.empty()) GTEST_SKIP() << kNoData;
    options_.emit = EmitPolicy::All();
  }

  Feed feed_;
  EngineOptions options_;
};

TEST_P(CollectorImportTest, IsReplayedToTheSameDigestAsItsSource) {
  const Imported imported = ImportTexts({Gzip(TextOf(feed_))});
  ASSERT_TRUE(imported.status.ok()) << imported.status;
  EXPECT_EQ(imported.counts.bare_snapshots, 1);
  const Digested original = DigestOf(feed_, options_);
  EXPECT_GT(original.records, 1'000);
  EXPECT_EQ(DigestOf(imported.lines, options_), original);
}

TEST_P(CollectorImportTest, IsReplayedAlikeWhenItsSnapshotsLimitIsStated) {
  const Imported imported = ImportTexts({Gzip(TextOf(feed_))}, {.snapshot_limit = 1'000});
  ASSERT_TRUE(imported.status.ok()) << imported.status;
  EXPECT_EQ(imported.counts.rest_answers, 1);
  EXPECT_EQ(imported.counts.bare_snapshots, 0);
  EXPECT_EQ(DigestOf(imported.lines, options_), DigestOf(feed_, options_));
}

INSTANTIATE_TEST_SUITE_P(Recordings, CollectorImportTest,
                         testing::Values("spot-btcusdt-2024-08-08", "spot-nexousdt-2024-07-23",
                                         "usdm-btcusdt-2023-04-04", "usdm-ethusdt-2024-08-08",
                                         "coinm-btcusd_perp-2024-08-08"),
                         [](const testing::TestParamInfo<const char*>& recording) {
                           std::string name = recording.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace thalweg
