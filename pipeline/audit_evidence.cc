#include "pipeline/audit_evidence.h"

#include "absl/strings/str_cat.h"
#include "core/decimal.h"

namespace thalweg {

std::string Describe(const AuditEvidence& evidence) {
  const auto qty = [&](Qty quantity) {
    return FormatDecimal(quantity.raw(), evidence.instrument.qty_decimals);
  };
  return absl::StrCat(evidence.differing_levels,
                      evidence.differing_levels == 1 ? " level differs" : " levels differ",
                      ", the first: ", evidence.first_side == Side::kBid ? "bid " : "ask ",
                      FormatDecimal(evidence.first_price.raw(), kPriceDecimals), " is ",
                      qty(evidence.first_in_book), " in the book and ",
                      qty(evidence.first_in_answer), " in the snapshot");
}

}  // namespace thalweg
