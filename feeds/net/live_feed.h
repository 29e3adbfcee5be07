// A live feed: an exchange's REST and WebSocket on one thread, given to the shards of engines.
//
//   1. exchangeInfo of every symbol is asked for and given to its shard (OnRest). A symbol that the
//      exchange does not know ends the feed with InvalidArgument; everything else that fails is
//      tried for ever, with backoff, and said. It is asked again every kInfoPeriod, behind
//      snapshots that are needed, and sooner where it may explain something: a stream falls silent,
//      one of a halted symbol speaks, the exchange is back. What has changed of the symbols is
//      given to the shard: they halt, trade again, get other ticks, are not listed any more.
//      Streams of those that do not trade may be silent (feeds/net/stream_watch.h).
//   2. The connections of the plan are opened (feeds/net/stream_plan.h), each of one shard, and
//      kept open (feeds/net/stream_slot.h). What they carry goes to their shard as it came.
//   3. Orders of the shards are taken every kFeedTick and served by one queue of snapshots
//      (feeds/net/snapshot_queue.h) out of one budget of request weight; good answers go to the
//      shard that has the symbol. Nothing is fetched for a symbol before the first depth event of
//      its connection, which a snapshot must reach.
//
// The feed keeps no book and judges no data. One thread runs it all, and waits for nothing: a shard
// without room counts what it loses (pipeline/shard_input.h).
//
// Threads: Run() from one; Stop() and Status() from any, also before and after Run(). The log is
// called on Run()'s thread. Lifetime: shards' inputs outlive the feed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "feeds/net/endpoint.h"
#include "feeds/net/network_loop.h"
#include "feeds/net/resolver.h"
#include "feeds/net/rest_client.h"
#include "feeds/net/snapshot_queue.h"
#include "feeds/net/stream_slot.h"
#include "feeds/net/websocket_client.h"
#include "feeds/net/weight_budget.h"
#include "pipeline/shard_input.h"

namespace thalweg {

// Between two looks for orders and for what is due.
inline constexpr Nanos kFeedTick = 5 * kMillisecond;
// How old Status() is at most while the thread runs.
inline constexpr Nanos kStatusAge = 100 * kMillisecond;
// From an answer about all symbols to the next question. It weighs 20 of the 6000 of a minute, for
// some 250 symbols: so soon is a halt or another tick known that nothing else shows.
inline constexpr Nanos kInfoPeriod = 60 * kSecond;
// And sooner, in doubt, but not before that.
inline constexpr Nanos kInfoDoubtPeriod = 5 * kSecond;
// From Stop() to the end of Run(), whatever the exchange answers.
inline constexpr Nanos kStopDeadline = kSecond;
// Orders taken of a shard in one look.
inline constexpr int kOrdersPerTick = 256;
// Lines of the log in a second; what is more is counted and said with the next one.
inline constexpr std::int64_t kLogLinesPerSecond = 20;

struct FeedShard {
  ShardInput* input = nullptr;
  std::vector<std::string> symbols;  // "BTCUSDT"
};

struct LiveFeedOptions {
  Market market = Market::kSpot;
  Endpoint rest = DefaultEndpoint(Market::kSpot, Protocol::kRest);
  Endpoint websocket = DefaultEndpoint(Market::kSpot, Protocol::kWebSocket);
  // The same streams a second time: of every event the first copy counts. Another host or address
  // than the first's, else both are lost together.
  std::optional<Endpoint> second_leg;
  std::string ca_path;                 // Trusted beside the system's; empty: none.
  std::string trade_stream = "trade";  // or "aggTrade"
  std::size_t depth_limit = kSnapshotDepthLimit;
  double weight_share = kOwnShare;         // Of the exchange's request weight, in (0, 1].
  std::size_t streams_per_connection = 0;  // 0: as many as the exchange allows.
  std::function<void(std::string_view line)> log;

  // For tests, and exchanges in a box whose clock runs faster.
  SlotOptions slot;  // `watch` of futures: WatchOptionsOf(market, 1).
  SocketOptions socket;
  Nanos info_period = kInfoPeriod;
  Nanos info_doubt_period = kInfoDoubtPeriod;
  std::size_t connect_attempts = kConnectAttemptsMax;
  Nanos connect_window = kConnectWindow;
  std::int64_t weight_time_scale = 1;  // WeightBudgetOptions::test_time_scale
  std::uint64_t seed = 0;              // Of jitter; 0: from the system.
  std::function<std::unique_ptr<Resolver>(NetworkLoop&)> make_resolver;  // Null: the system's.
};

// Those of a market and nothing else: its endpoints, and a watch that knows its pings.
[[nodiscard]] LiveFeedOptions LiveFeedOptionsOf(Market market);

enum class FeedState : std::uint8_t {
  kAsking,   // For exchangeInfo.
  kRunning,  // Connections are opened, or open.
  kStopped,
};

struct FeedStatus {
  Nanos at = 0;  // When it was so, of NetworkLoop::Now(): kStatusAge ago, while the loop turns.
  FeedState state = FeedState::kAsking;
  std::string problem;                  // The newest failure of REST, while it lasts.
  Nanos banned_for = 0;                 // HTTP 418: nothing is asked for so long.
  Nanos refused_for = 0;                // No connection is tried for so long.
  Nanos away_for = 0;                   // No connection is open and attempts fail, since so long.
  std::int64_t halted_symbols = 0;      // Those that do not trade, by exchangeInfo.
  std::vector<SlotStatus> connections;  // Of the first leg, then those of the second.
  // Who waits for a snapshot, in the order of service; `due` is from now.
  std::vector<SnapshotEstimate> snapshots;
  SnapshotQueueCounts snapshot_counts;
  RestCounts rest;
  BudgetCounts budget;
  std::int64_t weight_used = 0;  // Of the window that ends now,
  std::int64_t weight_own = 0;   // of so much.
  std::int64_t orders = 0;
  std::int64_t orders_unknown = 0;  // Of symbols that the shard does not have.
  std::int64_t info_attempts = 0;
};

class LiveFeed {
 public:
  // InvalidArgument with what is wrong: no shards or symbols, a symbol that cannot be one or is
  // named twice, a share of the weight that is too small for one request, a certificate file that
  // cannot be read.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LiveFeed>> Create(
      LiveFeedOptions options, std::vector<FeedShard> shards);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  // Until Stop(), then OK. InvalidArgument, naming the symbol and the exchange's words, when it
  // knows no such symbol. Once.
  [[nodiscard]] absl::Status Run();
  // Says goodbye to the exchange and ends Run(), at the latest after kStopDeadline.
  void Stop();

  [[nodiscard]] FeedStatus Status() const;

 private:
  class Core;
  explicit LiveFeed(std::unique_ptr<Core> core);
  const std::unique_ptr<Core> core_;
};

}  // namespace thalweg
