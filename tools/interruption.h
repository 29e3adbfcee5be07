// Ctrl-C, a terminal that closes, the wish of a system that shuts down: noted, so that work in
// progress ends well.
//
// While one lives, the first SIGINT, SIGTERM or SIGHUP is noted and ends a sleep; a second one of
// its kind ends the process, as it does otherwise. One that is ignored (nohup) stays ignored.
// Threads: one at a time, one object at a time.
#pragma once

#include <array>
#include <csignal>

namespace thalweg {

class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // The signal that came; 0: none.
  [[nodiscard]] int signal() const noexcept;

 private:
  static constexpr std::array kNoted{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kNoted.size()> before_{};
};

// What a shell says of a process that a signal ended: 130 for SIGINT, 143 for SIGTERM, 129 for
// SIGHUP.
[[nodiscard]] constexpr int ExitStatusOfSignal(int signal) noexcept { return 128 + signal; }

}  // namespace thalweg
