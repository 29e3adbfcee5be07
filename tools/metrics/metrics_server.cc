#include "tools/metrics/metrics_server.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

// No more connections can be had of the system: how long until the next look.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

std::string OwnName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

absl::string_view ReasonOf(int status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return {reason.data(), reason.size()};
}

// What a header that could not be read is answered with; 0: nothing, nobody waits for it.
int StatusOf(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

}  // namespace

struct MetricsServer::State {
  State(const MetricsServerOptions& given, Pages given_pages)
      : options(given), pages(std::move(given_pages)), acceptor(io), pause(io) {}

  void Accept();
  void Run();
  void Stop();
  [[nodiscard]] MetricsServerCounts Counts() const noexcept;

  const MetricsServerOptions options;
  const Pages pages;
  const std::string own_name = OwnName();
  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::uint16_t port = 0;
  std::set<std::shared_ptr<Client>> clients;
  bool is_stopping = false;

  // Written by the server's thread.
  std::atomic<std::int64_t> connections{0};
  std::atomic<std::int64_t> accepted{0};
  std::atomic<std::int64_t> refused{0};
  std::atomic<std::int64_t> answers{0};
  std::atomic<std::int64_t> rejected{0};
  std::atomic<std::int64_t> expired{0};

  std::thread thread;
};

// One connection: a request, its answer, the next request.
class MetricsServer::Client : public std::enable_shared_from_this<Client> {
 public:
  Client(State& server, tcp::socket socket)
      : server_(server), socket_(std::move(socket)), timer_(server.io) {}

  void ReadRequest() {
    SetDeadline(server_.options.header_deadline);
    is_head_ = false;
    parser_.emplace();
    parser_->header_limit(kMetricsHeaderMax);
    http::async_read_header(
        socket_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->OnHeader(error); });
  }

  void End() {
    if (std::exchange(is_over_, true)) return;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    server_.clients.erase(shared_from_this());
    server_.connections.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  void SetDeadline(Nanos length) {
    timer_.expires_after(std::chrono::nanoseconds(length));
    timer_.async_wait([self = shared_from_this()](error_code error) {
      // One that was due already when it was set anew.
      if (error || self->timer_.expiry() > std::chrono::steady_clock::now()) return;
      if (!self->is_over_) self->server_.expired.fetch_add(1, std::memory_order_relaxed);
      self->End();
    });
  }

  void OnHeader(error_code error) {
    if (is_over_) return;
    if (error) {
      const int status = StatusOf(error);
      if (status == 0) return End();
      return Reject(status, true);
    }
    const auto& header = parser_->get();
    MetricsRequest request;
    const auto method = header.method_string();
    const auto target = header.target();
    request.method = {method.data(), method.size()};
    request.target = {target.data(), target.size()};
    const auto hosts = header.equal_range(http::field::host);
    for (auto host = hosts.first; host != hosts.second; ++host) {
      request.hosts.emplace_back(host->value().data(), host->value().size());
    }
    request.is_http_1_0 = header.version() < 11;
    request.has_body = parser_->content_length().value_or(0) > 0 ||
                       header.count(http::field::transfer_encoding) > 0;
    const MetricsVerdict verdict = JudgeMetricsRequest(request, server_.own_name);
    is_head_ = request.method == "HEAD";
    const bool is_last = !parser_->keep_alive() || ++requests_ >= server_.options.requests_max;
    // A body would be read as the next request.
    if (verdict.status != 200) return Reject(verdict.status, is_last || verdict.status != 404);
    server_.answers.fetch_add(1, std::memory_order_relaxed);
    Answer(server_.pages(verdict.route, server_.Counts()), is_last);
  }

  void Reject(int status, bool is_last) {
    server_.rejected.fetch_add(1, std::memory_order_relaxed);
    Answer({status, "text/plain; charset=utf-8",
            std::make_shared<const std::string>(absl::StrCat(ReasonOf(status), "\n"))},
           is_last);
  }

  void Answer(MetricsPage page, bool is_last) {
    page_ = std::move(page);
    head_ = absl::StrCat("HTTP/1.1 ", page_.status, " ", ReasonOf(page_.status),
                         "\r\nContent-Type: ", Abseil(page_.content_type),
                         "\r\nContent-Length: ", page_.body->size(),
                         "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    if (page_.status == 405) absl::StrAppend(&head_, "Allow: GET, HEAD\r\n");
    absl::StrAppend(&head_, "Connection: ", is_last ? "close" : "keep-alive", "\r\n\r\n");
    const std::array<asio::const_buffer, 2> bytes{
        asio::buffer(head_), is_head_ ? asio::const_buffer() : asio::buffer(*page_.body)};
    SetDeadline(server_.options.write_deadline);
    asio::async_write(socket_, bytes,
                      [self = shared_from_this(), is_last](error_code error, std::size_t) {
                        if (self->is_over_) return;
                        self->page_.body.reset();
                        if (error) return self->End();
                        if (is_last) return self->BeginEnd();
                        self->ReadRequest();
                      });
  }

  void BeginEnd() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    SetDeadline(kMetricsDrainDeadline);
    Drain();
  }

  void Drain() {
    socket_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                              self->drained_ += bytes;
                              if (error || self->is_over_ || self->drained_ >= kMetricsDrainMax)
                                return self->End();
                              self->Drain();
                            });
  }

  State& server_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  // A header that has no end fills the limit before the buffer.
  beast::flat_buffer buffer_{2 * kMetricsHeaderMax};
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::size_t requests_ = 0;
  std::string head_;
  MetricsPage page_;
  std::array<char, 4096> scrap_;
  std::size_t drained_ = 0;
  bool is_head_ = false;
  bool is_over_ = false;
};

