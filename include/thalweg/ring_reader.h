// Reads a ring of records that another process, or this one, publishes in shared memory.
//
//   absl::StatusOr<thalweg::RingReader> reader = thalweg::RingReader::Open("live");
//   const absl::StatusOr<thalweg::RingColumn> mid = reader->Column("mid");
//   for (;;) {
//     switch (reader->Wait(std::chrono::seconds(1))) {
//       case thalweg::RingRead::kRecord: Use(reader->record()[*mid]); break;
//       ...
//
// A reader maps the file for reading alone, is known to nobody and costs the writer nothing. Each
// record is copied and its number compared before and after the copy: what record() shows is whole.
// A reader that is too slow is lapped, never waited for: it then learns exactly how many records it
// lost and goes on at the newest. No field of the file is trusted: one that makes no sense is
// refused by name and value.
//
// Threads: one at a time. Allocates in Open() and Reopen() alone. No exceptions. Lifetime: a record
// is good until the next call that reads one. Whoever may write to the file may also truncate it,
// which stops a reader (SIGBUS); only its owner may, and files that others may write are refused.
// Format: docs/RING.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/record.h"
#include "core/record_column.h"
#include "core/ring_format.h"
#include "core/ring_protocol.h"
#include "core/stage.h"

namespace thalweg {

// What became of an attempt to read the next record.
enum class RingRead : std::uint8_t {
  kRecord,   // record() is it.
  kNothing,  // There is none yet. writer() says whether one can be hoped for.
  kLapped,   // Records were overwritten before they were read: last_lost() of them. The next call
             // goes on at the newest; where nobody writes any more, at the oldest still held.
  kEnded,    // Everything was read, and nothing follows: the writer closed the file, or another
             // one took the name; then Reopen().
  kCorrupt,  // What lies in the file is no ring any more: corruption() says what.
};

// What is known of the writer.
enum class RingWriterLife : std::uint8_t {
  kWriting,
  kSilent,      // No sign of life for a second: it died, or was stopped.
  kClosed,      // It ended well; the ring stays readable.
  kSuperseded,  // Another file has the name: Reopen().
};
[[nodiscard]] std::string_view RingWriterLifeName(RingWriterLife life) noexcept;

// Without a sign of life for so long a writer counts as silent.
inline constexpr std::int64_t kRingSilentAfterNs = 1'000'000'000;

enum class RingStart : std::uint8_t {
  kNewest,  // The next record is the newest there is.
  kOldest,  // The oldest that is still held; while a full ring is being written, the oldest but a
            // sixteenth of it, so that the first read is not lapped.
};

// A field of the record, as the ring's schema tells it.
struct RingField {
  std::string name;
  std::string type;        // "u64", "i64", "f64", "u32", "u16"
  std::size_t offset = 0;  // In the record.
  std::size_t count = 1;   // Of values of that type, one after another.
  std::string unit;
  std::string group;
};

// Where an f64 of a ring's records lies; and columns whose names are known when the program is
// compiled, made by RingReader::Bind().
//
//   auto columns = reader.Bind<"mid", "imbalance_l10">();
//   const double mid = columns->Get<"mid">(reader.record());
using RingColumn = RecordColumn;
template <RecordColumnName... kNames>
using RingColumns = RecordColumns<kNames...>;

// A record in the reader's memory.
class RingRecord {
 public:
  [[nodiscard]] RecordHeader header() const noexcept {
    RecordHeader header;
    std::memcpy(static_cast<void*>(&header), words_.data(), sizeof(header));
    return header;
  }
  [[nodiscard]] double operator[](RingColumn column) const noexcept { return At(column, 0); }
  // Value `index` of a column of several. REQUIRES: index < the field's count.
  [[nodiscard]] double At(RingColumn column, std::size_t index) const noexcept {
    double value;
    std::memcpy(&value, words_.data() + column.word() + index, sizeof(value));
    return value;
  }
  // All bytes, as they stand in the ring.
  [[nodiscard]] const std::byte* data() const noexcept {
    return reinterpret_cast<const std::byte*>(words_.data());
  }
  [[nodiscard]] std::size_t size() const noexcept { return words_.size() * sizeof(words_[0]); }

 private:
  friend class RingReader;
  std::vector<std::uint64_t> words_;
};

// A symbol as the table has it now: true while writer() is kWriting; a writer that died changes
// nothing any more.
struct RingSymbol {
  std::string_view name;  // Lives as long as the reader's file.
  RingStatus status;
  RingSymbolCounts counts;
};

struct RingOpenOptions {
  RingKind kind = RingKind::kFeatures;
  RingStart start = RingStart::kNewest;
  // Files of this user are read; absent: of this process's own user, or root.
  std::optional<std::uint32_t> owner = std::nullopt;
  std::string folder = "/dev/shm";
};

class RingReader {
 public:
  // `name`: of a ring, or, with a '/', the path of its file. NotFound; PermissionDenied (not ours,
  // a link, or others may write it); InvalidArgument: "ring corrupt: field=... value=...", or a
  // format version that this program does not read.
  [[nodiscard]] static absl::StatusOr<RingReader> Open(std::string_view name,
                                                       const RingOpenOptions& options = {});
  RingReader(RingReader&&) noexcept;
  RingReader& operator=(RingReader&&) noexcept;
  ~RingReader();

