#include "tools/exchange/loopback_server.h"

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

// What follows a read or a write, and the memory that it is about: one type each for all that Beast
// has of them, so that what lies below a stream is compiled once, and not for each of its
// operations.
using Continuation = absl::AnyInvocable<void(error_code, std::size_t)>;
template <class Buffer>
using Pieces = std::array<Buffer, 4>;

// The first ones; "some" need not be all.
template <class Buffer, class Buffers>
Pieces<Buffer> PiecesOf(const Buffers& buffers) {
  Pieces<Buffer> pieces;
  std::size_t count = 0;
  const auto end = asio::buffer_sequence_end(buffers);
  for (auto at = asio::buffer_sequence_begin(buffers); at != end && count < pieces.size(); ++at) {
    const Buffer piece = *at;
    if (piece.size() > 0) pieces[count++] = piece;
  }
  return pieces;
}

// One connection of TCP, plain or inside TLS, whose writing can be made slow.
class LoopbackStream {
 public:
  using executor_type = tcp::socket::executor_type;

  LoopbackStream(tcp::socket socket, ssl::context* tls) : state_(new State(std::move(socket))) {
    if (tls != nullptr) state_->tls.emplace(state_->socket, *tls);
  }

  executor_type get_executor() { return state_->socket.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [state = state_.get()](auto handler, const Buffers& into) {
          state->Read(PiecesOf<asio::mutable_buffer>(into), std::move(handler));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [state = state_.get()](auto handler, const Buffers& from) {
          state->WriteInTime(PiecesOf<asio::const_buffer>(from), std::move(handler));
        },
        token, buffers);
  }

  template <class Handler>
  void AsyncHandshake(Handler&& handler) {
    if (state_->tls) {
      state_->tls->async_handshake(ssl::stream_base::server, std::forward<Handler>(handler));
    } else {
      asio::post(get_executor(),
                 beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
    }
  }

  // The end of what is sent, so that the client sees that nothing is missing.
  template <class Handler>
  void AsyncShutdown(Handler&& handler) {
    if (state_->tls) {
      state_->tls->async_shutdown(std::forward<Handler>(handler));
      return;
    }
    error_code ignored;
    state_->socket.shutdown(tcp::socket::shutdown_send, ignored);
    asio::post(get_executor(),
               beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
  }

  void Dribble(std::size_t bytes, Nanos every, Nanos length) {
    state_->slow_bytes = bytes;
    state_->slow_every = std::chrono::nanoseconds(every);
    state_->slow_until = SteadyClock::now() + std::chrono::nanoseconds(length);
  }

  void Abort(bool is_reset) {
    error_code ignored;
    if (is_reset) state_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
    state_->socket.close(ignored);
    state_->timer.cancel();
  }

 private:
  struct State {
    explicit State(tcp::socket opened) : socket(std::move(opened)), timer(socket.get_executor()) {}

    void Read(const Pieces<asio::mutable_buffer>& into, Continuation then) {
      if (tls) {
        tls->async_read_some(into, std::move(then));
      } else {
        socket.async_read_some(into, std::move(then));
      }
    }

    void Write(const Pieces<asio::const_buffer>& from, Continuation then) {
      if (tls) {
        tls->async_write_some(from, std::move(then));
      } else {
        socket.async_write_some(from, std::move(then));
      }
    }

    void WriteInTime(const Pieces<asio::const_buffer>& from, Continuation then) {
      if (SteadyClock::now() >= slow_until) return Write(from, std::move(then));
      // A piece of nothing first would write nothing.
      const Pieces<asio::const_buffer> few{asio::buffer(from[0], slow_bytes)};
      timer.expires_after(slow_every);
      timer.async_wait([this, few, waiting = std::move(then)](error_code) mutable {
        Write(few, std::move(waiting));
      });
    }

    tcp::socket socket;
    std::optional<ssl::stream<tcp::socket&>> tls;
    asio::steady_timer timer;
    std::size_t slow_bytes = 1;
    std::chrono::nanoseconds slow_every{};
    SteadyClock::time_point slow_until;
  };
  std::unique_ptr<State> state_;
};

// What Beast asks of a stream of one's own.
void beast_close_socket(LoopbackStream& stream) { stream.Abort(false); }
[[maybe_unused]] void teardown(beast::role_type, LoopbackStream& stream, error_code& error) {
  error = {};
  stream.Abort(false);
}
template <class Handler>
void async_teardown(beast::role_type, LoopbackStream& stream, Handler&& handler) {
  stream.AsyncShutdown(std::forward<Handler>(handler));
}

// A message from the server as it stands on the wire.
std::string WebSocketFrame(const std::string& message) {
  std::string frame = "\x81";
  const std::size_t size = message.size();
  if (size < 126) {
    frame += static_cast<char>(size);
  } else {
    const bool is_short = size <= 0xffff;
    frame += is_short ? '\x7e' : '\x7f';
    for (int shift = is_short ? 8 : 56; shift >= 0; shift -= 8) {
      frame += static_cast<char>((size >> shift) & 0xff);
    }
  }
  return frame + message;
}

}  // namespace

class LoopbackClient;

struct LoopbackServer::State {
  State() : acceptor(io), timer(io), end_timer(io), signals(io) {}

