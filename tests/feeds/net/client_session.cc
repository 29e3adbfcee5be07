#include "tests/feeds/net/client_session.h"

#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "feeds/net/dialer.h"
#include "feeds/net/network_loop.h"
#include "feeds/net/resolver.h"
#include "feeds/net/server_trust.h"

namespace thalweg {

namespace {

// The system's CAs take a while to load.
const ServerTrust& SystemTrust() {
  static const std::unique_ptr<ServerTrust> trust = *ServerTrust::Create("");
  return *trust;
}

}  // namespace

struct ClientSession::Net {
  NetworkLoop loop;
  std::unique_ptr<Resolver> resolver = MakeSystemResolver(loop);
  std::unique_ptr<ServerTrust> trust;  // With TLS.
  std::optional<Dialer> dialer;
  LoopTimer deadline{loop};
  std::unique_ptr<WebSocketClient> client;
};

ClientSession::ClientSession() : net_(std::make_unique<Net>()) {}
ClientSession::~ClientSession() = default;

void ClientSession::Run(std::uint16_t port, const std::string& target) {
  const auto endpoint = ParseEndpoint(
      absl::StrCat(ca_path.empty() ? "ws" : "wss", "://127.0.0.1:", port), Protocol::kWebSocket);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  if (!ca_path.empty()) net_->trust = *ServerTrust::Create(ca_path);
  net_->dialer.emplace(net_->loop, net_->trust ? *net_->trust : SystemTrust(), *net_->resolver);
  net_->deadline.Start(60 * kSecond, [this] {
    ADD_FAILURE() << "no end in 60 s";
    Stop();
  });
  net_->client =
      std::make_unique<WebSocketClient>(*net_->dialer, *endpoint, target, options, *this);
  net_->loop.Run();
  net_->deadline.Cancel();
  if (net_->client) counts_ = net_->client->counts();
  net_->client.reset();
}

void ClientSession::Stop() { net_->loop.Stop(); }
WebSocketClient& ClientSession::client() { return *net_->client; }

void ClientSession::OnOpen() {
  was_open = true;
  on_open();
}

void ClientSession::OnMessage(const SocketMessage& message) {
  ++message_count;
  if (keeps_messages) {
    messages.push_back({std::string(message.text), message.is_binary, message.received,
                        message.monotonic, message.socket_ns});
  }
  on_message();
}

void ClientSession::OnPong() {
  ++pongs;
  on_pong();
}

void ClientSession::OnEnd(const SocketEnd& told) {
  ++ends;
  end = told;
  Stop();
}

std::vector<std::string> ClientSession::Texts() const {
  std::vector<std::string> texts;
  for (const Message& message : messages) texts.push_back(message.text);
  return texts;
}

}  // namespace thalweg
