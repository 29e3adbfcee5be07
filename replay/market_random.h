// Random numbers of the synthetic market: integers alone, so that a seed gives the same market from
// every compiler and on every machine.
//
// Fixed point: Q16, 65,536 is one. Threads: one an object.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace thalweg {

inline constexpr std::int64_t kQ16 = 65'536;

// One point of a distribution: `share` of all draws, in Q16, are at most `value`.
struct Quantile {
  std::int64_t share;
  std::int64_t value;
};

class MarketRandom {
 public:
  explicit MarketRandom(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) word = Mix(seed += kGolden);
  }

  // xoshiro256++ (Blackman, Vigna 2019).
  [[nodiscard]] std::uint64_t Next() noexcept {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  [[nodiscard]] std::int64_t Below(std::int64_t bound) noexcept {
    return static_cast<std::int64_t>(
        (static_cast<unsigned __int128>(Next()) * static_cast<std::uint64_t>(bound)) >> 64);
  }
  // True in `share` of all cases, in Q16.
  [[nodiscard]] bool Chance(std::int64_t share) noexcept { return Below(kQ16) < share; }

  // Normal, mean 0, deviation 1, in Q16: the sum of twelve uniform numbers.
  [[nodiscard]] std::int64_t Normal() noexcept {
    std::int64_t sum = -6 * kQ16;
    for (int word = 0; word < 3; ++word) {
      const std::uint64_t bits = Next();
      for (int shift = 0; shift < 64; shift += 16) {
        sum += static_cast<std::int64_t>((bits >> shift) & 0xffff);
      }
    }
    return sum;
  }

  // A whole number whose mean is `mean`, in Q16.
  [[nodiscard]] std::int64_t Round(std::int64_t mean) noexcept {
    return mean / kQ16 + (Chance(mean % kQ16) ? 1 : 0);
  }

  // A value of the distribution with these points, uniform between two of them.
  // REQUIRES: shares rise from 0 to kQ16, values do not fall.
  [[nodiscard]] std::int64_t Draw(std::span<const Quantile> points) noexcept {
    const std::int64_t share = Below(kQ16);
    std::size_t upper = 1;
    while (points[upper].share <= share) ++upper;
    const Quantile& low = points[upper - 1];
    const Quantile& high = points[upper];
    return low.value + Below(high.value - low.value + 1);
  }

  // Scrambles a word (SplitMix64); also a hash.
  [[nodiscard]] static constexpr std::uint64_t Mix(std::uint64_t word) noexcept {
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
    return word ^ (word >> 31);
  }

 private:
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
  std::array<std::uint64_t, 4> state_;
};

// 2^x, both in Q16, within 0.02 %. Negative x below -16 gives 0, x above 30 is taken as 30.
[[nodiscard]] constexpr std::int64_t Exp2(std::int64_t x) noexcept {
  const std::int64_t whole = x >> 16;
  if (whole < -16) return 0;
  const std::int64_t f = x & 0xffff;
  // 1 + 0.695976 f + 0.224940 f^2 + 0.079084 f^3: equal to 2^f at both ends.
  std::int64_t value = 5'183;
  value = 14'742 + ((value * f) >> 16);
  value = 45'611 + ((value * f) >> 16);
  value = kQ16 + ((value * f) >> 16);
  return whole >= 0 ? value << (whole < 30 ? whole : 30) : value >> -whole;
}

}  // namespace thalweg
