// `thalweg info`: what it says about a recording, and how it ends on one that is broken.

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using testing::Test;

class InfoCommandTest : public Test {
 protected:
  ProgramResult InfoOf(const std::string& text, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"info", folder_.Write("recording.txt", text)});
    return RunThalweg(options);
  }

  // Whether a line of the text matches as a whole, blanks at its beginning aside.
  static testing::AssertionResult HasLine(const std::string& text, const std::string& pattern) {
    const std::regex regex(" *" + pattern);
    for (const std::string& line : SplitText(text, '\n')) {
      if (std::regex_match(line, regex)) return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "no line " << pattern << " in\n" << text;
  }

  TestFolder folder_;
};

TEST_F(InfoCommandTest, TellsSpanStreamsAndCounts) {
  MarketScript script;
  script.Start(50);
  script.Frame("markPrice@1s", R"({"e":"markPriceUpdate","E":1732154400500,"s":"DEMOUSDT"})");
  script.Line("no line");
  const ProgramResult result = InfoOf(script.text());
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_TRUE(
      HasLine(result.out, "2024-11-21 02:00:00.002 UTC to 2024-11-21 02:00:05.002 UTC, 5.0 s"));
  EXPECT_TRUE(HasLine(result.out, "153 lines, 152 frames, 1 malformed lines"));
  EXPECT_TRUE(HasLine(result.out, "demousdt@depth@100ms +50"));
  EXPECT_TRUE(HasLine(result.out, "demousdt@bookTicker +50"));
  EXPECT_TRUE(HasLine(result.out, "demousdt@trade +50"));
  EXPECT_TRUE(HasLine(result.out, "demousdt@markPrice@1s +1"));
  EXPECT_TRUE(HasLine(result.out, R"(\(snapshot without a request\) +1)"));
}

TEST_F(InfoCommandTest, TellsBookSnapshotReachAuditsAndClockOffset) {
  MarketScript script;
  script.Start(50);
  const ProgramResult result = InfoOf(script.text());
  EXPECT_TRUE(HasLine(result.out, R"(DEMOUSDT \(spot\))"));
  EXPECT_TRUE(HasLine(result.out, R"(tick +0\.01 \(inferred\))"));
  EXPECT_TRUE(HasLine(result.out,
                      "depth events +50: 50 applied, 0 stale, 0 gaps, "
                      "1 synchronisations"));
  EXPECT_TRUE(HasLine(result.out, "first applied +U 1001, u 1004"));
  EXPECT_TRUE(HasLine(result.out, "update id +1200"));
  EXPECT_TRUE(HasLine(result.out, "levels +" + std::to_string(script.book().bids.size()) +
                                      " bids, " + std::to_string(script.book().asks.size()) +
                                      " asks"));
  EXPECT_TRUE(HasLine(result.out, "snapshots +1, 0 refused, 0 not used"));
  EXPECT_TRUE(
      HasLine(result.out, R"(bids reach +60 levels to 999\.4 \(best 999\.99\), the whole side)"));
  EXPECT_TRUE(
      HasLine(result.out, R"(asks reach +60 levels to 1000\.6 \(best 1000\.01\), the whole side)"));
  EXPECT_TRUE(HasLine(result.out, "bookTicker +50, audits 50 of 50 equal"));
  EXPECT_TRUE(HasLine(result.out, "trades +50, 0 duplicates, 0 id gaps"));
  EXPECT_TRUE(HasLine(result.out, "malformed frames +0"));
  EXPECT_TRUE(
      HasLine(result.out, R"(clock offset +receive minus exchange time 2\.500 to 2\.500 ms)"));
}

TEST_F(InfoCommandTest, ALimitedSnapshotIsUnknownBeyondItsLastLevel) {
  MarketScript script;
  std::string body = script.SnapshotText();
  script.Hash("#rest GET /api/v3/depth?symbol=DEMOUSDT&limit=60 " + body);
  script.Run(3);
  EXPECT_TRUE(HasLine(InfoOf(script.text()).out,
                      R"(bids reach +60 levels to 999\.4 \(best 999\.99\), unknown beyond)"));
}

