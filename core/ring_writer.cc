#include "core/ring_writer.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "core/latency_cells.h"
#include "core/quality.h"
#include "core/ring_layout.h"
#include "core/ring_protocol.h"
#include "core/string_view.h"
#include "thalweg/ring_reader.h"

namespace thalweg {
namespace {

using Protocol = RingProtocol<MappedMemory>;

std::int64_t Now(clockid_t clock) noexcept {
  timespec time = {};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

// A member that is atomic on its own and orders nothing.
template <class T>
void Set(T& member, T value) noexcept {
  std::atomic_ref(member).store(value, std::memory_order_relaxed);
}

std::size_t CellOf(std::int64_t nanos) noexcept {
  return LatencyCells<kRingLatencyBits>::CellOf(nanos, kRingLatencyCells);
}

std::uint64_t* Words(void* memory) noexcept { return static_cast<std::uint64_t*>(memory); }

// Copies a struct of words, each atomic on its own.
template <class T>
void SetWords(T* target, const T& source) noexcept {
  std::array<std::uint64_t, sizeof(T) / 8> words;
  std::memcpy(words.data(), &source, sizeof(T));
  for (std::size_t i = 0; i < words.size(); ++i) Set(Words(target)[i], words[i]);
}

absl::Status NoRoom(const std::string& path, const std::string& folder, std::uint64_t bytes) {
  struct statvfs room = {};
  std::string free = "unknown";
  if (::statvfs(folder.c_str(), &room) == 0) {
    free = absl::StrCat(std::uint64_t{room.f_bavail} * room.f_frsize);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(path, ": no room for a ring of ", bytes, " bytes, ", free, " are free in ",
                   folder, ": make the ring's capacity smaller, or the file system larger"));
}

// A new file of that many zero bytes, all of them allocated.
absl::StatusOr<FileHandle> MakeFile(const std::string& path, const RingName& name,
                                    std::uint64_t bytes) {
  // Of a writer that was killed while it made it: the name is ours, so nobody makes one now.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return FileError(errno, path, "cannot remove it");
  }
  absl::StatusOr<FileHandle> file = OpenRingFile(path, O_RDWR | O_CREAT | O_EXCL, name.mode());
  if (!file.ok()) return file.status();
  // The umask took bits away.
  if (::fchmod(file->get(), name.mode()) != 0) return FileError(errno, path, "cannot set its mode");
  const int error = ::posix_fallocate(file->get(), 0, static_cast<off_t>(bytes));
  if (error == 0) return file;
  ::unlink(path.c_str());
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    return NoRoom(path, name.folder(), bytes);
  return FileError(error, path, "cannot allocate it");
}

}  // namespace

absl::StatusOr<std::unique_ptr<RingWriter>> RingWriter::Create(const RingName& name,
                                                               const RingShape& shape) {
  absl::StatusOr<RingHeader> header = LayOutRing(shape);
  if (!header.ok()) return header.status();
  header->generation = name.generation();
  header->pid = static_cast<std::uint64_t>(::getpid());
  header->start_ns = Now(CLOCK_REALTIME);
  header->heartbeat_ns = Now(CLOCK_MONOTONIC);
  header->writer_state = static_cast<std::uint32_t>(RingWriterState::kWriting);

  const std::string path = RingPath(name.folder(), name.name(), shape.kind);
  const std::string making = absl::StrCat(path, Abseil(kRingMakingSuffix));
  absl::StatusOr<FileHandle> file = MakeFile(making, name, header->file_bytes);
  if (!file.ok()) return file.status();
  // Populated, so that no page is first touched while a record waits.
  void* const base = ::mmap(nullptr, header->file_bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_POPULATE, file->get(), 0);
  if (base == MAP_FAILED) {
    const int error = errno;
    ::unlink(making.c_str());
    return FileError(error, making, "cannot map it");
  }

  std::unique_ptr<RingWriter> writer(new RingWriter());
  writer->path_ = path;
  writer->base_ = static_cast<std::byte*>(base);
  writer->file_bytes_ = header->file_bytes;
  writer->header_ = new (base) RingHeader(*header);
  writer->statistics_ = new (writer->base_ + header->statistics_offset) RingStatistics();
  if (shape.stages) {
    writer->stages_ = new (writer->base_ + header->stages_offset) RingStage[kStages.size()];
  }
  std::memcpy(writer->base_ + header->schema_offset, shape.schema.data(), shape.schema.size());
  writer->table_ = writer->base_ + header->table_offset;
  writer->ring_ = writer->base_ + header->ring_offset;
  writer->record_bytes_ = header->record_bytes;
  writer->entry_bytes_ = header->entry_bytes;
  writer->mask_ = header->capacity - 1;
  writer->entry_capacity_ = header->entry_capacity;
  writer->seq_ = shape.first_seq;
  writer->wakes_ = shape.wakes;

  const absl::StatusOr<FileHandle> old = OpenRingFile(path, O_RDWR);
  if (::rename(making.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(making.c_str());
    return FileError(error, path, "cannot put a new ring there");
  }
  if (old.ok()) MarkSuperseded(old->get());
  return writer;
}

RingWriter::~RingWriter() {
  Close();
  if (base_ != nullptr) ::munmap(base_, file_bytes_);
}

std::uint64_t* RingWriter::slot(std::uint64_t n) const noexcept {
  return Words(ring_ + ((n - 1) & mask_) * record_bytes_);
}

RingEntry* RingWriter::entry(SymbolId symbol) const noexcept {
  if (Index(symbol) >= entry_count_) return nullptr;
  return reinterpret_cast<RingEntry*>(table_ + Index(symbol) * entry_bytes_);
}

// --- Hot --------------------------------------------------------------------------------------

std::uint64_t RingWriter::Publish(std::span<const std::byte> record, SymbolId symbol) noexcept {
  assert(record.size() == record_bytes_);
  if (!open_ || seq_ == 0 || superseded()) return 0;
  const std::uint64_t n = seq_;
  const auto* const words = reinterpret_cast<const std::uint64_t*>(record.data());
  const std::size_t count = record_bytes_ / sizeof(std::uint64_t);
  Protocol::Write(slot(n), words, count, n);
  Protocol::Publish(header_->newest, n);
  if (RingEntry* const place = entry(symbol)) Protocol::Write(Words(place + 1), words, count, n);
  Set(statistics_->records, ++records_);
  if (wakes_) Wake();
  seq_ = n + 1;  // 0 after kRingSeqMax: the numbers are used up.
  return n;
}

void RingWriter::Wake() noexcept {
  ::syscall(SYS_futex, &header_->newest, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void RingWriter::SetStatus(SymbolId symbol, RingStatus status) noexcept {
  RingEntry* const place = entry(symbol);
  if (place == nullptr || !open_ || superseded()) return;
  // Nobody else writes it: it is read like any memory.
  const RingStatus& present = place->status;
  status.symbol_id = Index(symbol);
  status.change = present.change + 1;
  const bool same = status.quality == present.quality && status.state == present.state;
  if (same && present.change != 0) {
    if (status.update_id == present.update_id && status.event_ns == present.event_ns) return;
    status.changed_ns = present.changed_ns;
  }
  std::array<std::uint64_t, sizeof(RingStatus) / 8> words;
  std::memcpy(words.data(), &status, sizeof(status));
  Protocol::Write(Words(&place->status), words.data(), words.size(), status.change);
}

void RingWriter::SetCounts(SymbolId symbol, const RingSymbolCounts& counts) noexcept {
  RingEntry* const place = entry(symbol);
  if (place != nullptr && open_ && !superseded()) SetWords(&place->counts, counts);
}

void RingWriter::Beat(std::int64_t monotonic_ns) noexcept {
  if (open_) Set(header_->heartbeat_ns, monotonic_ns);
}

void RingWriter::AddLatency(std::int64_t nanos) noexcept {
  if (!open_) return;
  std::uint64_t& count = statistics_->latency_cells[CellOf(nanos)];
  Set(count, count + 1);
  const auto latency = static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 0));
  if (latency > statistics_->latency_max_ns) Set(statistics_->latency_max_ns, latency);
}

void RingWriter::AddStage(Stage stage, std::int64_t nanos) noexcept {
  if (!open_ || stages_ == nullptr) return;
  RingStage& times = stages_[Index(stage)];
  const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 0));
  std::uint64_t& cell = times.cells[CellOf(nanos)];
  Set(cell, cell + 1);
  Set(times.count, times.count + 1);
  Set(times.sum_ns, times.sum_ns + time);
  if (time > times.max_ns) Set(times.max_ns, time);
}