  [[nodiscard]] Nanos Now() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - began).count();
  }
  void Accept();
  // Lets the exchange do what is due, and comes back when more is.
  void Tick();
  void TickSoon();
  void BeginEnd();
  void Forget(std::int64_t id);

  asio::io_context io{1};
  std::optional<ssl::context> tls;
  tcp::acceptor acceptor;
  asio::steady_timer timer;
  asio::steady_timer end_timer;
  asio::signal_set signals;
  SteadyClock::time_point began = SteadyClock::now();
  Exchange* exchange = nullptr;
  std::map<std::int64_t, std::shared_ptr<LoopbackClient>> clients;
  std::map<ConnectionNumber, LoopbackClient*> by_number;
  std::int64_t last_client = 0;
  std::size_t pending_bytes = 0;  // Of all clients.
  bool is_ticking = false;
  bool is_tick_posted = false;
  bool is_ending = false;
};

// One connection: requests over HTTP, until it becomes a WebSocket.
class LoopbackClient : public std::enable_shared_from_this<LoopbackClient> {
 public:
  LoopbackClient(LoopbackServer::State& server, std::int64_t id, tcp::socket socket)
      : server_(server),
        id_(id),
        address_(AddressOf(socket)),
        stream_(std::in_place, std::move(socket), server.tls ? &*server.tls : nullptr),
        timer_(server.io) {}

  void Begin() {
    SetDeadline(kHttpIdle);
    stream_->AsyncHandshake([self = shared_from_this()](error_code error) {
      if (error) return self->End("TLS handshake: " + error.message());
      self->ReadRequest();
    });
  }

  void Send(SharedText message, bool is_binary) {
    if (pending_bytes_ + message->size() > kClientPendingMax) {
      // Not at once: the exchange is in the middle of something.
      return asio::post(server_.io, [self = shared_from_this()] {
        self->End("it does not read what it is sent", true);
      });
    }
    Add({is_binary ? Outgoing::kBinary : Outgoing::kText, std::move(message), {}});
  }
  void Ping(const std::string& payload) {
    Add({Outgoing::kPing, std::make_shared<const std::string>(payload), {}});
  }
  void Close(int code, const std::string& reason) {
    Add({Outgoing::kClose, std::make_shared<const std::string>(reason),
         static_cast<websocket::close_code>(code)});
    SetDeadline(kCloseDeadline);
  }
  void Cut(const SharedText& message, std::size_t bytes, bool is_reset) {
    auto part = std::make_shared<const std::string>(WebSocketFrame(*message).substr(0, bytes));
    Add({is_reset ? Outgoing::kCutByReset : Outgoing::kCut, std::move(part), {}});
  }
  void Dribble(std::size_t bytes, Nanos every, Nanos length) {
    Lowest().Dribble(bytes, every, length);
  }
  // Ends at once what is not a WebSocket.
  void EndIfIdle() {
    if (!socket_) End("shutdown");
  }

