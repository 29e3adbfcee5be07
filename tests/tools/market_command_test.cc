// `thalweg market`: what it makes, and how it answers wrong wishes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

class MarketCommandTest : public testing::Test {
 protected:
  static ProgramResult Market(std::vector<std::string> options) {
    options.insert(options.begin(), "market");
    return RunThalweg(options);
  }
  TestFolder folder_;
};

TEST_F(MarketCommandTest, TheRecordingReplaysWithoutObjection) {
  const std::string path = folder_.PathOf("market.zst");
  const ProgramResult made = Market({"--seconds", "10", "--symbols", "BTCUSDT,ETHUSDT:30",
                                     "--regimes", "calm:5,burst:5", "--out", path});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  const ProgramResult replayed = RunThalweg({"replay", path, "--strict", "--out", "-"});
  EXPECT_EQ(replayed.exit_status, 0) << replayed.err;
  EXPECT_GT(SplitText(replayed.out, '\n').size(), 150u);
}

TEST_F(MarketCommandTest, StandardOutputIsTheRecordingsText) {
  const std::string path = folder_.PathOf("market.zst");
  ASSERT_EQ(Market({"--seconds", "2", "--seed", "5", "--out", path}).exit_status, 0);
  const ProgramResult text = Market({"--seconds", "2", "--seed", "5", "--out", "-"});
  ASSERT_EQ(text.exit_status, 0);
  const ProgramResult from_file = RunThalweg({"replay", path, "--digest"});
  const ProgramResult from_text =
      RunThalweg({"replay", folder_.Write("market.txt", text.out), "--digest"});
  EXPECT_EQ(from_file.exit_status, 0);
  EXPECT_EQ(from_file.out, from_text.out);
  EXPECT_NE(from_file.out.find("digest "), std::string::npos);
}

TEST_F(MarketCommandTest, TheEnginesLastBookIsTheTrueOne) {
  for (const char* const market : {"spot", "usdm"}) {
    const std::string path = folder_.PathOf(std::string(market) + ".zst");
    const ProgramResult made =
        Market({"--seconds", "10", "--market", market, "--symbols", "BTCUSDT,XRPUSDT:20",
                "--levels", "700", "--snapshot-limit", "1000", "--final-book",
                folder_.PathOf("true-{symbol}"), "--out", path});
    ASSERT_EQ(made.exit_status, 0) << made.err;
    const ProgramResult replayed =
        RunThalweg({"replay", path, "--strict", "--final-book", folder_.PathOf("engine-{symbol}")});
    ASSERT_EQ(replayed.exit_status, 0) << replayed.err;
    for (const char* const symbol : {"BTCUSDT", "XRPUSDT"}) {
      const std::string truth = ReadWholeFile(folder_.PathOf(std::string("true-") + symbol));
      EXPECT_GT(SplitText(truth, '\n').size(), 500u);
      EXPECT_EQ(ReadWholeFile(folder_.PathOf(std::string("engine-") + symbol)), truth) << symbol;
    }
  }
}

TEST_F(MarketCommandTest, BlanksAroundSymbolsAreNothing) {
  const ProgramResult plain =
      Market({"--seconds", "1", "--symbols", "BTCUSDT,ETHUSDT:30", "--out", "-"});
  const ProgramResult blanks =
      Market({"--seconds", "1", "--symbols", " BTCUSDT, ETHUSDT:30 ", "--out", "-"});
  EXPECT_EQ(blanks.exit_status, 0) << blanks.err;
  EXPECT_EQ(blanks.out, plain.out);
}

TEST_F(MarketCommandTest, ARecordingIsNeverReplaced) {
  const std::string path = folder_.Write("old.zst", "old bytes");
  const ProgramResult result = Market({"--seconds", "1", "--out", path});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
  EXPECT_EQ(ReadWholeFile(path), "old bytes");
}

TEST_F(MarketCommandTest, ABookThatCannotBeWrittenIsToldBeforeAMarketIsMade) {
  const std::string path = folder_.PathOf("market.zst");
  const ProgramResult result =
      Market({"--seconds", "1", "--out", path, "--final-book", folder_.PathOf("nowhere/book.txt")});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("nowhere/book.txt"), std::string::npos) << result.err;
  EXPECT_EQ(ReadWholeFile(path), "");
}