void RingWriter::SetStatistics(const RingStatistics& statistics) noexcept {
  if (!open_) return;
  Set(statistics_->frames, statistics.frames);
  Set(statistics_->unnamed_frames, statistics.unnamed_frames);
  Set(statistics_->receive_ns, statistics.receive_ns);
  Set(statistics_->speed_milli, statistics.speed_milli);
}

// --- Cold -------------------------------------------------------------------------------------

bool RingWriter::AddSymbol(SymbolId symbol, std::string_view name) noexcept {
  if (Index(symbol) < entry_count_) return entry(symbol)->name[0] != '\0';
  const bool fits =
      !name.empty() && name.size() < kRingNameBytes && name.find('\0') == std::string_view::npos;
  const bool has_place = open_ && Index(symbol) == entry_count_ && entry_count_ < entry_capacity_;
  if (!fits || !has_place) Set(statistics_->unlisted_symbols, ++unlisted_);
  if (!has_place) return false;
  ++entry_count_;
  if (fits) std::memcpy(entry(symbol)->name.data(), name.data(), name.size());
  RingStatus down;
  down.changed_ns = Now(CLOCK_REALTIME);
  down.quality = quality::kBookInvalid | quality::kResyncing | quality::kStaleDepth |
                 quality::kStaleTicker | quality::kStaleTrade;
  SetStatus(symbol, down);
  // Who sees the count sees the name and the status.
  std::atomic_ref(header_->entry_count).store(entry_count_, std::memory_order_release);
  return fits;
}

void RingWriter::Close() noexcept {
  if (!open_) return;
  open_ = false;
  if (superseded()) return;
  std::atomic_ref(header_->writer_state)
      .store(static_cast<std::uint32_t>(RingWriterState::kClosed), std::memory_order_release);
  Wake();
}

void RingWriter::Abandon() noexcept {
  if (!open_) return;
  Set(header_->heartbeat_ns, header_->heartbeat_ns - kRingSilentAfterNs - 1);
  open_ = false;
  Wake();
}

bool RingWriter::superseded() const noexcept {
  return std::atomic_ref(header_->writer_state).load(std::memory_order_relaxed) ==
         static_cast<std::uint32_t>(RingWriterState::kSuperseded);
}

}  // namespace thalweg