  // Once; the socket is closed and the exchange told.
  void End(const std::string& how, bool is_reset = false) {
    if (std::exchange(is_over_, true)) return;
    const auto self = shared_from_this();
    Lowest().Abort(is_reset);
    timer_.cancel();
    server_.pending_bytes -= pending_bytes_;
    pending_bytes_ = 0;
    if (number_ != 0) {
      server_.by_number.erase(number_);
      server_.exchange->OnClosed(number_, how);
    }
    server_.Forget(id_);
    server_.TickSoon();
  }

 private:
  struct Outgoing {
    enum Kind : std::uint8_t { kText, kBinary, kPing, kClose, kCut, kCutByReset };
    Kind kind;
    SharedText text;
    websocket::close_reason reason;
  };

  static std::string AddressOf(const tcp::socket& socket) {
    error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    return error ? "unknown" : peer.address().to_string();
  }
  LoopbackStream& Lowest() { return socket_ ? socket_->next_layer() : *stream_; }

  void SetDeadline(Nanos length) {
    timer_.expires_after(std::chrono::nanoseconds(length));
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->End("it took too long");
    });
  }

  // ---- HTTP

  void ReadRequest() {
    parser_.emplace();
    parser_->header_limit(kClientMessageMax);
    parser_->body_limit(kClientMessageMax);
    SetDeadline(kHttpIdle);
    http::async_read(*stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->End(error.message());
                       self->request_ = self->parser_->release();
                       self->OnRequest();
                     });
  }

  void OnRequest() {
    HttpQuestion question;
    question.method = std::string(request_.method_string());
    question.target = std::string(request_.target());
    question.address = address_;
    question.microseconds =
        absl::EqualsIgnoreCase(std::string(request_["X-MBX-TIME-UNIT"]), "MICROSECOND");
    if (websocket::is_upgrade(request_) && !server_.is_ending) {
      UpgradeVerdict verdict = server_.exchange->Open(question, server_.Now());
      if (verdict.connection) return Upgrade(*verdict.connection);
      return Answer(std::move(verdict.refusal));
    }
    Answer(server_.exchange->Ask(question, server_.Now()));
  }

  void Answer(HttpAnswer answer) {
    if (answer.is_aborted) return End("refused", true);
    if (answer.delay > 0) {
      const auto wait = std::chrono::nanoseconds(std::exchange(answer.delay, 0));
      timer_.expires_after(wait);
      timer_.async_wait(
          [self = shared_from_this(), late = std::move(answer)](error_code error) mutable {
            if (!error) self->Answer(std::move(late));
          });
      return;
    }
    response_ = {};
    response_.version(request_.version());
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(http::field::content_type, answer.content_type);
    for (const auto& [name, value] : answer.headers) response_.set(name, value);
    response_.keep_alive(request_.keep_alive() && !server_.is_ending);
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    SetDeadline(kHttpIdle);
    http::async_write(*stream_, response_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->End(error.message());
                        if (self->response_.keep_alive()) return self->ReadRequest();
                        self->SetDeadline(kCloseDeadline);
                        self->stream_->AsyncShutdown([self](error_code) { self->End("answered"); });
                      });
  }

  // ---- WebSocket

  void Upgrade(ConnectionNumber number) {
    number_ = number;
    server_.by_number[number] = this;
    if (buffer_.size() > 0) return End("it sent frames before the handshake was over");
    socket_.emplace(std::move(*stream_));
    socket_->set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                        websocket::stream_base::none(), false});
    socket_->auto_fragment(false);
    socket_->read_message_max(kClientMessageMax);
    socket_->control_callback([this](websocket::frame_type kind, beast::string_view payload) {
      const std::string text(payload);
      if (kind == websocket::frame_type::ping) {
        server_.exchange->OnPing(number_, server_.Now());
      } else if (kind == websocket::frame_type::pong) {
        server_.exchange->OnPong(number_, text, server_.Now());
      }
    });
    SetDeadline(kHttpIdle);
    socket_->async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error) return self->End("WebSocket handshake: " + error.message());
      // A close that was asked for in the meantime has a deadline of its own.
      if (self->outgoing_.empty() || self->outgoing_.back().kind != Outgoing::kClose) {
        self->timer_.cancel();
      }
      self->is_open_ = true;
      self->ReadMessage();
      self->WriteNext();
      self->server_.Tick();
    });
  }

  void ReadMessage() {
    socket_->async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->End(error.message());
      const std::string text = beast::buffers_to_string(self->buffer_.data());
      self->buffer_.consume(self->buffer_.size());
      self->server_.exchange->OnText(self->number_, text, self->server_.Now());
      self->ReadMessage();
      self->server_.Tick();
    });
  }

  void Add(Outgoing item) {
    pending_bytes_ += item.text->size();
    server_.pending_bytes += item.text->size();
    outgoing_.push_back(std::move(item));
    if (outgoing_.back().kind != Outgoing::kClose) return WriteNext();
    // A close may be asked for from within the reading of a control frame: not there.
    asio::post(server_.io, [self = shared_from_this()] { self->WriteNext(); });
  }

  void WriteNext() {
    if (!is_open_ || is_writing_ || outgoing_.empty() || is_over_) return;
    is_writing_ = true;
    const Outgoing& item = outgoing_.front();
    auto done = [self = shared_from_this()](error_code error, std::size_t = 0) {
      self->OnWritten(error);
    };
    switch (item.kind) {
      case Outgoing::kText:
      case Outgoing::kBinary:
        socket_->binary(item.kind == Outgoing::kBinary);
        socket_->async_write(asio::buffer(*item.text), std::move(done));
        return;
      case Outgoing::kPing: {
        const std::string& text = *item.text;
        socket_->async_ping(websocket::ping_data(text.data(), text.size()), std::move(done));
        return;
      }
      case Outgoing::kClose: {
        websocket::close_reason reason = item.reason;
        reason.reason = *item.text;
        socket_->async_close(reason, std::move(done));
        return;
      }
      case Outgoing::kCut:
      case Outgoing::kCutByReset:
        asio::async_write(socket_->next_layer(), asio::buffer(*item.text), std::move(done));
        return;
    }
  }

  void OnWritten(error_code error) {
    if (is_over_) return;
    const Outgoing item = std::move(outgoing_.front());
    outgoing_.pop_front();
    is_writing_ = false;
    pending_bytes_ -= item.text->size();
    server_.pending_bytes -= item.text->size();
    if (error) return End(error.message());
    if (item.kind == Outgoing::kClose) return End("closed");
    if (item.kind == Outgoing::kCut) return End("cut, as asked for");
    if (item.kind == Outgoing::kCutByReset) return End("reset, as asked for", true);
    WriteNext();
    server_.TickSoon();
  }

  LoopbackServer::State& server_;
  const std::int64_t id_;
  const std::string address_;
  std::optional<LoopbackStream> stream_;  // Moved into socket_ when it becomes a WebSocket.
  std::optional<websocket::stream<LoopbackStream, false>> socket_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  ConnectionNumber number_ = 0;
  std::deque<Outgoing> outgoing_;
  std::size_t pending_bytes_ = 0;
  bool is_open_ = false;
  bool is_writing_ = false;
  bool is_over_ = false;
};

