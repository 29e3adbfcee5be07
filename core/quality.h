// The quality word: 64 deterministic bits that name every doubt about a record.
//
// The exact condition of each bit stands in docs/FLAGS.md. Bits about the content of a book
// (kCrossed to kSweepThin, kQtyCapped and the horizon bits) are 0 while kBookInvalid is set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/units.h"

namespace thalweg {

using QualityWord = std::uint64_t;

namespace quality {

inline constexpr QualityWord kBookInvalid = 1ULL << 0;
inline constexpr QualityWord kResyncing = 1ULL << 1;
inline constexpr QualityWord kFirstAfterResync = 1ULL << 2;
inline constexpr QualityWord kCrossed = 1ULL << 3;
inline constexpr QualityWord kOneSided = 1ULL << 4;
inline constexpr QualityWord kShortBook = 1ULL << 5;
inline constexpr QualityWord kHorizon = 1ULL << 6;
inline constexpr QualityWord kSweepThin = 1ULL << 7;
inline constexpr QualityWord kStaleDepth = 1ULL << 8;
inline constexpr QualityWord kStaleTicker = 1ULL << 9;
inline constexpr QualityWord kStaleTrade = 1ULL << 10;
inline constexpr QualityWord kTradeGap = 1ULL << 11;
inline constexpr QualityWord kDroppedInput = 1ULL << 12;
inline constexpr QualityWord kHalted = 1ULL << 13;
inline constexpr QualityWord kInstrumentInferred = 1ULL << 14;
inline constexpr QualityWord kAuditDiverged = 1ULL << 15;
inline constexpr QualityWord kQtyCapped = 1ULL << 16;

inline constexpr std::size_t kBucketSizesMax = 8;
inline constexpr int kFirstHorizonBit = 24;  // One bit a bucket size, in configured order.
[[nodiscard]] constexpr QualityWord BucketHorizon(std::size_t size_index) noexcept {
  return 1ULL << (kFirstHorizonBit + static_cast<int>(size_index));
}

// The windows that have a warm-up bit, in bit order from kFirstWarmupBit.
inline constexpr std::array<Nanos, 6> kWarmupWindows{
    100 * kMillisecond, 1 * kSecond, 5 * kSecond, 10 * kSecond, 60 * kSecond, 300 * kSecond};
inline constexpr int kFirstWarmupBit = 32;
inline constexpr QualityWord kWarmupVpin = 1ULL << 38;
inline constexpr QualityWord kWarmupIntensity = 1ULL << 39;

}  // namespace quality

// The names of the bits that are set, lowest first, separated by '|': "BOOK_INVALID|RESYNCING".
// Empty for 0; bits without a name appear as "bit<n>".
[[nodiscard]] std::string DescribeQuality(QualityWord word);

// The name of one bit; empty for a bit without a name.
[[nodiscard]] std::string_view QualityBitName(int bit) noexcept;

}  // namespace thalweg
