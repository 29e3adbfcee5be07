// The memory in which records are made: exactly the bytes of core/record.h, padding zero.
//
// Threads: one. Allocates once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/record.h"

namespace thalweg {

class RecordBuffer {
 public:
  // `feature_count`: of a record of another kind, the words behind its header.
  explicit RecordBuffer(std::size_t feature_count)
      : feature_count_(feature_count), words_(RecordBytes(feature_count) / sizeof(double)) {}

  [[nodiscard]] double* features() noexcept { return words_.data() + kHeaderWords; }
  [[nodiscard]] std::span<const double> features() const noexcept {
    return {words_.data() + kHeaderWords, feature_count_};
  }
  void set_header(const RecordHeader& header) noexcept {
    std::memcpy(words_.data(), &header, sizeof(header));
  }
  void set_seq(std::uint64_t seq) noexcept {
    std::memcpy(reinterpret_cast<std::byte*>(words_.data()) + offsetof(RecordHeader, seq), &seq,
                sizeof(seq));
  }
  [[nodiscard]] RecordHeader header() const noexcept {
    RecordHeader header;
    std::memcpy(static_cast<void*>(&header), words_.data(), sizeof(header));
    return header;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(words_));
  }

 private:
  static constexpr std::size_t kHeaderWords = sizeof(RecordHeader) / sizeof(double);

  std::size_t feature_count_;
  std::vector<double> words_;
};

}  // namespace thalweg
