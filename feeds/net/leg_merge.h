// One feed out of several connections that carry the same streams: of every event the first copy
// is given, in the order of its ids.
//
// A leg is a connection that is open. Each is in order by itself, but one may be ahead of another,
// lose what another has, or cut the same changes into other events. Of every stream it is known how
// far it was given, and so a frame
//   - ends there or before: it is a copy, and dropped;
//   - continues what was given: it is given, and with it what was held and follows;
//   - begins later: what is missing may still come over another leg. It is held until that does,
//     until every other leg that is heard on this stream has passed it too, or for kHoldMax; then
//     it is given, and what is missing shows as a gap, as it would on one connection.
// What was held has the receive time at which it was given: before that nobody could use it. While
// the process itself stands still nothing grows old: what is missing may lie in the kernel.
// So two legs lose only what both lose. A successor that takes a connection's place is a leg like
// any other for as long as both are open (make before break).
//
// Depth events of spot may overlap what was given: to a book that is the same (they say what is,
// not what changed). Futures name the event before theirs: an event that overlaps is dropped while
// another leg is open, for no book takes it.
//
// A frame without ids where they should be is broken: dropped, for another leg may have it whole;
// given when every other leg has broken on this stream too, so that it is missed.
//
// Ids that begin anew: where frames have come for kRestartAfter and all were copies of what no leg
// vouches for any more, the stream is given from there. A leg vouches for the newest id while its
// own newest frame, of the last kVouchedFor, is there. A stream that no leg carries any more is
// forgotten.
//
// One leg alone is given as it came, but for what the one that left before had given already.
//
// Pure: time is passed in. Threads: one. Allocates where a frame is held, and nowhere else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/stage.h"
#include "core/units.h"
#include "feeds/net/event_span.h"

namespace thalweg {

// Two legs, each with a successor on its way.
inline constexpr std::size_t kLegsMax = 4;
inline constexpr Nanos kHoldMax = kSecond;
inline constexpr Nanos kRestartAfter = kSecond;
inline constexpr Nanos kVouchedFor = 10 * kSecond;
inline constexpr std::size_t kHeldBytesMax = std::size_t{32} << 20;
inline constexpr std::size_t kHeldFramesMax = 20'000;
// Between two calls, of which there are some in a millisecond: the process stood still.
inline constexpr Nanos kStandstillMin = kSecond;

// A message as it came, and over what.
struct LegFrame {
  std::int64_t connection = 0;
  ReceiveTime received;
  std::int64_t monotonic = 0;
  std::string_view payload;
  Nanos socket_ns = kNoTime;  // SocketMessage::socket_ns
};

struct LegCounts {
  std::int64_t given = 0;   // It was the first with so many frames.
  std::int64_t copies = 0;  // Another one was.
  std::int64_t held = 0;    // Frames that waited for another leg.
  std::int64_t gaps = 0;    // Of these: given when no leg could bring any more what is before them.
  std::int64_t expired = 0;  // Or when they had waited for kHoldMax.
  std::int64_t broken = 0;   // Without ids where they should be: dropped.
  std::int64_t overlapping = 0;
  std::int64_t restarts = 0;
  // How far it is behind: of copies, one of a stream at a time.
  std::int64_t behind_timed = 0;
  Nanos behind_sum = 0;
  Nanos behind_max = 0;
};

void AddCounts(const LegCounts& from, LegCounts* to) noexcept;

class LegMerge {
 public:
  // Takes what is given.
  using Give = std::function<void(std::size_t stream, const LegFrame& frame)>;

  LegMerge(std::size_t streams, Give give);

  // A leg that is free, for a connection that opened. REQUIRES: fewer than kLegsMax are in use.
  [[nodiscard]] std::size_t Join();
  // Its connection has ended: nobody waits for it any more. `received`: `now` on the wall clock.
  void Leave(std::size_t leg, Nanos now, ReceiveTime received);

  // `stream` >= streams: of none; given while the leg is the only one or the oldest.
  void OnFrame(std::size_t leg, std::size_t stream, const LegFrame& frame, Nanos now);
  // Gives what has waited too long. Every few milliseconds.
  void OnTimer(Nanos now, ReceiveTime received);

