// How often may be tried: backoff with jitter, the process's budget, and the frames of a second.
#include "feeds/net/backoff.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "feeds/net/connection_budget.h"
#include "feeds/net/frame_pace.h"

namespace thalweg {
namespace {

TEST(BackoffTest, FaultN1WaitsAreJitteredBelowABoundThatDoublesUpToTheLongest) {
  RandomSource random(1);
  Backoff backoff;
  const Nanos bounds[] = {250, 500, 1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000, 30'000};
  for (const Nanos bound : bounds) {
    EXPECT_EQ(backoff.wait_bound(), bound * kMillisecond);
    const Nanos wait = backoff.Next(0, random);
    EXPECT_GE(wait, 0);
    EXPECT_LE(wait, bound * kMillisecond);
  }
  // Never an overflow, however long it fails.
  for (int i = 0; i < 1'000; ++i) EXPECT_LE(backoff.Next(0, random), kLongestWait);
  EXPECT_EQ(backoff.failures(), 1'010);
}

TEST(BackoffTest, JitterIsFull) {
  RandomSource random(7);
  Nanos least = INT64_MAX;
  Nanos most = 0;
  double sum = 0;
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    Backoff backoff;
    const Nanos wait = backoff.Next(0, random);
    least = std::min(least, wait);
    most = std::max(most, wait);
    sum += static_cast<double>(wait);
  }
  EXPECT_LT(least, kFirstWait / 100);
  EXPECT_GT(most, kFirstWait - kFirstWait / 100);
  EXPECT_NEAR(sum / kDraws, static_cast<double>(kFirstWait) / 2, kFirstWait / 50.0);
}

TEST(BackoffTest, OnlyAGoodSpellForgetsFailures) {
  RandomSource random(1);
  Backoff backoff;
  for (int i = 0; i < 5; ++i) (void)backoff.Next(0, random);
  (void)backoff.Next(kGoodSpell - 1, random);
  EXPECT_EQ(backoff.failures(), 6);
  (void)backoff.Next(kGoodSpell, random);
  EXPECT_EQ(backoff.failures(), 1);
  backoff.Reset();
  EXPECT_EQ(backoff.wait_bound(), kFirstWait);
}

TEST(BackoffTest, FiftyConnectionsThatFailTogetherDoNotComeBackTogether) {
  RandomSource random(3);
  std::multiset<Nanos> waits;
  for (int i = 0; i < 50; ++i) {
    Backoff backoff;
    for (int j = 0; j < 4; ++j) (void)backoff.Next(0, random);
    waits.insert(backoff.Next(0, random) / (100 * kMillisecond));
  }
  for (const Nanos slot : waits) EXPECT_LE(waits.count(slot), 10u);
}

// Beside a deque of every attempt.
TEST(ConnectionBudgetTest, FaultN1NeverMoreThanAHundredAttemptsInAnyFiveMinutes) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    RandomSource random(seed);
    ConnectionBudget budget;
    std::deque<Nanos> taken;
    Nanos now = 1'000;
    for (int step = 0; step < 20'000; ++step) {
      now += RandomUpTo(4 * kSecond, random);
      const bool is_free = std::count_if(taken.begin(), taken.end(), [&](Nanos time) {
                             return now - time < kConnectWindow;
                           }) < static_cast<std::ptrdiff_t>(kConnectAttemptsMax);
      ASSERT_EQ(budget.NextAt(now) <= now, is_free) << "step " << step;
      ASSERT_EQ(budget.TryTake(now), is_free);
      if (is_free) taken.push_back(now);
      while (!taken.empty() && now - taken.front() >= kConnectWindow) taken.pop_front();
    }
  }
}

TEST(ConnectionBudgetTest, TheNextAttemptIsWhenTheOldestLeavesTheWindow) {
  ConnectionBudget budget(3, 100);
  for (const Nanos now : {0, 10, 20}) EXPECT_TRUE(budget.TryTake(now));
  EXPECT_FALSE(budget.TryTake(30));
  EXPECT_EQ(budget.NextAt(30), 100);
  EXPECT_FALSE(budget.TryTake(99));
  EXPECT_TRUE(budget.TryTake(100));
  EXPECT_EQ(budget.NextAt(100), 110);
  EXPECT_EQ(budget.taken(), 4u);
}

TEST(ConnectionBudgetTest, FaultW5ABanStopsEveryAttemptUntilItsEnd) {
  ConnectionBudget budget;
  EXPECT_FALSE(budget.IsBlocked(0));
  budget.Block(1'000, 5 * kSecond);
  EXPECT_TRUE(budget.IsBlocked(1'000 + 5 * kSecond - 1));
  EXPECT_FALSE(budget.TryTake(2 * kSecond));
  EXPECT_EQ(budget.NextAt(2 * kSecond), 1'000 + 5 * kSecond);
  // A shorter one does not end a longer one; nonsense is cut.
  budget.Block(2'000, kSecond);
  EXPECT_EQ(budget.blocked_until(), 1'000 + 5 * kSecond);
  budget.Block(2'000, -5);
  EXPECT_EQ(budget.blocked_until(), 1'000 + 5 * kSecond);
  EXPECT_TRUE(budget.TryTake(1'000 + 5 * kSecond));
  budget.Block(0, INT64_MAX);
  EXPECT_EQ(budget.blocked_until(), kBanMax);
}

TEST(FramePaceTest, FaultW3NeverMoreThanFourFramesInAnySecond) {
  RandomSource random(5);
  FramePace pace;
  std::deque<Nanos> taken;
  Nanos now = 0;
  for (int step = 0; step < 20'000; ++step) {
    now += RandomUpTo(150 * kMillisecond, random);
    const std::size_t keeps = random() % 3;
    while (!taken.empty() && now - taken.front() >= kSecond) taken.pop_front();
    const bool is_free = taken.size() + keeps < kClientFramesMax;
    if (keeps == 0) {
      ASSERT_EQ(pace.NextAt(now) <= now, is_free);
    }
    ASSERT_EQ(pace.TryTake(now, keeps), is_free) << "step " << step;
    if (is_free) taken.push_back(now);
  }
}

}  // namespace
}  // namespace thalweg
