#include "tests/oracle/slow_windows.h"

#include <algorithm>
#include <limits>

namespace thalweg::oracle {
namespace {

// Entries are in order of time: drops the leading ones that no window can hold any more.
template <class Entry>
void Trim(std::vector<Entry>* entries) {
  const Int newest = entries->back().time;
  const auto kept = std::find_if(entries->begin(), entries->end(), [&](const Entry& entry) {
    return entry.time > newest - kLongestWindow;
  });
  // Rarely, so that the cost of moving the rest does not matter.
  if (kept - entries->begin() > 100'000) entries->erase(entries->begin(), kept);
}

// Calls `use` for the entries in (now - window, now], newest first.
template <class Entry, class Use>
void ForEachInWindow(const std::vector<Entry>& entries, Int now, Int window, Use use) {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->time <= now - window) break;
    if (entry->time <= now) use(*entry);
  }
}

Wide BidPart(Int price_before, Int qty_before, Int price, Int qty) {
  return (price >= price_before ? Wide{qty} : 0) - (price <= price_before ? Wide{qty_before} : 0);
}

}  // namespace

std::optional<Int> SlowQuote::TwiceMid() const {
  if (!has_bid() || !has_ask() || crossed()) return std::nullopt;
  return bid.price + ask.price;
}

Wide FlowBetween(const SlowQuote& before, const SlowQuote& after) {
  constexpr Int kInfinite = std::numeric_limits<Int>::max();
  const auto bid = [](const SlowQuote& quote) {
    return quote.has_bid() ? quote.bid.price : -kInfinite;
  };
  // The ask's part is the bid's with the price axis turned round, subtracted.
  const auto turned_ask = [](const SlowQuote& quote) {
    return quote.has_ask() ? -quote.ask.price : -kInfinite;
  };
  return BidPart(bid(before), before.bid.qty, bid(after), after.bid.qty) -
         BidPart(turned_ask(before), before.ask.qty, turned_ask(after), after.ask.qty);
}

void SlowFlow::Add(std::optional<Int> effective_time, const SlowQuote& quote) {
  if (quote.crossed()) return;
  if (effective_time) {
    entries_.push_back({*effective_time, last_ ? FlowBetween(*last_, quote) : 0});
    Trim(&entries_);
  }
  last_ = quote;
}

void SlowFlow::Clear() {
  entries_.clear();
  last_.reset();
}

Wide SlowFlow::Sum(Int now, Int window) const {
  Wide sum = 0;
  ForEachInWindow(entries_, now, window, [&](const Entry& entry) { sum += entry.e; });
  return sum;
}

void SlowTape::Add(const SlowFill& fill) {
  fills_.push_back(fill);
  Trim(&fills_);
}

SlowTradeSums SlowTape::Sums(Int now, Int window) const {
  SlowTradeSums sums;
  ForEachInWindow(fills_, now, window, [&](const SlowFill& fill) {
    (fill.sigma > 0 ? sums.buy : sums.sell) += fill.qty;
    sums.notional += Wide{fill.price} * fill.qty;
    sums.count += 1;
    sums.max_qty = std::max(sums.max_qty, fill.qty);
  });
  return sums;
}

}  // namespace thalweg::oracle
