// Which depth snapshot is fetched next, and what becomes of its answer.
//
// Symbols that wait are ordered by need; of those in the same need the ones that never had a book
// come first, then what is stale the longest, and of what became so together, within kLostTogether,
// what has the heaviest traffic: it is missed most, and its events wait in the fullest buffer.
//
// A symbol has one request under way, tagged with its epoch (which counts lost connections) and
// attempt; an answer with another tag than the newest is dropped and counted: it belongs to a feed
// that is no more. What failed, and what is wanted again right after it was given (the answer was
// of no use: a mirror that lags), is tried for ever with full jitter between kRetryFirst and
// kRetryLongest. All weight comes from one budget (feeds/net/weight_budget.h), and at most
// `concurrency` requests are under way: however many symbols are lost at once, the exchange sees no
// storm.
//
// Invariant: a symbol is idle, waiting, or has exactly one request whose answer counts. Bounds:
// kSymbolsMax symbols (pipeline/engine.h), further ones are refused and counted.
// Pure: time and randomness are passed in. Threads: one. Cold: allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/units.h"
#include "feeds/net/rest_request.h"
#include "feeds/net/weight_budget.h"
#include "pipeline/engine_options.h"
#include "pipeline/shard_input.h"

namespace thalweg {

// Attempt n after a failure waits a random time up to the first, doubled n times, at most the
// longest.
inline constexpr Nanos kRetryFirst = 250 * kMillisecond;
inline constexpr Nanos kRetryLongest = 30 * kSecond;
// A symbol that wants a snapshot that soon after it was given one is treated like one that failed.
inline constexpr Nanos kSettledAfter = 10 * kSecond;
// Books that are lost within one such span count as lost at once: connections that are cut together
// are told one after another.
inline constexpr Nanos kLostTogether = kSecond;
inline constexpr std::size_t kSnapshotConcurrency = 4;
// 1000 levels cost a fifth of 5000.
inline constexpr std::size_t kSnapshotDepthLimit = 1'000;

struct SnapshotQueueOptions {
  Market market = Market::kSpot;
  std::size_t depth_limit = kSnapshotDepthLimit;   // > 0
  std::size_t concurrency = kSnapshotConcurrency;  // > 0
};

// What is to be sent, once. The tag comes back with the answer.
struct SnapshotRequest {
  std::string symbol;
  std::int64_t epoch = 0;
  std::int64_t attempt = 0;
  WeightBudget::Ticket ticket = 0;
  std::string target;
};

// How a request ended.
enum class SnapshotResult : std::uint8_t {
  kGood,     // A depth answer (CheckDepthAnswer is OK).
  kGarbage,  // HTTP 200 with something else.
  kFailed,   // 5xx, 429, 418, 408, 425, no answer, no connection.
  kUnsent,   // It never left: another one's answer told everybody to wait.
  kRefused,  // Another 4xx: asking again the same is of little use, so it waits long.
};

enum class SnapshotUse : std::uint8_t {
  kGive,   // To the symbol's engine.
  kRetry,  // It was of no use; the symbol waits again.
  kDrop,   // Nobody waits for it: the epoch is over, or it was answered before.
};

struct SnapshotQueueCounts {
  std::int64_t wishes = 0;
  std::int64_t merged = 0;  // Of these: of a symbol that waits, or whose request is under way.
  std::int64_t requests = 0;
  std::int64_t given = 0;
  std::int64_t dropped = 0;  // Answers that came late or of another epoch.
  std::int64_t garbage = 0;
  std::int64_t failed = 0;
  std::int64_t refused = 0;
  std::int64_t unsent = 0;        // Of the requests: called off before they were sent.
  std::int64_t repeated = 0;      // Wanted again within kSettledAfter.
  std::int64_t symbols_over = 0;  // Wishes of symbols beyond kSymbolsMax.
};

struct SnapshotEstimate {
  std::string symbol;
  SnapshotNeed need = SnapshotNeed::kNoBook;
  Nanos due = 0;  // When it is sent, as things stand; WeightBudget::kNever: its weight never fits.
};

class SnapshotQueue {
 public:
  // Both outlive the queue.
  SnapshotQueue(const SnapshotQueueOptions& options, WeightBudget& budget, std::mt19937_64& random);

  // A symbol wants a snapshot. One that waits already keeps its place, and takes the higher need;
  // so does one whose request is under way: that answer serves both wishes. `traffic`: of its
  // streams, in any unit that is the same for all.
  void Want(std::string_view symbol, SnapshotNeed need, Nanos now, std::int64_t traffic = 0);
  // The connection of the symbol's depth was lost: what is under way is of the past, and nothing is
  // fetched, though wishes are kept, until it is back and has delivered an event: an older snapshot
  // is of no use. Symbols begin connected. A book that is missed when its connection is back is
  // stale since it was lost.
  void OnConnectionLost(std::string_view symbol, Nanos now);
  void OnConnectionBack(std::string_view symbol, Nanos now);

  // The next request that may go now; it counts as sent. Call until there is none.
  [[nodiscard]] std::optional<SnapshotRequest> Take(Nanos now);
  // A symbol without a book waits, and for nothing but the budget.
  [[nodiscard]] bool IsNeeded(Nanos now) const;
  // When Take() may have something again, if nothing else happens until then; nothing: not before
  // something else happens.
  [[nodiscard]] std::optional<Nanos> NextDue(Nanos now) const;

  // The answer, and what it told of the budget. Every request is to be answered once.
  [[nodiscard]] SnapshotUse OnAnswer(const SnapshotRequest& request, SnapshotResult result,
                                     const BudgetReport& report, Nanos now);

  // All that wait, in the order in which they will be served.
  [[nodiscard]] std::vector<SnapshotEstimate> Estimates(Nanos now) const;

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] const SnapshotQueueCounts& counts() const noexcept { return counts_; }

 private:
  struct Symbol {
    bool is_connected = true;
    bool is_in_flight = false;  // Its newest attempt.
    bool is_waiting = false;
    SnapshotNeed need = SnapshotNeed::kBackground;
    Nanos stale_since = 0;  // Of the wish, in whole spans of kLostTogether;
    std::int64_t traffic = 0;
    std::int64_t place = 0;     // and by the order in which they came.
    Nanos lost = 0;             // When its connection was,
    std::optional<Nanos> back;  // and came back.
    std::int64_t epoch = 0;
    std::int64_t attempt = 0;
    int failures = 0;
    Nanos not_before = 0;
    std::optional<Nanos> given;  // The last time.
  };
  // Need, had a book, stale since, less traffic, place, symbol: the order of service.
  using Key = std::tuple<SnapshotNeed, bool, Nanos, std::int64_t, std::int64_t, std::string>;

  [[nodiscard]] static Key KeyOf(const std::string& name, const Symbol& symbol);
  void Enqueue(const std::string& name, Symbol& symbol);
  void Dequeue(const std::string& name, Symbol& symbol);
  void Delay(Symbol& symbol, Nanos now);
  static void Rank(Symbol& symbol, SnapshotNeed need, Nanos now, std::int64_t traffic);

  const SnapshotQueueOptions options_;
  WeightBudget& budget_;
  std::mt19937_64& random_;
  const std::int64_t weight_;
  std::map<std::string, Symbol, std::less<>> symbols_;
  std::set<Key> waiting_;
  std::size_t in_flight_ = 0;  // Those whose answer will be dropped too.
  std::int64_t last_place_ = 0;
  SnapshotQueueCounts counts_;
};

}  // namespace thalweg
