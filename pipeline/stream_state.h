// How fresh one stream of a symbol is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/units.h"

namespace thalweg {

enum class StreamKind : std::uint8_t { kDepth, kTicker, kTrade };
inline constexpr std::size_t kStreamKinds = 3;

class StreamState {
 public:
  // The effective time of a frame: its own, but never before that of the last frame put in.
  [[nodiscard]] EventTime Effective(EventTime time) const noexcept {
    return last_time_ ? std::max(*last_time_, time) : time;
  }
  // A frame with this effective time is put in: it was not dropped.
  void PutIn(EventTime effective_time) noexcept { last_time_ = effective_time; }

  // An accepted (depth: applied) frame. `time`: its effective time, absent before there is a clock.
  void Accept(std::optional<EventTime> time, ReceiveTime received) noexcept {
    accepted_ = true;
    time_ = time;
    received_ = received;
  }
  // Any frame: whoever carries the stream, it is open.
  void Open() noexcept { closed_ = false; }
  void Close() noexcept { closed_ = true; }
  // Not closed, as far as was told.
  [[nodiscard]] bool is_open() const noexcept { return !closed_; }
  // When the newest accepted frame was received.
  [[nodiscard]] std::optional<ReceiveTime> used_at() const noexcept {
    return accepted_ ? std::optional(received_) : std::nullopt;
  }

  // No accepted frame yet, too old by either clock, or its connection closed and no frame came
  // since.
  [[nodiscard]] bool IsStale(EventTime clock, ReceiveTime received, Nanos limit) const noexcept {
    if (closed_ || !accepted_) return true;
    return (time_ && clock - *time_ > limit) || received - received_ > limit;
  }

 private:
  bool accepted_ = false;
  bool closed_ = false;
  std::optional<EventTime> last_time_;
  std::optional<EventTime> time_;
  ReceiveTime received_;
};

// Ages above which a stream counts as stale.
inline constexpr Nanos kDepthStaleAfter = 1 * kSecond;
inline constexpr Nanos kTickerStaleAfter = 5 * kSecond;
inline constexpr Nanos kTradeStaleAfter = 60 * kSecond;

}  // namespace thalweg
