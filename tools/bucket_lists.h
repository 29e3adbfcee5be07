// `--buckets` taken apart: sizes for all symbols, sizes of a symbol's own, or both.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/engine_options.h"

namespace thalweg {

// What stands for the symbols without a list of their own, in JSON and in configuration files.
inline constexpr char kOtherSymbols[] = "*";

struct BucketLists {
  std::optional<std::vector<std::string>> common;
  std::map<std::string, std::vector<std::string>> of_symbols;
};

// "10,50,100", "BTCUSDT=10,50;ETHUSDT=1,5", or a common list among those; blanks around sizes and
// symbols are nothing. InvalidArgument, naming the option, for a second common list, a symbol named
// twice, or no list at all. What the sizes are is ValidateOptions' to judge.
[[nodiscard]] absl::StatusOr<BucketLists> ParseBuckets(const std::string& text);

// The lists take the place of those that the options have.
void SetBuckets(const BucketLists& lists, EngineOptions* options);

}  // namespace thalweg
