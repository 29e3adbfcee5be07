// Ctrl-C, and the wish of a system that shuts down: noted, so that work in progress ends well.
//
// While one lives, the first SIGINT or SIGTERM is noted and ends a sleep; the second one ends the
// process, as it does otherwise. Threads: one at a time, one object at a time.
#pragma once

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
  struct sigaction interrupt_before_ = {};
  struct sigaction terminate_before_ = {};
};

// What a shell says of a process that a signal ended: 130 for SIGINT, 143 for SIGTERM.
[[nodiscard]] constexpr int ExitStatusOfSignal(int signal) noexcept { return 128 + signal; }

}  // namespace thalweg
