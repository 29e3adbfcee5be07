#include "book/level_ladder.h"

#include <algorithm>
#include <new>
#include <utility>

namespace thalweg {
namespace {

// Where the touch stands in a window that was just placed: a quarter from its inner end, since most
// levels lie outward of it. The window is placed anew when the touch has gone past the middle.
constexpr int kTouchShare = 4;
constexpr int kMiddleShare = 2;

// Of the pages that are there at the start: a real book has levels on some hundreds.
constexpr std::size_t kPagesInPlayAtStart = 512;
// Reclaiming is worth its scan when it frees this share of the pages; below that the pool grows,
// and at its bound the far end of the window is given up.
constexpr std::size_t kReclaimShare = 4;
constexpr std::size_t kReclaimShareAtBound = 16;
constexpr std::size_t kShrinkShare = 8;

}  // namespace

template <class T>
LevelLadder::LazyArray<T> LevelLadder::MakeLazy(std::size_t count) {
  void* const memory = std::calloc(count, sizeof(T));
  if (memory == nullptr) throw std::bad_alloc();
  return LazyArray<T>(static_cast<T*>(memory));
}

LevelLadder::LevelLadder(Side side, const LadderBounds& bounds)
    : sign_(side == Side::kBid ? -1 : 0),
      window_(std::int64_t{1} << bounds.window_bits),
      window_mask_(window_ - 1),
      limit_(window_),
      blocks_(MakeLazy<Block>(static_cast<std::size_t>(window_ >> kBlockBits))),
      groups_(MakeLazy<Sum>(static_cast<std::size_t>(window_ >> kGroupBits))),
      words_(static_cast<std::size_t>(window_ >> kWordBits)),
      tops_((words_.size() + 63) / 64),
      bounds_(bounds) {
  assert(bounds.window_bits >= 14 && bounds.window_bits <= 24);
  assert(bounds.pages_at_start >= 2 && bounds.pages_at_start <= bounds.pages_max);
  assert(bounds.pages_max <= 65'536);
  assert(bounds.far_levels_at_start >= 1 && bounds.far_levels_at_start <= bounds.far_levels_max);
  GrowPages(bounds.pages_at_start);
  pages_in_play_ = std::min(bounds.pages_at_start, kPagesInPlayAtStart);
  far_.reserve(bounds.far_levels_at_start);
  unsettled_.reserve(kEvictionsListedMax);
}

Qty LevelLadder::at(Ticks price) const noexcept {
  const std::int64_t key = KeyOf(price);
  if (InWindow(key)) {
    const std::size_t slot = SlotOf(key);
    return Qty(Cell(blocks_[slot >> kBlockBits].pages[(slot >> kPageBits) & 3], slot));
  }
  const auto found = FindFar(key);
  return found != far_.end() && found->key == key ? Qty(found->qty) : Qty();
}

std::int64_t LevelLadder::BestKey() const noexcept {
  assert(!empty());
  const std::int64_t word = NextWord(0);
  if (word == word_count()) return far_.front().key;
  const std::int64_t word_key = base_ + (word << kWordBits);
  const std::uint64_t blocks = words_[SlotOf(word_key) >> kWordBits];
  const std::int64_t block_key = word_key + (std::countr_zero(blocks) << kBlockBits);
  return block_key + std::countr_zero(BlockOf(block_key).bits);
}

TickLevel LevelLadder::best_level() const noexcept {
  const Ticks price = best();
  return {price, at(price)};
}

int LevelLadder::Top(int n, TickLevel* out) const noexcept {
  if (n <= 0) return 0;
  int count = 0;
  Walk([&](TickLevel level) {
    out[count++] = level;
    return count < n;
  });
  return count;
}

Wide LevelLadder::SumTo(Ticks edge) const noexcept {
  const std::int64_t word = NextWord(0);  // Nothing is better than the first occupied word.
  const std::int64_t first_group = word << (kWordBits - kGroupBits);
  const std::int64_t edge_key = KeyOf(edge);
  const std::int64_t position = edge_key - base_;
  if (position >= limit_) {
    Sum sum = SumOfGroups(first_group, window_ >> kGroupBits);
    for (const FarLevel& level : far_) {
      if (level.key > edge_key) break;
      sum += static_cast<Sum>(level.qty);
    }
    return static_cast<Wide>(sum);
  }
  if (position < word << kWordBits) return 0;
  const std::int64_t last_group = position >> kGroupBits;
  Sum sum = SumOfGroups(first_group, last_group);
  WalkWindow(last_group << kGroupBits, [&](TickLevel level) {
    if (KeyOf(level.price) > edge_key) return false;
    sum += static_cast<Sum>(level.qty.raw());
    return true;
  });
  return static_cast<Wide>(sum);
}

// Groups are counted from the start of the window; the directory wraps at most once.
LevelLadder::Sum LevelLadder::SumOfGroups(std::int64_t first, std::int64_t end) const noexcept {
  const std::int64_t count = window_ >> kGroupBits;
  const auto base_group = static_cast<std::int64_t>(SlotOf(base_) >> kGroupBits);
  Sum sum = 0;
  const auto add = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) sum += groups_[static_cast<std::size_t>(i)];
  };
  const std::int64_t from = base_group + first;
  const std::int64_t to = base_group + end;
  add(std::min(from, count), std::min(to, count));
  add(std::max(from - count, std::int64_t{0}), std::max(to - count, std::int64_t{0}));
  return sum;
}

