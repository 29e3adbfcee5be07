#include "feeds/net/rest_client.h"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/net/dialer.h"
#include "feeds/net/rest_request.h"

namespace thalweg {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr int kFirstFinalStatus = 200;
// What is read and not yet parsed: a header, or a piece of a body.
constexpr std::size_t kReadBufferMax = std::size_t{4} * kRestHeaderMax;

ReceiveTime WallNow() {
  return ReceiveTime(std::chrono::duration_cast<std::chrono::nanoseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count());
}

std::string_view Text(beast::string_view text) { return {text.data(), text.size()}; }

// Nothing that could end the request line, and end another's.
bool IsTarget(const std::string& target) {
  return target.starts_with('/') && target.size() <= kTargetBytesMax &&
         std::all_of(target.begin(), target.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

// A request until it is answered.
struct Question {
  Question(NetworkLoop& loop, std::string asked, RestClient::Done callback)
      : target(std::move(asked)), done(std::move(callback)), deadline(loop) {}

  const std::string target;
  RestClient::Done done;  // Empty once it was called.
  LoopTimer deadline;
  bool is_sent = false;
  bool is_retried = false;
};
using SharedQuestion = std::shared_ptr<Question>;

}  // namespace

// Lives until its last operation is over, also when the client is gone by then.
struct RestClient::State : std::enable_shared_from_this<State> {
  State(NetworkLoop& its_loop, const ServerTrust& trust, Resolver& resolver, Endpoint its_endpoint,
        const RestOptions& its_options)
      : loop(its_loop),
        dialer(its_loop, trust, resolver),
        endpoint(std::move(its_endpoint)),
        options(its_options) {}

  void Ask(const SharedQuestion& question);
  void OnDeadline(const SharedQuestion& question);
  // Gives questions that wait to connections.
  void Assign();
  void Answer(const SharedQuestion& question, RestAnswer answer);
  void Fail(const SharedQuestion& question, absl::Status status);
  // Not inside Get().
  void FailLater(const SharedQuestion& question, absl::Status status);
  // The question is the first again, on a connection that cannot have been closed yet.
  void Retry(const SharedQuestion& question);
  void CallOffUnsent();
  void CloseIdle();
  void CloseAll();
  [[nodiscard]] std::shared_ptr<Connection> FindIdle() const;

  NetworkLoop& loop;
  Dialer dialer;
  const Endpoint endpoint;
  const RestOptions options;
  std::deque<SharedQuestion> waiting;
  std::set<std::shared_ptr<Connection>> connections;
  RestCounts counts;
  bool is_closed = false;
};

// One connection, with at most one question.
class RestClient::Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(State& client)
      : client_(client.weak_from_this()), idle_timer_(client.loop), buffer_(kReadBufferMax) {}

  [[nodiscard]] bool is_idle() const noexcept { return stream_ != nullptr && !question_; }
  [[nodiscard]] bool is_dialling() const noexcept { return dial_ != nullptr; }
  [[nodiscard]] const SharedQuestion& question() const noexcept { return question_; }

  void Dial(State& client, SharedQuestion question) {
    question_ = std::move(question);
    dial_ = client.dialer.Start(client.endpoint, [this](DialOutcome outcome) {
      const auto self = shared_from_this();
      OnDialled(std::move(outcome));
    });
  }

  void Send(const State& client, SharedQuestion question) {
    question_ = std::move(question);
    question_->is_sent = true;
    idle_timer_.Cancel();
    request_ = {http::verb::get, client.endpoint.prefix + question_->target, 11};
    request_.set(http::field::host, client.endpoint.HostHeader());
    request_.set(http::field::user_agent, "thalweg");
    request_.set(http::field::accept, "application/json");
    http::async_write(
        *stream_, request_,
        [self = shared_from_this()](error_code error, std::size_t) { self->OnSent(error); });
  }

  // Its question got no answer. Where none ever did, later dials try other addresses first.
  void NoteUnanswered(State& client) const {
    if (stream_ && !is_used_) client.dialer.NoteFailure(address_);
  }

  // Ends it; what is under way ends with an error that nobody hears.
  void Close(State& client) {
    const auto self = weak_from_this().lock();  // Lives on until the end of this, and cannot throw.
    is_over_ = true;
    question_ = nullptr;
    dial_ = nullptr;
    idle_timer_.Cancel();
    if (stream_) stream_->Abort();
    client.connections.erase(self);
  }

 private:
  void OnDialled(DialOutcome outcome) {
    const auto client = client_.lock();
    dial_ = nullptr;
    if (is_over_ || !client) return;
    const SharedQuestion question = question_;
    if (outcome.status.ok()) {
      ++client->counts.connections;
      stream_ = std::move(outcome.stream);
      address_ = outcome.address;
      return Send(*client, question);
    }
    RestCounts& counts = client->counts;
    switch (outcome.stage) {
      case DialStage::kDns:
        ++counts.dns_failures;
        break;
      case DialStage::kConnect:
        ++counts.connect_failures;
        break;
      case DialStage::kTls:
        ++counts.tls_failures;
        break;
    }
    Close(*client);
    client->Fail(question, std::move(outcome.status));
  }

  void OnSent(error_code error) {
    if (is_over_) return;
    if (error) return OnLost(error);
    parser_.emplace();
    parser_->header_limit(kRestHeaderMax);
    if (const auto client = client_.lock()) parser_->body_limit(client->options.body_max);
    http::async_read(
        *stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code result, std::size_t) { self->OnRead(result); });
  }

