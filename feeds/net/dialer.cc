#include "feeds/net/dialer.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/net/network_context.h"

namespace thalweg {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// The families in turn, that of the first address first: where one of them leads nowhere, the
// second try is already with the other one.
std::vector<std::string> InTurn(const std::vector<std::string>& addresses) {
  std::vector<std::string> turns[2];
  const auto is_ipv6 = [](const std::string& text) { return absl::StrContains(text, ':'); };
  for (const std::string& address : addresses) {
    turns[is_ipv6(address) == is_ipv6(addresses.front()) ? 0 : 1].push_back(address);
  }
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    for (const auto& family : turns) {
      if (i < family.size()) mixed.push_back(family[i]);
    }
  }
  return mixed;
}

using AddressSet = std::set<std::string>;

void Remember(const std::string& address, AddressSet* failed) {
  if (failed->size() >= kFailedAddressesMax) failed->clear();
  failed->insert(address);
}

// Those that failed come last. Where all have, they begin anew.
void PutLast(AddressSet* failed, std::vector<std::string>* addresses) {
  const auto is_fresh = [&](const std::string& address) { return failed->count(address) == 0; };
  if (std::none_of(addresses->begin(), addresses->end(), is_fresh)) {
    for (const std::string& address : *addresses) failed->erase(address);
  }
  std::stable_partition(addresses->begin(), addresses->end(), is_fresh);
}

// What operations under way hold on to; it answers at most once, and no more after Cancel().
class DialState : public std::enable_shared_from_this<DialState> {
 public:
  DialState(NetworkLoop& loop, const ServerTrust& trust, const Endpoint& endpoint,
            DialDeadlines deadlines, std::shared_ptr<AddressSet> failed,
            std::function<void(DialOutcome)> done)
      : loop_(loop),
        trust_(trust),
        endpoint_(endpoint),
        deadlines_(deadlines),
        failed_(std::move(failed)),
        done_(std::move(done)),
        timer_(loop) {}

  void Begin(Resolver& resolver) {
    const auto self = shared_from_this();
    if (IsAddress(endpoint_.host)) {
      return loop_.Post([self] { self->OnAddresses(std::vector{self->endpoint_.host}); });
    }
    timer_.Start(deadlines_.resolve, [self] {
      self->Fail(absl::DeadlineExceededError(self->Text("dns failed", "no answer in time")));
    });
    resolver.Resolve(endpoint_.host, [self](absl::StatusOr<std::vector<std::string>> addresses) {
      self->OnAddresses(std::move(addresses));
    });
  }

  void Cancel() {
    is_over_ = true;
    done_ = nullptr;
    timer_.Cancel();
    if (stream_) stream_->Abort();
  }

 private:
  [[nodiscard]] std::string Text(std::string_view what, std::string_view reason) const {
    return absl::StrCat(Abseil(what), ": host=", endpoint_.HostHeader(),
                        outcome_.address.empty() ? "" : " address=", outcome_.address,
                        " reason=", Abseil(reason));
  }

  void OnAddresses(absl::StatusOr<std::vector<std::string>> addresses) {
    if (is_over_ || has_addresses_) return;
    has_addresses_ = true;
    timer_.Cancel();
    if (!addresses.ok()) {
      return Fail(
          absl::UnavailableError(Text("dns failed", Standard(addresses.status().message()))));
    }
    if (!endpoint_.is_tls) {
      std::erase_if(*addresses, [](const std::string& text) { return !IsLoopbackHost(text); });
    }
    std::erase_if(*addresses, [](const std::string& text) { return !IsAddress(text); });
    if (addresses->empty()) return Fail(absl::UnavailableError(Text("dns failed", "no address")));
    addresses_ = InTurn(*addresses);
    std::rotate(addresses_.begin(),
                addresses_.begin() +
                    static_cast<std::ptrdiff_t>(endpoint_.first_address % addresses_.size()),
                addresses_.end());
    PutLast(failed_.get(), &addresses_);
    addresses_.resize(std::min(addresses_.size(), kAddressesTriedMax));
    TryNext();
  }

  void TryNext() {
    outcome_.address = addresses_[tried_++];
    outcome_.stage = DialStage::kConnect;
    stream_ = std::make_unique<NetStream>(IoOf(loop_));
    is_late_ = false;
    const auto self = shared_from_this();
    timer_.Start(deadlines_.connect, [self] { self->OnDeadline(); });
    error_code error;
    const auto address = asio::ip::make_address(outcome_.address, error);
    stream_->socket().async_connect({address, endpoint_.port},
                                    [self](error_code result) { self->OnConnected(result); });
  }