  // Whether `leg` may leave without a gap: every stream that it has delivered since `successor`
  // joined has come over that one too, and nothing waits for either.
  [[nodiscard]] bool IsReplacedBy(std::size_t leg, std::size_t successor) const;
  // Frames of the leg since it joined.
  [[nodiscard]] std::int64_t frames(std::size_t leg) const noexcept { return legs_[leg].frames; }
  [[nodiscard]] const LegCounts& counts(std::size_t leg) const noexcept {
    return legs_[leg].counts;
  }
  [[nodiscard]] std::size_t leg_count() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t held_frames() const noexcept { return held_frames_; }

 private:
  struct Leg {
    bool is_in_use = false;
    std::int64_t joined = 0;  // The how-manieth join.
    std::int64_t frames = 0;
    LegCounts counts;
  };
  // What one leg has said of one stream.
  struct Progress {
    std::int64_t joined = -1;            // Whose progress it is.
    std::optional<std::int64_t> newest;  // The end of its newest frame.
    std::int64_t highest = INT64_MIN;    // The end that was farthest.
    Nanos heard = 0;                     // When the newest came.
    std::int64_t join_of_others = 0;     // joins_ at that time.
    bool has_broken = false;             // What came after that.
    // An event that another leg brought and this one has not: how far it is behind.
    std::optional<std::int64_t> awaited;
    Nanos awaited_since = 0;
  };
  struct Held {
    std::size_t leg = 0;
    EventSpan span;
    Nanos since = 0;
    LegFrame frame;  // With a payload of its own.
    std::string payload;
  };
  struct Stream {
    std::optional<std::int64_t> newest;  // Given.
    std::optional<Nanos> copies_since;   // Nothing else has come since it was given.
    // One leg alone: what the other had given when it left.
    std::optional<std::int64_t> given_before;
    // An event whose copies are timed.
    std::optional<std::int64_t> timed;
    Nanos timed_at = 0;
    std::size_t timed_leg = 0;
    std::array<Progress, kLegsMax> legs;
    std::deque<Held> held;  // By the beginning of their spans.
    Nanos oldest_held = 0;  // When the one that waits longest came.
  };

  void Take(std::size_t leg, std::size_t stream, const EventSpan& span, const LegFrame& frame,
            Nanos now);
  void TakeAlone(std::size_t leg, std::size_t stream, const EventSpan& span, const LegFrame& frame,
                 Nanos now);
  void TakeBroken(std::size_t leg, std::size_t stream, const LegFrame& frame);
  void GiveOne(std::size_t leg, std::size_t stream, std::int64_t last, const LegFrame& frame,
               Nanos now);
  void NoteCopy(std::size_t leg, Stream& stream, std::int64_t last, Nanos now) noexcept;
  void Hold(std::size_t leg, std::size_t stream, const EventSpan& span, const LegFrame& frame,
            Nanos now);
  void GiveHeld(std::size_t stream, Nanos now, ReceiveTime received);
  void NoteStandstill(Nanos now) noexcept;
  [[nodiscard]] bool MayStillCome(const Stream& stream, std::size_t leg, std::int64_t before,
                                  Nanos now) const noexcept;
  static void NoteArrival(const Stream& stream, Progress& progress, std::int64_t last,
                          Nanos now) noexcept;
  [[nodiscard]] Progress& TouchProgress(Stream& stream, std::size_t leg) noexcept;
  [[nodiscard]] bool HasBegunAnew(const Stream& stream, Nanos now) const noexcept;
  [[nodiscard]] const Progress* ProgressOf(const Stream& stream, std::size_t leg) const noexcept;

  const Give give_;
  EventSpanReader spans_;
  std::vector<Stream> streams_;
  std::array<Leg, kLegsMax> legs_;
  std::size_t in_use_ = 0;
  std::int64_t joins_ = 0;
  std::size_t held_frames_ = 0;
  std::size_t held_bytes_ = 0;
  std::optional<Nanos> called_;
};

}  // namespace thalweg
