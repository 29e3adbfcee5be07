// Rings for tests: a folder of their own, and records that tell whether they are whole.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/ring_name.h"
#include "core/ring_schema.h"
#include "core/ring_writer.h"
#include "thalweg/ring_reader.h"

namespace thalweg {

// An empty folder, removed at its end with what is in it.
class RingFolder {
 public:
  RingFolder() {
    path_ = (std::filesystem::temp_directory_path() / "thalweg_ring_XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  RingFolder(const RingFolder&) = delete;
  RingFolder& operator=(const RingFolder&) = delete;
  ~RingFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string File(const std::string& name) const {
    return absl::StrCat(path_, "/thalweg.", name);
  }

 private:
  std::string path_;
};

inline constexpr std::size_t kTestRecordBytes = 256;

// The fields of a test record: the header's number, and values behind it.
inline std::vector<RingField> TestFields(std::size_t record_bytes) {
  std::vector<RingField> fields{{"seq", "u64", 8, 1, "1", "header"}};
  for (std::size_t offset = sizeof(RecordHeader); offset < record_bytes; offset += 8) {
    fields.push_back({absl::StrCat("value_", (offset - sizeof(RecordHeader)) / 8), "f64", offset, 1,
                      "1", "test"});
  }
  return fields;
}

inline std::string TestSchema(const std::vector<RingField>& fields) {
  std::string text = "{\"record\":\"features\",\"fields\":[\n";
  for (const RingField& field : fields) {
    absl::StrAppend(&text, &field == fields.data() ? "" : ",\n", "{\"name\":\"", field.name,
                    "\",\"type\":\"", field.type, "\",\"offset\":", field.offset,
                    ",\"count\":", field.count, ",\"unit\":\"", field.unit, "\",\"group\":\"",
                    field.group, "\"}");
  }
  return absl::StrCat(text, "\n]}\n");
}

inline RingShape TestShape(std::uint64_t capacity, std::size_t record_bytes = kTestRecordBytes) {
  const std::vector<RingField> fields = TestFields(record_bytes);
  RingShape shape;
  shape.record_bytes = record_bytes;
  shape.capacity = capacity;
  shape.symbols_max = 4;
  shape.schema = TestSchema(fields);
  shape.schema_hash = RingSchemaHash(fields);
  return shape;
}

// A record all of whose words but the lock are one function of `n`.
class TestRecord {
 public:
  explicit TestRecord(std::uint64_t n, std::size_t bytes = kTestRecordBytes) : words_(bytes / 8) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = Word(n, i);
  }
  [[nodiscard]] static std::uint64_t Word(std::uint64_t n, std::size_t i) noexcept {
    return (n + 1) * 0x9e37'79b9'7f4a'7c15 + i;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(words_));
  }
  // Whether a record that was read is the one made of `n`, published as record `seq`.
  [[nodiscard]] static bool IsWhole(const RingRecord& record, std::uint64_t n, std::uint64_t seq) {
    std::vector<std::uint64_t> words(record.size() / 8);
    std::memcpy(words.data(), record.data(), record.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] != (i == kSeqWord ? seq : Word(n, i))) return false;
    }
    return true;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// A status all of whose members are functions of one number, its update id.
inline RingStatus StatusOf(std::uint64_t n) {
  RingStatus status;
  status.update_id = n;
  status.quality = n * 3;
  status.event_ns = static_cast<std::int64_t>(n * 5);
  status.state = static_cast<std::uint32_t>(n % 5);
  return status;
}

inline bool IsWhole(const RingStatus& status) {
  const RingStatus whole = StatusOf(status.update_id);
  return status.quality == whole.quality && status.event_ns == whole.event_ns &&
         status.state == whole.state;
}

// A name and a ring of it, in a folder.
struct TestRing {
  TestRing(const RingFolder& folder, const RingShape& shape, const std::string& name = "test")
      : name(RingName::Take(name, 0600, folder.path()).value()),
        writer(RingWriter::Create(this->name, shape).value()) {}

  // Publishes records made of their own numbers, up to `last`.
  void PublishTo(std::uint64_t last, SymbolId symbol = SymbolId{0}) const {
    writer->Beat(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
    while (writer->newest() < last) {
      const std::uint64_t n = writer->newest() + 1;
      ASSERT_EQ(writer->Publish(TestRecord(n).bytes(), symbol), n);
    }
  }

  RingName name;
  std::unique_ptr<RingWriter> writer;
};

inline RingReader OpenTestRing(const RingFolder& folder, RingStart start = RingStart::kOldest,
                               const std::string& name = "test") {
  RingOpenOptions options;
  options.folder = folder.path();
  options.start = start;
  return RingReader::Open(name, options).value();
}

}  // namespace thalweg
