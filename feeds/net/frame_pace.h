// How many frames a client may send on a connection: at most kClientFramesMax in any second.
//
// The exchange counts text, pings and pongs alike, closes at the sixth in a second and bans who
// repeats it. Pongs that cannot go yet are merged: the newest ping's payload answers them all
// (RFC 6455, 5.5.3). Pure: time is passed in. Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kClientFramesMax = 4;
inline constexpr Nanos kClientFramesWindow = kSecond;

class FramePace {
 public:
  explicit FramePace(Nanos window = kClientFramesWindow) : window_(window) {}

  [[nodiscard]] Nanos NextAt(Nanos now) const noexcept {
    if (taken_ < times_.size()) return now;
    const Nanos free = times_[taken_ % times_.size()] + window_;
    return free > now ? free : now;
  }
  // `keeps`: leaves that many of the window's frames to others (pongs go first).
  [[nodiscard]] bool TryTake(Nanos now, std::size_t keeps = 0) noexcept {
    if (InWindow(now) + keeps >= times_.size()) return false;
    times_[taken_++ % times_.size()] = now;
    return true;
  }

 private:
  [[nodiscard]] std::size_t InWindow(Nanos now) const noexcept {
    std::size_t count = 0;
    const std::size_t kept =
        taken_ < times_.size() ? static_cast<std::size_t>(taken_) : times_.size();
    for (std::size_t i = 0; i < kept; ++i) count += now - times_[i] < window_ ? 1 : 0;
    return count;
  }

  Nanos window_;
  std::array<Nanos, kClientFramesMax> times_{};
  std::uint64_t taken_ = 0;
};

}  // namespace thalweg
