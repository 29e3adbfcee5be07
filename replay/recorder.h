// Records what an engine was given, in the order in which it used it, on a thread of its own.
//
// Each input becomes a line of a segment (replay/segment_writer.h) with the time stamps that the
// engine was given, and goes back to the pool. The thread flushes and syncs in time also when
// nothing comes. A new segment orders a snapshot of every symbol in the background, so that it can
// be read alone.
//
// Bound: the recorder holds at most half of the pool's inputs of each size, so that a slow disk
// never takes the engine's room. Lines beyond are lost, counted, and told in their place: `#lost n
// recorder queue full`. Faults of the disk are the segment writer's business, and never the
// engine's.
//
// Threads: Take() is the engine's; counts() and failed() for any; the rest whoever made it. A
// recorder whose thread has died refuses everything and says failed().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/input_pool.h"
#include "pipeline/input_queue.h"
#include "pipeline/live_input.h"
#include "pipeline/snapshot_orders.h"
#include "replay/segment_writer.h"

namespace thalweg {

// The longest time between two looks at what is due.
inline constexpr Nanos kRecorderTick = 20 * kMillisecond;

struct RecorderOptions {
  SegmentOptions segments;
  std::string thread_name = "recorder";
  std::function<ReceiveTime()> clock;  // For what is due; absent: the system's wall clock.
};

struct RecorderCounts {
  std::int64_t waiting = 0;  // Inputs that are taken and not written yet.
  std::int64_t refused = 0;  // Inputs that found no room; told by `#lost` lines.
  SegmentCounts segments;
  std::string path;     // Of the newest segment.
  absl::Status status;  // OK while lines are taken; else path and reason.
};

class Recorder final : public InputSink {
 public:
  // Begins the first segment, and the thread. What SegmentWriter::Create() answers. Pool and orders
  // outlive the recorder; `orders` may be null.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Recorder>> Create(
      const RecorderOptions& options, InputPool& pool, SnapshotOrders* orders,
      SegmentWriter::Opener open = CreateOutputFile);
  // Close()
  ~Recorder() override;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // InputSink
  [[nodiscard]] bool Take(LiveInput& input) override;

  // Writes what was taken and closes. REQUIRES: nobody calls Take() any more. OK only if every
  // input is in a segment.
  absl::Status Close();

  [[nodiscard]] RecorderCounts counts() const;
  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

 private:
  Recorder(const RecorderOptions& options, InputPool& pool, SnapshotOrders* orders,
           std::unique_ptr<SegmentWriter> segments);

  void Run();
  void Drive();
  void Write(LiveInput& input);
  [[nodiscard]] std::string_view TextOf(const LiveInput& input);
  void TellLost(ReceiveTime received, std::int64_t lines);
  void OnTimer();
  void Finish();
  void ShowCounts();
  [[nodiscard]] ReceiveTime Now() const;

  const RecorderOptions options_;
  InputPool& pool_;
  SnapshotOrders* const orders_;
  InputQueue queue_;

  // Of each size, one writer each: the engine's thread, and the recorder's.
  using Counters = std::array<std::atomic<std::int64_t>, kInputSizes + 1>;
  Counters taken_{};
  Counters written_{};

  // The engine's thread.
  std::int64_t refused_since_ = 0;  // And not told yet.
  std::atomic<std::int64_t> refused_{0};

  // The recorder's thread.
  std::unique_ptr<SegmentWriter> segments_;
  std::int64_t segment_ = 0;
  std::string text_;

  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  absl::Status result_;  // The thread's, until it is joined.
  mutable std::mutex mutex_;
  RecorderCounts counts_;  // As of the last tick.
};

}  // namespace thalweg