void MetricsServer::State::Accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (is_stopping) return;
    if (error) {
      pause.expires_after(kAcceptPause);
      return pause.async_wait([this](error_code cancelled) {
        if (!cancelled && !is_stopping) Accept();
      });
    }
    // First, so that what fails for one client keeps no other away.
    Accept();
    if (clients.size() >= options.connections_max) {
      refused.fetch_add(1, std::memory_order_relaxed);
      error_code ignored;
      socket.close(ignored);
    } else {
      const auto client = std::make_shared<Client>(*this, std::move(socket));
      clients.insert(client);
      accepted.fetch_add(1, std::memory_order_relaxed);
      connections.fetch_add(1, std::memory_order_relaxed);
      client->ReadRequest();
    }
  });
}

void MetricsServer::State::Run() {
  Accept();
  for (;;) {
    try {
      io.run();
      return;
    } catch (...) {
      // No memory for an answer: it is not given, and its deadline ends the connection.
    }
  }
}

void MetricsServer::State::Stop() {
  is_stopping = true;
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  const auto present = clients;
  for (const auto& client : present) client->End();
}

MetricsServerCounts MetricsServer::State::Counts() const noexcept {
  return {connections.load(std::memory_order_relaxed), accepted.load(std::memory_order_relaxed),
          refused.load(std::memory_order_relaxed),     answers.load(std::memory_order_relaxed),
          rejected.load(std::memory_order_relaxed),    expired.load(std::memory_order_relaxed)};
}

MetricsServer::MetricsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

MetricsServer::~MetricsServer() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->io, [this] { state_->Stop(); });
  state_->thread.join();
}

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Create(
    const MetricsServerOptions& options, Pages pages) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address.host, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("--metrics: '", options.address.host, "' is not an address"));
  }
  auto state = std::make_unique<State>(options, std::move(pages));
  const tcp::endpoint endpoint(address, options.address.port);
  tcp::acceptor& acceptor = state->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) state->port = acceptor.local_endpoint(error).port();
  if (error) {
    return absl::UnavailableError(absl::StrCat(
        "--metrics: cannot listen on ", options.address.host, " port ", options.address.port, ": ",
        error.message(), "; take another port, or end the program that has it"));
  }
  std::unique_ptr<MetricsServer> server(new MetricsServer(std::move(state)));
  State* const made = server->state_.get();
  made->thread = std::thread([made] { made->Run(); });
  pthread_setname_np(made->thread.native_handle(), "metrics");
  return server;
}

std::uint16_t MetricsServer::port() const noexcept { return state_->port; }

std::string MetricsServer::Url() const {
  const std::string& host = state_->options.address.host;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return absl::StrCat("http://", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", ":", port());
}

MetricsServerCounts MetricsServer::counts() const noexcept { return state_->Counts(); }

}  // namespace thalweg
