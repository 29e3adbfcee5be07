// ladders.csv: one row a depth (or timer) record with a valid book and bucket size: the compact
// ladders of both sides, 15 buckets each, with cumulated quantities and exact notionals.
#pragma once

#include "pipeline/engine.h"
#include "tools/text_file.h"

namespace thalweg {

void WriteLadderHeader(TextFile& file);
// Writes nothing when the record is of another trigger or its book is not valid.
void WriteLadderRows(const SymbolEngine& symbol, const RecordBuffer& record, TextFile& file);

}  // namespace thalweg
