// `thalweg verify` as a user runs it: receipts, exit statuses, rows beside those of the live run.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/replay/recorded_run.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"
#include "tools/record_comparison.h"

namespace thalweg {
namespace {

using Texts = std::vector<std::string>;

class VerifyCommandTest : public testing::Test {
 protected:
  RecordedRun Live(std::int64_t shard = 0, const std::string& symbol = "AAAUSDT") const {
    SegmentOptions segments;
    segments.folder = path_;
    segments.run = "run-1";
    segments.shard = shard;
    segments.market = "spot";
    EngineOptions options;
    options.symbols = {symbol};
    options.bucket_sizes = {"0.1", "1"};
    return {segments, options, FeedBuilder(symbol, FeedBuilder::Numbering::kSpot, 7)};
  }
  // A run that ended well; its records.
  std::int64_t RecordRun(int steps = 60) const {
    RecordedRun live = Live();
    live.Start();
    live.Run(steps);
    live.End();
    return live.records();
  }
  // What the live run would have written with --out.
  std::string LiveRows() const {
    const ProgramResult result = RunThalweg({"replay", SegmentsOf(path_).at(0), "--symbols",
                                             "AAAUSDT", "--buckets", "0.1,1", "--out", "-"});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result.out;
  }
  ProgramResult Verify(Texts options = {}) const {
    options.insert(options.begin(), {"verify", path_});
    return RunThalweg(options);
  }
  ProgramResult VerifyRows(const std::string& rows) const {
    return Verify({"--records", folder_.Write("live.csv", rows)});
  }

