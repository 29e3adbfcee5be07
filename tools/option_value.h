// Values of options that are wrong, and those that are numbers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thalweg {

inline constexpr double kRunSecondsMax = 31'622'400;  // Of --for: a year.

// InvalidArgument: "--KEY: 'VALUE' is not ALLOWED".
[[nodiscard]] absl::Status NotAllowed(absl::string_view key, absl::string_view value,
                                      absl::string_view allowed);

// A number above 0, at most `most`; else NotAllowed().
[[nodiscard]] absl::StatusOr<double> ParsePositive(absl::string_view key, const std::string& text,
                                                   double most);

}  // namespace thalweg
