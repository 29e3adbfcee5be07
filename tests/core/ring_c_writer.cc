#include "tests/core/ring_c_writer.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "tests/core/ring_testing.h"

struct test_ring {
  thalweg::RingFolder folder;
  thalweg::RingShape shape;
  std::string path = folder.File("test");
  std::optional<thalweg::TestRing> ring;
  std::thread publisher;
};

namespace {

using thalweg::SymbolId;

thalweg::RingWriter& WriterOf(test_ring* ring) { return *ring->ring->writer; }

void PublishTo(thalweg::RingWriter& writer, std::uint64_t last, std::uint32_t symbol,
               std::size_t record_bytes) {
  while (writer.newest() != last) {
    const thalweg::TestRecord record(writer.newest() + 1, record_bytes);
    if (writer.Publish(record.bytes(), SymbolId{symbol}) == 0) std::abort();
  }
}

}  // namespace

test_ring* test_ring_create(test_ring_shape shape) {
  auto ring = std::make_unique<test_ring>();
  ring->shape = thalweg::TestShape(shape.capacity, shape.record_bytes);
  ring->shape.first_seq = shape.first_seq;
  ring->shape.wakes = shape.wakes;
  ring->shape.stages = true;
  ring->ring.emplace(ring->folder, ring->shape);
  return ring.release();
}

void test_ring_destroy(test_ring* ring) {
  if (ring->publisher.joinable()) ring->publisher.join();
  delete ring;
}

const char* test_ring_folder(const test_ring* ring) { return ring->folder.path().c_str(); }
const char* test_ring_path(const test_ring* ring) { return ring->path.c_str(); }

void test_ring_publish_to(test_ring* ring, std::uint64_t last, std::uint32_t symbol) {
  PublishTo(WriterOf(ring), last, symbol, ring->shape.record_bytes);
}

std::uint64_t test_record_word(std::uint64_t n, std::size_t i) {
  return i == thalweg::kSeqWord ? n : thalweg::TestRecord::Word(n, i);
}

void test_ring_publish_beside(test_ring* ring, std::uint64_t last) {
  ring->publisher =
      std::thread([=] { PublishTo(WriterOf(ring), last, 0, ring->shape.record_bytes); });
}

void test_ring_add_symbol(test_ring* ring, std::uint32_t id, const char* name) {
  if (!WriterOf(ring).AddSymbol(SymbolId{id}, name)) std::abort();
}

void test_ring_set_state(test_ring* ring, std::uint32_t id, std::uint32_t state,
                         std::uint64_t update_id) {
  thalweg::RingStatus status;
  status.state = state;
  status.update_id = update_id;
  WriterOf(ring).SetStatus(SymbolId{id}, status);
}

void test_ring_set_gaps(test_ring* ring, std::uint32_t id, std::uint64_t gaps) {
  thalweg::RingSymbolCounts counts;
  counts.gaps = gaps;
  WriterOf(ring).SetCounts(SymbolId{id}, counts);
}

void test_ring_beat(test_ring* ring, std::int64_t age_ns) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  WriterOf(ring).Beat(now / std::chrono::nanoseconds(1) - age_ns);
}

void test_ring_count(test_ring* ring, std::uint64_t frames, std::int64_t latency_ns) {
  thalweg::RingStatistics statistics;
  statistics.frames = frames;
  WriterOf(ring).SetStatistics(statistics);
  WriterOf(ring).AddLatency(latency_ns);
}

void test_ring_add_stage(test_ring* ring, unsigned id, std::int64_t nanos) {
  WriterOf(ring).AddStage(static_cast<thalweg::Stage>(id), nanos);
}

void test_ring_close(test_ring* ring) { WriterOf(ring).Close(); }

void test_ring_take_over(test_ring* ring, std::size_t record_bytes) {
  ring->ring.reset();
  ring->shape = thalweg::TestShape(ring->shape.capacity, record_bytes);
  ring->ring.emplace(ring->folder, ring->shape);
}

std::size_t test_ring_read_in_cpp(const test_ring* ring, void* records, std::size_t bytes) {
  thalweg::RingReader reader = OpenTestRing(ring->folder);
  std::size_t count = 0;
  while (reader.Next() == thalweg::RingRead::kRecord) {
    const std::size_t size = reader.record().size();
    if ((count + 1) * size > bytes) std::abort();
    std::memcpy(static_cast<std::byte*>(records) + count * size, reader.record().data(), size);
    ++count;
  }
  return count;
}

const char* test_ring_refusal_in_cpp(const test_ring* ring) {
  static std::string refusal;
  const absl::StatusOr<thalweg::RingReader> reader = thalweg::RingReader::Open(ring->path);
  refusal = std::string(reader.status().message());
  return refusal.c_str();
}
