// How long to wait before the next attempt: full jitter, so that clients that failed together do
// not come back together.
//
// Attempt n after a failure waits a random time in [0, min(longest, first * 2^n)]. A spell that
// was good for kGoodSpell forgets the failures before it; a shorter one does not, so that a server
// that accepts and closes at once is no busy loop. Pure: time and randomness are passed in.
// Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "core/units.h"

namespace thalweg {

// Deterministic and the same everywhere; std's distributions are neither.
using RandomSource = std::mt19937_64;

// In [0, limit]; to within 2^-10 of even, which is plenty for a wait.
[[nodiscard]] inline Nanos RandomUpTo(Nanos limit, RandomSource& random) {
  return static_cast<Nanos>(random() % (static_cast<std::uint64_t>(limit) + 1));
}

inline constexpr Nanos kFirstWait = 250 * kMillisecond;
inline constexpr Nanos kLongestWait = 30 * kSecond;
inline constexpr Nanos kGoodSpell = 60 * kSecond;

struct BackoffOptions {
  Nanos first = kFirstWait;
  Nanos longest = kLongestWait;
  Nanos good_spell = kGoodSpell;
};

class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options = {}) : options_(options) {}

  // It failed, or ended after it had worked for `good_for`: the wait until the next attempt.
  [[nodiscard]] Nanos Next(Nanos good_for, RandomSource& random) {
    if (good_for >= options_.good_spell) Reset();
    const Nanos bound = wait_bound();
    ++failures_;
    return RandomUpTo(bound, random);
  }
  void Reset() noexcept { failures_ = 0; }

  [[nodiscard]] std::int64_t failures() const noexcept { return failures_; }
  // The longest that the next wait can be.
  [[nodiscard]] Nanos wait_bound() const noexcept {
    Nanos bound = options_.first;
    for (std::int64_t i = 0; i < failures_ && bound < options_.longest; ++i) bound *= 2;
    return std::min(bound, options_.longest);
  }

 private:
  BackoffOptions options_;
  std::int64_t failures_ = 0;
};

}  // namespace thalweg
