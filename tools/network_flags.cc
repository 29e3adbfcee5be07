#include "tools/network_flags.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/option_kind.h"

namespace thalweg {
namespace {

absl::StatusOr<Endpoint> ParseBase(const char* key, const std::string& text, Market market,
                                   Protocol protocol) {
  if (text.empty()) return DefaultEndpoint(market, protocol);
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text, protocol);
  if (endpoint.ok()) return endpoint;
  return absl::InvalidArgumentError(absl::StrCat(key, ": ", endpoint.status().message()));
}

}  // namespace

void NetworkFlags::AddTo(Command command) {
  const char* const group = "The network";
  command
      .AddOption("--rest", rest_,
                 "Base URL of the REST interface (default Binance's); http: only to loopback")
      .Group(group);
  command
      .AddOption("--ws", streams_,
                 "Base URL of the streams (default Binance's); ws: only to loopback")
      .Group(group);
  command.AddOption("--ca", ca_, "PEM file of authorities to trust beside the system's")
      .Group(group);
  command
      .AddOption("--weight-share", weight_share_,
                 "Of the exchange's request weight, the part that is used at most")
      .ShowDefault()
      .Group(group);
}

absl::StatusOr<NetworkOptions> NetworkFlags::ToOptions(Market market) const {
  NetworkOptions options;
  absl::StatusOr<Endpoint> rest = ParseBase("--rest", rest_, market, Protocol::kRest);
  if (!rest.ok()) return rest.status();
  absl::StatusOr<Endpoint> streams = ParseBase("--ws", streams_, market, Protocol::kWebSocket);
  if (!streams.ok()) return streams.status();
  options.rest = *std::move(rest);
  options.streams = *std::move(streams);
  if (!ca_.empty() && access(ca_.c_str(), R_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("--ca: cannot read ", ca_, ": ", std::strerror(errno)));
  }
  options.ca_path = ca_;
  if (!absl::SimpleAtod(weight_share_, &options.weight_share) || !(options.weight_share > 0) ||
      options.weight_share > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--weight-share: '", weight_share_, "' is not a number above 0, at most 1"));
  }
  return options;
}

}  // namespace thalweg
