// What became of each symbol, a line each: the last words of a replay or a live run.
#pragma once

#include <string_view>
#include <vector>

#include "pipeline/symbol_engine.h"

namespace thalweg {

// "live", "resyncing", "never synchronised".
[[nodiscard]] std::string_view StateName(SymbolState state);

// To standard error: state, last id, what the depth, bookTicker and trade streams brought.
void PrintSymbols(const std::vector<const SymbolEngine*>& symbols);

}  // namespace thalweg
