// A ring for benchmarks: in /dev/shm, where rings lie, in a folder of its own that goes with it;
// and records whose words follow from their number.
//
// Threads: one writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/ring_writer.h"
#include "thalweg/ring_reader.h"

namespace thalweg::bench {

inline constexpr SymbolId kBenchSymbol{0};

class BenchRing {
 public:
  BenchRing(std::size_t record_bytes, std::uint64_t capacity);
  BenchRing(const BenchRing&) = delete;
  BenchRing& operator=(const BenchRing&) = delete;
  ~BenchRing();

  [[nodiscard]] RingWriter& writer() noexcept { return *writer_; }
  // At the oldest record.
  [[nodiscard]] RingReader Open() const;

 private:
  std::string folder_;
  std::unique_ptr<RingName> name_;
  std::unique_ptr<RingWriter> writer_;
};

// Word `i` of message `n`, but for those that carry number and time.
[[nodiscard]] constexpr std::uint64_t MessageWord(std::uint64_t n, std::size_t i) noexcept {
  return (n + 1) * 0x9e37'79b9'7f4a'7c15 + i;
}

}  // namespace thalweg::bench
