// When the process may try to connect: at most `attempts` in any `window`, and not while the
// exchange has banned the address.
//
// The exchange allows 300 attempts in 5 minutes from an address and bans who goes on; we take a
// third, whoever else shares the address, since one of ours may be three connects of TCP
// (feeds/net/dialer.h). Every attempt of every connection goes through one budget. HTTP 418
// stops all of them. Pure: time is passed in.
// Invariant: of `attempts` + 1 taken in a row, the first and the last are `window` apart or more.
// Threads: one.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/units.h"
#include "feeds/net/weight_budget.h"

namespace thalweg {

inline constexpr std::size_t kConnectAttemptsMax = 100;
inline constexpr Nanos kConnectWindow = 300 * kSecond;
// How long a refusal lasts that does not say it; a ban: kAssumedBan.
inline constexpr Nanos kRefusalAssumed = 30 * kSecond;

class ConnectionBudget {
 public:
  explicit ConnectionBudget(std::size_t attempts = kConnectAttemptsMax,
                            Nanos window = kConnectWindow)
      : window_(window), times_(attempts) {
    assert(attempts >= 1);
  }

  // When the next attempt may be made: `now` or later.
  [[nodiscard]] Nanos NextAt(Nanos now) const noexcept {
    Nanos at = std::max(now, blocked_until_);
    if (taken_ >= times_.size()) at = std::max(at, times_[taken_ % times_.size()] + window_);
    return at;
  }
  // Takes an attempt if there is one.
  [[nodiscard]] bool TryTake(Nanos now) noexcept {
    if (NextAt(now) > now) return false;
    times_[taken_++ % times_.size()] = now;
    return true;
  }
  // The exchange does not want to see us for `length` (at most kBanMax).
  void Block(Nanos now, Nanos length) noexcept {
    blocked_until_ = std::max(blocked_until_, now + std::clamp(length, Nanos{0}, kBanMax));
  }

  [[nodiscard]] bool IsBlocked(Nanos now) const noexcept { return now < blocked_until_; }
  [[nodiscard]] Nanos blocked_until() const noexcept { return blocked_until_; }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

 private:
  Nanos window_;
  std::vector<Nanos> times_;  // Of the newest attempts, by number modulo size.
  std::uint64_t taken_ = 0;
  Nanos blocked_until_ = INT64_MIN;
};

}  // namespace thalweg
