#include "tools/final_book.h"

#include "core/decimal.h"

namespace thalweg {

void WriteFinalBook(const SymbolEngine& symbol, TextFile& file) {
  const OrderBook* const book = symbol.book();
  if (book == nullptr) return;
  const Scale& scale = symbol.scale();
  for (const Side side : {Side::kBid, Side::kAsk}) {
    book->ladder(side).Walk([&](const TickLevel& level) {
      file.Text(side == Side::kBid ? "b " : "a ");
      file.Text(FormatEightDecimals(scale.ToPrice(level.price).raw(), kPriceDecimals));
      file.Text(" ");
      file.Text(FormatEightDecimals(level.qty.raw(), scale.qty_decimals));
      file.EndLine();
      return true;
    });
  }
}

}  // namespace thalweg
