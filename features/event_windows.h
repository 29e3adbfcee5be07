// Sums over sliding windows (now - w, now] of an event clock: add on entry, subtract on exit,
// exact.
//
// Entries of equal time share one cell, because they enter and leave every window together; so a
// feed with millisecond times needs at most 60,000 cells for its longest window, however many fills
// a millisecond brings. The ring of cells grows by doubling up to `cells_max`; at that bound the
// oldest cell leaves all windows early and Add() says so.
//
// Invariant: times of entries never decrease. A sum is right for the time of the last AdvanceTo().
// Threads: one. Allocates only when the ring grows.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kWindowCellsMax = std::size_t{1} << 20;
inline constexpr std::size_t kWindowCellsAtFirst = 2'048;

// `Sum` has += and -=, and is zero by default. Spans: ascending. REQUIRES: `cells_max` is a power
// of two.
template <class Sum, std::size_t N>
class EventWindows {
 public:
  explicit constexpr EventWindows(const std::array<Nanos, N>& spans,
                                  std::size_t cells_max = kWindowCellsMax)
      : spans_(spans), cells_max_(cells_max), cells_(std::min(kWindowCellsAtFirst, cells_max)) {}

  // False when a cell had to leave early. REQUIRES: time >= that of the entry before.
  bool Add(EventTime time, const Sum& entry) {
    assert(head_ == oldest() || time >= cell(head_ - 1).time);
    const bool joins = head_ != oldest() && cell(head_ - 1).time == time;
    const bool room = joins || MakeRoom();
    if (!joins) cell(head_++) = {time, Sum{}};
    cell(head_ - 1).sum += entry;
    for (std::size_t i = 0; i < N; ++i) {
      // A window that the joined cell has left already must not take the entry either.
      if (tails_[i] < head_) sums_[i] += entry;
    }
    return room;
  }

  // Lets everything at or before now - w leave window w.
  void AdvanceTo(EventTime now) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      const EventTime edge = now - spans_[i];
      while (tails_[i] < head_ && cell(tails_[i]).time <= edge) sums_[i] -= cell(tails_[i]++).sum;
    }
  }

  [[nodiscard]] const Sum& sum(std::size_t i) const noexcept { return sums_[i]; }

  void Clear() noexcept {
    tails_.fill(head_);
    sums_.fill(Sum{});
  }

  // Whether `test` holds for every cell: for a coarser unit.
  template <class Test>
  [[nodiscard]] bool All(const Test& test) const {
    for (std::uint64_t i = oldest(); i < head_; ++i) {
      if (!test(cell(i).sum)) return false;
    }
    return true;
  }
  // Applies `change` to every cell and sum: for another unit.
  template <class Change>
  void Transform(const Change& change) {
    for (std::uint64_t i = oldest(); i < head_; ++i) change(cell(i).sum);
    for (Sum& sum : sums_) change(sum);
  }

 private:
  struct Cell {
    EventTime time;
    Sum sum;
  };

  Cell& cell(std::uint64_t i) noexcept { return cells_[i & (cells_.size() - 1)]; }
  [[nodiscard]] const Cell& cell(std::uint64_t i) const noexcept {
    return cells_[i & (cells_.size() - 1)];
  }
  // The longest window has the oldest tail.
  [[nodiscard]] std::uint64_t oldest() const noexcept { return tails_[N - 1]; }

  bool MakeRoom() {
    if (head_ - oldest() < cells_.size()) return true;
    if (cells_.size() < cells_max_) {
      std::vector<Cell> larger(cells_.size() * 2);
      for (std::uint64_t i = oldest(); i < head_; ++i) larger[i & (larger.size() - 1)] = cell(i);
      cells_ = std::move(larger);
      return true;
    }
    const std::uint64_t leaving = oldest();
    for (std::size_t i = 0; i < N; ++i) {
      if (tails_[i] == leaving) sums_[i] -= cell(tails_[i]++).sum;
    }
    return false;
  }

  std::array<Nanos, N> spans_;
  std::size_t cells_max_;
  std::array<Sum, N> sums_{};
  std::array<std::uint64_t, N> tails_{};  // First cell of each window; counts from the start.
  std::uint64_t head_ = 0;                // One past the newest cell.
  std::vector<Cell> cells_;
};

// The largest value in (now - w, now], by a queue of falling values: amortised O(1).
//
// Invariant: times never decrease, values strictly fall, from oldest to newest. Same bound and
// growth as EventWindows; at the bound the oldest value leaves early.
class WindowMaximum {
 public:
  explicit WindowMaximum(Nanos span, std::size_t cells_max = kWindowCellsMax)
      : span_(span), cells_max_(cells_max), cells_(std::min(kWindowCellsAtFirst, cells_max)) {}

  void Add(EventTime time, std::int64_t value) {
    while (head_ != tail_ && cell(head_ - 1).value <= value) --head_;
    if (head_ - tail_ == cells_.size()) Grow();
    cell(head_++) = {time, value};
  }

  void AdvanceTo(EventTime now) noexcept {
    while (tail_ != head_ && cell(tail_).time <= now - span_) ++tail_;
  }

  void Clear() noexcept { tail_ = head_; }

  // 0 without an entry.
  [[nodiscard]] std::int64_t value() const noexcept {
    return tail_ == head_ ? 0 : cells_[tail_ & (cells_.size() - 1)].value;
  }

  // REQUIRES: CanScale(value(), factor) for the window's present largest value.
  void Scale(std::int64_t factor) noexcept {
    for (std::uint64_t i = tail_; i < head_; ++i) cell(i).value *= factor;
  }
  [[nodiscard]] bool CanDivide(std::int64_t divisor) const noexcept {
    bool fits = true;
    for (std::uint64_t i = tail_; i < head_; ++i) {
      fits &= Divides(divisor, cells_[i & (cells_.size() - 1)].value);
    }
    return fits;
  }
  // REQUIRES: CanDivide(divisor)
  void Divide(std::int64_t divisor) noexcept {
    for (std::uint64_t i = tail_; i < head_; ++i) cell(i).value /= divisor;
  }

 private:
  struct Cell {
    EventTime time;
    std::int64_t value;
  };

  Cell& cell(std::uint64_t i) noexcept { return cells_[i & (cells_.size() - 1)]; }

  void Grow() {
    if (cells_.size() >= cells_max_) {
      ++tail_;
      return;
    }
    std::vector<Cell> larger(cells_.size() * 2);
    for (std::uint64_t i = tail_; i < head_; ++i) larger[i & (larger.size() - 1)] = cell(i);
    cells_ = std::move(larger);
  }

  Nanos span_;
  std::size_t cells_max_;
  std::uint64_t tail_ = 0;
  std::uint64_t head_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace thalweg
