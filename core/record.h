// The feature record as it stands in memory, on a ring and under a digest: little endian, a 64-byte
// header, one f64 a feature in catalogue order, zero padding to a multiple of 64 bytes.
//
//   0 schema_hash | 8 seq | 16 recv_ns | 24 event_ns | 32 publish_ns | 40 update_id | 48 flags
//   56 symbol_id | 60 trigger | 62 live_flags | 64 features...
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace thalweg {

static_assert(std::endian::native == std::endian::little, "records are little endian");

// What made the record.
enum class Trigger : std::uint16_t { kDepth = 1, kTicker = 2, kTrade = 3, kTimer = 4 };

[[nodiscard]] constexpr std::string_view TriggerName(Trigger trigger) noexcept {
  switch (trigger) {
    case Trigger::kDepth:
      return "depth";
    case Trigger::kTicker:
      return "ticker";
    case Trigger::kTrade:
      return "trade";
    case Trigger::kTimer:
      return "timer";
  }
  return "";
}

// Bits of RecordHeader::live_flags. They depend on the wall clock and so are outside every digest.
inline constexpr std::uint16_t kLiveLagged = 1 << 0;  // It came later than it could have.
inline constexpr std::uint16_t kLiveClockSuspect = 1 << 1;

struct RecordHeader {
  std::uint64_t schema_hash = 0;
  std::uint64_t seq = 0;        // Number of the record in its output, from 1, over all symbols.
  std::int64_t recv_ns = 0;     // Receive time of the frame that triggered it.
  std::int64_t event_ns = 0;    // The symbol's event clock.
  std::int64_t publish_ns = 0;  // Wall clock of publication on a ring; 0 without one.
  std::uint64_t update_id = 0;  // The last update id applied to the book.
  std::uint64_t flags = 0;      // core/quality.h
  std::uint32_t symbol_id = 0;
  std::uint16_t trigger = 0;
  std::uint16_t live_flags = 0;
};
inline constexpr std::size_t kRecordAlignment = 64;
static_assert(sizeof(RecordHeader) == 64 && std::is_trivially_copyable_v<RecordHeader>);
static_assert(offsetof(RecordHeader, schema_hash) == 0 && offsetof(RecordHeader, seq) == 8 &&
              offsetof(RecordHeader, recv_ns) == 16 && offsetof(RecordHeader, event_ns) == 24 &&
              offsetof(RecordHeader, publish_ns) == 32 && offsetof(RecordHeader, update_id) == 40 &&
              offsetof(RecordHeader, flags) == 48 && offsetof(RecordHeader, symbol_id) == 56 &&
              offsetof(RecordHeader, trigger) == 60 && offsetof(RecordHeader, live_flags) == 62);

[[nodiscard]] constexpr std::size_t RecordBytes(std::size_t feature_count) noexcept {
  const std::size_t bytes = sizeof(RecordHeader) + feature_count * sizeof(double);
  return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// The one NaN that appears in records, so that they compare bytewise: 0x7ff8000000000000.
inline constexpr double kNaN = std::bit_cast<double>(std::uint64_t{0x7ff8000000000000});

}  // namespace thalweg
