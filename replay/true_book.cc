#include "replay/true_book.h"

#include <algorithm>
#include <cassert>

#include "replay/market_random.h"

namespace thalweg {

Qty TrueBook::QtyAt(Side side, Ticks price) const {
  const auto level = levels(side).find(Key(side, price));
  return Qty(level == levels(side).end() ? 0 : level->second);
}

std::uint64_t TrueBook::HashLevel(Side side, Ticks price, Qty qty) noexcept {
  const std::uint64_t place = MarketRandom::Mix(static_cast<std::uint64_t>(price.raw()) * 2 +
                                                static_cast<std::uint64_t>(side));
  return MarketRandom::Mix(place ^ static_cast<std::uint64_t>(qty.raw()));
}

void TrueBook::Set(UpdateId id, Side side, Ticks price, Qty qty) {
  assert(id >= id_ && qty.raw() >= 0);
  Levels& levels = levels_[static_cast<std::size_t>(side)];
  const std::int64_t key = Key(side, price);
  const auto level = levels.find(key);
  const std::int64_t before = level == levels.end() ? 0 : level->second;

  const Change change{id, side, key, before, id_, hash_};
  if (history_.size() < kTrueBookHistory) {
    history_.push_back(change);
  } else {
    history_[change_count_ % kTrueBookHistory] = change;
  }
  ++change_count_;

  if (before != 0) hash_ -= HashLevel(side, price, Qty(before));
  if (qty.raw() != 0) hash_ += HashLevel(side, price, qty);
  if (level == levels.end()) {
    if (qty.raw() != 0) levels.emplace(key, qty.raw());
  } else if (qty.raw() == 0) {
    levels.erase(level);
  } else {
    level->second = qty.raw();
  }
  id_ = id;
}

TrueBook TrueBook::InUnits(const UnitChange& change) const {
  TrueBook book;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    for (const auto& [key, qty] : levels(side)) {
      assert(key * change.price_times % change.price_by == 0);
      assert(qty * change.qty_times % change.qty_by == 0);
      const std::int64_t new_key = key * change.price_times / change.price_by;
      const std::int64_t new_qty = qty * change.qty_times / change.qty_by;
      book.levels_[static_cast<std::size_t>(side)].emplace(new_key, new_qty);
      book.hash_ += HashLevel(side, Price(side, new_key), Qty(new_qty));
    }
  }
  book.id_ = book.known_from_ = id_;
  return book;
}

std::optional<std::size_t> TrueBook::ChangesSince(UpdateId id) const noexcept {
  if (id < known_from_) return std::nullopt;
  const std::size_t kept = std::min(change_count_, kTrueBookHistory);
  std::size_t count = 0;
  while (count < kept && Newest(count).id > id) ++count;
  if (count == kept && change_count_ > kept) return std::nullopt;
  return count;
}

std::optional<TrueBook> TrueBook::At(UpdateId id) const {
  const std::optional<std::size_t> count = ChangesSince(id);
  if (!count) return std::nullopt;
  TrueBook then;
  then.levels_[0] = levels_[0];
  then.levels_[1] = levels_[1];
  then.id_ = id_;
  then.hash_ = hash_;
  for (std::size_t back = 0; back < *count; ++back) {
    const Change& change = Newest(back);
    Levels& levels = then.levels_[static_cast<std::size_t>(change.side)];
    if (change.qty_before == 0) {
      levels.erase(change.key);
    } else {
      levels[change.key] = change.qty_before;
    }
    then.id_ = change.id_before;
    then.hash_ = change.hash_before;
  }
  return then;
}

std::optional<std::uint64_t> TrueBook::HashAt(UpdateId id) const {
  const std::optional<std::size_t> count = ChangesSince(id);
  if (!count) return std::nullopt;
  return *count == 0 ? hash_ : Newest(*count - 1).hash_before;
}

}  // namespace thalweg
