#include "features/schema.h"

#include <utility>

#include "core/record.h"
#include "core/ring_schema.h"

namespace thalweg {

std::vector<SchemaField> HeaderFields() {
  const auto field = [](std::string_view name, std::string_view type, std::size_t offset,
                        std::string_view unit, std::string_view range,
                        std::string_view description) {
    return SchemaField{std::string(name), type, offset, 1, unit, "header", "", range, description};
  };
  return {
      field("schema_hash", "u64", offsetof(RecordHeader, schema_hash), "1", "any",
            "which fields the record has: XXH3-64 of their names, types, offsets and units"),
      field("seq", "u64", offsetof(RecordHeader, seq), "count", ">= 1",
            "number of the record in its output, over all symbols"),
      field("recv_ns", "i64", offsetof(RecordHeader, recv_ns), "ns", ">= 0",
            "receive time of the frame that made the record, since 1970"),
      field("event_ns", "i64", offsetof(RecordHeader, event_ns), "ns", ">= 0",
            "the symbol's event clock, since 1970: the latest exchange time of its frames"),
      field("publish_ns", "i64", offsetof(RecordHeader, publish_ns), "ns", ">= 0",
            "wall clock when the record was published, since 1970; 0 where nothing publishes"),
      field("update_id", "u64", offsetof(RecordHeader, update_id), "1", ">= 0",
            "the last update id applied to the book"),
      field("flags", "u64", offsetof(RecordHeader, flags), "bits", "any",
            "the quality word: every doubt about the record (docs/FLAGS.md)"),
      field("symbol_id", "u32", offsetof(RecordHeader, symbol_id), "1", ">= 0",
            "position of the symbol in the ring's table"),
      field("trigger", "u16", offsetof(RecordHeader, trigger), "1", "[1, 4]",
            "what made the record: 1 depth, 2 ticker, 3 trade, 4 timer"),
      field("live_flags", "u16", offsetof(RecordHeader, live_flags), "bits", "any",
            "bit 0 LAGGED, 1 CLOCK_SUSPECT; of the wall clock, outside every digest"),
  };
}

std::uint64_t SchemaHash(const std::vector<SchemaField>& fields) {
  std::vector<RingField> hashed;
  hashed.reserve(fields.size());
  for (const SchemaField& field : fields) {
    hashed.push_back({field.name, std::string(field.type), field.offset, field.count,
                      std::string(field.unit), std::string(field.group)});
  }
  return RingSchemaHash(hashed);
}

RecordSchema MakeSchema(RingKind kind, std::size_t levels, std::vector<SchemaField> fields) {
  const SchemaField& last = fields.back();
  const std::size_t end = last.offset + last.count * RingTypeBytes(last.type);
  const std::size_t values = (end - sizeof(RecordHeader) + sizeof(double) - 1) / sizeof(double);
  const std::uint64_t hash = SchemaHash(fields);
  return {kind, std::move(fields), RecordBytes(values), levels, hash};
}

}  // namespace thalweg
