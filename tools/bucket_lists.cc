#include "tools/bucket_lists.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace thalweg {
namespace {

// One too few and one too many commas are a size that is empty.
std::vector<std::string> SizesOf(absl::string_view list) {
  std::vector<std::string> sizes;
  for (const absl::string_view size : absl::StrSplit(list, ',')) {
    sizes.emplace_back(absl::StripAsciiWhitespace(size));
  }
  return sizes;
}

absl::Status Wrong(absl::string_view text, absl::string_view fault) {
  return absl::InvalidArgumentError(absl::StrCat("--buckets: '", text, "' ", fault));
}

}  // namespace

absl::StatusOr<BucketLists> ParseBuckets(const std::string& text) {
  BucketLists lists;
  for (const absl::string_view part : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
    const std::vector<absl::string_view> sides = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (sides.size() == 1) {
      if (lists.common) return Wrong(text, "has more than one list without a symbol");
      lists.common = SizesOf(part);
      continue;
    }
    const std::string symbol(absl::StripAsciiWhitespace(sides[0]));
    if (symbol.empty()) return Wrong(text, "is not a list of sizes, or SYM=sizes;SYM=sizes");
    if (!lists.of_symbols.emplace(symbol, SizesOf(sides[1])).second) {
      return Wrong(text, absl::StrCat("names ", symbol, " twice"));
    }
  }
  if (lists.common || !lists.of_symbols.empty()) return lists;
  return Wrong(text, "is not a list of sizes, or SYM=sizes;SYM=sizes");
}

void SetBuckets(const BucketLists& lists, EngineOptions* options) {
  if (lists.common) options->bucket_sizes = *lists.common;
  options->symbol_bucket_sizes = lists.of_symbols;
}

}  // namespace thalweg
