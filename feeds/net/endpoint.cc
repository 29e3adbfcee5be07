#include "feeds/net/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kTlsPort = 443;
// What DNS allows.
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

std::string_view SchemeOf(const Endpoint& endpoint) {
  if (endpoint.protocol == Protocol::kRest) return endpoint.is_tls ? "https" : "http";
  return endpoint.is_tls ? "wss" : "ws";
}

std::uint16_t OwnPort(const Endpoint& endpoint) { return endpoint.is_tls ? kTlsPort : kPlainPort; }

bool IsAddressOf(int family, std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, std::string(host).c_str(), address.data()) == 1;
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

bool IsNumber(std::string_view label) {
  return std::all_of(label.begin(), label.end(), absl::ascii_isdigit);
}

// A name of DNS. One whose last label is a number would be taken for an address by some.
bool IsName(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  while (true) {
    const std::string_view label = host.substr(0, host.find('.'));
    if (!IsLabel(label)) return false;
    if (label.size() == host.size()) return !IsNumber(label);
    host.remove_prefix(label.size() + 1);
  }
}

bool IsPathByte(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         std::string_view("/-._~%!$&'()*+,;=:@").find(static_cast<char>(c)) !=
             std::string_view::npos;
}

absl::Status Refused(std::string_view url, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("URL '", Abseil(url), "': ", Abseil(why)));
}

// Takes "https" off the URL.
std::optional<bool> TakeScheme(std::string_view* url, Protocol protocol) {
  const std::size_t end = url->find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string scheme = absl::AsciiStrToLower(Abseil(url->substr(0, end)));
  url->remove_prefix(end + 3);
  if (scheme == (protocol == Protocol::kRest ? "https" : "wss")) return true;
  if (scheme == (protocol == Protocol::kRest ? "http" : "ws")) return false;
  return std::nullopt;
}

// Takes the host off "host:port" or "[::1]:port"; what is left is the port with its colon.
bool TakeHost(std::string_view* authority, std::string* host) {
  if (authority->starts_with('[')) {
    const std::size_t end = authority->find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view address = authority->substr(1, end - 1);
    authority->remove_prefix(end + 1);
    *host = absl::AsciiStrToLower(Abseil(address));
    return IsAddressOf(AF_INET6, address);
  }
  const std::string_view name = authority->substr(0, authority->find(':'));
  authority->remove_prefix(name.size());
  *host = absl::AsciiStrToLower(Abseil(name));
  return IsAddressOf(AF_INET, name) || IsName(name);
}

bool ParsePort(std::string_view text, std::uint16_t* port) {
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, *port);
  return error == std::errc() && read == end && *port != 0;
}

}  // namespace

std::string Endpoint::HostHeader() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string header = is_ipv6 ? absl::StrCat("[", host, "]") : host;
  if (port != OwnPort(*this)) absl::StrAppend(&header, ":", port);
  return header;
}

std::string Endpoint::Url() const {
  return absl::StrCat(Abseil(SchemeOf(*this)), "://", HostHeader(), prefix);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view url, Protocol protocol) {
  const bool is_rest = protocol == Protocol::kRest;
  if (url.size() > kBaseUrlBytesMax) {
    return Refused(url.substr(0, 64), absl::StrCat("is longer than ", kBaseUrlBytesMax, " bytes"));
  }
  Endpoint endpoint;
  endpoint.protocol = protocol;
  std::string_view rest = url;
  const std::optional<bool> is_tls = TakeScheme(&rest, protocol);
  if (!is_tls) {
    return Refused(url, is_rest ? "must begin with https:// (or http:// for this machine)"
                                : "must begin with wss:// (or ws:// for this machine)");
  }
  endpoint.is_tls = *is_tls;
  endpoint.port = OwnPort(endpoint);

  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  std::string_view path = rest.substr(authority.size());
  if (!TakeHost(&authority, &endpoint.host)) {
    return Refused(url, "has no host: a name, an IPv4 address or an IPv6 address in brackets");
  }
  if (!authority.empty() &&
      (authority.front() != ':' || !ParsePort(authority.substr(1), &endpoint.port))) {
    return Refused(url, "has a port that is not a number from 1 to 65535");
  }
  if (!std::all_of(path.begin(), path.end(), IsPathByte)) {
    return Refused(url, "is a base URL: a path may follow the host, but no query and no fragment");
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  endpoint.prefix = std::string(path);
  if (!endpoint.is_tls && !IsLoopbackHost(endpoint.host)) {
    return Refused(url, is_rest ? "http: reaches only this machine (127.0.0.0/8, ::1, localhost); "
                                  "use https:"
                                : "ws: reaches only this machine (127.0.0.0/8, ::1, localhost); "
                                  "use wss:");
  }
  return endpoint;
}

Endpoint DefaultEndpoint(Market market, Protocol protocol) {
  Endpoint endpoint;
  endpoint.protocol = protocol;
  const bool is_rest = protocol == Protocol::kRest;
  switch (market) {
    case Market::kSpot:
      endpoint.host = is_rest ? "api.binance.com" : "stream.binance.com";
      if (!is_rest) endpoint.port = 9'443;
      break;
    case Market::kUsdM:
      endpoint.host = is_rest ? "fapi.binance.com" : "fstream.binance.com";
      break;
    case Market::kCoinM:
      endpoint.host = is_rest ? "dapi.binance.com" : "dstream.binance.com";
      break;
  }
  return endpoint;
}

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) == 1) {
    return (ntohl(address.s_addr) >> 24) == 127;
  }
  in6_addr address6{};
  return inet_pton(AF_INET6, text.c_str(), &address6) == 1 && IN6_IS_ADDR_LOOPBACK(&address6);
}

bool IsAddress(std::string_view host) {
  return IsAddressOf(AF_INET, host) || IsAddressOf(AF_INET6, host);
}

}  // namespace thalweg
