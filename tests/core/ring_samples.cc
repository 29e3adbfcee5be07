#include "tests/core/ring_samples.h"

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

constexpr std::size_t kFeatureBytes = 128;
constexpr std::size_t kLadderBytes = 192;

RingShape FeatureShape() {
  RingShape shape;
  shape.record_bytes = kFeatureBytes;
  shape.capacity = 4;
  shape.symbols_max = 2;
  const std::vector<RingField> fields{{"seq", "u64", 8, 1, "1", "header"},
                                      {"mid", "f64", 64, 1, "quote", "quote"},
                                      {"spread_bps", "f64", 72, 1, "bps", "quote"}};
  shape.schema = TestSchema(fields);
  shape.schema_hash = RingSchemaHash(fields);
  return shape;
}

RingShape StagesShape() {
  RingShape shape = FeatureShape();
  shape.stages = true;
  return shape;
}

RingShape LadderShape() {
  RingShape shape;
  shape.kind = RingKind::kLadders;
  shape.record_bytes = kLadderBytes;
  shape.capacity = 2;
  shape.symbols_max = 1;
  const std::vector<RingField> fields{{"size_t10", "f64", 64, 1, "ticks", "t10"},
                                      {"complete_bid_t10", "u32", 72, 1, "1", "t10"},
                                      {"complete_ask_t10", "u32", 76, 1, "1", "t10"},
                                      {"bid_qty_t10", "f64", 80, 14, "base", "t10"}};
  shape.schema = TestSchema(fields);
  shape.schema_hash = RingSchemaHash(fields);
  return shape;
}

RingHeader HeaderOf(const std::string& bytes) {
  RingHeader header;
  std::memcpy(static_cast<void*>(&header), bytes.data(), sizeof(header));
  return header;
}

void SetHeader(std::string& bytes, const RingHeader& header) {
  std::memcpy(bytes.data(), static_cast<const void*>(&header), sizeof(header));
}

void SetWord(std::string& bytes, std::size_t offset, std::uint64_t value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

// The file as it is now, without the gap before its ring and without what no two runs share.
std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  RingHeader header = HeaderOf(bytes);
  const std::uint64_t table_end = header.table_offset + header.table_bytes;
  bytes.erase(table_end, header.ring_offset - table_end);
  header.ring_offset = table_end;
  header.file_bytes = bytes.size();
  header.pid = 1;
  header.start_ns = 1;
  header.heartbeat_ns = 1;
  SetHeader(bytes, header);
  for (std::uint32_t i = 0; i < header.entry_count; ++i) {
    const std::size_t entry = header.table_offset + std::size_t{i} * header.entry_bytes;
    SetWord(bytes, entry + offsetof(RingEntry, status) + offsetof(RingStatus, changed_ns), 1);
  }
  return bytes;
}

// A ring of that shape with `records` of its two symbols.
std::string MakeRing(RingShape shape, std::uint64_t records, bool close = false) {
  const RingFolder folder;
  const TestRing ring(folder, shape);
  ring.writer->AddSymbol(SymbolId{0}, "BTCUSDT");
  ring.writer->AddSymbol(SymbolId{1}, "ETHUSDT");
  RingStatus status;
  status.state = 2;
  status.update_id = 42;
  ring.writer->SetStatus(SymbolId{0}, status);
  ring.writer->AddLatency(2'500);
  ring.writer->AddStage(Stage::kSocket, 40'000);
  ring.writer->AddStage(Stage::kPublish, 700);
  for (std::uint64_t i = 0; i < records; ++i) {
    const TestRecord record(ring.writer->newest() + 1, shape.record_bytes);
    ring.writer->Publish(record.bytes(), SymbolId{static_cast<std::uint32_t>(i % 2)});
  }
  if (close) ring.writer->Close();
  return BytesOf(ring.writer->path());
}

std::string Superseded(std::string bytes) {
  RingHeader header = HeaderOf(bytes);
  header.writer_state = static_cast<std::uint32_t>(RingWriterState::kSuperseded);
  SetHeader(bytes, header);
  return bytes;
}

// Its writer was killed over record 7, its copy in the table and a change of state.
std::string Died(std::string bytes) {
  const RingHeader header = HeaderOf(bytes);
  const std::size_t lock = kSeqWord * sizeof(std::uint64_t);
  SetWord(bytes, header.ring_offset + 2 * header.slot_bytes + lock, 0);
  SetWord(bytes, header.table_offset + offsetof(RingEntry, status) + lock, 0);
  SetWord(bytes, header.table_offset + sizeof(RingEntry) + lock, 0);
  return bytes;
}

std::string AtTheEndOfNumbers() {
  RingShape shape = FeatureShape();
  shape.first_seq = kRingSeqMax - 5;
  return MakeRing(shape, 6);
}

#define MEMBER(member) \
  RingHeaderMember { #member, offsetof(RingHeader, member), sizeof(RingHeader::member) }
constexpr std::array kMembers{MEMBER(magic),
                              MEMBER(version),
                              MEMBER(header_bytes),
                              MEMBER(file_bytes),
                              MEMBER(record_bytes),
                              MEMBER(slot_bytes),
                              MEMBER(schema_offset),
                              MEMBER(schema_bytes),
                              MEMBER(table_offset),
                              MEMBER(table_bytes),
                              MEMBER(entry_bytes),
                              MEMBER(entry_capacity),
                              MEMBER(statistics_offset),
                              MEMBER(statistics_bytes),
                              MEMBER(ring_offset),
                              MEMBER(ring_bytes),
                              MEMBER(capacity),
                              MEMBER(schema_hash),
                              MEMBER(generation),
                              MEMBER(pid),
                              MEMBER(start_ns),
                              MEMBER(flags),
                              MEMBER(writer_state),
                              MEMBER(entry_count),
                              MEMBER(heartbeat_ns),
                              MEMBER(newest),
                              MEMBER(stages_offset),
                              MEMBER(stage_count),
                              MEMBER(stage_bytes)};
#undef MEMBER

}  // namespace

std::vector<RingSample> MakeRingSamples() {
  const std::string features = MakeRing(FeatureShape(), 6);
  return {{"features", features},
          {"features_empty", MakeRing(FeatureShape(), 0)},
          {"features_closed", MakeRing(FeatureShape(), 3, true)},
          {"features_superseded", Superseded(features)},
          {"features_writer_died", Died(features)},
          {"features_last_numbers", AtTheEndOfNumbers()},
          {"ladders", MakeRing(LadderShape(), 3)},
          {"features_stages", MakeRing(StagesShape(), 6)}};
}

std::span<const RingHeaderMember> RingHeaderMembers() { return kMembers; }

void SetRingMember(std::string& bytes, const RingHeaderMember& member, std::uint64_t value) {
  std::memcpy(bytes.data() + member.offset, &value, member.bytes);
}

std::uint64_t GetRingMember(const std::string& bytes, const RingHeaderMember& member) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + member.offset, member.bytes);
  return value;
}

}  // namespace thalweg
