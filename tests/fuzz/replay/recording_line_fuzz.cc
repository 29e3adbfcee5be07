// Lines of recordings: every part lies in the line and obeys the grammar, the receive time is that
// of an obvious reading, and a malformed line says why and nothing else.

#include <algorithm>
#include <cctype>

#include "replay/recording_line.h"
#include "tests/fuzz/fuzz_target.h"

namespace thalweg {
namespace {

using fuzz::Require;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The nanoseconds that the line begins with; nothing below zero.
std::int64_t ReadTimeSlowly(std::string_view text) {
  __int128 time = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && IsDigit(text[digits]); ++digits) {
    if (digits == 19) return -1;
    time = time * 10 + (text[digits] - '0');
  }
  if (digits == 0) return -1;
  if (time < 100'000'000'000'000) {
    time *= 1'000'000;
  } else if (time < 100'000'000'000'000'000) {
    time *= 1'000;
  }
  return time > INT64_MAX ? -1 : static_cast<std::int64_t>(time);
}

bool OpensJson(std::string_view text) {
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

bool IsOneWord(std::string_view text) {
  return !text.empty() && text.find(' ') == std::string_view::npos;
}

// The word that a line of this kind begins with, after its time; empty where it has none.
std::string_view WordOf(LineKind kind) {
  switch (kind) {
    case LineKind::kHeader:
      return "#thalweg 1 ";
    case LineKind::kRest:
      return "#rest GET ";
    case LineKind::kConnOpen:
    case LineKind::kConnClose:
      return "#conn ";
    case LineKind::kDrop:
      return "#drop ";
    case LineKind::kLost:
      return "#lost ";
    case LineKind::kDigest:
      return "#digest ";
    case LineKind::kAudit:
      return "#audit ";
    case LineKind::kUnknownVersion:
      return "#thalweg ";
    case LineKind::kOtherHash:
      return "#";
    case LineKind::kFrame:
    case LineKind::kMalformed:
      break;
  }
  return {};
}

void CheckParts(const RecordingLine& line) {
  switch (line.kind) {
    case LineKind::kFrame:
      return Require(OpensJson(line.payload), "a frame is JSON");
    case LineKind::kHeader:
      return Require(line.payload.starts_with('{'), "a header is a JSON object");
    case LineKind::kRest:
      return Require(
          line.target.starts_with('/') && IsOneWord(line.target) && OpensJson(line.payload),
          "an answer has a target and a JSON body");
    case LineKind::kConnOpen:
      return Require(IsOneWord(line.url), "an opened connection has a url");
    case LineKind::kDrop:
      return Require(IsOneWord(line.stream) && IsOneWord(line.symbol),
                     "a drop has a kind and a symbol");
    case LineKind::kLost:
      return Require(!line.reason.empty(), "a loss has a reason");
    case LineKind::kDigest:
      return Require(line.digest.size() == 32 &&
                         std::all_of(line.digest.begin(), line.digest.end(),
                                     [](unsigned char c) { return std::isxdigit(c) != 0; }),
                     "a digest has 32 hex digits");
    case LineKind::kAudit:
      return Require(IsOneWord(line.symbol), "an audit has a symbol");
    case LineKind::kUnknownVersion:
      return Require(line.count != 1, "version 1 is known");
    case LineKind::kConnClose:
    case LineKind::kOtherHash:
    case LineKind::kMalformed:
      return;
  }
}

void CheckLine(std::string_view text) {
  const RecordingLine line = ParseRecordingLine(text);
  if (line.kind == LineKind::kMalformed) {
    Require(!line.reason.empty(), "a malformed line says why");
    Require(line.payload.empty() && line.target.empty() && line.symbol.empty() && line.count == 0 &&
                line.connection == 0,
            "nothing of a malformed line shows");
    return;
  }
  for (const std::string_view part :
       {line.payload, line.target, line.symbol, line.stream, line.url, line.reason, line.digest}) {
    Require(fuzz::LiesIn(part, text), "every part lies in the line");
  }
  Require(line.receive_time.raw() == ReadTimeSlowly(text),
          "the time is that of the obvious reading");
  const std::size_t blank = text.find(' ');
  Require(blank != std::string_view::npos && text.substr(blank + 1).starts_with(WordOf(line.kind)),
          "the kind is that of the word after the time");
  Require(line.count >= 0 && line.connection >= 0, "no number is negative");
  CheckParts(line);
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // No padding is promised here: a line may end where its memory does.
  thalweg::CheckLine(thalweg::fuzz::TextOf(data, size));
  return 0;
}
