// The ids of an event in a frame: what it follows and where it ends. Nothing else of it is read.
//
// Sources: Binance's "How to manage a local order book correctly" (U, u; futures: pu) and the ids
// of trades, which have no gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

struct EventSpan {
  std::int64_t before = 0;  // It continues what ended with this; INT64_MIN: whatever there is.
  std::int64_t last = 0;
  bool names_before = false;  // Futures depth: it follows that event and no other.

  friend bool operator==(const EventSpan&, const EventSpan&) = default;
};

// Threads: one. Frames beyond kSpanBytes allocate, and only those that are larger than all before.
inline constexpr std::size_t kSpanBytes = std::size_t{64} << 10;

class EventSpanReader {
 public:
  EventSpanReader() { padded_.reserve(kSpanBytes); }
  // Of a combined frame of depth, trade, aggTrade or bookTicker; nothing for others and for broken
  // ones.
  [[nodiscard]] std::optional<EventSpan> Read(std::string_view payload);

 private:
  std::string padded_;
};

}  // namespace thalweg
