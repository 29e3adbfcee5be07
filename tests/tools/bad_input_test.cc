// Input of every bad kind: what the program exits with, what it says (file, place, symbol, reason),
// and that nothing good before or after the fault is lost.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/quality_bits.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using testing::Test;

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Whether one line of a text holds all the parts.
bool HasLine(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& line : SplitText(text, '\n')) {
    bool all = true;
    for (const std::string& part : parts) all = all && Holds(line, part);
    if (all) return true;
  }
  return false;
}

class BadInputTest : public Test {
 protected:
  struct Replayed {
    ProgramResult result;
    CsvTable table;
  };

  Replayed Replay(std::vector<std::string> arguments) const {
    const std::string out = folder_.PathOf("out.csv");
    arguments.insert(arguments.begin(), "replay");
    arguments.insert(arguments.end(), {"--out", out});
    ProgramResult result = RunThalweg(arguments);
    return {std::move(result), CsvTable(ReadWholeFile(out))};
  }

  Replayed ReplayText(const std::string& text, std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), folder_.Write("recording.txt", text));
    return Replay(std::move(arguments));
  }

  // "<path>:<line>: "
  std::string At(const std::string& name, std::size_t line) const {
    return folder_.PathOf(name) + ":" + std::to_string(line) + ": ";
  }

  TestFolder folder_;
};

// --- Files -------------------------------------------------------------------------------------

