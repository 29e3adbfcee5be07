#include "tools/network_flags.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/option_kind.h"
#include "tools/option_value.h"

namespace thalweg {
namespace {

// Spot's market data alone: the same streams and ids from another host.
constexpr const char* kSpotsOtherHost = "data-stream.binance.vision";
constexpr std::uint16_t kSpotsOtherPort = 443;

absl::StatusOr<Endpoint> ParseBase(const char* key, const std::string& text, Market market,
                                   Protocol protocol) {
  if (text.empty()) return DefaultEndpoint(market, protocol);
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text, protocol);
  if (endpoint.ok()) return endpoint;
  return absl::InvalidArgumentError(absl::StrCat(key, ": ", endpoint.status().message()));
}

// Where none is named: spot's other host; the other markets have one, whose addresses take turns.
absl::StatusOr<Endpoint> SecondLeg(const std::string& text, const std::string& first,
                                   Market market) {
  if (text.empty() && !first.empty()) {
    return absl::InvalidArgumentError(
        "--legs 2: where --ws names the first leg, say --second-ws for the second");
  }
  absl::StatusOr<Endpoint> endpoint = ParseBase("--second-ws", text, market, Protocol::kWebSocket);
  if (endpoint.ok() && text.empty() && market == Market::kSpot) {
    endpoint->host = kSpotsOtherHost;
    endpoint->port = kSpotsOtherPort;
  }
  return endpoint;
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
  const Option legs =
      command
          .AddOption(
              "--legs", legs_,
              "2: the same streams over two connections; of every event the first copy counts")
          .TypeName(kWholeNumberWord)
          .ShowDefault()
          .Range(1, 2)
          .Group(group);
  command
      .AddOption("--second-ws", second_,
                 "Base URL of the second leg: another host or address than the first's")
      .Needs(legs)
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
  if (legs_ == 2) {
    absl::StatusOr<Endpoint> second = SecondLeg(second_, streams_, market);
    if (!second.ok()) return second.status();
    options.second_leg = *std::move(second);
  } else if (!second_.empty()) {
    return absl::InvalidArgumentError("--second-ws: there is one leg; say --legs 2 too");
  }
  options.rest = *std::move(rest);
  options.streams = *std::move(streams);
  if (!ca_.empty() && access(ca_.c_str(), R_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("--ca: cannot read ", ca_, ": ", std::strerror(errno)));
  }
  options.ca_path = ca_;
  const auto weight_share = ParsePositive("weight-share", weight_share_, 1);
  if (!weight_share.ok()) return weight_share.status();
  options.weight_share = *weight_share;
  return options;
}

}  // namespace thalweg
