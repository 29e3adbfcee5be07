// What an exchange is asked to do wrong, and when: `KIND[:NAME=VALUE,...]@WHEN`.
//
// "drop@frame=100", "stall:for=5,stream=btcusdt@depth@100ms@time=30". When: the Nth frame of the
// feed (of the fault's stream or symbol, where it names one), the depth event or ticker that holds
// an update id, seconds of the feed since the first subscription, the Nth depth request, the Nth
// attempt to connect, the Nth control message. All count from 1, so a script does the same thing
// every time. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"

namespace thalweg {

enum class FaultKind : std::uint8_t {
  // Of frames of the feed.
  kDrop,          // They are not sent.
  kDuplicate,     // They are sent again, `times` times.
  kReorder,       // They are sent after the next `by` frames of their stream.
  kDelay,         // They are sent `for` seconds later; others pass them.
  kMalformed,     // Something else is sent in their place: `how`.
  kUnknownField,  // With a field that nobody knows.
  kUnknownEvent,  // Before them an event that nobody knows, on the same stream.
  kCut,           // Of the message only `bytes` bytes, then the connection ends: `how`.
  // From a moment on.
  kStall,     // No frames (of `stream`, or of all) for `for` seconds; then all at once, or lost.
  kDribble,   // `bytes` at a time, one part every `every` seconds, for `for` seconds.
  kIdReset,   // Update ids of `symbol` begin again at `to`.
  kShutdown,  // serverShutdown is said, and `for` seconds later every connection is closed.
  kClose,     // Every connection is closed with `code`; 1006: is reset, without a goodbye.
  kPings,     // `count` pings at once.
  // What the exchange does to an instrument, or to all.
  kTickSize,     // The tick of `symbol` is `tick`.
  kStepSize,     // The quantity step of `symbol` is `step`.
  kHalt,         // `symbol` does not trade for `for` seconds; `how`: its status.
  kDelist,       // `symbol` is not listed any more, and falls silent.
  kRelist,       // `symbol` is listed anew, with another book and all its ids from `to`.
  kMaintenance,  // All connections are closed; all is answered with `status` for `for` seconds.
  // Of requests.
  kRefuse,           // Attempts to connect: `status`, or without an answer when it is 0.
  kRestError,        // Depth requests are answered with `status`.
  kSnapshotLate,     // ... `for` seconds later.
  kSnapshotOld,      // ... with the book of `by` update ids ago.
  kSnapshotGarbage,  // ... with something else: `how`.
  // Of control messages.
  kReply,  // `how`: error, lost, other-id.
};

enum class FaultTrigger : std::uint8_t { kFrame, kId, kTime, kRequest, kAttempt, kControl };

struct Fault {
  FaultKind kind = FaultKind::kDrop;
  FaultTrigger trigger = FaultTrigger::kFrame;
  std::int64_t at = 1;  // A number or an id.
  Nanos time = 0;       // kTime.
  std::string text;     // As it was written.

  std::string stream;           // Only frames of this stream.
  std::string symbol;           // Only frames, requests or ids of this symbol.
  std::int64_t connection = 0;  // Only this one, by the order in which they opened; 0: all.
  std::int64_t count = 1;       // As many frames, requests, attempts, messages in a row.
  std::int64_t times = 1;
  std::int64_t by = 1;
  std::int64_t bytes = 0;
  std::int64_t to = 1;
  std::int64_t status = 503;
  std::int64_t code = 1'001;
  Nanos length = 0;  // `for`
  Nanos every = 0;
  Price increment;        // `tick` or `step`
  bool is_lost = false;   // `lose=yes`
  bool no_pings = false;  // `pings=no`
  std::string how;
};

// InvalidArgument with the text, what is wrong with it and what is allowed.
[[nodiscard]] absl::StatusOr<Fault> ParseFault(std::string_view text);
// A fault a line; empty lines and what stands behind a '#' at a line's beginning are skipped. The
// status names `path` and the line.
[[nodiscard]] absl::StatusOr<std::vector<Fault>> ParseFaultScript(std::string_view path,
                                                                  std::string_view text);

// Every kind with what it takes, a line each: for help texts.
[[nodiscard]] std::string DescribeFaults();

}  // namespace thalweg
