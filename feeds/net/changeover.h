// From a connection to its successor without a missing or doubled event: what the successor says
// is held until the old connection has caught up with it.
//
// Both carry the same streams, and each alone is in order. The successor may be ahead: its first
// depth event can arrive before the old connection has delivered the one before it, which to a
// book would be a gap. So the successor's frames wait here, in order, until of every stream it has
// begun the old connection has delivered the event before its first one, every stream that the
// old connection delivers has begun, and kOverlap has passed since it opened (what was sent before
// then is still under way on the old one). Then they are released in one go; those that the old
// connection delivered too are stale to the book by their ids and fall out there.
//
// Bounds: kHeldBytesMax and kHeldFramesMax; a stream for which the old connection stays behind, or
// the successor does not begin, for kJoinDeadline does not keep the others. At a bound the
// change-over ends: what is missing then shows as a gap; whoever drives it ends it otherwise while
// the successor has not every stream. Cold: it happens about once a day. Pure: time is passed in.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kHeldBytesMax = std::size_t{32} << 20;
inline constexpr std::size_t kHeldFramesMax = 100'000;
inline constexpr Nanos kOverlap = kSecond / 2;
inline constexpr Nanos kJoinDeadline = 3 * kSecond;

// The ids of an event: it continues what ended with `before`, and ends with `last`. Trades: an
// event is its id.
struct EventSpan {
  std::int64_t before = 0;
  std::int64_t last = 0;
};

// Of a combined frame of depth, trade or aggTrade; nothing for others and for broken ones.
[[nodiscard]] std::optional<EventSpan> SpanOfFrame(std::string_view payload);

class Changeover {
 public:
  struct Options {
    Nanos overlap = kOverlap;
    Nanos join_deadline = kJoinDeadline;
    std::size_t bytes_max = kHeldBytesMax;
    std::size_t frames_max = kHeldFramesMax;
  };
  struct Held {
    ReceiveTime received;
    std::int64_t monotonic = 0;
    std::size_t stream = 0;
    std::string payload;
  };

  // For connections of `streams` streams. `opened`: when the successor had all of them.
  Changeover(std::size_t streams, Nanos opened) : Changeover(streams, opened, Options()) {}
  Changeover(std::size_t streams, Nanos opened, const Options& options)
      : options_(options), opened_(opened), streams_(streams) {}

  // The old connection delivered a frame. `stream` >= streams: of none.
  void OnOldFrame(std::size_t stream, std::string_view payload);
  // The successor delivered one.
  void Hold(std::size_t stream, ReceiveTime received, std::int64_t monotonic,
            std::string_view payload, Nanos now);

  // The overlap counts from now: the successor has more streams than before.
  void Restart(Nanos now) noexcept { opened_ = now; }
  // The successor has delivered something and may take over.
  [[nodiscard]] bool MayEnd(Nanos now) const;
  // As much is held as may be.
  [[nodiscard]] bool is_full() const noexcept {
    return held_bytes_ >= options_.bytes_max || held_.size() >= options_.frames_max;
  }
  // Which one delivered anything since it began.
  [[nodiscard]] bool old_is_alive() const noexcept { return old_frames_ > 0; }
  [[nodiscard]] bool new_is_alive() const noexcept { return !held_.empty(); }
  [[nodiscard]] Nanos opened() const noexcept { return opened_; }

  // What was held, in order; nothing is held after it.
  [[nodiscard]] std::vector<Held> Release();
  [[nodiscard]] std::size_t held_frames() const noexcept { return held_.size(); }

 private:
  struct Stream {
    std::optional<std::int64_t> old_last;
    std::optional<std::int64_t> awaited;  // The old connection must reach this id.
    Nanos began = 0;                      // When the successor's first event came.
    bool is_on_old = false;               // Each has delivered something of it.
    bool is_on_new = false;
  };

  Options options_;
  Nanos opened_;
  std::vector<Stream> streams_;
  std::vector<Held> held_;
  std::size_t held_bytes_ = 0;
  std::int64_t old_frames_ = 0;
};

}  // namespace thalweg
