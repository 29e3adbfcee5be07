// Every option that changes records, as the JSON object `options` of a recording's `#thalweg` line:
// what a recording must say of the engine that made it, so that another one can repeat it.
//
// Invariant: what is written and read again is equal in every field. The text is the same for equal
// options. The symbols stand in the header itself (SegmentOptions::symbols) and not in it.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/engine_options.h"

namespace thalweg {

[[nodiscard]] std::string RecordedOptionsJson(const EngineOptions& options);

// A name that is absent has its default: the program that wrote it did not have the option yet. A
// name that is not known is Unimplemented, naming it: a newer program's records are not repeated by
// guessing. InvalidArgument with name and value for everything that no engine takes.
[[nodiscard]] absl::StatusOr<EngineOptions> ParseRecordedOptions(std::string_view json,
                                                                 std::vector<std::string> symbols);

}  // namespace thalweg
