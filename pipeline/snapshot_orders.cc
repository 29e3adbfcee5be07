#include "pipeline/snapshot_orders.h"

#include <bit>
#include <cassert>
#include <utility>

namespace thalweg {

SnapshotOrders::SnapshotOrders(std::vector<std::string> symbols) : symbols_(std::move(symbols)) {
  const std::size_t words = (symbols_.size() + kWordBits - 1) / kWordBits;
  for (Words& wanted : wanted_) wanted = Words(words);
}

void SnapshotOrders::Order(std::size_t symbol, SnapshotNeed need) noexcept {
  assert(symbol < symbols_.size());
  const std::uint64_t bit = std::uint64_t{1} << (symbol % kWordBits);
  wanted_[static_cast<std::size_t>(need)][symbol / kWordBits].fetch_or(bit,
                                                                       std::memory_order_relaxed);
  // Who sees it sees the bit.
  any_.store(true, std::memory_order_release);
}

void SnapshotOrders::OrderAll(SnapshotNeed need) noexcept {
  for (std::size_t symbol = 0; symbol < symbols_.size(); ++symbol) Order(symbol, need);
}

std::optional<SnapshotOrder> SnapshotOrders::Take() {
  // Before the search, so that an order that comes during it is found by the next call.
  if (!any_.exchange(false, std::memory_order_acq_rel)) return std::nullopt;
  for (std::size_t need = 0; need < kNeeds; ++need) {
    const std::optional<std::size_t> symbol = TakeOf(need);
    if (!symbol) continue;
    any_.store(true, std::memory_order_relaxed);
    // One answer serves the less urgent needs as well.
    const std::uint64_t bit = std::uint64_t{1} << (*symbol % kWordBits);
    for (std::size_t less = need + 1; less < kNeeds; ++less) {
      wanted_[less][*symbol / kWordBits].fetch_and(~bit, std::memory_order_relaxed);
    }
    return SnapshotOrder{symbols_[*symbol], static_cast<SnapshotNeed>(need)};
  }
  return std::nullopt;
}

// The first symbol from the one whose turn it is.
std::optional<std::size_t> SnapshotOrders::TakeOf(std::size_t need) noexcept {
  Words& words = wanted_[need];
  const std::size_t first = next_[need];
  for (std::size_t step = 0; step <= words.size() && !words.empty(); ++step) {
    const std::size_t at = (first / kWordBits + step) % words.size();
    std::uint64_t bits = words[at].load(std::memory_order_relaxed);
    if (step == 0) bits &= ~std::uint64_t{0} << (first % kWordBits);
    if (bits == 0) continue;
    const std::size_t symbol = at * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
    words[at].fetch_and(~(std::uint64_t{1} << (symbol % kWordBits)), std::memory_order_relaxed);
    next_[need] = (symbol + 1) % symbols_.size();
    return symbol;
  }
  return std::nullopt;
}

}  // namespace thalweg
