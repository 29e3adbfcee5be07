#include "feeds/net/websocket_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <ctime>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "core/version.h"
#include "feeds/net/dialer.h"
#include "feeds/net/net_stream.h"
#include "feeds/net/ping_filter.h"
#include "feeds/net/rest_answer.h"

namespace thalweg {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

// Of one read from the socket.
constexpr std::size_t kReadBytes = std::size_t{16} << 10;

Nanos ReadClock(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

// What is known of the bytes that came.
struct Wire {
  PingFilter filter;
  ReceiveTime received;  // Of the newest bytes.
  Nanos socket_ns = kNoTime;
  std::int64_t monotonic = 0;
  std::int64_t message_began = 0;  // Monotonic; of the message that is under way.
  std::int64_t bytes = 0;
  bool is_ending = false;  // Beast takes the connection down.
};

// A NetStream without its pings. Reads large pieces, and hands them on as Beast asks for them.
class FilteredStream {
 public:
  // Asio asks for this name.
  using executor_type = NetStream::executor_type;  // NOLINT(readability-identifier-naming)

  explicit FilteredStream(std::unique_ptr<NetStream> net)
      : state_(std::make_unique<State>(std::move(net))) {}

  executor_type get_executor() { return state_->net->get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [state = state_.get()](auto handler, const Buffers& into) {
          if (state->Has()) {
            const std::size_t size = state->Take(into);
            asio::post(state->net->get_executor(),
                       beast::bind_front_handler(std::move(handler), error_code(), size));
          } else {
            state->Read(into, std::move(handler));
          }
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return state_->net->async_write_some(buffers, std::forward<Token>(token));
  }

  // Both sides have said their close, or one has broken the protocol: says that nothing follows,
  // and does not wait to hear the same. How that goes does not change why the connection ended.
  template <class Handler>
  void AsyncShutdown(Handler&& handler) {
    state_->wire.is_ending = true;
    state_->net->AsyncShutdown(
        [waiting = std::forward<Handler>(handler)](error_code) mutable { waiting(error_code()); });
    state_->net->Abort();
  }

  [[nodiscard]] NetStream& net() noexcept { return *state_->net; }
  [[nodiscard]] Wire& wire() noexcept { return state_->wire; }

 private:
  struct State {
    explicit State(std::unique_ptr<NetStream> opened) : net(std::move(opened)) {}

    [[nodiscard]] bool Has() const noexcept { return begin != end; }

    template <class Buffers>
    std::size_t Take(const Buffers& into) {
      const std::size_t size = asio::buffer_copy(into, asio::buffer(&passed[begin], end - begin));
      begin += size;
      return size;
    }

    template <class Buffers, class Handler>
    void Read(const Buffers& into, Handler handler) {
      net->async_read_some(asio::buffer(arrived), [this, into, waiting = std::move(handler)](
                                                      error_code error, std::size_t size) mutable {
        if (!error) OnBytes(size);
        if (error) return waiting(error, 0);
        // There was nothing but pings.
        if (!Has()) return Read(into, std::move(waiting));
        waiting(error, Take(into));
      });
    }

    void OnBytes(std::size_t size) noexcept {
      wire.received = ReceiveTime(ReadClock(CLOCK_REALTIME));
      wire.monotonic = ReadClock(CLOCK_MONOTONIC);
      const std::optional<ReceiveTime> in_kernel = net->received_in_kernel();
      wire.socket_ns =
          in_kernel && wire.received >= *in_kernel ? wire.received - *in_kernel : kNoTime;
      wire.bytes += static_cast<std::int64_t>(size);
      const std::uint64_t messages = wire.filter.messages();
      const bool was_in_message = wire.filter.is_in_message();
      begin = 0;
      end = wire.filter.Pass({arrived.data(), size}, passed.data());
      if (!was_in_message || wire.filter.messages() != messages) {
        wire.message_began = wire.monotonic;
      }
    }

    const std::unique_ptr<NetStream> net;
    Wire wire;
    std::array<char, kReadBytes> arrived;
    std::array<char, kReadBytes + PingFilter::kHeldMax> passed;
    std::size_t begin = 0;  // Of what is not handed on yet.
    std::size_t end = 0;
  };
  std::unique_ptr<State> state_;
};

// What Beast asks of a stream of one's own.
// NOLINTBEGIN(readability-identifier-naming): Beast's names.
void beast_close_socket(FilteredStream& stream) { stream.net().Abort(); }
[[maybe_unused]] void teardown(beast::role_type, FilteredStream& stream, error_code& error) {
  error = {};
  stream.net().Abort();
}
template <class Handler>
void async_teardown(beast::role_type, FilteredStream& stream, Handler&& handler) {
  stream.AsyncShutdown(std::forward<Handler>(handler));
}
// NOLINTEND(readability-identifier-naming)

// The close code that Beast sent for an error of its own; kCloseNone: it sent none.
int CloseCodeOf(const error_code& error) {
  if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
    return websocket::close_code::too_big;
  }
  if (error == websocket::error::bad_frame_payload) return websocket::close_code::bad_payload;
  if (error == websocket::condition::protocol_violation) {
    return websocket::close_code::protocol_error;
  }
  return kCloseNone;
}

}  // namespace

// Operations under way hold it; the observer is called until Abandon() or the end.
class WebSocketClient::Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(Dialer& dialer, const Endpoint& endpoint, const std::string& target,
         const SocketOptions& options, SocketObserver& observer)
      : endpoint_(endpoint),
        target_(absl::StrCat(endpoint.prefix, target)),
        options_(options),
        observer_(&observer),
        dialer_(dialer),
        loop_(dialer.loop()),
        timer_(dialer.loop()),
        buffer_(options.message_bytes_max + kReadBytes),
        pace_(options.pace_window) {
    opening_until_ = NetworkLoop::Now() + options.open_deadline;
  }

