#include "tests/core/ring_agreement.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "thalweg/ring.h"

// In place of the system's: a slot that is open stays open here, and no writer waits for our core,
// which others would take for long.
extern "C" int sched_yield() noexcept { return 0; }

namespace thalweg {
namespace {

// What a reader said, as text and bytes that compare.
class Transcript {
 public:
  void Add(std::uint64_t value) { Add(&value, sizeof(value)); }
  void Add(const void* bytes, std::size_t count) {
    said_.append(static_cast<const char*>(bytes), count);
  }
  [[nodiscard]] const std::string& said() const noexcept { return said_; }

 private:
  std::string said_;
};

// The two readers behind one face: what is read is the same, and so is its order.
class CppRing {
 public:
  explicit CppRing(RingReader reader) : reader_(std::move(reader)) {}

  [[nodiscard]] std::uint64_t newest() const { return reader_.newest(); }
  [[nodiscard]] std::uint64_t capacity() const { return reader_.header().capacity; }
  void Seek(RingStart start) { reader_.Seek(start); }
  void Seek(std::uint64_t seq) { reader_.Seek(seq); }
  RingRead Next(Transcript& transcript) {
    const RingRead read = reader_.Next();
    if (read == RingRead::kRecord) AddRecord(transcript);
    if (read == RingRead::kCorrupt) {
      const std::string text = reader_.corruption();
      transcript.Add(text.data(), text.size());
    }
    transcript.Add(reader_.position());
    transcript.Add(reader_.lost());
    transcript.Add(reader_.last_lost());
    return read;
  }
  void AddSymbols(Transcript& transcript) {
    // One more than there are.
    for (std::size_t id = 0; id <= reader_.symbol_count(); ++id) {
      const std::optional<RingSymbol> symbol = reader_.symbol(id);
      transcript.Add(symbol.has_value());
      if (symbol) AddSymbol(transcript, *symbol);
      const bool latest = reader_.Latest(id);
      transcript.Add(latest);
      if (latest) AddRecord(transcript);
      const bool named = symbol && !symbol->name.empty() && symbol->name.size() < kRingNameBytes;
      if (!named) continue;
      const std::string name(symbol->name);
      transcript.Add(reader_.state(name).has_value());
      transcript.Add(reader_.Latest(name));
    }
  }
  void AddRest(Transcript& transcript) {
    const RingStatistics statistics = reader_.statistics();
    transcript.Add(static_cast<const void*>(&statistics), sizeof(statistics));
    for (std::size_t i = 0; i <= kStages.size(); ++i) {
      const std::optional<RingStage> stage = reader_.stage(static_cast<Stage>(i));
      transcript.Add(stage.has_value());
      if (stage) transcript.Add(static_cast<const void*>(&*stage), sizeof(*stage));
    }
    transcript.Add(static_cast<std::uint64_t>(reader_.writer()));
    transcript.Add(static_cast<const void*>(&reader_.header()), sizeof(RingHeader));
    transcript.Add(reader_.schema().data(), reader_.schema().size());
  }
  [[nodiscard]] const std::vector<RingField>& fields() const { return reader_.fields(); }

 private:
  void AddRecord(Transcript& transcript) const {
    transcript.Add(reader_.record().data(), reader_.record().size());
  }
  static void AddSymbol(Transcript& transcript, const RingSymbol& symbol) {
    // The C reader's names end in a zero.
    const std::string_view name = symbol.name.substr(0, kRingNameBytes - 1);
    transcript.Add(name.data(), name.size());
    transcript.Add(static_cast<const void*>(&symbol.status), sizeof(symbol.status));
    transcript.Add(static_cast<const void*>(&symbol.counts), sizeof(symbol.counts));
  }

  RingReader reader_;
};

// Over memory instead of a file. `reader` is the state that thalweg_ring_open() leaves.
class CRing {
 public:
  CRing(const std::string& path, std::string_view bytes) : bytes_(bytes.size()) {
    // Like a mapping, it begins on a page; like none, it ends where the bytes end.
    void* memory = nullptr;
    if (::posix_memalign(&memory, kRingPageBytes, std::max<std::size_t>(bytes_, 1)) != 0) {
      std::abort();
    }
    memory_.reset(static_cast<unsigned char*>(memory));
    if (bytes_ != 0) std::memcpy(memory, bytes.data(), bytes_);
    reader_ = std::make_unique<thalweg_ring_reader>();
    path.copy(reader_->path, sizeof(reader_->path) - 1);
    open_ = thalweg_ring_take_(reader_.get(), memory_.get(), bytes_, error_.data(), error_.size());
    if (open_) record_.resize(reader_->header.record_bytes);
  }
  CRing(const CRing&) = delete;
  CRing& operator=(const CRing&) = delete;
  ~CRing() { std::free(reader_->schema); }

  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] std::string refusal() const { return open_ ? "" : error_.data(); }