TEST_F(MarketCommandTest, TwoMarketsAreTwoRuns) {
  const std::string calm = folder_.PathOf("calm.zst");
  const std::string thin = folder_.PathOf("thin.zst");
  ASSERT_EQ(Market({"--seconds", "5", "--out", calm}).exit_status, 0);
  ASSERT_EQ(Market({"--seconds", "5", "--regimes", "thin", "--out", thin}).exit_status, 0);
  const ProgramResult alone = RunThalweg({"replay", thin, "--out", "-"});
  const ProgramResult after = RunThalweg({"replay", calm, thin, "--strict", "--out", "-"});
  EXPECT_EQ(after.exit_status, 0) << after.err;
  const std::string rows = alone.out.substr(alone.out.find('\n') + 1);
  EXPECT_TRUE(after.out.ends_with(rows)) << "the first market shows in the second's rows";
  EXPECT_EQ(after.err.find("audit diverged"), std::string::npos) << after.err;
}

TEST_F(MarketCommandTest, ALongCrashOfACheapSymbolStaysAMarket) {
  const std::string path = folder_.PathOf("crash.zst");
  ASSERT_EQ(
      Market({"--seconds", "200", "--regimes", "crash", "--symbols", "XRPUSDT:100", "--out", path})
          .exit_status,
      0);
  const ProgramResult replayed = RunThalweg({"replay", path, "--strict", "--emit", "1000ms"});
  EXPECT_EQ(replayed.exit_status, 0) << replayed.err;
}

TEST_F(MarketCommandTest, AFolderThatIsNotThereIsNamed) {
  const std::string path = folder_.PathOf("nowhere/market.zst");
  const ProgramResult result = Market({"--seconds", "1", "--out", path});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
}

TEST_F(MarketCommandTest, WrongOptionsNameKeyValueAndRange) {
  const struct {
    std::vector<std::string> options;
    std::vector<std::string> said;
  } cases[] = {
      {{"--seed", "-1"}, {"--seed", "'-1'", "18446744073709551615"}},
      {{"--seconds", "0"}, {"--seconds", "'0'", "[1, 31622400]"}},
      {{"--seconds", "1.5"}, {"--seconds", "'1.5'"}},
      {{"--symbols", "btcusdt"}, {"--symbols", "'btcusdt'", "capitals"}},
      {{"--symbols", "A,A"}, {"--symbols", "'A' is named twice"}},
      {{"--symbols", "A:1001"}, {"--symbols", "'A:1001'", "1 to 1000"}},
      {{"--market", "coinm"}, {"--market", "'coinm'", "spot or usdm"}},
      {{"--interval", "50"}, {"--interval", "'50'", "20, 100 or 1000"}},
      {{"--levels", "99"}, {"--levels", "'99'", "[100, 100000]"}},
      {{"--snapshot-limit", "5001"}, {"--snapshot-limit", "'5001'", "[1, 5000]"}},
      {{"--market", "usdm", "--snapshot-limit", "1001"},
       {"--snapshot-limit", "'1001'", "[1, 1000]"}},
      {{"--snapshot-every", "x"}, {"--snapshot-every", "'x'"}},
      {{"--regimes", "calm:5,stormy"}, {"--regimes", "'stormy'", "one-sided"}},
      {{"--symbols", "A,B", "--final-book", "book.txt"}, {"--final-book", "{symbol}"}},
      {{"--final-book", folder_.PathOf("wrong.zst")}, {"--final-book", "where --out goes"}},
      {{"--final-book", folder_.PathOf("./wrong.zst")}, {"--final-book", "where --out goes"}},
      {{"--nonsense"}, {"--nonsense"}},
  };
  for (const auto& wrong : cases) {
    const std::string path = folder_.PathOf("wrong.zst");
    std::vector<std::string> options = wrong.options;
    options.insert(options.end(), {"--out", path});
    const ProgramResult result = Market(options);
    EXPECT_EQ(result.exit_status, 2) << wrong.options[1];
    for (const std::string& text : wrong.said) {
      EXPECT_NE((result.err + result.out).find(text), std::string::npos)
          << text << " in " << result.err;
    }
    EXPECT_EQ(ReadWholeFile(path), "");
  }
}

}  // namespace
}  // namespace thalweg
