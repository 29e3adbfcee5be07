// Where an exchange is: the base URL of its REST or of its WebSocket streams, taken apart.
//
// "https://api.binance.com", "ws://127.0.0.1:8080/prefix". Without TLS only this machine is
// allowed: 127.0.0.0/8, ::1 and localhost; whoever dials checks the addresses again
// (feeds/net/dialer.h). Threads: values and pure functions. Cold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pipeline/engine_options.h"

namespace thalweg {

// Of a base URL; longer ones are refused.
inline constexpr std::size_t kBaseUrlBytesMax = 2'048;

enum class Protocol : std::uint8_t { kRest, kWebSocket };

struct Endpoint {
  Protocol protocol = Protocol::kRest;
  bool is_tls = true;
  std::string host;  // A name or an address; IPv6 without brackets.
  std::uint16_t port = 443;
  std::string prefix;  // "" or "/something", without a slash at its end.
  // Which of a name's addresses a dial begins with, counted around.
  std::size_t first_address = 0;

  // As a request's header says it: "api.binance.com", "[::1]:8080"; the port where it is not the
  // scheme's own.
  [[nodiscard]] std::string HostHeader() const;
  // Scheme, host and prefix, to which a target is appended.
  [[nodiscard]] std::string Url() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// InvalidArgument with the URL, what is wrong with it and what is allowed.
[[nodiscard]] absl::StatusOr<Endpoint> ParseEndpoint(std::string_view url, Protocol protocol);

// Binance's own. USD-M streams lie below the prefixes "/public" and "/market", which are not part
// of this.
[[nodiscard]] Endpoint DefaultEndpoint(Market market, Protocol protocol);

// Of a host: the name localhost, or an address of the loopback.
[[nodiscard]] bool IsLoopbackHost(std::string_view host);
// Of an address as text, IPv4 or IPv6 (no brackets).
[[nodiscard]] bool IsAddress(std::string_view host);

}  // namespace thalweg
