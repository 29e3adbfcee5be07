// What an engine's symbols are and have counted, for threads that may not touch the engine.
//
// The engine's thread puts it up every kBeatPeriod; whoever reads it sees each number as it was
// then, and may see one symbol's of two beats. A board costs the engine nothing between beats.
//
// Threads: Show() from one, Read() and counts() from any, also at once. Nothing waits or allocates.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/quality.h"
#include "pipeline/engine.h"
#include "pipeline/stream_state.h"
#include "pipeline/symbol_engine.h"
#include "pipeline/synchronised_book.h"

namespace thalweg {

// Made of 64-bit words alone: there is nothing between them.
struct SymbolReading {
  std::int64_t state = 0;  // A SymbolState.
  QualityWord quality = 0;
  std::int64_t update_id = 0;
  std::int64_t event_ns = 0;  // The event clock; 0: it has none.
  // By StreamKind: receive time of the newest frame that was used (of depth: applied); 0: none.
  std::array<std::int64_t, kStreamKinds> used_ns{};
  std::int64_t is_depth_open = 0;  // 0: its connection closed, and no frame came since.
  SymbolCounts counts;
  BookCounts book;
};

class SymbolBoard {
 public:
  explicit SymbolBoard(std::size_t symbols);

  // Of the engine's symbols those that the board has room for.
  void Show(const Engine& engine) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Before the first Show() everything is 0. REQUIRES: symbol < size().
  [[nodiscard]] SymbolReading Read(std::size_t symbol) const noexcept;
  [[nodiscard]] EngineCounts counts() const noexcept;

 private:
  template <class T>
  using Words = std::array<std::atomic<std::uint64_t>, sizeof(T) / sizeof(std::uint64_t)>;

  const std::size_t size_;
  const std::unique_ptr<Words<SymbolReading>[]> symbols_;
  Words<EngineCounts> counts_{};
};

}  // namespace thalweg
