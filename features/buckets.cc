#include "features/buckets.h"

namespace thalweg {
namespace {

Wide DenseQty(const OrderBook& book, Side side, int size_index) noexcept {
  Wide sum = 0;
  for (const Bucket& bucket : book.dense(side, size_index).buckets) sum += bucket.qty;
  return sum;
}

}  // namespace

void ComputeBuckets(const BookPicture& picture, double* out) noexcept {
  const OrderBook& book = picture.book();
  const int sizes = book.bucket_size_count();
  std::fill_n(out, 2 * sizes, kNaN);
  if (!picture.two_sided()) return;
  for (int i = 0; i < sizes; ++i) {
    const Wide bid = DenseQty(book, Side::kBid, i);
    const Wide ask = DenseQty(book, Side::kAsk, i);
    out[i] = Imbalance(bid, ask);
    out[sizes + i] = LogRatio(bid, ask);
  }
}

}  // namespace thalweg
