#include "tools/metrics/metrics_request.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "core/string_view.h"
#include "tools/metrics/metrics_address.h"

namespace thalweg {
namespace {

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool IsOwnHost(std::string_view host, std::string_view own_name) {
  if (!host.empty() && host.front() == '[') {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view rest = host.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1)))) return false;
    const std::string_view address = host.substr(1, end - 1);
    return address.find(':') != std::string_view::npos && IsIpAddress(address);
  }
  if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    if (!IsPort(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  return absl::EqualsIgnoreCase(Abseil(host), "localhost") || IsIpAddress(host) ||
         (!own_name.empty() && absl::EqualsIgnoreCase(Abseil(host), Abseil(own_name)));
}

MetricsVerdict JudgeMetricsRequest(const MetricsRequest& request, std::string_view own_name) {
  if (request.has_body) return {413};
  if (request.hosts.size() > 1 || (request.hosts.empty() && !request.is_http_1_0)) return {400};
  if (!request.hosts.empty() && !IsOwnHost(request.hosts.front(), own_name)) return {421};
  if (request.method != "GET" && request.method != "HEAD") return {405};
  if (request.target == "/metrics") return {200, MetricsRoute::kMetrics};
  if (request.target == "/health") return {200, MetricsRoute::kHealth};
  return {404};
}

}  // namespace thalweg
