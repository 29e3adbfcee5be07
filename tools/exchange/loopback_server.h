// The sockets of a loopback exchange: HTTP and WebSocket on one port, plain or TLS.
//
// Binds loopback addresses only. One thread: Run() owns it until SIGINT, SIGTERM or the end of its
// time, and calls the exchange from nowhere else. A client that has kClientPendingMax bytes still
// to read is cut; a feed at full speed waits at kRoomBytes. Boost.Beast stays in the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "tools/exchange/exchange.h"

namespace thalweg {

inline constexpr std::size_t kClientPendingMax = std::size_t{64} << 20;
inline constexpr std::size_t kRoomBytes = std::size_t{1} << 20;
// Of a message from a client: 1024 streams fit many times.
inline constexpr std::size_t kClientMessageMax = std::size_t{256} << 10;
// A connection that asks nothing is closed; so is one that does not answer a close.
inline constexpr Nanos kHttpIdle = 60 * kSecond;
inline constexpr Nanos kCloseDeadline = 2 * kSecond;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;        // 0: any that is free.
  std::string certificate_path;  // PEM, a chain; empty: plain.
  std::string key_path;
};

class LoopbackServer : public ExchangeWire {
 public:
  // Binds and listens. InvalidArgument for an address that is not of the loopback or a certificate
  // that cannot be used; Unavailable when the port is taken. Each with its reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LoopbackServer>> Create(
      const ServerOptions& options);
  ~LoopbackServer() override;

  [[nodiscard]] std::uint16_t port() const;
  // Serves until SIGINT, SIGTERM, Stop(), or `length` has passed; then says serverShutdown, closes
  // every connection and returns.
  void Run(Exchange& exchange, std::optional<Nanos> length);
  // Ends Run(). Threads: any.
  void Stop();

  void Send(ConnectionNumber connection, SharedText message, bool is_binary) override;
  void Ping(ConnectionNumber connection, const std::string& payload) override;
  void Close(ConnectionNumber connection, int code, const std::string& reason) override;
  void Cut(ConnectionNumber connection, SharedText message, std::size_t bytes,
           bool is_reset) override;
  void Dribble(ConnectionNumber connection, std::size_t bytes, Nanos every, Nanos length) override;
  [[nodiscard]] bool HasRoom() const override;

 private:
  friend class LoopbackClient;
  struct State;
  explicit LoopbackServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
