#include "feeds/net/resolver.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "feeds/net/network_context.h"

namespace thalweg {
namespace {

using boost::asio::ip::tcp;

class SystemResolver : public Resolver {
 public:
  SystemResolver(NetworkLoop& loop, Lookup lookup) : loop_(loop), lookup_(std::move(lookup)) {}

  void Resolve(const std::string& host, Answer answer) override {
    std::deque<Answer>& waiting = (*waiting_)[host];
    waiting.push_back(std::move(answer));
    if (waiting.size() > kLookupWaitersMax) waiting.pop_front();
    if (waiting.size() > 1) return;  // It is being looked up.
    boost::asio::post(threads_, [this, host] {
      loop_.Post([host, addresses = lookup_(host), waiting = std::weak_ptr(waiting_)] {
        if (const auto alive = waiting.lock()) Finish(*alive, host, addresses);
      });
    });
  }

 private:
  using Waiting = std::map<std::string, std::deque<Answer>>;  // By host.

  static void Finish(Waiting& waiting, const std::string& host, const Addresses& addresses) {
    for (const Answer& answer : std::exchange(waiting[host], {})) answer(addresses);
  }

  NetworkLoop& loop_;
  const Lookup lookup_;
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
  boost::asio::thread_pool threads_{kLookupsMax};  // Last: its end waits for what uses the others.
};

}  // namespace

Resolver::Addresses LookUpBySystem(const std::string& host) {
  boost::asio::io_context io;
  boost::system::error_code error;
  const auto results = tcp::resolver(io).resolve(host, "", error);
  if (error) return absl::UnavailableError(error.message());
  std::vector<std::string> addresses;
  for (const auto& result : results) addresses.push_back(result.endpoint().address().to_string());
  return addresses;
}

std::unique_ptr<Resolver> MakeSystemResolver(NetworkLoop& loop, Lookup lookup) {
  return std::make_unique<SystemResolver>(loop, std::move(lookup));
}

}  // namespace thalweg
