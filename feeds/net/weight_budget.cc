#include "feeds/net/weight_budget.h"

#include <algorithm>
#include <cassert>

namespace thalweg {
namespace {

constexpr Nanos kMinute = 60 * kSecond;
constexpr Nanos kShortestPause = kSecond;
constexpr int kTooManyRequests = 429;
constexpr int kBannedAddress = 418;
constexpr int kFirewall = 403;
constexpr int kBanDoublingsMax = 16;

std::int64_t Part(std::int64_t limit, double share) {
  return static_cast<std::int64_t>(static_cast<double>(limit) * share);
}

}  // namespace

std::vector<RateLimit> DefaultRateLimits(Market market) {
  if (market == Market::kSpot) {
    return {{RateLimitKind::kRequestWeight, kMinute, 6'000},
            {RateLimitKind::kRawRequests, 5 * kMinute, 61'000}};
  }
  return {{RateLimitKind::kRequestWeight, kMinute, 2'400}};
}

WeightBudget::WeightBudget(std::span<const RateLimit> limits, const WeightBudgetOptions& options)
    : options_(options) {
  assert(options.own_share > 0 && options.own_share <= 1 && options.test_time_scale >= 1);
  SetLimits(limits);
  assert(!meters_.empty());
}

void WeightBudget::SetLimits(std::span<const RateLimit> limits) {
  std::vector<Meter> meters;
  for (const RateLimit& limit : limits) {
    if (limit.limit <= 0 || limit.window <= 0 || limit.window > kBanMax) continue;
    if (meters.size() == kRateLimitsMax) break;
    Meter meter{};
    meter.kind = limit.kind;
    meter.stated_window = limit.window;
    meter.window = std::max<Nanos>(limit.window / options_.test_time_scale, 1);
    meter.own_limit = Part(limit.limit, options_.own_share);
    meter.address_limit = Part(limit.limit, kAddressShare);
    meter.reported_until = INT64_MIN;
    for (const Meter& old : meters_) {
      if (old.kind != meter.kind || old.stated_window != meter.stated_window) continue;
      meter.reported = old.reported;
      meter.reported_at = old.reported_at;
      meter.reported_until = old.reported_until;
    }
    meters.push_back(meter);
  }
  const auto rate = [](const Meter& meter) {
    return static_cast<double>(meter.own_limit) / static_cast<double>(meter.window);
  };
  std::optional<std::size_t> narrowest;
  for (std::size_t i = 0; i < meters.size(); ++i) {
    if (meters[i].kind != RateLimitKind::kRequestWeight) continue;
    if (!narrowest || rate(meters[i]) < rate(meters[*narrowest])) narrowest = i;
  }
  if (!narrowest) return;
  meters_ = std::move(meters);
  weight_meter_ = *narrowest;
}

std::vector<WeightBudget::Release> WeightBudget::Releases(const Meter& meter, Nanos now) const {
  std::vector<Release> releases;
  for (const auto& [ticket, charge] : charges_) {
    const Nanos time = charge.ended + meter.window;
    if (time > now) releases.push_back({time, CostOf(meter, charge.weight)});
  }
  std::sort(releases.begin(), releases.end(),
            [](const Release& a, const Release& b) { return a.time < b.time; });
  return releases;
}

Nanos WeightBudget::WhenFree(const Meter& meter, std::int64_t weight, Nanos now) const {
  const std::int64_t cost = CostOf(meter, weight);
  if (cost > meter.own_limit) return kNever;
  const std::vector<Release> releases = Releases(meter, now);
  std::int64_t used = 0;
  for (const Release& release : releases) used += release.cost;
  Nanos free = now;
  for (const Release& release : releases) {
    if (used + cost <= meter.own_limit) break;
    used -= release.cost;
    free = release.time;
  }
  if (now >= meter.reported_until) return free;
  std::int64_t total = meter.reported + cost;
  for (const auto& [ticket, charge] : charges_) {
    if (ticket > meter.reported_at || !charge.is_over) total += CostOf(meter, charge.weight);
  }
  return total <= meter.address_limit ? free : std::max(free, meter.reported_until);
}

Nanos WeightBudget::WhenFree(std::int64_t weight, Nanos now) const {
  assert(weight > 0);
  Nanos free = std::max(now, blocked_until_);
  for (const Meter& meter : meters_) free = std::max(free, WhenFree(meter, weight, now));
  if (free != kNever && charges_.size() >= kTicketsMax) {
    Nanos longest = 0;
    for (const Meter& meter : meters_) longest = std::max(longest, meter.window);
    free = std::max(free, charges_.begin()->second.ended + longest);
  }
  return free;
}

std::optional<WeightBudget::Ticket> WeightBudget::Take(std::int64_t weight, Nanos now) {
  Prune(now);
  if (WhenFree(weight, now) > now) return std::nullopt;
  charges_[++last_ticket_] = {weight, now + kRequestDeadline, false};
  ++counts_.tickets;
  counts_.weight += weight;
  return last_ticket_;
}

void WeightBudget::OnAnswer(Ticket ticket, const BudgetReport& report, Nanos now) {
  if (!report.was_sent) {
    charges_.erase(ticket);
    return Prune(now);
  }
  const auto charge = charges_.find(ticket);
  if (charge != charges_.end() && !charge->second.is_over) {
    charge->second.ended = now;
    charge->second.is_over = true;
  }
  for (const UsedWeight& used : report.used) {
    for (Meter& meter : meters_) {
      if (meter.kind == RateLimitKind::kRequestWeight && meter.stated_window == used.window) {
        TakeReport(meter, ticket, used.used, now);
      }
    }
  }
  OnRefusal(report.status, report.retry_after, now);
  if (report.status == kTooManyRequests && report.retry_after) {
    // The exchange itself says when its window ends, and with it what it reported.
    for (Meter& meter : meters_) {
      if (meter.kind != RateLimitKind::kRequestWeight) continue;
      meter.reported_until = std::min(meter.reported_until, blocked_until_);
    }
  }
  if (report.status >= 200 && report.status < 300) bans_in_a_row_ = 0;
  Prune(now);
}

// Answers can overtake each other: within a window the larger number is the newer one, and a
// smaller number is a newer window's where its request went out after the other one's.
void WeightBudget::TakeReport(Meter& meter, Ticket ticket, std::int64_t used, Nanos now) {
  const bool is_valid = now < meter.reported_until;
  if (used < 0 || (is_valid && used < meter.reported && ticket < meter.reported_at)) return;
  meter.reported = used;
  meter.reported_at = ticket;
  meter.reported_until = now + meter.window;
}

Nanos WeightBudget::BlockLength(int status, std::optional<Nanos> retry_after) {
  if (retry_after && *retry_after >= 0) {
    return std::clamp(*retry_after, kShortestPause, kBanMax);
  }
  ++counts_.assumed;
  if (status != kBannedAddress) return WeightMeter().window;
  const int doublings = std::min(bans_in_a_row_++, kBanDoublingsMax);
  return std::min(kAssumedBan << doublings, kBanMax) / options_.test_time_scale;
}

void WeightBudget::OnRefusal(int status, std::optional<Nanos> retry_after, Nanos now) {
  if (status != kTooManyRequests && status != kBannedAddress && status != kFirewall) return;
  ++(status == kBannedAddress ? counts_.banned : counts_.paused);
  const bool was_open = now >= blocked_until_;
  blocked_until_ = std::max(blocked_until_, now + BlockLength(status, retry_after));
  is_banned_ = status == kBannedAddress || (is_banned_ && !was_open);
}

std::vector<Nanos> WeightBudget::Forecast(std::int64_t weight, std::size_t count, Nanos now) const {
  const Meter& meter = WeightMeter();
  std::vector<Nanos> times;
  times.reserve(count);
  Nanos time = WhenFree(weight, now);
  if (time == kNever) return std::vector<Nanos>(count, kNever);
  std::vector<Release> releases = Releases(meter, now);
  std::int64_t used = 0;
  for (const Release& release : releases) used += release.cost;
  // What goes out next stops to count later than everything before it: the list stays sorted.
  for (std::size_t released = 0; times.size() < count;) {
    if (used + weight > meter.own_limit) {
      time = std::max(time, releases[released].time);
      used -= releases[released++].cost;
      continue;
    }
    times.push_back(time);
    used += weight;
    // Sorted but for requests under way, which may end later: an estimate.
    releases.push_back({time + meter.window, weight});
  }
  return times;
}

BudgetState WeightBudget::state(Nanos now) const noexcept {
  if (now >= blocked_until_) return BudgetState::kOpen;
  return is_banned_ ? BudgetState::kBanned : BudgetState::kPaused;
}

std::int64_t WeightBudget::used(Nanos now) const noexcept {
  const Meter& meter = WeightMeter();
  std::int64_t used = 0;
  for (const auto& [ticket, charge] : charges_) {
    if (charge.ended + meter.window > now) used += charge.weight;
  }
  return used;
}

std::int64_t WeightBudget::own_limit() const noexcept { return WeightMeter().own_limit; }

// Forgets what no window counts any more.
void WeightBudget::Prune(Nanos now) {
  Nanos longest = 0;
  for (const Meter& meter : meters_) longest = std::max(longest, meter.window);
  std::erase_if(charges_, [&](const auto& entry) { return entry.second.ended + longest <= now; });
}

}  // namespace thalweg
