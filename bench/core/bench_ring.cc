#include "bench/core/bench_ring.h"

#include <cstdlib>
#include <filesystem>

#include "bench/workload.h"
#include "core/ring_name.h"
#include "core/ring_schema.h"

namespace thalweg::bench {
namespace {

constexpr char kRingName[] = "bench";

template <class T>
T Need(absl::StatusOr<T> result) {
  if (!result.ok()) FailCheck(result.status().ToString());
  return *std::move(result);
}

}  // namespace

BenchRing::BenchRing(std::size_t record_bytes, std::uint64_t capacity)
    : folder_(std::string(kRingFolder) + "/thalweg_bench_XXXXXX") {
  if (::mkdtemp(folder_.data()) == nullptr) FailCheck("no folder can be made in /dev/shm");
  RingShape shape;
  shape.record_bytes = record_bytes;
  shape.capacity = capacity;
  shape.symbols_max = 1;
  shape.schema =
      "{\"record\":\"features\",\"fields\":[\n"
      "{\"name\":\"seq\",\"type\":\"u64\",\"offset\":8,\"count\":1,\"unit\":\"1\",\"group\":"
      "\"header\"}\n]}\n";
  shape.schema_hash = RingSchemaHash(Need(ParseRingSchema(shape.schema, record_bytes)));
  name_ = std::make_unique<RingName>(Need(RingName::Take(kRingName, 0600, folder_)));
  writer_ = Need(RingWriter::Create(*name_, shape));
  writer_->AddSymbol(kBenchSymbol, "BTCUSDT");
}

BenchRing::~BenchRing() {
  writer_.reset();
  name_.reset();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

RingReader BenchRing::Open() const {
  RingOpenOptions options;
  options.folder = folder_;
  options.start = RingStart::kOldest;
  return Need(RingReader::Open(kRingName, options));
}

}  // namespace thalweg::bench
