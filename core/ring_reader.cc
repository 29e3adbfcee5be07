#include "thalweg/ring_reader.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "core/ring_file.h"
#include "core/ring_layout.h"
#include "core/ring_name.h"
#include "core/ring_protocol.h"
#include "core/ring_schema.h"
#include "core/string_view.h"
#include "core/units.h"

namespace thalweg {
namespace {

using Protocol = RingProtocol<MappedMemory>;

// Looks at a slot that is being written before it counts as left by a dead writer. The first ones
// take a microsecond; then the writer may need our core.
constexpr int kLooksMax = 200;
constexpr int kLooksBeforeYield = 100;
// Looks for a record before Wait() sleeps: some 50 us.
constexpr int kSpinsBeforeSleep = 1'000;
// A waiting reader looks up after so long, woken or not: a dead writer wakes nobody.
constexpr std::int64_t kSleepMax = 100 * kMillisecond;
constexpr std::int64_t kSleepWithoutWake = 1 * kMillisecond;

// The part of a full ring that RingStart::kOldest leaves out: its next records to be overwritten.
constexpr std::uint64_t kOldestMargin = 16;

std::int64_t MonotonicNow() noexcept {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

void Pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void PauseBefore(int look) noexcept {
  if (look < kLooksBeforeYield) {
    Pause();
  } else {
    sched_yield();
  }
}

template <class T>
T Get(const T& member, std::memory_order order = std::memory_order_relaxed) noexcept {
  return std::atomic_ref(const_cast<T&>(member)).load(order);  // NOLINT: a load changes nothing.
}

const std::uint64_t* Words(const void* memory) noexcept {
  return static_cast<const std::uint64_t*>(memory);
}

// Copies a struct of words, each atomic on its own.
template <class T>
T GetWords(const void* source) noexcept {
  std::array<std::uint64_t, sizeof(T) / 8> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = Get(Words(source)[i]);
  T value;
  std::memcpy(static_cast<void*>(&value), words.data(), sizeof(value));
  return value;
}

// Copies what lies in a slot that is written again and again, whatever its number. False when it is
// being written each time one looks, or when nothing was ever written: then all its words are 0.
bool CopyNewest(const std::uint64_t* slot, std::size_t words, std::uint64_t* copy) noexcept {
  for (int look = 0; look < kLooksMax; ++look) {
    const std::uint64_t number = Protocol::Number(slot);
    if (number != 0 && Protocol::Copy(slot, number, words, copy)) return true;
    const bool untouched = std::all_of(slot, slot + kSeqWord + 2,
                                       [](const std::uint64_t& word) { return Get(word) == 0; });
    if (number == 0 && untouched) return false;
    PauseBefore(look);
  }
  return false;
}

}  // namespace

std::string_view RingWriterLifeName(RingWriterLife life) noexcept {
  switch (life) {
    case RingWriterLife::kWriting:
      return "writing";
    case RingWriterLife::kSilent:
      return "silent";
    case RingWriterLife::kClosed:
      return "closed";
    case RingWriterLife::kSuperseded:
      return "superseded";
  }
  return "";
}

// A ring file mapped for reading, and which file it is.
class RingReader::Mapping {
 public:
  Mapping(const std::byte* base, const struct stat& stat)
      : base_(base),
        bytes_(static_cast<std::size_t>(stat.st_size)),
        device_(stat.st_dev),
        inode_(stat.st_ino) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(const_cast<std::byte*>(base_), bytes_); }  // NOLINT

  [[nodiscard]] const RingHeader& header() const noexcept {
    return *reinterpret_cast<const RingHeader*>(base_);
  }
  [[nodiscard]] const std::byte* at(std::uint64_t offset) const noexcept { return base_ + offset; }
  [[nodiscard]] bool Is(const struct stat& stat) const noexcept {
    return stat.st_dev == device_ && stat.st_ino == inode_;
  }

