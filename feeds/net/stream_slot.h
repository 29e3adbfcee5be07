// One planned connection, kept open: attempts, the watch over its streams, and its successors.
//
//   - It dials when it may (feeds/net/connection_budget.h), and after an end waits by its backoff,
//     or as long as the exchange asks for (Retry-After). HTTP 418 stops every slot and REST; 403
//     and 429 stop the slots of that endpoint, and REST too where there is no other endpoint.
//   - While the exchange is away one connection at a time dials, for all (feeds/net/outage.h).
//   - What the watch finds (feeds/net/stream_watch.h) is done: requests, pings, a new connection.
//     Where the process itself stood still for kPauseMin nothing is found: TCP has kept it all.
//   - A replacement is make-before-break: the successor is opened, and both are legs of the plan's
//     streams (feeds/net/merged_streams.h) until the successor has delivered every stream that the
//     old connection delivers; then the old one is closed. While the old one delivers, a successor
//     that fails, is refused a stream, or after kSuccessorDeadline has not every stream or delivers
//     nothing is dropped and tried again later; the old one stays.
//
// What the streams are told: every data message as it came, serverShutdown and broken ones too.
// Not told, and so not in recordings: replies to control messages (they are no data; what matters
// of them is in the url) and binary messages (no recording could hold them); both are counted.
//
// Invariant: at most two connections deliver or will deliver. Pure but for its sockets, which are
// made by a function that is passed in. Threads: the network's. OnMessage allocates nothing, unless
// a frame has to wait for another leg.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "feeds/net/backoff.h"
#include "feeds/net/connection_budget.h"
#include "feeds/net/merged_streams.h"
#include "feeds/net/outage.h"
#include "feeds/net/stream_plan.h"
#include "feeds/net/stream_socket.h"
#include "feeds/net/stream_watch.h"
#include "feeds/net/weight_budget.h"

namespace thalweg {

inline constexpr Nanos kSuccessorDeadline = 30 * kSecond;
// Two connections are legs for so long at least: what was sent before the successor opened is still
// under way on the old one.
inline constexpr Nanos kOverlap = kSecond / 2;
// A stream that the successor does not begin does not keep the others for longer.
inline constexpr Nanos kJoinDeadline = 3 * kSecond;
// A connection with more than that unread in the kernel lags.
inline constexpr std::int64_t kLagBytes = std::int64_t{64} << 10;
// Between two ticks, which are milliseconds apart: the process was stopped, frozen or moved.
inline constexpr Nanos kPauseMin = kSecond;

struct SlotOptions {
  WatchOptions watch;
  BackoffOptions backoff;
  Nanos overlap = kOverlap;
  Nanos join_deadline = kJoinDeadline;
  Nanos successor_deadline = kSuccessorDeadline;
};

// What every slot of an endpoint shares, and of these the budgets with those of the other leg's.
// All outlive the slots.
struct SlotSurroundings {
  // To the target, behind the endpoint's prefix; it begins at once and calls back later.
  std::function<std::unique_ptr<StreamSocket>(const std::string& target, SocketObserver& observer)>
      open;
  std::function<Nanos()> now;         // NetworkLoop::Now
  std::function<ReceiveTime()> wall;  // The wall clock.
  std::function<void(std::string_view line)> log;
  ConnectionBudget& connects;
  WeightBudget& weight;
  RandomSource& random;
  std::int64_t& last_connection;  // The newest connection's id.
  std::string url;                // Of the endpoint: what stands before a plan's target.
  bool is_only_endpoint = true;
  Nanos refused_until = INT64_MIN;  // The endpoint does not want to see us before.
  Outage* outage = nullptr;         // Null: every slot finds out for itself.
  // Something that exchangeInfo may explain: a stream falls silent, one that may be silent is not,
  // the exchange is back.
  std::function<void()> on_doubt = {};
};

struct SlotCounts {
  std::int64_t attempts = 0;
  std::int64_t opens = 0;
  std::int64_t refusals = 0;      // Attempts that were answered with another status than 101.
  std::int64_t ends = 0;          // Of open connections, unasked.
  std::int64_t reconnects = 0;    // Found dead by the watch.
  std::int64_t replacements = 0;  // Change-overs that ended well.
  std::int64_t successors_dropped = 0;
  std::int64_t frames = 0;  // Data, whether or not another leg had it first.
  std::int64_t bytes = 0;
  std::int64_t replies = 0;
  std::int64_t shutdown_notices = 0;
  std::int64_t binary = 0;
  std::int64_t unnamed = 0;  // Data whose stream could not be told; given all the same.
  std::int64_t unknown_streams = 0;
  std::int64_t protocol_errors = 0;  // Ends by what RFC 6455 forbids; 1009 apart.
  std::int64_t oversize = 0;         // Ends with 1009.
  WatchCounts watch;
  LegCounts leg;  // Of all its connections.
};

enum class SlotState : std::uint8_t {
  kWaiting,  // For the next attempt.
  kConnecting,
  kOpen,
  kChanging,  // Open, and its successor is on its way.
};

struct SlotStatus {
  SlotState state = SlotState::kWaiting;
  std::int64_t connection = 0;  // 0: none.
  std::size_t streams = 0;
  std::string first_stream;
  Nanos open_for = 0;
  Nanos next_attempt_in = 0;  // kWaiting.
  std::string last_end;       // Why the last connection or attempt ended.
  Nanos silent_for = 0;       // Since its newest message, or since it opened.
  std::int64_t unread_bytes = 0;
  SlotCounts counts;
};

class StreamSlot {
 public:
  // All outlive the slot.
  StreamSlot(const SlotOptions& options, MergedStreams& streams, SlotSurroundings& surroundings);
  ~StreamSlot();
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;

