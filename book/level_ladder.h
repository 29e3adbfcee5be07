// One side of a book: quantities by price, best first.
//
// A paged ladder. A price becomes a key that grows outward (the price for asks, its negative for
// bids), so that both sides are one code path and the best level has the lowest key. The keys of a
// window of 2^21 ticks around the touch index a directory of blocks of 64 ticks, modulo the window:
// moving the window therefore moves no level. A block holds an occupancy bit for each tick and four
// pages of 16 quantities; two summary bitmaps above it find the next level in a few instructions.
// Levels outside the window lie in a sorted array, farthest last.
//
// Invariant: levels come best first and have a quantity above zero. Every level of the window is
// better than every level of the far array.
//
// Bounds. Pages: those in play are reclaimed when empty, and doubled when that does not free
// enough, first within the memory that was made at the start and then with it, up to `pages_max`;
// beyond that the farthest levels move to the far array. So a book touches about twice the pages
// that it has levels on, however long it lives. Far array: grown by doubling up to
// `far_levels_max`; beyond that the farthest levels are evicted, and what lies at or beyond
// evicted_edge() is unknown from then on. Memory: directories are touched where there are levels
// only; growth is the only allocation.
//
// Threads: none of its own; one thread at a time.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "book/level.h"
#include "core/units.h"

namespace thalweg {

// Tests shrink these. REQUIRES: window_bits in [14, 24]; pages_max in [2, 65536], counting the
// scratch page; 2 <= pages_at_start <= pages_max; 1 <= far_levels_at_start <= far_levels_max.
struct LadderBounds {
  int window_bits = 21;
  std::size_t pages_max = 65'536;
  std::size_t pages_at_start = 8'192;
  std::size_t far_levels_max = 32'768;
  std::size_t far_levels_at_start = 64;
};

// Evicted levels that are listed one by one until SettleEvictions(). A batch of changes evicts as
// many levels as it has, unless the window moves: then more may leave at once.
inline constexpr std::size_t kEvictionsListedMax = 256;

class LevelLadder {
 public:
  explicit LevelLadder(Side side, const LadderBounds& bounds = {});

  [[nodiscard]] Side side() const noexcept { return sign_ == 0 ? Side::kAsk : Side::kBid; }

  // Makes `qty` the quantity at `price` (0 removes the level; removing an absent one is normal) and
  // returns the quantity that was there. REQUIRES: 0 <= price <= kTicksMax, qty >= 0.
  Qty Set(Ticks price, Qty qty) noexcept;

  // The quantity at `price`, 0 when there is no level.
  [[nodiscard]] Qty at(Ticks price) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return level_count_ == 0; }
  [[nodiscard]] std::int64_t level_count() const noexcept { return level_count_; }

  // REQUIRES: !empty().
  [[nodiscard]] Ticks best() const noexcept { return PriceOf(BestKey()); }
  [[nodiscard]] TickLevel best_level() const noexcept;

  // Calls visit(TickLevel) best first until it returns false. The ladder must not change meanwhile.
  template <class F>
  void Walk(F&& visit) const {
    if (WalkWindow(0, visit)) WalkFar(0, visit);
  }

  // The same from `price` outward, `price` included.
  template <class F>
  void WalkFrom(Ticks price, F&& visit) const;

  // A place among the levels, for who cannot hand over a visitor; as fast as a walk.
  class Cursor;

  // Writes the best levels, at most n, to `out`; returns how many there are.
  int Top(int n, TickLevel* out) const noexcept;

  // The sum of the quantities from the best level to `edge` inclusive. Exact: quantities reach
  // 2^63 - 1, so a sum needs 128 bits.
  [[nodiscard]] Wide SumTo(Ticks edge) const noexcept;

  // Removes every level and forgets evictions. Costs what is in use, not what could be.
  void Clear() noexcept;

  // The tick was refined: every price is multiplied by `factor` >= 1. A level beyond kTicksMax is
  // evicted. Cold.
  void ScalePrices(std::int64_t factor);

  // The unit was refined: every quantity is multiplied by `factor` >= 1. False, and nothing
  // changed, when one would not fit or is at the cap, whose true value nobody knows. Cold.
  [[nodiscard]] bool ScaleQuantities(std::int64_t factor);
  [[nodiscard]] bool CanScaleQuantities(std::int64_t factor) const noexcept;

  // Levels dropped at the bound of the far array since Clear(), and the innermost of their prices.
  [[nodiscard]] std::int64_t evicted_count() const noexcept { return evicted_count_; }
  [[nodiscard]] std::optional<Ticks> evicted_edge() const noexcept;
  void ForgetEvictions() noexcept;