  const TestFolder folder_;
  const std::string path_ = folder_.PathOf("recording");
};

bool Holds(const std::string& text, const std::string& part) {
  return absl::StrContains(text, part);
}

TEST_F(VerifyCommandTest, FaultF8AGoodRecordingIsGoodAndSaysForHowManyRecords) {
  const std::int64_t records = RecordRun();
  const ProgramResult result = Verify({"--strict"});
  EXPECT_EQ(result.exit_status, 0) << result.out;
  EXPECT_TRUE(Holds(result.out, absl::StrCat("run run-1 shard 0: bit-identical for ", records,
                                             " records (4 checkpoints)\n")))
      << result.out;
  EXPECT_TRUE(result.out.ends_with("\nverified: good\n")) << result.out;
}

TEST_F(VerifyCommandTest, FaultF8ARecordingThatPartsIsBad) {
  RecordRun();
  const std::string path = SegmentsOf(path_).at(0);
  Texts lines = absl::StrSplit(RunProgram("zstdcat", {path}).out, '\n', absl::SkipEmpty());
  ASSERT_GT(lines.size(), 100u);
  std::size_t at = 100;
  while (!Holds(lines[at], "@trade")) ++at;
  const std::size_t qty = lines[at].find("\"q\":\"") + 5;
  lines[at][qty] = lines[at][qty] == '7' ? '8' : '7';
  std::filesystem::remove(path);
  folder_.Write("recording/" + std::filesystem::path(path).filename().string(),
                Zstd(absl::StrJoin(lines, "\n") + "\n"));
  const ProgramResult result = Verify();
  EXPECT_EQ(result.exit_status, 1) << result.out;
  EXPECT_TRUE(Holds(result.out, "run run-1 shard 0: parts between record 20 and record 40"))
      << result.out;
  EXPECT_TRUE(Holds(result.out, "\nverified: bad: ")) << result.out;
}

TEST_F(VerifyCommandTest, ARunThatWasKilledIsGoodAndStrictObjects) {
  RecordedRun live = Live();
  live.Start();
  live.Run(55);
  live.End(false);
  const std::string path = SegmentsOf(path_).at(0);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
  const ProgramResult result = Verify();
  EXPECT_EQ(result.exit_status, 0) << result.out;
  EXPECT_TRUE(Holds(result.out, "its end is cut")) << result.out;
  EXPECT_TRUE(Holds(result.out, "\nverified: good, but parity is not claimed for ")) << result.out;
  const ProgramResult strict = Verify({"--strict"});
  EXPECT_EQ(strict.exit_status, 1);
  EXPECT_TRUE(Holds(strict.out, "verified: bad: run run-1 shard 0: parity is not claimed whole"))
      << strict.out;
}

TEST_F(VerifyCommandTest, ACollectorsFileIsAuditedWithTheOptionsOfTheCommandLine) {
  MarketScript script;
  script.Start(300);
  const std::string path = folder_.Write("collector.txt", script.text());
  const ProgramResult result = RunThalweg({"verify", path, "--emit", "all", "--buckets", "0.1,1"});
  EXPECT_EQ(result.exit_status, 0) << result.out;
  EXPECT_TRUE(Holds(result.out,
                    "without a header: parity cannot be claimed: its options are not "
                    "recorded; 900 records made"))
      << result.out;
  EXPECT_TRUE(Holds(result.out, "bookTicker   300 of 300 equal")) << result.out;
  EXPECT_TRUE(Holds(result.out, "buckets      4 of 4 equal")) << result.out;
}

TEST_F(VerifyCommandTest, ABookTickerThatDiffersIsBad) {
  MarketScript script;
  script.Start(10);
  script.Depth();
  script.Frame("bookTicker",
               absl::StrCat("{\"u\":", script.id(),
                            R"(,"s":"DEMOUSDT","b":"1.00","B":"1","a":"9999.00","A":"1"})"));
  script.Run(10);
  const ProgramResult result = RunThalweg({"verify", folder_.Write("bad.txt", script.text())});
  EXPECT_EQ(result.exit_status, 1) << result.out;
  EXPECT_TRUE(Holds(result.out, "  DEMOUSDT: DIFFERS\n")) << result.out;
  EXPECT_TRUE(Holds(result.out, "verified: bad: DEMOUSDT: an audit differs")) << result.out;
}

// Killed right after a rotation: the newest file is empty, or has no whole line.
TEST_F(VerifyCommandTest, FaultF3AFileThatEndsBeforeItsHeaderIsGoodAndStrictObjects) {
  RecordRun();
  folder_.Write("recording/99991231T235959.0Z-s0-000099.zst", "");
  const ProgramResult empty = Verify({"--strict"});
  EXPECT_EQ(empty.exit_status, 1) << empty.out;
  EXPECT_TRUE(Holds(empty.out, "1 empty files")) << empty.out;
  folder_.Write("recording/99991231T235959.0Z-s0-000099.zst",
                Zstd("1 #thalweg 1 {}\n").substr(0, 9));
  const ProgramResult cut = Verify({"--strict"});
  EXPECT_EQ(cut.exit_status, 1) << cut.out;
  EXPECT_TRUE(Holds(cut.out, "1 files whose end is cut")) << cut.out;
  EXPECT_EQ(Verify().exit_status, 0);
}

TEST_F(VerifyCommandTest, AGapThatWasHealedIsBadOnlyToStrict) {
  MarketScript script;
  script.Start(10);
  script.LoseDepth();
  script.Depth();
  script.RestSnapshot();
  script.Run(10);
  const std::string path = folder_.Write("gap.txt", script.text());
  EXPECT_EQ(RunThalweg({"verify", path}).exit_status, 0);
  const ProgramResult strict = RunThalweg({"verify", path, "--strict"});
  EXPECT_EQ(strict.exit_status, 1);
  EXPECT_TRUE(Holds(strict.out, "DEMOUSDT: 1 sequence gap")) << strict.out;
}

TEST_F(VerifyCommandTest, WhatCannotBeReadIsStatusThree) {
  EXPECT_EQ(RunThalweg({"verify", folder_.PathOf("absent")}).exit_status, 3);
  std::filesystem::create_directory(path_);
  const ProgramResult empty = Verify();
  EXPECT_EQ(empty.exit_status, 3);
  EXPECT_TRUE(Holds(empty.err, "no segment (*.zst) is in this folder")) << empty.err;
  RecordRun();
  EXPECT_EQ(Verify({"--records", folder_.PathOf("absent.csv")}).exit_status, 3);
  EXPECT_EQ(Verify({"--emit", "never"}).exit_status, 2);
}

TEST_F(VerifyCommandTest, FaultF7ARecordingThatMakesNoRecordIsNotGood) {
  MarketScript without_snapshot;
  without_snapshot.Run(20);
  for (const std::string& text : {std::string(), without_snapshot.text()}) {
    const ProgramResult result = RunThalweg({"verify", folder_.Write("nothing.txt", text)});
    EXPECT_EQ(result.exit_status, 1) << result.out;
    EXPECT_TRUE(Holds(result.out, "verified: bad: no event was applied to a book")) << result.out;
  }
}

// --- Rows beside those of the live run -----------------------------------------------------------

TEST_F(VerifyCommandTest, EqualRowsAreSaidToBe) {
  const std::int64_t records = RecordRun();
  const ProgramResult result = VerifyRows(LiveRows());
  EXPECT_EQ(result.exit_status, 0) << result.out;
  EXPECT_TRUE(Holds(result.out, absl::StrCat("rows: all ", records, " are equal\n"))) << result.out;
}

TEST_F(VerifyCommandTest, TheFirstDifferenceIsNamedByRecordColumnAndBothValues) {
  RecordRun();
  const std::string live = LiveRows();
  const Texts rows = absl::StrSplit(live, '\n', absl::SkipEmpty());
  const Texts columns = absl::StrSplit(rows[0], ',');
  for (const std::size_t row : {std::size_t{1}, std::size_t{17}, rows.size() - 1}) {
    for (std::size_t column = 0; column < columns.size(); column += 7) {
      Texts changed = rows;
      Texts fields = absl::StrSplit(changed[row], ',');
      const std::string value = fields[column];
      fields[column] = value == "42" ? "43" : "42";
      const std::string other = fields[column];
      changed[row] = absl::StrJoin(fields, ",");
      const ProgramResult result = VerifyRows(absl::StrJoin(changed, "\n") + "\n");
      EXPECT_EQ(result.exit_status, 1);
      EXPECT_TRUE(Holds(
          result.out, absl::StrCat("rows: record ", row, ": ", columns[column], " is ", other,
                                   " in ", folder_.PathOf("live.csv"), " and ", value, " here\n")))
          << result.out;
    }
  }
}

TEST_F(VerifyCommandTest, MoreOrFewerRowsAreCounted) {
  const std::int64_t records = RecordRun();
  Texts rows = absl::StrSplit(LiveRows(), '\n', absl::SkipEmpty());
  rows.push_back(rows.back());
  const ProgramResult more = VerifyRows(absl::StrJoin(rows, "\n") + "\n");
  EXPECT_EQ(more.exit_status, 1);
  EXPECT_TRUE(Holds(more.out, absl::StrCat("rows: the file has ", records + 1, ", and ", records,
                                           " records were made\n")))
      << more.out;
  rows.resize(rows.size() - 3);
  const ProgramResult fewer = VerifyRows(absl::StrJoin(rows, "\n") + "\n");
  EXPECT_EQ(fewer.exit_status, 1);
  EXPECT_TRUE(Holds(fewer.out, absl::StrCat("rows: the file has ", records - 2, ", and ", records,
                                            " records were made\n")))
      << fewer.out;
  EXPECT_TRUE(Holds(VerifyRows("").out, "column 1 is '' in"));
}

TEST_F(VerifyCommandTest, TheColumnsMustBeThoseOfTheCatalogue) {
  RecordRun();
  const std::string rows = absl::StrReplaceAll(LiveRows(), {{",mid,", ",middle,"}});
  const ProgramResult result = VerifyRows(rows);
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Holds(result.out, "is 'middle' in ")) << result.out;
  EXPECT_TRUE(Holds(result.out, "and 'mid' in the catalogue")) << result.out;
  // A column more, a value more.
  EXPECT_EQ(VerifyRows(absl::StrReplaceAll(LiveRows(), {{"\n", ",\n"}})).exit_status, 1);
  EXPECT_EQ(VerifyRows(absl::StrReplaceAll(LiveRows(), {{"\n", ",1\n"}})).exit_status, 1);
}

TEST_F(VerifyCommandTest, ARowBeyondItsBoundIsNoRow) {
  RecordRun();
  const std::string live = LiveRows();
  const std::string header = live.substr(0, live.find('\n') + 1);
  const ProgramResult result = VerifyRows(header + std::string(kRowBytesMax, '1') + "\n");
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_TRUE(Holds(result.err, "row 1 is longer than 65536 bytes")) << result.err;
}

TEST_F(VerifyCommandTest, RowsAreThoseOfOneShard) {
  RecordRun();
  const std::string rows = LiveRows();
  RecordedRun other = Live(1, "BBBUSDT");
  other.Start();
  other.Run(5);
  other.End();
  const ProgramResult result = VerifyRows(rows);
  EXPECT_EQ(result.exit_status, 2) << result.out;
  EXPECT_TRUE(Holds(result.err, "name the segments of one")) << result.err;
}

}  // namespace
}  // namespace thalweg
