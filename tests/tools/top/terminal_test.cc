// `thalweg top` on a terminal: what keys and sizes do, and that the terminal is given back however
// the program ends.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/top/market_ring.h"
#include "tests/tools/top/pty_program.h"

namespace thalweg {
namespace {

constexpr const char* kEnterScreen = "\x1b[?1049h";
constexpr const char* kLeaveScreen = "\x1b[?1049l";
constexpr const char* kShowCursor = "\x1b[?25h";

class TerminalTest : public testing::Test {
 protected:
  TerminalTest() : ring_(folder_, {"BTCUSDT", "ETHUSDT"}) {
    ring_.Publish(0, 61'602.01, 61'602.02);
    ring_.Publish(1, 2'501.5, 2'501.75);
    ring_.Close();  // It need not be kept alive; pictures go on all the same.
  }

  [[nodiscard]] std::vector<std::string> Arguments() const {
    return {"top", "test", "--folder", folder_.path()};
  }
  using Environment = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] static Environment Xterm() {
    return {{"TERM", "xterm-256color"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", ""}};
  }

  RingFolder folder_;
  MarketRing ring_;
};

// Whether the terminal is as it was before the program took it.
testing::AssertionResult IsGivenBack(const PtyProgram& program) {
  if (!SameSettings(program.Settings(), program.settings_before())) {
    return testing::AssertionFailure() << "the settings are not those of before";
  }
  const std::string& output = program.output();
  const std::size_t entered = output.rfind(kEnterScreen);
  const std::size_t left = output.rfind(kLeaveScreen);
  if (entered == std::string::npos) return testing::AssertionFailure() << "was never taken";
  if (left == std::string::npos || left < entered) {
    return testing::AssertionFailure() << "the alternate screen was not left";
  }
  if (output.find(kShowCursor, entered) == std::string::npos) {
    return testing::AssertionFailure() << "the cursor is hidden";
  }
  return testing::AssertionSuccess();
}

TEST_F(TerminalTest, ShowsTheRingAndEndsWithQ) {
  PtyProgram program(Arguments(), {}, Xterm());
  program.AwaitOutput("BTCUSDT");
  program.AwaitOutput("61,602.01");
  program.AwaitOutput("closed");
  EXPECT_FALSE(SameSettings(program.Settings(), program.settings_before()));
  program.Type("q");
  const int status = program.AwaitEnd();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(IsGivenBack(program));
}

TEST_F(TerminalTest, EverySignalThatEndsItGivesTheTerminalBackFirst) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) {
    SCOPED_TRACE(strsignal(signal));
    PtyProgram program(Arguments(), {}, Xterm());
    program.AwaitOutput("BTCUSDT");
    program.Signal(signal);
    const int status = program.AwaitEnd();
    // A sanitizer makes an exit of its own of some.
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0) << status;
    if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) {
      ASSERT_TRUE(WIFSIGNALED(status));
      EXPECT_EQ(WTERMSIG(status), signal);
    }
    EXPECT_TRUE(IsGivenBack(program));
  }
}

TEST_F(TerminalTest, CtrlCEndsItAsTheSignalDoes) {
  PtyProgram program(Arguments(), {}, Xterm());
  program.AwaitOutput("BTCUSDT");
  program.Type("\x03");
  const int status = program.AwaitEnd();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
  EXPECT_TRUE(IsGivenBack(program));
}

TEST_F(TerminalTest, CtrlZGivesTheTerminalBackUntilItGoesOn) {
  PtyProgram program(Arguments(), {}, Xterm());
  program.AwaitOutput("BTCUSDT");
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    program.Type("\x1a");
    const int stopped = program.AwaitStop();
    ASSERT_TRUE(WIFSTOPPED(stopped));
    EXPECT_TRUE(IsGivenBack(program));
    const std::size_t seen = program.output().size();
    program.Signal(SIGCONT);
    // The whole picture again, on a screen of its own.
    program.AwaitOutput("BTCUSDT", program.AwaitOutput(kEnterScreen, seen));
    EXPECT_FALSE(SameSettings(program.Settings(), program.settings_before()));
  }
  program.Type("q");
  EXPECT_EQ(program.AwaitEnd(), 0);
  EXPECT_TRUE(IsGivenBack(program));
}

TEST_F(TerminalTest, AKilledJobThatWasStoppedLeavesTheTerminalAlone) {
  PtyProgram program(Arguments(), {}, Xterm());
  program.AwaitOutput("BTCUSDT");
  program.Type("\x1a");
  ASSERT_TRUE(WIFSTOPPED(program.AwaitStop()));
  const std::size_t seen = program.output().size();
  program.Signal(SIGTERM);
  program.Signal(SIGCONT);
  const int status = program.AwaitEnd();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_TRUE(SameSettings(program.Settings(), program.settings_before()));
  EXPECT_EQ(program.output().find(kEnterScreen, seen), std::string::npos);
}