void LevelLadder::MarkWord(std::size_t word, bool occupied) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << (word & 63);
  tops_[word / 64] = (tops_[word / 64] & ~bit) | (occupied ? bit : 0);
}

Qty LevelLadder::SetInNewPage(std::int64_t key, Qty qty) noexcept {
  if (!HasFreePage()) MakePages();
  // Making pages may have given up the part of the window in which the key lies.
  if (!InWindow(key)) return SetFar(key, qty);
  const std::size_t slot = SlotOf(key);
  return Store(slot, TakePage(slot), qty);
}

Qty LevelLadder::SetOutside(std::int64_t key, Qty qty) noexcept {
  if (qty.raw() == 0) return EraseFar(key);
  const std::int64_t touch = empty() ? key : std::min(BestKey(), key);
  const std::int64_t position = touch - base_;
  const bool in_place = position >= 0 && position <= window_ / kMiddleShare && position < limit_;
  if (!in_place) {
    Recentre(touch);
    if (InWindow(key)) return Set(PriceOf(key), qty);
  }
  return SetFar(key, qty);
}

std::vector<LevelLadder::FarLevel>::const_iterator LevelLadder::FindFar(
    std::int64_t key) const noexcept {
  return std::lower_bound(far_.begin(), far_.end(), key,
                          [](const FarLevel& level, std::int64_t k) { return level.key < k; });
}

Qty LevelLadder::EraseFar(std::int64_t key) noexcept {
  const auto found = FindFar(key);
  if (found == far_.end() || found->key != key) return Qty();
  const Qty old(found->qty);
  far_.erase(found);
  --level_count_;
  return old;
}

Qty LevelLadder::SetFar(std::int64_t key, Qty qty) noexcept {
  const std::ptrdiff_t place = FindFar(key) - far_.begin();
  const auto found = far_.begin() + place;
  if (found != far_.end() && found->key == key) return Qty(std::exchange(found->qty, qty.raw()));
  if (far_.size() == bounds_.far_levels_max) {
    if (found == far_.end()) {
      Evict(key, qty);
      return Qty();
    }
    Evict(far_.back().key, Qty(far_.back().qty));
    far_.pop_back();
    --level_count_;
  }
  ReserveFar(far_.size() + 1);
  far_.insert(far_.begin() + place, FarLevel{key, qty.raw()});
  ++level_count_;
  return Qty();
}

// Doubles, but never reserves more than the bound.
void LevelLadder::ReserveFar(std::size_t count) noexcept {
  if (count <= far_.capacity()) return;
  far_.reserve(std::min(std::max(count, 2 * far_.capacity()), bounds_.far_levels_max));
}

void LevelLadder::Evict(std::int64_t key, Qty qty) noexcept {
  evicted_key_ = std::min(evicted_key_, key);
  ++evicted_count_;
  ++unsettled_count_;
  if (unsettled_.size() < kEvictionsListedMax) unsettled_.push_back({PriceOf(key), qty});
}

std::optional<Ticks> LevelLadder::evicted_edge() const noexcept {
  if (evicted_key_ == kNoEviction) return std::nullopt;
  return PriceOf(evicted_key_);
}

void LevelLadder::ForgetEvictions() noexcept {
  evicted_key_ = kNoEviction;
  evicted_count_ = 0;
  SettleEvictions();
}

void LevelLadder::SettleEvictions() noexcept {
  unsettled_count_ = 0;
  unsettled_.clear();
}

