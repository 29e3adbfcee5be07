#include "tools/symbol_summary.h"

#include <cstdio>
#include <string>

namespace thalweg {

std::string_view StateName(SymbolState state) {
  switch (state) {
    case SymbolState::kDown:
      return "no depth events";
    case SymbolState::kBuffering:
      return "never synchronised";
    case SymbolState::kLive:
      return "live";
    case SymbolState::kResync:
      return "resyncing";
    case SymbolState::kHalted:
      return "halted";
  }
  return "";
}

void PrintSymbols(const std::vector<const SymbolEngine*>& symbols) {
  for (const SymbolEngine* symbol : symbols) {
    const SymbolCounts& counts = symbol->counts();
    const BookCounts& book = symbol->book_counts();
    std::fprintf(stderr,
                 "%s: %s at %lld; depth %lld applied, %lld stale, %lld gaps; bookTicker %lld "
                 "(audits %lld of %lld equal); trades %lld\n",
                 symbol->name().c_str(), std::string(StateName(symbol->state())).c_str(),
                 static_cast<long long>(symbol->update_id().raw()),
                 static_cast<long long>(book.applied), static_cast<long long>(book.stale),
                 static_cast<long long>(book.gaps), static_cast<long long>(counts.ticker_frames),
                 static_cast<long long>(counts.ticker_audits_equal),
                 static_cast<long long>(counts.ticker_audits),
                 static_cast<long long>(counts.trade_frames));
  }
}

}  // namespace thalweg
