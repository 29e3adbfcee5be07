// One WebSocket connection to an exchange: dialled, upgraded, read until its end.
//
// Messages come whole, with the time at which their last byte was in memory; a partial one is never
// told of. Nothing is retried: an end is told once, with its reason, and the next attempt is for
// the owner (feeds/net/live_feed.h).
//
//   pings      answered with their payload, at most 4 frames a second with everything else that is
//              sent (feeds/net/frame_pace.h); under a flood the newest ping stands for all
//   messages   at most kMessageBytesMax, else close 1009; begun and not ended for kMessageDeadline
//              (a dribble): closed; text is valid UTF-8, else close 1007
//   protocol   what RFC 6455 forbids ends the connection with 1002 (Beast judges)
//   refusals   an answer that is not 101 is an end with its status and Retry-After; a redirect is
//              one too, and is not followed
//   no permessage-deflate: it is not offered, so nothing can unpack to more than was sent
//
// Threads: the loop's. OnMessage allocates nothing once the buffer has the size of the longest
// message. Boost stays in the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/units.h"
#include "feeds/net/endpoint.h"
#include "feeds/net/frame_pace.h"

namespace thalweg {

class Dialer;

inline constexpr std::size_t kMessageBytesMax = std::size_t{4} << 20;
// From a message's first byte to its last.
inline constexpr Nanos kMessageDeadline = 5 * kSecond;
// Of the upgrade alone, and of everything from the name to the upgrade.
inline constexpr Nanos kUpgradeDeadline = 5 * kSecond;
inline constexpr Nanos kOpenDeadline = 30 * kSecond;
// From a close frame of either side to the end.
inline constexpr Nanos kCloseDeadline = kSecond;
// How often deadlines are looked at, and pongs that had to wait are sent.
inline constexpr Nanos kSocketTick = 20 * kMillisecond;
// Texts that wait to be sent; one more ends the connection.
inline constexpr std::size_t kTextsQueuedMax = 64;

inline constexpr int kCloseNormal = 1'000;
inline constexpr int kCloseNone = 1'006;  // It ended without a close frame.

struct SocketMessage {
  ReceiveTime received;        // Wall clock,
  std::int64_t monotonic = 0;  // and CLOCK_MONOTONIC in ns, when its last byte was in memory.
  std::string_view text;       // Valid during the call.
  bool is_binary = false;
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

struct SocketOptions {
  std::size_t message_bytes_max = kMessageBytesMax;
  Nanos message_deadline = kMessageDeadline;
  Nanos upgrade_deadline = kUpgradeDeadline;
  Nanos open_deadline = kOpenDeadline;
  Nanos close_deadline = kCloseDeadline;
  Nanos pace_window = kClientFramesWindow;
  int receive_buffer_bytes = 0;  // SO_RCVBUF; 0: the system's.
};

class WebSocketClient {
 public:
  // Begins at once; observer and dialer outlive the client. `target`: path and query, behind the
  // endpoint's prefix.
  WebSocketClient(Dialer& dialer, const Endpoint& endpoint, const std::string& target,
                  const SocketOptions& options, SocketObserver& observer);
  // Ends it at once; the observer is not called any more.
  ~WebSocketClient();
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  // Both are paid for by the caller from pace(). Nothing happens when it is not open.
  void Send(std::string text);
  void Ping();
  // Says goodbye; OnEnd() comes after the answer, or after the deadline.
  void Close(int code);

  [[nodiscard]] FramePace& pace() noexcept;
  [[nodiscard]] const SocketCounts& counts() const noexcept;

 private:
  class Socket;
  const std::shared_ptr<Socket> socket_;
};

}  // namespace thalweg
