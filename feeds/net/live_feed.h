// The network of a live run: what an exchange sends, given to the engines' shards, and all that
// this takes.
//
//   exchangeInfo   first: limits and instruments; a symbol that does not exist ends it with a
//   status streams        planned connections (feeds/net/stream_plan.h), each watched
//                  (feeds/net/stream_watch.h), made anew with full jitter when it ends, replaced
//                  without a missing event when it is to end (feeds/net/changeover.h)
//   snapshots      what shards order, from one queue and one budget of weight
//                  (feeds/net/snapshot_queue.h, feeds/net/weight_budget.h)
//
// Frames go to the shard of their connection as they came, in combined form; replies to our own
// control messages are no data, and are neither given nor recorded. A connection is told as open
// before its first frame and as closed behind its last one, with a number that no other has.
//
// Nothing ends it but Stop() and a symbol that does not exist: it never gives up and never storms.
// Threads: Run() on one, the network's; Stop(), status() and counts() from any. Lifetime: shards
// and log outlive it. Cold but for the way of a frame, which allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "feeds/net/endpoint.h"
#include "feeds/net/rest_client.h"
#include "feeds/net/snapshot_queue.h"
#include "feeds/net/stream_watch.h"
#include "feeds/net/weight_budget.h"
#include "pipeline/engine_options.h"
#include "pipeline/shard_input.h"

namespace thalweg {

// How often orders are taken, and what is due is looked at.
inline constexpr Nanos kFeedTick = 5 * kMillisecond;
// From Stop() to the end, at most.
inline constexpr Nanos kStopDeadline = 2 * kSecond;
// How often it is said which symbols wait for a snapshot, and how many of them are named.
inline constexpr Nanos kWaitingToldEvery = 10 * kSecond;
inline constexpr std::size_t kWaitingNamed = 4;

struct LiveFeedOptions {
  Market market = Market::kSpot;
  Endpoint rest = DefaultEndpoint(Market::kSpot, Protocol::kRest);
  Endpoint streams = DefaultEndpoint(Market::kSpot, Protocol::kWebSocket);
  std::string ca_path;  // Authorities beside the system's; empty: none.
  TradeStream trade_stream = TradeStream::kTrade;
  std::size_t depth_limit = kSnapshotDepthLimit;
  double weight_share = kOwnShare;
  std::uint64_t seed = 0;  // Of waits; another one for each process.
  // For exchanges in a box whose periods are that much shorter than they say. Tests only.
  std::int64_t test_time_scale = 1;
};

// A shard and its symbols. The connections of a shard are its own.
struct FeedShard {
  ShardInput* input = nullptr;
  std::vector<std::string> symbols;
};

struct FeedCounts {
  std::int64_t connections = 0;       // Open now.
  std::int64_t opened = 0;            // Ever.
  std::int64_t ended = 0;             // Of these: not by us.
  std::int64_t replaced = 0;          // By a successor, make before break.
  std::int64_t refused = 0;           // Upgrades that were answered otherwise.
  std::int64_t failed_dials = 0;      // Connections that did not come to be.
  std::int64_t frames = 0;            // Given to shards.
  std::int64_t replies = 0;           // To control messages.
  std::int64_t strange_texts = 0;     // Neither a frame nor a reply.
  std::int64_t unread_bytes_max = 0;  // In the kernel of one connection: lag.
  WatchCounts watch;                  // Of connections that ended.
  RestCounts rest;
  SnapshotQueueCounts snapshots;
  BudgetCounts budget;
};

// A line about what happened; `kind` groups lines that say the same.
using FeedLog = std::function<void(std::string_view kind, std::string_view line)>;

class LiveFeed {
 public:
  // InvalidArgument for symbols that cannot be planned or authorities that cannot be read.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LiveFeed>> Create(
      const LiveFeedOptions& options, const std::vector<FeedShard>& shards, FeedLog log);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  // Until Stop().
  void Run();
  // Closes connections with a goodbye and ends Run(), at the latest after kStopDeadline.
  void Stop();

  // OK; NotFound: the exchange has no such symbol, with its own words. Nothing comes any more.
  [[nodiscard]] absl::Status status() const;
  // As of some milliseconds ago.
  [[nodiscard]] FeedCounts counts() const;

 private:
  class State;
  explicit LiveFeed(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace thalweg
