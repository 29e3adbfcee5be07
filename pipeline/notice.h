// Things worth a line to a person: what happened to a symbol, with the numbers that prove it.
//
// A notice is a value made on the cold side of an event; Describe() makes the text. Whoever drives
// the engine adds where it happened (file and line, or connection).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/units.h"
#include "core/verdict.h"

namespace thalweg {

enum class NoticeKind : std::uint8_t {
  kMalformedFrame,        // verdict
  kUnnamedFrame,          //
  kSequenceGap,           // a: last id before, b: first id after
  kIdsRestarted,          // a: last id before, b: first id after
  kSynchronised,          // a: id of the first event
  kSnapshotRefused,       // text: reason
  kSnapshotMalformed,     // verdict
  kSnapshotTooOld,        // a: its id
  kSnapshotUnattributed,  // a bare snapshot in a recording of several symbols
  kAuditDiverged,         // a: id; text: which audit
  kBucketsRepaired,       // a: id
  kCrossed,               // a: id
  kInstrumentInferred,    // price: tick
  kTickRefined,           // price: tick
  kUnitRefined,           // a: decimals
  kUnitCoarsened,         // a: decimals
  kTickCoarser,           // price: tick, to count from the next synchronisation
  kSourcesDisagree,       // price: the tick not used
  kExchangeInfoUnusable,  // text: reason
  kInstrumentUnusable,    // text: reason
  kHalted,                //
  kTrading,               //
  kClockRestarted,        // a: the clock until now, b: the clock now
  kTimeDisbelieved,       // a: event time in ns, b: clock in ns
  kTradeGap,              // a: last id before, b: id after
  kInputLost,             // a: count
  kWindowOverflow,        //
  kTooManySymbols,        //
  kControlError,          // text: the exchange's words
  kServerShutdown,        //
  kDelisted,              //
};

struct Notice {
  NoticeKind kind{};
  std::string_view symbol{};  // Empty when it concerns no single symbol.
  DecodeVerdict verdict = DecodeVerdict::kOk;
  std::int64_t a = 0;
  std::int64_t b = 0;
  Price price{};
  std::string_view text{};
};

// Whether the notice says that the input is bad in the sense of `--strict`.
[[nodiscard]] bool IsDefect(NoticeKind kind) noexcept;

// One sentence without a full stop: "BTCUSDT: gap: book at 1000, next event begins at 1005".
[[nodiscard]] std::string Describe(const Notice& notice);

}  // namespace thalweg
