// A symbol's book to look at: levels from the best outward, buckets, and how far they are known, in
// doubles and in the exact integers behind them. Nothing is copied: a view is a few pointers into
// the engine's book.
//
// Lifetime: a view, and what it handed out, until its engine is given anything more (checked while
// assertions are on). Inside a callback it is the book that the record was made from.
// Threads: the engine's. Allocates nothing. Cost: a view some nanoseconds, a level 2 to 4 ns, a
// ladder of buckets a quarter of a microsecond (bench/pipeline/feature_engine_bench.cc).
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "book/order_book.h"
#include "core/units.h"
#include "features/scale.h"

namespace thalweg {

class SymbolEngine;

struct BookLevel {
  double price = 0;   // In the quote currency: the double nearest to exact_price.
  double qty = 0;     // In the base currency, likewise.
  Price exact_price;  // In 1e-8 of the quote currency.
  Qty exact_qty;      // In 10^-qty_decimals() of the base currency.
};

// A side of a book as a range, the best level first: for (const BookLevel& level : book->bids()).
class BookLevels {
 public:
  class Iterator {
   public:
    using value_type = BookLevel;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    [[nodiscard]] BookLevel operator*() const noexcept {
      const TickLevel level = cursor_.level();
      const Price price(level.price.raw() * tick_);
      return {static_cast<double>(price.raw()) / static_cast<double>(kPriceOne),
              static_cast<double>(level.qty.raw()) / qty_one_, price, level.qty};
    }
    Iterator& operator++() noexcept {
      cursor_.Next();
      return *this;
    }
    void operator++(int) noexcept { cursor_.Next(); }
    [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
      return cursor_.at_end();
    }

   private:
    friend class BookLevels;
    Iterator(const LevelLadder& ladder, const Scale& scale) noexcept
        : cursor_(ladder), tick_(scale.tick.raw()), qty_one_(scale.qty_one()) {}

    LevelLadder::Cursor cursor_;
    std::int64_t tick_ = 0;
    double qty_one_ = 1;
  };

  [[nodiscard]] Iterator begin() const noexcept { return {*ladder_, scale_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  [[nodiscard]] bool empty() const noexcept { return ladder_->empty(); }
  [[nodiscard]] std::size_t size() const noexcept {
    return static_cast<std::size_t>(ladder_->level_count());
  }

 private:
  friend class BookView;
  BookLevels(const LevelLadder& ladder, const Scale& scale) : ladder_(&ladder), scale_(scale) {}

  const LevelLadder* ladder_;
  Scale scale_;
};

struct BookBucket {
  double label = 0;     // A bid bucket's lower edge, an ask bucket's upper one (BucketRounding).
  double qty = 0;       // Of its levels together, in the base currency; 0 when it has none.
  double notional = 0;  // Of price times quantity, in the quote currency.
  // How much of it lies inside the known edge: what is not complete is a lower bound.
  Coverage coverage = Coverage::kComplete;
  Price exact_label;   // In 1e-8 of the quote currency.
  Wide exact_qty = 0;  // In 10^-qty_decimals() of the base currency.
};

// Up to kLadderBuckets buckets of a side, from the touch outward.
class BookBuckets {
 public:
  class Iterator {
   public:
    using value_type = BookBucket;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    [[nodiscard]] BookBucket operator*() const noexcept { return (*buckets_)[index_]; }
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    void operator++(int) noexcept { ++index_; }
    [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
      return index_ == buckets_->size();
    }

   private:
    friend class BookBuckets;
    explicit Iterator(const BookBuckets& buckets) : buckets_(&buckets) {}
    const BookBuckets* buckets_ = nullptr;
    std::size_t index_ = 0;
  };

  [[nodiscard]] std::size_t size() const noexcept {
    return static_cast<std::size_t>(ladder_.count);
  }
  [[nodiscard]] bool empty() const noexcept { return ladder_.count == 0; }
  // REQUIRES: index < size().
  [[nodiscard]] BookBucket operator[](std::size_t index) const noexcept;
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend class BookView;
  BookBuckets(const OrderBook& book, const Scale& scale, Side side, int size_index)
      : book_(&book), scale_(scale), side_(side), size_index_(size_index) {}

  const OrderBook* book_;
  Scale scale_;
  Side side_;
  int size_index_;
  CompactLadder ladder_;
};

class BookView {
 public:
  // Absent while there is no book to be trusted: before the first snapshot, and after a gap (with
  // OnGap::kServe the old book goes on, and its records say so).
  [[nodiscard]] static std::optional<BookView> Of(const SymbolEngine& symbol) noexcept;

  [[nodiscard]] const std::string& symbol() const noexcept;
  // The last update id in the book.
  [[nodiscard]] UpdateId update_id() const noexcept { return book().id(); }
  [[nodiscard]] bool one_sided() const noexcept { return book().one_sided(); }
  // The best bid is not below the best ask; see quality::kCrossed.
  [[nodiscard]] bool crossed() const noexcept { return book().crossed(); }

  [[nodiscard]] BookLevels levels(Side side) const noexcept {
    return {book().ladder(side), scale_};
  }
  [[nodiscard]] BookLevels bids() const noexcept { return levels(Side::kBid); }
  [[nodiscard]] BookLevels asks() const noexcept { return levels(Side::kAsk); }
  // Absent when the side is empty.
  [[nodiscard]] std::optional<BookLevel> best(Side side) const noexcept {
    const BookLevels side_levels = levels(side);
    if (side_levels.empty()) return std::nullopt;
    return *side_levels.begin();
  }
  // The quantity at a price, 0 when there is no level.
  [[nodiscard]] Qty qty_at(Side side, Price price) const noexcept;

  // The worst price of a side up to which every level is known; what lies beyond it is unknown, not
  // empty. Absent when the whole side is known.
  [[nodiscard]] std::optional<double> known_edge(Side side) const noexcept;
  [[nodiscard]] std::optional<Price> exact_known_edge(Side side) const noexcept;

  // Bucket sizes, in the order in which they were configured. `size_index` counts them.
  [[nodiscard]] int bucket_size_count() const noexcept { return book().bucket_size_count(); }
  [[nodiscard]] double bucket_size(int size_index) const noexcept {
    return scale_.ToQuote(book().bucket_size(size_index));
  }
  // Of the size as it was configured, "10"; absent when there is none.
  [[nodiscard]] std::optional<int> FindBucketSize(std::string_view size) const noexcept;
  // Consecutive buckets from that of the best level, empty ones included; none on an empty side.
  [[nodiscard]] BookBuckets dense(Side side, int size_index) const noexcept;
  // The first buckets that are not empty.
  [[nodiscard]] BookBuckets compact(Side side, int size_index) const noexcept;

  [[nodiscard]] Price tick() const noexcept { return scale_.tick; }
  [[nodiscard]] int qty_decimals() const noexcept { return scale_.qty_decimals; }
  // Everything else that a book can be asked, in ticks and quantity units.
  [[nodiscard]] const OrderBook& order_book() const noexcept { return book(); }

 private:
  BookView(const SymbolEngine& symbol, const OrderBook& book, const Scale& scale) noexcept
      : symbol_(&symbol), book_(&book), scale_(scale), revision_(book.revision()) {}

  [[nodiscard]] const OrderBook& book() const noexcept {
    assert(book_->revision() == revision_ && "a view is good until the next push");
    return *book_;
  }

  const SymbolEngine* symbol_;
  const OrderBook* book_;
  Scale scale_;
  std::uint64_t revision_;
};

}  // namespace thalweg
