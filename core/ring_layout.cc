#include "core/ring_layout.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::uint64_t RoundUp(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// Where the next part may begin: behind `bytes` that begin at `offset`.
constexpr std::uint64_t EndOf(std::uint64_t offset, std::uint64_t bytes) {
  return RoundUp(offset + bytes, kCacheLineBytes);
}

std::uint64_t StageBytes(const RingHeader& header) {
  return std::uint64_t{header.stage_count} * header.stage_bytes;
}

bool IsRecordSize(std::uint64_t bytes) {
  return bytes >= kRecordAlignment && bytes <= kRingRecordBytesMax && bytes % kRecordAlignment == 0;
}

bool IsCapacity(std::uint64_t capacity) {
  return std::has_single_bit(capacity) && capacity <= kRingCapacityMax;
}

std::string RecordSizes() {
  return absl::StrCat("a multiple of 64 in [64, ", kRingRecordBytesMax, "]");
}

std::string Capacities() { return absl::StrCat("a power of two in [1, ", kRingCapacityMax, "]"); }

// Collects the first objection.
class Checker {
 public:
  void Require(bool holds, std::string_view field, std::uint64_t value,
               absl::string_view expected) {
    if (holds || !status_.ok()) return;
    status_ = absl::InvalidArgumentError(DescribeCorruption(field, value, Standard(expected)));
  }
  void RequireEqual(std::string_view field, std::uint64_t value, std::uint64_t expected) {
    Require(value == expected, field, value, absl::StrCat(expected));
  }
  [[nodiscard]] absl::Status status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace

std::string DescribeCorruption(std::string_view field, std::uint64_t value,
                               std::string_view expected) {
  return absl::StrCat("ring corrupt: field=", Abseil(field), " value=", value,
                      " expected=", Abseil(expected));
}

absl::StatusOr<RingHeader> LayOutRing(const RingShape& shape) {
  const auto refuse = [](absl::string_view key, std::uint64_t value, absl::string_view allowed) {
    return absl::InvalidArgumentError(absl::StrCat("ring ", key, ": ", value, " is not ", allowed));
  };
  if (!IsRecordSize(shape.record_bytes)) {
    return refuse("record size", shape.record_bytes, RecordSizes());
  }
  if (!IsCapacity(shape.capacity)) return refuse("capacity", shape.capacity, Capacities());
  if (shape.symbols_max > kRingEntriesMax) {
    return refuse("symbols", shape.symbols_max, absl::StrCat("in [0, ", kRingEntriesMax, "]"));
  }
  if (shape.schema.size() > kRingSchemaBytesMax) {
    return refuse("schema size", shape.schema.size(),
                  absl::StrCat("in [0, ", kRingSchemaBytesMax, "]"));
  }
  if (shape.first_seq == 0) return refuse("first number", 0, "1 or more");

  RingHeader header;
  header.header_bytes = sizeof(RingHeader);
  header.record_bytes = static_cast<std::uint32_t>(shape.record_bytes);
  header.slot_bytes = header.record_bytes;
  header.statistics_offset = sizeof(RingHeader);
  header.statistics_bytes = sizeof(RingStatistics);
  std::uint64_t end = EndOf(header.statistics_offset, header.statistics_bytes);
  if (shape.stages) {
    header.stages_offset = end;
    header.stage_count = kStages.size();
    header.stage_bytes = sizeof(RingStage);
    end = EndOf(end, StageBytes(header));
  }
  header.schema_offset = end;
  header.schema_bytes = shape.schema.size();
  header.table_offset = EndOf(header.schema_offset, header.schema_bytes);
  header.entry_bytes = static_cast<std::uint32_t>(sizeof(RingEntry) + shape.record_bytes);
  header.entry_capacity = shape.symbols_max;
  header.table_bytes = std::uint64_t{header.entry_bytes} * header.entry_capacity;
  header.ring_offset = RoundUp(header.table_offset + header.table_bytes, kRingPageBytes);
  header.capacity = shape.capacity;
  header.ring_bytes = shape.capacity * header.slot_bytes;
  header.file_bytes = header.ring_offset + header.ring_bytes;
  header.schema_hash = shape.schema_hash;
  header.flags = shape.wakes ? kRingWakes : 0;
  header.newest = shape.first_seq - 1;
  return header;
}

absl::Status CheckRingHeader(const RingHeader& header, std::uint64_t file_bytes) {
  Checker check;
  check.RequireEqual("magic", header.magic, kRingMagic);
  check.RequireEqual("version", header.version, kRingVersion);
  check.RequireEqual("header_bytes", header.header_bytes, sizeof(RingHeader));
  check.RequireEqual("file_bytes", header.file_bytes, file_bytes);
  check.Require(IsRecordSize(header.record_bytes), "record_bytes", header.record_bytes,
                RecordSizes());
  check.RequireEqual("slot_bytes", header.slot_bytes, header.record_bytes);
  check.Require(IsCapacity(header.capacity), "capacity", header.capacity, Capacities());
  if (header.stage_count != 0) {
    check.RequireEqual("stage_bytes", header.stage_bytes, sizeof(RingStage));
    check.Require(header.stage_count <= kRingStagesMax, "stage_count", header.stage_count,
                  absl::StrCat("at most ", kRingStagesMax));
  }
  check.RequireEqual("statistics_bytes", header.statistics_bytes, sizeof(RingStatistics));
  check.Require(header.schema_bytes <= kRingSchemaBytesMax, "schema_bytes", header.schema_bytes,
                absl::StrCat("at most ", kRingSchemaBytesMax));
  check.RequireEqual("entry_bytes", header.entry_bytes, sizeof(RingEntry) + header.record_bytes);
  check.Require(header.entry_capacity <= kRingEntriesMax, "entry_capacity", header.entry_capacity,
                absl::StrCat("at most ", kRingEntriesMax));
  // No product or sum below can overflow: their factors were bounded above.
  if (!check.status().ok()) return check.status();
  check.RequireEqual("table_bytes", header.table_bytes,
                     std::uint64_t{header.entry_bytes} * header.entry_capacity);
  check.RequireEqual("ring_bytes", header.ring_bytes, header.capacity * header.slot_bytes);

  // The parts in their order, each behind the one before, all inside the file.
  std::uint64_t from = sizeof(RingHeader);
  const auto require_part = [&](std::string_view field, std::uint64_t offset, std::uint64_t bytes) {
    const bool inside = offset % kCacheLineBytes == 0 && offset >= from && offset <= file_bytes &&
                        bytes <= file_bytes - offset;
    check.Require(inside, field, offset,
                  absl::StrCat("a multiple of 64 from ", from, " on with ", bytes,
                               " bytes behind it in the file"));
    if (inside) from = offset + bytes;
  };
  require_part("statistics_offset", header.statistics_offset, header.statistics_bytes);
  if (header.stage_count != 0)
    require_part("stages_offset", header.stages_offset, StageBytes(header));
  require_part("schema_offset", header.schema_offset, header.schema_bytes);
  require_part("table_offset", header.table_offset, header.table_bytes);
  require_part("ring_offset", header.ring_offset, header.ring_bytes);
  check.Require(header.generation != 0, "generation", header.generation, "1 or more");
  check.Require(header.writer_state >= static_cast<std::uint32_t>(RingWriterState::kWriting) &&
                    header.writer_state <= static_cast<std::uint32_t>(RingWriterState::kSuperseded),
                "writer_state", header.writer_state, "1, 2 or 3");
  check.Require(header.entry_count <= header.entry_capacity, "entry_count", header.entry_count,
                absl::StrCat("at most ", header.entry_capacity));
  return check.status();
}

}  // namespace thalweg
