// The digest of a stream of records: XXH3-128 over each record's bytes in order, with `seq`,
// `publish_ns` and `live_flags` set to zero, because they belong to the output and to the wall
// clock.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "pipeline/record_buffer.h"

struct XXH3_state_s;

namespace thalweg {

class RecordDigest {
 public:
  RecordDigest();
  ~RecordDigest();
  RecordDigest(const RecordDigest&) = delete;
  RecordDigest& operator=(const RecordDigest&) = delete;

  void Add(const RecordBuffer& record) noexcept { Add(record.bytes()); }
  // A whole record's bytes. REQUIRES: at least a header.
  void Add(std::span<const std::byte> record) noexcept;

  [[nodiscard]] std::int64_t record_count() const noexcept { return record_count_; }
  // 32 lower-case hex digits, canonical byte order.
  [[nodiscard]] std::string Hex() const;
  // The same without an allocation.
  void WriteHex(std::span<char, 32> hex) const noexcept;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const noexcept;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
  std::int64_t record_count_ = 0;
};

}  // namespace thalweg
