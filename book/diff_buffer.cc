#include "book/diff_buffer.h"

#include <cassert>

namespace thalweg {

DiffBuffer::DiffBuffer() {
  diffs_.reserve(kRetainedDiffsMax);
  levels_.reserve(kRetainedLevelsMax);
}

void DiffBuffer::Retain(const KeptDiff& diff) {
  const std::size_t level_count = diff.bids.size() + diff.asks.size();
  if (diffs_.size() >= kRetainedDiffsMax || levels_.size() + level_count > kRetainedLevelsMax) {
    overflow_count_ += static_cast<std::int64_t>(size());
    Clear();
  }
  Push(diff);
}

void DiffBuffer::Push(const KeptDiff& diff) {
  const std::size_t level_count = diff.bids.size() + diff.asks.size();
  const auto full = [&] {
    const std::size_t alive =
        levels_.size() - (empty() ? levels_.size() : diffs_[head_].first_level);
    return size() >= kKeptDiffsMax || (!empty() && alive + level_count > kKeptLevelsMax);
  };
  while (full()) {
    PopFront();
    ++overflow_count_;
  }
  DropDead();
  diffs_.push_back({diff.ids, diff.effective_time, diff.receive_time, diff.qty_decimals,
                    diff.recorded, levels_.size(), diff.bids.size(), diff.asks.size()});
  levels_.insert(levels_.end(), diff.bids.begin(), diff.bids.end());
  levels_.insert(levels_.end(), diff.asks.begin(), diff.asks.end());
}

void DiffBuffer::PopFront() noexcept {
  assert(!empty());
  ++head_;
  if (empty()) Clear();
}

void DiffBuffer::Clear() noexcept {
  diffs_.clear();
  levels_.clear();
  head_ = 0;
}

KeptDiff DiffBuffer::at(std::size_t i) const noexcept {
  assert(i < size());
  const Stored& stored = diffs_[head_ + i];
  const std::span<const Level> levels(levels_.data() + stored.first_level,
                                      stored.bid_count + stored.ask_count);
  return {stored.ids,
          stored.effective_time,
          stored.receive_time,
          stored.qty_decimals,
          stored.recorded,
          levels.first(stored.bid_count),
          levels.subspan(stored.bid_count)};
}

// Moves the living to the front once the dead are the majority, so that memory stays bounded.
void DiffBuffer::DropDead() {
  if (head_ == 0 || head_ * 2 < diffs_.size()) return;
  const std::size_t dead_levels = diffs_[head_].first_level;
  levels_.erase(levels_.begin(), levels_.begin() + static_cast<std::ptrdiff_t>(dead_levels));
  diffs_.erase(diffs_.begin(), diffs_.begin() + static_cast<std::ptrdiff_t>(head_));
  for (Stored& stored : diffs_) stored.first_level -= dead_levels;
  head_ = 0;
}

}  // namespace thalweg
