// The metrics of a live run, served: the run shows how things are, and whoever asks gets a page of
// it (docs/METRICS.md).
//
// A page of metrics is made at most every kPageAge, however many ask for it.
// Threads: Show() from one; pages are made on the server's (tools/metrics/metrics_server.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "tools/metrics/live_scene.h"
#include "tools/metrics/metrics_server.h"

namespace thalweg {

inline constexpr Nanos kPageAge = 50 * kMillisecond;

class MetricsService {
 public:
  // What MetricsServer::Create() answers.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MetricsService>> Create(
      const MetricsServerOptions& options, LiveScene first);

  void Show(LiveScene scene) { stage_.Set(std::move(scene)); }
  [[nodiscard]] std::string Url() const { return server_->Url(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return server_->port(); }

 private:
  MetricsService() = default;
  [[nodiscard]] MetricsPage PageOf(MetricsRoute route, const MetricsServerCounts& server);

  LiveStage stage_;
  // The server's thread.
  std::shared_ptr<const std::string> page_;
  Nanos page_made_ = 0;

  std::unique_ptr<MetricsServer> server_;  // The last: its thread uses the others.
};

}  // namespace thalweg
