#include "tools/exchange/recorded_book.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace thalweg {
namespace {

// A price in 1e-8: the tick of this book.
Ticks AsTicks(Price price) { return Ticks(price.raw()); }

}  // namespace

bool RecordedBook::Continues(const Event& event, UpdateId id) {
  if (event.previous) return *event.previous <= id;  // Futures.
  return event.first <= id + 1;
}

void RecordedBook::Set(const Event& event) {
  const auto set = [&](Side side, const std::vector<Level>& levels) {
    for (const Level& level : levels) {
      book_.Set(event.last, side, AsTicks(level.price), level.qty);
    }
  };
  set(Side::kBid, event.bids);
  set(Side::kAsk, event.asks);
  // An event without levels moves the id too: it sets what is not there to nothing.
  if (event.bids.empty() && event.asks.empty()) {
    book_.Set(event.last, Side::kBid, Ticks(0), Qty(0));
  }
}

void RecordedBook::Lose() {
  is_known_ = false;
  events_.clear();
}

void RecordedBook::Apply(const DepthDiff& diff) {
  Event event{diff.first,
              diff.last,
              diff.previous,
              {diff.bids.begin(), diff.bids.end()},
              {diff.asks.begin(), diff.asks.end()}};
  if (!events_.empty()) {
    if (event.last <= events_.back().last) return;  // Again, or late.
    if (!Continues(event, events_.back().last)) Lose();
  }
  if (is_known_ && event.last > book_.id()) {
    if (Continues(event, book_.id())) {
      Set(event);
    } else {
      Lose();
    }
  }
  events_.push_back(std::move(event));
  if (events_.size() > kRecordedEventsKept) events_.pop_front();
}

void RecordedBook::ApplySnapshot(const DepthSnapshot& snapshot) {
  const auto next = std::find_if(events_.begin(), events_.end(),
                                 [&](const Event& event) { return event.last > snapshot.last; });
  const bool fits = next == events_.end() || Continues(*next, snapshot.last);
  if (is_known_) {
    // The book goes on; only what it never knew is added.
    if (!fits) return;
    const auto widen = [&](Side side, std::span<const Level> levels) {
      std::set<std::int64_t> named_since;
      for (auto event = next; event != events_.end(); ++event) {
        for (const Level& level : side == Side::kBid ? event->bids : event->asks) {
          named_since.insert(level.price.raw());
        }
      }
      for (const Level& level : levels) {
        if (named_since.count(level.price.raw()) != 0) continue;
        if (book_.QtyAt(side, AsTicks(level.price)).raw() != 0) continue;
        book_.Set(book_.id(), side, AsTicks(level.price), level.qty);
      }
    };
    // A snapshot that is ahead of the book says nothing of it as it is now.
    if (snapshot.last > book_.id()) return;
    widen(Side::kBid, snapshot.bids);
    widen(Side::kAsk, snapshot.asks);
    return;
  }
  if (!fits) return;
  // Of an empty book -1 has been seen.
  const UpdateId id = std::max(snapshot.last, UpdateId(0));
  const Event whole{id,
                    id,
                    std::nullopt,
                    {snapshot.bids.begin(), snapshot.bids.end()},
                    {snapshot.asks.begin(), snapshot.asks.end()}};
  book_ = TrueBook();
  is_known_ = true;
  Set(whole);
  for (auto event = next; event != events_.end(); ++event) Set(*event);
}

}  // namespace thalweg
