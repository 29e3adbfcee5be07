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
#include <string>

#include "core/units.h"
#include "feeds/net/endpoint.h"
#include "feeds/net/stream_socket.h"

namespace thalweg {

class Dialer;

inline constexpr std::size_t kMessageBytesMax = std::size_t{4} << 20;
// From a message's first byte to its last.
inline constexpr Nanos kMessageDeadline = 5 * kSecond;
// Of the upgrade alone, and of everything from the name to the upgrade.
inline constexpr Nanos kUpgradeDeadline = 5 * kSecond;
inline constexpr Nanos kOpenDeadline = 30 * kSecond;
// From a close frame of ours to the end, and from one of the exchange until ours is sent: then it
// has ended.
inline constexpr Nanos kSocketCloseDeadline = kSecond;
// How often deadlines are looked at, and pongs that had to wait are sent.
inline constexpr Nanos kSocketTick = 20 * kMillisecond;
// Texts that wait to be sent; one more ends the connection.
inline constexpr std::size_t kTextsQueuedMax = 64;

struct SocketOptions {
  std::size_t message_bytes_max = kMessageBytesMax;
  Nanos message_deadline = kMessageDeadline;
  Nanos upgrade_deadline = kUpgradeDeadline;
  Nanos open_deadline = kOpenDeadline;
  Nanos close_deadline = kSocketCloseDeadline;
  Nanos pace_window = kClientFramesWindow;
  int receive_buffer_bytes = 0;      // SO_RCVBUF; 0: the system's.
  std::uint32_t stamped_reads = 17;  // Of so many one is asked when the kernel had its bytes.
};

class WebSocketClient final : public StreamSocket {
 public:
  // Begins at once; observer and dialer outlive the client. `target`: path and query, behind the
  // endpoint's prefix.
  WebSocketClient(Dialer& dialer, const Endpoint& endpoint, const std::string& target,
                  const SocketOptions& options, SocketObserver& observer);
  // Ends it at once; the observer is not called any more.
  ~WebSocketClient() override;
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  void Send(std::string text) override;
  void Ping() override;
  void Close(int code) override;
  [[nodiscard]] FramePace& pace() noexcept override;
  [[nodiscard]] const SocketCounts& counts() const noexcept override;

 private:
  class Socket;
  const std::shared_ptr<Socket> socket_;
};

}  // namespace thalweg