  [[nodiscard]] std::uint64_t newest() const { return thalweg_ring_newest(reader_.get()); }
  [[nodiscard]] std::uint64_t capacity() const { return reader_->header.capacity; }
  [[nodiscard]] std::size_t record_bytes() const {
    return thalweg_ring_record_bytes(reader_.get());
  }
  void Seek(RingStart start) {
    thalweg_ring_seek_to(reader_.get(), static_cast<thalweg_ring_start>(start));
  }
  void Seek(std::uint64_t seq) { thalweg_ring_seek(reader_.get(), seq); }
  RingRead Next(Transcript& transcript) {
    const thalweg_ring_read read = thalweg_ring_next(reader_.get(), record_.data(), record_.size());
    if (read == THALWEG_RING_RECORD) AddRecord(transcript);
    if (read == THALWEG_RING_CORRUPT) {
      std::array<char, 256> text;
      thalweg_ring_corruption(reader_.get(), text.data(), text.size());
      transcript.Add(text.data(), std::strlen(text.data()));
    }
    transcript.Add(thalweg_ring_position(reader_.get()));
    transcript.Add(thalweg_ring_lost(reader_.get()));
    transcript.Add(thalweg_ring_last_lost(reader_.get()));
    return static_cast<RingRead>(read);
  }
  void AddSymbols(Transcript& transcript) {
    for (std::size_t id = 0; id <= thalweg_ring_symbol_count(reader_.get()); ++id) {
      thalweg_ring_symbol symbol = {};
      const bool present = thalweg_ring_symbol_at(reader_.get(), id, &symbol);
      transcript.Add(present);
      if (present) AddSymbol(transcript, symbol);
      const bool latest = Read(thalweg_ring_latest_at(reader_.get(), id, record_.data(), Room()));
      transcript.Add(latest);
      if (latest) AddRecord(transcript);
      // A name without a zero in the file is none here: it is longer than it can be.
      const bool named = present && symbol.name[0] != 0 && EndsInTheFile(id);
      if (!named) continue;
      transcript.Add(thalweg_ring_state(reader_.get(), symbol.name, &symbol));
      transcript.Add(Read(thalweg_ring_latest(reader_.get(), symbol.name, record_.data(), Room())));
    }
  }
  void AddRest(Transcript& transcript) {
    thalweg_ring_statistics statistics;
    thalweg_ring_statistics_of(reader_.get(), &statistics);
    transcript.Add(&statistics, sizeof(statistics));
    for (unsigned i = 0; i <= kStages.size(); ++i) {
      thalweg_ring_stage stage;
      const bool present = thalweg_ring_stage_of(reader_.get(), i, &stage);
      transcript.Add(present);
      if (present) transcript.Add(&stage, sizeof(stage));
    }
    transcript.Add(static_cast<std::uint64_t>(thalweg_ring_writer(reader_.get())));
    transcript.Add(thalweg_ring_header_of(reader_.get()), sizeof(thalweg_ring_header));
    transcript.Add(thalweg_ring_schema(reader_.get()), reader_->header.schema_bytes);
  }
  [[nodiscard]] bool FindField(const std::string& name, thalweg_ring_field* field) const {
    return thalweg_ring_find_field(reader_.get(), name.c_str(), field);
  }

 private:
  [[nodiscard]] std::size_t Room() const { return record_.size(); }
  [[nodiscard]] static bool Read(thalweg_ring_read read) { return read == THALWEG_RING_RECORD; }
  [[nodiscard]] bool EndsInTheFile(std::size_t id) const {
    const unsigned char* const name = memory_.get() + thalweg_ring_entry_(reader_.get(), id);
    return std::memchr(name, 0, kRingNameBytes) != nullptr;
  }
  void AddRecord(Transcript& transcript) const { transcript.Add(record_.data(), record_.size()); }
  static void AddSymbol(Transcript& transcript, const thalweg_ring_symbol& symbol) {
    transcript.Add(symbol.name, std::strlen(symbol.name));
    transcript.Add(&symbol.status, sizeof(symbol.status));
    transcript.Add(&symbol.counts, sizeof(symbol.counts));
  }

