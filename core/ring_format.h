// A ring file, byte by byte: format version 1. docs/RING.md is the same for people who read it from
// another language.
//
//   0 RingHeader        what is where, who writes, and the newest record's number
//   | RingStatistics    counters of the writing engine, its latencies
//   | RingStage         times of each stage of a frame's way, one after another; or none
//   | schema            JSON text: the fields of a record, the configuration
//   | table             a RingEntry and a copy of the newest record for each symbol
//   | ring              `capacity` slots, a record each; begins on a page
//
// Everything is little endian and lies at a multiple of 64 bytes. Reserved bytes are zero. The
// writer creates the file whole and changes afterwards only what is marked "atomic" here and what
// the slot rule guards (core/ring_protocol.h). A reader trusts no field: it copies the header,
// checks it against the size of the file (core/ring_layout.h) and keeps the copy.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/record.h"

namespace thalweg {

inline constexpr std::uint64_t kRingMagic = 0x0067'6577'6c61'6874;  // "thalweg" and a zero.
inline constexpr std::uint32_t kRingVersion = 1;
inline constexpr std::size_t kCacheLineBytes = 64;
inline constexpr std::size_t kRingPageBytes = 4096;

// Bounds that a reader holds a header against; a writer refuses to make more.
inline constexpr std::size_t kRingRecordBytesMax = std::size_t{1} << 20;
inline constexpr std::uint64_t kRingCapacityMax = std::uint64_t{1} << 30;
inline constexpr std::size_t kRingSchemaBytesMax = std::size_t{1} << 24;
inline constexpr std::size_t kRingEntriesMax = 8'192;
inline constexpr std::size_t kRingStagesMax = 64;
// The last number a record can have. After it nothing is published.
inline constexpr std::uint64_t kRingSeqMax = UINT64_MAX;

enum class RingWriterState : std::uint32_t {
  kWriting = 1,
  kClosed = 2,      // Ended well. What is in the ring stays readable.
  kSuperseded = 3,  // Another file has this name now, with a later generation.
};

// RingHeader::flags
inline constexpr std::uint64_t kRingWakes = 1;  // The writer wakes readers that wait on `newest`.

struct RingHeader {
  std::uint64_t magic = kRingMagic;
  std::uint32_t version = kRingVersion;
  std::uint32_t header_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::uint32_t record_bytes = 0;  // A multiple of 64.
  std::uint32_t slot_bytes = 0;    // In version 1 the same: a slot is a record.
  std::uint64_t schema_offset = 0;
  std::uint64_t schema_bytes = 0;  // Of the text; zeros follow it.
  std::uint64_t table_offset = 0;
  std::uint64_t table_bytes = 0;  // entry_capacity * entry_bytes
  std::uint32_t entry_bytes = 0;  // sizeof(RingEntry) + record_bytes
  std::uint32_t entry_capacity = 0;
  std::uint64_t statistics_offset = 0;
  std::uint64_t statistics_bytes = 0;
  std::uint64_t ring_offset = 0;
  std::uint64_t ring_bytes = 0;  // capacity * slot_bytes
  std::uint64_t capacity = 0;    // A power of two.
  std::uint64_t schema_hash = 0;
  std::uint64_t generation = 0;  // From 1; one more with each writer that took the name over.
  std::uint64_t pid = 0;         // Of the writer, in its own pid namespace.
  std::int64_t start_ns = 0;     // Wall clock (CLOCK_REALTIME) at creation.
  std::uint64_t flags = 0;
  std::uint64_t stages_offset = 0;  // Of the first RingStage; means nothing without any.
  std::uint32_t stage_count = 0;    // 0 also in files of writers that knew of none.
  std::uint32_t stage_bytes = 0;    // sizeof(RingStage)
  std::uint64_t reserved_a[3] = {};
  // --- atomic from here on ---
  std::uint32_t writer_state = 0;
  std::uint32_t entry_count = 0;  // Entries that have a name: the first ones.
  std::int64_t heartbeat_ns = 0;  // CLOCK_MONOTONIC; at least every 250 ms while the writer lives.
  std::uint64_t reserved_b[6] = {};
  // On a line of its own: the number of the newest record, 0 before the first. Its low 32 bits are
  // a futex.
  std::uint64_t newest = 0;
  std::uint64_t reserved_c[7] = {};
};
static_assert(sizeof(RingHeader) == 320 && std::is_trivially_copyable_v<RingHeader>);
static_assert(
    offsetof(RingHeader, magic) == 0 && offsetof(RingHeader, version) == 8 &&
    offsetof(RingHeader, header_bytes) == 12 && offsetof(RingHeader, file_bytes) == 16 &&
    offsetof(RingHeader, record_bytes) == 24 && offsetof(RingHeader, slot_bytes) == 28 &&
    offsetof(RingHeader, schema_offset) == 32 && offsetof(RingHeader, schema_bytes) == 40 &&
    offsetof(RingHeader, table_offset) == 48 && offsetof(RingHeader, table_bytes) == 56 &&
    offsetof(RingHeader, entry_bytes) == 64 && offsetof(RingHeader, entry_capacity) == 68 &&
    offsetof(RingHeader, statistics_offset) == 72 && offsetof(RingHeader, statistics_bytes) == 80 &&
    offsetof(RingHeader, ring_offset) == 88 && offsetof(RingHeader, ring_bytes) == 96 &&
    offsetof(RingHeader, capacity) == 104 && offsetof(RingHeader, schema_hash) == 112 &&
    offsetof(RingHeader, generation) == 120 && offsetof(RingHeader, pid) == 128 &&
    offsetof(RingHeader, start_ns) == 136 && offsetof(RingHeader, flags) == 144 &&
    offsetof(RingHeader, stages_offset) == 152 && offsetof(RingHeader, stage_count) == 160 &&
    offsetof(RingHeader, stage_bytes) == 164 && offsetof(RingHeader, writer_state) == 192 &&
    offsetof(RingHeader, entry_count) == 196 && offsetof(RingHeader, heartbeat_ns) == 200 &&
    offsetof(RingHeader, newest) == 256);

// Cells of the latency histogram: exact below 8 ns, an eighth of an octave wide above
// (core/latency_cells.h); the last one takes everything from 15 * 2^30 ns (16 s) on.
inline constexpr int kRingLatencyBits = 3;
inline constexpr std::size_t kRingLatencyCells = 256;

// Every member is atomic on its own.
struct RingStatistics {
  std::uint64_t frames = 0;            // Given to the engine.
  std::uint64_t unnamed_frames = 0;    // Too broken to say of which symbol they are.
  std::uint64_t unlisted_symbols = 0;  // Symbols that found no place in the table.
  std::uint64_t records = 0;           // Published in this ring.
  std::int64_t receive_ns = 0;         // Receive time of the newest frame.
  std::uint64_t speed_milli = 0;     // Replay at this many thousandths of real time; 0: as fast as
                                     // it can. Live: 1000.
  std::uint64_t latency_max_ns = 0;  // From a frame in memory to its record in the ring.
  std::uint64_t reserved[9] = {};
  std::uint64_t latency_cells[kRingLatencyCells] = {};
};
static_assert(sizeof(RingStatistics) == 128 + 8 * kRingLatencyCells &&
              std::is_trivially_copyable_v<RingStatistics>);

// Times of one stage of a frame's way (core/stage.h), of the frames that were timed: one of some.
// Every member is atomic on its own.
struct RingStage {
  std::uint64_t count = 0;   // Frames that were timed and had this stage.
  std::uint64_t sum_ns = 0;  // Of their times.
  std::uint64_t max_ns = 0;
  std::uint64_t reserved[5] = {};
  std::uint64_t cells[kRingLatencyCells] = {};  // As RingStatistics::latency_cells.
};
static_assert(sizeof(RingStage) == 64 + 8 * kRingLatencyCells &&
              std::is_trivially_copyable_v<RingStage>);

// What a symbol is now, under the slot rule: `change` is 0 while it is being written.
struct RingStatus {
  std::int64_t changed_ns = 0;  // Wall clock of the last change of state or quality.
  std::uint64_t change = 0;     // Number of the change, from 1.
  std::uint64_t quality = 0;    // The quality word as of now (core/quality.h).
  std::uint64_t update_id = 0;  // The last update id applied to the book.
  std::int64_t event_ns = 0;    // The symbol's event clock; 0 before it has one.
  std::uint32_t symbol_id = 0;
  std::uint32_t state = 0;  // 0 down, 1 buffering, 2 live, 3 resync, 4 halted
  std::uint64_t reserved[2] = {};
};
static_assert(sizeof(RingStatus) == 64 && offsetof(RingStatus, change) == 8 &&
              offsetof(RingStatus, quality) == 16 && offsetof(RingStatus, update_id) == 24 &&
              offsetof(RingStatus, event_ns) == 32 && offsetof(RingStatus, symbol_id) == 40 &&
              offsetof(RingStatus, state) == 44);

// Every member is atomic on its own.
struct RingSymbolCounts {
  std::uint64_t depth_frames = 0;
  std::uint64_t ticker_frames = 0;
  std::uint64_t trade_frames = 0;
  std::uint64_t malformed_frames = 0;
  std::uint64_t gaps = 0;              // Breaks in the chain of update ids.
  std::uint64_t synchronisations = 0;  // Times that the book was built from a snapshot.
  std::uint64_t lost_inputs = 0;       // Frames lost before the engine.
  std::uint64_t reserved = 0;
};
static_assert(sizeof(RingSymbolCounts) == 64);

inline constexpr std::size_t kRingNameBytes = 64;  // The zero at the end included.

// Entry i is of the symbol with id i. The copy of its newest record follows it.
struct RingEntry {
  std::array<char, kRingNameBytes> name = {};  // Zero padded; never changes once it is counted.
  RingStatus status;
  RingSymbolCounts counts;
};
static_assert(sizeof(RingEntry) == 192 && offsetof(RingEntry, status) == 64 &&
              offsetof(RingEntry, counts) == 128);

// Under the slot rule word 1 is the lock, of records and of RingStatus.
inline constexpr std::size_t kSeqWord = 1;
static_assert(offsetof(RecordHeader, seq) == kSeqWord * 8 &&
              offsetof(RingStatus, change) == kSeqWord * 8);

// What a ring holds; the end of its file's name.
enum class RingKind : std::uint8_t { kFeatures, kLadders, kTops };
inline constexpr std::array kRingKinds{RingKind::kFeatures, RingKind::kLadders, RingKind::kTops};
[[nodiscard]] constexpr std::string_view RingKindName(RingKind kind) noexcept {
  switch (kind) {
    case RingKind::kFeatures:
      return "features";
    case RingKind::kLadders:
      return "ladders";
    case RingKind::kTops:
      return "tops";
  }
  return "";
}

}  // namespace thalweg
