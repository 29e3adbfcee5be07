// The line that says how far long work is: what it holds, and that a terminal shows it whole.
#include "tools/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

PlayerPosition At(std::int64_t bytes_read, std::int64_t bytes_total) {
  PlayerPosition position;
  position.bytes_read = bytes_read;
  position.bytes_total = bytes_total;
  return position;
}

TEST(ProgressTextTest, TellsPartFramesSpeedAndWhatRemains) {
  EXPECT_EQ(ProgressText(At(25, 100), 1'000, 200, 10),
            " 25 %  1000 frames  20 x real time  30 s left");
  EXPECT_EQ(ProgressText(At(100, 100), 1'000, 200, 10),
            "100 %  1000 frames  20 x real time  0 s left");
}

TEST(ProgressTextTest, BeforeTheFirstByteNothingIsKnownOfWhatRemains) {
  EXPECT_EQ(ProgressText(At(0, 100), 0, 0, 10), "  0 %  0 frames  0 x real time");
}

TEST(ProgressTextTest, OfAnUnknownLengthNeitherPartNorRemainingTimeIsTold) {
  EXPECT_EQ(ProgressText(At(25, 0), 1'000, 200, 10), "1000 frames  20 x real time");
  EXPECT_EQ(ProgressText(At(101, 100), 1'000, 200, 10), "1000 frames  20 x real time");
}

// A program whose standard error is a terminal, reading a pipe of the test's.
class TerminalProgram {
 public:
  TerminalProgram(const std::string& command, const std::string& fifo)
      : terminal_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (terminal_ < 0 || grantpt(terminal_) != 0 || unlockpt(terminal_) != 0) return;
    const std::string name = ptsname(terminal_);
    const std::string program = ThalwegPath();
    child_ = fork();
    if (child_ != 0) return;
    const int error = open(name.c_str(), O_RDWR | O_NOCTTY);
    const int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    execl(program.c_str(), program.c_str(), command.c_str(), fifo.c_str(), nullptr);
    _exit(127);
  }
  ~TerminalProgram() {
    if (terminal_ >= 0) close(terminal_);
  }
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  [[nodiscard]] bool is_running() const { return child_ > 0; }
  // What the terminal has shown so far.
  const std::string& Shown() {
    pollfd ready{terminal_, POLLIN, 0};
    char text[4096];
    while (poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0) {
      const ssize_t bytes = read(terminal_, text, sizeof text);
      if (bytes <= 0) break;
      shown_.append(text, static_cast<std::size_t>(bytes));
    }
    return shown_;
  }
  int Wait() {
    int status = -1;
    EXPECT_EQ(waitpid(child_, &status, 0), child_);
    return WEXITSTATUS(status);
  }

 private:
  int terminal_;
  pid_t child_ = -1;
  std::string shown_;
};

class TerminalTest : public testing::TestWithParam<const char*> {};

// Lines are written until the terminal shows progress, then one that is worth a notice.
TEST_P(TerminalTest, ShowsProgressOfAPipeAndNoNoticeBehindIt) {
  // Some minutes' worth of lines: progress is due after a fifth of a second.
  constexpr int kLinesMax = 20'000'000;
  std::signal(SIGPIPE, SIG_IGN);
  const TestFolder folder;
  const std::string fifo = folder.PathOf("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  TerminalProgram program(GetParam(), fifo);
  if (!program.is_running()) GTEST_SKIP() << "no pseudo-terminals here";
  const int pipe = open(fifo.c_str(), O_WRONLY);
  ASSERT_GE(pipe, 0);
  const auto write_lines = [pipe](const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t bytes = write(pipe, text.data() + done, text.size() - done);
      if (bytes <= 0) return false;
      done += static_cast<std::size_t>(bytes);
    }
    return true;
  };

  std::string lines;
  constexpr int kLinesAtOnce = 500;
  for (int i = 0; i < kLinesAtOnce; ++i)
    lines += "1732154400000000000 {\"result\":null,\"id\":1}\n";
  int written = 0;
  while (program.Shown().find(" frames  ") == std::string::npos && written < kLinesMax) {
    ASSERT_TRUE(write_lines(lines)) << program.Shown();
    written += kLinesAtOnce;
  }
  EXPECT_TRUE(write_lines("garbage\n"));
  close(pipe);
  EXPECT_EQ(program.Wait(), 0);

  const std::string& shown = program.Shown();
  const std::size_t progress = shown.find("\r\x1b[K");
  ASSERT_NE(progress, std::string::npos) << shown;
  EXPECT_EQ(shown.find('%'), std::string::npos) << shown;
  EXPECT_EQ(shown.find(" left"), std::string::npos) << shown;
  const std::size_t notice = shown.find(fifo + ":");
  ASSERT_NE(notice, std::string::npos) << shown;
  EXPECT_EQ(shown.substr(notice - 4, 4), "\r\x1b[K") << shown;
}

INSTANTIATE_TEST_SUITE_P(Commands, TerminalTest, testing::Values("replay", "info"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace thalweg