  // For sums that are kept over the levels: those evicted since SettleEvictions(), each with the
  // quantity that left. When there are more than kEvictionsListedMax only the first are listed.
  [[nodiscard]] std::int64_t unsettled_count() const noexcept { return unsettled_count_; }
  [[nodiscard]] std::span<const TickLevel> unsettled() const noexcept { return unsettled_; }
  void SettleEvictions() noexcept;

  // Hint ahead of Set(): fetches the directory entry, whose absence would delay all that follows.
  void Prefetch(Ticks price) const noexcept { __builtin_prefetch(&BlockOf(KeyOf(price)), 1); }

  // For tests and tools.
  [[nodiscard]] std::size_t far_level_count() const noexcept { return far_.size(); }
  [[nodiscard]] std::size_t pages_in_use() const noexcept { return pages_used_ - free_count_; }
  // What of their memory was ever written.
  [[nodiscard]] std::size_t pages_touched() const noexcept { return pages_used_; }

 private:
  // Sums of quantities wrap like unsigned numbers on the way and are right at the end.
  using Sum = unsigned __int128;

  static constexpr int kBlockBits = 6;  // 64 ticks a block: one occupancy word.
  static constexpr int kPageBits = 4;   // 16 ticks a page: real books hold about 3 levels a block.
  static constexpr int kGroupBits = 8;  // 256 ticks a partial sum: a band sums tens of them.
  static constexpr int kWordBits = 12;  // One summary word covers 64 blocks.
  static constexpr std::int64_t kPageTicks = std::int64_t{1} << kPageBits;
  static constexpr std::int64_t kWordTicks = std::int64_t{1} << kWordBits;
  static constexpr std::int64_t kNoEviction = INT64_MAX;

  // Page 0 is nobody's: a removal of an unknown level writes its zero there, so that Set() need not
  // ask whether the level exists.
  static constexpr std::uint16_t kScratchPage = 0;
  static constexpr std::uint32_t kFreePage = 0x8000'0000;  // In owners_: the rest is the next free.

  struct Block {
    std::uint64_t bits;
    std::uint16_t pages[4];
  };
  struct FarLevel {
    std::int64_t key;
    std::int64_t qty;
  };
  struct Freer {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };
  // Zeroed by calloc, which for these sizes asks the kernel: untouched pages cost nothing.
  template <class T>
  using LazyArray = std::unique_ptr<T[], Freer>;
  template <class T>
  [[nodiscard]] static LazyArray<T> MakeLazy(std::size_t count);

  [[nodiscard]] std::int64_t KeyOf(Ticks price) const noexcept {
    return (price.raw() ^ sign_) - sign_;
  }
  [[nodiscard]] Ticks PriceOf(std::int64_t key) const noexcept {
    return Ticks((key ^ sign_) - sign_);
  }
  [[nodiscard]] std::size_t SlotOf(std::int64_t key) const noexcept {
    return static_cast<std::size_t>(key & window_mask_);
  }
  [[nodiscard]] Block& BlockOf(std::int64_t key) const noexcept {
    return blocks_[SlotOf(key) >> kBlockBits];
  }
  // A key better than the window has a negative position, which is huge as an unsigned number.
  [[nodiscard]] bool InWindow(std::int64_t key) const noexcept {
    return static_cast<std::uint64_t>(key - base_) < static_cast<std::uint64_t>(limit_);
  }
  [[nodiscard]] std::int64_t& Cell(std::uint16_t page, std::size_t slot) const noexcept {
    return cells_[static_cast<std::size_t>(page) * kPageTicks + slot % kPageTicks];
  }
  [[nodiscard]] std::int64_t word_count() const noexcept { return window_ >> kWordBits; }

  Qty Store(std::size_t slot, std::uint16_t page, Qty qty) noexcept;
  void MarkWord(std::size_t word, bool occupied) noexcept;
  Qty SetInNewPage(std::int64_t key, Qty qty) noexcept;
  Qty SetOutside(std::int64_t key, Qty qty) noexcept;
  Qty SetFar(std::int64_t key, Qty qty) noexcept;
  Qty EraseFar(std::int64_t key) noexcept;

  [[nodiscard]] std::vector<FarLevel>::const_iterator FindFar(std::int64_t key) const noexcept;
  [[nodiscard]] std::int64_t BestKey() const noexcept;
  [[nodiscard]] std::int64_t NextWord(std::int64_t word) const noexcept;
  [[nodiscard]] Sum SumOfGroups(std::int64_t first, std::int64_t end) const noexcept;

  // Positions count from the start of the window. Both return false when visit() did.
  template <class F>
  bool WalkWindow(std::int64_t from, F&& visit) const;
  template <class F>
  bool WalkFar(std::size_t from, F&& visit) const;

