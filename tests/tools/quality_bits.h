// The bits of the column `flags`, as the contract numbers them.
#pragma once

#include <cstdint>

namespace thalweg {

inline constexpr std::uint64_t kBookInvalid = 1ULL << 0;
inline constexpr std::uint64_t kResyncing = 1ULL << 1;
inline constexpr std::uint64_t kFirstAfterResync = 1ULL << 2;
inline constexpr std::uint64_t kStaleDepth = 1ULL << 8;
inline constexpr std::uint64_t kStaleTicker = 1ULL << 9;
inline constexpr std::uint64_t kStaleTrade = 1ULL << 10;
inline constexpr std::uint64_t kTradeGap = 1ULL << 11;
inline constexpr std::uint64_t kDroppedInput = 1ULL << 12;
inline constexpr std::uint64_t kHalted = 1ULL << 13;
inline constexpr std::uint64_t kInstrumentInferred = 1ULL << 14;

}  // namespace thalweg
