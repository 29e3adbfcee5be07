// How much one process may ask of an exchange: the budget of request weight and of requests, for
// everything that goes to its REST from here.
//
// The exchange counts by address (IP) and answers 429, then 418 and a ban, to whoever goes beyond.
// So nothing goes out before it has a ticket, and there is one only
//   - while the tickets of every sliding window, of any beginning, weigh at most `own_share` of the
//     limit. A ticket counts from when it is taken until a window after its answer: wherever in
//     between the exchange counted it, no window of the exchange's holds more;
//   - while what the exchange reported of this address (X-MBX-USED-WEIGHT-1M: others behind it
//     too), with what went out since, is at most kAddressShare of the limit;
//   - while the exchange did not tell this address to wait: after 429, 418 and 403 until the time
//     that it named (Retry-After), else until one that is assumed, see the constants.
// Limits and windows are those of its exchangeInfo (SetLimits).
//
// Pure: time is passed in, of one monotone clock. Cold: allocates, at most kTicketsMax tickets; at
// that bound none is given until the oldest stop to count. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/units.h"
#include "pipeline/engine_options.h"

namespace thalweg {

inline constexpr double kOwnShare = 0.5;
// Of what all of an address use together: the rest is for those whose requests are under way.
inline constexpr double kAddressShare = 0.9;
inline constexpr std::size_t kTicketsMax = 4'096;
// Of different windows of one kind; further ones of an exchangeInfo are not taken.
inline constexpr std::size_t kRateLimitsMax = 16;
// A request is given up after this (feeds/net/rest_client.h): a ticket whose end is never told
// counts as if it had ended then.
inline constexpr Nanos kRequestDeadline = 10 * kSecond;

// 429 or 403 without Retry-After: one window of the weight, after which the exchange's own count
// has begun again. 418 without: its shortest documented ban, doubled for each in a row.
inline constexpr Nanos kAssumedBan = 120 * kSecond;
inline constexpr Nanos kBanMax = 72 * kHour;  // Longer Retry-Afters are cut to it.

enum class RateLimitKind : std::uint8_t { kRequestWeight, kRawRequests };

struct RateLimit {
  RateLimitKind kind = RateLimitKind::kRequestWeight;
  Nanos window = 60 * kSecond;  // As the exchange states it; > 0.
  std::int64_t limit = 0;       // > 0

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

// The documented ones, for the time before exchangeInfo.
[[nodiscard]] std::vector<RateLimit> DefaultRateLimits(Market market);

// What an answer told of the budget.
struct UsedWeight {
  Nanos window = 0;  // Of the header's name: "-1M" is a minute.
  std::int64_t used = 0;
};
struct BudgetReport {
  int status = 200;  // 0: there was no answer.
  std::optional<Nanos> retry_after;
  std::vector<UsedWeight> used;
  bool was_sent = true;  // False: nothing of it can have reached the exchange.
};

enum class BudgetState : std::uint8_t {
  kOpen,
  kPaused,  // 429 or 403: nothing goes until blocked_until().
  kBanned,  // 418: likewise.
};

struct WeightBudgetOptions {
  double own_share = kOwnShare;  // In (0, 1].
  // For exchanges whose windows are that much shorter than they say (`thalweg exchange
  // --time-scale`). Tests only: of a real one this would break the limits.
  std::int64_t test_time_scale = 1;
};

struct BudgetCounts {
  std::int64_t tickets = 0;
  std::int64_t weight = 0;
  std::int64_t paused = 0;   // Answers 429 and 403.
  std::int64_t banned = 0;   // Answers 418.
  std::int64_t assumed = 0;  // Of these: without a usable Retry-After.
};

class WeightBudget {
 public:
  using Ticket = std::int64_t;
  // Answer of WhenFree() for a weight beyond the share.
  static constexpr Nanos kNever = INT64_MAX;

  explicit WeightBudget(std::span<const RateLimit> limits, const WeightBudgetOptions& options = {});

  // Those of an exchangeInfo. Tickets taken before go on to count. Limits and windows that are not
  // positive are not taken; without any the present ones stay.
  void SetLimits(std::span<const RateLimit> limits);

  // The earliest time at which a request of that weight may go, if nothing else happens until then;
  // `now` when at once; kNever when its weight is beyond the share. REQUIRES: weight > 0.
  [[nodiscard]] Nanos WhenFree(std::int64_t weight, Nanos now) const;
  // A ticket for one request; nothing while WhenFree(weight, now) > now.
  [[nodiscard]] std::optional<Ticket> Take(std::int64_t weight, Nanos now);
  // The request of a ticket is over, whatever became of it; one that was never sent weighs nothing.
  // Unknown tickets: no effect but that of the report.
  void OnAnswer(Ticket ticket, const BudgetReport& report, Nanos now);
  // The same address was refused elsewhere (a WebSocket handshake): 429, 418 and 403 count.
  void OnRefusal(int status, std::optional<Nanos> retry_after, Nanos now);

  // When `count` further requests of one weight could go, one after another, ascending: what a
  // queue tells those who wait. An estimate: by weight alone, as if each was answered at once.
  [[nodiscard]] std::vector<Nanos> Forecast(std::int64_t weight, std::size_t count,
                                            Nanos now) const;

  [[nodiscard]] BudgetState state(Nanos now) const noexcept;
  [[nodiscard]] Nanos blocked_until() const noexcept { return blocked_until_; }
  // Of this process, in the window of the weight that ends now.
  [[nodiscard]] std::int64_t used(Nanos now) const noexcept;
  // What this process may use of it.
  [[nodiscard]] std::int64_t own_limit() const noexcept;
  [[nodiscard]] const BudgetCounts& counts() const noexcept { return counts_; }

 private:
  // A limit of the exchange, and what it reported last of it.
  struct Meter {
    RateLimitKind kind;
    Nanos stated_window;
    Nanos window;
    std::int64_t own_limit;
    std::int64_t address_limit;
    // The report: `reported` was used when ticket `reported_at` was counted, at the latest.
    std::int64_t reported = 0;
    Ticket reported_at = 0;
    Nanos reported_until = INT64_MIN;  // The exchange's window is over by then.
  };
  struct Charge {
    std::int64_t weight;
    Nanos ended;  // As far as known.
    bool is_over;
  };

  [[nodiscard]] static std::int64_t CostOf(const Meter& meter, std::int64_t weight) noexcept {
    return meter.kind == RateLimitKind::kRequestWeight ? weight : 1;
  }
  [[nodiscard]] Nanos WhenFree(const Meter& meter, std::int64_t weight, Nanos now) const;
  // The limit of weight that allows least in a second.
  [[nodiscard]] const Meter& WeightMeter() const noexcept { return meters_[weight_meter_]; }
  // When the charges stop to count in a window of that length, with what they cost, ascending.
  struct Release {
    Nanos time;
    std::int64_t cost;
  };
  [[nodiscard]] std::vector<Release> Releases(const Meter& meter, Nanos now) const;
  void TakeReport(Meter& meter, Ticket ticket, std::int64_t used, Nanos now);
  [[nodiscard]] Nanos BlockLength(int status, std::optional<Nanos> retry_after);
  void Prune(Nanos now);

  const WeightBudgetOptions options_;
  std::vector<Meter> meters_;  // At least one, at weight_meter_.
  std::size_t weight_meter_ = 0;
  std::map<Ticket, Charge> charges_;
  Ticket last_ticket_ = 0;
  Nanos blocked_until_ = INT64_MIN;
  bool is_banned_ = false;
  int bans_in_a_row_ = 0;  // Without a Retry-After.
  BudgetCounts counts_;
};

}  // namespace thalweg
