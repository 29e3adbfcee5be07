// --final-book: the book as it is at the end of the input, one line a level, `b <price> <qty>` from
// the best bid down, then `a <price> <qty>` from the best ask up, eight decimals. Empty without a
// book.
#pragma once

#include "pipeline/engine.h"
#include "tools/text_file.h"

namespace thalweg {

void WriteFinalBook(const SymbolEngine& symbol, TextFile& file);

}  // namespace thalweg
