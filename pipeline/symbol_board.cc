#include "pipeline/symbol_board.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <type_traits>

namespace thalweg {
namespace {

template <class T, std::size_t kWords>
void Put(const T& value, std::array<std::atomic<std::uint64_t>, kWords>& words) noexcept {
  static_assert(std::has_unique_object_representations_v<T>);
  const auto raw = std::bit_cast<std::array<std::uint64_t, kWords>>(value);
  for (std::size_t i = 0; i < kWords; ++i) words[i].store(raw[i], std::memory_order_relaxed);
}

template <class T, std::size_t kWords>
T Get(const std::array<std::atomic<std::uint64_t>, kWords>& words) noexcept {
  std::array<std::uint64_t, kWords> raw;
  for (std::size_t i = 0; i < kWords; ++i) raw[i] = words[i].load(std::memory_order_relaxed);
  return std::bit_cast<T>(raw);
}

SymbolReading ReadingOf(const SymbolEngine& symbol) noexcept {
  SymbolReading reading;
  reading.state = static_cast<std::int64_t>(symbol.state());
  reading.quality = symbol.quality();
  reading.update_id = symbol.update_id().raw();
  reading.event_ns = symbol.clock().value_or(EventTime()).raw();
  for (std::size_t kind = 0; kind < kStreamKinds; ++kind) {
    const StreamState& stream = symbol.stream(static_cast<StreamKind>(kind));
    reading.used_ns[kind] = stream.used_at().value_or(ReceiveTime()).raw();
  }
  reading.is_depth_open = symbol.stream(StreamKind::kDepth).is_open() ? 1 : 0;
  reading.counts = symbol.counts();
  reading.book = symbol.book_counts();
  return reading;
}

}  // namespace

SymbolBoard::SymbolBoard(std::size_t symbols)
    : size_(symbols), symbols_(std::make_unique<Words<SymbolReading>[]>(symbols)) {}

void SymbolBoard::Show(const Engine& engine) noexcept {
  const std::size_t count = std::min(size_, engine.symbols().size());
  for (std::size_t i = 0; i < count; ++i) Put(ReadingOf(*engine.symbols()[i]), symbols_[i]);
  Put(engine.counts(), counts_);
}

SymbolReading SymbolBoard::Read(std::size_t symbol) const noexcept {
  assert(symbol < size_);
  return Get<SymbolReading>(symbols_[symbol]);
}

EngineCounts SymbolBoard::counts() const noexcept { return Get<EngineCounts>(counts_); }

}  // namespace thalweg
