#include "tools/exchange/request_budget.h"

#include <gtest/gtest.h>

#include "tools/exchange/venue.h"

namespace thalweg {
namespace {

constexpr char kHere[] = "127.0.0.1";

class RequestBudgetTest : public testing::Test {
 protected:
  Venue venue_ = VenueOf(Market::kSpot, 1);
  RequestBudget budget_{venue_};
};

TEST_F(RequestBudgetTest, WeightIsFreeAgainWithTheNextMinute) {
  EXPECT_EQ(budget_.Charge(kHere, 6'000, 10 * kSecond).status, 200);
  const BudgetVerdict refused = budget_.Charge(kHere, 1, 20 * kSecond);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.weight_used, 6'001);
  EXPECT_EQ(refused.limit, 6'000);
  EXPECT_EQ(refused.retry_after, 40 * kSecond);
  const BudgetVerdict next = budget_.Charge(kHere, 5, 60 * kSecond);
  EXPECT_EQ(next.status, 200);
  EXPECT_EQ(next.weight_used, 5);
}

TEST_F(RequestBudgetTest, WhoGoesOnAfterRefusalsIsBannedAndTwiceAsLongTheNextTime) {
  (void)budget_.Charge(kHere, 6'000, 0);
  for (std::int64_t i = 0; i < venue_.refused_requests_max; ++i) {
    ASSERT_EQ(budget_.Charge(kHere, 1, 1).status, 429) << i;
  }
  const BudgetVerdict banned = budget_.Charge(kHere, 1, 1);
  EXPECT_EQ(banned.status, 418);
  EXPECT_EQ(banned.retry_after, 2 * kMinute);
  // Neither a new window nor a socket helps; and asking does not make the ban longer.
  EXPECT_EQ(budget_.Charge(kHere, 1, kMinute).status, 418);
  EXPECT_EQ(budget_.Connect(kHere, kMinute).status, 418);
  const Nanos later = 2 * kMinute + 1;
  EXPECT_EQ(budget_.Charge(kHere, 1, later).status, 200);

  (void)budget_.Charge(kHere, 6'000, later);
  BudgetVerdict last;
  for (std::int64_t i = 0; i <= venue_.refused_requests_max; ++i) {
    last = budget_.Charge(kHere, 1, later);
  }
  EXPECT_EQ(last.status, 418);
  EXPECT_EQ(last.retry_after, 4 * kMinute);
}

TEST_F(RequestBudgetTest, BansEndAtThreeDays) {
  BudgetVerdict banned;
  Nanos now = 0;
  for (int ban = 0; ban < 20; ++ban) {
    do {
      banned = budget_.Charge(kHere, 6'000, now);
    } while (banned.status != 418);
    EXPECT_LE(banned.retry_after, 3 * kDay);
    now += banned.retry_after;
  }
  EXPECT_EQ(banned.retry_after, 3 * kDay);
}

TEST_F(RequestBudgetTest, AddressesDoNotPayForEachOther) {
  (void)budget_.Charge(kHere, 7'000, 0);
  EXPECT_EQ(budget_.Charge("127.0.0.2", 1, 0).status, 200);
}

TEST_F(RequestBudgetTest, RawRequestsHaveALimitOfTheirOwn) {
  venue_.raw_requests_max = 3;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(budget_.Charge(kHere, 1, 0).status, 200);
  const BudgetVerdict refused = budget_.Charge(kHere, 1, 0);
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.raw_requests);
  EXPECT_EQ(refused.retry_after, 5 * kMinute);
}

TEST_F(RequestBudgetTest, TheThreeHundredAndFirstAttemptInFiveMinutesIsRefused) {
  for (int i = 0; i < 300; ++i) ASSERT_EQ(budget_.Connect(kHere, i).status, 200);
  const BudgetVerdict refused = budget_.Connect(kHere, kMinute);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.retry_after, 4 * kMinute);
  EXPECT_EQ(budget_.Connect(kHere, 5 * kMinute).status, 200);
}

TEST_F(RequestBudgetTest, RepeatedFloodsOfFramesBanTheAddress) {
  for (std::int64_t i = 0; i + 1 < venue_.cut_connections_max; ++i) {
    budget_.CountCutConnection(kHere, 0);
    ASSERT_EQ(budget_.Connect(kHere, 0).status, 200);
  }
  budget_.CountCutConnection(kHere, 0);
  EXPECT_EQ(budget_.Connect(kHere, 0).status, 418);
}

TEST_F(RequestBudgetTest, OldAddressesAreForgottenAndNewOnesServed) {
  for (int i = 0; i < 3 * static_cast<int>(kAddressesKept); ++i) {
    const Nanos now = i * kMinute;
    ASSERT_EQ(budget_.Charge("address " + std::to_string(i), 1, now).weight_used, 1);
  }
}

TEST_F(RequestBudgetTest, PeaksAreThoseOfSlidingWindowsAndOfTheBusiestAddress) {
  (void)budget_.Charge(kHere, 100, 50 * kSecond);
  (void)budget_.Charge(kHere, 200, 70 * kSecond);  // Another fixed window, the same sliding one.
  EXPECT_EQ(budget_.peaks().weight, 300);
  (void)budget_.Charge(kHere, 50, 110 * kSecond);  // The first is a whole minute ago.
  EXPECT_EQ(budget_.peaks().weight, 300);
  (void)budget_.Charge("127.0.0.2", 299, 111 * kSecond);
  EXPECT_EQ(budget_.peaks().weight, 300);
  for (int i = 0; i < 3; ++i) (void)budget_.Connect(kHere, 0);
  (void)budget_.Connect(kHere, 5 * kMinute);
  EXPECT_EQ(budget_.peaks().attempts, 3);
  EXPECT_EQ(budget_.peaks().refused, 0);
  for (int i = 0; i < 12; ++i) (void)budget_.Charge(kHere, 6'000, 111 * kSecond);
  EXPECT_EQ(budget_.peaks().refused, venue_.refused_requests_max);
  EXPECT_EQ(budget_.peaks().banned, 2);
  (void)budget_.Connect(kHere, 112 * kSecond);
  EXPECT_EQ(budget_.peaks().banned, 3);
}

TEST(VenueTest, AWindowIsStatedInWholeUnitsAndNeverShorterThanItIs) {
  EXPECT_EQ(StatedWindowOf(kMinute).interval, "MINUTE");
  EXPECT_EQ(StatedWindowOf(5 * kMinute).count, 5);
  EXPECT_EQ(StatedWindowOf(2 * kSecond).interval, "SECOND");
  EXPECT_EQ(StatedWindowOf(2 * kSecond).count, 2);
  EXPECT_EQ(StatedWindowOf(1'500 * kMillisecond).count, 2);
  EXPECT_EQ(StatedWindowOf(6 * kMillisecond).count, 1);
}

TEST(VenueTest, TheTimeScaleDividesWindowsAndPeriodsAndNothingElse) {
  const Venue whole = VenueOf(Market::kSpot, 1);
  const Venue scaled = VenueOf(Market::kSpot, 100);
  EXPECT_EQ(scaled.ping_every, 200 * kMillisecond);
  EXPECT_EQ(scaled.pong_deadline, 600 * kMillisecond);
  EXPECT_EQ(scaled.weight_window, 600 * kMillisecond);
  EXPECT_EQ(scaled.attempts_window, 3 * kSecond);
  EXPECT_EQ(scaled.connection_life, 864 * kSecond);
  EXPECT_EQ(scaled.client_frames_window, 10 * kMillisecond);
  EXPECT_EQ(scaled.first_ban, 1'200 * kMillisecond);
  EXPECT_EQ(scaled.weight_max, whole.weight_max);
  EXPECT_EQ(scaled.streams_max, 1'024u);
}

TEST(VenueTest, DepthWeighsByItsLimit) {
  const std::pair<std::int64_t, std::int64_t> spot[] = {
      {1, 5}, {100, 5}, {101, 25}, {500, 25}, {501, 50}, {1'000, 50}, {1'001, 250}, {5'000, 250}};
  for (const auto& [limit, weight] : spot) {
    EXPECT_EQ(DepthWeight(Market::kSpot, limit), weight) << limit;
  }
  const std::pair<std::int64_t, std::int64_t> futures[] = {
      {5, 2}, {50, 2}, {100, 5}, {500, 10}, {1'000, 20}};
  for (const auto& [limit, weight] : futures) {
    EXPECT_EQ(DepthWeight(Market::kUsdM, limit), weight) << limit;
  }
}

}  // namespace
}  // namespace thalweg