 private:
  const std::byte* base_;
  std::size_t bytes_;
  dev_t device_;
  ino_t inode_;
};

RingReader::RingReader() = default;
RingReader::RingReader(RingReader&&) noexcept = default;
RingReader& RingReader::operator=(RingReader&&) noexcept = default;
RingReader::~RingReader() = default;

// --- Opening ----------------------------------------------------------------------------------

absl::StatusOr<RingReader> RingReader::Open(std::string_view name, const RingOpenOptions& options) {
  RingReader reader;
  reader.options_ = options;
  if (name.find('/') != std::string_view::npos) {
    reader.path_ = name;
  } else {
    absl::Status status = CheckRingName(name);
    if (!status.ok()) return status;
    reader.path_ = RingPath(options.folder, name, options.kind);
  }
  absl::Status status = reader.OpenFile();
  if (!status.ok()) return status;
  reader.Seek(options.start);
  return reader;
}

absl::Status RingReader::OpenFile() {
  const auto refuse = [this](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(path_, ": ", status.message()));
  };
  const absl::StatusOr<FileHandle> file = OpenRingFile(path_, O_RDONLY);
  if (!file.ok()) return file.status();
  struct stat stat = {};
  if (::fstat(file->get(), &stat) != 0) return FileError(errno, path_, "cannot look at it");
  absl::Status status = CheckRingFile(stat, path_, options_.owner);
  if (!status.ok()) return status;
  const auto bytes = static_cast<std::uint64_t>(stat.st_size);
  if (bytes < sizeof(RingHeader)) {
    return refuse(absl::InvalidArgumentError(DescribeCorruption(
        "file", bytes, absl::StrCat("at least ", sizeof(RingHeader), " bytes"))));
  }
  void* const base = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file->get(), 0);
  if (base == MAP_FAILED) return FileError(errno, path_, "cannot map it");
  auto mapping = std::make_unique<Mapping>(static_cast<const std::byte*>(base), stat);

  // Copied once: what is checked is what is used.
  const RingHeader header = GetWords<RingHeader>(&mapping->header());
  status = CheckRingHeader(header, bytes);
  if (!status.ok()) return refuse(status);
  std::string schema(reinterpret_cast<const char*>(mapping->at(header.schema_offset)),
                     header.schema_bytes);
  absl::StatusOr<std::vector<RingField>> fields = ParseRingSchema(schema, header.record_bytes);
  if (!fields.ok()) return refuse(fields.status());
  const std::uint64_t hash = RingSchemaHash(*fields);
  if (hash != header.schema_hash) {
    return refuse(absl::InvalidArgumentError(DescribeCorruption(
        "schema_hash", header.schema_hash, absl::StrCat(hash, ", that of the schema's fields"))));
  }
  mapping_ = std::move(mapping);
  header_ = header;
  schema_ = std::move(schema);
  fields_ = *std::move(fields);
  record_.words_.assign(header.record_bytes / sizeof(std::uint64_t), 0);
  corruption_ = {};
  return absl::OkStatus();
}

absl::StatusOr<bool> RingReader::Reopen() {
  struct stat stat = {};
  if (::lstat(path_.c_str(), &stat) != 0) return FileError(errno, path_, "cannot look at it");
  if (mapping_->Is(stat)) return false;
  // What was not read of the old file never will be, nor what the new one holds no more.
  const std::uint64_t last = newest();
  const std::uint64_t left = place_.next != 0 && last >= place_.next ? last - place_.next + 1 : 0;
  absl::Status status = OpenFile();
  if (!status.ok()) return status;
  Seek(RingStart::kOldest);
  place_.last_lost = left + place_.next - 1;
  place_.lost += place_.last_lost;
  return true;
}

// --- Records ----------------------------------------------------------------------------------

std::uint64_t RingReader::newest() const noexcept {
  return Protocol::Newest(mapping_->header().newest);
}

