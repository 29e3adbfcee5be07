// What a network tells an engine's thread, and what that thread orders from it: the seam between
// sockets and books.
//
// A shard is an engine on a thread of its own (pipeline/live_shard.h). Whoever reads sockets gives
// it frames and events here and never waits: where there is no room the shard counts what is lost
// and tells its engine as soon as there is some. What is told arrives in that order, and is
// recorded in it.
//
// Threads: one, the network's. Nothing here waits, throws or calls the kernel, but for the wake of
// an engine that sleeps. Lifetime: texts are copied before a call returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/stage.h"
#include "core/units.h"

namespace thalweg {

// Why a snapshot is wanted, the most urgent first.
enum class SnapshotNeed : std::uint8_t {
  kNoBook,      // There is no book to make records from.
  kDoubt,       // There is one, but an audit or a crossing speaks against it.
  kBackground,  // For an audit or a wider horizon of a book that is well, or so that a recording's
                // new segment can be read alone.
};

struct SnapshotOrder {
  std::string symbol;  // "BTCUSDT"
  SnapshotNeed need = SnapshotNeed::kNoBook;
};

class ShardInput {
 public:
  virtual ~ShardInput() = default;

  // `connection`: unique for the run, from 1. `received`: wall clock when the message was whole in
  // memory; `monotonic`: CLOCK_MONOTONIC in ns then.
  virtual void OnConnectionOpen(std::int64_t connection, ReceiveTime received,
                                std::string_view url) = 0;
  virtual void OnFrame(std::int64_t connection, ReceiveTime received, std::int64_t monotonic,
                       std::string_view payload) = 0;
  // `code`: of the WebSocket close; 1006 when there was none.
  virtual void OnConnectionClosed(std::int64_t connection, ReceiveTime received, int code) = 0;
  // The connection's messages wait in the kernel, because this thread reads more slowly than they
  // come; or do not any more. What comes meanwhile makes records that are LAGGED.
  virtual void OnLag(std::int64_t connection, bool is_lagging) {
    (void)connection, (void)is_lagging;
  }
  // How long the next frame had lain in the kernel when it was whole in memory: before OnFrame().
  // kNoTime, and no call: nobody knows.
  virtual void OnSocketTime(Nanos time) { (void)time; }
  // A good answer to GET `target`. False: it is lost, for it is no JSON or there is no room.
  virtual bool OnRest(ReceiveTime received, std::string_view target, std::string_view body) = 0;

  // The next order of the engine, or of the recorder behind it, that was not taken yet.
  [[nodiscard]] virtual std::optional<SnapshotOrder> TakeOrder() = 0;
};

}  // namespace thalweg
