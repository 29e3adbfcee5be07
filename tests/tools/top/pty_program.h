// The program on a terminal of its own, as in a window: a pseudo terminal, a session and a job in
// its foreground, so that stopping and continuing work as under a shell.
//
// Threads: one. Every wait has a deadline; what does not come is a failure of the test.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg {

class PtyProgram {
 public:
  struct Size {
    unsigned short columns = 100;
    unsigned short rows = 30;
  };

  // Runs the thalweg program; `environment` is added to this process's own.
  PtyProgram(const std::vector<std::string>& arguments, Size size,
             const std::vector<std::pair<std::string, std::string>>& environment = {});
  PtyProgram(const PtyProgram&) = delete;
  PtyProgram& operator=(const PtyProgram&) = delete;
  // Kills it, if it still lives.
  ~PtyProgram();

  // Waits until the program has written a text after the `from`-th byte; answers where it ended.
  std::size_t AwaitOutput(std::string_view text, std::size_t from = 0);
  [[nodiscard]] const std::string& output() const noexcept { return output_; }

  void Type(std::string_view keys) const;
  void Resize(Size size) const;
  void Signal(int signal) const;
  // The window is closed.
  void CloseTerminal();

  // As wait() tells it, of the program itself.
  [[nodiscard]] int AwaitStop();
  [[nodiscard]] int AwaitEnd();

  // The settings of the terminal now, and before the program began.
  [[nodiscard]] termios Settings() const;
  [[nodiscard]] const termios& settings_before() const noexcept { return before_; }

 private:
  void Read(int milliseconds);
  int AwaitStatus(bool stopped);

  int master_ = -1;
  int slave_ = -1;
  int statuses_ = -1;  // From the leader of the session.
  pid_t leader_ = -1;
  pid_t program_ = -1;
  bool ended_ = false;
  termios before_ = {};
  std::string output_;
};

// What a person would notice of a terminal's settings.
[[nodiscard]] bool SameSettings(const termios& one, const termios& other);

}  // namespace thalweg
