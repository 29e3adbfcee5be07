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
  return EventSpan{*id - 1, *id, false};
}

std::optional<EventSpan> SpanOfDepth(const IdFields& ids) {
  if (!ids.first || !ids.last || *ids.first == INT64_MIN) return std::nullopt;
  if (ids.previous) return EventSpan{*ids.previous, *ids.last, true};
  return EventSpan{*ids.first - 1, *ids.last, false};
}

}  // namespace

std::optional<EventSpan> EventSpanReader::Read(std::string_view payload) {
  padded_.assign(kPayloadPadding, ' ');
  padded_.append(payload);
  padded_.append(kPayloadPadding, ' ');
  const FrameHead head =
      NameFrame(std::string_view(padded_).substr(kPayloadPadding, payload.size()));
  switch (head.kind) {
    case FrameKind::kDepth:
      return SpanOfDepth(ReadIdFields(head.body));
    case FrameKind::kTrade:
      return SpanOfTrade(ReadIdFields(head.body).trade);
    case FrameKind::kAggTrade:
      return SpanOfTrade(ReadIdFields(head.body).aggregate);
    case FrameKind::kBookTicker:
      if (const auto id = ReadIdFields(head.body).last) return EventSpan{INT64_MIN, *id, false};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace thalweg
