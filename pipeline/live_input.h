// What a network gives an engine's thread, one by one: a frame, an answer, what became of a
// connection, a loss. And what takes each of them once the engine has used it, such as a recorder.
//
// The texts lie in memory that belongs to the input (pipeline/input_pool.h), with kPayloadPadding
// readable bytes before and after them. An input has one owner at a time: the network's thread, the
// engine's, the sink's, and the pool again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/stage.h"
#include "core/units.h"

namespace thalweg {

enum class InputKind : std::uint8_t {
  kFrame,             // payload: a message as it was received
  kRest,              // name: the target; payload: the body
  kConnectionOpen,    // payload: the url
  kConnectionClosed,  // code
  kDropped,           // count frames; name: their kind; payload: the symbol
  kLost,              // count frames of which nobody knows what they were
  kDigest,            // Made by the shard. count: records; payload: their digest
};

struct LiveInput {
  InputKind kind = InputKind::kFrame;
  std::uint8_t size_class = 0;  // The pool's.
  bool is_lagged = false;       // kFrame: it waited in the kernel.
  int code = 0;                 // Of a close.
  std::uint32_t share = 0;  // Whose share of the pool it is: a symbol's position, or the rest's.
  std::int64_t connection = 0;
  ReceiveTime received;
  std::int64_t monotonic = 0;        // CLOCK_MONOTONIC in ns.
  std::int64_t socket_ns = kNoTime;  // kFrame: how long it had waited in the kernel then.
  std::int64_t count = 0;
  std::int64_t lost_before = 0;  // The sink's: inputs refused since the one before.
  std::string_view name;
  std::string_view payload;
  std::size_t capacity = 0;             // Bytes of text.
  std::atomic<bool>* in_use = nullptr;  // Of an input that is not the pool's: cleared on return.
};

// Takes inputs in the order in which the engine has used them. Called from the engine's thread: it
// does not wait, allocate or call the kernel but for a wake.
class InputSink {
 public:
  virtual ~InputSink() = default;
  // True: the input is the sink's, which returns it to the pool. False: there is no room; the loss
  // is for the sink to tell.
  [[nodiscard]] virtual bool Take(LiveInput& input) = 0;
};

}  // namespace thalweg