  // --- records, one after another ---

  // Reads the next record. Never waits.
  [[nodiscard]] RingRead Next() noexcept;
  // Next(), but waits up to `timeout` when there is nothing: first spinning, then asleep on a futex
  // that a writer made for it wakes; with another writer it looks each millisecond.
  [[nodiscard]] RingRead Wait(std::chrono::nanoseconds timeout) noexcept;
  [[nodiscard]] const RingRecord& record() const noexcept { return record_; }

  // What Next() reads next.
  void Seek(RingStart start) noexcept;
  // Record `seq` > 0; if it is gone, Next() is lapped; if it is to come, there is nothing yet.
  void Seek(std::uint64_t seq) noexcept { place_.next = seq; }
  [[nodiscard]] std::uint64_t position() const noexcept { return place_.next; }
  // Records that were lost: since Open(), and at the last kLapped or Reopen().
  [[nodiscard]] std::uint64_t lost() const noexcept { return place_.lost; }
  [[nodiscard]] std::uint64_t last_lost() const noexcept { return place_.last_lost; }
  // The number of the newest record in the ring.
  [[nodiscard]] std::uint64_t newest() const noexcept;

  // --- symbols ---

  [[nodiscard]] std::size_t symbol_count() const noexcept;
  // The symbol with this id; absent when there is none, or when its status was being written each
  // time one looked: the writer died there.
  [[nodiscard]] std::optional<RingSymbol> symbol(std::size_t id) const noexcept;
  // By its name, "BTCUSDT".
  [[nodiscard]] std::optional<RingSymbol> state(std::string_view name) const noexcept;
  // Its newest record into record(); false when it has none (or the writer died over it). The place
  // of Next() does not change.
  [[nodiscard]] bool Latest(std::size_t id) noexcept;
  [[nodiscard]] bool Latest(std::string_view name) noexcept;

  // --- the ring itself ---

  // NotFound with the name.
  [[nodiscard]] absl::StatusOr<RingColumn> Column(std::string_view name) const;
  template <RecordColumnName... kNames>
  [[nodiscard]] absl::StatusOr<RingColumns<kNames...>> Bind() const {
    return RingColumns<kNames...>::Of(*this);
  }
  [[nodiscard]] const std::vector<RingField>& fields() const noexcept { return fields_; }
  // The schema block: JSON text.
  [[nodiscard]] std::string_view schema() const noexcept { return schema_; }
  // The header as it was checked when the file was opened; what changes in it has functions here.
  [[nodiscard]] const RingHeader& header() const noexcept { return header_; }
  [[nodiscard]] RingStatistics statistics() const noexcept;
  // The times of a stage of the frames' way; absent when this ring has none.
  [[nodiscard]] std::optional<RingStage> stage(Stage stage) const noexcept;
  [[nodiscard]] RingWriterLife writer() const noexcept;
  // Time since the writer's last sign of life, which means something while it is writing or silent.
  [[nodiscard]] std::int64_t since_heartbeat_ns() const noexcept;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Of kCorrupt: "ring corrupt: field=seq value=... expected=...".
  [[nodiscard]] std::string corruption() const;

  // Opens the file that has the name now, if it is another one, at its oldest record; columns and
  // records of the old one are void. True when there was another one: what was not read of the old
  // one and what the new one holds no more are lost (of generations between the two nothing is
  // known but header().generation). After an error the old file stays open.
  [[nodiscard]] absl::StatusOr<bool> Reopen();

 private:
  class Mapping;
  RingReader();

  [[nodiscard]] absl::Status OpenFile();
  [[nodiscard]] std::uint64_t Oldest(std::uint64_t margin) const noexcept;
  [[nodiscard]] RingRead AtEnd() const noexcept;
  [[nodiscard]] const std::byte* Entry(std::size_t id) const noexcept;
  [[nodiscard]] std::string_view NameOf(std::size_t id) const noexcept;
  [[nodiscard]] std::optional<std::size_t> Find(std::string_view name) const noexcept;

  RingOpenOptions options_;
  std::string path_;
  std::unique_ptr<Mapping> mapping_;
  RingHeader header_;
  std::string schema_;
  std::vector<RingField> fields_;
  RingRecord record_;
  RingPlace place_;
  struct Corruption {
    std::uint64_t found = 0;
    std::uint64_t expected = 0;
  };
  Corruption corruption_;
};

}  // namespace thalweg
