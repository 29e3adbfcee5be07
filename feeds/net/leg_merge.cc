#include "feeds/net/leg_merge.h"

#include <algorithm>
#include <utility>

namespace thalweg {

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
}

LegMerge::Progress& LegMerge::ProgressOf(Stream& stream, std::size_t leg) noexcept {
  Progress& progress = stream.legs[leg];
  if (progress.joined != legs_[leg].joined) {
    progress = Progress{};
    progress.joined = legs_[leg].joined;
    progress.numbering = stream.numbering;
  }
  return progress;
}

void LegMerge::OnFrame(std::size_t leg, std::size_t stream, const LegFrame& frame, Nanos now) {
  ++legs_[leg].frames;
  const std::optional<EventSpan> span =
      stream < streams_.size() ? spans_.Read(frame.payload) : std::nullopt;
  if (span) return Take(leg, stream, *span, frame, now);
  // Nobody can tell whether it is a copy: it is taken from the oldest leg.
  const bool is_oldest = std::all_of(legs_.begin(), legs_.end(), [&](const Leg& other) {
    return !other.is_in_use || other.joined >= legs_[leg].joined;
  });
  if (in_use_ > 1 && (stream < streams_.size() || !is_oldest)) {
    ++legs_[leg].counts.broken;
    return;
  }
  ++legs_[leg].counts.given;
  give_(stream, frame);
}

void LegMerge::Take(std::size_t leg, std::size_t stream, const EventSpan& span,
                    const LegFrame& frame, Nanos now) {
  Stream& known = streams_[stream];
  LegCounts& counts = legs_[leg].counts;
  Progress& progress = ProgressOf(known, leg);
  progress.join_of_others = joins_;
  if (in_use_ == 1) {
    // Nobody contradicts it.
    progress.last = span.last;
    progress.below_since.reset();
    return GiveOne(leg, stream, span.last, frame, now);
  }
  if (HasBegunAnew(progress, span.last, now)) {
    ++counts.restarts;
    if (progress.numbering == known.numbering) BeginAnew(known, span);
    progress.numbering = known.numbering;
  }
  if (progress.numbering != known.numbering && !progress.below_since) {
    // Of the numbering that the others have left.
    ++counts.copies;
    return;
  }
  if (known.newest && span.last <= *known.newest) {
    ++counts.copies;
    if (span.last == *known.newest) {
      counts.behind_sum += now - known.given_at;
      counts.behind_max = std::max(counts.behind_max, now - known.given_at);
    }
  } else if (known.newest && span.before > *known.newest) {
    Hold(leg, stream, span, frame, now);
  } else if (known.newest && span.names_before && span.before < *known.newest) {
    ++counts.overlapping;
  } else {
    GiveOne(leg, stream, span.last, frame, now);
  }
  if (!known.held.empty()) GiveHeld(stream, now, frame.received);
}

void LegMerge::BeginAnew(Stream& stream, const EventSpan& span) noexcept {
  ++stream.numbering;
  stream.newest = span.before;
  for (const Held& held : stream.held) held_bytes_ -= held.payload.size();
  held_frames_ -= stream.held.size();
  stream.held.clear();
}

void LegMerge::GiveOne(std::size_t leg, std::size_t stream, std::int64_t last,
                       const LegFrame& frame, Nanos now) {
  streams_[stream].newest = last;
  streams_[stream].given_at = now;
  ++legs_[leg].counts.given;
  give_(stream, frame);
}

void LegMerge::Hold(std::size_t leg, std::size_t stream, const EventSpan& span,
                    const LegFrame& frame, Nanos now) {
  ++legs_[leg].counts.held;
  ++held_frames_;
  held_bytes_ += frame.payload.size();
  std::vector<Held>& held = streams_[stream].held;
  const auto place = std::upper_bound(
      held.begin(), held.end(), span.before,
      [](std::int64_t before, const Held& other) { return before < other.span.before; });
  held.insert(place, Held{leg, span, now, frame, std::string(frame.payload)});
}

// What follows what was given, and what nobody can complete any more.
void LegMerge::GiveHeld(std::size_t stream, Nanos now, ReceiveTime received) {
  Stream& known = streams_[stream];
  while (!known.held.empty()) {
    const Held& first = known.held.front();
    LegCounts& counts = legs_[first.leg].counts;
    const bool is_copy = known.newest && first.span.last <= *known.newest;
    const bool is_ahead = known.newest && first.span.before > *known.newest;
    const bool is_overlapping =
        first.span.names_before && known.newest && first.span.before < *known.newest;
    const bool has_room = held_frames_ <= kHeldFramesMax && held_bytes_ <= kHeldBytesMax;
    if (is_ahead && has_room && now - first.since < kHoldMax &&
        MayStillCome(known, first.leg, first.span.before)) {
      return;
    }
    const Held held = std::move(known.held.front());
    known.held.erase(known.held.begin());
    --held_frames_;
    held_bytes_ -= held.payload.size();
    if (is_copy) {
      ++counts.copies;
    } else if (is_overlapping) {
      ++counts.overlapping;
    } else {
      if (is_ahead) ++counts.gaps;
      LegFrame frame = held.frame;
      frame.received = std::max(frame.received, received);
      frame.payload = held.payload;
      GiveOne(held.leg, stream, held.span.last, frame, now);
    }
  }
}

// Whether another leg has not come as far as the event that ends with `before`.
bool LegMerge::MayStillCome(const Stream& stream, std::size_t leg,
                            std::int64_t before) const noexcept {
  for (std::size_t other = 0; other < legs_.size(); ++other) {
    if (other == leg || !legs_[other].is_in_use) continue;
    const Progress& progress = stream.legs[other];
    const bool is_its_own = progress.joined == legs_[other].joined;
    if (!is_its_own || !progress.last || *progress.last < before) return true;
  }
  return false;
}

// One that lies below for a while is no latecomer.
bool LegMerge::HasBegunAnew(Progress& progress, std::int64_t last, Nanos now) const noexcept {
  if (!progress.last || last > *progress.last) {
    progress.last = last;
    progress.below_since.reset();
    return false;
  }
  if (last == *progress.last) return false;
  if (!progress.below_since) progress.below_since = now;
  if (now - *progress.below_since < kRestartAfter) return false;
  progress.last = last;
  progress.below_since.reset();
  return true;
}

void LegMerge::OnTimer(Nanos now, ReceiveTime received) {
  if (held_frames_ == 0) return;
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    if (!streams_[stream].held.empty()) GiveHeld(stream, now, received);
  }
}

bool LegMerge::IsReplacedBy(std::size_t leg, std::size_t successor) const {
  return std::all_of(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    const Progress& old = stream.legs[leg];
    const Progress& next = stream.legs[successor];
    const bool is_delivered =
        old.joined == legs_[leg].joined && old.join_of_others >= legs_[successor].joined;
    return !is_delivered || (next.joined == legs_[successor].joined && next.last.has_value());
  });
}

}  // namespace thalweg