TEST_F(InfoCommandTest, CountsGapsDuplicatesRefusalsAndMalformedFrames) {
  MarketScript script;
  script.Start(10);
  script.RepeatLine(4);  // A depth frame,
  script.RepeatLine(6);  // a trade.
  script.LoseDepth();
  script.Run(5);
  script.Payload(R"({"lastUpdateId":1064,"bids":[["2.0","1.0"]],"asks":[["1.0","1.0"]]})");
  script.Snapshot();
  script.Run(5);
  script.TradeOf("x", "1.0");
  const ProgramResult result = InfoOf(script.text(), {"--notices"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_TRUE(HasLine(result.out,
                      "depth events +21: 15 applied, 1 stale, 1 gaps, "
                      "2 synchronisations"));
  EXPECT_TRUE(HasLine(result.out, "snapshots +3, 1 refused, 0 not used"));
  EXPECT_TRUE(HasLine(result.out, "trades +21, 1 duplicates, 0 id gaps"));
  EXPECT_TRUE(HasLine(result.out, "malformed frames +1"));
  const std::string place = folder_.PathOf("recording.txt") + ":34: DEMOUSDT: gap";
  EXPECT_NE(result.err.find(place), std::string::npos) << result.err;
  EXPECT_EQ(InfoOf(script.text()).err, "");
}

TEST_F(InfoCommandTest, TellsEverySymbol) {
  MarketScript one;
  one.RestSnapshot();
  one.Run(3);
  MarketScript two({"OTHERUSDT", "otherusdt"});
  two.RestSnapshot();
  two.Run(4);
  const ProgramResult result = InfoOf(one.text() + two.text());
  EXPECT_TRUE(HasLine(result.out, R"(DEMOUSDT \(spot\))"));
  EXPECT_TRUE(HasLine(result.out, R"(OTHERUSDT \(spot\))"));
  EXPECT_TRUE(HasLine(result.out, "otherusdt@trade +4"));
}

TEST_F(InfoCommandTest, TellsFuturesByTheirEvents) {
  MarketScript script;
  script.Snapshot();
  for (int i = 0; i < 3; ++i) {
    const std::int64_t id = 1000 + 10 * i;
    script.Frame("depth@0ms",
                 "{\"e\":\"depthUpdate\",\"E\":1732154400100,\"T\":1732154400099,"
                 "\"s\":\"DEMOUSDT\",\"U\":" +
                     std::to_string(id + 5) + ",\"u\":" + std::to_string(id + 10) +
                     ",\"pu\":" + std::to_string(id) + ",\"b\":[],\"a\":[]}");
  }
  const ProgramResult result = InfoOf(script.text());
  EXPECT_TRUE(HasLine(result.out, R"(DEMOUSDT \(USD-M futures\))"));
  EXPECT_TRUE(HasLine(result.out, "depth events +3: 3 applied, .*"));
}

TEST_F(InfoCommandTest, ADamagedFileIsToldUpToTheDamageAndEndsWithStatusThree) {
  MarketScript script;
  script.Start(20);
  const std::string good = Zstd(script.text());
  const std::string path =
      folder_.Write("flipped.zst", good + WithFlippedBit(good, good.size() / 2) + good);
  const ProgramResult result = RunThalweg({"info", path});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find(path + ": at byte " + std::to_string(good.size())), std::string::npos)
      << result.err;
  EXPECT_TRUE(HasLine(result.out, "demousdt@trade +20"));
  const ProgramResult salvaged = RunThalweg({"info", "--salvage", path});
  EXPECT_EQ(salvaged.exit_status, 0);
  EXPECT_NE(salvaged.err.find("damage stepped over"), std::string::npos);
  EXPECT_TRUE(HasLine(salvaged.out, "demousdt@trade +40"));
}

TEST_F(InfoCommandTest, AFileThatCannotBeReadOrIsNoRecordingIsStatusThree) {
  const std::string missing = folder_.PathOf("missing.gz");
  const ProgramResult result = RunThalweg({"info", missing});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find(missing + ": No such file"), std::string::npos) << result.err;
  EXPECT_EQ(InfoOf("Dear reader,\n").exit_status, 3);
}

TEST_F(InfoCommandTest, WithoutARecordingItIsWrongUsage) {
  EXPECT_EQ(RunThalweg({"info"}).exit_status, 2);
}

TEST_F(InfoCommandTest, TellsTheShapeOfTheFeed) {
  MarketScript script;
  script.Start(50);
  const ProgramResult result = InfoOf(script.text());
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_TRUE(HasLine(result.out, "shape"));
  EXPECT_TRUE(
      HasLine(result.out, R"(ids a message +mean 4\.0, p10 4, p50 4, p90 4, p99 4, max 4)"));
  EXPECT_TRUE(HasLine(result.out, R"(trades a second +mean 9\.8, p10 9, p50 10, .*)"));
}

TEST_F(InfoCommandTest, PutsTheShapesOfTwoRecordingsSideBySide) {
  MarketScript script;
  script.Start(50);
  const std::string made = folder_.PathOf("made.zst");
  ASSERT_EQ(RunThalweg({"market", "--seconds", "3", "--out", made}).exit_status, 0);
  const ProgramResult result = InfoOf(script.text(), {"--beside", made});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(HasLine(result.out, "shape +DEMOUSDT +BTCUSDT of .*made.zst"));
  EXPECT_TRUE(HasLine(result.out, R"(spread of 1 tick +[0-9.]+ % +[0-9.]+ %)"));
}

TEST_F(InfoCommandTest, ASecondRecordingWithoutASymbolIsExit1) {
  MarketScript script;
  script.Start(5);
  const ProgramResult result = InfoOf(script.text(), {"--beside", folder_.Write("empty", "")});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_NE(result.err.find("nothing to compare"), std::string::npos) << result.err;
}

TEST_F(InfoCommandTest, ATimeYearsAheadDoesNotSpoilTheShape) {
  MarketScript script;
  script.Start(50);
  script.Frame("trade", R"({"e":"trade","E":2732154400500,"s":"DEMOUSDT","t":900000,"p":"1000.00",)"
                        R"("q":"1","T":2732154400500,"m":true,"M":true})");
  const ProgramResult result = InfoOf(script.text());
  EXPECT_TRUE(HasLine(result.out, R"(trades a second +mean 9\.8, p10 9, p50 10, .*)"));
}

TEST_F(InfoCommandTest, ASecondRecordingThatIsNotThereIsExit3) {
  MarketScript script;
  script.Start(5);
  const ProgramResult result = InfoOf(script.text(), {"--beside", folder_.PathOf("none.zst")});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("none.zst"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
