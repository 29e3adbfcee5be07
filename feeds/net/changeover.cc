#include "feeds/net/changeover.h"

#include <charconv>
#include <utility>

#include "feeds/decode/frame.h"
#include "feeds/decode/json_skim.h"

namespace thalweg {
namespace {

std::optional<std::int64_t> ReadInteger(const char* at, const char* end) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(at, end, value);
  // A number that reaches the end may have been cut.
  if (error != std::errc() || stop == at || stop == end) return std::nullopt;
  return value;
}

// The fields of an event that are its ids, as far as they are there.
struct IdFields {
  std::optional<std::int64_t> first;      // U
  std::optional<std::int64_t> last;       // u
  std::optional<std::int64_t> previous;   // pu
  std::optional<std::int64_t> trade;      // t
  std::optional<std::int64_t> aggregate;  // a
};

IdFields ReadIdFields(std::string_view body) {
  IdFields ids;
  const char* at = body.data();
  const char* const end = at + body.size();
  if (at == end || *at != '{') return ids;
  ++at;
  while (true) {
    std::string_view key;
    at = SkimKey(at, end, &key);
    if (at == nullptr) return ids;
    if (key == "U") ids.first = ReadInteger(at, end);
    if (key == "u") ids.last = ReadInteger(at, end);
    if (key == "pu") ids.previous = ReadInteger(at, end);
    if (key == "t") ids.trade = ReadInteger(at, end);
    if (key == "a") ids.aggregate = ReadInteger(at, end);
    at = SkimValue(at, end);
    if (at == nullptr) return ids;
    at = SkipBlanks(at, end);
    if (at == end || *at != ',') return ids;
    ++at;
  }
}

std::optional<EventSpan> SpanOfTrade(std::optional<std::int64_t> id) {
  if (!id || *id == INT64_MIN) return std::nullopt;
  return EventSpan{*id - 1, *id};
}

}  // namespace

std::optional<EventSpan> SpanOfFrame(std::string_view payload) {
  std::string padded(kPayloadPadding, ' ');
  padded.append(payload);
  padded.append(kPayloadPadding, ' ');
  const FrameHead head =
      NameFrame(std::string_view(padded).substr(kPayloadPadding, payload.size()));
  const bool is_used = head.kind == FrameKind::kDepth || head.kind == FrameKind::kTrade ||
                       head.kind == FrameKind::kAggTrade;
  if (!is_used) return std::nullopt;
  const IdFields ids = ReadIdFields(head.body);
  if (head.kind == FrameKind::kTrade) return SpanOfTrade(ids.trade);
  if (head.kind == FrameKind::kAggTrade) return SpanOfTrade(ids.aggregate);
  if (!ids.first || !ids.last || *ids.first == INT64_MIN) return std::nullopt;
  return EventSpan{ids.previous.value_or(*ids.first - 1), *ids.last};
}

void Changeover::OnOldFrame(std::size_t stream, std::string_view payload) {
  ++old_frames_;
  if (stream >= streams_.size()) return;
  streams_[stream].is_on_old = true;
  if (const std::optional<EventSpan> span = SpanOfFrame(payload)) {
    streams_[stream].old_last = span->last;
  }
}

void Changeover::Hold(std::size_t stream, ReceiveTime received, std::int64_t monotonic,
                      std::string_view payload, Nanos now) {
  held_bytes_ += payload.size();
  held_.push_back({received, monotonic, stream, std::string(payload)});
  if (stream >= streams_.size()) return;
  streams_[stream].is_on_new = true;
  if (streams_[stream].awaited) return;
  if (const std::optional<EventSpan> span = SpanOfFrame(payload)) {
    streams_[stream].awaited = span->before;
    streams_[stream].began = now;
  }
}

bool Changeover::MayEnd(Nanos now) const {
  if (held_.empty()) return false;
  if (is_full()) return true;
  if (now - opened_ < options_.overlap) return false;
  const bool is_young = now - opened_ < options_.join_deadline;
  for (const Stream& stream : streams_) {
    if (is_young && stream.is_on_old && !stream.is_on_new) return false;
    if (!stream.awaited || now - stream.began >= options_.join_deadline) continue;
    if (!stream.old_last || *stream.old_last < *stream.awaited) return false;
  }
  return true;
}

std::vector<Changeover::Held> Changeover::Release() {
  held_bytes_ = 0;
  return std::exchange(held_, {});
}

}  // namespace thalweg
