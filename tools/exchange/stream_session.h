// One WebSocket connection of an exchange, without its socket: what it subscribed to, what its
// control messages are answered, how many frames it sent, whether it answers pings.
//
// Control messages and their replies are those of the exchange's documentation. Time is passed in.
// Bounds: streams and client frames as the venue says. Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "tools/exchange/stream_text.h"
#include "tools/exchange/venue.h"

namespace thalweg {

// How errors of control messages look. Documentation shows them flat, servers were seen to wrap
// them.
enum class ErrorShape : std::uint8_t { kWrapped, kFlat };

// A connection's address: "/ws/a/b" or "/stream?streams=a/b&timeUnit=MICROSECOND".
struct StreamTarget {
  std::vector<std::string> streams;
  bool is_combined = false;
  std::optional<TimeUnit> unit;  // Nothing: as the feed has it.
};
// Nothing when it is no address of streams. Percent-encoding is undone. Futures have "/public",
// "/market" and "/private" before it.
[[nodiscard]] std::optional<StreamTarget> ParseStreamTarget(std::string_view target, Market market);

class StreamSession {
 public:
  // REQUIRES: target.streams.size() <= venue.streams_max. `venue` outlives the session.
  StreamSession(const Venue& venue, ErrorShape shape, StreamTarget target, Nanos now);

  // The reply to a control message, and what it did to the subscriptions.
  [[nodiscard]] std::string Answer(std::string_view text);
  // An error reply without a cause, and the id of a message as it is repeated: for faults.
  [[nodiscard]] std::string Refuse(std::string_view text) const;

  [[nodiscard]] bool IsSubscribed(std::string_view stream) const;
  [[nodiscard]] const std::vector<std::string>& streams() const noexcept { return streams_; }
  [[nodiscard]] bool is_combined() const noexcept { return is_combined_; }
  [[nodiscard]] std::optional<TimeUnit> unit() const noexcept { return unit_; }

  // A frame of any kind came from the client. False: it sent too many.
  [[nodiscard]] bool CountClientFrame(Nanos now);

  // A ping was sent; the client's pong came. A pong that repeats no ping's payload is allowed and
  // means nothing.
  void OnPingSent(std::string_view payload, Nanos now);
  void OnPong(std::string_view payload);
  // When a ping is due, when an unanswered one is too old, when the connection's life is over.
  [[nodiscard]] Nanos next_ping() const noexcept { return next_ping_; }
  [[nodiscard]] std::optional<Nanos> pong_deadline() const;
  [[nodiscard]] Nanos end_of_life() const noexcept { return opened_ + venue_.connection_life; }

 private:
  struct Request;
  [[nodiscard]] std::string Perform(const Request& request);
  [[nodiscard]] std::string Error(int code, std::string_view message, std::string_view id) const;

  const Venue& venue_;
  const ErrorShape shape_;
  const Nanos opened_;
  std::vector<std::string> streams_;  // In the order of subscription.
  bool is_combined_;
  const std::optional<TimeUnit> unit_;
  std::deque<Nanos> client_frames_;  // Times of the newest ones.
  struct Ping {
    std::string payload;
    Nanos sent;
  };
  std::deque<Ping> unanswered_;
  Nanos next_ping_;
};

}  // namespace thalweg
