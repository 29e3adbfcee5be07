#include "tools/symbol_list.h"

#include <cstdio>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/exit_status.h"

namespace thalweg {

std::vector<std::string> SplitSymbolList(const std::string& text) {
  std::vector<std::string> items;
  for (const absl::string_view item : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    items.emplace_back(absl::StripAsciiWhitespace(item));
  }
  return items;
}

absl::StatusOr<std::vector<std::string>> ParseSymbolList(const std::string& text) {
  std::vector<std::string> symbols = SplitSymbolList(text);
  if (symbols.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--symbols: '", text, "' names no symbol"));
  }
  const std::set<std::string> names(symbols.begin(), symbols.end());
  if (names.size() == symbols.size()) return symbols;
  return absl::InvalidArgumentError(absl::StrCat("--symbols: '", text, "' names a symbol twice"));
}

int FailAbsentSymbols(const std::vector<std::string>& asked,
                      const std::set<std::string, std::less<>>& seen) {
  std::vector<std::string> absent;
  for (const std::string& symbol : asked) {
    if (!seen.contains(symbol)) absent.push_back(symbol);
  }
  if (absent.empty()) return kExitGood;
  std::fprintf(stderr, "thalweg: %s never appears; symbols seen: %s\n",
               absl::StrJoin(absent, ", ").c_str(),
               seen.empty() ? "none" : absl::StrJoin(seen, ", ").c_str());
  return kExitBadData;
}

}  // namespace thalweg