TEST_F(TerminalTest, AStopThatNobodyCanCatchIsFollowedByTheWholePicture) {
  PtyProgram program(Arguments(), {}, Xterm());
  program.AwaitOutput("BTCUSDT");
  program.Signal(SIGSTOP);
  ASSERT_TRUE(WIFSTOPPED(program.AwaitStop()));
  const std::size_t seen = program.output().size();
  program.Signal(SIGCONT);
  program.AwaitOutput("BTCUSDT", seen);
  program.Type("q");
  EXPECT_EQ(program.AwaitEnd(), 0);
  EXPECT_TRUE(IsGivenBack(program));
}

TEST_F(TerminalTest, ATerminalThatIsClosedEndsIt) {
  PtyProgram program(Arguments(), {}, Xterm());
  program.AwaitOutput("BTCUSDT");
  program.CloseTerminal();
  EXPECT_NE(program.AwaitEnd(), -1);
}

TEST_F(TerminalTest, KeysSelectSymbolsPagesAndSizes) {
  PtyProgram program(Arguments(), {}, Xterm());
  std::size_t seen = program.AwaitOutput("ETHUSDT");
  program.Type("j\r");
  seen = program.AwaitOutput("levels", seen);
  seen = program.AwaitOutput("2,501.75", seen);
  program.Type("\t");
  seen = program.AwaitOutput("(t10, 1 of 2)", seen);
  program.Type("b");
  seen = program.AwaitOutput("3,200", seen);  // Beyond the buckets of 10.
  program.Type("?");
  seen = program.AwaitOutput("the next bucket size", seen);
  program.Type("x");  // Any key takes the help away.
  program.Type("p");
  seen = program.AwaitOutput("PAUSED", seen);
  program.Type("p\x1b[A\x1b");
  seen = program.AwaitOutput("weighted mid", seen);
  program.Type("q");
  EXPECT_EQ(program.AwaitEnd(), 0);
}

TEST_F(TerminalTest, AnotherSizeIsAnotherPicture) {
  PtyProgram program(Arguments(), {}, Xterm());
  std::size_t seen = program.AwaitOutput("ETHUSDT");
  program.Resize({39, 8});
  seen = program.AwaitOutput("needs at least 40x8", seen);
  program.Resize({1, 1});
  program.Resize({160, 50});
  seen = program.AwaitOutput("ticker/s", seen);
  program.Resize({40, 8});
  program.AwaitOutput("61,602.01", seen);
  program.Type("q");
  EXPECT_EQ(program.AwaitEnd(), 0);
  EXPECT_TRUE(IsGivenBack(program));
}

TEST_F(TerminalTest, ColoursComeOnlyWhereTheyAreWantedAndKnown) {
  const auto output_of = [this](Environment environment) {
    PtyProgram program(Arguments(), {}, environment);
    program.AwaitOutput("61,602.01");
    program.Type("q");
    EXPECT_EQ(program.AwaitEnd(), 0);
    return program.output();
  };
  constexpr const char* kGreen = "\x1b[32m";
  EXPECT_NE(output_of(Xterm()).find(kGreen), std::string::npos);
  Environment without = Xterm();
  without.emplace_back("NO_COLOR", "1");
  EXPECT_EQ(output_of(without).find(kGreen), std::string::npos);
  Environment vt100 = Xterm();
  vt100.emplace_back("TERM", "vt100");
  EXPECT_EQ(output_of(vt100).find(kGreen), std::string::npos);
}

TEST_F(TerminalTest, WithoutUtf8BarsAreAscii) {
  Environment ascii = Xterm();
  ascii.emplace_back("LC_ALL", "C");
  PtyProgram program(Arguments(), {}, ascii);
  program.AwaitOutput("##");
  program.Type("q");
  EXPECT_EQ(program.AwaitEnd(), 0);
  for (const char byte : program.output()) ASSERT_LT(static_cast<unsigned char>(byte), 0x80U);
}

TEST_F(TerminalTest, ATerminalThatCannotPlaceItsCursorGetsPicturesAfterOneAnother) {
  for (const char* type : {"dumb", "no-such-terminal"}) {
    SCOPED_TRACE(type);
    Environment dumb = Xterm();
    dumb.emplace_back("TERM", type);
    PtyProgram program(Arguments(), {}, dumb);
    program.AwaitOutput("61,602.01");
    EXPECT_EQ(program.AwaitEnd(), 0);  // The ring is closed: one picture is all.
    EXPECT_EQ(program.output().find('\x1b'), std::string::npos);
    EXPECT_NE(program.output().find(type), std::string::npos);
  }
}

}  // namespace
}  // namespace thalweg
