// The usual structures for one side of a book, to hold book/level_ladder.h against.
//
// All have one face: Set() makes `qty` the quantity at a price (0 removes), best() is the best
// level, Top() the best n. Keys grow outward, as in the ladder: the price for asks, its negative
// for bids; so one class serves both sides. Threads: one.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "book/level.h"
#include "book/level_ladder.h"

namespace thalweg::bench {

class KeyOfSide {
 public:
  explicit KeyOfSide(Side side) : sign_(side == Side::kBid ? -1 : 1) {}
  [[nodiscard]] std::int64_t KeyOf(Ticks price) const noexcept { return sign_ * price.raw(); }
  [[nodiscard]] Ticks PriceOf(std::int64_t key) const noexcept { return Ticks(sign_ * key); }

 private:
  std::int64_t sign_;
};

// A tree: std::map or absl::btree_map.
template <class Map>
class TreeSide : public KeyOfSide {
 public:
  explicit TreeSide(Side side) : KeyOfSide(side) {}
  void Clear() { levels_.clear(); }
  void Set(Ticks price, Qty qty) {
    if (qty.raw() == 0) {
      levels_.erase(KeyOf(price));
    } else {
      levels_.insert_or_assign(KeyOf(price), qty.raw());
    }
  }
  [[nodiscard]] TickLevel best() const {
    if (levels_.empty()) return {};
    return {PriceOf(levels_.begin()->first), Qty(levels_.begin()->second)};
  }
  int Top(int n, TickLevel* out) const {
    int count = 0;
    for (auto at = levels_.begin(); at != levels_.end() && count < n; ++at) {
      out[count++] = {PriceOf(at->first), Qty(at->second)};
    }
    return count;
  }

 private:
  Map levels_;
};
using StdMapSide = TreeSide<std::map<std::int64_t, std::int64_t>>;
using BtreeMapSide = TreeSide<absl::btree_map<std::int64_t, std::int64_t>>;

// A sorted array with the best level last, so that changes near the touch move little.
class SortedVectorSide : public KeyOfSide {
 public:
  explicit SortedVectorSide(Side side) : KeyOfSide(side) { levels_.reserve(kReserved); }
  void Clear() { levels_.clear(); }
  void Set(Ticks price, Qty qty) {
    const std::int64_t key = KeyOf(price);
    const auto at = std::lower_bound(levels_.begin(), levels_.end(), key,
                                     [](const std::pair<std::int64_t, std::int64_t>& level,
                                        std::int64_t k) { return level.first > k; });
    const bool found = at != levels_.end() && at->first == key;
    if (found && qty.raw() != 0) {
      at->second = qty.raw();
    } else if (found) {
      levels_.erase(at);
    } else if (qty.raw() != 0) {
      levels_.insert(at, {key, qty.raw()});
    }
  }
  [[nodiscard]] TickLevel best() const {
    if (levels_.empty()) return {};
    return {PriceOf(levels_.back().first), Qty(levels_.back().second)};
  }
  int Top(int n, TickLevel* out) const {
    int count = 0;
    for (auto at = levels_.rbegin(); at != levels_.rend() && count < n; ++at) {
      out[count++] = {PriceOf(at->first), Qty(at->second)};
    }
    return count;
  }
  // Calls visit(TickLevel), best first, until it is false.
  template <class F>
  void Walk(F&& visit) const {
    for (auto at = levels_.rbegin(); at != levels_.rend(); ++at) {
      if (!visit(TickLevel{PriceOf(at->first), Qty(at->second)})) return;
    }
  }

 private:
  static constexpr std::size_t kReserved = 16'384;
  std::vector<std::pair<std::int64_t, std::int64_t>> levels_;
};

// A hash table of quantities by tick; the next level is found by asking for every tick between the
// best and the worst.
class HashSide : public KeyOfSide {
 public:
  explicit HashSide(Side side) : KeyOfSide(side) {}
  void Clear() {
    levels_.clear();
    best_ = INT64_MAX;
    worst_ = INT64_MIN;
  }
  void Set(Ticks price, Qty qty) {
    const std::int64_t key = KeyOf(price);
    if (qty.raw() != 0) {
      levels_[key] = qty.raw();
      best_ = std::min(best_, key);
      worst_ = std::max(worst_, key);
      return;
    }
    levels_.erase(key);
    if (key == best_) best_ = Next(key + 1);
  }
  [[nodiscard]] TickLevel best() const {
    if (levels_.empty()) return {};
    return {PriceOf(best_), Qty(levels_.find(best_)->second)};
  }
  int Top(int n, TickLevel* out) const {
    int count = 0;
    for (std::int64_t key = best_; key <= worst_ && count < n; ++key) {
      const auto found = levels_.find(key);
      if (found != levels_.end()) out[count++] = {PriceOf(key), Qty(found->second)};
    }
    return count;
  }

