// `thalweg top` without a terminal: which ring it shows, pictures as text, and taking rings away.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"
#include "tests/tools/top/market_ring.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::Not;

class TopCommandTest : public testing::Test {
 protected:
  // A ring that was written and closed.
  void MakeRing(const std::string& name) const {
    MarketRing ring(folder_, {"BTCUSDT", "ETHUSDT"}, name);
    ring.Publish(0, 61'602.01, 61'602.02);
    ring.Publish(1, 2'501.5, 2'501.75);
  }
  [[nodiscard]] ProgramResult Top(std::vector<std::string> arguments,
                                  const std::string& locale = "C.UTF-8") const {
    arguments.insert(arguments.begin(), "top");
    arguments.insert(arguments.end(), {"--folder", folder_.path()});
    return RunThalweg(arguments, {.environment = {{"LC_ALL", locale}}, .standard_output = ""});
  }

  RingFolder folder_;
};

TEST_F(TopCommandTest, OnceIsOnePictureOfTheOnlyRing) {
  MakeRing("demo");
  const ProgramResult result = Top({"--once"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const std::string pid = std::to_string(::getpid());
  EXPECT_EQ(result.out,
            "demo   closed   generation 1   pid " + pid + "   speed max" +
                std::string(100 - 47 - pid.size() - 27, ' ') + "2024-08-08 17:00:31.000 UTC\n" +
                "records 2   frames 0   lost 0\n"
                "latency -                                                                        "
                "        2 of 2 live\n"
                "symbol  state        bid       ask ticks weighted mid imbalance flow 10s  depth/s "
                "trade/s flags\n"
                "BTCUSDT live   61,602.01 61,602.02     1  61,602.0175     │██       │████       - "
                "      -\n"
                "ETHUSDT live    2,501.50  2,501.75    25   2,501.6875     │██       │████       - "
                "      -\n");
  EXPECT_EQ(Top({"demo", "--once"}).out, result.out);
  EXPECT_EQ(Top({folder_.File("demo"), "--once"}).exit_status, 0);
}

TEST_F(TopCommandTest, InAnotherLocaleBarsAreAscii) {
  MakeRing("demo");
  const std::string out = Top({"--once"}, "C").out;
  EXPECT_THAT(out, HasSubstr("    |##  "));
  for (const char byte : out) ASSERT_LT(static_cast<unsigned char>(byte), 0x80U);
}

TEST_F(TopCommandTest, TheWidthIsAsAskedFor) {
  MakeRing("demo");
  const ProgramResult wide = Top({"--once", "--width", "240"});
  EXPECT_THAT(wide.out, HasSubstr("update id"));
  EXPECT_THAT(Top({"--once", "--width", "40"}).out, Not(HasSubstr("imbalance")));
  EXPECT_EQ(Top({"--once", "--width", "39"}).exit_status, 2);
}

TEST_F(TopCommandTest, ASymbolHasAPageOfItsOwn) {
  MakeRing("demo");
  const ProgramResult levels = Top({"--once", "--symbol", "ETHUSDT"});
  EXPECT_EQ(levels.exit_status, 0);
  EXPECT_THAT(levels.out, HasSubstr("ETHUSDT   live"));
  EXPECT_THAT(levels.out, HasSubstr("3.0000 2,501.50 │ 2,501.75    1.0000"));
  const ProgramResult buckets = Top({"--once", "--symbol", "BTCUSDT", "--page", "buckets"});
  EXPECT_THAT(buckets.out, HasSubstr("61,600 │   61,610"));
  const ProgramResult wrong = Top({"--once", "--page", "prices"});
  EXPECT_EQ(wrong.exit_status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("prices not in {symbols,levels,buckets,stages}"));
  const ProgramResult absent = Top({"--once", "--symbol", "XRPUSDT"});
  EXPECT_EQ(absent.exit_status, 1);
  EXPECT_EQ(absent.out, "");
  EXPECT_THAT(absent.err, HasSubstr("XRPUSDT is not on the ring; its symbols: BTCUSDT, ETHUSDT"));
}

TEST_F(TopCommandTest, TheStagesHaveAPage) {
  {
    MarketRing ring(folder_, {"BTCUSDT"}, "demo");
    ring.features().AddStage(Stage::kDecode, 250);
  }
  const ProgramResult result = Top({"--once", "--page", "stages", "--width", "69"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(
      result.out,
      HasSubstr("\nstage         p50      p99      max   2 s: p50      p99         timed\n"));
  EXPECT_THAT(
      result.out,
      HasSubstr("\ndecode     250 ns   250 ns   250 ns          -        -             1\n"));
  EXPECT_THAT(
      result.out,
      HasSubstr("\nwhole           -        -        -          -        -             0\n"));
}

TEST_F(TopCommandTest, SeveralRingsNeedAName) {
  MakeRing("demo");
  MakeRing("live");
  const ProgramResult result = Top({"--once"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("there is demo, live"));
  EXPECT_EQ(Top({"live", "--once"}).exit_status, 0);
}

TEST_F(TopCommandTest, ARingThatIsNotThereIsNamedBesideThoseThatAre) {
  ProgramResult result = Top({"--once"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.err, HasSubstr("there is no ring in " + folder_.path()));
  MakeRing("demo");
  result = Top({"other", "--once"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.err, HasSubstr("thalweg.other"));
  EXPECT_THAT(result.err, HasSubstr("there is demo"));
  EXPECT_EQ(Top({"no name", "--once"}).exit_status, 2);
}

TEST_F(TopCommandTest, AFileThatIsNoRingSaysWhichFieldIsWrong) {
  MakeRing("demo");
  std::filesystem::resize_file(folder_.File("demo"), 4'096);
  const ProgramResult result = Top({"demo", "--once"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.err, HasSubstr("ring corrupt: field="));
}

TEST_F(TopCommandTest, PicturesFollowOneAnotherUntilTheWriterEnds) {
  MarketRing ring(folder_, {"BTCUSDT"}, "demo");
  ring.Publish(0, 61'602.01, 61'602.02);
  const TestFolder output;
  const std::string path = output.PathOf("pictures");
  ProgramResult result;
  std::thread reader([&] {
    result = RunThalweg({"top", "demo", "--interval", "0.02", "--folder", folder_.path()},
                        {.environment = {}, .standard_output = path});
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (ReadWholeFile(path).find("\n\ndemo   writing") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    ring.Beat();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ring.Close();
  reader.join();
  EXPECT_EQ(result.exit_status, 0) << result.err;
  const std::string pictures = ReadWholeFile(path);
  EXPECT_THAT(pictures, HasSubstr("\n\ndemo   writing"));
  EXPECT_THAT(pictures, HasSubstr("\n\ndemo   closed"));
  EXPECT_EQ(pictures.find("demo   closed"), pictures.rfind("demo   "));  // The last one.
}

TEST_F(TopCommandTest, ACountOfPicturesIsKept) {
  MarketRing ring(folder_, {"BTCUSDT"}, "demo");
  const ProgramResult result = Top({"--count", "2", "--interval", "0.02"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  std::size_t pictures = 0;
  for (std::size_t at = 0; (at = result.out.find("demo   ", at)) != std::string::npos; ++at) {
    ++pictures;
  }
  EXPECT_EQ(pictures, 2U);
  EXPECT_EQ(Top({"--count", "2", "--once"}).exit_status, 2);
  EXPECT_EQ(Top({"--interval", "0.001", "--once"}).exit_status, 2);
}

TEST_F(TopCommandTest, OnlyRingsWithoutAWriterAreCleanedAway) {
  MakeRing("old");
  MakeRing("older");
  MarketRing live(folder_, {"BTCUSDT"}, "live");
  const ProgramResult refused = Top({"live", "--clean"});
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_THAT(refused.err, HasSubstr("a writer that lives"));
  const ProgramResult one = Top({"old", "--clean"});
  EXPECT_EQ(one.exit_status, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("removed " + folder_.File("old") + "\n"));
  EXPECT_THAT(one.out, HasSubstr("removed " + folder_.File("old.tops") + "\n"));
  EXPECT_THAT(one.out, Not(HasSubstr("older")));
  const ProgramResult all = Top({"--clean"});
  EXPECT_EQ(all.exit_status, 0);
  EXPECT_THAT(all.out, HasSubstr("removed " + folder_.File("older") + "\n"));
  EXPECT_THAT(all.out, Not(HasSubstr("live")));
  EXPECT_TRUE(std::filesystem::exists(folder_.File("live")));
  EXPECT_EQ(Top({"--clean"}).out, "");
  EXPECT_EQ(Top({"absent", "--clean"}).exit_status, 3);
  EXPECT_EQ(Top({"--clean", "--once"}).exit_status, 2);
}

}  // namespace
}  // namespace thalweg
