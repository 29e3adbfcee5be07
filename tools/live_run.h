// A live run: network, shards, recorders and results put together, from the start to a good end.
//
// What ends it: SIGINT or SIGTERM, its length, symbols that the exchange does not have, a ring that
// another writer took, a result file that takes no more rows, a thread that died. However it ends,
// what was received is used, flushed and closed first.
//
// Threads: called by the program's main thread, which waits, prints what happens, and joins the
// others: one for the network, one for each shard, one for each recorder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/units.h"
#include "pipeline/engine_options.h"
#include "pipeline/ring_publisher.h"
#include "replay/recording_writer.h"
#include "tools/metrics/metrics_address.h"
#include "tools/network_flags.h"
#include "tools/result_flags.h"

namespace thalweg {

inline constexpr std::size_t kShardsMax = 64;

struct LiveRunOptions {
  EngineOptions engine;  // Symbols and market are named.
  NetworkOptions network;
  std::optional<RingPublisherOptions> rings;
  ResultFlags results;
  ResultInputs inputs;
  std::string record_folder;            // Empty: nothing is recorded.
  Nanos sync_interval = kSyncInterval;  // As of RecordingWriter.
  std::string evidence_folder;          // Of audits that differ; empty: none is kept.
  // Symbols take turns: number i goes to shard i modulo this many. With several of them the name of
  // a ring gets "-0", "-1", ... and `{shard}` in the name of a result is replaced.
  std::size_t shards = 1;
  std::vector<int> cpus;  // Of the shards' threads, in order; empty: wherever the system likes.
  bool busy_poll = false;
  std::optional<Nanos> length;
  std::optional<MetricsAddress> metrics;  // Absent: nothing is served.
  std::set<std::string> required;         // Symbols that have to be live; empty: all.
};

// Runs and answers the exit status. What happens is told on standard error.
[[nodiscard]] int RunLive(const LiveRunOptions& options);

}  // namespace thalweg
