// The snapshots that are wanted of a shard's symbols: ordered by the engine and the recorder, taken
// by the network.
//
// A symbol waits once however often it is ordered, at its most urgent need, so there is room for
// every order and memory is fixed. The most urgent need is served first; among equals the symbols
// take turns.
//
// Threads: Order() and OrderAll() from any; Take() from one, the network's. Lock-free; only Take()
// allocates, for a long name.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/shard_input.h"

namespace thalweg {

class SnapshotOrders {
 public:
  // Symbols in id order.
  explicit SnapshotOrders(std::vector<std::string> symbols);

  void Order(std::size_t symbol, SnapshotNeed need) noexcept;
  void OrderAll(SnapshotNeed need) noexcept;

  [[nodiscard]] std::optional<SnapshotOrder> Take();

 private:
  static constexpr std::size_t kNeeds = 3;
  static constexpr std::size_t kWordBits = 64;
  using Words = std::vector<std::atomic<std::uint64_t>>;  // A bit a symbol.

  [[nodiscard]] std::optional<std::size_t> TakeOf(std::size_t need) noexcept;

  const std::vector<std::string> symbols_;
  std::array<Words, kNeeds> wanted_;
  std::array<std::size_t, kNeeds> next_{};  // Whose turn it is.
  std::atomic<bool> any_{false};
};

}  // namespace thalweg
