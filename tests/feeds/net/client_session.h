// A WebSocketClient on a loop of its own, run until its end, with everything that it told.
//
// Threads: one, the test's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feeds/net/websocket_client.h"

namespace thalweg {

class ClientSession : public SocketObserver {
 public:
  struct Message {
    std::string text;
    bool is_binary;
    ReceiveTime received;
    std::int64_t monotonic;
    Nanos socket_ns;
  };

  ClientSession();
  ~ClientSession() override;

  // To 127.0.0.1:`port`, by TLS where `ca_path` is set, until OnEnd(); it fails when there is none
  // in 60 s.
  void Run(std::uint16_t port, const std::string& target = "/stream?streams=a@trade");
  // Ends Run() without an end of the connection.
  void Stop();

  void OnOpen() override;
  void OnMessage(const SocketMessage& message) override;
  void OnPing() override { ++pings; }
  void OnPong() override;
  void OnEnd(const SocketEnd& end) override;

  [[nodiscard]] std::vector<std::string> Texts() const;
  [[nodiscard]] WebSocketClient& client();
  [[nodiscard]] const SocketCounts& counts() const noexcept { return counts_; }

  SocketOptions options;
  std::string ca_path;
  std::function<void()> on_open = [] {};
  std::function<void()> on_message = [] {};
  std::function<void()> on_pong = [] {};
  bool keeps_messages = true;

  bool was_open = false;
  int pings = 0;
  int pongs = 0;
  int ends = 0;
  std::int64_t message_count = 0;
  std::vector<Message> messages;
  SocketEnd end;

 private:
  struct Net;
  const std::unique_ptr<Net> net_;
  SocketCounts counts_;
};

}  // namespace thalweg