  void Recentre(std::int64_t touch) noexcept;
  void PullIn() noexcept;
  void MoveOut(std::int64_t limit) noexcept;
  void EmptyWindowFrom(std::int64_t position) noexcept;
  void Evict(std::int64_t key, Qty qty) noexcept;
  void ReserveFar(std::size_t count) noexcept;

  [[nodiscard]] bool HasFreePage() const noexcept {
    return free_head_ != 0 || pages_used_ < pages_in_play_;
  }
  [[nodiscard]] std::uint16_t TakePage(std::size_t slot) noexcept;
  void MakePages() noexcept;
  [[nodiscard]] bool MakePagesWithoutMoving() noexcept;
  [[nodiscard]] std::size_t ReclaimEmptyPages() noexcept;
  [[nodiscard]] bool PutMorePagesIntoPlay() noexcept;
  void GrowPages(std::size_t capacity) noexcept;
  void ShrinkWindow() noexcept;

  std::int64_t sign_;         // -1 for bids, 0 for asks: negates as (x ^ sign) - sign.
  std::int64_t window_;       // Ticks in the window.
  std::int64_t window_mask_;  // window_ - 1.
  std::int64_t base_ = 0;     // Lowest key of the window, a multiple of kWordTicks.
  std::int64_t limit_;        // Positions from here on live in the far array; <= window_.
  std::int64_t level_count_ = 0;

  LazyArray<Block> blocks_;
  LazyArray<Sum> groups_;
  std::vector<std::uint64_t> words_;  // A bit for each block that has a level.
  std::vector<std::uint64_t> tops_;   // A bit for each word above that is not zero.

  std::unique_ptr<std::int64_t[]> cells_;  // Quantities, by page.
  std::vector<std::uint32_t> owners_;      // For each page: block * 4 + quarter, or kFreePage.
  std::size_t page_capacity_ = 0;
  std::size_t pages_in_play_ = 0;  // Pages from here on are handed out when these do not do.
  std::size_t pages_used_ = 1;     // Pages from here on were never handed out.
  std::size_t free_count_ = 0;
  std::uint32_t free_head_ = 0;  // First of the chain of reclaimed pages, 0: none.

  std::vector<FarLevel> far_;
  std::int64_t evicted_key_ = kNoEviction;
  std::int64_t evicted_count_ = 0;
  std::int64_t unsettled_count_ = 0;
  std::vector<TickLevel> unsettled_;
  LadderBounds bounds_;
};

// Begins at the best level and goes outward. The ladder must not change meanwhile.
class LevelLadder::Cursor {
 public:
  Cursor() = default;  // Behind the last level of no ladder.
  explicit Cursor(const LevelLadder& ladder) noexcept : ladder_(&ladder) { EnterNextBlock(); }

  [[nodiscard]] bool at_end() const noexcept {
    return bits_ == 0 && (ladder_ == nullptr || far_ == ladder_->far_.size());
  }
  // REQUIRES: !at_end(), like Next().
  [[nodiscard]] TickLevel level() const noexcept {
    if (bits_ == 0) [[unlikely]] {
      const FarLevel& level = ladder_->far_[far_];
      return {ladder_->PriceOf(level.key), Qty(level.qty)};
    }
    const auto tick = static_cast<std::size_t>(std::countr_zero(bits_));
    return {ladder_->PriceOf(block_key_ + static_cast<std::int64_t>(tick)),
            Qty(ladder_->Cell(block_->pages[tick >> kPageBits], tick))};
  }
  void Next() noexcept {
    if (bits_ == 0) [[unlikely]] {
      ++far_;
      return;
    }
    bits_ &= bits_ - 1;
    if (bits_ == 0) EnterNextBlock();
  }

 private:
  // Leaves `bits_` 0 when the window has no more: the far array follows.
  void EnterNextBlock() noexcept;

  const LevelLadder* ladder_ = nullptr;
  const Block* block_ = nullptr;
  std::int64_t block_key_ = 0;
  std::uint64_t bits_ = 0;    // Of the block: the present level and those behind it.
  std::uint64_t blocks_ = 0;  // Of the word: blocks that are yet to come.
  std::int64_t word_ = -1;    // Counted from the start of the window.
  std::size_t far_ = 0;
};

inline Qty LevelLadder::Set(Ticks price, Qty qty) noexcept {
  assert(price.raw() >= 0 && price <= kTicksMax && qty.raw() >= 0);
  const std::int64_t key = KeyOf(price);
  if (!InWindow(key)) [[unlikely]]
    return SetOutside(key, qty);
  const std::size_t slot = SlotOf(key);
  const std::uint16_t page = blocks_[slot >> kBlockBits].pages[(slot >> kPageBits) & 3];
  if ((page == kScratchPage) & (qty.raw() != 0)) [[unlikely]]
    return SetInNewPage(key, qty);
  return Store(slot, page, qty);
}