void RingReader::Seek(RingStart start) noexcept {
  if (start == RingStart::kNewest) {
    place_.next = std::max<std::uint64_t>(newest(), 1);
  } else {
    place_.next =
        Oldest(writer() == RingWriterLife::kWriting ? header_.capacity / kOldestMargin : 0);
  }
}

std::uint64_t RingReader::Oldest(std::uint64_t margin) const noexcept {
  const std::uint64_t last = newest();
  return last > header_.capacity ? last - header_.capacity + 1 + margin : 1;
}

RingRead RingReader::Next() noexcept {
  const auto slot_of = [this](std::uint64_t n) {
    return Words(mapping_->at(header_.ring_offset +
                              ((n - 1) & (header_.capacity - 1)) * header_.slot_bytes));
  };
  const std::uint64_t from = place_.next;
  switch (Protocol::Next(place_, mapping_->header().newest, slot_of, header_.capacity,
                         record_.words_.size(), record_.words_.data())) {
    case RingStep::kRecord:
      return RingRead::kRecord;
    case RingStep::kNothing:
      return AtEnd();
    case RingStep::kLapped:
      // Nothing is in a hurry where nobody writes any more: what is still held is read. Behind the
      // last number there is nothing.
      if (place_.next != 0 && writer() != RingWriterLife::kWriting) {
        // A writer that was only stopped may go on meanwhile: never beyond where the lap went.
        const std::uint64_t held = std::min(std::max(from + 1, Oldest(0)), place_.next);
        const std::uint64_t back = place_.next - held;
        place_.next -= back;
        place_.last_lost -= back;
        place_.lost -= back;
      }
      return RingRead::kLapped;
    case RingStep::kCorrupt:
      break;
  }
  corruption_ = {Protocol::Number(slot_of(place_.next)), place_.next};
  return RingRead::kCorrupt;
}

RingRead RingReader::AtEnd() const noexcept {
  const std::uint32_t state = Get(mapping_->header().writer_state, std::memory_order_acquire);
  if (state == static_cast<std::uint32_t>(RingWriterState::kWriting)) return RingRead::kNothing;
  // A record that was published before it ended counts first.
  return place_.next != 0 && place_.next <= newest() ? RingRead::kNothing : RingRead::kEnded;
}

RingRead RingReader::Wait(std::chrono::nanoseconds timeout) noexcept {
  for (int spin = 0; spin < kSpinsBeforeSleep; ++spin) {
    const RingRead read = Next();
    if (read != RingRead::kNothing) return read;
    Pause();
  }
  const std::int64_t start = MonotonicNow();
  const auto* const futex = reinterpret_cast<const std::uint32_t*>(&mapping_->header().newest);
  const std::int64_t nap = (header_.flags & kRingWakes) != 0 ? kSleepMax : kSleepWithoutWake;
  for (;;) {
    // Read before one looks: a record published after the look changes it, and the sleep is none.
    const auto seen = static_cast<std::uint32_t>(newest());
    const RingRead read = Next();
    const std::int64_t left = timeout.count() - (MonotonicNow() - start);
    if (read != RingRead::kNothing || left <= 0) return read;
    const std::int64_t sleep = std::min(left, nap);
    const timespec time = {sleep / kSecond, sleep % kSecond};
    ::syscall(SYS_futex, futex, FUTEX_WAIT, seen, &time, nullptr, 0);
  }
}

std::string RingReader::corruption() const {
  return DescribeCorruption("seq", corruption_.found,
                            absl::StrCat(corruption_.expected, ", or a later one of its slot"));
}

// --- Symbols ----------------------------------------------------------------------------------

std::size_t RingReader::symbol_count() const noexcept {
  const std::uint32_t count = Get(mapping_->header().entry_count, std::memory_order_acquire);
  return std::min(count, header_.entry_capacity);
}

const std::byte* RingReader::Entry(std::size_t id) const noexcept {
  return mapping_->at(header_.table_offset + id * header_.entry_bytes);
}

