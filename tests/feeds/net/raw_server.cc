#include "tests/feeds/net/raw_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace thalweg {
namespace {

constexpr int kReadTimeoutMs = 20'000;

}  // namespace

bool RawConnection::Fill() {
  pollfd ready{socket_, POLLIN, 0};
  if (socket_ < 0 || poll(&ready, 1, kReadTimeoutMs) != 1) return false;
  std::array<char, 65'536> bytes;
  const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
  if (size <= 0) return false;
  unread_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

std::string RawConnection::ReadRequest() {
  std::size_t end;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return "";
  }
  const std::string request = unread_.substr(0, end + 4);
  unread_.erase(0, end + 4);
  return request;
}

std::string RawConnection::UpgradeAnswer(const std::string& request) {
  constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  const std::size_t at = request.find(kName) + kName.size();
  const std::string text =
      request.substr(at, request.find('\r', at) - at) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> accept;
  const int length = EVP_EncodeBlock(accept.data(), digest.data(), static_cast<int>(size));
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(accept.begin(), accept.begin() + length) + "\r\n\r\n";
}

bool RawConnection::Upgrade() {
  const std::string request = ReadRequest();
  return !request.empty() && Send(UpgradeAnswer(request));
}

bool RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::size_t RawConnection::SendSome(std::string_view bytes) {
  const ssize_t size = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

std::optional<ClientFrame> RawConnection::ReadFrame() {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(unread_[i]); };
  while (unread_.size() < 2) {
    if (!Fill()) return std::nullopt;
  }
  const std::size_t extra = (byte(1) & 127) == 126 ? 2 : (byte(1) & 127) == 127 ? 8 : 0;
  const std::size_t head = 2 + extra + 4;
  EXPECT_NE(byte(1) & 128, 0) << "a client masks what it sends";
  while (unread_.size() < head) {
    if (!Fill()) return std::nullopt;
  }
  std::size_t size = extra == 0 ? byte(1) & 127u : 0;
  for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte(2 + i);
  while (unread_.size() < head + size) {
    if (!Fill()) return std::nullopt;
  }
  ClientFrame frame;
  frame.opcode = byte(0) & 15;
  frame.payload = unread_.substr(head, size);
  for (std::size_t i = 0; i < size; ++i) {
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ unread_[head - 4 + i % 4]);
  }
  unread_.erase(0, head + size);
  return frame;
}

void RawConnection::Drain() {
  while (const std::optional<ClientFrame> frame = ReadFrame()) {
    if (frame->opcode == 10) ++pongs, newest_pong = frame->payload;
    if (frame->opcode == 8 && frame->payload.size() >= 2) {
      close_code = static_cast<unsigned char>(frame->payload[0]) << 8 |
                   static_cast<unsigned char>(frame->payload[1]);
    }
  }
}

void RawConnection::End() {
  if (socket_ < 0) return;
  shutdown(socket_, SHUT_WR);
  close(std::exchange(socket_, -1));
}

void RawConnection::Reset() {
  if (socket_ < 0) return;
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(std::exchange(socket_, -1));
}

RawServer::RawServer(std::function<void(RawConnection&, int)> script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 64), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] {
    while (true) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0 || is_over_.load()) {
        if (client >= 0) close(client);
        return;
      }
      const int on = 1;
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      RawConnection connection(client);
      script_(connection, connections_.fetch_add(1));
    }
  });
}

RawServer::~RawServer() { Finish(); }

void RawServer::Finish() {
  if (!thread_.joinable()) return;
  is_over_.store(true);
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string ServerFrame(int first, std::string_view payload, int length_bytes) {
  std::string frame(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  if (length_bytes == 0) length_bytes = size < 126 ? 1 : size < 65'536 ? 2 : 8;
  if (length_bytes == 1) {
    frame += static_cast<char>(size);
  } else {
    frame += static_cast<char>(length_bytes == 2 ? 126 : 127);
    for (int i = length_bytes - 1; i >= 0; --i) {
      frame += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i) & 0xff);
    }
  }
  frame.append(payload);
  return frame;
}

std::string ClosePayload(int code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload.append(reason);
  return payload;
}

}  // namespace thalweg
