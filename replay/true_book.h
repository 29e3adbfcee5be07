// The order book of a synthetic exchange, as it is: every level, and the way back to how it was.
//
// Update ids number its changes. Independent of book/ on purpose: it is what the engine's book is
// judged by. Invariant: no level has quantity 0. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "core/units.h"

namespace thalweg {

// Changes that can be undone, to answer for ids of the past.
inline constexpr std::size_t kTrueBookHistory = std::size_t{1} << 16;

// Other units: a price or quantity becomes its `times`-fold divided by `by`.
struct UnitChange {
  std::int64_t price_times = 1;
  std::int64_t price_by = 1;
  std::int64_t qty_times = 1;
  std::int64_t qty_by = 1;
};

class TrueBook {
 public:
  // Levels of a side by distance: a bid's key is its negated price, so both sides begin with their
  // best level.
  using Levels = absl::btree_map<std::int64_t, std::int64_t>;

  // A side's key of a price, and back.
  [[nodiscard]] static constexpr std::int64_t Key(Side side, Ticks price) noexcept {
    return side == Side::kBid ? -price.raw() : price.raw();
  }
  [[nodiscard]] static constexpr Ticks Price(Side side, std::int64_t key) noexcept {
    return Ticks(side == Side::kBid ? -key : key);
  }

  [[nodiscard]] const Levels& levels(Side side) const noexcept {
    return levels_[static_cast<std::size_t>(side)];
  }
  [[nodiscard]] Qty QtyAt(Side side, Ticks price) const;
  [[nodiscard]] UpdateId id() const noexcept { return id_; }

  // A change: the quantity now at a price, 0 for none. `id` is greater than the last one, or equal
  // to it for a further change of the same event. REQUIRES: qty >= 0, id >= id().
  void Set(UpdateId id, Side side, Ticks price, Qty qty);

  // The same levels in other units. How they were before is not known to that book.
  // REQUIRES: every price and quantity is a whole number in them.
  [[nodiscard]] TrueBook InUnits(const UnitChange& change) const;

  // A number that two books share if, and but for bad luck only if, all their levels are equal: the
  // sum of HashLevel over them.
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] static std::uint64_t HashLevel(Side side, Ticks price, Qty qty) noexcept;

  // The book after the last change whose id is at most `id`; nothing when that is too long ago
  // (kTrueBookHistory changes, or before other units). An id to come is answered with the book of
  // now.
  [[nodiscard]] std::optional<TrueBook> At(UpdateId id) const;
  // The hash of At(id), without building it.
  [[nodiscard]] std::optional<std::uint64_t> HashAt(UpdateId id) const;

 private:
  struct Change {
    UpdateId id;
    Side side = Side::kBid;
    std::int64_t key = 0;
    std::int64_t qty_before = 0;
    UpdateId id_before;
    std::uint64_t hash_before = 0;
  };

  // The first of the newest changes, all of which are later than `id`; nothing when older ones,
  // forgotten by now, may be too.
  [[nodiscard]] std::optional<std::size_t> ChangesSince(UpdateId id) const noexcept;
  [[nodiscard]] const Change& Newest(std::size_t back) const noexcept {
    return history_[(change_count_ - 1 - back) % kTrueBookHistory];
  }

  Levels levels_[2];
  UpdateId id_;
  UpdateId known_from_{INT64_MIN};  // What was before is in other units.
  std::uint64_t hash_ = 0;
  std::vector<Change> history_;  // A ring of kTrueBookHistory, grown as needed.
  std::size_t change_count_ = 0;
};

}  // namespace thalweg
