// A TCP server of a test's own, which sends whatever bytes a script says: what no WebSocket library
// would. On the loopback, plain, one connection after another, on a thread of its own.
//
// Threads: the script runs on the server's. Lifetime: the destructor ends the script's waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace thalweg {

// A frame that a client sent, unmasked.
struct ClientFrame {
  int opcode = 0;
  std::string payload;
};

class RawConnection {
 public:
  explicit RawConnection(int socket) : socket_(socket) {}
  ~RawConnection() { End(); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // The header of a request, up to its blank line; empty when none came.
  [[nodiscard]] std::string ReadRequest();
  // What a good server answers to that.
  [[nodiscard]] static std::string UpgradeAnswer(const std::string& request);
  // Both: false when there was no request.
  bool Upgrade();

  bool Send(std::string_view bytes);
  // As much as the socket takes without waiting; returns how much.
  [[nodiscard]] std::size_t SendSome(std::string_view bytes);
  // Nothing at the end of the connection, or after 20 s.
  [[nodiscard]] std::optional<ClientFrame> ReadFrame();
  // Until the client has ended the connection; all frames before that but the close.
  void Drain();

  void End();    // FIN, and no more is read.
  void Reset();  // RST.
  // After Drain(): of the client's close frame; 0: there was none.
  int close_code = 0;
  int pongs = 0;
  std::string newest_pong;

 private:
  bool Fill();

  int socket_;
  std::string unread_;
};

class RawServer {
 public:
  // `script` is called with each connection, numbered from 0.
  explicit RawServer(std::function<void(RawConnection&, int)> script);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  // Waits for the script, after which no more connections are taken: what it wrote may be read.
  void Finish();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int connections() const noexcept { return connections_.load(); }

 private:
  const std::function<void(RawConnection&, int)> script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

// A frame as a server sends it. `first`: FIN, reserved bits and opcode. `length_bytes`: 1, 2 or 8;
// 0: as few as it needs.
[[nodiscard]] std::string ServerFrame(int first, std::string_view payload, int length_bytes = 0);
// The payload of a close frame.
[[nodiscard]] std::string ClosePayload(int code, std::string_view reason = "");

}  // namespace thalweg
