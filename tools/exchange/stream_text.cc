#include "tools/exchange/stream_text.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/decode/frame.h"
#include "replay/json_path.h"

namespace thalweg {
namespace {

constexpr std::string_view kStreamKey = R"({"stream":")";
constexpr std::string_view kDataKey = R"(","data":)";
constexpr std::size_t kMillisecondDigits = 13;  // From 2001 to 2286.
constexpr std::size_t kMicrosecondDigits = 16;

std::string_view FieldOf(std::string_view payload, std::string_view path) {
  // A path of plain names is always parsed.
  return JsonPath::Parse(path)->Find(payload);
}

// ASCII letters alone: a symbol may hold others, whose bytes are not letters by themselves.
std::string LowerCase(std::string_view text) { return absl::AsciiStrToLower(Abseil(text)); }

std::string StreamOfRaw(const FrameHead& head, std::string_view frame) {
  const std::string symbol = LowerCase(head.symbol);
  switch (head.kind) {
    case FrameKind::kDepth:
      return symbol + "@depth@100ms";
    case FrameKind::kBookTicker:
      return symbol + "@bookTicker";
    case FrameKind::kTrade:
      return symbol + "@trade";
    case FrameKind::kAggTrade:
      return symbol + "@aggTrade";
    case FrameKind::kKline:
      return absl::StrCat(symbol, "@kline_", Abseil(FieldOf(frame, "k.i")));
    default:
      return {};
  }
}

// Calls `rewrite` for every value that is an integer, with the name of its field and whether it
// stands in the object "k"; what it answers, if anything, takes the place of the digits.
using Rewrite = std::function<std::optional<std::string>(std::string_view name, bool in_k,
                                                         std::string_view digits)>;

std::string RewriteIntegers(std::string_view json, const Rewrite& rewrite) {
  std::string out;
  std::string_view name;
  bool in_k = false;
  std::size_t at = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      std::size_t end = at + 1;
      while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, json.size());
      const std::size_t colon = json.find_first_not_of(" \t", end);
      if (colon != std::string_view::npos && json[colon] == ':') {
        name = json.substr(at + 1, end - at - 2);
        const std::size_t value = json.find_first_not_of(" \t", colon + 1);
        if (name == "k" && value != std::string_view::npos && json[value] == '{') in_k = true;
      }
      out += json.substr(at, end - at);
      at = end;
      continue;
    }
    if (c == '}') in_k = false;
    const bool starts_value = at > 0 && (json[at - 1] == ':' || json[at - 1] == ' ');
    if (c >= '0' && c <= '9' && starts_value) {
      const std::size_t end = std::min(json.find_first_not_of("0123456789", at), json.size());
      const std::string_view digits = json.substr(at, end - at);
      out += rewrite(name, in_k, digits).value_or(std::string(digits));
      at = end;
      continue;
    }
    out += c;
    ++at;
  }
  return out;
}

}  // namespace

std::optional<StreamText> SplitStreamText(std::string_view frame) {
  StreamText text;
  if (frame.starts_with(kStreamKey)) {
    const std::size_t name_end = frame.find('"', kStreamKey.size());
    if (name_end == std::string_view::npos || !frame.substr(name_end).starts_with(kDataKey) ||
        !frame.ends_with('}')) {
      return std::nullopt;
    }
    text.stream = frame.substr(kStreamKey.size(), name_end - kStreamKey.size());
    text.payload = frame.substr(name_end + kDataKey.size());
    text.payload.remove_suffix(1);
    text.combined = frame;
    return text;
  }
  const FrameHead head = NameFrame(frame);
  if (!head.stream_symbol.empty()) {
    // Combined with blanks or in another order.
    const std::string_view stream = FieldOf(frame, "stream");
    text.payload = FieldOf(frame, "data");
    if (stream.empty() || text.payload.empty()) return std::nullopt;
    text.stream = stream;
    text.combined = frame;
    return text;
  }
  text.stream = StreamOfRaw(head, frame);
  text.payload = frame;
  if (text.stream.empty()) return std::nullopt;
  return text;
}

std::string Combined(std::string_view stream, std::string_view payload) {
  return absl::StrCat(Abseil(kStreamKey), Abseil(stream), Abseil(kDataKey), Abseil(payload), "}");
}

std::string InTimeUnit(std::string_view payload, TimeUnit unit) {
  const bool reference = FieldOf(payload, "e") == "referencePrice";
  return RewriteIntegers(
      payload,
      [&](std::string_view name, bool in_k, std::string_view digits) -> std::optional<std::string> {
        const bool is_time = name == "E" || name == "T" || name == "O" || name == "C" ||
                             (name == "t" && (in_k || reference));
        if (!is_time) return std::nullopt;
        if (unit == TimeUnit::kMillisecond && digits.size() == kMicrosecondDigits) {
          return std::string(digits.substr(0, kMillisecondDigits));
        }
        if (unit == TimeUnit::kMicrosecond && digits.size() == kMillisecondDigits) {
          const bool is_last_moment = in_k && name == "T";
          return absl::StrCat(Abseil(digits), is_last_moment ? "999" : "000");
        }
        return std::nullopt;
      });
}

std::string WithShiftedIds(std::string_view payload, std::int64_t shift) {
  return RewriteIntegers(
      payload,
      [&](std::string_view name, bool, std::string_view digits) -> std::optional<std::string> {
        if (name != "U" && name != "u" && name != "pu" && name != "lastUpdateId") {
          return std::nullopt;
        }
        std::int64_t id = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), id);
        return absl::StrCat(std::max<std::int64_t>(id - shift, 0));
      });
}

std::string WithUnknownField(std::string_view payload) {
  if (!payload.starts_with('{')) return std::string(payload);
  return absl::StrCat(R"({"zz":{"new":[1,"2",null],"U":7},)", Abseil(payload.substr(1)));
}

}  // namespace thalweg
