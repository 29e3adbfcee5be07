#include "replay/recording_line.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::size_t kTimeDigitsMax = 19;
constexpr std::size_t kDigestDigits = 32;
// From here on a time is in ns, and in us; below, in ms.
constexpr std::uint64_t kNanosFrom = 100'000'000'000'000'000;
constexpr std::uint64_t kMicrosFrom = 100'000'000'000'000;
constexpr std::string_view kFormatVersion = "1";

constexpr bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool IsHexDigit(char c) noexcept {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr bool OpensJson(std::string_view text) noexcept {
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

[[maybe_unused]] constexpr bool IsWord(std::string_view text) noexcept {
  return !text.empty() && text.find(' ') == std::string_view::npos;
}

// Eight characters as one number, the first one lowest (x86-64 and the usual ARM are little
// endian).
std::uint64_t EightBytes(const char* text) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

// Every high half must be 3, and stay 3 when 6 is added, which takes ':' to '?' away.
constexpr bool AreEightDigits(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0;
  constexpr std::uint64_t kThrees = 0x3030303030303030;
  return (bytes & kHighHalves) == kThrees &&
         ((bytes + 0x0606060606060606) & kHighHalves) == kThrees;
}

// Joins digits to pairs, pairs to fours, fours to the eight: three multiplications instead of eight
// that wait for each other.
constexpr std::uint64_t EightDigitValue(std::uint64_t bytes) noexcept {
  bytes = (bytes & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
  bytes = (bytes & 0x00FF00FF00FF00FF) * 6553601 >> 16;
  return (bytes & 0x0000FFFF0000FFFF) * 42949672960001 >> 32;
}
static_assert(EightDigitValue(0x3837363534333231) == 12'345'678);

// The digits at the front of a text: at most kTimeDigitsMax of them fit `value`.
struct Digits {
  std::uint64_t value = 0;
  std::size_t count = 0;
};

Digits LeadingDigits(std::string_view text) noexcept {
  Digits digits;
  while (digits.count + 8 <= text.size() && digits.count <= kTimeDigitsMax) {
    const std::uint64_t eight = EightBytes(text.data() + digits.count);
    if (!AreEightDigits(eight)) break;
    digits.value = digits.value * 100'000'000 + EightDigitValue(eight);
    digits.count += 8;
  }
  while (digits.count < text.size() && digits.count <= kTimeDigitsMax &&
         IsDigit(text[digits.count])) {
    digits.value = digits.value * 10 + static_cast<std::uint64_t>(text[digits.count] - '0');
    ++digits.count;
  }
  return digits;
}

// A time in its own unit as nanoseconds; false when it is beyond kTimeMax.
bool ToNanos(std::uint64_t time, std::int64_t* nanos) noexcept {
  const Nanos unit = time >= kNanosFrom ? 1 : time >= kMicrosFrom ? kMicrosecond : kMillisecond;
  return !__builtin_mul_overflow(time, unit, nanos) && *nanos <= kTimeMax;
}

// A whole word as a number that is not negative.
bool ReadCount(std::string_view word, std::int64_t* count) noexcept {
  const Digits digits = LeadingDigits(word);
  if (digits.count == 0 || digits.count != word.size() || digits.count > kTimeDigitsMax) {
    return false;
  }
  if (digits.value > static_cast<std::uint64_t>(INT64_MAX)) return false;
  *count = static_cast<std::int64_t>(digits.value);
  return true;
}

// Takes the text up to the next blank off the front of `rest`, and the blank.
std::string_view TakeWord(std::string_view* rest) noexcept {
  const std::size_t blank = rest->find(' ');
  const std::string_view word = rest->substr(0, blank);
  rest->remove_prefix(blank == std::string_view::npos ? rest->size() : blank + 1);
  return word;
}

// Each of these takes what stands after its own word apart into `line`, and says what is wrong with
// it: nothing when the answer is empty.

std::string_view ReadHeader(std::string_view rest, RecordingLine* line) noexcept {
  const std::string_view version = TakeWord(&rest);
  if (!ReadCount(version, &line->count) || (version.size() > 1 && version.front() == '0')) {
    return "#thalweg: the format version is no number";
  }
  if (version != kFormatVersion) {
    line->kind = LineKind::kUnknownVersion;
    return {};
  }
  if (rest.empty() || rest.front() != '{') return "#thalweg: no JSON object after the version";
  line->kind = LineKind::kHeader;
  line->payload = rest;
  return {};
}

std::string_view ReadRest(std::string_view rest, RecordingLine* line) noexcept {
  if (TakeWord(&rest) != "GET") return "#rest: the method is not GET";
  line->target = TakeWord(&rest);
  if (line->target.empty() || line->target.front() != '/') return "#rest: the target is no path";
  if (!OpensJson(rest)) return "#rest: the body is no JSON";
  line->kind = LineKind::kRest;
  line->payload = rest;
  return {};
}

std::string_view ReadConn(std::string_view rest, RecordingLine* line) noexcept {
  if (!ReadCount(TakeWord(&rest), &line->connection)) return "#conn: the id is no number";
  const std::string_view change = TakeWord(&rest);
  if (change == "open") {
    if (rest.empty() || rest.find(' ') != std::string_view::npos) return "#conn: no url";
    line->kind = LineKind::kConnOpen;
    line->url = rest;
    return {};
  }
  std::int64_t close_code = 0;
  if (change != "close") return "#conn: neither open nor close";
  if (!ReadCount(rest, &close_code)) return "#conn: the close code is no number";
  line->kind = LineKind::kConnClose;
  return {};
}

std::string_view ReadDrop(std::string_view rest, RecordingLine* line) noexcept {
  if (!ReadCount(TakeWord(&rest), &line->count)) return "#drop: the count is no number";
  line->stream = TakeWord(&rest);
  if (line->stream.empty()) return "#drop: no kind of frame";
  if (rest.empty() || rest.find(' ') != std::string_view::npos) return "#drop: no symbol";
  line->kind = LineKind::kDrop;
  line->symbol = rest;
  return {};
}

std::string_view ReadLost(std::string_view rest, RecordingLine* line) noexcept {
  if (!ReadCount(TakeWord(&rest), &line->count)) return "#lost: the count is no number";
  if (rest.empty()) return "#lost: no reason";
  line->kind = LineKind::kLost;
  line->reason = rest;
  return {};
}

std::string_view ReadDigest(std::string_view rest, RecordingLine* line) noexcept {
  if (!ReadCount(TakeWord(&rest), &line->count)) return "#digest: the count is no number";
  bool good = rest.size() == kDigestDigits;
  for (const char c : rest) good = good && IsHexDigit(c);
  if (!good) return "#digest: not 32 hex digits";
  line->kind = LineKind::kDigest;
  line->digest = rest;
  return {};
}

std::string_view ReadAudit(std::string_view rest, RecordingLine* line) noexcept {
  if (rest.empty() || rest.find(' ') != std::string_view::npos) return "#audit: no symbol";
  line->kind = LineKind::kAudit;
  line->symbol = rest;
  return {};
}

std::string_view ReadHashLine(std::string_view text, RecordingLine* line) noexcept {
  const std::string_view word = TakeWord(&text);
  if (word == "#thalweg") return ReadHeader(text, line);
  if (word == "#rest") return ReadRest(text, line);
  if (word == "#conn") return ReadConn(text, line);
  if (word == "#drop") return ReadDrop(text, line);
  if (word == "#lost") return ReadLost(text, line);
  if (word == "#digest") return ReadDigest(text, line);
  if (word == "#audit") return ReadAudit(text, line);
  line->kind = LineKind::kOtherHash;
  return {};
}

std::string_view ReadLine(std::string_view text, RecordingLine* line) noexcept {
  const Digits time = LeadingDigits(text);
  if (time.count == 0) return "no receive time at the front";
  if (time.count > kTimeDigitsMax) return "the receive time has more than 19 digits";
  std::int64_t nanos = 0;
  if (!ToNanos(time.value, &nanos)) return "the receive time is out of range";
  if (time.count == text.size() || text[time.count] != ' ')
    return "no blank after the receive time";
  line->receive_time = ReceiveTime(nanos);
  const std::string_view rest = text.substr(time.count + 1);
  if (OpensJson(rest)) [[likely]] {
    line->kind = LineKind::kFrame;
    line->payload = rest;
    return {};
  }
  if (rest.empty()) return "nothing after the receive time";
  if (rest.front() == '#') return ReadHashLine(rest, line);
  return "neither JSON nor a '#' line after the receive time";
}

}  // namespace

RecordingLine ParseRecordingLine(std::string_view text) noexcept {
  RecordingLine line;
  const std::string_view fault = ReadLine(text, &line);
  if (!fault.empty()) [[unlikely]] {
    line = RecordingLine();  // Nothing of what was read before the fault showed.
    line.reason = fault;
  }
  return line;
}

absl::Status UnknownVersionError(std::string_view path, std::int64_t line_number,
                                 const RecordingLine& line) {
  return absl::DataLossError(absl::StrCat(
      Abseil(path), ":", line_number, ": #thalweg: the recording's format has version ", line.count,
      ", and this program reads version ", Abseil(kFormatVersion), " only"));
}

void AppendLine(ReceiveTime received, std::string_view text, std::string* out) {
  const std::int64_t nanos = received.raw();
  const bool in_nanos = nanos >= static_cast<std::int64_t>(kNanosFrom);
  const std::int64_t time = in_nanos ? nanos : std::max<std::int64_t>(nanos, 0) / kMillisecond;
  char digits[kTimeDigitsMax];
  out->append(digits, std::to_chars(digits, digits + sizeof digits, time).ptr);
  out->push_back(' ');
  const std::size_t begin = out->size();
  out->append(text);
  if (!text.empty() && text.back() == '\r') out->back() = ' ';
  if (text.find('\n') != std::string_view::npos) [[unlikely]] {
    std::replace(out->begin() + static_cast<std::ptrdiff_t>(begin), out->end(), '\n', ' ');
  }
  out->push_back('\n');
}
static_assert(kLineFrameBytesMax == kTimeDigitsMax + 2);

void AppendHeaderText(std::string_view json, std::string* out) {
  assert(json.starts_with('{'));
  absl::StrAppend(out, "#thalweg ", Abseil(kFormatVersion), " ", Abseil(json));
}

void AppendRestText(std::string_view target, std::string_view body, std::string* out) {
  assert(IsWord(target) && target.front() == '/' && OpensJson(body));
  absl::StrAppend(out, "#rest GET ", Abseil(target), " ", Abseil(body));
}

void AppendConnOpenText(std::int64_t connection, std::string_view url, std::string* out) {
  assert(connection >= 0 && IsWord(url));
  absl::StrAppend(out, "#conn ", connection, " open ", Abseil(url));
}

void AppendConnCloseText(std::int64_t connection, int code, std::string* out) {
  assert(connection >= 0 && code >= 0);
  absl::StrAppend(out, "#conn ", connection, " close ", code);
}

void AppendDropText(std::int64_t count, std::string_view stream, std::string_view symbol,
                    std::string* out) {
  assert(count >= 0 && IsWord(stream) && IsWord(symbol));
  absl::StrAppend(out, "#drop ", count, " ", Abseil(stream), " ", Abseil(symbol));
}

void AppendLostText(std::int64_t count, std::string_view reason, std::string* out) {
  assert(count >= 0 && !reason.empty());
  absl::StrAppend(out, "#lost ", count, " ", Abseil(reason));
}

void AppendDigestText(std::int64_t count, std::string_view digest, std::string* out) {
  assert(count >= 0 && digest.size() == kDigestDigits);
  absl::StrAppend(out, "#digest ", count, " ", Abseil(digest));
}

void AppendAuditText(std::string_view symbol, std::string* out) {
  assert(IsWord(symbol));
  absl::StrAppend(out, "#audit ", Abseil(symbol));
}

}  // namespace thalweg
