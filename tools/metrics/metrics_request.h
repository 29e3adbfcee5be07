// What a request for a run's metrics is answered with, before anything is looked up.
//
// There are two routes. A target is compared with them byte by byte: nothing is decoded, resolved
// or completed, so no spelling of a path leads anywhere else. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

enum class MetricsRoute : std::uint8_t { kMetrics, kHealth };

// What is known of a request when its header has come.
struct MetricsRequest {
  std::string_view method;
  std::string_view target;
  std::vector<std::string_view> hosts;  // The values of its Host fields.
  bool is_http_1_0 = false;             // It may go without a Host.
  bool has_body = false;                // Or says that one follows.
};

struct MetricsVerdict {
  // 200: the route's page. Else an answer without one: 400 no Host or several, 404 another target,
  // 405 another method than GET and HEAD, 413 a body, 421 a host that is none of this machine's.
  int status = 200;
  MetricsRoute route = MetricsRoute::kMetrics;  // Of 200.
};

// `own_name`: the machine's, by which it may be asked too; empty: by address and localhost alone.
[[nodiscard]] MetricsVerdict JudgeMetricsRequest(const MetricsRequest& request,
                                                 std::string_view own_name);

// Whether a Host field means this machine. A page of another site that had its name resolve to here
// (DNS rebinding) sends that name, which is none of these.
[[nodiscard]] bool IsOwnHost(std::string_view host, std::string_view own_name);

}  // namespace thalweg
