// The network's side of a shard: copies what it is told into pooled inputs and queues them, and
// decides what is lost where there is no room.
//
// Order: everything arrives in the order in which it was told, over whatever connections it came,
// but for what has to wait for room (below).
//
// No room, that is no input of the size, or the symbol has used up its share
// (pipeline/input_pool.h). Losses are counted and told to the engine, and so recorded, before the
// next frame of that symbol, which is lost too while they cannot be told:
//   depth, trade, aggTrade   `#drop n kind SYMBOL`; of depth the engine makes a resync
//   bookTicker               the newest is kept and delivered when there is room; the others told
//   anything else            `#lost n`: of all symbols, told when the rest has room
// Connection events are never lost: they wait, and all frames behind them are lost and told. A
// connection that opened and closed while its opening waited has never been. Answers wait too,
// kWaitingAnswersMax and kWaitingAnswerBytesMax of them; what is beyond is counted as lost, and the
// engine asks again.
//
// TakeOrder() also tells what waits: a network that has nothing to say calls it now and then.
// What begins no JSON is no frame, and no recording could hold it as one: it is counted, and
// neither given nor recorded; if it was an event once, the ids of the next ones show that. White
// space before JSON is left out.
//
// Threads: one, the network's; counts() from any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "feeds/decode/frame.h"
#include "pipeline/input_pool.h"
#include "pipeline/input_queue.h"
#include "pipeline/shard_input.h"
#include "pipeline/snapshot_orders.h"

namespace thalweg {

// A longer bookTicker is not kept but lost; recorded ones have 200 bytes.
inline constexpr std::size_t kKeptTickerBytes = 512;
// What is looked at to name a frame that has no place: a frame names itself at its beginning.
inline constexpr std::size_t kNamedBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kWaitingAnswersMax = 64;
inline constexpr std::size_t kWaitingAnswerBytesMax = std::size_t{64} << 20;
// Symbols whose losses one call tries to tell.
inline constexpr std::size_t kTellsPerCall = 8;

struct IntakeCounts {
  std::int64_t frames = 0;          // Told by the network.
  std::int64_t given = 0;           // Inputs for the engine: frames, events, answers, losses.
  std::int64_t lost_frames = 0;     // Of these: never given to the engine. Each is told.
  std::int64_t strange_frames = 0;  // Of these: that begin no JSON. Neither given nor recorded.
  std::int64_t lost_answers = 0;    // That found no place among those that wait, or begin no JSON.
  std::int64_t waiting_events = 0;  // Now.
  std::int64_t waiting_answers = 0;
};

class ShardIntake final : public ShardInput {
 public:
  // `symbols` in id order. Pool, queue and orders outlive it; the pool has a share more than there
  // are symbols, the queue one producer.
  ShardIntake(const std::vector<std::string>& symbols, InputPool& pool, InputQueue& queue,
              SnapshotOrders& orders);

  // ShardInput
  void OnConnectionOpen(std::int64_t connection, ReceiveTime received,
                        std::string_view url) override;
  void OnFrame(std::int64_t connection, ReceiveTime received, std::int64_t monotonic,
               std::string_view payload) override;
  void OnConnectionClosed(std::int64_t connection, ReceiveTime received, int code) override;
  void OnLag(std::int64_t connection, bool is_lagging) override;
  void OnSocketTime(Nanos time) override { socket_ns_ = time; }
  bool OnRest(ReceiveTime received, std::string_view target, std::string_view body) override;
  [[nodiscard]] std::optional<SnapshotOrder> TakeOrder() override;

  // At the end: tells what still waits as far as there is room; true when nothing does any more.
  [[nodiscard]] bool TellTheRest() noexcept;

  [[nodiscard]] IntakeCounts counts() const noexcept;

 private:
  // Kinds of frames whose losses are told by name.
  static constexpr std::size_t kKinds = 4;
  // When a frame came, and on what.
  struct Arrival {
    std::int64_t connection = 0;
    ReceiveTime received;
    std::int64_t monotonic = 0;
  };
  // What one symbol has lost and nobody was told of yet.
  struct Losses {
    bool waits = false;  // It is among waiting_.
    std::array<std::int64_t, kKinds> counts{};
    Arrival newest;
    std::size_t kept_bytes = 0;  // Of a bookTicker; 0: none.
    Arrival kept;
  };
  struct Event {
    InputKind kind;
    std::int64_t connection;
    ReceiveTime received;
    int code;
    std::string url;
  };
  struct Answer {
    ReceiveTime received;
    std::string target;
    std::string body;
  };

  [[nodiscard]] std::uint32_t Find(const FrameHead& head) const noexcept;
  [[nodiscard]] bool IsFollowed(std::uint32_t share) const noexcept;
  // Fills an input in and queues it. False: no room.
  [[nodiscard]] bool Give(InputKind kind, std::uint32_t share, const Arrival& arrival,
                          std::string_view name, std::string_view payload, std::int64_t count = 0,
                          int code = 0) noexcept;
  [[nodiscard]] bool Queue(LiveInput* input) noexcept;
  [[nodiscard]] bool GiveEvent(const Event& event) noexcept;
  [[nodiscard]] bool IsLagging(std::int64_t connection) const noexcept;

  void LoseFrame(const Arrival& arrival, std::string_view payload) noexcept;
  void Lose(const Arrival& arrival, const FrameHead& head, std::string_view payload) noexcept;
  void Keep(std::uint32_t share, const Arrival& arrival, std::string_view payload) noexcept;

  // Tells what waits as far as there is room. Losses of a share that was used up wait until it is
  // ample again, or each frame that is lost would cost an input; `pressing`, before an event, they
  // do not.
  void Tell() noexcept;
  void TellAllLosses(bool pressing) noexcept;
  [[nodiscard]] bool TellUnnamed() noexcept;
  [[nodiscard]] bool TellLosses(std::uint32_t share) noexcept;
  void TellEvents() noexcept;
  void TellAnswers() noexcept;

  InputPool& pool_;
  InputQueue& queue_;
  SnapshotOrders& orders_;
  const std::vector<std::string> symbols_;
  absl::flat_hash_map<std::string, std::uint32_t> shares_;  // By name, in both cases.

  std::vector<Losses> losses_;          // By symbol.
  std::vector<std::uint32_t> waiting_;  // Symbols with losses to tell.
  std::size_t turn_ = 0;                // In waiting_.
  std::unique_ptr<char[]> kept_;        // kKeptTickerBytes a symbol.
  std::vector<char> scratch_;           // To name what has no place.
  std::int64_t unnamed_ = 0;            // Lost, of no kind or symbol that could be told.
  Arrival unnamed_newest_;
  Nanos socket_ns_ = kNoTime;          // Of the next frame.
  std::vector<std::int64_t> lagging_;  // Connections.
  std::deque<Event> events_;
  std::deque<Answer> answers_;
  std::size_t answer_bytes_ = 0;

  std::atomic<std::int64_t> frames_{0};
  std::atomic<std::int64_t> given_{0};
  std::atomic<std::int64_t> lost_frames_{0};
  std::atomic<std::int64_t> strange_frames_{0};
  std::atomic<std::int64_t> lost_answers_{0};
  std::atomic<std::int64_t> waiting_events_{0};
  std::atomic<std::int64_t> waiting_answers_{0};
};

}  // namespace thalweg
