// Whether the exchange as a whole is away (maintenance, our own line), and who finds out when it is
// back.
//
// While no connection of a feed is open and attempts fail, one attempt at a time is made, by the
// connections in turn: one that fails for reasons of its own, or may not try, keeps no other away.
// Between two of them is a wait that grows (feeds/net/backoff.h), at random in the upper half of
// its bound, however many there are. Once one has opened, all may dial again.
//
// Pure: time is passed in. Threads: one.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/units.h"
#include "feeds/net/backoff.h"

namespace thalweg {

class Outage {
 public:
  static constexpr Nanos kNever = INT64_MAX;

  explicit Outage(const BackoffOptions& options = {}) : backoff_(options) {}

  // A connection that is to be kept open; its number.
  [[nodiscard]] std::size_t Join() noexcept { return members_++; }

  // It has opened. How long the exchange was away, if it was.
  std::optional<Nanos> OnOpen(Nanos now) noexcept {
    ++open_;
    backoff_.Reset();
    const std::optional<Nanos> began = began_;
    began_.reset();
    return began ? std::optional(now - *began) : std::nullopt;
  }
  void OnClosed() noexcept {
    assert(open_ > 0);
    --open_;
  }
  // An attempt did not open. True: from now on it is an outage.
  bool OnFailure(std::size_t member, Nanos now, RandomSource& random) {
    // Attempts that were under way when it began say nothing new.
    if (open_ > 0 || (began_ && member != turn_)) return false;
    turn_ = (member + 1) % members_;
    // One client alone has nobody to stay clear of: the upper half, so that waits do grow.
    const Nanos half = backoff_.wait_bound() / 2;
    probe_at_ = now + half + backoff_.Next(0, random) / 2;
    if (began_) return false;
    began_ = now;
    return true;
  }

  // It is the member's turn, and it may not dial.
  void Pass(std::size_t member) noexcept {
    if (began_ && member == turn_) turn_ = (member + 1) % members_;
  }

  // When the member may dial that would at that time; kNever: not before something else happens.
  [[nodiscard]] Nanos NextAt(std::size_t member, Nanos at) const noexcept {
    if (!began_) return at;
    return member == turn_ ? std::max(at, probe_at_) : kNever;
  }
  [[nodiscard]] bool is_on() const noexcept { return began_.has_value(); }
  // The next attempt of any of them. REQUIRES: is_on().
  [[nodiscard]] Nanos probe_at() const noexcept { return probe_at_; }
  [[nodiscard]] Nanos since(Nanos now) const noexcept { return began_ ? now - *began_ : 0; }

 private:
  Backoff backoff_;
  std::size_t members_ = 0;
  std::int64_t open_ = 0;  // Connections.
  std::optional<Nanos> began_;
  std::size_t turn_ = 0;  // Whose attempt is the next, or under way.
  Nanos probe_at_ = 0;
};

}  // namespace thalweg
