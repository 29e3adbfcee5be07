#include "features/touch.h"

#include <algorithm>

#include "features/quote.h"

namespace thalweg {
namespace {

std::optional<Level> Present(const Level& level) noexcept {
  if (level.price.raw() == 0 || level.qty.raw() == 0) return std::nullopt;
  return level;
}

QuoteState ToQuoteState(const std::optional<Level>& bid, const std::optional<Level>& ask) noexcept {
  QuoteState quote;
  if (bid) {
    quote.bid = bid->price.raw();
    quote.bid_qty = bid->qty.raw();
  }
  if (ask) {
    quote.ask = ask->price.raw();
    quote.ask_qty = ask->qty.raw();
  }
  return quote;
}

}  // namespace

bool Touch::Set(const BookTicker& ticker, std::optional<EventTime> time) {
  seen_ = true;
  bid_ = Present(ticker.bid);
  ask_ = Present(ticker.ask);
  const QuoteState quote = ToQuoteState(bid_, ask_);
  if (time) return flow_.Add(*time, quote);
  flow_.SetQuote(quote);
  return true;
}

std::optional<std::int64_t> Touch::mid2() const noexcept {
  if (!bid_ || !ask_ || bid_->price >= ask_->price) return std::nullopt;
  return bid_->price.raw() + ask_->price.raw();
}

void Touch::Compute(const Scale& scale, double* out) const noexcept {
  std::fill_n(out, kTouchFeatures, kNaN);
  if (!seen_) return;
  if (bid_) {
    out[0] = scale.ToQuote(bid_->price);
    out[1] = scale.ToBase(bid_->qty.raw());
  }
  if (ask_) {
    out[2] = scale.ToQuote(ask_->price);
    out[3] = scale.ToBase(ask_->qty.raw());
  }
  if (const std::optional<std::int64_t> twice = mid2()) {
    out[4] = Ratio(*twice, Wide{2} * kPriceOne);
    out[5] = WeightedMid(*bid_, *ask_);
    out[6] = Imbalance(bid_->qty.raw(), ask_->qty.raw());
  }
  flow_.Compute(scale, out + 7);
}

void Touch::Restart() noexcept {
  seen_ = false;
  bid_.reset();
  ask_.reset();
  flow_.Restart();
}

bool Touch::CanScaleQuantities(std::int64_t factor) const noexcept {
  const auto fits = [factor](const std::optional<Level>& side) {
    return !side || CanScale(side->qty.raw(), factor);
  };
  return fits(bid_) && fits(ask_) && flow_.CanScaleQuantities(factor);
}

void Touch::ScaleQuantities(std::int64_t factor) {
  for (std::optional<Level>* side : {&bid_, &ask_}) {
    if (*side) (*side)->qty = Qty((*side)->qty.raw() * factor);
  }
  flow_.ScaleQuantities(factor);
}

bool Touch::CanDivideQuantities(std::int64_t divisor) const {
  const auto fits = [divisor](const std::optional<Level>& side) {
    return !side || Divides(divisor, side->qty.raw());
  };
  return fits(bid_) && fits(ask_) && flow_.CanDivideQuantities(divisor);
}

void Touch::DivideQuantities(std::int64_t divisor) {
  for (std::optional<Level>* side : {&bid_, &ask_}) {
    if (*side) (*side)->qty = Qty((*side)->qty.raw() / divisor);
  }
  flow_.DivideQuantities(divisor);
}

}  // namespace thalweg
