#include "book/ticker_audit.h"

namespace thalweg {
namespace {

// A side whose price or quantity is 0 is absent, whatever the other number says.
Level Normal(const Level& level) noexcept {
  return level.price.raw() == 0 || level.qty.raw() == 0 ? Level{} : level;
}

BestQuotes Normal(const BookTicker& ticker) noexcept {
  return {Normal(ticker.bid), Normal(ticker.ask)};
}

}  // namespace

void TickerAudit::Await(const BookTicker& ticker) noexcept {
  if (head_ - tail_ == kWaitingTickersMax) ++tail_;
  at(head_++) = {ticker.id, Normal(ticker)};
}

TickerAudit::Verdict TickerAudit::Judge(UpdateId id, const BestQuotes& quotes) noexcept {
  while (tail_ != head_ && at(tail_).id < id) ++tail_;
  if (tail_ == head_ || at(tail_).id != id) return Verdict::kNone;
  return at(tail_++).quotes == quotes ? Verdict::kAgrees : Verdict::kDiffers;
}

TickerAudit::Verdict TickerAudit::Compare(const BookTicker& ticker,
                                          const BestQuotes& quotes) noexcept {
  return Normal(ticker) == quotes ? Verdict::kAgrees : Verdict::kDiffers;
}

void TickerAudit::ScaleQuantities(std::int64_t factor) noexcept {
  for (std::uint64_t i = tail_; i != head_; ++i) {
    const BestQuotes& quotes = at(i).quotes;
    if (CanScale(quotes.bid.qty.raw(), factor) && CanScale(quotes.ask.qty.raw(), factor)) continue;
    return Clear();
  }
  for (std::uint64_t i = tail_; i != head_; ++i) {
    for (Level* side : {&at(i).quotes.bid, &at(i).quotes.ask}) {
      side->qty = Qty(side->qty.raw() * factor);
    }
  }
}

bool TickerAudit::CanDivideQuantities(std::int64_t divisor) const noexcept {
  bool fits = true;
  for (std::uint64_t i = tail_; i != head_; ++i) {
    fits &= Divides(divisor, at(i).quotes.bid.qty.raw()) &&
            Divides(divisor, at(i).quotes.ask.qty.raw());
  }
  return fits;
}

void TickerAudit::DivideQuantities(std::int64_t divisor) noexcept {
  for (std::uint64_t i = tail_; i != head_; ++i) {
    for (Level* side : {&at(i).quotes.bid, &at(i).quotes.ask}) {
      side->qty = Qty(side->qty.raw() / divisor);
    }
  }
}

}  // namespace thalweg
