// An engine and where its results go, input by input: what a shard's thread does, without the
// thread.
//
// Each input is given to the engine, then to the sink, so that the sink has them in the order in
// which the engine used them. At most once in kDigestPeriod of receive time, when records were made
// since, the sink gets a mark with the digest of all records so far, and one at the end: a replay
// of what the sink got must have the same digest there.
//
// Threads: one. Nothing here allocates for frames once the engine is warm, or waits.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "pipeline/engine.h"
#include "pipeline/input_pool.h"
#include "pipeline/live_input.h"
#include "pipeline/record_digest.h"
#include "pipeline/ring_publisher.h"
#include "pipeline/snapshot_orders.h"
#include "pipeline/symbol_board.h"

namespace thalweg {

inline constexpr Nanos kDigestPeriod = kSecond;
// Marks that a sink may hold; when it holds all of them one is left out, but never that at the end.
inline constexpr std::size_t kDigestMarks = 16;

// Where a shard's results go. All of it outlives the shard; null: not wanted.
struct ShardOutputs {
  RingPublisher* publisher = nullptr;
  InputSink* sink = nullptr;
  EngineOutput* output = nullptr;  // Of the caller, such as a table. Called after the others.
  SymbolBoard* board = nullptr;    // What others may see of the engine, as of the newest beat.
};

class ShardEngine final : private EngineOutput {
 public:
  ShardEngine(const EngineOptions& options, const Catalogue& catalogue, const ShardOutputs& outputs,
              InputPool& pool, SnapshotOrders& orders);
  ShardEngine(const ShardEngine&) = delete;
  ShardEngine& operator=(const ShardEngine&) = delete;

  // Uses the input and hands it on.
  void Use(LiveInput* input);
  // Due each kBeatPeriod. `now`: wall clock.
  void OnTimer(ReceiveTime now, std::int64_t monotonic);
  // After the last input: the last mark, and the rings are complete.
  void End(std::int64_t monotonic);

  // Not OK: the rings are another's, or cannot hold what was made.
  [[nodiscard]] absl::Status status() const;
  [[nodiscard]] const Engine& engine() const noexcept { return engine_; }
  [[nodiscard]] const RecordDigest& digest() const noexcept { return digest_; }

 private:
  struct Mark {
    LiveInput input;
    std::array<char, 32> hex{};
    std::atomic<bool> in_use{false};
  };

  // EngineOutput
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;
  void OnSymbol(const SymbolEngine& symbol) override;
  void OnStatus(const SymbolEngine& symbol) override;
  void OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) override;
  void OnNotice(const Notice& notice) override;
  void OnDivergence(const SymbolEngine& symbol,
                    const std::shared_ptr<const AuditEvidence>& evidence) override;

  void GiveToEngine(const LiveInput& input);
  void HandOn(LiveInput* input);
  void MarkIfDue(ReceiveTime received);
  void MarkDigest(Mark& mark, ReceiveTime received);
  [[nodiscard]] Mark* FreeMark() noexcept;

  const ShardOutputs outputs_;
  InputPool& pool_;
  SnapshotOrders& orders_;
  RecordDigest digest_;
  std::int64_t marked_records_ = 0;
  std::optional<ReceiveTime> marked_at_;
  ReceiveTime last_received_;
  std::array<Mark, kDigestMarks> marks_;
  Mark last_mark_;
  StageClock* stage_clock_ = nullptr;  // The publisher's.
  Engine engine_;                      // The last: it calls its output from the start.
};

}  // namespace thalweg