TEST_F(BadInputTest, AGzipFileWhoseEndIsCutIsAWarningAndItsWholeLinesAreUsed) {
  MarketScript script;
  script.Start(400);
  const std::string packed = Gzip(script.text());
  const std::string path = folder_.Write("cut.gz", packed.substr(0, packed.size() - 300));
  const Replayed lax = Replay({path});
  EXPECT_EQ(lax.result.exit_status, 0) << lax.result.err;
  EXPECT_TRUE(HasLine(lax.result.err, {path, "its end is cut", "at byte ", "gzip"}));
  EXPECT_GT(lax.table.row_count(), 300U);
  EXPECT_LT(lax.table.row_count(), 400U);

  const Replayed strict = Replay({path, "--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(HasLine(strict.result.err, {"--strict", "1 cut files"}));
  EXPECT_EQ(strict.table.row_count(), lax.table.row_count());
}

TEST_F(BadInputTest, AZstdFileWhoseEndIsCutIsAWarningAndItsWholeFramesAreUsed) {
  MarketScript script;
  script.Start(100);
  const std::string first = Zstd(script.text());
  const std::size_t lines_before = script.lines().size();
  script.Run(100);
  const std::vector<std::string> later(
      script.lines().begin() + static_cast<std::ptrdiff_t>(lines_before), script.lines().end());
  const std::string second = Zstd(JoinLines(later));
  const std::string path = folder_.Write("cut.zst", first + second.substr(0, second.size() - 20));
  const Replayed lax = Replay({path});
  EXPECT_EQ(lax.result.exit_status, 0) << lax.result.err;
  EXPECT_TRUE(HasLine(lax.result.err, {path, "its end is cut", "at byte ", "zstd"}));
  EXPECT_GE(lax.table.row_count(), 100U);
  EXPECT_LE(lax.table.row_count(), 200U);
  EXPECT_EQ(Replay({path, "--strict"}).result.exit_status, 1);
}

TEST_F(BadInputTest, AGzipFileDamagedBeforeItsEndEndsWithStatusThree) {
  MarketScript script;
  script.Start(400);
  const std::string good = Gzip(script.text());
  MarketScript other;
  other.Run(400);
  const std::string damaged = Gzip(other.text());
  const std::string path =
      folder_.Write("flipped.gz", good + WithFlippedBit(damaged, damaged.size() / 2) + good);
  const Replayed replayed = Replay({path});
  EXPECT_EQ(replayed.result.exit_status, 3);
  EXPECT_TRUE(HasLine(replayed.result.err, {path, "at byte ", "gzip: ", "good lines before it"}));
  EXPECT_GE(replayed.table.row_count(), 400U);
}

TEST_F(BadInputTest, AZstdFileDamagedBeforeItsEndEndsWithStatusThree) {
  MarketScript script;
  script.Start(50);
  const std::string good = Zstd(script.text());
  const std::string damaged = WithFlippedBit(good, good.size() / 2);
  const std::string path = folder_.Write("flipped.zst", good + damaged + good);
  const Replayed replayed = Replay({path});
  EXPECT_EQ(replayed.result.exit_status, 3);
  EXPECT_TRUE(HasLine(replayed.result.err, {path, "at byte " + std::to_string(good.size()),
                                            "no good zstd frame", "151 good lines before it"}));
  EXPECT_EQ(replayed.table.row_count(), 50U);
}

TEST_F(BadInputTest, SalvageGoesOnBehindADamagedZstdFrameAndFlagsTheLoss) {
  MarketScript script;
  script.Start(50);
  const std::string first = Zstd(script.text());
  script.lines().clear();
  script.Run(20);
  const std::string second = Zstd(script.text());
  script.lines().clear();
  script.Snapshot();
  script.Run(50);
  const std::string third = Zstd(script.text());
  const std::string path =
      folder_.Write("hole.zst", first + WithFlippedBit(second, second.size() / 2) + third);
  const Replayed replayed = Replay({path, "--salvage"});
  EXPECT_EQ(replayed.result.exit_status, 0) << replayed.result.err;
  EXPECT_TRUE(HasLine(replayed.result.err,
                      {path, "damage stepped over", "at byte " + std::to_string(first.size())}));
  ASSERT_EQ(replayed.table.row_count(), 100U) << replayed.result.err;
  EXPECT_EQ(replayed.table.Flags(49) & kDroppedInput, 0U);
  for (std::size_t row = 50; row < 100; ++row) {
    EXPECT_NE(replayed.table.Flags(row) & kDroppedInput, 0U) << row;
    EXPECT_EQ(replayed.table.Flags(row) & kBookInvalid, 0U) << row;
  }
  const Replayed strict = Replay({path, "--salvage", "--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(Holds(strict.result.err, "1 damaged places"));
}

TEST_F(BadInputTest, SalvageStepsOverDamageAtTheBeginningToo) {
  MarketScript script;
  script.Start(20);
  const std::string good = Zstd(script.text());
  const std::string path = folder_.Write("hole.zst", WithFlippedBit(good, good.size() / 2) + good);
  EXPECT_EQ(Replay({path}).result.exit_status, 3);
  const Replayed replayed = Replay({path, "--salvage"});
  EXPECT_EQ(replayed.result.exit_status, 0);
  EXPECT_TRUE(HasLine(replayed.result.err, {path, "damage stepped over", "at byte 0"}));
  EXPECT_EQ(replayed.table.row_count(), 20U);
}

TEST_F(BadInputTest, AnEmptyFileIsToldAndIsNoFrameAtAll) {
  const Replayed lax = ReplayText("");
  EXPECT_EQ(lax.result.exit_status, 0);
  EXPECT_TRUE(HasLine(lax.result.err, {folder_.PathOf("recording.txt"), "holds no line"}));
  EXPECT_EQ(lax.table.row_count(), 0U);
  const Replayed strict = ReplayText("", {"--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(Holds(strict.result.err, "no frame at all"));
}

TEST_F(BadInputTest, AFileOfNewlinesAloneIsLikeAnEmptyOne) {
  const Replayed lax = ReplayText("\n\n\r\n\n");
  EXPECT_EQ(lax.result.exit_status, 0);
  EXPECT_TRUE(HasLine(lax.result.err, {folder_.PathOf("recording.txt"), "holds no line"}));
  EXPECT_EQ(ReplayText("\n\n", {"--strict"}).result.exit_status, 1);
}

TEST_F(BadInputTest, AFileInWhichNothingIsALineOfARecordingEndsWithStatusThree) {
  std::string junk;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) junk += static_cast<char>(random() % 256);
  junk[0] = '\x7f';  // No magic number of a packed file.
  const Replayed binary = ReplayText(junk);
  EXPECT_EQ(binary.result.exit_status, 3);
  const std::string path = folder_.PathOf("recording.txt");
  EXPECT_TRUE(HasLine(binary.result.err, {path, "nothing in it is a line of a recording"}));
  EXPECT_TRUE(HasLine(binary.result.err, {At("recording.txt", 1), "no receive time"}));

  const Replayed prose = ReplayText("Dear reader,\nthis is a letter.\n");
  EXPECT_EQ(prose.result.exit_status, 3);
  EXPECT_TRUE(HasLine(prose.result.err, {path, "nothing in it is a line of a recording"}));
}

TEST_F(BadInputTest, AMissingFileIsNamedBeforeAnyWorkIsDone) {
  MarketScript script;
  script.Start(5);
  const std::string good = folder_.Write("good.txt", script.text());
  const std::string missing = folder_.PathOf("missing.gz");
  const Replayed replayed = Replay({good, missing});
  EXPECT_EQ(replayed.result.exit_status, 3);
  EXPECT_TRUE(HasLine(replayed.result.err, {missing, "No such file"}));
}

TEST_F(BadInputTest, AFolderIsNoRecording) {
  const std::string path = folder_.PathOf("folder");
  std::filesystem::create_directory(path);
  const Replayed replayed = Replay({path});
  EXPECT_EQ(replayed.result.exit_status, 3);
  EXPECT_TRUE(HasLine(replayed.result.err, {path, "directory"}));
}

TEST_F(BadInputTest, FaultF6ARecordingOfAnUnknownFormatVersionIsReadByNoCommand) {
  MarketScript script;
  script.Hash(R"(#thalweg 2 {"run":"x"})");
  script.Start(10);
  const std::string path = folder_.Write("recording.txt", script.text());
  const std::string made = folder_.PathOf("made.zst");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"replay", path, "--digest"},
        {"info", path},
        {"bench", path},
        {"import", path, "--out", made},
        {"export", path, "--out", folder_.PathOf("made.gz")}}) {
    const ProgramResult result = RunThalweg(command);
    EXPECT_EQ(result.exit_status, 3) << command.front();
    EXPECT_TRUE(HasLine(result.err, {At("recording.txt", 1), "version 2"}))
        << command.front() << ": " << result.err;
  }
  EXPECT_FALSE(std::filesystem::exists(made));

  // What stands before it is used.
  MarketScript later;
  later.Start(10);
  later.Hash(R"(#thalweg 2 {"run":"x"})");
  later.Run(10);
  const Replayed replayed = ReplayText(later.text());
  EXPECT_EQ(replayed.result.exit_status, 3);
  EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", 32), "version 2"}));
  EXPECT_EQ(replayed.table.row_count(), 10U);
}

TEST_F(BadInputTest, AMalformedLineAmongGoodOnesIsToldAndSteppedOver) {
  MarketScript script;
  script.Start(10);
  script.Line("garbage in the middle");
  script.Line("1732154400000000000");
  script.Line("99999999999999999999999 {}");
  script.Run(10);
  const Replayed lax = ReplayText(script.text());
  EXPECT_EQ(lax.result.exit_status, 0);
  EXPECT_TRUE(HasLine(lax.result.err, {At("recording.txt", 32), "no receive time"}));
  EXPECT_TRUE(HasLine(lax.result.err, {At("recording.txt", 33), "no blank"}));
  EXPECT_TRUE(HasLine(lax.result.err, {At("recording.txt", 34), "19 digits"}));
  EXPECT_EQ(lax.table.row_count(), 20U);
  const Replayed strict = ReplayText(script.text(), {"--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(Holds(strict.result.err, "3 malformed lines"));
}

// --- Books -------------------------------------------------------------------------------------

TEST_F(BadInputTest, FaultF7ARecordingWithoutASnapshotNeverSynchronisesAndSaysSo) {
  MarketScript script;
  script.Run(30);
  const Replayed lax = ReplayText(script.text());
  EXPECT_EQ(lax.result.exit_status, 0);
  EXPECT_TRUE(HasLine(lax.result.err, {"DEMOUSDT", "never synchronised"}));
  EXPECT_EQ(lax.table.row_count(), 0U);
  EXPECT_GT(lax.table.header().size(), 6U);
  const Replayed strict = ReplayText(script.text(), {"--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(HasLine(strict.result.err, {"--strict", "DEMOUSDT never synchronised at the end"}));
}

TEST_F(BadInputTest, AFileThatNeverSynchronisedBeforeAnotherRunIsAnObjection) {
  MarketScript without_snapshot;
  without_snapshot.Run(30);
  MarketScript run({"OTHERUSDT", "otherusdt"});
  run.Hash(R"(#thalweg 1 {"run":"a","symbols":["OTHERUSDT"]})");
  run.Start(3);
  const std::vector<std::string> paths{folder_.Write("one.txt", without_snapshot.text()),
                                       folder_.Write("two.txt", run.text())};
  EXPECT_EQ(Replay({paths[1], "--strict"}).result.exit_status, 0);
  const Replayed strict = Replay({paths[0], paths[1], "--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(HasLine(strict.result.err, {"--strict", "DEMOUSDT not live at the end of its run"}))
      << strict.result.err;
}

MarketScript ScriptWithAGap() {
  MarketScript script;
  script.Start(10);
  script.LoseDepth();
  script.Run(5);
  script.Snapshot();
  script.Run(10);
  return script;
}

TEST_F(BadInputTest, AGapBlanksTheBookUntilANewSnapshot) {
  const MarketScript script = ScriptWithAGap();
  const Replayed replayed = ReplayText(script.text(), {"--emit", "all"});
  EXPECT_EQ(replayed.result.exit_status, 0);
  EXPECT_TRUE(HasLine(replayed.result.err,
                      {At("recording.txt", 32), "DEMOUSDT", "gap: book at 1040", "1045"}));
  std::size_t invalid = 0;
  std::vector<std::size_t> first_rows;
  const CsvTable& table = replayed.table;
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    const std::uint64_t flags = table.Flags(row);
    EXPECT_EQ((flags & kBookInvalid) != 0, (flags & kResyncing) != 0) << row;
    EXPECT_EQ((flags & kBookInvalid) != 0, std::isnan(table.Number(row, "best_bid"))) << row;
    EXPECT_FALSE(std::isnan(table.Number(row, "touch_bid")) && row > 1) << row;
    if ((flags & kFirstAfterResync) != 0) first_rows.push_back(row);
    if ((flags & kBookInvalid) == 0) continue;
    ++invalid;
    EXPECT_EQ(table.Text(row, "update_id"), "1040") << row;
    EXPECT_NE(table.Text(row, "trigger"), "depth") << row;
  }
  EXPECT_EQ(invalid, 10U);  // Five tickers, five trades.
  ASSERT_EQ(first_rows.size(), 2U);
  EXPECT_EQ(first_rows[0], 0U);
  EXPECT_EQ(table.Text(first_rows[1], "trigger"), "depth");

  const Replayed strict = ReplayText(script.text(), {"--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(Holds(strict.result.err, "1 gaps"));
}

TEST_F(BadInputTest, AServedGapGoesOnWithTheOldBookFlaggedResyncing) {
  const MarketScript script = ScriptWithAGap();
  const Replayed replayed = ReplayText(script.text(), {"--on-gap", "serve"});
  EXPECT_EQ(replayed.result.exit_status, 0);
  const CsvTable& table = replayed.table;
  ASSERT_EQ(table.row_count(), 25U);
  for (std::size_t row = 0; row < 25; ++row) {
    const bool resyncing = row >= 10 && row < 15;
    EXPECT_EQ((table.Flags(row) & kResyncing) != 0, resyncing) << row;
    EXPECT_EQ(table.Flags(row) & kBookInvalid, 0U) << row;
    EXPECT_FALSE(std::isnan(table.Number(row, "best_bid"))) << row;
    EXPECT_EQ((table.Flags(row) & kFirstAfterResync) != 0, row == 0 || row == 15) << row;
  }
}

TEST_F(BadInputTest, DuplicateAndReorderedFramesAreNoDefects) {
  MarketScript script;
  script.Start(10);
  const std::string clean = script.text();
  std::vector<std::string> lines = script.lines();
  lines.push_back(lines[4]);   // The depth frame of the second step.
  lines.push_back(lines[5]);   // Its ticker.
  lines.push_back(lines[6]);   // Its trade.
  lines.push_back(lines[28]);  // The newest depth frame.
  const Replayed reference = ReplayText(clean, {"--strict"});
  const Replayed repeated = ReplayText(JoinLines(lines), {"--strict"});
  EXPECT_EQ(repeated.result.exit_status, 0) << repeated.result.err;
  EXPECT_TRUE(Holds(repeated.result.err, "2 stale, 0 gaps"));
  ASSERT_EQ(repeated.table.row_count(), reference.table.row_count());
}

TEST_F(BadInputTest, TwoDepthFramesThatChangedPlacesAreAGap) {
  MarketScript script;
  script.Start(10);
  std::swap(script.lines()[10], script.lines()[13]);  // Two depth frames.
  const Replayed replayed = ReplayText(script.text(), {"--strict"});
  EXPECT_EQ(replayed.result.exit_status, 1);
  EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", 11), "DEMOUSDT: gap"}));
  EXPECT_EQ(replayed.table.row_count(), 3U);
}

// --- Numbers -----------------------------------------------------------------------------------

TEST_F(BadInputTest, APriceOffAGivenTickRefinesItAndIsNoDefect) {
  MarketScript script;
  script.Start(10);
  script.DepthOf(R"(["999.98500000","2.00000000"])", "");
  script.Depth();
  const Replayed replayed =
      ReplayText(script.text(), {"--strict", "--instrument", "DEMOUSDT:0.01:0.00001"});
  EXPECT_EQ(replayed.result.exit_status, 0) << replayed.result.err;
  EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", 32), "DEMOUSDT", "0.005"}));
  const CsvTable& table = replayed.table;
  ASSERT_EQ(table.row_count(), 12U);
  EXPECT_EQ(table.Flags(9) & kInstrumentInferred, 0U);
  EXPECT_NE(table.Flags(10) & kInstrumentInferred, 0U);
  EXPECT_NE(table.Flags(11) & kInstrumentInferred, 0U);
  // The same spread, in ticks of half the size.
  EXPECT_EQ(table.Number(9, "best_bid"), table.Number(10, "best_bid"));
  EXPECT_EQ(2 * table.Number(9, "spread_ticks"), table.Number(10, "spread_ticks"));
}

class MalformedNumberTest : public BadInputTest, public testing::WithParamInterface<const char*> {};

TEST_P(MalformedNumberTest, InADepthFrameItLosesTheBookUntilANewSnapshot) {
  MarketScript script;
  script.Start(10);
  const std::string number = GetParam();
  script.DepthOf("[\"999.50000000\",\"" + number + "\"]", "");
  script.Run(2);
  script.Snapshot();
  script.Run(3);
  const Replayed replayed = ReplayText(script.text(), {"--emit", "all"});
  EXPECT_EQ(replayed.result.exit_status, 0);
  EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", 32), "DEMOUSDT: malformed frame"}))
      << replayed.result.err;
  const CsvTable& table = replayed.table;
  ASSERT_EQ(table.row_count(), 30U + 4U + 9U);
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    EXPECT_EQ((table.Flags(row) & kBookInvalid) != 0, row >= 30 && row < 34) << row;
  }
  const Replayed strict = ReplayText(script.text(), {"--strict"});
  EXPECT_EQ(strict.result.exit_status, 1);
  EXPECT_TRUE(HasLine(strict.result.err, {"--strict", "malformed frames"}));
}

TEST_P(MalformedNumberTest, AsAPriceOfADepthFrameItLosesTheBook) {
  MarketScript script;
  script.Start(4);
  script.DepthOf("", "[\"" + std::string(GetParam()) + "\",\"1.00000000\"]");
  script.Run(2);
  const Replayed replayed = ReplayText(script.text());
  EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", 14), "DEMOUSDT: malformed frame"}));
  EXPECT_TRUE(HasLine(replayed.result.err, {"DEMOUSDT", "resyncing"}));
  EXPECT_EQ(replayed.table.row_count(), 4U);
}

TEST_P(MalformedNumberTest, InATradeOrATickerItIsDroppedAndTheBookGoesOn) {
  MarketScript script;
  script.Start(10);
  script.TradeOf(GetParam(), "1.00000000");
  script.TradeOf("1000.00000000", GetParam());
  script.Frame("bookTicker", std::string(R"({"u":1040,"s":"DEMOUSDT","b":")") + GetParam() +
                                 R"(","B":"1.0","a":"1000.01000000","A":"1.0"})");
  script.Run(5);
  const Replayed replayed = ReplayText(script.text(), {"--emit", "all"});
  EXPECT_EQ(replayed.result.exit_status, 0);
  for (const std::size_t line : {32U, 33U, 34U}) {
    EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", line), "malformed frame"}))
        << line;
  }
  ASSERT_EQ(replayed.table.row_count(), 45U);
  for (std::size_t row = 0; row < 45; ++row) {
    EXPECT_EQ(replayed.table.Flags(row) & kBookInvalid, 0U) << row;
  }
  EXPECT_EQ(ReplayText(script.text(), {"--strict"}).result.exit_status, 1);
}

INSTANTIATE_TEST_SUITE_P(Numbers, MalformedNumberTest,
                         testing::Values("123456789012345678901234567890", "-1.00000000", "1e3",
                                         "NaN", "Infinity", "+1.0", "0x10", "1.000000001", "",
                                         " 1.0", "1,5", "1.2.3"));

// --- Snapshots ---------------------------------------------------------------------------------

struct BadSnapshot {
  const char* name;
  const char* bids;
  const char* asks;
  const char* reason;
};

class BadSnapshotTest : public BadInputTest, public testing::WithParamInterface<BadSnapshot> {};

TEST_P(BadSnapshotTest, FaultS6IsRefusedAndTheBookStaysUnsynchronisedUntilAGoodOne) {
  MarketScript script;
  script.Depth();
  script.Payload(R"({"lastUpdateId":1004,"bids":[)" + std::string(GetParam().bids) +
                 R"(],"asks":[)" + GetParam().asks + "]}");
  script.Run(5);
  const Replayed without = ReplayText(script.text());
  EXPECT_EQ(without.result.exit_status, 0);
  EXPECT_TRUE(HasLine(without.result.err,
                      {At("recording.txt", 2), "DEMOUSDT", "snapshot", GetParam().reason}))
      << without.result.err;
  EXPECT_TRUE(HasLine(without.result.err, {"DEMOUSDT", "never synchronised"}));
  EXPECT_EQ(without.table.row_count(), 0U);
  EXPECT_EQ(ReplayText(script.text(), {"--strict"}).result.exit_status, 1);

  script.Snapshot();
  script.Run(5);
  const Replayed with = ReplayText(script.text());
  EXPECT_TRUE(HasLine(with.result.err, {"DEMOUSDT: live"})) << with.result.err;
  EXPECT_EQ(with.table.row_count(), 5U);
}

INSTANTIATE_TEST_SUITE_P(
    Snapshots, BadSnapshotTest,
    testing::Values(BadSnapshot{"Crossed", R"(["1000.02","1.0"])", R"(["1000.01","1.0"])",
                                "best bid is not below the best ask"},
                    BadSnapshot{"Locked", R"(["1000.01","1.0"])", R"(["1000.01","1.0"])",
                                "best bid is not below the best ask"},
                    BadSnapshot{"Unsorted", R"(["999.98","1.0"],["999.99","1.0"])",
                                R"(["1000.01","1.0"])", "not in order"},
                    BadSnapshot{"Doubled", R"(["999.99","1.0"],["999.99","2.0"])",
                                R"(["1000.01","1.0"])", "stands twice"},
                    BadSnapshot{"ZeroQty", R"(["999.99","0.00000000"])", R"(["1000.01","1.0"])",
                                "quantity zero"},
                    BadSnapshot{"Malformed", R"(["999.99","-1.0"])", R"(["1000.01","1.0"])",
                                "malformed"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(BadInputTest, ABareSnapshotBesideASecondSymbolIsRefused) {
  MarketScript one;
  MarketScript two({"OTHERUSDT", "otherusdt"});
  one.Start(3);
  two.Run(3);
  one.Snapshot();
  std::vector<std::string> lines = one.lines();
  lines.insert(lines.end() - 1, two.lines().begin(), two.lines().end());
  const Replayed replayed = ReplayText(JoinLines(lines));
  EXPECT_EQ(replayed.result.exit_status, 0);
  EXPECT_TRUE(HasLine(replayed.result.err, {At("recording.txt", 20), "snapshot", "names no symbol",
                                            "refused", "--symbols"}))
      << replayed.result.err;
  EXPECT_TRUE(HasLine(replayed.result.err, {"OTHERUSDT: never synchronised"}));
  EXPECT_TRUE(HasLine(replayed.result.err, {"DEMOUSDT: live"}));
  EXPECT_EQ(replayed.table.row_count(), 3U);
}

// --- Times -------------------------------------------------------------------------------------

TEST_F(BadInputTest, AnExchangeTimeYearsAheadIsNotBelievedAndLaterFramesAreFine) {
  MarketScript script;
  script.Start(5);
  MarketScript future = script;
  future.Pass(3LL * 365 * 24 * 3600 * 1000);
  future.Trade();
  // The frame says years ahead; its receive time is of today.
  const std::string payload = future.lines().back().substr(future.lines().back().find(' ') + 1);
  script.Payload(payload);
  script.Run(1);
  script.Run(4);
  const Replayed replayed = ReplayText(script.text());
  EXPECT_EQ(replayed.result.exit_status, 0);
  EXPECT_TRUE(HasLine(replayed.result.err,
                      {At("recording.txt", 17), "DEMOUSDT: exchange time", "not believed"}))
      << replayed.result.err;
  ASSERT_EQ(replayed.table.row_count(), 10U);
  for (std::size_t row = 0; row < 10; ++row) {
    EXPECT_EQ(replayed.table.Integer(row, "event_ns"),
              (MarketScript::kFirstMs + 100 * static_cast<std::int64_t>(row + 1)) * 1'000'000);
    EXPECT_EQ(replayed.table.Flags(row) & kStaleDepth, 0U) << row;
  }
  EXPECT_EQ(ReplayText(script.text(), {"--strict"}).result.exit_status, 0);
}

// --- Frames ------------------------------------------------------------------------------------

TEST_F(BadInputTest, AFrameTooBrokenToNameItsStreamIsCountedAndTheBookGoesOn) {
  MarketScript script;
  script.Start(5);
  script.Payload(R"({"stream":"demousdt@depth@1)");
  script.Payload("[[[[[");
  script.Run(5);
  const Replayed lax = ReplayText(script.text());
  EXPECT_EQ(lax.result.exit_status, 0);
  EXPECT_TRUE(HasLine(lax.result.err, {At("recording.txt", 17), "broken"})) << lax.result.err;
  EXPECT_EQ(lax.table.row_count(), 10U);
  EXPECT_EQ(ReplayText(script.text(), {"--strict"}).result.exit_status, 1);
}

TEST_F(BadInputTest, MessagesOfOneKindAreToldAFewTimesAndThenCounted) {
  MarketScript script;
  script.Start(2);
  for (int i = 0; i < 50; ++i) script.TradeOf("x", "1.0");
  const Replayed replayed = ReplayText(script.text());
  EXPECT_EQ(replayed.result.exit_status, 0);
  EXPECT_LT(LinesOf(replayed.result.err).size(), 20U);
  EXPECT_TRUE(HasLine(replayed.result.err, {"42 more messages like these"}));
}

TEST_F(BadInputTest, WhatConcernsAFileIsToldHoweverManyOfItsLinesAreMalformed) {
  MarketScript script;
  for (int i = 0; i < 50; ++i) script.Line("garbage");
  script.Start(400);
  const std::string packed = Gzip(script.text());
  const std::string cut = folder_.Write("cut.gz", packed.substr(0, packed.size() - 300));
  const std::string early = folder_.Write("early.txt", script.text());
  const std::string damaged =
      folder_.Write("damaged.zst", Zstd(script.text()) + WithFlippedBit(Zstd(script.text()), 200) +
                                       Zstd(script.text()));
  const ProgramResult result = RunThalweg({"replay", cut, early, damaged, "--salvage"});
  EXPECT_TRUE(HasLine(result.err, {cut, "its end is cut"})) << result.err;
  EXPECT_TRUE(HasLine(result.err, {early, "starts before"})) << result.err;
  EXPECT_TRUE(HasLine(result.err, {damaged, "damage stepped over"})) << result.err;
  EXPECT_TRUE(HasLine(result.err, {"more messages like these"}));
}

TEST_F(BadInputTest, UnknownStreamsAreNoDefects) {
  MarketScript script;
  script.Start(5);
  script.Frame("markPrice@1s", R"({"e":"markPriceUpdate","E":1732154400500,"s":"DEMOUSDT"})");
  script.Payload(R"({"result":null,"id":1})");
  script.Run(5);
  const Replayed replayed = ReplayText(script.text(), {"--strict"});
  EXPECT_EQ(replayed.result.exit_status, 0) << replayed.result.err;
  EXPECT_EQ(replayed.table.row_count(), 10U);
}

}  // namespace
}  // namespace thalweg
