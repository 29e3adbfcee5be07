#include "feeds/net/resolver.h"

#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "absl/status/status.h"
#include "feeds/net/network_context.h"

namespace thalweg {
namespace {

using boost::asio::ip::tcp;

class SystemResolver : public Resolver {
 public:
  explicit SystemResolver(NetworkLoop& loop) : resolver_(IoOf(loop)) {}

  void Resolve(const std::string& host, Answer answer) override {
    resolver_.async_resolve(
        host, "",
        [answer = std::move(answer)](boost::system::error_code error,
                                     const tcp::resolver::results_type& results) {
          if (error) return answer(absl::UnavailableError(error.message()));
          std::vector<std::string> addresses;
          for (const auto& result : results) {
            addresses.push_back(result.endpoint().address().to_string());
          }
          answer(std::move(addresses));
        });
  }

 private:
  tcp::resolver resolver_;
};

}  // namespace

std::unique_ptr<Resolver> MakeSystemResolver(NetworkLoop& loop) {
  return std::make_unique<SystemResolver>(loop);
}

}  // namespace thalweg