// REQUIRES: no level is better than `touch`. Blocks that leave at the inner end are therefore
// empty, and serve the new outer end as they are.
void LevelLadder::Recentre(std::int64_t touch) noexcept {
  const std::int64_t base = (touch - window_ / kTouchShare) & ~(kWordTicks - 1);
  const std::int64_t stay = std::max(base - base_ + window_, std::int64_t{0});
  if (stay < limit_) MoveOut(stay);
  base_ = base;
  limit_ = window_;
  PullIn();
}

// Takes levels out of the far array that the window covers now.
void LevelLadder::PullIn() noexcept {
  std::size_t taken = 0;
  for (; taken < far_.size() && InWindow(far_[taken].key); ++taken) {
    const FarLevel level = far_[taken];
    const std::size_t slot = SlotOf(level.key);
    std::uint16_t page = blocks_[slot >> kBlockBits].pages[(slot >> kPageBits) & 3];
    if (page == kScratchPage) {
      if (!HasFreePage() && !MakePagesWithoutMoving()) {
        limit_ = level.key - base_;
        break;
      }
      page = TakePage(slot);
    }
    (void)Store(slot, page, Qty(level.qty));
    --level_count_;  // Store() counted it a second time.
  }
  far_.erase(far_.begin(), far_.begin() + static_cast<std::ptrdiff_t>(taken));
}

// Moves the levels from position `limit` on to the front of the far array, whose own farthest
// levels make room, and makes `limit` the end of the window.
void LevelLadder::MoveOut(std::int64_t limit) noexcept {
  std::size_t count = 0;
  std::int64_t last_key = 0;
  WalkWindow(limit, [&](TickLevel level) {
    ++count;
    last_key = KeyOf(level.price);
    return true;
  });
  const std::size_t kept = std::min(count, bounds_.far_levels_max);
  const std::size_t room = bounds_.far_levels_max - kept;
  if (far_.size() > room) {
    for (std::size_t i = room; i < far_.size(); ++i) Evict(far_[i].key, Qty(far_[i].qty));
    level_count_ -= static_cast<std::int64_t>(far_.size() - room);
    far_.resize(room);
  }
  ReserveFar(far_.size() + kept);
  far_.insert(far_.begin(), kept, FarLevel{});
  std::size_t i = 0;
  WalkWindow(limit, [&](TickLevel level) {
    if (i == kept) {
      Evict(KeyOf(level.price), level.qty);
    } else {
      far_[i++] = {KeyOf(level.price), level.qty.raw()};
    }
    return true;
  });
  EmptyWindowFrom(limit);
  level_count_ += static_cast<std::int64_t>(kept);
  limit_ = limit;
}

void LevelLadder::EmptyWindowFrom(std::int64_t position) noexcept {
  while (true) {
    std::optional<TickLevel> found;
    WalkWindow(position, [&](TickLevel level) {
      found = level;
      return false;
    });
    if (!found) return;
    const std::int64_t key = KeyOf(found->price);
    const std::size_t slot = SlotOf(key);
    (void)Store(slot, blocks_[slot >> kBlockBits].pages[(slot >> kPageBits) & 3], Qty());
    position = key - base_;
  }
}

void LevelLadder::Clear() noexcept {
  for (std::size_t page = 1; page < pages_used_; ++page) {
    if ((owners_[page] & kFreePage) != 0) continue;
    const std::size_t block = owners_[page] / 4;
    blocks_[block] = Block{};
    groups_[block >> (kGroupBits - kBlockBits)] = 0;
    words_[block >> (kWordBits - kBlockBits)] = 0;
  }
  std::fill(tops_.begin(), tops_.end(), 0);
  pages_used_ = 1;
  free_count_ = 0;
  free_head_ = 0;
  far_.clear();
  level_count_ = 0;
  limit_ = window_;
  ForgetEvictions();
}

void LevelLadder::ScalePrices(std::int64_t factor) {
  assert(factor >= 1);
  std::vector<TickLevel> levels;
  levels.reserve(static_cast<std::size_t>(level_count_));
  Walk([&](TickLevel level) {
    levels.push_back(level);
    return true;
  });
  const std::optional<Ticks> edge = evicted_edge();
  const std::int64_t evicted = evicted_count_;
  Clear();
  evicted_count_ = evicted;
  const std::int64_t price_max = kTicksMax.raw() / factor;
  // What was evicted at a price is at its multiple now; beyond the largest price there is nothing.
  if (edge) evicted_key_ = KeyOf(Ticks(std::min(edge->raw(), price_max) * factor));
  for (const TickLevel& level : levels) {
    if (level.price.raw() <= price_max) {
      Set(Ticks(level.price.raw() * factor), level.qty);
    } else {
      Evict(KeyOf(kTicksMax), level.qty);
    }
  }
}