void LoopbackServer::State::Accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      const std::int64_t id = ++last_client;
      const auto client = std::make_shared<LoopbackClient>(*this, id, std::move(socket));
      clients[id] = client;
      client->Begin();
    }
    Accept();
  });
}

void LoopbackServer::State::Forget(std::int64_t id) {
  clients.erase(id);
  if (is_ending && clients.empty()) io.stop();
}

void LoopbackServer::State::Tick() {
  if (is_ticking) return;
  is_ticking = true;
  exchange->Advance(Now());
  is_ticking = false;
  const Nanos now = Now();
  const std::optional<Nanos> due = exchange->NextDue(now);
  if (!due) {
    timer.cancel();
  } else if (*due <= now) {
    TickSoon();
  } else {
    timer.expires_after(std::chrono::nanoseconds(*due - now));
    timer.async_wait([this](error_code error) {
      if (!error) Tick();
    });
  }
}

// Behind what the network has to say.
void LoopbackServer::State::TickSoon() {
  if (std::exchange(is_tick_posted, true)) return;
  asio::post(io, [this] {
    is_tick_posted = false;
    Tick();
  });
}

void LoopbackServer::State::BeginEnd() {
  if (std::exchange(is_ending, true)) return;
  error_code ignored;
  acceptor.close(ignored);
  signals.cancel(ignored);
  exchange->ShutDown(Now());
  const auto present = clients;
  for (const auto& [id, client] : present) client->EndIfIdle();
  if (clients.empty()) return io.stop();
  end_timer.expires_after(std::chrono::nanoseconds(kCloseDeadline));
  end_timer.async_wait([this](error_code) { io.stop(); });
}

