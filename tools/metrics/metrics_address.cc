#include "tools/metrics/metrics_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

absl::Status Wrong(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("--metrics: '", Abseil(text),
                   "' is not PORT or ADDRESS:PORT, as 9464, 0.0.0.0:9464 or [::1]:9464"));
}

}  // namespace

bool IsIpAddress(std::string_view text) {
  in6_addr address;  // Room for either.
  const std::string name(text);
  if (name.find('\0') != std::string::npos) return false;
  return inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

absl::StatusOr<MetricsAddress> ParseMetricsAddress(std::string_view text) {
  MetricsAddress address;
  std::string_view port = text;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    // Without brackets nobody knows where an address of IPv6 ends.
    if (is_bracketed != (host.find(':') != std::string_view::npos)) return Wrong(text);
    address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
    if (!IsIpAddress(address.host)) return Wrong(text);
  }
  std::uint32_t number = 0;
  const bool is_number = !port.empty() && std::all_of(port.begin(), port.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number || !absl::SimpleAtoi(Abseil(port), &number) || number > UINT16_MAX)
    return Wrong(text);
  address.port = static_cast<std::uint16_t>(number);
  return address;
}

}  // namespace thalweg