  void Begin() {
    dial_ =
        dialer_.Start(endpoint_, [this](DialOutcome outcome) { OnDialled(std::move(outcome)); });
    Tick();
  }

  // The observer is gone.
  void Abandon() {
    observer_ = nullptr;
    dial_.reset();
    timer_.Cancel();
    if (stream_) stream_->next_layer().net().Abort();
  }

  void Send(std::string text) {
    if (!is_open_ || is_closing_) return;
    if (texts_.size() >= kTextsQueuedMax) {
      return End(absl::ResourceExhaustedError("it does not take what is sent to it"), kCloseNone);
    }
    texts_.push_back(std::move(text));
    WriteNext();
  }

  void Ping() {
    if (!is_open_ || is_closing_) return;
    is_ping_wanted_ = true;
    WriteControl();
  }

  void Close(int code) {
    if (is_closing_ || is_over_) return;
    is_closing_ = true;
    close_code_ = code;
    close_until_ = NetworkLoop::Now() + options_.close_deadline;
    if (!is_open_) {
      const auto self = shared_from_this();
      loop_.Post([self] { self->End(absl::OkStatus(), self->close_code_); });
      return;
    }
    stream_->async_close(static_cast<websocket::close_code>(code),
                         [self = shared_from_this()](error_code) {
                           self->End(absl::OkStatus(), self->close_code_);
                         });
  }

  [[nodiscard]] FramePace& pace() noexcept { return pace_; }
  [[nodiscard]] const SocketCounts& counts() const noexcept { return counts_; }

 private:
  [[nodiscard]] Wire& wire() noexcept { return stream_->next_layer().wire(); }

  // ---- Opening

