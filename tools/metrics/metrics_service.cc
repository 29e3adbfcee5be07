#include "tools/metrics/metrics_service.h"

#include <utility>

#include "feeds/net/network_loop.h"
#include "tools/metrics/live_health.h"
#include "tools/metrics/live_metrics.h"
#include "tools/metrics/process_statistics.h"
#include "tools/metrics/prometheus_text.h"

namespace thalweg {

absl::StatusOr<std::unique_ptr<MetricsService>> MetricsService::Create(
    const MetricsServerOptions& options, LiveScene first) {
  std::unique_ptr<MetricsService> service(new MetricsService);
  service->Show(std::move(first));
  MetricsService* const made = service.get();
  auto server =
      MetricsServer::Create(options, [made](MetricsRoute route, const MetricsServerCounts& counts) {
        return made->PageOf(route, counts);
      });
  if (!server.ok()) return server.status();
  service->server_ = *std::move(server);
  return service;
}

MetricsPage MetricsService::PageOf(MetricsRoute route, const MetricsServerCounts& server) {
  const std::shared_ptr<const LiveScene> scene = stage_.Get();
  const Nanos now = NetworkLoop::Now();
  if (route == MetricsRoute::kHealth) {
    const bool is_down = JudgeHealth(*scene, now).verdict == HealthVerdict::kDown;
    return {is_down ? 503 : 200, "application/json",
            std::make_shared<const std::string>(HealthJson(*scene, now))};
  }
  if (!page_ || now - page_made_ >= kPageAge) {
    PrometheusText process;
    AddProcessStatistics(process);
    page_ =
        std::make_shared<const std::string>(LiveMetricsText(*scene, server, now) + process.Take());
    page_made_ = now;
  }
  return {200, kPrometheusContentType, page_};
}

}  // namespace thalweg
