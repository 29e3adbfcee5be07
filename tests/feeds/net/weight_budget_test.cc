#include "feeds/net/weight_budget.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "tests/feeds/net/exchange_window.h"

namespace thalweg {
namespace {

constexpr Nanos kMinute = 60 * kSecond;

std::vector<RateLimit> Limits(std::int64_t limit, Nanos window = kMinute) {
  return {{RateLimitKind::kRequestWeight, window, limit}};
}

BudgetReport Status(int status, std::optional<Nanos> retry_after = std::nullopt) {
  return {status, retry_after, {}};
}

BudgetReport Used(std::int64_t used) { return {200, std::nullopt, {{kMinute, used}}}; }

TEST(WeightBudgetTest, GivesTicketsUpToHalfTheLimit) {
  WeightBudget budget(Limits(1'000));
  EXPECT_EQ(budget.own_limit(), 500);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(budget.Take(100, 0).has_value()) << i;
  EXPECT_FALSE(budget.Take(1, 0).has_value());
  EXPECT_EQ(budget.used(0), 500);
}

TEST(WeightBudgetTest, ATicketCountsUntilAWindowAfterItsAnswer) {
  WeightBudget budget(Limits(200));
  const auto ticket = budget.Take(100, 0);
  ASSERT_TRUE(ticket.has_value());
  budget.OnAnswer(*ticket, Status(200), 3 * kSecond);
  EXPECT_EQ(budget.WhenFree(1, 4 * kSecond), 3 * kSecond + kMinute);
  EXPECT_FALSE(budget.Take(1, 3 * kSecond + kMinute - 1).has_value());
  EXPECT_TRUE(budget.Take(100, 3 * kSecond + kMinute).has_value());
}

TEST(WeightBudgetTest, ATicketWhoseEndIsNeverToldEndsAtTheDeadline) {
  WeightBudget budget(Limits(200));
  ASSERT_TRUE(budget.Take(100, 0).has_value());
  EXPECT_EQ(budget.WhenFree(100, kSecond), kRequestDeadline + kMinute);
  EXPECT_TRUE(budget.Take(100, kRequestDeadline + kMinute).has_value());
}

TEST(WeightBudgetTest, WhatWasNeverSentWeighsNothing) {
  WeightBudget budget(Limits(200));
  const auto ticket = budget.Take(100, 0);
  ASSERT_TRUE(ticket.has_value());
  EXPECT_FALSE(budget.Take(1, kSecond).has_value());
  budget.OnAnswer(*ticket, {0, std::nullopt, {}, false}, kSecond);
  EXPECT_EQ(budget.used(kSecond), 0);
  EXPECT_TRUE(budget.Take(100, kSecond).has_value());
}

TEST(WeightBudgetTest, AWeightBeyondTheShareIsNever) {
  WeightBudget budget(Limits(400));
  EXPECT_EQ(budget.WhenFree(250, 0), WeightBudget::kNever);
  EXPECT_FALSE(budget.Take(250, 0).has_value());
  EXPECT_EQ(budget.Forecast(250, 2, 0),
            (std::vector<Nanos>{WeightBudget::kNever, WeightBudget::kNever}));
  EXPECT_EQ(budget.WhenFree(200, 0), 0);
}

TEST(WeightBudgetTest, RawRequestsCountOneEach) {
  WeightBudget budget(std::vector<RateLimit>{{RateLimitKind::kRequestWeight, kMinute, 100'000},
                                             {RateLimitKind::kRawRequests, 5 * kMinute, 6}});
  for (int i = 0; i < 3; ++i) {
    const auto ticket = budget.Take(1'000, 0);
    ASSERT_TRUE(ticket.has_value());
    budget.OnAnswer(*ticket, Status(200), 0);
  }
  EXPECT_EQ(budget.WhenFree(1, 0), 5 * kMinute);
}

TEST(WeightBudgetTest, LimitsOfExchangeInfoReplaceTheDefaultsAndTicketsGoOnToCount) {
  WeightBudget budget(DefaultRateLimits(Market::kSpot));
  EXPECT_EQ(budget.own_limit(), 3'000);
  const auto ticket = budget.Take(50, 0);
  budget.OnAnswer(*ticket, Status(200), 0);
  budget.SetLimits(Limits(160, 10 * kSecond));
  EXPECT_EQ(budget.own_limit(), 80);
  EXPECT_EQ(budget.WhenFree(40, 0), 10 * kSecond);
  EXPECT_EQ(budget.WhenFree(30, 0), 0);
}

TEST(WeightBudgetTest, LimitsThatAreNoneChangeNothing) {
  WeightBudget budget(Limits(100));
  budget.SetLimits({});
  budget.SetLimits(Limits(0));
  budget.SetLimits(Limits(-5));
  budget.SetLimits(Limits(1'000, 0));
  budget.SetLimits(std::vector<RateLimit>{{RateLimitKind::kRawRequests, kMinute, 9}});
  EXPECT_EQ(budget.own_limit(), 50);
}

TEST(WeightBudgetTest, OthersBehindTheAddressAreLeftTheirs) {
  WeightBudget budget(Limits(1'000));
  const auto ticket = budget.Take(10, 0);
  // Of 900 that all may use together, others have used 860 and we 10.
  budget.OnAnswer(*ticket, Used(870), kSecond);
  EXPECT_TRUE(budget.Take(30, kSecond).has_value());
  EXPECT_EQ(budget.WhenFree(1, kSecond), kSecond + kMinute) << "that window is over by then";
}

TEST(WeightBudgetTest, ANewerReportReplacesAnOlderOneAndALateOneDoesNot) {
  WeightBudget budget(Limits(1'000));
  const auto first = budget.Take(10, 0);
  const auto second = budget.Take(10, 0);
  const auto third = budget.Take(10, 0);
  budget.OnAnswer(*second, Used(880), kSecond);
  budget.OnAnswer(*first, Used(20), 2 * kSecond);  // Was counted before the other one.
  EXPECT_GT(budget.WhenFree(50, 2 * kSecond), 2 * kSecond);
  budget.OnAnswer(*third, Used(10), 3 * kSecond);  // A new window.
  EXPECT_EQ(budget.WhenFree(50, 3 * kSecond), 3 * kSecond);
}

TEST(WeightBudgetTest, ReportsOfOtherWindowsAreIgnored) {
  WeightBudget budget(Limits(1'000));
  const auto ticket = budget.Take(10, 0);
  budget.OnAnswer(*ticket, {200, std::nullopt, {{kHour, 5'000}, {kMinute, -4}}}, 0);
  EXPECT_EQ(budget.WhenFree(100, 0), 0);
}

TEST(WeightBudgetTest, FaultS5ARefusalStopsEverythingUntilRetryAfter) {
  WeightBudget budget(Limits(1'000));
  const auto ticket = budget.Take(10, 0);
  budget.OnAnswer(*ticket, Status(429, 7 * kSecond), kSecond);
  EXPECT_EQ(budget.state(kSecond), BudgetState::kPaused);
  EXPECT_EQ(budget.WhenFree(1, 2 * kSecond), 8 * kSecond);
  EXPECT_FALSE(budget.Take(1, 8 * kSecond - 1).has_value());
  EXPECT_TRUE(budget.Take(1, 8 * kSecond).has_value());
  EXPECT_EQ(budget.state(8 * kSecond), BudgetState::kOpen);
  EXPECT_EQ(budget.counts().paused, 1);
  EXPECT_EQ(budget.counts().assumed, 0);
}

TEST(WeightBudgetTest, FaultS5AShorterRetryAfterNeverShortensALongerOne) {
  WeightBudget budget(Limits(1'000));
  budget.OnRefusal(429, 50 * kSecond, 0);
  budget.OnRefusal(429, kSecond, 0);
  EXPECT_EQ(budget.blocked_until(), 50 * kSecond);
}

TEST(WeightBudgetTest, FaultS5ARefusalWithoutRetryAfterWaitsAWholeWindow) {
  WeightBudget budget(Limits(1'000));
  const auto ticket = budget.Take(10, 0);
  budget.OnAnswer(*ticket, Status(429), kSecond);
  EXPECT_EQ(budget.blocked_until(), kSecond + kMinute);
  EXPECT_EQ(budget.counts().assumed, 1);
}

TEST(WeightBudgetTest, FaultS5ABanIsVisibleAndKept) {
  WeightBudget budget(Limits(1'000));
  budget.OnRefusal(418, 180 * kSecond, 0);
  EXPECT_EQ(budget.state(kSecond), BudgetState::kBanned);
  EXPECT_EQ(budget.blocked_until(), 180 * kSecond);
  // A refusal that was under way then does not turn the ban into a pause.
  budget.OnRefusal(429, kSecond, kSecond);
  EXPECT_EQ(budget.state(kSecond), BudgetState::kBanned);
  EXPECT_EQ(budget.WhenFree(1, 0), 180 * kSecond);
  EXPECT_EQ(budget.state(180 * kSecond), BudgetState::kOpen);
}

TEST(WeightBudgetTest, FaultS5ABanWithoutRetryAfterIsAssumedAndDoublesUntilAGoodAnswer) {
  WeightBudget budget(Limits(1'000));
  budget.OnRefusal(418, std::nullopt, 0);
  EXPECT_EQ(budget.blocked_until(), kAssumedBan);
  Nanos now = kAssumedBan;
  budget.OnRefusal(418, std::nullopt, now);
  EXPECT_EQ(budget.blocked_until(), now + 2 * kAssumedBan);
  for (int i = 0; i < 40; ++i) {
    now = budget.blocked_until();
    budget.OnRefusal(418, std::nullopt, now);
  }
  EXPECT_EQ(budget.blocked_until(), now + kBanMax);
  now = budget.blocked_until();
  const auto ticket = budget.Take(1, now);
  ASSERT_TRUE(ticket.has_value());
  budget.OnAnswer(*ticket, Status(200), now);
  budget.OnRefusal(418, std::nullopt, now);
  EXPECT_EQ(budget.blocked_until(), now + kAssumedBan);
}

TEST(WeightBudgetTest, FaultW5AFirewallPausesAndOtherStatusesDoNot) {
  WeightBudget budget(Limits(1'000));
  for (const int status : {0, 200, 301, 400, 404, 451, 500, 503}) {
    budget.OnRefusal(status, 100 * kSecond, 0);
    EXPECT_EQ(budget.state(0), BudgetState::kOpen) << status;
  }
  budget.OnRefusal(403, std::nullopt, 0);
  EXPECT_EQ(budget.state(0), BudgetState::kPaused);
  EXPECT_EQ(budget.blocked_until(), kMinute);
}

TEST(WeightBudgetTest, FaultS5AnAbsurdRetryAfterIsBounded) {
  WeightBudget budget(Limits(1'000));
  budget.OnRefusal(429, INT64_MAX, 0);
  EXPECT_EQ(budget.blocked_until(), kBanMax);
  WeightBudget other(Limits(1'000));
  other.OnRefusal(429, 0, 0);
  EXPECT_EQ(other.blocked_until(), kSecond) << "at least a moment";
}

TEST(WeightBudgetTest, TheTestScaleDividesWindowsAndAssumedBans) {
  WeightBudget budget(Limits(200), {.own_share = 0.5, .test_time_scale = 60});
  const auto ticket = budget.Take(100, 0);
  budget.OnAnswer(*ticket, Used(100), 0);
  EXPECT_EQ(budget.WhenFree(100, 0), kSecond);
  budget.OnRefusal(418, std::nullopt, 0);
  EXPECT_EQ(budget.blocked_until(), kAssumedBan / 60);
}

TEST(WeightBudgetTest, AtTheBoundOfTicketsNoneIsGivenUntilTheOldestIsOver) {
  WeightBudget budget(Limits(1'000'000'000));
  for (std::size_t i = 0; i < kTicketsMax; ++i) ASSERT_TRUE(budget.Take(1, 5).has_value());
  EXPECT_FALSE(budget.Take(1, 6).has_value());
  EXPECT_EQ(budget.WhenFree(1, 6), 5 + kRequestDeadline + kMinute);
  EXPECT_TRUE(budget.Take(1, 5 + kRequestDeadline + kMinute).has_value());
}

TEST(WeightBudgetTest, TheForecastIsWhatHappensWhenEachIsAnsweredAtOnce) {
  WeightBudget budget(Limits(1'000));
  Nanos now = 0;
  for (const Nanos at : {kSecond, 2 * kSecond, 20 * kSecond}) {
    const auto ticket = budget.Take(100, at);
    ASSERT_TRUE(ticket.has_value());
    budget.OnAnswer(*ticket, Status(200), at);
    now = at;
  }
  const std::vector<Nanos> forecast = budget.Forecast(100, 40, now);
  ASSERT_EQ(forecast.size(), 40u);
  for (const Nanos expected : forecast) {
    now = std::max(now, budget.WhenFree(100, now));
    EXPECT_EQ(now, expected);
    const auto ticket = budget.Take(100, now);
    ASSERT_TRUE(ticket.has_value());
    budget.OnAnswer(*ticket, Status(200), now);
  }
}

// Whatever the delays on the way and back and whoever else uses the address: no window of the
// exchange's, sliding or fixed, ever holds more than the share, and nothing is refused.
TEST(WeightBudgetTest, FaultS5NoSlidingWindowEverHoldsMoreThanTheShare) {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    WeightBudget budget(Limits(6'000));
    ExchangeWindow exchange(6'000, kMinute, static_cast<Nanos>(random() % kMinute));
    // By the time of counting, and by the time of the answer.
    struct Sent {
      WeightBudget::Ticket ticket;
      std::int64_t weight;
      Nanos answer_after;
      ExchangeWindow::Verdict verdict;
    };
    std::multimap<Nanos, Sent> on_the_way;
    std::multimap<Nanos, Sent> on_the_way_back;
    for (Nanos now = 0; now < 20 * kMinute; now += 100 * kMillisecond) {
      if (random() % 4 == 0) exchange.ChargeOther(static_cast<std::int64_t>(random() % 4), now);
      while (!on_the_way.empty() && on_the_way.begin()->first <= now) {
        Sent sent = on_the_way.begin()->second;
        sent.verdict = exchange.Charge(sent.weight, on_the_way.begin()->first);
        on_the_way_back.insert({now + sent.answer_after, sent});
        on_the_way.erase(on_the_way.begin());
      }
      while (!on_the_way_back.empty() && on_the_way_back.begin()->first <= now) {
        const Sent& sent = on_the_way_back.begin()->second;
        budget.OnAnswer(sent.ticket,
                        {sent.verdict.status, std::nullopt, {{kMinute, sent.verdict.used}}}, now);
        on_the_way_back.erase(on_the_way_back.begin());
      }
      const std::int64_t weights[] = {2, 20, 50, 250};
      const std::int64_t weight = weights[random() % 4];
      if (const auto ticket = budget.Take(weight, now)) {
        on_the_way.insert({now + static_cast<Nanos>(random() % (5 * kSecond)),
                           {*ticket, weight, static_cast<Nanos>(random() % (5 * kSecond)), {}}});
      }
    }
    EXPECT_EQ(exchange.refused(), 0);
    EXPECT_LE(exchange.HeaviestWindow(), 3'000);
    EXPECT_GT(exchange.HeaviestWindow(), 2'500) << "the share is used";
  }
}

}  // namespace
}  // namespace thalweg