 private:
  [[nodiscard]] std::int64_t Next(std::int64_t key) const {
    if (levels_.empty()) return INT64_MAX;
    while (key <= worst_ && !levels_.contains(key)) ++key;
    return key;
  }

  absl::flat_hash_map<std::int64_t, std::int64_t> levels_;
  std::int64_t best_ = INT64_MAX;
  std::int64_t worst_ = INT64_MIN;  // Never comes back: an outer bound.
};

// Doubles in an array over a region of interest, one a tick, as backtesters keep them: a change is
// a store, the next level is found by walking. It gives less than the others: levels outside the
// region are dropped, quantities are rounded, the number of levels is unknown.
class TickVectorSide : public KeyOfSide {
 public:
  explicit TickVectorSide(Side side)
      : KeyOfSide(side),
        cells_(static_cast<double*>(std::calloc(kRegion, sizeof(double))), &std::free) {
    if (cells_ == nullptr) std::abort();
  }
  // Costs what is in use.
  void Clear() {
    for (std::int64_t key = best_; key <= worst_; ++key) Cell(key) = 0.0;
    best_ = INT64_MAX;
    worst_ = INT64_MIN;
  }
  void Set(Ticks price, Qty qty) {
    const std::int64_t key = KeyOf(price);
    if (worst_ == INT64_MIN) base_ = key - kRegion / 2;
    if (key < base_ || key >= base_ + kRegion) return;
    Cell(key) = static_cast<double>(qty.raw());
    if (qty.raw() != 0) {
      best_ = std::min(best_, key);
      worst_ = std::max(worst_, key);
    } else if (key == best_) {
      while (best_ <= worst_ && Cell(best_) == 0.0) ++best_;
    }
  }
  [[nodiscard]] TickLevel best() const {
    if (best_ > worst_) return {};
    return {PriceOf(best_), Qty(static_cast<std::int64_t>(Cell(best_)))};
  }
  int Top(int n, TickLevel* out) const {
    int count = 0;
    for (std::int64_t key = best_; key <= worst_ && count < n; ++key) {
      const double qty = Cell(key);
      if (qty != 0.0) out[count++] = {PriceOf(key), Qty(static_cast<std::int64_t>(qty))};
    }
    return count;
  }

 private:
  // Ticks of the region. Untouched pages cost nothing.
  static constexpr std::int64_t kRegion = std::int64_t{1} << 24;

  [[nodiscard]] double& Cell(std::int64_t key) const { return cells_.get()[key - base_]; }

  std::unique_ptr<double, decltype(&std::free)> cells_;
  std::int64_t base_ = 0;
  std::int64_t best_ = INT64_MAX;
  std::int64_t worst_ = INT64_MIN;
};

// Two sides of one kind.
template <class SideBook>
class ReferenceBook {
 public:
  void Load(const std::vector<TickLevel>& bids, const std::vector<TickLevel>& asks) {
    bids_.Clear();
    asks_.Clear();
    Apply(bids, asks);
  }
  void Apply(const std::vector<TickLevel>& bids, const std::vector<TickLevel>& asks) {
    for (const TickLevel& level : bids) bids_.Set(level.price, level.qty);
    for (const TickLevel& level : asks) asks_.Set(level.price, level.qty);
  }
  [[nodiscard]] const SideBook& side(Side side) const { return side == Side::kBid ? bids_ : asks_; }

 private:
  SideBook bids_{Side::kBid};
  SideBook asks_{Side::kAsk};
};

// The ladder behind the same face.
class LadderSide {
 public:
  explicit LadderSide(Side side) : ladder_(side) {}
  void Clear() { ladder_.Clear(); }
  void Set(Ticks price, Qty qty) { (void)ladder_.Set(price, qty); }
  [[nodiscard]] TickLevel best() const {
    return ladder_.empty() ? TickLevel{} : ladder_.best_level();
  }
  int Top(int n, TickLevel* out) const { return ladder_.Top(n, out); }

 private:
  LevelLadder ladder_;
};

}  // namespace thalweg::bench
