#include "features/tops_record.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/record.h"

namespace thalweg {

RecordSchema TopsSchema(std::size_t levels) {
  assert(levels >= 1 && levels <= kTopsLevelsMax);
  std::vector<SchemaField> fields = HeaderFields();
  std::size_t offset = sizeof(RecordHeader);
  for (std::size_t rank = 1; rank <= levels; ++rank) {
    const auto add = [&](absl::string_view name, std::string_view unit,
                         std::string_view description) {
      fields.push_back(
          {absl::StrCat(name, "_", rank), "f64", offset, 1, unit, "Tops", "", "> 0", description});
      offset += sizeof(double);
    };
    add("bid_price", "quote", "price of the bid level of this rank, 1 the best");
    add("bid_qty", "base", "its quantity");
    add("ask_price", "quote", "price of the ask level of this rank, 1 the best");
    add("ask_qty", "base", "its quantity");
  }
  return MakeSchema(RingKind::kTops, levels, std::move(fields));
}

void ComputeTops(const OrderBook* book, std::size_t levels, const Scale& scale,
                 double* out) noexcept {
  assert(levels <= kTopsLevelsMax);
  std::fill_n(out, levels * kTopsValues, kNaN);
  if (book == nullptr) return;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    std::array<TickLevel, kTopsLevelsMax> top;
    const int count = book->ladder(side).Top(static_cast<int>(levels), top.data());
    double* const first = out + (side == Side::kBid ? 0 : 2);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      first[i * kTopsValues] = scale.ToQuote(top[i].price);
      first[i * kTopsValues + 1] = scale.ToBase(top[i].qty.raw());
    }
  }
}

}  // namespace thalweg