bool LevelLadder::CanScaleQuantities(std::int64_t factor) const noexcept {
  assert(factor >= 1);
  bool fits = true;
  if (factor == 1) return fits;
  Walk([&](TickLevel level) {
    fits = level.qty != kQtyCap && level.qty.raw() <= INT64_MAX / factor;
    return fits;
  });
  return fits;
}

bool LevelLadder::ScaleQuantities(std::int64_t factor) {
  if (!CanScaleQuantities(factor)) return false;
  WalkWindow(0, [&](TickLevel level) {
    const std::size_t slot = SlotOf(KeyOf(level.price));
    const Block& block = blocks_[slot >> kBlockBits];
    Cell(block.pages[(slot >> kPageBits) & 3], slot) *= factor;
    groups_[slot >> kGroupBits] += static_cast<Sum>(Wide{level.qty.raw()} * (factor - 1));
    return true;
  });
  for (FarLevel& level : far_) level.qty *= factor;
  return true;
}

std::uint16_t LevelLadder::TakePage(std::size_t slot) noexcept {
  std::size_t page = pages_used_;
  if (free_head_ != 0) {
    page = free_head_;
    free_head_ = owners_[page] & ~kFreePage;
    --free_count_;
  } else {
    ++pages_used_;
  }
  owners_[page] = static_cast<std::uint32_t>(slot >> kPageBits);
  std::fill_n(&cells_[page * kPageTicks], kPageTicks, 0);
  const auto id = static_cast<std::uint16_t>(page);
  blocks_[slot >> kBlockBits].pages[(slot >> kPageBits) & 3] = id;
  return id;
}

void LevelLadder::MakePages() noexcept {
  const std::size_t freed = ReclaimEmptyPages();
  if (freed >= std::max<std::size_t>(1, pages_in_play_ / kReclaimShare)) return;
  if (PutMorePagesIntoPlay()) return;
  if (freed < std::max<std::size_t>(1, page_capacity_ / kReclaimShareAtBound)) ShrinkWindow();
}

bool LevelLadder::MakePagesWithoutMoving() noexcept {
  if (ReclaimEmptyPages() == 0) (void)PutMorePagesIntoPlay();
  return HasFreePage();
}

// False: all that there may be are.
bool LevelLadder::PutMorePagesIntoPlay() noexcept {
  if (pages_in_play_ == bounds_.pages_max) return false;
  pages_in_play_ = std::min(2 * pages_in_play_, bounds_.pages_max);
  if (pages_in_play_ > page_capacity_) GrowPages(pages_in_play_);
  return true;
}

std::size_t LevelLadder::ReclaimEmptyPages() noexcept {
  std::size_t freed = 0;
  for (std::size_t page = 1; page < pages_used_; ++page) {
    const std::uint32_t owner = owners_[page];
    if ((owner & kFreePage) != 0) continue;
    Block& block = blocks_[owner / 4];
    const std::uint32_t quarter = owner % 4;
    if ((block.bits >> (quarter * kPageTicks) & 0xFFFF) != 0) continue;
    block.pages[quarter] = kScratchPage;
    owners_[page] = kFreePage | free_head_;
    free_head_ = static_cast<std::uint32_t>(page);
    ++freed;
  }
  free_count_ += freed;
  return freed;
}

void LevelLadder::GrowPages(std::size_t capacity) noexcept {
  auto cells = std::make_unique_for_overwrite<std::int64_t[]>(capacity * kPageTicks);
  if (cells_ == nullptr) {
    std::fill_n(cells.get(), kPageTicks, 0);  // The scratch page; others are cleared when taken.
  } else {
    std::copy_n(cells_.get(), pages_used_ * kPageTicks, cells.get());
  }
  cells_ = std::move(cells);
  owners_.resize(capacity);
  page_capacity_ = capacity;
}

// REQUIRES: no page is empty, so that each block given up from the outer end frees its pages.
void LevelLadder::ShrinkWindow() noexcept {
  const std::size_t wanted = std::max<std::size_t>(1, page_capacity_ / kShrinkShare);
  std::size_t found = 0;
  std::int64_t position = window_;
  while (position > 0 && found < wanted) {
    position -= std::int64_t{1} << kBlockBits;
    for (const std::uint16_t page : BlockOf(base_ + position).pages) found += page != kScratchPage;
  }
  MoveOut(std::min(position, limit_));
  (void)ReclaimEmptyPages();
}

}  // namespace thalweg