  void OnRead(error_code error) {
    const auto client = client_.lock();
    if (is_over_ || !client) return;
    if (error) return OnLost(error);
    const SharedQuestion question = question_;
    const bool goes_on = parser_->get().keep_alive() && buffer_.size() == 0;
    RestAnswer answer = TakeAnswer();
    if (!answer.status.ok()) {
      ++client->counts.malformed;
      Close(*client);
      return client->Fail(question, answer.status);
    }
    ++client->counts.answers;
    if (goes_on) {
      BeIdle();
    } else {
      Close(*client);
    }
    client->Answer(question, std::move(answer));
  }

  void BeIdle() {
    question_ = nullptr;
    parser_.reset();
    is_used_ = true;
    idle_timer_.Start(kRestIdle, [this] {
      if (const auto client = client_.lock()) Close(*client);
    });
  }

  [[nodiscard]] RestAnswer TakeAnswer() {
    auto response = parser_->release();
    RestAnswer answer;
    answer.received = WallNow();
    answer.monotonic = NetworkLoop::Now();
    answer.code = static_cast<int>(response.result_int());
    if (answer.code < kFirstFinalStatus) {
      answer.status = absl::DataLossError(absl::StrCat("HTTP status ", answer.code));
      return answer;
    }
    for (const auto& field : response) {
      if (field.name() == http::field::content_encoding && field.value() != "identity") {
        answer.status = absl::DataLossError("the answer is compressed, which was not asked for");
        return answer;
      }
      if (field.name() == http::field::retry_after) {
        answer.retry_after = ParseRetryAfter(Text(field.value()));
      }
      const auto used = ParseUsedWeight(Text(field.name_string()), Text(field.value()));
      if (used && answer.used_weight.size() < kUsedWeightsMax) answer.used_weight.push_back(*used);
    }
    answer.body = std::move(response.body());
    return answer;
  }

  // The connection ended, or what came is not to be read.
  void OnLost(error_code error) {
    const auto client = client_.lock();
    if (!client) return;
    const SharedQuestion question = question_;
    const bool has_begun = parser_.has_value() && (parser_->got_some() || buffer_.size() > 0);
    const bool is_stale = is_used_ && !has_begun;
    NoteUnanswered(*client);
    Close(*client);
    if (is_stale && !question->is_retried) return client->Retry(question);
    const bool is_malformed =
        error.category() == http::make_error_code(http::error::bad_version).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message;
    ++(is_malformed ? client->counts.malformed : client->counts.lost);
    const std::string text =
        absl::StrCat(is_malformed ? "malformed" : "lost", ": host=", client->endpoint.HostHeader(),
                     " target=", question->target, " reason=", error.message());
    client->Fail(question, is_malformed ? absl::DataLossError(text) : absl::UnavailableError(text));
  }

  const std::weak_ptr<State> client_;
  LoopTimer idle_timer_;
  std::unique_ptr<thalweg::Dial> dial_;
  std::unique_ptr<NetStream> stream_;
  std::string address_;  // Of its other end.
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  // The body is bounded, and the parser made anew for each answer.
  std::optional<http::response_parser<http::string_body>> parser_;
  SharedQuestion question_;
  bool is_used_ = false;  // It has answered before.
  bool is_over_ = false;
};

