#include "pipeline/book_view.h"

#include <algorithm>
#include <vector>

#include "pipeline/symbol_engine.h"

namespace thalweg {

BookBucket BookBuckets::operator[](std::size_t index) const noexcept {
  assert(index < size());
  const CompactBucket& bucket = ladder_.buckets[index];
  return {.label = scale_.ToQuote(bucket.label),
          .qty = scale_.ToBase(bucket.bucket.qty),
          .notional = scale_.ToQuoteNotional(bucket.bucket.notional),
          .coverage = book_->coverage(side_, size_index_, bucket.label),
          .exact_label = scale_.ToPrice(bucket.label),
          .exact_qty = bucket.bucket.qty};
}

std::optional<BookView> BookView::Of(const SymbolEngine& symbol) noexcept {
  const OrderBook* const book = symbol.book();
  if (book == nullptr) return std::nullopt;
  return BookView(symbol, *book, symbol.scale());
}

const std::string& BookView::symbol() const noexcept { return symbol_->name(); }

Qty BookView::qty_at(Side side, Price price) const noexcept {
  const std::int64_t ticks = price.raw() / scale_.tick.raw();
  if (price.raw() < 0 || ticks * scale_.tick.raw() != price.raw() || ticks > kTicksMax.raw()) {
    return Qty();
  }
  return book().ladder(side).at(Ticks(ticks));
}

std::optional<Price> BookView::exact_known_edge(Side side) const noexcept {
  const std::optional<Ticks> edge = book().known_edge(side);
  if (!edge) return std::nullopt;
  return scale_.ToPrice(*edge);
}

std::optional<double> BookView::known_edge(Side side) const noexcept {
  const std::optional<Price> edge = exact_known_edge(side);
  if (!edge) return std::nullopt;
  return scale_.ToQuote(*edge);
}

std::optional<int> BookView::FindBucketSize(std::string_view size) const noexcept {
  const std::vector<std::string>& names = symbol_->bucket_names();
  const auto found = std::find(names.begin(), names.end(), size);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

BookBuckets BookView::dense(Side side, int size_index) const noexcept {
  BookBuckets buckets(book(), scale_, side, size_index);
  const DenseView view = book().dense(side, size_index);
  buckets.ladder_.count = static_cast<int>(view.buckets.size());
  for (int i = 0; i < buckets.ladder_.count; ++i) {
    const auto place = static_cast<std::size_t>(i);
    buckets.ladder_.buckets[place] = {view.label(i), view.buckets[place]};
  }
  return buckets;
}

BookBuckets BookView::compact(Side side, int size_index) const noexcept {
  BookBuckets buckets(book(), scale_, side, size_index);
  buckets.ladder_ = book().compact(side, size_index);
  return buckets;
}

}  // namespace thalweg
