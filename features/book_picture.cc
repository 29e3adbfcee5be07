#include "features/book_picture.h"

namespace thalweg {

BookPicture::BookPicture(const OrderBook& book, const Scale& scale) : book_(&book), scale_(&scale) {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    Half& half = halves_[static_cast<std::size_t>(side)];
    half.count = static_cast<std::size_t>(
        book.ladder(side).Top(static_cast<int>(kTopLevels), half.levels.data()));
  }
  if (empty(Side::kBid) || empty(Side::kAsk)) return;
  const std::int64_t bid = top(Side::kBid)[0].price.raw();
  const std::int64_t ask = top(Side::kAsk)[0].price.raw();
  mid2_ = bid + ask;
  spread_ = ask - bid;
  crossed_ = spread_ <= 0;
  two_sided_ = !crossed_;
}

Wide BookPicture::DepthOf(Side side, std::size_t levels) const noexcept {
  Wide sum = 0;
  for (const TickLevel& level : top(side).first(std::min(levels, top(side).size()))) {
    sum += level.qty.raw();
  }
  return sum;
}

}  // namespace thalweg
