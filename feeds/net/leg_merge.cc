#include "feeds/net/leg_merge.h"

#include <algorithm>
#include <utility>

namespace thalweg {

void AddCounts(const LegCounts& from, LegCounts* to) noexcept {
  to->given += from.given;
  to->copies += from.copies;
  to->held += from.held;
  to->gaps += from.gaps;
  to->expired += from.expired;
  to->broken += from.broken;
  to->overlapping += from.overlapping;
  to->restarts += from.restarts;
  to->behind_timed += from.behind_timed;
  to->behind_sum += from.behind_sum;
  to->behind_max = std::max(to->behind_max, from.behind_max);
}

LegMerge::LegMerge(std::size_t streams, Give give) : give_(std::move(give)), streams_(streams) {}

std::size_t LegMerge::Join() {
  const auto free =
      std::find_if(legs_.begin(), legs_.end(), [](const Leg& leg) { return !leg.is_in_use; });
  *free = Leg{};
  free->is_in_use = true;
  free->joined = ++joins_;
  ++in_use_;
  return static_cast<std::size_t>(free - legs_.begin());
}

void LegMerge::Leave(std::size_t leg, Nanos now, ReceiveTime received) {
  if (!std::exchange(legs_[leg].is_in_use, false)) return;
  --in_use_;
  OnTimer(now, received);
  for (Stream& stream : streams_) {
    if (in_use_ == 0) stream.newest.reset();
    stream.given_before = in_use_ == 1 ? stream.newest : std::nullopt;
  }
}

const LegMerge::Progress* LegMerge::ProgressOf(const Stream& stream,
                                               std::size_t leg) const noexcept {
  const Progress& progress = stream.legs[leg];
  return legs_[leg].is_in_use && progress.joined == legs_[leg].joined ? &progress : nullptr;
}

LegMerge::Progress& LegMerge::TouchProgress(Stream& stream, std::size_t leg) noexcept {
  Progress& progress = stream.legs[leg];
  if (progress.joined != legs_[leg].joined) {
    progress = Progress{};
    progress.joined = legs_[leg].joined;
  }
  return progress;
}

void LegMerge::OnFrame(std::size_t leg, std::size_t stream, const LegFrame& frame, Nanos now) {
  NoteStandstill(now);
  ++legs_[leg].frames;
  if (stream < streams_.size()) {
    Stream& known = streams_[stream];
    Progress& progress = TouchProgress(known, leg);
    const std::optional<EventSpan> span = spans_.Read(frame.payload);
    if (!span) return TakeBroken(leg, stream, frame);
    progress.newest = span->last;
    progress.highest = std::max(progress.highest, span->last);
    progress.heard = now;
    progress.join_of_others = joins_;
    progress.has_broken = false;
    NoteArrival(known, progress, span->last, now);
    if (in_use_ == 1 && known.held.empty()) return TakeAlone(leg, stream, *span, frame, now);
    return Take(leg, stream, *span, frame, now);
  }
  // Nobody can tell whether it is a copy: it is taken from the oldest leg.
  const bool is_oldest = std::all_of(legs_.begin(), legs_.end(), [&](const Leg& other) {
    return !other.is_in_use || other.joined >= legs_[leg].joined;
  });
  if (!is_oldest) {
    ++legs_[leg].counts.copies;
    return;
  }
  ++legs_[leg].counts.given;
  give_(stream, frame);
}

void LegMerge::TakeBroken(std::size_t leg, std::size_t stream, const LegFrame& frame) {
  Stream& known = streams_[stream];
  known.legs[leg].has_broken = true;
  bool is_everybodys = true;
  for (std::size_t other = 0; other < legs_.size(); ++other) {
    const Progress* const progress = ProgressOf(known, other);
    is_everybodys =
        is_everybodys && (!legs_[other].is_in_use || (progress != nullptr && progress->has_broken));
  }
  if (!is_everybodys) {
    ++legs_[leg].counts.broken;
    return;
  }
  // Once, for all of them.
  for (Progress& progress : known.legs) progress.has_broken = false;
  ++legs_[leg].counts.given;
  give_(stream, frame);
}

void LegMerge::TakeAlone(std::size_t leg, std::size_t stream, const EventSpan& span,
                         const LegFrame& frame, Nanos now) {
  Stream& known = streams_[stream];
  const bool steps_back = span.last < known.legs[leg].highest;
  const bool was_given = known.given_before && span.last <= *known.given_before;
  if (was_given && !steps_back && !HasBegunAnew(known, now)) {
    return NoteCopy(leg, known, span.last, now);
  }
  known.given_before.reset();
  GiveOne(leg, stream, span.last, frame, now);
}

void LegMerge::Take(std::size_t leg, std::size_t stream, const EventSpan& span,
                    const LegFrame& frame, Nanos now) {
  Stream& known = streams_[stream];
  LegCounts& counts = legs_[leg].counts;
  if (known.newest && span.last <= *known.newest) {
    if (!HasBegunAnew(known, now)) return NoteCopy(leg, known, span.last, now);
    ++counts.restarts;
    known.newest = span.before;
    for (Progress& progress : known.legs) progress.awaited.reset();
  }
  if (known.newest && span.before > *known.newest) {
    Hold(leg, stream, span, frame, now);
  } else if (known.newest && span.names_before && span.before < *known.newest) {
    ++counts.overlapping;
  } else {
    GiveOne(leg, stream, span.last, frame, now);
  }
  if (!known.held.empty()) GiveHeld(stream, now, frame.received);
}

// A leg that lags is behind again as soon as it has come as far as it was awaited.
void LegMerge::NoteArrival(const Stream& stream, Progress& progress, std::int64_t last,
                           Nanos now) noexcept {
  if (!progress.awaited || last < *progress.awaited) return;
  progress.awaited.reset();
  if (stream.newest && last < *stream.newest) {
    progress.awaited = stream.newest;
    progress.awaited_since = now;
  }
}

void LegMerge::GiveOne(std::size_t leg, std::size_t stream, std::int64_t last,
                       const LegFrame& frame, Nanos now) {
  Stream& known = streams_[stream];
  for (std::size_t other = 0; other < legs_.size(); ++other) {
    if (other == leg || !legs_[other].is_in_use) continue;
    Progress& progress = TouchProgress(known, other);
    if (progress.awaited || (progress.newest && *progress.newest >= last)) continue;
    progress.awaited = last;
    progress.awaited_since = now;
  }
  known.newest = last;
  known.copies_since.reset();
  if (!known.timed || now - known.timed_at > kVouchedFor) {
    known.timed = last;
    known.timed_at = now;
    known.timed_leg = leg;
  }
  ++legs_[leg].counts.given;
  give_(stream, frame);
}

void LegMerge::NoteCopy(std::size_t leg, Stream& stream, std::int64_t last, Nanos now) noexcept {
  LegCounts& counts = legs_[leg].counts;
  ++counts.copies;
  if (!stream.copies_since) stream.copies_since = now;
  if (!stream.timed || leg == stream.timed_leg || last < *stream.timed) return;
  ++counts.behind_timed;
  counts.behind_sum += now - stream.timed_at;
  counts.behind_max = std::max(counts.behind_max, now - stream.timed_at);
  stream.timed.reset();
}

void LegMerge::Hold(std::size_t leg, std::size_t stream, const EventSpan& span,
                    const LegFrame& frame, Nanos now) {
  std::deque<Held>& held = streams_[stream].held;
  const auto place = std::upper_bound(
      held.begin(), held.end(), span.before,
      [](std::int64_t before, const Held& other) { return before < other.span.before; });
  // A third leg's, or one that was sent twice.
  if (place != held.begin() && std::prev(place)->span == span) {
    ++legs_[leg].counts.copies;
    return;
  }
  if (held.empty()) streams_[stream].oldest_held = now;
  ++legs_[leg].counts.held;
  ++held_frames_;
  held_bytes_ += frame.payload.size();
  held.insert(place, Held{leg, span, now, frame, std::string(frame.payload)});
}

// What follows what was given, and what nobody can complete any more.
void LegMerge::GiveHeld(std::size_t stream, Nanos now, ReceiveTime received) {
  Stream& known = streams_[stream];
  bool has_given = false;
  // So many from the front may wait no longer.
  std::size_t expired = 0;
  if (now - known.oldest_held >= kHoldMax) {
    for (std::size_t i = 0; i < known.held.size(); ++i) {
      if (now - known.held[i].since >= kHoldMax) expired = i + 1;
    }
  }
  while (!known.held.empty()) {
    const EventSpan span = known.held.front().span;
    const std::size_t leg = known.held.front().leg;
    LegCounts& counts = legs_[leg].counts;
    const bool is_copy = known.newest && span.last <= *known.newest;
    const bool is_ahead = known.newest && span.before > *known.newest;
    const bool is_overlapping = span.names_before && known.newest && span.before < *known.newest;
    const bool has_room = held_frames_ <= kHeldFramesMax && held_bytes_ <= kHeldBytesMax;
    const bool may_come = is_ahead && MayStillCome(known, leg, span.before, now);
    if (may_come && has_room && expired == 0) break;
    if (expired > 0) --expired;
    Held held = std::move(known.held.front());
    known.held.pop_front();
    --held_frames_;
    held_bytes_ -= held.payload.size();
    has_given = true;
    if (is_copy) {
      ++counts.copies;
    } else if (is_overlapping) {
      ++counts.overlapping;
    } else {
      if (is_ahead) ++(may_come ? counts.expired : counts.gaps);
      held.frame.received = std::max(held.frame.received, received);
      held.frame.payload = held.payload;
      GiveOne(leg, stream, span.last, held.frame, now);
    }
  }
  if (has_given && in_use_ == 1) known.given_before = known.newest;
  if (!has_given || known.held.empty()) return;
  known.oldest_held = now;
  for (const Held& held : known.held) known.oldest_held = std::min(known.oldest_held, held.since);
}

// Whether another leg, which is heard on this stream, has not come as far as the event that ends
// with `before`. One that has been awaited for kHoldMax is not heard.
bool LegMerge::MayStillCome(const Stream& stream, std::size_t leg, std::int64_t before,
                            Nanos now) const noexcept {
  for (std::size_t other = 0; other < legs_.size(); ++other) {
    if (other == leg || !legs_[other].is_in_use) continue;
    const Progress* const progress = ProgressOf(stream, other);
    if (progress == nullptr) return true;
    const bool is_silent = progress->awaited && now - progress->awaited_since >= kHoldMax;
    if (!is_silent && (!progress->newest || *progress->newest < before)) return true;
  }
  return false;
}

// Of a stream of which a copy has come: whether it is none.
bool LegMerge::HasBegunAnew(const Stream& stream, Nanos now) const noexcept {
  const bool is_starved = stream.copies_since && now - *stream.copies_since >= kRestartAfter;
  if (!is_starved || !stream.held.empty()) return false;
  for (std::size_t leg = 0; leg < legs_.size(); ++leg) {
    const Progress* const progress = ProgressOf(stream, leg);
    if (progress != nullptr && progress->newest && *progress->newest >= *stream.newest &&
        now - progress->heard < kVouchedFor) {
      return false;
    }
  }
  return true;
}

void LegMerge::NoteStandstill(Nanos now) noexcept {
  const Nanos leap = called_ ? now - *called_ : 0;
  called_ = now;
  if (leap < kStandstillMin) return;
  for (Stream& stream : streams_) {
    if (stream.copies_since) *stream.copies_since += leap;
    stream.timed.reset();
    for (Progress& progress : stream.legs) progress.awaited_since += leap;
    stream.oldest_held += leap;
    for (Held& held : stream.held) held.since += leap;
  }
}

void LegMerge::OnTimer(Nanos now, ReceiveTime received) {
  NoteStandstill(now);
  if (held_frames_ == 0) return;
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    if (!streams_[stream].held.empty()) GiveHeld(stream, now, received);
  }
}

bool LegMerge::IsReplacedBy(std::size_t leg, std::size_t successor) const {
  return std::all_of(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    const Progress* const old = ProgressOf(stream, leg);
    const Progress* const next = ProgressOf(stream, successor);
    const bool is_delivered = old != nullptr && old->join_of_others >= legs_[successor].joined;
    const bool has_come = next != nullptr && next->newest.has_value();
    return stream.held.empty() && (!is_delivered || has_come);
  });
}

}  // namespace thalweg
