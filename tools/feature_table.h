// features.csv: one row a record, header columns and then every feature in catalogue order.
#pragma once

#include <string>

#include "features/catalogue.h"
#include "pipeline/engine.h"
#include "tools/text_file.h"

namespace thalweg {

// The names of the columns, joined by commas.
[[nodiscard]] std::string FeatureHeader(const Catalogue& catalogue);
void WriteFeatureHeader(const Catalogue& catalogue, TextFile& file);
void WriteFeatureRow(const SymbolEngine& symbol, const RecordBuffer& record, TextFile& file);

}  // namespace thalweg
