// The exchange over real loopback sockets, plain and inside TLS, seen by a client of its own.
#include "tools/exchange/loopback_server.h"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/tools/exchange/exchange_testing.h"
#include "tools/exchange/recording_feed.h"
#include "tools/exchange/test_authority.h"

namespace thalweg {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

// The exchange on the small recording, at full speed, in a thread of its own.
class ServedExchange {
 public:
  explicit ServedExchange(const std::vector<std::string>& faults = {}, ServerOptions server = {}) {
    ExchangeOptions options;
    options.speed = 0;
    for (const std::string& text : faults) options.faults.push_back(*ParseFault(text));
    auto feed = RecordingFeed::Open({folder_.Write("demo.txt", DemoRecording())}, {});
    auto created = LoopbackServer::Create(server);
    EXPECT_TRUE(created.ok()) << created.status();
    server_ = *std::move(created);
    exchange_ = std::make_unique<Exchange>(std::move(options), *std::move(feed), *server_);
    thread_ = std::thread([this] { server_->Run(*exchange_, 120 * kSecond); });
  }
  ~ServedExchange() {
    if (thread_.joinable()) Stop();
  }
  void Stop() {
    server_->Stop();
    thread_.join();
  }
  // Ended by somebody else.
  void Join() { thread_.join(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  TestFolder folder_;
  std::unique_ptr<LoopbackServer> server_;
  std::unique_ptr<Exchange> exchange_;
  std::thread thread_;
};

// Blocking, one connection, plain or TLS.
class Client {
 public:
  Client(std::uint16_t port, const std::string& ca_path = "") : tls_(ssl::context::tls_client) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    if (ca_path.empty()) return;
    tls_.load_verify_file(ca_path);
    tls_.set_verify_mode(ssl::verify_peer);
    stream_.emplace(socket_, tls_);
    stream_->set_verify_callback(ssl::host_name_verification("localhost"));
    SSL_set_tlsext_host_name(stream_->native_handle(), "localhost");
    stream_->handshake(ssl::stream_base::client, error);
  }

  http::response<http::string_body> Get(const std::string& target) {
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, "localhost");
    http::response<http::string_body> response;
    beast::flat_buffer buffer;
    if (stream_) {
      http::write(*stream_, request, error);
      if (!error) http::read(*stream_, buffer, response, error);
    } else {
      http::write(socket_, request, error);
      if (!error) http::read(socket_, buffer, response, error);
    }
    return response;
  }

  error_code error;

