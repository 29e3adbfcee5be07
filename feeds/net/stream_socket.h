// A WebSocket connection as its owner sees it: what it tells, and what it is asked for.
//
// The seam between sockets (feeds/net/websocket_client.h) and whoever decides about them
// (feeds/net/stream_slot.h). Threads: one, that of the network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/stage.h"
#include "core/units.h"
#include "feeds/net/frame_pace.h"

namespace thalweg {

inline constexpr int kCloseNormal = 1'000;
inline constexpr int kCloseNone = 1'006;  // It ended without a close frame.

struct SocketMessage {
  ReceiveTime received;        // Wall clock,
  std::int64_t monotonic = 0;  // and CLOCK_MONOTONIC in ns, when its last byte was in memory.
  std::string_view text;       // Valid during the call.
  bool is_binary = false;
  // How long the newest bytes that were read with its last ones had lain in the kernel then.
  // kNoTime: nobody asked, the kernel does not say, or a clock was set meanwhile.
  Nanos socket_ns = kNoTime;
};

struct SocketEnd {
  int code = kCloseNone;  // Of the close frame, theirs or ours.
  // OK after a close that was asked for; else what happened, in words.
  absl::Status status;
  bool was_open = false;
  int http_status = 0;               // Of a refused upgrade.
  std::optional<Nanos> retry_after;  // Likewise, where the answer says it.
};

class SocketObserver {
 public:
  virtual ~SocketObserver() = default;
  virtual void OnOpen() = 0;
  virtual void OnMessage(const SocketMessage& message) = 0;
  virtual void OnPing() = 0;  // It is answered already, or will be.
  virtual void OnPong() = 0;
  // The last call. It may destroy the client, as every other one may.
  virtual void OnEnd(const SocketEnd& end) = 0;
};

struct SocketCounts {
  std::int64_t messages = 0;
  std::int64_t bytes = 0;  // Of the stream, inside TLS.
  std::int64_t pings = 0;
  std::int64_t pongs_sent = 0;    // Fewer than pings when they came too fast.
  std::int64_t unread_bytes = 0;  // In the kernel when last looked: more than little is lag.
  std::int64_t unread_bytes_max = 0;
};

class StreamSocket {
 public:
  // Ends it at once; the observer is not called any more.
  virtual ~StreamSocket() = default;

  // Both are paid for by the caller from pace(). Nothing happens when it is not open.
  virtual void Send(std::string text) = 0;
  virtual void Ping() = 0;
  // Says goodbye; OnEnd() comes after the answer, or after the deadline.
  virtual void Close(int code) = 0;

  [[nodiscard]] virtual FramePace& pace() noexcept = 0;
  [[nodiscard]] virtual const SocketCounts& counts() const noexcept = 0;
};

}  // namespace thalweg
