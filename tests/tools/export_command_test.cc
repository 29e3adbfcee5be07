// `thalweg export`: what it makes of recordings, and every way in which it refuses.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ExportCommandTest : public testing::Test {
 protected:
  ProgramResult Export(std::vector<std::string> arguments,
                       const ProgramSurroundings& surroundings = {}) const {
    arguments.insert(arguments.begin(), "export");
    return RunThalweg(arguments, surroundings);
  }
  std::string Record(const MarketScript& script) const {
    return folder_.Write("recording.txt", script.text());
  }
  static MarketScript TwoSymbols() {
    MarketScript script(MarketScript::Names{"AAAUSDT", "aaausdt"});
    MarketScript other(MarketScript::Names{"BBBUSDT", "bbbusdt"});
    script.RestSnapshot();
    other.RestSnapshot();
    script.Run(5);
    other.Run(10);
    script.lines().insert(script.lines().end(), other.lines().begin(), other.lines().end());
    return script;
  }

  TestFolder folder_;
};

TEST_F(ExportCommandTest, WhatIsExportedIsReplayedToTheSameDigest) {
  MarketScript script;
  script.Hash("#conn 1 open wss://x.y/stream?streams=demousdt@depth");
  script.RestSnapshot();
  script.Run(50);
  const std::string recording = Record(script);
  const std::string out = folder_.PathOf("demousdt.gz");
  const ProgramResult exported = Export({recording, "--out", out});
  EXPECT_EQ(exported.exit_status, 0) << exported.err;
  EXPECT_TRUE(Holds(exported.err, "150 frames, 1 snapshots")) << exported.err;
  EXPECT_TRUE(Holds(exported.err, "1 # lines left out"));
  EXPECT_EQ(ReadWholeFile(out).substr(0, 2), "\x1f\x8b");
  const ProgramResult original =
      RunThalweg({"replay", recording, "--emit", "all", "--digest", "--strict"});
  EXPECT_TRUE(Holds(original.out, "records 15")) << original.out;
  EXPECT_EQ(RunThalweg({"replay", out, "--emit", "all", "--digest", "--strict"}).out, original.out);
}

TEST_F(ExportCommandTest, StandardOutputIsPlainText) {
  MarketScript script;
  script.Run(2);
  const ProgramResult exported = Export({Record(script), "--out", "-"});
  EXPECT_EQ(exported.exit_status, 0);
  EXPECT_EQ(std::count(exported.out.begin(), exported.out.end(), '\n'), 6);
  EXPECT_EQ(exported.out, script.text());
}

TEST_F(ExportCommandTest, OfSeveralSymbolsOneMustBeNamed) {
  const std::string recording = Record(TwoSymbols());
  const std::string out = folder_.PathOf("out.gz");
  const ProgramResult refused = Export({recording, "--out", out});
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_TRUE(Holds(refused.err, recording + ":17: BBBUSDT is a second symbol after AAAUSDT"))
      << refused.err;
  EXPECT_TRUE(Holds(refused.err, "--symbols"));
  EXPECT_FALSE(std::filesystem::exists(out));

  const ProgramResult exported = Export({recording, "--symbols", "BBBUSDT", "--out", out});
  EXPECT_EQ(exported.exit_status, 0) << exported.err;
  EXPECT_TRUE(Holds(exported.err, "30 frames, 1 snapshots")) << exported.err;
  EXPECT_TRUE(Holds(exported.err, "16 lines of other symbols"));
  EXPECT_EQ(RunThalweg({"replay", out, "--strict"}).exit_status, 0);
}

TEST_F(ExportCommandTest, ASymbolThatNeverAppearsIsBadData) {
  const ProgramResult exported =
      Export({Record(TwoSymbols()), "--symbols", "ABSENT", "--out", folder_.PathOf("out.gz")});
  EXPECT_EQ(exported.exit_status, 1);
  EXPECT_TRUE(Holds(exported.err, "ABSENT never appears; symbols seen: AAAUSDT, BBBUSDT"))
      << exported.err;
}

TEST_F(ExportCommandTest, WrongUsageIsRefused) {
  const std::string recording = Record(TwoSymbols());
  const std::string out = folder_.PathOf("out.gz");
  const ProgramResult two = Export({recording, "--symbols", "AAAUSDT,BBBUSDT", "--out", out});
  EXPECT_EQ(two.exit_status, 2);
  EXPECT_TRUE(Holds(two.err, "--symbols: 'AAAUSDT,BBBUSDT' names several")) << two.err;
  EXPECT_EQ(Export({recording, "--symbols", "", "--out", out}).exit_status, 2);
  EXPECT_EQ(Export({recording}).exit_status, 2);
  EXPECT_EQ(Export({"--out", out}).exit_status, 2);
  EXPECT_EQ(Export({recording, "--out", out, "--unheard-of"}).exit_status, 2);
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ExportCommandTest, AFileThatExistsIsNeverReplaced) {
  MarketScript script;
  script.Run(2);
  const std::string out = folder_.Write("out.gz", "precious");
  const ProgramResult exported = Export({Record(script), "--out", out});
  EXPECT_EQ(exported.exit_status, 3);
  EXPECT_TRUE(Holds(exported.err, out + ": File exists; recordings are never replaced"))
      << exported.err;
  EXPECT_EQ(ReadWholeFile(out), "precious");
}

TEST_F(ExportCommandTest, AFullDiskIsTold) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  MarketScript script;
  script.Run(2);
  const ProgramResult exported =
      Export({Record(script), "--out", "-"}, {.environment = {}, .standard_output = "/dev/full"});
  EXPECT_EQ(exported.exit_status, 3);
  EXPECT_TRUE(Holds(exported.err, "cannot write -: No space left on device")) << exported.err;
}

TEST_F(ExportCommandTest, WhatCannotBeReadIsNamed) {
  const std::string out = folder_.PathOf("out.gz");
  const std::string missing = folder_.PathOf("missing");
  const ProgramResult absent = Export({missing, "--out", out});
  EXPECT_EQ(absent.exit_status, 3);
  EXPECT_TRUE(Holds(absent.err, missing + ": No such file")) << absent.err;
  EXPECT_FALSE(std::filesystem::exists(out));

  const std::string junk = folder_.Write("junk", "a letter\n");
  const ProgramResult refused = Export({junk, "--out", out});
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_TRUE(Holds(refused.err, junk + ": nothing in it is a line")) << refused.err;
}

TEST_F(ExportCommandTest, ADamagedRecordingIsExportedUpToThere) {
  MarketScript script;
  script.Start(10);
  const std::string good = Zstd(script.text());
  const std::string source =
      folder_.Write("damaged.zst", good + WithFlippedBit(good, good.size() / 2) + good);
  const ProgramResult exported = Export({source, "--out", folder_.PathOf("out.gz")});
  EXPECT_EQ(exported.exit_status, 3);
  EXPECT_TRUE(Holds(exported.err, source + ": at byte ")) << exported.err;
  EXPECT_TRUE(Holds(exported.err, "30 frames, 1 snapshots"));
  const ProgramResult salvaged = Export({source, "--salvage", "--out", folder_.PathOf("all.gz")});
  EXPECT_EQ(salvaged.exit_status, 0);
  EXPECT_TRUE(Holds(salvaged.err, "60 frames, 2 snapshots")) << salvaged.err;
}

}  // namespace
}  // namespace thalweg
