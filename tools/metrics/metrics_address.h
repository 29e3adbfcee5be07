// Where a run's metrics are served: what `--metrics` takes.
//
// A port alone means this machine alone. Another address has to be written out, for whoever reaches
// it may read what is served, without a key. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace thalweg {

struct MetricsAddress {
  std::string host = "127.0.0.1";  // An address, never a name.
  std::uint16_t port = 0;          // 0: any that is free.

  friend bool operator==(const MetricsAddress&, const MetricsAddress&) = default;
};

// "9464", "127.0.0.1:9464", "[::1]:9464", "localhost:9464". InvalidArgument with the text and what
// is allowed.
[[nodiscard]] absl::StatusOr<MetricsAddress> ParseMetricsAddress(std::string_view text);

[[nodiscard]] bool IsIpAddress(std::string_view text);

}  // namespace thalweg
