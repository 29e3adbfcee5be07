// `--symbols A,B` of the subcommands that run no engine.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace thalweg {

// InvalidArgument, naming the option, when the list is empty or names a symbol twice.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> ParseSymbolList(const std::string& text);

// Says which of the symbols asked for were never seen; answers the status to exit with.
[[nodiscard]] int FailAbsentSymbols(const std::vector<std::string>& asked,
                                    const std::set<std::string, std::less<>>& seen);

}  // namespace thalweg
