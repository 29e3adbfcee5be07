// The streams of one plan on their way to a shard: over one connection, or over several at a time.
//
// Every connection that is open is a leg (feeds/net/leg_merge.h). The shard is told of each of them
// as it opens and ends, and is given every event once, whichever leg had it first.
//
// Threads: the network's. A frame allocates nothing, unless it has to wait for another leg.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/units.h"
#include "feeds/net/leg_merge.h"
#include "feeds/net/stream_plan.h"
#include "pipeline/shard_input.h"

namespace thalweg {

// The stream that a combined frame names, as it stands there; empty: it is no such frame.
[[nodiscard]] std::string_view StreamNameIn(std::string_view frame) noexcept;

class MergedStreams {
 public:
  // `on_depth`: depth of the plan's symbol comes (true, with its first event, before the shard has
  // it), or there is no connection for it any more (false). The shard outlives it.
  MergedStreams(ConnectionPlan plan, ShardInput& shard,
                std::function<void(std::size_t symbol, bool comes)> on_depth);
  MergedStreams(const MergedStreams&) = delete;
  MergedStreams& operator=(const MergedStreams&) = delete;

  // A connection has opened; which leg it is until Close(). REQUIRES: fewer than kLegsMax are open.
  [[nodiscard]] std::size_t Open(std::int64_t connection, ReceiveTime received,
                                 std::string_view url);
  // `stream` as of Find().
  void OnFrame(std::size_t leg, std::size_t stream, const LegFrame& frame, Nanos now);
  void OnLag(std::int64_t connection, bool is_lagging) { shard_.OnLag(connection, is_lagging); }
  void Close(std::size_t leg, std::int64_t connection, ReceiveTime received, int code, Nanos now);
  // Every few milliseconds.
  void OnTimer(Nanos now, ReceiveTime received) { merge_.OnTimer(now, received); }

  // Which stream has the name, as it stands in a frame; plan().streams.size(): none of the plan.
  [[nodiscard]] std::size_t Find(std::string_view name) const;
  // Of a symbol, by its number: frames that the shard was given so far.
  [[nodiscard]] std::int64_t frames_of(std::size_t symbol) const noexcept;
  [[nodiscard]] const ConnectionPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] const LegMerge& merge() const noexcept { return merge_; }

 private:
  void Give(std::size_t stream, const LegFrame& frame);
  void ForgetStreams();

  const ConnectionPlan plan_;
  ShardInput& shard_;
  const std::function<void(std::size_t, bool)> on_depth_;
  absl::flat_hash_map<std::string, std::size_t> by_name_;
  std::vector<std::int64_t> open_;   // Connections.
  std::vector<bool> has_come_;       // By stream, since there was no connection.
  std::vector<std::int64_t> given_;  // Frames, by stream.
  LegMerge merge_;
};

}  // namespace thalweg
