// A connection of TCP, plain or inside TLS, as a stream for Boost.Beast. One type for both, so that
// Beast is compiled once for each use. For sources of feeds/net only.
//
// Made by a Dialer (feeds/net/dialer.h), connected and verified. Move-only; operations under way
// keep running while it is moved, and must be over (Abort() and the loop's next turns) before it is
// destroyed. Threads: the loop's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "feeds/net/endpoint.h"
#include "feeds/net/server_trust.h"
#include "feeds/net/stamped_socket.h"

namespace thalweg {

struct ServerTrust::Context {
  boost::asio::ssl::context tls{boost::asio::ssl::context::tls_client};
};

class NetStream {
 public:
  // NOLINTBEGIN(readability-identifier-naming): Boost's own names, the last one asked for by Asio.
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;
  using executor_type = tcp::socket::executor_type;
  // NOLINTEND(readability-identifier-naming)

  explicit NetStream(boost::asio::io_context& io) : state_(std::make_unique<State>(io)) {}

  executor_type get_executor() { return state_->socket.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [state = state_.get()](auto handler, const Buffers& into) {
          if (state->tls) {
            state->tls->async_read_some(into, std::move(handler));
          } else {
            state->socket.async_read_some(into, std::move(handler));
          }
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [state = state_.get()](auto handler, const Buffers& from) {
          if (state->tls) {
            state->tls->async_write_some(from, std::move(handler));
          } else {
            state->socket.async_write_some(from, std::move(handler));
          }
        },
        token, buffers);
  }

  // Begins TLS as a client of `host`. False when OpenSSL takes no such host.
  // REQUIRES: connected, nothing read or written yet.
  template <class Handler>
  [[nodiscard]] bool AsyncHandshake(const ServerTrust& trust, const std::string& host,
                                    Handler&& handler) {
    state_->tls.emplace(state_->socket, trust.context().tls);
    if (!ExpectHost(host)) return false;
    state_->tls->async_handshake(boost::asio::ssl::stream_base::client,
                                 std::forward<Handler>(handler));
    return true;
  }

  // The end of what is sent; with TLS said so that the other side sees that nothing is missing.
  template <class Handler>
  void AsyncShutdown(Handler&& handler) {
    if (state_->tls) {
      state_->tls->async_shutdown(std::forward<Handler>(handler));
      return;
    }
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
    boost::asio::post(get_executor(), boost::beast::bind_front_handler(
                                          std::forward<Handler>(handler), error_code()));
  }

  // Closes the socket at once; what is under way ends with operation_aborted.
  void Abort() {
    error_code ignored;
    socket().close(ignored);
  }

  // Asks for received_in_kernel() of one read of `reads` from the next one on. False: the kernel
  // does not say. REQUIRES: connected; no read is under way.
  bool StampReceived(std::uint32_t reads) { return state_->socket.Stamp(reads); }
  // When the kernel received the newest bytes of the connection that were read; absent where it
  // does not say, and of most reads (stamped_socket.h).
  [[nodiscard]] std::optional<ReceiveTime> received_in_kernel() const noexcept {
    return state_->socket.stamp();
  }

  [[nodiscard]] tcp::socket& socket() noexcept { return state_->socket.socket(); }
  // Why a handshake failed, in OpenSSL's words; empty when the certificate was not the reason.
  [[nodiscard]] std::string VerifyFailure() const;

 private:
  struct State {
    explicit State(boost::asio::io_context& io) : socket(io) {}

    StampedSocket socket;
    std::optional<boost::asio::ssl::stream<StampedSocket&>> tls;
  };

  [[nodiscard]] bool ExpectHost(const std::string& host);

  std::unique_ptr<State> state_;
};

// What Beast asks of a stream of one's own.
// NOLINTBEGIN(readability-identifier-naming)
inline void beast_close_socket(NetStream& stream) { stream.Abort(); }
inline void teardown(boost::beast::role_type, NetStream& stream, boost::system::error_code& error) {
  error = {};
  stream.Abort();
}
template <class Handler>
void async_teardown(boost::beast::role_type, NetStream& stream, Handler&& handler) {
  stream.AsyncShutdown(std::forward<Handler>(handler));
}
// NOLINTEND(readability-identifier-naming)

}  // namespace thalweg
