// What lies where in a ring file: laid out for a shape, and checked when it comes from a file.
//
// A header that passes CheckRingHeader() keeps every access that is made with it inside the file,
// whatever else the file holds. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/ring_format.h"
#include "core/ring_writer.h"

namespace thalweg {

// The header of a ring of this shape, but for generation, pid, times and state. InvalidArgument
// names the member, its value and the allowed range.
[[nodiscard]] absl::StatusOr<RingHeader> LayOutRing(const RingShape& shape);

// Everything a reader relies on, against the size of the file. InvalidArgument: "ring corrupt:
// field=capacity value=3 expected=a power of two in [1, 1073741824]", the first thing found.
[[nodiscard]] absl::Status CheckRingHeader(const RingHeader& header, std::uint64_t file_bytes);

// The message of a value that no writer leaves.
[[nodiscard]] std::string DescribeCorruption(std::string_view field, std::uint64_t value,
                                             std::string_view expected);

}  // namespace thalweg
