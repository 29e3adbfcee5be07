// A live run as metrics: what docs/METRICS.md lists, and nothing else.
//
// Every family is there whatever the run does; one without samples (a recorder's, where nothing is
// recorded) has its two lines alone. Counters begin with the run. A new counter is a row of a table
// in the source, and one of the page: a test compares them.
// Threads: pure functions.
#pragma once

#include <string>

#include "tools/metrics/live_scene.h"
#include "tools/metrics/metrics_server.h"

namespace thalweg {

// In the format of Prometheus, without process_*. `now`: NetworkLoop::Now().
[[nodiscard]] std::string LiveMetricsText(const LiveScene& scene, const MetricsServerCounts& server,
                                          Nanos now);

}  // namespace thalweg
