// The fast reader of depth levels.
//
// Reads `[["61737.63000000","0.00000000"],...],"a":[...]`, the two level arrays of a diff, and
// nothing less regular. Two ways: the vector way finds all dots, 64 bytes a step, takes the length
// of every number from the distances between dots and converts four numbers at once; the sequential
// way goes number by number, eight bytes at a time, for texts without dots or with mixed lengths.
// Both check every byte between the brackets (digits, dots, quotes, commas, brackets).
//
// Invariant: Scan() is true only with levels that simdjson and ParseDecimal would give as well;
// false says "not regular, or not exact in the unit", never what is wrong. Threads: one scanner a
// thread. Allocates only while its buffers grow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/events.h"

namespace thalweg {

class LevelScanner {
 public:
  // What Scan() may use. Tests and benchmarks name one; decoders take the best.
  enum class Way : std::uint8_t { kBest, kVector, kSequential };

  // The two sides, and where the text after the asks' closing bracket begins.
  struct Sides {
    std::span<const Level> bids;
    std::span<const Level> asks;
    const char* after = nullptr;
  };

  explicit LevelScanner(Way way = Way::kBest);

  // Whether this machine has what the vector way needs (AVX2 and BMI).
  [[nodiscard]] static bool HasVectorWay() noexcept;

  // `begin` is at the bids' opening bracket, `end` the end of the frame. `sides` is written only
  // with true, and lives until the next call. REQUIRES: `"b":` stands before `begin`;
  // kPayloadPadding readable bytes before `begin` and after `end`; 0 <= qty_decimals <= 8.
  [[nodiscard]] bool Scan(const char* begin, const char* end, int qty_decimals,
                          Sides* sides) noexcept;

 private:
  bool ScanByVector(const char* begin, const char* end, int qty_decimals, Sides* sides) noexcept;
  bool ScanSequentially(const char* begin, const char* end, int qty_decimals,
                        Sides* sides) noexcept;

  Way way_;
  std::vector<std::uint32_t> dots_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

}  // namespace thalweg
