#include "feeds/net/event_span.h"

#include <charconv>

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

// The fields of an event that are its ids.
struct IdFields {
  std::optional<std::int64_t> first;      // U
  std::optional<std::int64_t> last;       // u
  std::optional<std::int64_t> previous;   // pu
  std::optional<std::int64_t> trade;      // t
  std::optional<std::int64_t> aggregate;  // a
};

// Nothing where the event, or the frame behind it, does not end: a copy of it that does is better.
std::optional<IdFields> ReadIdFields(std::string_view body, const char* end) {
  IdFields ids;
  const char* at = body.data();
  if (at == end || *at != '{') return std::nullopt;
  ++at;
  while (true) {
    std::string_view key;
    at = SkimKey(at, end, &key);
    if (at == nullptr) return std::nullopt;
    if (key == "U") ids.first = ReadInteger(at, end);
    if (key == "u") ids.last = ReadInteger(at, end);
    if (key == "pu") ids.previous = ReadInteger(at, end);
    if (key == "t") ids.trade = ReadInteger(at, end);
    if (key == "a") ids.aggregate = ReadInteger(at, end);
    at = SkimValue(at, end);
    if (at == nullptr) return std::nullopt;
    at = SkipBlanks(at, end);
    if (at == end) return std::nullopt;
    if (*at == '}') break;
    if (*at != ',') return std::nullopt;
    ++at;
  }
  at = SkipBlanks(at + 1, end);
  return at != end && (*at == '}' || *at == ',') ? std::optional(ids) : std::nullopt;
}

std::optional<EventSpan> SpanOfTrade(std::optional<std::int64_t> id) {
  if (!id || *id < 0) return std::nullopt;
  return EventSpan{*id - 1, *id, false};
}

std::optional<EventSpan> SpanOfDepth(const IdFields& ids) {
  if (!ids.first || !ids.last || *ids.first < 0 || *ids.first > *ids.last) return std::nullopt;
  if (ids.previous) return EventSpan{*ids.previous, *ids.last, true};
  return EventSpan{*ids.first - 1, *ids.last, false};
}

}  // namespace

std::optional<EventSpan> EventSpanReader::Read(std::string_view payload) {
  padded_.assign(kPayloadPadding, ' ');
  padded_.append(payload);
  padded_.append(kPayloadPadding, ' ');
  const std::string_view frame = std::string_view(padded_).substr(kPayloadPadding, payload.size());
  const FrameHead head = NameFrame(frame);
  const std::optional<IdFields> ids = ReadIdFields(head.body, frame.data() + frame.size());
  if (!ids) return std::nullopt;
  switch (head.kind) {
    case FrameKind::kDepth:
      return SpanOfDepth(*ids);
    case FrameKind::kTrade:
      return SpanOfTrade(ids->trade);
    case FrameKind::kAggTrade:
      return SpanOfTrade(ids->aggregate);
    case FrameKind::kBookTicker:
      if (!ids->last || *ids->last < 0) return std::nullopt;
      return EventSpan{INT64_MIN, *ids->last, false};
    default:
      return std::nullopt;
  }
}

}  // namespace thalweg