  void OnDeadline() {
    is_late_ = true;
    stream_->Abort();
  }

  [[nodiscard]] absl::Status Failure(std::string_view what, const error_code& error) const {
    if (is_late_) return absl::DeadlineExceededError(Text(what, "no answer in time"));
    return absl::UnavailableError(Text(what, error.message()));
  }

  void OnConnected(error_code error) {
    if (is_over_) return;
    timer_.Cancel();
    if (!error && !is_late_) return OnTcp();
    TryNextOr(Failure("connect failed", error));
  }

  // `failure`: of the present address.
  void TryNextOr(const absl::Status& failure) {
    Remember(outcome_.address, failed_.get());
    if (tried_ == addresses_.size()) return Fail(failure);
    // Not inside the callback of the stream that is replaced.
    loop_.Post([self = shared_from_this()] {
      if (!self->is_over_) self->TryNext();
    });
  }

  void OnTcp() {
    error_code ignored;
    stream_->socket().set_option(tcp::no_delay(true), ignored);
    if (!endpoint_.is_tls) return Finish();
    outcome_.stage = DialStage::kTls;
    const auto self = shared_from_this();
    timer_.Start(deadlines_.handshake, [self] { self->OnDeadline(); });
    if (!stream_->AsyncHandshake(trust_, endpoint_.host,
                                 [self](error_code result) { self->OnHandshake(result); })) {
      Fail(absl::InternalError(Text("tls failed", "OpenSSL cannot verify such a host")));
    }
  }

  void OnHandshake(error_code error) {
    if (is_over_) return;
    timer_.Cancel();
    if (!error && !is_late_) return Finish();
    const std::string refused = stream_->VerifyFailure();
    if (!refused.empty()) {
      return Fail(absl::UnauthenticatedError(Text("tls verify failed", refused)));
    }
    if (!is_late_ && error.category() == asio::error::get_ssl_category()) {
      return Fail(absl::UnauthenticatedError(Text("tls verify failed", error.message())));
    }
    TryNextOr(Failure("tls failed", error));
  }

  void Finish() {
    outcome_.stream = std::move(stream_);
    Answer();
  }

  void Fail(absl::Status status) {
    if (is_over_) return;
    if (stream_) stream_->Abort();
    outcome_.status = std::move(status);
    Answer();
  }

  void Answer() {
    is_over_ = true;
    timer_.Cancel();
    const auto done = std::exchange(done_, nullptr);
    done(std::move(outcome_));
  }

  NetworkLoop& loop_;
  const ServerTrust& trust_;
  const Endpoint endpoint_;
  const DialDeadlines deadlines_;
  const std::shared_ptr<AddressSet> failed_;
  std::function<void(DialOutcome)> done_;
  LoopTimer timer_;
  std::vector<std::string> addresses_;
  std::size_t tried_ = 0;
  std::unique_ptr<NetStream> stream_;
  DialOutcome outcome_;
  bool has_addresses_ = false;
  bool is_late_ = false;
  bool is_over_ = false;
};

class StartedDial : public Dial {
 public:
  explicit StartedDial(std::shared_ptr<DialState> state) : state_(std::move(state)) {}
  ~StartedDial() override { state_->Cancel(); }
  StartedDial(const StartedDial&) = delete;
  StartedDial& operator=(const StartedDial&) = delete;

 private:
  const std::shared_ptr<DialState> state_;
};

}  // namespace

Dialer::Dialer(NetworkLoop& loop, const ServerTrust& trust, Resolver& resolver,
               DialDeadlines deadlines)
    : loop_(loop),
      trust_(trust),
      resolver_(resolver),
      deadlines_(deadlines),
      failed_(std::make_shared<AddressSet>()) {}

void Dialer::NoteFailure(const std::string& address) { Remember(address, failed_.get()); }

std::unique_ptr<Dial> Dialer::Start(const Endpoint& endpoint,
                                    std::function<void(DialOutcome)> done) {
  auto state =
      std::make_shared<DialState>(loop_, trust_, endpoint, deadlines_, failed_, std::move(done));
  state->Begin(resolver_);
  return std::make_unique<StartedDial>(std::move(state));
}

}  // namespace thalweg
