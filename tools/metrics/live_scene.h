// A live run at one moment: everything that is served of it, gathered by the run's own thread and
// then never changed.
//
// Threads: a LiveStage is set from one, seen from any. Who asks, and how often, costs nobody but
// himself: no lock is shared with an engine's thread, or with the network's.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ring_format.h"
#include "core/units.h"
#include "feeds/net/live_feed.h"
#include "pipeline/live_shard.h"
#include "pipeline/symbol_board.h"
#include "replay/recorder.h"

namespace thalweg {

// A thread that has not moved for so long does not live.
inline constexpr Nanos kPulseMax = 5 * kSecond;
// So long a recorder that lost lines, the disk being too slow, is not good.
inline constexpr Nanos kLossShownFor = 60 * kSecond;

struct RecorderScene {
  RecorderCounts counts;
  bool is_dead = false;    // Its thread is.
  bool is_losing = false;  // It refused inputs within the last kLossShownFor.
  [[nodiscard]] bool is_good() const { return !is_dead && !is_losing && counts.status.ok(); }
};

struct ShardScene {
  ShardCounts counts;
  EngineCounts engine;
  Nanos still_for = 0;  // Since its thread was seen to move.
  bool is_dead = false;
  std::optional<RecorderScene> recorder;  // Absent: nothing is recorded.
};

struct PublishedRing {
  std::string name;
  RingKind kind = RingKind::kFeatures;
  RingStatistics statistics;
  std::vector<RingStage> stages = {};  // By Stage; empty: this ring has none.
};

struct WatchedSymbol {
  std::string name;
  bool is_required = true;
  SymbolReading reading;
};

struct LiveScene {
  Nanos at = 0;            // NetworkLoop::Now()
  Nanos wall = 0;          // The same by the wall clock, since the epoch.
  bool has_ended = false;  // The run is on its way to its end.
  FeedStatus feed;
  std::size_t legs = 1;
  std::vector<ShardScene> shards;
  std::vector<PublishedRing> rings;
  std::vector<WatchedSymbol> symbols;  // In the order of --symbols.
};

// Where the newest scene is.
class LiveStage {
 public:
  void Set(LiveScene scene) {
    auto set = std::make_shared<const LiveScene>(std::move(scene));
    const std::lock_guard lock(mutex_);
    scene_.swap(set);
  }
  // Null before the first one.
  [[nodiscard]] std::shared_ptr<const LiveScene> Get() const {
    const std::lock_guard lock(mutex_);
    return scene_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const LiveScene> scene_;
};

}  // namespace thalweg
