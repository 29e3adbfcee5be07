// `--symbols A,B`.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace thalweg {

// The items of a list, without the blanks around them; empty ones are left out.
[[nodiscard]] std::vector<std::string> SplitSymbolList(const std::string& text);

// InvalidArgument, naming the option, when the list is empty or names a symbol twice.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> ParseSymbolList(const std::string& text);

// Says which of the symbols asked for were never seen; answers the status to exit with.
[[nodiscard]] int FailAbsentSymbols(const std::vector<std::string>& asked,
                                    const std::set<std::string, std::less<>>& seen);

}  // namespace thalweg
