// Serves a run's metrics over HTTP/1.1: `GET /metrics`, `GET /health`, and nothing else.
//
// It is for scrapers and probes, and stands firm against everybody else (the faults H1 to H5 of
// docs/FAULTS.md). There is no key, so nothing is served that needs one; who may not read it is
// kept away by the address that is bound. A request is judged by its header alone
// (tools/metrics/metrics_request.h); there is no way from it to a file, and no answer that a page
// of another site could read (no CORS).
//
// Bounds, and what happens at them:
//   connections   `connections_max` at once; who comes beyond is closed unheard
//   header        kMetricsHeaderMax bytes (431), whole within `header_deadline` of the opening or
//                 of the answer before: a connection that asks nothing is closed as well
//   body          none (413)
//   answer        taken within `write_deadline`
//   requests      `requests_max` on a connection, one at a time; of what is sent ahead a buffer's
//                 worth is read
// After an answer that ends a connection the client's bytes are thrown away for a moment, or it
// would not see the answer.
//
// Threads: one of its own, which calls `pages` and nothing else of the program: what the engine and
// the network do does not depend on who asks how often. Boost.Beast stays in the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/units.h"
#include "tools/metrics/metrics_address.h"
#include "tools/metrics/metrics_request.h"

namespace thalweg {

inline constexpr std::size_t kMetricsConnectionsMax = 64;
inline constexpr std::size_t kMetricsHeaderMax = std::size_t{8} << 10;
inline constexpr Nanos kMetricsHeaderDeadline = 5 * kSecond;
inline constexpr Nanos kMetricsWriteDeadline = 10 * kSecond;
inline constexpr std::size_t kMetricsRequestsMax = 1'000;
// Of what is thrown away behind the last answer.
inline constexpr std::size_t kMetricsDrainMax = std::size_t{64} << 10;
inline constexpr Nanos kMetricsDrainDeadline = kSecond;

struct MetricsPage {
  int status = 200;
  std::string_view content_type;  // Of static storage.
  std::shared_ptr<const std::string> body;
};

struct MetricsServerOptions {
  MetricsAddress address;
  std::size_t connections_max = kMetricsConnectionsMax;
  std::size_t requests_max = kMetricsRequestsMax;
  Nanos header_deadline = kMetricsHeaderDeadline;
  Nanos write_deadline = kMetricsWriteDeadline;
};

struct MetricsServerCounts {
  std::int64_t connections = 0;  // Now.
  std::int64_t accepted = 0;
  std::int64_t refused = 0;   // Connections beyond the bound.
  std::int64_t answers = 0;   // With a page.
  std::int64_t rejected = 0;  // Requests that got another answer than a page.
  std::int64_t expired = 0;   // Connections that a deadline ended.
};

class MetricsServer {
 public:
  using Pages = std::function<MetricsPage(MetricsRoute, const MetricsServerCounts&)>;

  // Binds, listens and begins. InvalidArgument: no such address; Unavailable: it cannot be had,
  // with the reason. `pages` is called on the server's thread, never two at a time.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MetricsServer>> Create(
      const MetricsServerOptions& options, Pages pages);
  // Closes every connection, and joins the thread.
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  // Where it is: "http://127.0.0.1:9464".
  [[nodiscard]] std::string Url() const;
  // Threads: any.
  [[nodiscard]] MetricsServerCounts counts() const noexcept;

 private:
  class Client;
  struct State;
  explicit MetricsServer(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace thalweg
