// What the fields of a record are: names, types, places and meanings, for each kind of record.
//
// A kind's hash covers names, types, offsets and units: equal hashes, equal layout. Units: "quote",
// "base", "bps", "ticks", "ms", "ns", "count", "bits", "base/tick", "1" (a pure number).
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ring_format.h"

namespace thalweg {

// A field of a record: a member of the header, a feature, or a value of another kind of record.
struct SchemaField {
  std::string name;
  std::string_view type;  // "u64", "i64", "f64", "u32", "u16"
  std::size_t offset = 0;
  std::size_t count = 1;  // Of values of that type, one after another.
  std::string_view unit;
  std::string_view group;   // "header", or of values that belong together
  std::string_view window;  // "10s", or empty
  std::string_view range;   // of values that are not NaN
  std::string_view description;
};

// The fields that every record begins with.
[[nodiscard]] std::vector<SchemaField> HeaderFields();

// XXH3-64 of one line `<name> <type> <offset> <unit>\n` a field, the type of several values
// "f64[15]".
[[nodiscard]] std::uint64_t SchemaHash(const std::vector<SchemaField>& fields);

// One kind of record, whole.
struct RecordSchema {
  RingKind kind = RingKind::kFeatures;
  std::vector<SchemaField> fields;
  std::size_t record_bytes = 0;
  std::size_t levels = 0;  // Buckets of a ladder, levels of a side; 0: there are none.
  std::uint64_t hash = 0;
};

// Completes a schema with its hash and its size, from its fields. REQUIRES: they lie one behind the
// other.
[[nodiscard]] RecordSchema MakeSchema(RingKind kind, std::size_t levels,
                                      std::vector<SchemaField> fields);

}  // namespace thalweg
