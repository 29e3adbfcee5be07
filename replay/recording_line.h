// One line of a recording, taken apart and put together: `<receive time> <payload>` or `<receive
// time> #<word> ...`.
//
// Grammar: docs/RECORDINGS.md. Views point into the line and live as long as it does.
// Invariant: what is put together and taken apart again is equal, but for newlines inside it.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/units.h"

namespace thalweg {

enum class LineKind : std::uint8_t {
  kFrame,           // a payload exactly as received
  kHeader,          // #thalweg 1 {json}
  kRest,            // #rest GET <target> <body>
  kConnOpen,        // #conn <id> open <url>
  kConnClose,       // #conn <id> close <code>
  kDrop,            // #drop <n> <kind> <SYMBOL>
  kLost,            // #lost <n> <reason>
  kDigest,          // #digest <n> <hex>
  kAudit,           // #audit <SYMBOL>
  kOtherHash,       // any other '#' line, #sbe included: skipped and counted
  kUnknownVersion,  // #thalweg <any other number>: nothing behind it may be read as version 1
  kMalformed,       // none of these; `reason` says why
};

struct RecordingLine {
  // Not defaulted: g++ would clear the object with `rep stos`, whose start alone takes as long as
  // reading a frame's line (25 ns instead of 13).
  RecordingLine() noexcept {}

  LineKind kind = LineKind::kMalformed;
  ReceiveTime receive_time;

  std::string_view payload;     // kFrame: the payload. kHeader: the json. kRest: the body.
  std::string_view target;      // kRest: "/api/v3/depth?symbol=BTCUSDT&limit=1000"
  std::string_view symbol;      // kDrop, kAudit
  std::string_view stream;      // kDrop: the kind of frame lost ("depth", "trade", ...)
  std::string_view url;         // kConnOpen
  std::string_view reason;      // kLost, kMalformed
  std::string_view digest;      // kDigest
  std::int64_t count = 0;       // kDrop, kLost: lines or frames; kDigest: records;
                                // kUnknownVersion: the version
  std::int64_t connection = 0;  // kConnOpen, kConnClose
};

// Takes a line (without its newline) apart. Receive times are ns from 1e17, us from 1e14, else ms.
[[nodiscard]] RecordingLine ParseRecordingLine(std::string_view line) noexcept;

// What a reader says of a line that is kUnknownVersion, and ends with: DataLoss with file, line
// and version.
[[nodiscard]] absl::Status UnknownVersionError(std::string_view path, std::int64_t line_number,
                                               const RecordingLine& line);

// Appends a line with its newline: the time, a blank, `text`. A frame's text is its payload, that
// of other lines is made by the functions below. A newline in it, or a '\r' at its end, would end
// the line early and becomes a blank (in JSON both are white space). A time from before 1973, below
// 1e17 ns, can only be written in ms: it is rounded down, to 0 at least.
void AppendLine(ReceiveTime received, std::string_view text, std::string* out);

// What AppendLine writes at most in addition to `text`.
inline constexpr std::size_t kLineFrameBytesMax = 21;

// The text of a line of each kind, appended. REQUIRES: words that stand between blanks (target,
// url, stream, symbol) hold none, and nothing is empty; numbers are not negative.
void AppendHeaderText(std::string_view json, std::string* out);
void AppendRestText(std::string_view target, std::string_view body, std::string* out);
void AppendConnOpenText(std::int64_t connection, std::string_view url, std::string* out);
void AppendConnCloseText(std::int64_t connection, int code, std::string* out);
void AppendDropText(std::int64_t count, std::string_view stream, std::string_view symbol,
                    std::string* out);
void AppendLostText(std::int64_t count, std::string_view reason, std::string* out);
void AppendDigestText(std::int64_t count, std::string_view digest, std::string* out);
void AppendAuditText(std::string_view symbol, std::string* out);

}  // namespace thalweg