  // Every few milliseconds: does what is due.
  void Tick(Nanos now);
  // The symbol of the plan does not trade (true), or does: then its streams may be silent.
  void OnHalt(std::size_t symbol, bool is_halted, Nanos now);
  // Says goodbye to the exchange. is_over() when nothing is open any more.
  void Stop();
  [[nodiscard]] bool is_over() const noexcept;
  // There is no time left for that: the shard is told that the connection is closed.
  void Abandon();

  [[nodiscard]] const SlotCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] SlotStatus Status(Nanos now) const;

 private:
  class Link;

  [[nodiscard]] std::unique_ptr<Link> Dial(Nanos now);
  void OnOpen(Link& link);
  void OnMessage(Link& link, const SocketMessage& message);
  void OnEnd(Link& link, const SocketEnd& end);

  void NotePause(Nanos now);
  void PassTurn(Nanos now);
  void TickLink(Link& link, Nanos now);
  void TickSuccessor(Nanos now);
  [[nodiscard]] bool HasCaughtUp(const Link& successor, Nanos now) const;
  // When one may dial that would at that time.
  [[nodiscard]] Nanos NextDialAt(Nanos at) const;
  void TakeVerdict(Link& link, WatchVerdict verdict, std::string_view why, Nanos now);

  // Which stream a message is of, as of MergedStreams::Find().
  [[nodiscard]] std::size_t Classify(Link& link, std::string_view text, Nanos now, bool* is_data);

  void EndCurrent(int code, std::string_view why, std::optional<Nanos> retry_after, Nanos now);
  void DropSuccessor(std::string_view why, Nanos now, std::optional<Nanos> retry_after = {});
  void Promote(Nanos now);
  void NoteRefusal(const SocketEnd& end, Nanos now);
  void TellClosed(Link& link, int code);
  void Bury(std::unique_ptr<Link> link);
  void Log(std::string_view text) const;
  void Doubt() const;

  const SlotOptions options_;
  MergedStreams& streams_;
  SlotSurroundings& surroundings_;

  std::unique_ptr<Link> current_;
  std::unique_ptr<Link> successor_;
  std::vector<std::unique_ptr<Link>> closing_;  // They say goodbye; nothing of them is delivered.
  std::vector<std::unique_ptr<Link>> buried_;   // Until the next tick: they may be calling us.
  std::unique_ptr<StreamWatch> learnt_;         // Of the last connection that ended.
  std::set<std::size_t> halted_;                // Symbols of the plan.

  Backoff backoff_;
  const std::size_t member_;  // Of the outage.
  Nanos looked_ = 0;          // At the clock.
  Nanos next_attempt_ = INT64_MIN;
  Nanos next_successor_ = INT64_MIN;
  bool is_stopping_ = false;
  std::string last_end_;
  SlotCounts counts_;
};

}  // namespace thalweg