 private:
  asio::io_context io_;
  ssl::context tls_;
  tcp::socket socket_{io_};
  std::optional<ssl::stream<tcp::socket&>> stream_;
};

// A WebSocket: messages until the connection ends.
template <class Stream>
std::vector<std::string> ReadMessages(websocket::stream<Stream>& socket, std::size_t count,
                                      error_code* error) {
  std::vector<std::string> messages;
  while (messages.size() < count) {
    beast::flat_buffer buffer;
    socket.read(buffer, *error);
    if (*error) break;
    messages.push_back(beast::buffers_to_string(buffer.data()));
  }
  return messages;
}

constexpr char kDepthUrl[] = "/stream?streams=demousdt@depth@100ms";

class PlainSocket {
 public:
  explicit PlainSocket(std::uint16_t port, const std::string& target = kDepthUrl) : stream(io) {
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream.handshake(response, "localhost", target, error);
  }
  asio::io_context io;
  websocket::stream<tcp::socket> stream;
  websocket::response_type response;
  error_code error;
};

TEST(LoopbackServerTest, MessagesArriveByteForByteInOneFrameEach) {
  ServedExchange exchange;
  PlainSocket socket(exchange.port());
  ASSERT_FALSE(socket.error) << socket.error.message();
  // No compression is offered, and none is taken.
  EXPECT_EQ(socket.response.count("Sec-WebSocket-Extensions"), 0u);
  const auto messages = ReadMessages(socket.stream, kDemoEvents, &socket.error);
  ASSERT_EQ(messages.size(), static_cast<std::size_t>(kDemoEvents)) << socket.error.message();
  for (int i = 0; i < kDemoEvents; ++i) {
    EXPECT_EQ(messages[static_cast<std::size_t>(i)], DepthMessage(i));
  }
}

TEST(LoopbackServerTest, RequestsShareOneConnectionAndOnePortWithStreams) {
  ServedExchange exchange;
  Client client(exchange.port());
  EXPECT_EQ(client.Get("/api/v3/ping").body(), "{}");
  const auto second = client.Get("/api/v3/ping");
  EXPECT_EQ(second["X-MBX-USED-WEIGHT-1M"], "2");
  EXPECT_EQ(second[http::field::content_type], "application/json;charset=UTF-8");
  PlainSocket socket(exchange.port());
  ASSERT_FALSE(socket.error);
  (void)ReadMessages(socket.stream, kDemoEvents, &socket.error);
  EXPECT_EQ(client.Get("/api/v3/depth?symbol=DEMOUSDT").body().find(R"({"lastUpdateId":140,)"), 0u);
  EXPECT_EQ(client.Get("/api/v3/depth?symbol=X").result_int(), 400u);
  // The connection is still there.
  EXPECT_EQ(client.Get("/api/v3/ping").result_int(), 200u);
}

TEST(LoopbackServerTest, ControlMessagesAndPingsAreAnswered) {
  ServedExchange exchange;
  PlainSocket socket(exchange.port(), "/ws");
  ASSERT_FALSE(socket.error);
  std::string pong;
  socket.stream.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::pong) pong = std::string(payload);
  });
  socket.stream.ping("are you there");
  socket.stream.write(asio::buffer(std::string(R"({"method":"LIST_SUBSCRIPTIONS","id":3})")));
  const auto reply = ReadMessages(socket.stream, 1, &socket.error);
  ASSERT_EQ(reply.size(), 1u);
  EXPECT_EQ(reply[0], R"({"result":[],"id":3})");
  EXPECT_EQ(pong, "are you there");
  // The third to the sixth frame within a second: one too many.
  for (int i = 0; i < 4; ++i) socket.stream.ping("");
  (void)ReadMessages(socket.stream, 1, &socket.error);
  EXPECT_EQ(socket.error, websocket::error::closed);
  EXPECT_EQ(socket.stream.reason().code, websocket::close_code::policy_error);
}

TEST(LoopbackServerTest, AThousandStreamsFitIntoOneAddress) {
  ServedExchange exchange;
  std::string target = "/stream?streams=demousdt@depth@100ms";
  for (int i = 1; i < 1'024; ++i) absl::StrAppend(&target, "/symbol", i, "usdt@depth@100ms");
  PlainSocket socket(exchange.port(), target);
  ASSERT_FALSE(socket.error) << socket.error.message();
  EXPECT_EQ(ReadMessages(socket.stream, 1, &socket.error).at(0), DepthMessage(0));
}

TEST(LoopbackServerTest, StoppingSaysServerShutdownAndClosesWell) {
  ServedExchange exchange;
  PlainSocket socket(exchange.port());
  Client idle(exchange.port());
  ASSERT_EQ(idle.Get("/api/v3/ping").result_int(), 200u);
  (void)ReadMessages(socket.stream, kDemoEvents, &socket.error);
  raise(SIGTERM);
  const auto last = ReadMessages(socket.stream, 2, &socket.error);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].find(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":)"), 0u);
  EXPECT_EQ(socket.error, websocket::error::closed);
  EXPECT_EQ(socket.stream.reason().code, websocket::close_code::going_away);
  exchange.Join();
}

TEST(LoopbackServerTest, ACutEndsInMidFrameAfterTheBytesThatWereAskedFor) {
  for (const char* const how : {"fin", "reset"}) {
    ServedExchange exchange(
        {absl::StrCat("cut:bytes=9,stream=demousdt@depth@100ms,how=", how, "@frame=2")});
    // By hand: a WebSocket client would not show the bytes of half a frame.
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), exchange.port()});
    asio::write(socket, asio::buffer(absl::StrCat(
                            "GET ", kDepthUrl,
                            " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\n\r\n")));
    std::string bytes;
    error_code error;
    asio::read(socket, asio::dynamic_buffer(bytes), error);
    if (std::string(how) == "reset") {
      EXPECT_EQ(error, asio::error::connection_reset);
      continue;
    }
    EXPECT_EQ(error, asio::error::eof);
    // One whole message, then of the next one two bytes of header, two of length and five more.
    ASSERT_GT(bytes.size(), DepthMessage(0).size() + 9);
    EXPECT_EQ(bytes.substr(bytes.size() - 5), R"({"str)");
    EXPECT_EQ(bytes.substr(bytes.size() - 9 - DepthMessage(0).size(), DepthMessage(0).size()),
              DepthMessage(0));
  }
}

