// The writing side of a shared-memory ring: a file that one thread publishes records to, under a
// name that is held (core/ring_name.h).
//
// Publish() is wait-free: it never looks at a reader, and what it costs does not depend on how many
// there are. It makes no system call, except to wake readers where that was asked for.
// Errors: absl::Status with the path, the value and the remedy. Source of the format: docs/RING.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ring_format.h"
#include "core/ring_name.h"
#include "core/stage.h"
#include "core/units.h"

namespace thalweg {

inline constexpr std::uint64_t kRingCapacityDefault = 16'384;
inline constexpr std::uint32_t kRingSymbolsDefault = 512;

// What a ring is made for.
struct RingShape {
  RingKind kind = RingKind::kFeatures;
  std::size_t record_bytes = 0;  // A multiple of 64, at least 64.
  std::uint64_t schema_hash = 0;
  std::string schema;                               // JSON text.
  std::uint64_t capacity = kRingCapacityDefault;    // A power of two.
  std::uint32_t symbols_max = kRingSymbolsDefault;  // Places in the table.
  bool wakes = false;           // Publish() wakes readers that wait: one system call each.
  bool stages = false;          // Has room for the times of stages.
  std::uint64_t first_seq = 1;  // Other numbers are for tests.
};

// Threads: one at a time. Lifetime: closed by its end; the file stays.
class RingWriter {
 public:
  // Builds the file beside its place (O_EXCL, O_NOFOLLOW, allocated whole), renames it into place,
  // and marks the one that was there superseded. InvalidArgument, ResourceExhausted (no room),
  // PermissionDenied. `name` must be held for the writer's life.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RingWriter>> Create(const RingName& name,
                                                                          const RingShape& shape);
  RingWriter(const RingWriter&) = delete;
  RingWriter& operator=(const RingWriter&) = delete;
  // Close()
  ~RingWriter();

  // --- hot ---

  // Publishes a record of `record_bytes` and makes it the newest of its symbol. Word 1 is replaced
  // by the record's number, which is returned; 0 when nothing was published, because the file was
  // superseded or the numbers are used up.
  std::uint64_t Publish(std::span<const std::byte> record, SymbolId symbol) noexcept;

  // The symbol's present state; readers see it at once. Nothing is written when it is the same but
  // for `changed_ns`. `status.symbol_id` and `status.change` are filled in.
  void SetStatus(SymbolId symbol, RingStatus status) noexcept;
  void SetCounts(SymbolId symbol, const RingSymbolCounts& counts) noexcept;

  // Sign of life, CLOCK_MONOTONIC; due every 250 ms, records or not.
  void Beat(std::int64_t monotonic_ns) noexcept;
  // Latency of a frame whose record was published.
  void AddLatency(std::int64_t nanos) noexcept;
  // The time of a stage of a frame that was timed. No effect without room for stages.
  void AddStage(Stage stage, std::int64_t nanos) noexcept;
  // The counters that its driver knows; `records` and latencies are the writer's own.
  void SetStatistics(const RingStatistics& statistics) noexcept;

  // --- cold ---

  // Gives the symbol its place in the table. REQUIRES: symbols come in the order of their ids, from
  // 0; one that has its place keeps it. False, and counted as unlisted, when the table is full, or
  // when the name is none (empty, or longer than kRingNameBytes - 1): its place then has no name.
  // Records of an unlisted symbol are published all the same.
  bool AddSymbol(SymbolId symbol, std::string_view name) noexcept;

  // Ended well: the ring stays, to be read. No call after it does anything.
  void Close() noexcept;
  // Ended, and not well: readers find a writer that has been silent for too long, at once. No call
  // after it does anything.
  void Abandon() noexcept;

  [[nodiscard]] std::uint64_t newest() const noexcept { return seq_ - 1; }
  // Another writer has taken the name: nothing is published any more.
  [[nodiscard]] bool superseded() const noexcept;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  RingWriter() = default;

  void Wake() noexcept;
  [[nodiscard]] std::uint64_t* slot(std::uint64_t n) const noexcept;
  [[nodiscard]] RingEntry* entry(SymbolId symbol) const noexcept;

  std::string path_;
  std::byte* base_ = nullptr;
  RingHeader* header_ = nullptr;
  RingStatistics* statistics_ = nullptr;
  RingStage* stages_ = nullptr;  // By Stage; null: no room for them.
  std::byte* table_ = nullptr;
  std::byte* ring_ = nullptr;
  std::size_t file_bytes_ = 0;
  std::size_t record_bytes_ = 0;
  std::size_t entry_bytes_ = 0;
  std::uint64_t mask_ = 0;
  std::uint32_t entry_count_ = 0;
  std::uint32_t entry_capacity_ = 0;
  std::uint64_t seq_ = 1;  // Of the next record.
  std::uint64_t records_ = 0;
  std::uint64_t unlisted_ = 0;
  bool wakes_ = false;
  bool open_ = true;
};

}  // namespace thalweg
