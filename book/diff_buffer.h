// Diffs kept for later: those that wait for a snapshot, and those a snapshot under way must be
// rolled through.
//
// Invariant: the diffs held are one unbroken chain of ids, oldest first. At the bounds the oldest
// are dropped, which leaves a chain that begins later: a snapshot must then reach further, nothing
// else. Threads: one. Memory is kept when emptied, so that a second resync allocates nothing new;
// Retain() never allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "book/sequencing.h"
#include "core/events.h"
#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kKeptDiffsMax = 8'192;
inline constexpr std::size_t kKeptLevelsMax = std::size_t{1} << 20;
// Of a live book, for an audit under way: more than a minute of the fastest stream, and two sides
// of the largest frame.
inline constexpr std::size_t kRetainedDiffsMax = 1'024;
inline constexpr std::size_t kRetainedLevelsMax = std::size_t{1} << 17;

struct KeptDiff {
  DiffIds ids;
  EventTime effective_time;  // Fixed at arrival.
  ReceiveTime receive_time;
  int qty_decimals = 0;   // The unit of its quantities when it arrived.
  bool recorded = false;  // It made its record already, from the book before.
  std::span<const Level> bids;
  std::span<const Level> asks;
};

class DiffBuffer {
 public:
  DiffBuffer();

  // Copies the levels. The diff's spans need not outlive the call.
  void Push(const KeptDiff& diff);
  // The same within kRetained*Max: what is held is dropped when there is no room beside it.
  void Retain(const KeptDiff& diff);
  void PopFront() noexcept;
  void Clear() noexcept;
  // Gives every diff this effective time.
  void Restamp(EventTime time) noexcept {
    for (Stored& stored : diffs_) stored.effective_time = time;
  }
  // Marks the newest diff. REQUIRES: !empty()
  void MarkNewestRecorded() noexcept { diffs_.back().recorded = true; }

  [[nodiscard]] bool empty() const noexcept { return head_ == diffs_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return diffs_.size() - head_; }
  // The i-th oldest; its spans live until the next Push(), PopFront() or Clear().
  [[nodiscard]] KeptDiff at(std::size_t i) const noexcept;
  [[nodiscard]] const DiffIds& newest_ids() const noexcept { return diffs_.back().ids; }
  // Diffs dropped at the bounds.
  [[nodiscard]] std::int64_t overflow_count() const noexcept { return overflow_count_; }

 private:
  struct Stored {
    DiffIds ids;
    EventTime effective_time;
    ReceiveTime receive_time;
    int qty_decimals;
    bool recorded;
    std::size_t first_level;
    std::size_t bid_count;
    std::size_t ask_count;
  };
  void DropDead();

  std::vector<Stored> diffs_;  // [head_, size) are alive.
  std::vector<Level> levels_;  // Of all diffs in diffs_, dead ones included.
  std::size_t head_ = 0;
  std::int64_t overflow_count_ = 0;
};

}  // namespace thalweg
