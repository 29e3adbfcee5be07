#include "tools/exchange/market_feed.h"

#include <algorithm>
#include <utility>

#include "core/decimal.h"

namespace thalweg {
namespace {

// The market's own snapshots are of no use here: this exchange answers at any time.
MarketOptions WithoutSnapshots(MarketOptions options) {
  options.snapshot_every = 0;
  options.snapshot_limit = 1;
  return options;
}

}  // namespace

MarketFeed::MarketFeed(MarketOptions options)
    : options_(WithoutSnapshots(std::move(options))), market_(options_) {
  for (std::size_t i = 0; i < options_.symbols.size(); ++i) {
    const MarketSymbolOptions& symbol = options_.symbols[i];
    const Price step(PowerOfTen(kQtyDecimalsMax - symbol.step_decimals));
    symbols_.push_back({symbol.name, MadeRules(symbol.name, symbol.tick, step, options_.market)});
    Told told;
    told.index = i;
    told.newest = told.depth_end = market_.book(i).id();
    told.scale.tick = symbol.tick;
    told.scale.qty_decimals = symbol.step_decimals;
    if (options_.market != Market::kSpot) {
      told.scale.price_places =
          SignificantDecimals(FormatEightDecimals(symbol.tick.raw(), kPriceDecimals));
      told.scale.qty_places = symbol.step_decimals;
    }
    told_[symbol.name] = told;
  }
}

std::optional<Nanos> MarketFeed::NextAt() {
  while (!next_at_) {
    const MarketLine line = market_.Next();
    if (line.text.starts_with('#')) continue;
    next_at_ = line.received.raw() - options_.start.raw();
    text_.assign(kPayloadPadding, ' ');
    text_ += line.text;
    text_.append(kPayloadPadding, ' ');
  }
  return next_at_;
}

const FeedFrame& MarketFeed::Next() {
  next_at_.reset();
  std::optional<DepthDiff> diff;
  decode_.Read(std::string_view(text_).substr(kPayloadPadding, text_.size() - 2 * kPayloadPadding),
               kQtyDecimalsMax, &frame_, &diff);
  Told& told = told_[frame_.symbol];
  if (frame_.last) told.newest = std::max(told.newest, *frame_.last);
  if (diff) told.depth_end = diff->last;
  return frame_;
}

std::optional<ExchangeBook> MarketFeed::BookAt(std::string_view symbol,
                                               std::optional<UpdateId> id) {
  const auto told = told_.find(symbol);
  if (told == told_.end()) return std::nullopt;
  std::optional<TrueBook> book =
      market_.book(told->second.index).At(id.value_or(told->second.newest));
  if (!book) return std::nullopt;
  return ExchangeBook{*std::move(book), told->second.scale};
}

std::optional<UpdateId> MarketFeed::BookId(std::string_view symbol) {
  const auto told = told_.find(symbol);
  if (told == told_.end()) return std::nullopt;
  return told->second.depth_end;
}

}  // namespace thalweg
