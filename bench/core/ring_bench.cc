// What a record costs its writer, by size and by the number of processes that have the ring mapped,
// and what it costs a reader, beside a copy of the same bytes.
//
// A publication puts the record into its slot and into its symbol's place in the table. Readers are
// processes that read what is new every kPollNanos; a reader that reads all the time takes cache
// lines away from the writer, and is a row of its own. With 2 cores there is room for one of those.
#include <benchmark/benchmark.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bench/core/bench_ring.h"
#include "bench/workload.h"
#include "tests/core/child_process.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kReadersMax = 64;
// Seldom enough that 64 readers leave the writer its core: their 1,280 looks a second take about 1
// %.
constexpr long kPollNanos = 50'000'000;

// The full feature record is 768 bytes.
constexpr std::array<std::size_t, 4> kRecordSizes{256, 512, 768, 1'024};

std::vector<std::uint64_t> MakeRecord(std::uint64_t n, std::size_t bytes) {
  std::vector<std::uint64_t> words(bytes / sizeof(std::uint64_t));
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = MessageWord(n, i);
  return words;
}

bool IsRecord(const RingRecord& record, std::uint64_t n, std::uint64_t made_of) {
  std::vector<std::uint64_t> words = MakeRecord(made_of, record.size());
  words[kSeqWord] = n;
  return std::memcmp(words.data(), record.data(), record.size()) == 0;
}

// Processes that have the ring mapped, while this lives.
class Readers {
 public:
  Readers(const BenchRing& ring, std::size_t count, bool is_idle) {
    for (std::size_t i = 0; i < count; ++i) {
      children_.emplace_back([&] {
        RingReader reader = ring.Open();
        open_->fetch_add(1);
        for (;;) {
          while (reader.Next() != RingRead::kNothing) {
          }
          if (!is_idle) continue;
          timespec pause = {0, kPollNanos};
          ::nanosleep(&pause, nullptr);
        }
        return 0;
      });
    }
    while (open_->load() < count) ::sched_yield();
  }

 private:
  SharedPage<std::atomic<std::size_t>> open_;
  std::vector<ChildProcess> children_;
};

void Publish(::benchmark::State& state, std::size_t bytes, std::size_t readers, bool is_idle) {
  BenchRing ring(bytes, kRingCapacityDefault);
  const std::vector<std::uint64_t> record = MakeRecord(1, bytes);
  const auto bytes_of = std::as_bytes(std::span(record));
  RingReader check = ring.Open();
  if (ring.writer().Publish(bytes_of, kBenchSymbol) != 1 || check.Next() != RingRead::kRecord ||
      !IsRecord(check.record(), 1, 1)) {
    FailCheck("a record that was published and read");
  }
  const Readers mapped(ring, readers, is_idle);
  // Each slot is in memory, and once in the caches that hold it.
  for (std::uint64_t n = 1; n < kRingCapacityDefault; ++n) {
    ring.writer().Publish(bytes_of, kBenchSymbol);
  }
  std::uint64_t published = ring.writer().newest();
  for (auto _ : state) published += ring.writer().Publish(bytes_of, kBenchSymbol) != 0 ? 1 : 0;
  if (published != ring.writer().newest()) FailCheck("the number of records published");
  CountNanos(state, "record", 1);
}

// The least that a writer of slots does: the record's bytes, once, into as much memory.
void Copy(::benchmark::State& state, std::size_t bytes) {
  const std::vector<std::uint64_t> record = MakeRecord(1, bytes);
  std::vector<std::byte> memory(bytes * kRingCapacityDefault);
  std::uint64_t n = 0;
  for (auto _ : state) {
    std::memcpy(memory.data() + n++ % kRingCapacityDefault * bytes, record.data(), bytes);
    ::benchmark::ClobberMemory();
  }
  CountNanos(state, "record", 1);
}

constexpr std::uint64_t kReadCapacity = 1'024;

void Read(::benchmark::State& state, std::size_t bytes) {
  BenchRing ring(bytes, kReadCapacity);
  for (std::uint64_t n = 1; n <= kReadCapacity; ++n) {
    const std::vector<std::uint64_t> record = MakeRecord(n, bytes);
    ring.writer().Publish(std::as_bytes(std::span(record)), kBenchSymbol);
  }
  RingReader reader = ring.Open();
  for (std::uint64_t n = 1; n <= kReadCapacity; ++n) {
    if (reader.Next() != RingRead::kRecord || !IsRecord(reader.record(), n, n)) {
      FailCheck("a record that was published and read");
    }
  }
  for (auto _ : state) {
    reader.Seek(std::uint64_t{1});
    std::uint64_t read = 0;
    while (reader.Next() == RingRead::kRecord) {
      ::benchmark::DoNotOptimize(reader.record().data());
      ++read;
    }
    if (read != kReadCapacity) FailCheck("the number of records read");
  }
  CountNanos(state, "record", static_cast<std::int64_t>(kReadCapacity));
}

void CopyOut(::benchmark::State& state, std::size_t bytes) {
  const std::vector<std::byte> memory(bytes * kReadCapacity, std::byte{1});
  std::vector<std::byte> copy(bytes);
  for (auto _ : state) {
    for (std::uint64_t n = 0; n < kReadCapacity; ++n) {
      std::memcpy(copy.data(), memory.data() + n * bytes, bytes);
      ::benchmark::DoNotOptimize(copy.data());
      ::benchmark::ClobberMemory();
    }
  }
  CountNanos(state, "record", static_cast<std::int64_t>(kReadCapacity));
}

const bool kRegistered = [] {
  for (const std::size_t bytes : kRecordSizes) {
    const std::string size = std::to_string(bytes) + " bytes/";
    const auto publish = [&](const std::string& name, std::size_t readers, bool is_idle) {
      ::benchmark::RegisterBenchmark(
          ("BM_Publish/" + size + name).c_str(),
          [=](::benchmark::State& state) { Publish(state, bytes, readers, is_idle); });
    };
    publish("thalweg", 0, true);
    for (const std::size_t readers :
         {std::size_t{1}, std::size_t{4}, std::size_t{16}, kReadersMax}) {
      publish("thalweg, readers: " + std::to_string(readers), readers, true);
    }
    publish("thalweg, a reader that never pauses", 1, false);
    ::benchmark::RegisterBenchmark(("BM_Publish/" + size + "memcpy into as much memory").c_str(),
                                   [=](::benchmark::State& state) { Copy(state, bytes); });
    ::benchmark::RegisterBenchmark(("BM_Next/" + size + "thalweg").c_str(),
                                   [=](::benchmark::State& state) { Read(state, bytes); });
    ::benchmark::RegisterBenchmark(("BM_Next/" + size + "memcpy of the same bytes").c_str(),
                                   [=](::benchmark::State& state) { CopyOut(state, bytes); });
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