std::string_view RingReader::NameOf(std::size_t id) const noexcept {
  const auto* const name = reinterpret_cast<const char*>(Entry(id));
  return {name, strnlen(name, kRingNameBytes)};
}

std::optional<std::size_t> RingReader::Find(std::string_view name) const noexcept {
  const std::size_t count = symbol_count();
  for (std::size_t id = 0; id < count; ++id) {
    if (NameOf(id) == name && !name.empty()) return id;
  }
  return std::nullopt;
}

std::optional<RingSymbol> RingReader::symbol(std::size_t id) const noexcept {
  if (id >= symbol_count()) return std::nullopt;
  const std::byte* const place = Entry(id);
  std::array<std::uint64_t, sizeof(RingStatus) / 8> words;
  if (!CopyNewest(Words(place + offsetof(RingEntry, status)), words.size(), words.data())) {
    return std::nullopt;
  }
  RingSymbol symbol;
  symbol.name = NameOf(id);
  std::memcpy(static_cast<void*>(&symbol.status), words.data(), sizeof(symbol.status));
  symbol.counts = GetWords<RingSymbolCounts>(place + offsetof(RingEntry, counts));
  return symbol;
}

std::optional<RingSymbol> RingReader::state(std::string_view name) const noexcept {
  const std::optional<std::size_t> id = Find(name);
  return id ? symbol(*id) : std::nullopt;
}

bool RingReader::Latest(std::size_t id) noexcept {
  if (id >= symbol_count()) return false;
  return CopyNewest(Words(Entry(id) + sizeof(RingEntry)), record_.words_.size(),
                    record_.words_.data());
}

bool RingReader::Latest(std::string_view name) noexcept {
  const std::optional<std::size_t> id = Find(name);
  return id && Latest(*id);
}

// --- The ring itself --------------------------------------------------------------------------

absl::StatusOr<RingColumn> RingReader::Column(std::string_view name) const {
  for (const RingField& field : fields_) {
    if (field.name != name) continue;
    if (field.type != "f64") {
      return absl::InvalidArgumentError(absl::StrCat(path_, ": ", field.name, " is of type ",
                                                     field.type,
                                                     ", not f64: RingRecord::header() has it"));
    }
    return RingColumn(field.offset / sizeof(double));
  }
  return absl::NotFoundError(absl::StrCat(path_, ": its records have no field '", Abseil(name),
                                          "' (thalweg schema lists them)"));
}

RingStatistics RingReader::statistics() const noexcept {
  return GetWords<RingStatistics>(mapping_->at(header_.statistics_offset));
}

std::optional<RingStage> RingReader::stage(Stage stage) const noexcept {
  if (Index(stage) >= header_.stage_count) return std::nullopt;
  return GetWords<RingStage>(
      mapping_->at(header_.stages_offset + Index(stage) * header_.stage_bytes));
}

RingWriterLife RingReader::writer() const noexcept {
  const std::uint32_t state = Get(mapping_->header().writer_state, std::memory_order_acquire);
  if (state == static_cast<std::uint32_t>(RingWriterState::kClosed)) return RingWriterLife::kClosed;
  if (state == static_cast<std::uint32_t>(RingWriterState::kSuperseded)) {
    return RingWriterLife::kSuperseded;
  }
  const bool alive = state == static_cast<std::uint32_t>(RingWriterState::kWriting) &&
                     since_heartbeat_ns() <= kRingSilentAfterNs;
  return alive ? RingWriterLife::kWriting : RingWriterLife::kSilent;
}

std::int64_t RingReader::since_heartbeat_ns() const noexcept {
  // Unsigned: a hostile heartbeat must not overflow.
  return static_cast<std::int64_t>(
      static_cast<std::uint64_t>(MonotonicNow()) -
      static_cast<std::uint64_t>(Get(mapping_->header().heartbeat_ns)));
}

}  // namespace thalweg