LoopbackServer::LoopbackServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
LoopbackServer::~LoopbackServer() = default;

absl::StatusOr<std::unique_ptr<LoopbackServer>> LoopbackServer::Create(
    const ServerOptions& options) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error || !address.is_loopback()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address '", options.address, "' is not one of the loopback, 127.0.0.0/8 or ::1"));
  }
  auto state = std::make_unique<State>();
  if (!options.certificate_path.empty()) {
    ssl::context& tls = state->tls.emplace(ssl::context::tls_server);
    tls.set_options(
        ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
        error);
    tls.use_certificate_chain_file(options.certificate_path, error);
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat(
          options.certificate_path, ": no certificate in PEM can be read: ", error.message()));
    }
    tls.use_private_key_file(options.key_path, ssl::context::pem, error);
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat(options.key_path, ": is not the key of ",
                                                     options.certificate_path, ": ",
                                                     error.message()));
    }
  }
  const tcp::endpoint endpoint(address, options.port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options.address, " port ",
                                               options.port, ": ", error.message()));
  }
  return std::unique_ptr<LoopbackServer>(new LoopbackServer(std::move(state)));
}

std::uint16_t LoopbackServer::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

void LoopbackServer::Run(Exchange& exchange, std::optional<Nanos> length) {
  state_->exchange = &exchange;
  error_code ignored;
  state_->signals.add(SIGINT, ignored);
  state_->signals.add(SIGTERM, ignored);
  state_->signals.async_wait([this](error_code error, int) {
    if (!error) state_->BeginEnd();
  });
  if (length) {
    state_->end_timer.expires_after(std::chrono::nanoseconds(*length));
    state_->end_timer.async_wait([this](error_code error) {
      if (!error) state_->BeginEnd();
    });
  }
  state_->Accept();
  state_->io.run();
  // Whoever is left did not answer in time.
  const auto left = state_->clients;
  for (const auto& [id, client] : left) client->End("it did not answer the close");
}

void LoopbackServer::Stop() {
  asio::post(state_->io, [this] { state_->BeginEnd(); });
}

void LoopbackServer::Send(ConnectionNumber connection, SharedText message, bool is_binary) {
  const auto client = state_->by_number.find(connection);
  if (client != state_->by_number.end()) client->second->Send(std::move(message), is_binary);
}

void LoopbackServer::Ping(ConnectionNumber connection, const std::string& payload) {
  const auto client = state_->by_number.find(connection);
  if (client != state_->by_number.end()) client->second->Ping(payload);
}

void LoopbackServer::Close(ConnectionNumber connection, int code, const std::string& reason) {
  const auto client = state_->by_number.find(connection);
  if (client != state_->by_number.end()) client->second->Close(code, reason);
}

void LoopbackServer::Cut(ConnectionNumber connection, SharedText message, std::size_t bytes,
                         bool is_reset) {
  const auto client = state_->by_number.find(connection);
  if (client != state_->by_number.end()) client->second->Cut(message, bytes, is_reset);
}

void LoopbackServer::Dribble(ConnectionNumber connection, std::size_t bytes, Nanos every,
                             Nanos length) {
  const auto client = state_->by_number.find(connection);
  if (client != state_->by_number.end()) client->second->Dribble(bytes, every, length);
}

bool LoopbackServer::HasRoom() const { return state_->pending_bytes < kRoomBytes; }

}  // namespace thalweg
