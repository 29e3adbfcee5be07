// A schema as JSON text: the schema block of a ring file and what `thalweg schema --json` prints.
//
//   {"record":"features","schema_hash":"<16 hex>","record_bytes":640,"levels":0,"program":"...",
//    "symbols":["BTCUSDT"],"configuration":{"emit":"depth",...},"bucket_sizes":{"*":["10","50"]},
//    "fields":[
//   {"name":"schema_hash","type":"u64","offset":0,"count":1,"unit":"1","group":"header",...},
//   ...
//   ]}
//
// A field stands on a line of its own; the rest is the first line. The keys come in this order and
// no escape appears but \\ and \", so that a scanner for lines finds a field. Threads: pure
// functions.
#pragma once

#include <cstddef>
#include <string>

#include "features/catalogue.h"
#include "features/schema.h"
#include "pipeline/engine_options.h"

namespace thalweg {

// The schema of a kind of record; `tops_levels` in [1, kTopsLevelsMax].
[[nodiscard]] RecordSchema SchemaOf(RingKind kind, const Catalogue& catalogue,
                                    std::size_t tops_levels);

// `configuration` holds every option that changes records, `symbols` those that are known before
// the first frame, `bucket_sizes` the sizes of each symbol that has its own, "*" those of others.
// Without a newline at its end.
[[nodiscard]] std::string SchemaText(const RecordSchema& schema, const EngineOptions& options);

}  // namespace thalweg
