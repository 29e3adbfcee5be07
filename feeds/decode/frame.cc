#include "feeds/decode/frame.h"

#include <cstring>

#include "feeds/decode/json_escapes.h"
#include "feeds/decode/json_grammar.h"
#include "feeds/decode/json_skim.h"
#include "feeds/decode/text_cursor.h"

namespace thalweg {
namespace {

constexpr std::string_view kStreamPrefix = "{\"stream\":\"";
constexpr std::string_view kDataKey = ",\"data\":";
// How far into a payload its symbol is looked for: in every known payload it is among the first
// seven fields.
constexpr std::ptrdiff_t kSymbolSearchBytes = 300;

[[nodiscard]] bool IsDigits(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The kind a stream's type (what follows its first '@') stands for.
[[nodiscard]] FrameKind KindOfStreamType(std::string_view type) noexcept {
  if (type == "bookTicker") return FrameKind::kBookTicker;
  if (type == "trade") return FrameKind::kTrade;
  if (type == "aggTrade") return FrameKind::kAggTrade;
  if (type.starts_with("kline_")) return FrameKind::kKline;
  constexpr std::string_view kDepth = "depth";
  if (!type.starts_with(kDepth)) return FrameKind::kOther;
  if (type.size() == kDepth.size() || type[kDepth.size()] == '@') return FrameKind::kDepth;
  // Any number of levels is a picture: taking one for a diff would make a wrong book.
  const std::string_view levels = type.substr(kDepth.size(), type.find('@') - kDepth.size());
  return IsDigits(levels) ? FrameKind::kPartialDepth : FrameKind::kOther;
}

[[nodiscard]] FrameKind KindOfStream(const FrameHead& head) noexcept {
  if (!head.stream_type.empty()) return KindOfStreamType(head.stream_type);
  // A stream without '@'; serverShutdown is the only one of its kind known.
  return head.stream_symbol == "!serverShutdown" ? FrameKind::kServerShutdown : FrameKind::kOther;
}

// The kind that a raw payload's `e` names.
[[nodiscard]] FrameKind KindOfEvent(std::string_view event) noexcept {
  if (event == "depthUpdate") return FrameKind::kDepth;
  if (event == "bookTicker") return FrameKind::kBookTicker;
  if (event == "trade") return FrameKind::kTrade;
  if (event == "aggTrade") return FrameKind::kAggTrade;
  if (event == "kline") return FrameKind::kKline;
  if (event == "serverShutdown") return FrameKind::kServerShutdown;
  return FrameKind::kOther;
}

[[nodiscard]] bool HasSymbol(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::kDepth:
    case FrameKind::kBookTicker:
    case FrameKind::kTrade:
    case FrameKind::kAggTrade:
    case FrameKind::kKline:
      return true;
    default:
      return false;
  }
}

// The first byte at or after `at` that is `wanted`, `end` when there is none before it.
[[nodiscard]] const char* Find(const char* at, const char* end, char wanted) noexcept {
  for (; at < end; at += sizeof(std::uint64_t)) {
    const std::uint64_t found = FlagByte(LoadWord(at), wanted);
    if (found != 0) {
      at += FirstFlagged(found);
      return at < end ? at : end;
    }
  }
  return end;
}

[[nodiscard]] std::string_view Between(const char* from, const char* to) noexcept {
  return {from, static_cast<std::size_t>(to - from)};
}

// The payload's `s`, if it stands near its front among plain fields; else empty. Walks over strings
// without escapes, and over numbers, true, false and null; stops at arrays and objects.
[[nodiscard]] std::string_view FindSymbol(std::string_view body) noexcept {
  const char* at = body.data();
  const char* const end = at + body.size();
  const char* const bound = end - at < kSymbolSearchBytes ? end : at + kSymbolSearchBytes;
  if (at == bound || *at != '{') return {};
  ++at;
  while (at < bound) {
    if (*at != '"') return {};
    const char* const key = at + 1;
    // Nearly all keys have one letter.
    const char* const close = key[1] == '"' ? key + 1 : Find(key, bound, '"');
    if (close >= bound || close[1] != ':') return {};
    const char* const value = close + 2;
    if (value >= bound) return {};
    const char* value_end = nullptr;
    if (*value == '"') {
      value_end = Find(value + 1, bound, '"');
      if (value_end == bound) return {};
      const std::string_view text = Between(value + 1, value_end);
      if (close == key + 1 && *key == 's') {
        return text.find('\\') == std::string_view::npos ? text : std::string_view{};
      }
      if (!text.empty() && text.back() == '\\') return {};
      ++value_end;
    } else {
      if (*value == '[' || *value == '{') return {};
      value_end = Find(value, bound, ',');
    }
    if (value_end >= bound || *value_end != ',') return {};
    at = value_end + 1;
  }
  return {};
}

// Completes the head of a combined frame from its stream's name and the place of its payload.
[[nodiscard]] FrameHead HeadOfStream(std::string_view stream, std::string_view body) noexcept {
  FrameHead head;
  const char* const end = stream.data() + stream.size();
  const char* const at_sign = Find(stream.data(), end, '@');
  head.stream_symbol = Between(stream.data(), at_sign);
  if (at_sign != end) head.stream_type = Between(at_sign + 1, end);
  head.body = body;
  head.kind = head.stream_symbol.empty() ? FrameKind::kUnnamed : KindOfStream(head);
  if (HasSymbol(head.kind)) head.symbol = FindSymbol(body);
  return head;
}

// What the top-level fields of an irregular or raw frame say.
struct TopLevel {
  std::string_view stream;
  std::string_view event;
  std::string_view symbol;
  const char* data = nullptr;
  bool has_stream = false;
  bool has_two_streams = false;
  bool has_event = false;
  bool has_id = false;
  bool has_reply = false;
  bool has_last_update_id = false;
  unsigned quotes = 0;  // one bit for each of u, b, B, a, A: a spot bookTicker has no `e`
};

constexpr std::string_view kQuoteKeys = "ubBaA";
constexpr unsigned kAllQuotes = (1U << kQuoteKeys.size()) - 1;

// Notes one top-level field; `value_text` is the string it holds, or nothing.
void Note(std::string_view key, const char* value, std::string_view value_text,
          TopLevel* top) noexcept {
  const bool is_text = *value == '"';
  if (key.size() == 1) {
    if (key == "e" && is_text) {
      top->event = value_text;
      top->has_event = true;
    }
    if (key == "s" && is_text) top->symbol = value_text;
    const std::size_t quote = kQuoteKeys.find(key[0]);
    if (quote != std::string_view::npos) top->quotes |= 1U << quote;
    return;
  }
  if (key == "stream" && is_text) {
    top->has_two_streams = top->has_stream;
    top->stream = value_text;
    top->has_stream = true;
  } else if (key == "data") {
    top->data = value;
  } else if (key == "id") {
    top->has_id = true;
  } else if (key == "result" || key == "error" || key == "code") {
    top->has_reply = true;
  } else if (key == "lastUpdateId") {
    top->has_last_update_id = true;
  }
}

// Whether nothing further on could change the name of the frame.
[[nodiscard]] bool IsNamed(const TopLevel& top) noexcept {
  if (top.has_stream) return top.data != nullptr;
  if (top.data != nullptr) return false;
  return top.has_last_update_id || (top.has_event && !top.symbol.empty());
}

// Walks over the fields of the outermost object as far as they are whole.
[[nodiscard]] TopLevel ReadTopLevel(const char* at, const char* end) noexcept {
  TopLevel top;
  at = SkipBlanks(at, end);
  if (at == end || *at != '{') return top;
  do {
    std::string_view key;
    const char* const value = SkimKey(at + 1, end, &key);
    if (value == nullptr) return top;
    std::string_view text;
    if (*value == '"') {
      at = SkimString(value, end, &text);
      if (at != nullptr) Note(key, value, text, &top);
    } else {
      Note(key, value, text, &top);
      if (IsNamed(top)) return top;
      at = SkimValue(value, end);
    }
    if (at == nullptr || IsNamed(top)) return top;
    at = SkipBlanks(at, end);
  } while (at != end && *at == ',');
  return top;
}

[[nodiscard]] FrameKind KindOfRaw(const TopLevel& top) noexcept {
  if (top.has_event) return KindOfEvent(top.event);
  if (top.has_last_update_id) return FrameKind::kSnapshot;
  if (top.quotes == kAllQuotes && !top.symbol.empty()) return FrameKind::kBookTicker;
  if (top.has_id && top.has_reply) return FrameKind::kControlReply;
  return FrameKind::kUnnamed;
}

// Past the object at `at` if it is one with an event type, else null.
[[nodiscard]] const char* SkimEvent(const char* at, const char* end) noexcept {
  if (at == end || *at != '{') return nullptr;
  const char* field = at;
  bool is_event = false;
  do {
    std::string_view key;
    std::string_view text;
    field = SkimKey(field + 1, end, &key);
    if (field == nullptr) return nullptr;
    is_event = is_event || (key == "e" && SkimString(field, end, &text) != nullptr);
    field = SkimValue(field, end);
    if (field == nullptr) return nullptr;
    field = SkipBlanks(field, end);
  } while (field != end && *field == ',');
  return is_event && field != end && *field == '}' ? field + 1 : nullptr;
}

// Whether the text is a whole array of events: `!miniTicker@arr` and the like without an envelope.
[[nodiscard]] bool IsArrayOfEvents(const char* at, const char* end) noexcept {
  at = SkipBlanks(at, end);
  if (at == end || *at != '[') return false;
  do {
    at = SkimEvent(SkipBlanks(at + 1, end), end);
    if (at == nullptr) return false;
    at = SkipBlanks(at, end);
  } while (at != end && *at == ',');
  return at != end && *at == ']' && SkipBlanks(at + 1, end) == end;
}

// Whether the members of the envelope at `at` that stand before its payload are JSON, and none of
// them is another payload.
[[nodiscard]] bool OpensEnvelope(const char* at, const char* payload) noexcept {
  at = SkipBlanks(at, payload);
  do {
    const char* const member = SkipBlanks(at + 1, payload);
    const char* const value = json_grammar::PastKey(member, payload);
    if (value == nullptr || value == payload) return value == payload;
    std::string_view key;
    (void)SkimString(member, payload, &key);
    at = PastJson(value, payload);
    if (at == nullptr || HasEscapes(key) || key == "data") return false;
    at = SkipBlanks(at, payload);
  } while (at != payload && *at == ',');
  return false;
}

// Names a frame of any legal form: blanks, "data" before "stream", or no envelope at all.
[[nodiscard]] FrameHead NameIrregular(std::string_view payload) noexcept {
  const char* const end = payload.data() + payload.size();
  const TopLevel top = ReadTopLevel(payload.data(), end);
  FrameHead head;
  // Two names are none.
  if (top.has_two_streams) return head;
  if (top.has_stream) {
    // Without a body the decoder refuses the frame: nobody else looks at what stands before it.
    const bool good = top.data != nullptr && OpensEnvelope(payload.data(), top.data);
    return HeadOfStream(top.stream, Between(good ? top.data : end, end));
  }
  head.kind = KindOfRaw(top);
  // Without its symbol it names itself as little as a text without a kind.
  if (HasSymbol(head.kind) && top.symbol.empty()) head.kind = FrameKind::kUnnamed;
  if (head.kind == FrameKind::kUnnamed && IsArrayOfEvents(payload.data(), end)) {
    head.kind = FrameKind::kOther;
  }
  head.symbol = top.symbol;
  head.body = payload;
  return head;
}

}  // namespace

FrameHead NameFrame(std::string_view payload) noexcept {
  if (!payload.starts_with(kStreamPrefix)) return NameIrregular(payload);
  const char* const end = payload.data() + payload.size();
  const char* const stream = payload.data() + kStreamPrefix.size();
  const char* const stream_end = Find(stream, end, '"');
  if (stream_end == end || stream_end[-1] == '\\') return NameIrregular(payload);
  const std::string_view rest = Between(stream_end + 1, end);
  if (!rest.starts_with(kDataKey) || rest.size() == kDataKey.size() ||
      IsBlank(rest[kDataKey.size()])) {
    return NameIrregular(payload);
  }
  return HeadOfStream(Between(stream, stream_end), rest.substr(kDataKey.size()));
}

}  // namespace thalweg