  void OnDialled(DialOutcome outcome) {
    if (!outcome.status.ok()) return End(outcome.status, kCloseNone);
    address_ = outcome.address;
    if (options_.receive_buffer_bytes > 0) {
      error_code ignored;
      outcome.stream->socket().set_option(
          asio::socket_base::receive_buffer_size(options_.receive_buffer_bytes), ignored);
    }
    (void)outcome.stream->StampReceived(options_.stamped_reads);
    stream_.emplace(FilteredStream(std::move(outcome.stream)));
    upgrade_until_ = NetworkLoop::Now() + options_.upgrade_deadline;
    stream_->set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                        websocket::stream_base::none(), false});
    stream_->set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(beast::http::field::user_agent, absl::StrCat("thalweg/", Abseil(ReleaseText())));
    }));
    // A message is one frame, as the pace counts it.
    stream_->auto_fragment(false);
    stream_->read_message_max(options_.message_bytes_max);
    stream_->control_callback([this](websocket::frame_type kind, beast::string_view) {
      // The answer to a close is Beast's, and so is its patience.
      if (kind == websocket::frame_type::close) wire().is_ending = true;
      if (kind == websocket::frame_type::pong && observer_ != nullptr) observer_->OnPong();
    });
    stream_->async_handshake(
        response_, endpoint_.HostHeader(), target_,
        [self = shared_from_this()](error_code error) { self->OnUpgraded(error); });
  }

  void OnUpgraded(error_code error) {
    if (is_over_ || observer_ == nullptr) return;
    if (error == websocket::error::upgrade_declined) return OnRefused();
    if (error)
      return End(absl::UnavailableError(Text("upgrade failed", error.message())), kCloseNone);
    if (response_.count("Sec-WebSocket-Extensions") != 0) {
      return End(absl::UnavailableError(Text("upgrade failed",
                                             "it answers with an extension that "
                                             "was not asked for")),
                 kCloseNone);
    }
    is_open_ = true;
    if (is_closing_) return;
    observer_->OnOpen();
    if (!is_over_ && observer_ != nullptr) ReadMessage();
  }

  void OnRefused() {
    SocketEnd end;
    end.http_status = static_cast<int>(response_.result_int());
    const auto retry_after = response_[beast::http::field::retry_after];
    end.retry_after = ParseRetryAfter({retry_after.data(), retry_after.size()});
    end.status =
        absl::UnavailableError(Text("upgrade refused", absl::StrCat("HTTP ", end.http_status)));
    Tell(std::move(end));
  }

  [[nodiscard]] std::string Text(const char* what, const std::string& reason) const {
    return absl::StrCat(what, ": host=", endpoint_.HostHeader(), " reason=", reason);
  }

  // ---- Reading

  void ReadMessage() {
    stream_->async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->OnReadError(error);
      self->OnMessage();
    });
  }

  void OnMessage() {
    if (is_over_ || observer_ == nullptr) return;
    TellPings();
    if (is_over_ || observer_ == nullptr) return;
    ++counts_.messages;
    const auto bytes = buffer_.data();
    SocketMessage message;
    message.received = wire().received;
    message.monotonic = wire().monotonic;
    message.text = {static_cast<const char*>(bytes.data()), bytes.size()};
    message.is_binary = stream_->got_binary();
    message.socket_ns = wire().socket_ns;
    observer_->OnMessage(message);
    if (is_over_ || observer_ == nullptr) return;
    buffer_.consume(buffer_.size());
    ReadMessage();
  }

  void OnReadError(error_code error) {
    if (is_over_) return;
    if (is_closing_) {
      // The close under way ends it.
      if (error == asio::error::operation_aborted || error == websocket::error::closed) return;
      return End(absl::OkStatus(), close_code_);
    }
    if (error == websocket::error::closed) {
      const websocket::close_reason reason = stream_->reason();
      const int code = reason.code == websocket::close_code::none ? kCloseNormal + 5 : reason.code;
      return End(
          absl::UnavailableError(absl::StrCat(
              "closed by the exchange: ",
              reason.reason.empty() ? "no reason given"
                                    : std::string(reason.reason.data(), reason.reason.size()))),
          code);
    }
    if (late_why_ != nullptr) return End(absl::DeadlineExceededError(late_why_), kCloseNone);
    const int code = CloseCodeOf(error);
    End(code == kCloseNone
            ? absl::UnavailableError(error.message())
            : absl::InvalidArgumentError(absl::StrCat("protocol violated: ", error.message())),
        code);
  }

  void TellPings() {
    const std::uint64_t pings = wire().filter.pings();
    if (pings == pings_told_) return;
    counts_.pings += static_cast<std::int64_t>(pings - pings_told_);
    pings_told_ = pings;
    is_pong_wanted_ = true;
    WriteControl();
    if (observer_ != nullptr) observer_->OnPing();
  }

  // ---- Writing

  void WriteNext() {
    if (is_writing_ || texts_.empty() || is_closing_ || is_over_) return;
    is_writing_ = true;
    stream_->text(true);
    stream_->async_write(asio::buffer(texts_.front()),
                         [self = shared_from_this()](error_code error, std::size_t) {
                           self->is_writing_ = false;
                           // Whatever it was, reading ends too.
                           if (error || self->is_over_) return;
                           self->texts_.pop_front();
                           self->WriteNext();
                         });
  }

  // Pongs first, and as soon as the pace allows.
  void WriteControl() {
    if (is_controlling_ || !is_open_ || is_closing_ || is_over_) return;
    const auto done = [self = shared_from_this()](error_code error) {
      self->is_controlling_ = false;
      if (!error) self->WriteControl();
    };
    if (is_pong_wanted_ && pace_.TryTake(NetworkLoop::Now())) {
      is_pong_wanted_ = false;
      is_controlling_ = true;
      ++counts_.pongs_sent;
      const std::string_view payload = wire().filter.newest_payload();
      stream_->async_pong(websocket::ping_data(payload.data(), payload.size()), done);
    } else if (is_ping_wanted_) {
      is_ping_wanted_ = false;
      is_controlling_ = true;
      stream_->async_ping({}, done);
    }
  }

  // ---- Deadlines

  void Tick() {
    if (is_over_ || observer_ == nullptr) return;
    const auto self = shared_from_this();
    const Nanos now = NetworkLoop::Now();
    if (!is_open_) {
      if (stream_ && now >= upgrade_until_) {
        return End(absl::DeadlineExceededError(Text("upgrade failed", "no answer in time")),
                   kCloseNone);
      }
      if (now >= opening_until_) {
        return End(absl::DeadlineExceededError(Text("connect failed", "no answer in time")),
                   kCloseNone);
      }
    } else if (is_closing_) {
      if (now >= close_until_) return End(absl::OkStatus(), close_code_);
    } else {
      TickOpen(now);
    }
    if (is_over_ || observer_ == nullptr) return;
    timer_.Start(kSocketTick, [this] { Tick(); });
  }

  void TickOpen(Nanos now) {
    TellPings();
    if (is_over_ || observer_ == nullptr) return;
    WriteControl();
    error_code ignored;
    const std::size_t unread = stream_->next_layer().net().socket().available(ignored);
    counts_.unread_bytes = static_cast<std::int64_t>(unread);
    counts_.unread_bytes_max = std::max(counts_.unread_bytes_max, counts_.unread_bytes);
    counts_.bytes = wire().bytes;
    // Beast waits without a limit until its answer to a close is sent.
    if (wire().is_ending && ending_since_ == 0) ending_since_ = now;
    if (ending_since_ != 0 && now - ending_since_ >= options_.close_deadline) Abort(nullptr);
    // Not where it is us who did not read.
    const bool is_late = wire().filter.is_in_message() && unread == 0 && !wire().is_ending &&
                         now - wire().message_began >= options_.message_deadline;
    if (is_late) Abort("a message was not whole in time");
  }

  // Reading ends with an error then.
  void Abort(const char* why) {
    late_why_ = why;
    stream_->next_layer().net().Abort();
  }

  // ---- The end

  void End(absl::Status status, int code) {
    SocketEnd end;
    end.status = std::move(status);
    end.code = code;
    Tell(std::move(end));
  }

  void Tell(SocketEnd end) {
    if (std::exchange(is_over_, true)) return;
    const auto self = shared_from_this();
    timer_.Cancel();
    if (stream_) {
      counts_.bytes = wire().bytes;
      stream_->next_layer().net().Abort();
    }
    end.was_open = is_open_;
    if (observer_ == nullptr) return;
    // It did not even refuse.
    const bool is_mute = !end.was_open && stream_ && !is_closing_ && end.http_status == 0;
    if (is_mute) dialer_.NoteFailure(address_);
    is_open_ = false;
    observer_->OnEnd(end);
  }

  const Endpoint endpoint_;
  const std::string target_;
  const SocketOptions options_;
  SocketObserver* observer_;
  Dialer& dialer_;  // While there is an observer.
  NetworkLoop& loop_;
  LoopTimer timer_;
  std::unique_ptr<Dial> dial_;
  std::string address_;  // That it led to.
  std::optional<websocket::stream<FilteredStream, false>> stream_;
  websocket::response_type response_;
  beast::flat_buffer buffer_;
  FramePace pace_;
  std::deque<std::string> texts_;
  SocketCounts counts_;
  Nanos opening_until_ = 0;
  Nanos upgrade_until_ = 0;
  Nanos close_until_ = 0;
  Nanos ending_since_ = 0;
  std::uint64_t pings_told_ = 0;
  int close_code_ = kCloseNone;
  const char* late_why_ = nullptr;
  bool is_open_ = false;
  bool is_writing_ = false;
  bool is_controlling_ = false;
  bool is_pong_wanted_ = false;
  bool is_ping_wanted_ = false;
  bool is_closing_ = false;
  bool is_over_ = false;
};

WebSocketClient::WebSocketClient(Dialer& dialer, const Endpoint& endpoint,
                                 const std::string& target, const SocketOptions& options,
                                 SocketObserver& observer)
    : socket_(std::make_shared<Socket>(dialer, endpoint, target, options, observer)) {
  socket_->Begin();
}
WebSocketClient::~WebSocketClient() { socket_->Abandon(); }

void WebSocketClient::Send(std::string text) { socket_->Send(std::move(text)); }
void WebSocketClient::Ping() { socket_->Ping(); }
void WebSocketClient::Close(int code) { socket_->Close(code); }
FramePace& WebSocketClient::pace() noexcept { return socket_->pace(); }
const SocketCounts& WebSocketClient::counts() const noexcept { return socket_->counts(); }

}  // namespace thalweg
