// Writes the ring that the C programs of the pages read: "demo", of four slots, to which six
// records were published before its writer ended.
//
//   write_ring FOLDER
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "core/ring_name.h"
#include "core/ring_schema.h"
#include "core/ring_writer.h"

namespace thalweg {
namespace {

struct Record {
  RecordHeader header;
  std::array<double, 8> values = {};
};
static_assert(sizeof(Record) == 128);

RingShape ShapeOfDemo() {
  RingShape shape;
  shape.record_bytes = sizeof(Record);
  shape.capacity = 4;
  shape.symbols_max = 1;
  shape.schema =
      "{\"record\":\"features\",\"fields\":[\n"
      "{\"name\":\"seq\",\"type\":\"u64\",\"offset\":8,\"count\":1,\"unit\":\"1\","
      "\"group\":\"header\"},\n"
      "{\"name\":\"mid\",\"type\":\"f64\",\"offset\":64,\"count\":1,\"unit\":\"quote\","
      "\"group\":\"quote\"}\n]}\n";
  shape.schema_hash = RingSchemaHash(ParseRingSchema(shape.schema, sizeof(Record)).value());
  return shape;
}

absl::Status WriteDemo(const char* folder) {
  const absl::StatusOr<RingName> name = RingName::Take("demo", 0600, folder);
  if (!name.ok()) return name.status();
  const RingShape shape = ShapeOfDemo();
  const absl::StatusOr<std::unique_ptr<RingWriter>> writer = RingWriter::Create(*name, shape);
  if (!writer.ok()) return writer.status();
  (*writer)->AddSymbol(SymbolId{0}, "DEMOUSDT");
  Record record;
  record.header.schema_hash = shape.schema_hash;
  for (int i = 1; i <= 6; ++i) {
    record.values[0] = 61'836 + 0.5 * i;
    (*writer)->Publish(std::as_bytes(std::span(&record, 1)), SymbolId{0});
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace thalweg

int main(int count, char** words) {
  if (count != 2) return EXIT_FAILURE;
  const absl::Status status = thalweg::WriteDemo(words[1]);
  if (status.ok()) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return EXIT_FAILURE;
}
