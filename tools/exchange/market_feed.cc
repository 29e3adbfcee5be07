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
    : options_(WithoutSnapshots(std::move(options))),
      market_(options_),
      stated_(options_.symbols.size()) {
  for (std::size_t i = 0; i < options_.symbols.size(); ++i) {
    const MarketSymbolOptions& symbol = options_.symbols[i];
    symbols_.push_back({symbol.name, RulesOf(i, {symbol.tick, symbol.step_decimals})});
    Told told;
    told.index = i;
    told.newest = told.depth_end = market_.book(i).id();
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
  if (frame_.last && told.is_relisted && *frame_.last < told.newest) {
    told.is_relisted = false;
    told.newest = told.depth_end = *frame_.last;
  }
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
  return ExchangeBook{*std::move(book), ScaleOf(told->second.index)};
}

BookScale MarketFeed::ScaleOf(std::size_t index) const {
  BookScale scale;
  scale.tick = market_.tick(index);
  scale.qty_decimals = market_.step_decimals(index);
  if (options_.market != Market::kSpot) {
    scale.price_places = SignificantDecimals(FormatEightDecimals(scale.tick.raw(), kPriceDecimals));
    scale.qty_places = scale.qty_decimals;
  }
  return scale;
}

std::string MarketFeed::RulesOf(std::size_t index, const MarketRules& rules) const {
  const Price tick = rules.tick.value_or(market_.tick(index));
  const int decimals = rules.step_decimals.value_or(market_.step_decimals(index));
  return MadeRules(options_.symbols[index].name, tick,
                   Price(PowerOfTen(kQtyDecimalsMax - decimals)), options_.market);
}

MarketFeed::Told* MarketFeed::Find(std::string_view symbol) {
  const auto told = told_.find(symbol);
  return told == told_.end() ? nullptr : &told->second;
}

absl::Status MarketFeed::Change(std::string_view symbol, const MarketRules& rules) {
  const Told* const told = Find(symbol);
  if (told == nullptr) return absl::InvalidArgumentError("the market has no such symbol");
  absl::Status changed = market_.Change(told->index, rules);
  if (changed.ok()) {
    MarketRules& stated = stated_[told->index];
    if (rules.tick) stated.tick = rules.tick;
    if (rules.step_decimals) stated.step_decimals = rules.step_decimals;
    symbols_[told->index].rules = RulesOf(told->index, stated);
  }
  return changed;
}

absl::Status MarketFeed::Halt(std::string_view symbol, Nanos until) {
  const Told* const told = Find(symbol);
  if (told == nullptr) return absl::InvalidArgumentError("the market has no such symbol");
  market_.Halt(told->index, options_.start + until);
  return absl::OkStatus();
}

absl::Status MarketFeed::Relist(std::string_view symbol, std::int64_t first) {
  Told* const told = Find(symbol);
  if (told == nullptr) return absl::InvalidArgumentError("the market has no such symbol");
  absl::Status listed = market_.Relist(told->index, first);
  if (listed.ok()) told->is_relisted = true;
  return listed;
}

std::optional<UpdateId> MarketFeed::BookId(std::string_view symbol) {
  const auto told = told_.find(symbol);
  if (told == told_.end()) return std::nullopt;
  return told->second.depth_end;
}

}  // namespace thalweg
