// An engine on a thread of its own, between a network and a recorder.
//
//   network --ShardInput--> queue --> engine's thread --> rings, digest, output
//                                                    \--> sink (a recorder)
//
// The network's thread tells what it receives to input() and takes from there what snapshots are
// wanted. The engine's thread takes inputs in bulk, uses each, publishes, and hands it on in the
// order of use. Each kBeatPeriod it ticks the engine and beats the rings, frames or not.
//
// A thread that dies: an exception anywhere on the engine's thread, and rings that another writer
// has taken, end it. failed() says so, and the rings are left as those of a dead writer are: every
// symbol down, without a sign of life. Nobody can go on with half of a shard: the program has to
// end.
//
// Threads: input() is the network's; the rest belongs to whoever made the shard, failed() and
// counts() to any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/engine_options.h"
#include "pipeline/input_pool.h"
#include "pipeline/input_queue.h"
#include "pipeline/shard_engine.h"
#include "pipeline/shard_input.h"
#include "pipeline/shard_intake.h"
#include "pipeline/snapshot_orders.h"

namespace thalweg {

// How long Stop() waits for room for losses and events that wait to be told. An engine that makes
// no room in that time never will; what it was not told stays in counts().
inline constexpr Nanos kLastTellingSpan = 2 * kSecond;

struct LiveShardOptions {
  // Waits by asking again and again: a core for some microseconds less.
  bool busy_poll = false;
  std::optional<int> cpu;              // The only one that the thread runs on.
  std::string thread_name = "engine";  // At most 15 bytes are shown.
  InputPoolOptions pool;
  std::function<ReceiveTime()> clock;  // For the ticks; absent: the system's wall clock.
};

struct ShardCounts {
  IntakeCounts intake;
  std::int64_t inputs = 0;  // Used by the engine.
  std::int64_t records = 0;
  std::int64_t beats = 0;  // Of the thread: one each kBeatPeriod, while it lives.
};

class LiveShard {
 public:
  // InvalidArgument with option, value and remedy; ResourceExhausted. REQUIRES: options.symbols
  // names every symbol of the shard, in id order. `options` and `catalogue` outlive the shard.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LiveShard>> Create(
      const EngineOptions& options, const Catalogue& catalogue,
      const LiveShardOptions& shard_options);
  // Stop()
  ~LiveShard();
  LiveShard(const LiveShard&) = delete;
  LiveShard& operator=(const LiveShard&) = delete;

  [[nodiscard]] ShardInput& input() noexcept { return intake_; }
  // For a sink that returns inputs and orders snapshots.
  [[nodiscard]] InputPool& pool() noexcept { return *pool_; }
  [[nodiscard]] SnapshotOrders& orders() noexcept { return orders_; }

  // Begins the thread. REQUIRES: once. Outputs outlive the shard, or its Stop().
  void Start(const ShardOutputs& outputs);
  // Ends it when everything that was told is used, losses that wait included (kLastTellingSpan).
  // REQUIRES: nobody calls input() any more. Answers what ended the thread before, if it died.
  absl::Status Stop();

  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  [[nodiscard]] ShardCounts counts() const noexcept;

  // After Stop(): what was made, of a shard that did not fail; null before, or when it failed.
  [[nodiscard]] const ShardEngine* engine() const noexcept { return stopped_engine_; }

 private:
  LiveShard(const EngineOptions& options, const Catalogue& catalogue,
            const LiveShardOptions& shard_options, std::unique_ptr<InputPool> pool);

  void Run(const ShardOutputs& outputs);
  void Drive(ShardEngine& engine);
  void Fail(absl::Status status, const ShardOutputs& outputs);

  const EngineOptions& options_;
  const Catalogue& catalogue_;
  const LiveShardOptions shard_options_;
  const std::unique_ptr<InputPool> pool_;
  InputQueue queue_;
  SnapshotOrders orders_;
  ShardIntake intake_;

  std::thread thread_;
  std::unique_ptr<ShardEngine> engine_;  // Made and used on the thread.
  const ShardEngine* stopped_engine_ = nullptr;
  absl::Status status_;  // The thread's, until it is joined.
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  std::atomic<std::int64_t> inputs_{0};
  std::atomic<std::int64_t> records_{0};
  std::atomic<std::int64_t> beats_{0};
};

}  // namespace thalweg
