// What the kernel counts of this process, under the names that Prometheus's own clients use.
//
// Cold: reads files of /proc. Threads: any.
#pragma once

#include "tools/metrics/prometheus_text.h"

namespace thalweg {

// process_cpu_seconds_total, process_open_fds, process_max_fds, process_resident_memory_bytes,
// process_virtual_memory_bytes, process_threads and process_start_time_seconds. What cannot be read
// has no sample.
void AddProcessStatistics(PrometheusText& text);

}  // namespace thalweg