  struct Free {
    void operator()(unsigned char* memory) const { std::free(memory); }
  };
  std::size_t bytes_;
  std::unique_ptr<unsigned char, Free> memory_;
  std::unique_ptr<thalweg_ring_reader> reader_;
  std::vector<unsigned char> record_;
  std::array<char, 8192> error_ = {};
  bool open_ = false;
};

// From its place until nothing follows. Every call gets on, so it takes no more than a ring's worth
// of them; else the transcript says that it did.
template <class Ring>
void AddRecords(Ring& ring, Transcript& transcript) {
  for (std::uint64_t i = 0; i <= ring.capacity() + 1; ++i) {
    const RingRead read = ring.Next(transcript);
    transcript.Add(static_cast<std::uint64_t>(read));
    if (read != RingRead::kRecord && read != RingRead::kLapped) return;
  }
  transcript.Add("no end", 6);
}

template <class Ring>
std::string Read(Ring& ring) {
  Transcript transcript;
  for (const RingStart start : {RingStart::kOldest, RingStart::kNewest}) {
    ring.Seek(start);
    AddRecords(ring, transcript);
  }
  const std::uint64_t newest = ring.newest();
  for (const std::uint64_t seq :
       {std::uint64_t{0}, std::uint64_t{1}, newest - ring.capacity() / 2, newest + 1, UINT64_MAX}) {
    ring.Seek(seq);
    AddRecords(ring, transcript);
  }
  ring.AddSymbols(transcript);
  ring.AddRest(transcript);
  return transcript.said();
}

// A field that the C reader finds lies in the record, whatever the schema says.
std::string CheckFields(const CRing& c) {
  for (const char* const name : {"seq", "mid", "spread_bps", "size_t10", "bid_qty_t10"}) {
    thalweg_ring_field found;
    if (!c.FindField(name, &found)) continue;
    const std::size_t bytes = RingTypeBytes(found.type);
    if (bytes == 0 || found.count == 0 || found.offset % bytes != 0 ||
        found.offset + std::uint64_t{found.count} * bytes > c.record_bytes()) {
      return absl::StrCat("field ", name, " does not lie in the record");
    }
  }
  return "";
}

// What it finds is what the C++ reader has.
std::string CompareFields(const CppRing& cpp, const CRing& c) {
  for (const RingField& field : cpp.fields()) {
    thalweg_ring_field found;
    if (!c.FindField(field.name, &found)) continue;
    const auto same = [&](const RingField& other) {
      return other.name == field.name && other.type == found.type && other.offset == found.offset &&
             other.count == found.count;
    };
    if (std::none_of(cpp.fields().begin(), cpp.fields().end(), same)) {
      return absl::StrCat("the place of field ", field.name);
    }
  }
  return "";
}

std::string Compare(const absl::StatusOr<RingReader>& cpp, const std::string& c_refusal,
                    const std::string& c_refusal_of_memory) {
  const std::string cpp_refusal(cpp.status().message());
  if (c_refusal != c_refusal_of_memory) {
    return absl::StrCat("C of the file: '", c_refusal, "', of memory: '", c_refusal_of_memory, "'");
  }
  // The schema's text is none of the C reader's business.
  const bool refused_for_schema =
      c_refusal.empty() && (absl::StrContains(cpp_refusal, "field=schema ") ||
                            absl::StrContains(cpp_refusal, "field=schema_hash "));
  if (c_refusal != cpp_refusal && !refused_for_schema) {
    return absl::StrCat("C: '", c_refusal, "', C++: '", cpp_refusal, "'");
  }
  return "";
}

}  // namespace

RingOfBytes::RingOfBytes() : descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600)) {
  if (descriptor_ < 0) std::abort();
}

RingOfBytes::~RingOfBytes() { ::close(descriptor_); }

RingAgreement RingOfBytes::ReadByBoth(std::string_view bytes) {
  // Never emptied: a file system may flush one that is, and a fuzzer then waits for the disk.
  const auto size = static_cast<ssize_t>(bytes.size());
  if (::pwrite(descriptor_, bytes.data(), bytes.size(), 0) != size ||
      ::ftruncate(descriptor_, size) != 0) {
    std::abort();
  }
  RingAgreement agreement;
  absl::StatusOr<RingReader> reader = RingReader::Open(path_);
  agreement.refusal = std::string(reader.status().message());
  std::array<char, 8192> error = {};
  thalweg_ring_reader* const of_file =
      thalweg_ring_open(path_.c_str(), nullptr, error.data(), error.size());
  thalweg_ring_close(of_file);
  CRing c(path_, bytes);
  agreement.disagreement = Compare(reader, of_file == nullptr ? error.data() : "", c.refusal());
  if (!agreement.disagreement.empty() || !c.open()) return agreement;

  const std::string c_said = Read(c);
  agreement.disagreement = CheckFields(c);
  if (!agreement.disagreement.empty() || !reader.ok()) return agreement;
  CppRing cpp(*std::move(reader));
  agreement.disagreement = CompareFields(cpp, c);
  const std::string cpp_said = Read(cpp);
  if (agreement.disagreement.empty() && cpp_said != c_said) {
    const auto at = std::mismatch(cpp_said.begin(), cpp_said.end(), c_said.begin(), c_said.end());
    agreement.disagreement = absl::StrCat("what is read, from byte ", at.first - cpp_said.begin(),
                                          " of ", cpp_said.size(), " (C: ", c_said.size(), ")");
  }
  return agreement;
}

}  // namespace thalweg
