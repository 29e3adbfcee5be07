// One line of a recording, taken apart: `<receive time> <payload>` or `<receive time> #<word> ...`.
//
// Grammar: docs/RECORDINGS.md. Views point into the line and live as long as it does.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/units.h"

namespace thalweg {

enum class LineKind : std::uint8_t {
  kFrame,      // a payload exactly as received
  kHeader,     // #thalweg 1 {json}
  kRest,       // #rest GET <target> <body>
  kConnOpen,   // #conn <id> open <url>
  kConnClose,  // #conn <id> close <code>
  kDrop,       // #drop <n> <kind> <SYMBOL>
  kLost,       // #lost <n> <reason>
  kDigest,     // #digest <n> <hex>
  kOtherHash,  // any other '#' line, #sbe included: skipped and counted
  kMalformed,  // none of these; `reason` says why
};

struct RecordingLine {
  // Not defaulted: g++ would clear the object with `rep stos`, whose start alone takes as long as
  // reading a frame's line (25 ns instead of 13).
  RecordingLine() noexcept {}

  LineKind kind = LineKind::kMalformed;
  ReceiveTime receive_time;

  std::string_view payload;     // kFrame: the payload. kHeader: the json. kRest: the body.
  std::string_view target;      // kRest: "/api/v3/depth?symbol=BTCUSDT&limit=1000"
  std::string_view symbol;      // kDrop
  std::string_view stream;      // kDrop: the kind of frame lost ("depth", "trade", ...)
  std::string_view url;         // kConnOpen
  std::string_view reason;      // kLost, kMalformed
  std::string_view digest;      // kDigest
  std::int64_t count = 0;       // kDrop, kLost: lines or frames; kDigest: records
  std::int64_t connection = 0;  // kConnOpen, kConnClose
};

// Takes a line (without its newline) apart. Receive times are ns from 1e17, us from 1e14, else ms.
[[nodiscard]] RecordingLine ParseRecordingLine(std::string_view line) noexcept;

}  // namespace thalweg
