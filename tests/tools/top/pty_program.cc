#include "tests/tools/top/pty_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "tests/tools/program.h"

namespace thalweg {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{60};
constexpr int kNoSuchProgram = 127;

// The program's own process: a job in the foreground of its terminal.
[[noreturn]] void BecomeProgram(const std::vector<std::string>& arguments,
                                const std::vector<std::pair<std::string, std::string>>& more) {
  setpgid(0, 0);
  signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(STDIN_FILENO, getpid());
  for (const int number : {SIGTTOU, SIGHUP, SIGINT, SIGQUIT, SIGTSTP}) signal(number, SIG_DFL);
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (const auto& [name, value] : more) setenv(name.c_str(), value.c_str(), 1);
  const std::string path = ThalwegPath();
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(path.c_str(), argv.data());
  _exit(kNoSuchProgram);
}

// What the leader of the session tells: its child, then each of its child's statuses.
struct Report {
  pid_t program;
  int status;
};

// The shell's part. It belongs to the session and not to the job: a job without such a relative
// cannot be stopped.
[[noreturn]] void Lead(int slave, int reports, const std::vector<std::string>& arguments,
                       const std::vector<std::pair<std::string, std::string>>& environment) {
  setsid();
  ioctl(slave, TIOCSCTTY, 0);
  for (int fd = 0; fd <= 2; ++fd) dup2(slave, fd);
  for (const int number : {SIGHUP, SIGTTOU, SIGINT, SIGQUIT}) signal(number, SIG_IGN);
  Report report = {fork(), 0};
  if (report.program == 0) BecomeProgram(arguments, environment);
  setpgid(report.program, report.program);
  if (write(reports, &report, sizeof(report)) != sizeof(report)) _exit(1);
  while (waitpid(report.program, &report.status, WUNTRACED) == report.program) {
    if (write(reports, &report, sizeof(report)) != sizeof(report)) _exit(1);
    if (!WIFSTOPPED(report.status)) _exit(0);
  }
  _exit(1);
}

winsize WindowOf(PtyProgram::Size size) { return {size.rows, size.columns, 0, 0}; }

}  // namespace

PtyProgram::PtyProgram(const std::vector<std::string>& arguments, Size size,
                       const std::vector<std::pair<std::string, std::string>>& environment) {
  const winsize window = WindowOf(size);
  int pipe_ends[2];
  if (openpty(&master_, &slave_, nullptr, nullptr, &window) != 0 ||
      pipe2(pipe_ends, O_CLOEXEC) != 0 || tcgetattr(slave_, &before_) != 0) {
    ADD_FAILURE() << "cannot make a terminal: " << std::strerror(errno);
    return;
  }
  fcntl(master_, F_SETFD, FD_CLOEXEC);
  statuses_ = pipe_ends[0];
  leader_ = fork();
  if (leader_ == 0) {
    close(master_);
    Lead(slave_, pipe_ends[1], arguments, environment);
  }
  close(pipe_ends[1]);
  Report report = {};
  if (read(statuses_, &report, sizeof(report)) != sizeof(report)) {
    ADD_FAILURE() << "cannot start the program";
  }
  program_ = report.program;
}

PtyProgram::~PtyProgram() {
  if (program_ > 0 && !ended_) kill(program_, SIGKILL);
  if (master_ >= 0) close(master_);
  if (slave_ >= 0) close(slave_);
  if (leader_ > 0) waitpid(leader_, nullptr, 0);
  if (statuses_ >= 0) close(statuses_);
}

void PtyProgram::Read(int milliseconds) {
  pollfd input = {master_, POLLIN, 0};  // A closed one, -1, is only waited for.
  if (poll(&input, 1, milliseconds) <= 0) return;
  char bytes[4'096];
  const ssize_t size = read(master_, bytes, sizeof(bytes));
  if (size > 0) output_.append(bytes, static_cast<std::size_t>(size));
}

std::size_t PtyProgram::AwaitOutput(std::string_view text, std::size_t from) {
  const Clock::time_point deadline = Clock::now() + kDeadline;
  for (;;) {
    const std::size_t found = output_.find(text, from);
    if (found != std::string::npos) return found + text.size();
    if (Clock::now() > deadline) {
      ADD_FAILURE() << "'" << text << "' never appeared; seen:\n" << output_.substr(from);
      return output_.size();
    }
    Read(50);
  }
}

void PtyProgram::Type(std::string_view keys) const {
  EXPECT_EQ(write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void PtyProgram::Resize(Size size) const {
  const winsize window = WindowOf(size);
  EXPECT_EQ(ioctl(master_, TIOCSWINSZ, &window), 0);
}

// A program that was not started has no process id: 0 and -1 are everybody's.
void PtyProgram::Signal(int signal) const {
  ASSERT_GT(program_, 0);
  EXPECT_EQ(kill(program_, signal), 0);
}

void PtyProgram::CloseTerminal() {
  close(slave_);
  close(master_);
  slave_ = master_ = -1;
}

int PtyProgram::AwaitStop() { return AwaitStatus(true); }
int PtyProgram::AwaitEnd() { return AwaitStatus(false); }

// Goes on reading, so that the program never waits for us.
int PtyProgram::AwaitStatus(bool stopped) {
  const Clock::time_point deadline = Clock::now() + kDeadline;
  while (Clock::now() < deadline) {
    pollfd status = {statuses_, POLLIN, 0};
    if (poll(&status, 1, 0) == 1) {
      Report report = {};
      if (read(statuses_, &report, sizeof(report)) != sizeof(report)) break;
      ended_ = ended_ || !WIFSTOPPED(report.status);
      if (WIFSTOPPED(report.status) == stopped) {
        for (pollfd left = {master_, POLLIN, 0};
             master_ >= 0 && poll(&left, 1, 0) == 1 && (left.revents & POLLIN) != 0;) {
          Read(0);
        }
        return report.status;
      }
      if (ended_) break;
    }
    Read(20);
  }
  ADD_FAILURE() << "the program has not " << (stopped ? "stopped" : "ended");
  return -1;
}

termios PtyProgram::Settings() const {
  termios settings = {};
  EXPECT_EQ(tcgetattr(slave_, &settings), 0);
  return settings;
}

bool SameSettings(const termios& one, const termios& other) {
  return one.c_iflag == other.c_iflag && one.c_oflag == other.c_oflag &&
         one.c_cflag == other.c_cflag && one.c_lflag == other.c_lflag &&
         std::equal(std::begin(one.c_cc), std::end(one.c_cc), std::begin(other.c_cc));
}

}  // namespace thalweg
