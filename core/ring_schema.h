// The schema block of a ring: which fields a record has, as JSON text in the file.
//
//   {"record":"features","schema_hash":"<16 hex>",...,"fields":[
//   {"name":"mid","type":"f64","offset":96,"count":1,"unit":"quote",...},
//   ...]}
//
// Threads: pure functions. docs/RING.md describes the whole text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "thalweg/ring_reader.h"

namespace thalweg {

// Bytes of one value of a type; 0 for a type that there is not.
[[nodiscard]] std::size_t RingTypeBytes(std::string_view type) noexcept;

// Reads the fields out of a text that is not to be trusted: each lies inside a record of that size,
// aligned to its type. InvalidArgument: "ring corrupt: field=schema ..." and what is wrong.
[[nodiscard]] absl::StatusOr<std::vector<RingField>> ParseRingSchema(std::string_view text,
                                                                     std::size_t record_bytes);

// XXH3-64 (seed 0) of one line `<name> <type> <offset> <unit>\n` a field, in order; the type of a
// field of several values is written "f64[15]".
[[nodiscard]] std::uint64_t RingSchemaHash(const std::vector<RingField>& fields);

}  // namespace thalweg
