#include "tools/exchange/request_budget.h"

#include <algorithm>

namespace thalweg {

std::int64_t RequestBudget::Window::Add(std::int64_t amount, Nanos length, Nanos now) {
  const std::int64_t present = now / length;
  if (present != number) {
    number = present;
    count = 0;
  }
  return count += amount;
}

std::int64_t RequestBudget::SlidingWindow::Add(std::int64_t amount, Nanos length, Nanos now) {
  entries.emplace_back(now, amount);
  sum += amount;
  while (entries.front().first + length <= now) {
    sum -= entries.front().second;
    entries.pop_front();
  }
  return sum;
}

RequestBudget::Address& RequestBudget::Find(std::string_view address, Nanos now) {
  const auto known = addresses_.find(address);
  if (known != addresses_.end()) {
    known->second.last_seen = now;
    return known->second;
  }
  if (addresses_.size() >= kAddressesKept) {
    const Nanos longest = std::max(venue_.raw_requests_window, venue_.attempts_window);
    std::erase_if(addresses_, [&](const auto& entry) {
      return entry.second.banned_until <= now && entry.second.last_seen + longest <= now;
    });
  }
  Address& added = addresses_[std::string(address)];
  added.last_seen = now;
  return added;
}

void RequestBudget::Ban(Address& address, Nanos now) const {
  Nanos length = venue_.first_ban;
  for (int i = 0; i < address.ban_count && length < venue_.longest_ban; ++i) length *= 2;
  ++address.ban_count;
  address.banned_until = now + std::min(length, venue_.longest_ban);
}

BudgetVerdict RequestBudget::Charge(std::string_view name, std::int64_t weight, Nanos now) {
  Address& address = Find(name, now);
  const std::int64_t used = address.sliding_weight.Add(weight, venue_.weight_window, now);
  peaks_.weight = std::max(peaks_.weight, used);
  const BudgetVerdict verdict = Judge(address, weight, now);
  Note(verdict);
  return verdict;
}

void RequestBudget::Note(const BudgetVerdict& verdict) noexcept {
  if (verdict.status == 429) ++peaks_.refused;
  if (verdict.status == 418) ++peaks_.banned;
}

BudgetVerdict RequestBudget::Judge(Address& address, std::int64_t weight, Nanos now) const {
  BudgetVerdict verdict;
  verdict.weight_used = address.weight.Add(weight, venue_.weight_window, now);
  verdict.limit = venue_.weight_max;
  const std::int64_t requests = address.raw_requests.Add(1, venue_.raw_requests_window, now);
  const bool too_many = requests > venue_.raw_requests_max;
  if (now >= address.banned_until && verdict.weight_used <= venue_.weight_max && !too_many) {
    return verdict;
  }
  verdict.status = 429;
  verdict.retry_after = Left(too_many ? venue_.raw_requests_window : venue_.weight_window, now);
  verdict.raw_requests = too_many;
  if (too_many) verdict.limit = venue_.raw_requests_max;
  if (now >= address.banned_until) {
    const std::int64_t refused = address.refused.Add(1, venue_.weight_window, now);
    if (refused > venue_.refused_requests_max) {
      Ban(address, now);
      address.refused.count = 0;
    }
  }
  if (now < address.banned_until) {
    verdict.status = 418;
    verdict.retry_after = address.banned_until - now;
  }
  return verdict;
}

BudgetVerdict RequestBudget::Connect(std::string_view name, Nanos now) {
  Address& address = Find(name, now);
  const std::int64_t made = address.sliding_attempts.Add(1, venue_.attempts_window, now);
  peaks_.attempts = std::max(peaks_.attempts, made);
  const BudgetVerdict verdict = JudgeAttempt(address, now);
  Note(verdict);
  return verdict;
}

BudgetVerdict RequestBudget::JudgeAttempt(Address& address, Nanos now) const {
  BudgetVerdict verdict;
  verdict.limit = venue_.attempts_max;
  if (now < address.banned_until) {
    verdict.status = 418;
    verdict.retry_after = address.banned_until - now;
    return verdict;
  }
  if (address.attempts.Add(1, venue_.attempts_window, now) > venue_.attempts_max) {
    verdict.status = 429;
    verdict.retry_after = Left(venue_.attempts_window, now);
  }
  return verdict;
}

void RequestBudget::CountCutConnection(std::string_view name, Nanos now) {
  Address& address = Find(name, now);
  const std::int64_t cut = address.cut_connections.Add(1, venue_.attempts_window, now);
  if (cut < venue_.cut_connections_max) return;
  Ban(address, now);
  address.cut_connections.count = 0;
}

}  // namespace thalweg
