// A server on the loopback that does what a test says with each connection: for answers that no
// well-behaved server would give.
//
// Threads: its own, one a connection; the destructor ends them. `serve` is called on them.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace thalweg {

class ScriptedServer {
 public:
  // `connection`: from 1. The socket is closed when it returns.
  using Serve = std::function<void(int socket, int connection)>;

  // Listens on `address`, any free port when 0.
  explicit ScriptedServer(Serve serve, const std::string& address = "127.0.0.1",
                          std::uint16_t port = 0);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int connections() const;

  // A request up to its empty line; empty when the client is gone.
  static std::string ReadRequest(int socket);
  // False when the client is gone.
  static bool Write(int socket, std::string_view bytes);

 private:
  void Accept();

  const Serve serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  bool is_over_ = false;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace thalweg