void RestClient::State::Ask(const SharedQuestion& question) {
  ++counts.requests;
  if (!IsTarget(question->target)) {
    return FailLater(question, absl::InvalidArgumentError(absl::StrCat(
                                   "target '", question->target.substr(0, kShownBytesMax),
                                   "' must begin with '/', be of visible ASCII and at most ",
                                   kTargetBytesMax, " bytes long")));
  }
  if (waiting.size() >= kRestWaitingMax) {
    ++counts.overflow;
    return FailLater(question, absl::ResourceExhaustedError(absl::StrCat(
                                   kRestWaitingMax, " requests wait already: ask later")));
  }
  const std::weak_ptr<State> weak = weak_from_this();
  question->deadline.Start(options.deadline, [weak, question = std::weak_ptr(question)] {
    const auto self = weak.lock();
    const auto asked = question.lock();
    if (self && asked) self->OnDeadline(asked);
  });
  waiting.push_back(question);
  Assign();
}

void RestClient::State::OnDeadline(const SharedQuestion& question) {
  ++counts.deadlines;
  std::erase(waiting, question);
  const auto present = connections;
  for (const auto& connection : present) {
    if (connection->question() != question) continue;
    connection->NoteUnanswered(*this);
    connection->Close(*this);
  }
  Fail(question, absl::DeadlineExceededError(absl::StrCat(
                     "no answer within ", options.deadline / kMillisecond,
                     " ms: host=", endpoint.HostHeader(), " target=", question->target)));
}

std::shared_ptr<RestClient::Connection> RestClient::State::FindIdle() const {
  const auto idle =
      std::find_if(connections.begin(), connections.end(),
                   [](const std::shared_ptr<Connection>& one) { return one->is_idle(); });
  return idle == connections.end() ? nullptr : *idle;
}

void RestClient::State::Assign() {
  while (!waiting.empty() && !is_closed) {
    const std::shared_ptr<Connection> idle = FindIdle();
    if (!idle && connections.size() >= options.connections) return;
    const SharedQuestion question = waiting.front();
    waiting.pop_front();
    if (idle) {
      idle->Send(*this, question);
      continue;
    }
    auto connection = std::make_shared<Connection>(*this);
    connections.insert(connection);
    connection->Dial(*this, question);
  }
}

void RestClient::State::Answer(const SharedQuestion& question, RestAnswer answer) {
  const auto self = shared_from_this();  // The callback may destroy the client.
  question->deadline.Cancel();
  const RestClient::Done done = std::exchange(question->done, nullptr);
  // First, since it may call off what waits.
  if (done && !is_closed) done(std::move(answer));
  Assign();
}

void RestClient::State::Fail(const SharedQuestion& question, absl::Status status) {
  RestAnswer answer;
  answer.status = std::move(status);
  answer.received = WallNow();
  answer.monotonic = NetworkLoop::Now();
  answer.was_sent = question->is_sent;
  Answer(question, std::move(answer));
}

void RestClient::State::FailLater(const SharedQuestion& question, absl::Status status) {
  loop.Post([weak = weak_from_this(), question, status = std::move(status)] {
    if (const auto self = weak.lock()) self->Fail(question, status);
  });
}

void RestClient::State::Retry(const SharedQuestion& question) {
  ++counts.retried;
  question->is_retried = true;
  CloseIdle();
  waiting.push_front(question);
  Assign();
}

void RestClient::State::CallOffUnsent() {
  std::deque<SharedQuestion> unsent = std::exchange(waiting, {});
  const auto present = connections;
  for (const auto& connection : present) {
    if (!connection->is_dialling()) continue;
    unsent.push_back(connection->question());
    connection->Close(*this);
  }
  for (const SharedQuestion& question : unsent) {
    ++counts.called_off;
    FailLater(question, absl::CancelledError("called off before it was sent"));
  }
}

void RestClient::State::CloseIdle() {
  while (const std::shared_ptr<Connection> idle = FindIdle()) idle->Close(*this);
}

void RestClient::State::CloseAll() {
  is_closed = true;
  waiting.clear();
  while (!connections.empty()) (*connections.begin())->Close(*this);
}

RestClient::RestClient(NetworkLoop& loop, const ServerTrust& trust, Resolver& resolver,
                       const Endpoint& endpoint, const RestOptions& options)
    : state_(std::make_shared<State>(loop, trust, resolver, endpoint, options)) {}
RestClient::~RestClient() { state_->CloseAll(); }

void RestClient::Get(const std::string& target, Done done) {
  state_->Ask(std::make_shared<Question>(state_->loop, target, std::move(done)));
}

void RestClient::CallOffUnsent() { state_->CallOffUnsent(); }

const RestCounts& RestClient::counts() const noexcept { return state_->counts; }
const Endpoint& RestClient::endpoint() const noexcept { return state_->endpoint; }

}  // namespace thalweg