TEST(LoopbackServerTest, DribbledBytesMakeTheSameMessages) {
  ServedExchange exchange({"dribble:bytes=7,every=0.0001,for=20@frame=1"});
  PlainSocket socket(exchange.port());
  const auto messages = ReadMessages(socket.stream, 5, &socket.error);
  ASSERT_EQ(messages.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(messages[static_cast<std::size_t>(i)], DepthMessage(i));
}

TEST(LoopbackServerTest, RefusedAttemptsAndLateAnswersAreThoseAskedFor) {
  ServedExchange exchange({"refuse:status=403@attempt=1", "refuse:status=0@attempt=2",
                           "snapshot-late:for=0.05@request=1"});
  PlainSocket forbidden(exchange.port());
  EXPECT_EQ(forbidden.error, websocket::error::upgrade_declined);
  EXPECT_EQ(forbidden.response.result_int(), 403u);
  PlainSocket dropped(exchange.port());
  EXPECT_TRUE(dropped.error);
  EXPECT_NE(dropped.error, websocket::error::upgrade_declined);  // Nothing came.
  PlainSocket accepted(exchange.port());
  EXPECT_FALSE(accepted.error);
  (void)ReadMessages(accepted.stream, kDemoEvents, &accepted.error);
  Client client(exchange.port());
  EXPECT_EQ(client.Get("/api/v3/depth?symbol=DEMOUSDT&limit=5").result_int(), 200u);
}

TEST(LoopbackServerTest, TlsIsVerifiedByTheTestAuthorityAndByNoOther) {
  const TestFolder folder;
  const auto authority = MakeTestAuthority(folder.PathOf("ca"));
  const auto other = MakeTestAuthority(folder.PathOf("other"));
  ASSERT_TRUE(authority.ok() && other.ok()) << authority.status();
  ServerOptions options;
  options.certificate_path = authority->certificate_path;
  options.key_path = authority->key_path;
  ServedExchange exchange({}, options);

  Client client(exchange.port(), authority->ca_path);
  ASSERT_FALSE(client.error) << client.error.message();
  EXPECT_EQ(client.Get("/api/v3/ping").body(), "{}");
  Client stranger(exchange.port(), other->ca_path);
  EXPECT_TRUE(stranger.error);

  asio::io_context io;
  ssl::context tls(ssl::context::tls_client);
  tls.load_verify_file(authority->ca_path);
  tls.set_verify_mode(ssl::verify_peer);
  websocket::stream<ssl::stream<tcp::socket>> socket(io, tls);
  beast::get_lowest_layer(socket).connect({asio::ip::address_v4::loopback(), exchange.port()});
  socket.next_layer().handshake(ssl::stream_base::client);
  socket.handshake("localhost", kDepthUrl);
  error_code error;
  const auto messages = ReadMessages(socket, kDemoEvents, &error);
  ASSERT_EQ(messages.size(), static_cast<std::size_t>(kDemoEvents)) << error.message();
  EXPECT_EQ(messages.back(), DepthMessage(kDemoEvents - 1));

  // Files are never replaced.
  EXPECT_FALSE(MakeTestAuthority(folder.PathOf("ca")).ok());
}

TEST(LoopbackServerTest, WhatCannotBeServedIsRefusedWithItsReason) {
  ServerOptions options;
  options.address = "0.0.0.0";
  EXPECT_TRUE(absl::IsInvalidArgument(LoopbackServer::Create(options).status()));
  options.address = "192.168.0.1";
  EXPECT_TRUE(absl::IsInvalidArgument(LoopbackServer::Create(options).status()));
  options.address = "::1";
  const auto status = LoopbackServer::Create(options).status();
  EXPECT_FALSE(absl::IsInvalidArgument(status)) << status;  // Where there is no IPv6: unavailable.
  options.address = "127.0.0.1";
  const auto first = LoopbackServer::Create(options);
  ASSERT_TRUE(first.ok());
  options.port = (*first)->port();
  const auto second = LoopbackServer::Create(options);
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  options.port = 0;
  options.certificate_path = "/nonexistent/cert.pem";
  EXPECT_NE(LoopbackServer::Create(options).status().message().find("/nonexistent/cert.pem"),
            std::string::npos);
}

}  // namespace
}  // namespace thalweg
