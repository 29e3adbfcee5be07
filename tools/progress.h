// A line on the terminal that says how far a long replay is. Nothing in a pipe.
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "replay/recording_player.h"

namespace thalweg {

// "42 %  1000 frames  20 x real time  3 s left"; of a length that is not known neither the first
// nor the last is said.
[[nodiscard]] std::string ProgressText(const PlayerPosition& position, std::int64_t frames,
                                       double market_seconds, double seconds);

class Progress {
 public:
  Progress();
  // To be called often; prints a few times a second, on a terminal.
  void Show(const PlayerPosition& position, std::int64_t frames);
  // Takes the line away, so that other text can stand there; Show() brings it back.
  void Clear();
  // Time since the start.
  [[nodiscard]] double seconds() const;
  // Market time between the first and the last line shown or not.
  [[nodiscard]] double market_seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_;
  bool shown_ = false;
  std::int64_t calls_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_shown_ = start_;
  std::optional<ReceiveTime> first_;
  ReceiveTime last_;
};

}  // namespace thalweg