// Without branches on whether a level appears, changes or goes: in real books these alternate
// unpredictably (40 % inserts, 48 % removals), and a mispredicted branch costs more than the
// stores.
inline Qty LevelLadder::Store(std::size_t slot, std::uint16_t page, Qty qty) noexcept {
  std::int64_t& cell = Cell(page, slot);
  const std::int64_t old = cell;
  cell = qty.raw();

  const std::uint64_t tick_bit = std::uint64_t{1} << (slot & 63);
  Block& block = blocks_[slot >> kBlockBits];
  block.bits = (block.bits & ~tick_bit) | (qty.raw() != 0 ? tick_bit : 0);

  const std::uint64_t block_bit = std::uint64_t{1} << ((slot >> kBlockBits) & 63);
  std::uint64_t& word = words_[slot >> kWordBits];
  const std::uint64_t old_word = word;
  word = (old_word & ~block_bit) | (block.bits != 0 ? block_bit : 0);
  if ((old_word == 0) != (word == 0)) [[unlikely]]
    MarkWord(slot >> kWordBits, word != 0);

  groups_[slot >> kGroupBits] += static_cast<Sum>(Wide{qty.raw() - old});
  level_count_ += (qty.raw() != 0) - (old != 0);
  return Qty(old);
}

// The first word at or after `word` that is not zero, or word_count(). Words are counted from the
// start of the window, which lies anywhere in the directory.
inline std::int64_t LevelLadder::NextWord(std::int64_t word) const noexcept {
  const std::int64_t count = word_count();
  const std::int64_t span = count < 64 ? count : 64;
  const std::int64_t base_word = base_ >> kWordBits;
  while (word < count) {
    const std::int64_t place = (base_word + word) & (count - 1);
    const std::uint64_t rest =
        tops_[static_cast<std::size_t>(place >> 6)] >> static_cast<unsigned>(place & 63);
    if (rest != 0) {
      const std::int64_t found = word + std::countr_zero(rest);
      return found < count ? found : count;
    }
    word += span - (place & (span - 1));
  }
  return count;
}

inline void LevelLadder::Cursor::EnterNextBlock() noexcept {
  while (blocks_ == 0) {
    word_ = ladder_->NextWord(word_ + 1);
    if (word_ == ladder_->word_count()) return;
    blocks_ = ladder_->words_[ladder_->SlotOf(ladder_->base_ + (word_ << kWordBits)) >> kWordBits];
  }
  block_key_ = ladder_->base_ + (word_ << kWordBits) +
               (static_cast<std::int64_t>(std::countr_zero(blocks_)) << kBlockBits);
  blocks_ &= blocks_ - 1;
  block_ = &ladder_->BlockOf(block_key_);
  bits_ = block_->bits;
}

template <class F>
bool LevelLadder::WalkWindow(std::int64_t from, F&& visit) const {
  const std::int64_t first_word = from >> kWordBits;
  const std::int64_t first_block = from >> kBlockBits;
  for (std::int64_t word = NextWord(first_word); word < word_count(); word = NextWord(word + 1)) {
    const std::int64_t word_key = base_ + (word << kWordBits);
    std::uint64_t blocks = words_[SlotOf(word_key) >> kWordBits];
    if (word == first_word) blocks &= ~std::uint64_t{0} << (first_block & 63);
    for (; blocks != 0; blocks &= blocks - 1) {
      const std::int64_t block_key = word_key + (std::countr_zero(blocks) << kBlockBits);
      const Block& block = BlockOf(block_key);
      std::uint64_t bits = block.bits;
      if ((block_key - base_) >> kBlockBits == first_block)
        bits &= ~std::uint64_t{0} << (from & 63);
      for (; bits != 0; bits &= bits - 1) {
        const auto tick = static_cast<std::size_t>(std::countr_zero(bits));
        const std::int64_t qty = Cell(block.pages[tick >> kPageBits], tick);
        const std::int64_t key = block_key + static_cast<std::int64_t>(tick);
        if (!visit(TickLevel{PriceOf(key), Qty(qty)})) return false;
      }
    }
  }
  return true;
}

template <class F>
bool LevelLadder::WalkFar(std::size_t from, F&& visit) const {
  for (std::size_t i = from; i < far_.size(); ++i) {
    if (!visit(TickLevel{PriceOf(far_[i].key), Qty(far_[i].qty)})) return false;
  }
  return true;
}

template <class F>
void LevelLadder::WalkFrom(Ticks price, F&& visit) const {
  const std::int64_t key = KeyOf(price);
  const std::int64_t position = key - base_;
  if (position < limit_ && !WalkWindow(position < 0 ? 0 : position, visit)) return;
  WalkFar(static_cast<std::size_t>(FindFar(key) - far_.begin()), visit);
}

}  // namespace thalweg
