// `thalweg live` and `thalweg record`, the programs: what they say to wrong wishes, and how they
// end. What they make of a feed is for tests/exchange/live_parity_test.py.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "replay/recording_folder.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

// Nobody listens there.
constexpr char kNobody[] = "127.0.0.1:1";

TEST(LiveCommandTest, WrongWishesAreRefusedWithWhatIsAllowedBeforeAnythingBegins) {
  const TestFolder folder;
  const std::string text = folder.Write("no.pem", "no certificate\n");
  const struct {
    std::vector<std::string> options;
    int exit_status;
    std::string remark;
  } cases[] = {
      {{"live"}, 2, "--symbols is required"},
      {{"live", "--symbols", "A,A"}, 2, "A"},
      {{"live", "--symbols", "A", "--market", "futures"}, 2, "spot, usdm or coinm"},
      {{"live", "--symbols", "A", "--rest", "http://example.com"}, 2, "reaches only this machine"},
      {{"live", "--symbols", "A", "--ws", "ws://10.0.0.1"}, 2, "--ws"},
      {{"live", "--symbols", "A", "--rest", "wss://x"}, 2, "--rest"},
      {{"live", "--symbols", "A", "--ca", folder.PathOf("absent")}, 3, "--ca: cannot read"},
      {{"live", "--symbols", "A", "--ca", text}, 2, "no certificate"},
      {{"live", "--symbols", "A", "--weight-share", "0"}, 2, "above 0, at most 1"},
      {{"live", "--symbols", "A", "--legs", "3"}, 2, "--legs"},
      {{"live", "--symbols", "A", "--second-ws", "wss://x"}, 2, "--legs"},
      {{"live", "--symbols", "A", "--legs", "1", "--second-ws", "wss://x"}, 2, "--legs 2"},
      {{"live", "--symbols", "A", "--legs", "2", "--second-ws", "ws://10.0.0.1"}, 2, "--second-ws"},
      {{"live", "--symbols", "A", "--legs", "2", "--ws", "wss://x"}, 2, "--second-ws"},
      {{"live", "--symbols", "A", "--shards", "2"}, 2, "[1, 1], the number of symbols"},
      {{"live", "--symbols", "A,B", "--shards", "2", "--out", "x.csv"}, 2, "{shard}"},
      {{"live", "--symbols", "A", "--cpus", "100000"}, 2, "--cpus"},
      {{"live", "--symbols", "A", "--for", "-1"}, 2, "--for"},
      {{"live", "--symbols", "A", "--sync", "often"}, 2, "second, flush or never"},
      {{"live", "--symbols", "A", "--audit", "-1"}, 2, "[0, 604800]"},
      {{"live", "--symbols", "A", "--record", "x", "--evidence", "x"}, 2, "--evidence"},
      {{"live", "--symbols", "A", "--evidence", text + "/x"}, 3, text},
      {{"live", "--symbols", "A", "--ring", "a/b"}, 2, "--ring"},
      {{"live", "--symbols", "A", "--metrics", "example.com:1"}, 2, "is not PORT or ADDRESS:PORT"},
      {{"live", "--symbols", "A", "--metrics", "65536"}, 2, "--metrics: '65536'"},
      {{"live", "--symbols", "A", "--metrics", "0", "--required", "B"}, 2, "one of --symbols"},
      {{"live", "--symbols", "A", "--required", "A"}, 2, "--metrics"},
      {{"live", "--symbols", "A", "--out", "x.txt"}, 2, "--out"},
      {{"live", "--symbols", "A", "--ring", "live-command-test", "--record", text}, 3, text},
      {{"record", "--symbols", "A"}, 2, "--record"},
      {{"record", "--symbols", "A", "--record", "x", "--ring", "y"}, 2, "--ring"},
  };
  for (const auto& [options, exit_status, remark] : cases) {
    const ProgramResult result = RunThalweg(options);
    EXPECT_EQ(result.exit_status, exit_status) << options.back() << ": " << result.err;
    EXPECT_NE(result.err.find(remark), std::string::npos) << options.back() << ": " << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(LiveCommandTest, AnExchangeThatIsNotThereIsAskedAgainUntilTheEnd) {
  const TestFolder folder;
  const ProgramResult result = RunThalweg(
      {"record", "--symbols", "A", "--record", folder.PathOf("recording"), "--for", "1", "--rest",
       std::string("http://") + kNobody, "--ws", std::string("ws://") + kNobody});
  EXPECT_EQ(result.exit_status, 3) << result.err;
  EXPECT_NE(result.err.find("thalweg: nothing was received"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("connect failed: host=127.0.0.1:1"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("again in"), std::string::npos) << result.err;
  // What was recorded is a recording, of nothing; that is no good one.
  const ProgramResult verified = RunThalweg({"verify", folder.PathOf("recording")});
  EXPECT_EQ(verified.exit_status, 1) << verified.out << verified.err;
}

TEST(LiveCommandTest, AFolderThatAnotherRunRecordsIntoIsRefused) {
  const TestFolder folder;
  const std::string path = folder.PathOf("recording");
  const absl::StatusOr<RecordingFolder> held = RecordingFolder::Hold(path);
  ASSERT_TRUE(held.ok()) << held.status();
  const ProgramResult result = RunThalweg({"record", "--symbols", "A", "--record", path, "--rest",
                                           std::string("http://") + kNobody, "--ws",
                                           std::string("ws://") + kNobody, "--for", "1"});
  EXPECT_EQ(result.exit_status, 3) << result.err;
  EXPECT_NE(result.err.find("another program is recording into this folder"), std::string::npos)
      << result.err;
  EXPECT_TRUE(std::filesystem::is_empty(path));
}

TEST(LiveCommandTest, ATerminalThatClosesEndsItWell) {
  const TestFolder folder;
  const ProgramResult result = RunProgram(
      "timeout", {"--foreground", "--preserve-status", "--signal=HUP", "1", ThalwegPath(), "record",
                  "--symbols", "A", "--record", folder.PathOf("recording"), "--rest",
                  std::string("http://") + kNobody, "--ws", std::string("ws://") + kNobody});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_NE(result.err.find(" lines (0 lost)"), std::string::npos) << result.err;
}

TEST(LiveCommandTest, FaultC2AConfigurationIsCheckedWithoutAStart) {
  const TestFolder folder;
  const std::string config =
      folder.Write("live.toml",
                   "symbols = [\"A\", \"B\"]\nrecord = \"recordings\"\nshards = 2\nfor = 1.5\n"
                   "metrics = 9464\nrequired = [\"B\"]\n");
  const ProgramResult good = RunThalweg({"live", "--config", config, "--check-config"});
  EXPECT_EQ(good.exit_status, 0) << good.err;
  EXPECT_NE(good.out.find("shards = 2"), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("ring = \"live\""), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("metrics = 9464"), std::string::npos) << good.out;
  const std::string wrong = folder.Write("wrong.toml", "symbols = [\"A\"]\nshards = 99\n");
  const ProgramResult bad = RunThalweg({"live", "--config", wrong});
  EXPECT_EQ(bad.exit_status, 2);
  EXPECT_NE(bad.err.find("wrong.toml:2:"), std::string::npos) << bad.err;
}

}  // namespace
}  // namespace thalweg
