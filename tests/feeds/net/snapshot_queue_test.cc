#include "feeds/net/snapshot_queue.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "feeds/net/rest_answer.h"
#include "pipeline/engine.h"
#include "tests/feeds/net/exchange_window.h"

namespace thalweg {
namespace {

constexpr Nanos kMinute = 60 * kSecond;

class SnapshotQueueTest : public testing::Test {
 protected:
  SnapshotUse Answer(const SnapshotRequest& request, SnapshotResult result, Nanos now) {
    return queue.OnAnswer(request, result, {200, std::nullopt, {}}, now);
  }
  // The symbols of all requests that may go now.
  std::vector<std::string> TakeAll(Nanos now) {
    std::vector<std::string> names;
    while (const auto request = queue.Take(now)) {
      names.push_back(request->symbol);
      taken.push_back(*request);
    }
    return names;
  }

  std::mt19937_64 random{1};
  WeightBudget budget{DefaultRateLimits(Market::kSpot)};
  SnapshotQueue queue{{}, budget, random};
  std::vector<SnapshotRequest> taken;
};

using Names = std::vector<std::string>;

TEST_F(SnapshotQueueTest, NeedComesFirstThenWhoCameFirst) {
  queue.Want("BACK", SnapshotNeed::kBackground, 0);
  queue.Want("DOUBT", SnapshotNeed::kDoubt, 0);
  queue.Want("LATE", SnapshotNeed::kNoBook, 0);
  queue.Want("LATER", SnapshotNeed::kNoBook, 0);
  EXPECT_EQ(TakeAll(0), (Names{"LATE", "LATER", "DOUBT", "BACK"}));
  EXPECT_EQ(taken[0].target, "/api/v3/depth?symbol=LATE&limit=1000");
}

TEST_F(SnapshotQueueTest, OneIsNeededWhileASymbolWithoutABookWaitsForTheBudgetAlone) {
  EXPECT_FALSE(queue.IsNeeded(0));
  queue.Want("DOUBT", SnapshotNeed::kDoubt, 0);
  queue.OnConnectionLost("LOST", 0);
  queue.Want("LOST", SnapshotNeed::kNoBook, 0);
  EXPECT_FALSE(queue.IsNeeded(0));
  queue.OnConnectionBack("LOST", 0);
  EXPECT_TRUE(queue.IsNeeded(0));
  EXPECT_EQ(TakeAll(0), (Names{"LOST", "DOUBT"}));
  EXPECT_FALSE(queue.IsNeeded(0));
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kRefused, 0), SnapshotUse::kRetry);
  EXPECT_FALSE(queue.IsNeeded(0));  // It waits for its next try.
  EXPECT_TRUE(queue.IsNeeded(kRetryLongest));
}

TEST_F(SnapshotQueueTest, AHigherNeedMovesAWaitingSymbolUpAndALowerOneDoesNotMoveItDown) {
  queue.Want("A", SnapshotNeed::kBackground, 0);
  queue.Want("B", SnapshotNeed::kNoBook, 0);
  queue.Want("A", SnapshotNeed::kNoBook, 0);  // It came before B.
  queue.Want("B", SnapshotNeed::kBackground, 0);
  EXPECT_EQ(TakeAll(0), (Names{"A", "B"}));
  EXPECT_EQ(queue.counts().merged, 2);
}

// Needed books first, of those the ones that were never there; then what is stale the longest; then
// what has the heaviest traffic.
TEST_F(SnapshotQueueTest, FaultS5AfterAMassCutTheOrderIsNeedThenStalenessThenTraffic) {
  for (const char* const name : {"LIGHT", "HEAVY", "EARLIER", "AUDITED"}) {
    queue.Want(name, SnapshotNeed::kNoBook, 0);
    TakeAll(0);
    EXPECT_EQ(Answer(taken.back(), SnapshotResult::kGood, 0), SnapshotUse::kGive);
  }
  const Nanos cut = kMinute;
  queue.OnConnectionLost("EARLIER", cut - 5 * kSecond);
  queue.OnConnectionLost("LIGHT", cut);
  queue.OnConnectionLost("HEAVY", cut + 200 * kMillisecond);
  const Nanos back = cut + 2 * kSecond;
  for (const char* const name : {"LIGHT", "HEAVY", "EARLIER"}) queue.OnConnectionBack(name, back);
  queue.Want("AUDITED", SnapshotNeed::kBackground, cut, 1'000'000);
  queue.Want("LIGHT", SnapshotNeed::kNoBook, back, 10);
  queue.Want("HEAVY", SnapshotNeed::kNoBook, back, 5'000);
  queue.Want("EARLIER", SnapshotNeed::kNoBook, back + kSecond / 2, 1);
  queue.Want("NEW", SnapshotNeed::kNoBook, back + kSecond, 1);
  const std::vector<SnapshotEstimate> order = queue.Estimates(back);
  ASSERT_EQ(order.size(), 5u);
  EXPECT_EQ(order.front().symbol, "NEW");
  EXPECT_EQ(TakeAll(back + kSecond), (Names{"NEW", "EARLIER", "HEAVY", "LIGHT"}));
}

TEST_F(SnapshotQueueTest, ASymbolThatIsCutAgainWhileItWaitsKeepsItsPlace) {
  for (const char* const name : {"A", "B"}) {
    queue.Want(name, SnapshotNeed::kNoBook, 0);
    TakeAll(0);
    EXPECT_EQ(Answer(taken.back(), SnapshotResult::kGood, 0), SnapshotUse::kGive);
  }
  for (const char* const name : {"A", "B"}) {
    queue.OnConnectionLost(name, kMinute);
    queue.OnConnectionBack(name, kMinute);
    queue.Want(name, SnapshotNeed::kNoBook, kMinute, 5);
  }
  queue.OnConnectionLost("A", kMinute + 5 * kSecond);
  queue.OnConnectionBack("A", kMinute + 6 * kSecond);
  queue.Want("A", SnapshotNeed::kNoBook, kMinute + 6 * kSecond, 1);
  EXPECT_EQ(TakeAll(kMinute + 6 * kSecond), (Names{"A", "B"}));
}

TEST_F(SnapshotQueueTest, WhatWasCalledOffIsAskedForWithoutADelayAndWeighsNothing) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  EXPECT_EQ(budget.used(0), 50);
  EXPECT_EQ(queue.OnAnswer(taken[0], SnapshotResult::kUnsent, {0, std::nullopt, {}, false}, 0),
            SnapshotUse::kRetry);
  EXPECT_EQ(budget.used(0), 0);
  EXPECT_EQ(queue.counts().unsent, 1);
  EXPECT_EQ(TakeAll(0), Names{"A"});
}

TEST_F(SnapshotQueueTest, ASymbolHasOneRequestUnderWay) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  queue.Want("A", SnapshotNeed::kNoBook, 1);
  EXPECT_EQ(TakeAll(1), Names{});
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kGood, 2), SnapshotUse::kGive);
  EXPECT_EQ(TakeAll(3), Names{}) << "the answer served both wishes";
}

TEST_F(SnapshotQueueTest, ConcurrencyIsBounded) {
  for (int i = 0; i < 10; ++i) queue.Want(absl::StrCat("S", i), SnapshotNeed::kNoBook, 0);
  EXPECT_EQ(TakeAll(0).size(), kSnapshotConcurrency);
  EXPECT_EQ(queue.in_flight(), kSnapshotConcurrency);
  EXPECT_EQ(queue.NextDue(0), std::nullopt) << "an answer comes before";
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kGood, 1), SnapshotUse::kGive);
  EXPECT_EQ(TakeAll(1), Names{"S4"});
}

TEST_F(SnapshotQueueTest, ANeedThatRoseUnderWayCountsAfterAFailure) {
  queue.Want("A", SnapshotNeed::kBackground, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  queue.Want("B", SnapshotNeed::kDoubt, 0);
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kFailed, 1), SnapshotUse::kRetry);
  EXPECT_EQ(TakeAll(kRetryFirst + 1), (Names{"A", "B"}));
}

TEST_F(SnapshotQueueTest, FaultS3AnAnswerOfAnEarlierEpochIsDroppedAndTheSymbolAskedAgain) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  queue.OnConnectionLost("A", 1);
  EXPECT_EQ(TakeAll(1), Names{}) << "without a connection a snapshot is of no use";
  queue.OnConnectionBack("A", 2);
  ASSERT_EQ(TakeAll(2), Names{"A"});
  EXPECT_NE(taken[0].epoch, taken[1].epoch);
  EXPECT_EQ(queue.in_flight(), 2u) << "the old one still occupies the exchange";
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kGood, 3), SnapshotUse::kDrop);
  EXPECT_EQ(Answer(taken[1], SnapshotResult::kGood, 4), SnapshotUse::kGive);
  EXPECT_EQ(queue.counts().dropped, 1);
  EXPECT_EQ(queue.in_flight(), 0u);
}

TEST_F(SnapshotQueueTest, FaultS3AnAnswerThatComesTwiceCountsOnce) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kGood, 1), SnapshotUse::kGive);
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kGood, 2), SnapshotUse::kDrop);
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kFailed, 2), SnapshotUse::kDrop);
  EXPECT_EQ(queue.waiting(), 0u);
}

// Every order of answers of three attempts in two epochs: only the newest attempt is ever given.
TEST(SnapshotQueueDelayTest, FaultS3WhateverTheDelaysOnlyTheNewestAttemptIsGiven) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    WeightBudget budget(DefaultRateLimits(Market::kSpot));
    SnapshotQueue queue({}, budget, random);
    std::multimap<Nanos, SnapshotRequest> answers;
    std::int64_t newest = 0;
    std::int64_t epoch = 0;
    int given = 0;
    bool is_wanted = false;
    for (Nanos now = 0; now < 5 * kMinute; now += 250 * kMillisecond) {
      if (random() % 40 == 0) {
        queue.OnConnectionLost("A", now);
        ++epoch;
      }
      if (random() % 8 == 0) queue.OnConnectionBack("A", now);
      if (random() % 40 == 0) {
        queue.Want("A", SnapshotNeed::kNoBook, now);
        is_wanted = true;
      }
      while (!answers.empty() && answers.begin()->first <= now) {
        const SnapshotRequest request = answers.begin()->second;
        answers.erase(answers.begin());
        const SnapshotResult result =
            random() % 4 == 0 ? SnapshotResult::kFailed : SnapshotResult::kGood;
        const SnapshotUse use = queue.OnAnswer(request, result, {200, std::nullopt, {}}, now);
        if (use != SnapshotUse::kDrop) {
          EXPECT_EQ(request.attempt, newest);
          EXPECT_EQ(request.epoch, epoch);
        }
        if (use == SnapshotUse::kGive) {
          ++given;
          is_wanted = false;
        }
      }
      while (const auto request = queue.Take(now)) {
        EXPECT_TRUE(is_wanted);
        EXPECT_EQ(request->attempt, newest + 1);
        newest = request->attempt;
        answers.insert({now + static_cast<Nanos>(random() % (30 * kSecond)), *request});
      }
      ASSERT_LE(queue.in_flight(), kSnapshotConcurrency);
    }
    EXPECT_GT(given, 0);
  }
}

TEST_F(SnapshotQueueTest, WhatFailedIsTriedForEverWithGrowingJitteredWaits) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  Nanos now = 0;
  Nanos longest = 0;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(TakeAll(now), Names{"A"}) << i;
    EXPECT_EQ(Answer(taken.back(), SnapshotResult::kFailed, now), SnapshotUse::kRetry);
    const Nanos due = *queue.NextDue(now);
    EXPECT_LE(due - now, std::min(kRetryFirst << std::min(i, 20), kRetryLongest)) << i;
    if (due > now) {
      EXPECT_FALSE(queue.Take(due - 1).has_value());
    }
    longest = std::max(longest, due - now);
    now = due;
  }
  EXPECT_GT(longest, 20 * kSecond);
  EXPECT_EQ(Answer(*queue.Take(now), SnapshotResult::kGood, now), SnapshotUse::kGive);
  // Settled: the next failure is a first one again.
  now += kSettledAfter;
  queue.Want("A", SnapshotNeed::kNoBook, now);
  ASSERT_EQ(TakeAll(now), Names{"A"});
  EXPECT_EQ(Answer(taken.back(), SnapshotResult::kFailed, now), SnapshotUse::kRetry);
  EXPECT_LE(*queue.NextDue(now), now + kRetryFirst);
}

TEST_F(SnapshotQueueTest, FaultS6GarbageIsRetriedAndCounted) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  EXPECT_EQ(Answer(taken[0], SnapshotResult::kGarbage, 0), SnapshotUse::kRetry);
  EXPECT_EQ(queue.counts().garbage, 1);
  EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(SnapshotQueueTest, ARefusedRequestWaitsLongAndHoldsNobodyUp) {
  queue.Want("BAD", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"BAD"});
  EXPECT_EQ(queue.OnAnswer(taken[0], SnapshotResult::kRefused, {400, std::nullopt, {}}, 0),
            SnapshotUse::kRetry);
  queue.Want("GOOD", SnapshotNeed::kBackground, 0);
  EXPECT_EQ(TakeAll(0), Names{"GOOD"});
}

TEST_F(SnapshotQueueTest, FaultS5A503WithRetryAfterIsKeptAndBounded) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  EXPECT_EQ(queue.OnAnswer(taken[0], SnapshotResult::kFailed, {503, 20 * kSecond, {}}, 0),
            SnapshotUse::kRetry);
  EXPECT_GE(*queue.NextDue(0), 20 * kSecond);
  const Nanos due = *queue.NextDue(0);
  ASSERT_EQ(TakeAll(due), Names{"A"});
  EXPECT_EQ(queue.OnAnswer(taken[1], SnapshotResult::kFailed, {503, kBanMax, {}}, due),
            SnapshotUse::kRetry);
  EXPECT_LE(*queue.NextDue(due), due + kServerPauseMax + kRetryLongest);
}

TEST_F(SnapshotQueueTest, FaultS5ARefusalOfOneSymbolStopsAllUntilRetryAfter) {
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  ASSERT_EQ(TakeAll(0), Names{"A"});
  (void)queue.OnAnswer(taken[0], SnapshotResult::kFailed, {429, 9 * kSecond, {}}, 0);
  queue.Want("B", SnapshotNeed::kNoBook, 0);
  EXPECT_EQ(TakeAll(9 * kSecond - 1), Names{});
  EXPECT_EQ(queue.NextDue(0), 9 * kSecond);
  EXPECT_EQ(TakeAll(9 * kSecond), (Names{"A", "B"}));
}

TEST_F(SnapshotQueueTest, SymbolsBeyondTheBoundAreRefusedAndCounted) {
  for (std::size_t i = 0; i < kSymbolsMax + 2; ++i) {
    queue.Want(absl::StrCat("S", i), SnapshotNeed::kNoBook, 0);
  }
  EXPECT_EQ(queue.waiting(), kSymbolsMax);
  EXPECT_EQ(queue.counts().symbols_over, 2);
}

TEST_F(SnapshotQueueTest, AWeightThatNeverFitsIsToldAndIsNoBusyLoop) {
  budget.SetLimits(std::vector<RateLimit>{{RateLimitKind::kRequestWeight, kMinute, 60}});
  queue.Want("A", SnapshotNeed::kNoBook, 0);
  EXPECT_EQ(TakeAll(0), Names{});
  EXPECT_EQ(queue.NextDue(0), std::nullopt);
  ASSERT_EQ(queue.Estimates(0).size(), 1u);
  EXPECT_EQ(queue.Estimates(0)[0].due, WeightBudget::kNever);
}

// Snapshots that lag the stream by `skew` are of no use: the engine asks again at once, each time.
TEST(SnapshotQueueMirrorTest, FaultS9ALaggingMirrorIsAskedAFewTimesAndNotStormed) {
  for (Nanos skew = 0; skew <= 5 * kSecond; skew += 250 * kMillisecond) {
    for (unsigned seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(testing::Message() << "skew " << skew << " seed " << seed);
      std::mt19937_64 random(seed);
      WeightBudget budget(DefaultRateLimits(Market::kSpot));
      SnapshotQueue queue({}, budget, random);
      queue.Want("A", SnapshotNeed::kNoBook, 0);
      Nanos now = 0;
      bool is_live = false;
      while (!is_live) {
        now = queue.NextDue(now).value_or(now);
        const auto request = queue.Take(now);
        ASSERT_TRUE(request.has_value());
        const Nanos served = now;
        now += 20 * kMillisecond;
        ASSERT_EQ(queue.OnAnswer(*request, SnapshotResult::kGood, {200, std::nullopt, {}}, now),
                  SnapshotUse::kGive);
        is_live = served >= skew;
        if (!is_live) queue.Want("A", SnapshotNeed::kNoBook, now);
      }
      EXPECT_LE(now, skew + 20 * kSecond) << "bounded wait";
      EXPECT_LE(queue.counts().requests, 20);
    }
  }
}

// Two hundred symbols lose their books at once, at an exchange that enforces its limit, with
// somebody else behind the same address.
struct Storm {
  std::int64_t refused = 0;
  std::int64_t heaviest = 0;
  std::int64_t requests = 0;
  Nanos recovered = 0;
  std::map<std::string, Nanos> given;
  std::map<std::string, Nanos> estimated;  // At the beginning.
};

constexpr int kLostSymbols = 200;

Storm RunStorm(unsigned seed, std::size_t depth_limit, std::int64_t other_weight_a_second) {
  std::mt19937_64 random(seed);
  WeightBudget budget(DefaultRateLimits(Market::kSpot));
  SnapshotQueueOptions options;
  options.depth_limit = depth_limit;
  SnapshotQueue queue(options, budget, random);
  const std::int64_t weight = DepthRequest(Market::kSpot, "", depth_limit).weight;
  ExchangeWindow exchange(6'000, kMinute, static_cast<Nanos>(random() % kMinute));
  struct Sent {
    SnapshotRequest request;
    ExchangeWindow::Verdict verdict;
  };
  std::multimap<Nanos, Sent> answers;
  Storm storm;
  for (int i = 0; i < kLostSymbols; ++i) {
    queue.Want(absl::StrCat("S", i), SnapshotNeed::kNoBook, 0);
  }
  for (const SnapshotEstimate& estimate : queue.Estimates(0)) {
    storm.estimated[estimate.symbol] = estimate.due;
  }
  for (Nanos now = 0; now < 60 * kMinute && storm.given.size() < kLostSymbols;
       now += 10 * kMillisecond) {
    if (now % kSecond == 0) exchange.ChargeOther(other_weight_a_second, now);
    while (!answers.empty() && answers.begin()->first <= now) {
      const Sent sent = answers.begin()->second;
      answers.erase(answers.begin());
      const bool is_good = sent.verdict.status == 200;
      const SnapshotUse use =
          queue.OnAnswer(sent.request, is_good ? SnapshotResult::kGood : SnapshotResult::kFailed,
                         {sent.verdict.status,
                          is_good ? std::nullopt : std::optional(sent.verdict.retry_after),
                          {{kMinute, sent.verdict.used}}},
                         now);
      if (use != SnapshotUse::kGive) continue;
      EXPECT_TRUE(storm.given.emplace(sent.request.symbol, now).second) << "given twice";
      storm.recovered = now;
    }
    while (const auto request = queue.Take(now)) {
      const Nanos there = now + static_cast<Nanos>(random() % (200 * kMillisecond));
      const Sent sent{*request, exchange.Charge(weight, there)};
      answers.insert({there + static_cast<Nanos>(random() % (800 * kMillisecond)), sent});
    }
  }
  storm.refused = exchange.refused();
  storm.heaviest = exchange.HeaviestWindow();
  storm.requests = exchange.requests();
  return storm;
}

TEST(SnapshotQueueStormTest, FaultS5TwoHundredLostSymbolsRecoverWithoutARefusal) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Storm storm = RunStorm(seed, 1'000, 0);
    EXPECT_EQ(storm.given.size(), kLostSymbols);
    EXPECT_EQ(storm.refused, 0);
    EXPECT_EQ(storm.requests, kLostSymbols) << "one each";
    EXPECT_LE(storm.heaviest, 3'000);
    // 60 a window: the last 20 go in the fourth one.
    EXPECT_LE(storm.recovered, 3 * kMinute + 60 * kSecond);
    for (const auto& [symbol, time] : storm.given) {
      EXPECT_LE(std::abs(time - storm.estimated.at(symbol)), 60 * kSecond) << symbol;
    }
  }
}

TEST(SnapshotQueueStormTest, FaultS5WholeBooksTakeLongerAndAreNotRefusedEither) {
  const Storm storm = RunStorm(7, 5'000, 0);
  EXPECT_EQ(storm.given.size(), kLostSymbols);
  EXPECT_EQ(storm.refused, 0);
  EXPECT_LE(storm.heaviest, 3'000);
  EXPECT_LE(storm.recovered, 20 * kMinute);  // 12 a window.
}

TEST(SnapshotQueueStormTest, FaultS5OthersBehindTheAddressSlowItDownAndNothingIsRefused) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Storm storm = RunStorm(seed, 1'000, 60);  // 3600 of 6000 a minute.
    EXPECT_EQ(storm.given.size(), kLostSymbols);
    EXPECT_EQ(storm.refused, 0);
    EXPECT_LE(storm.heaviest, 3'000);
  }
}

}  // namespace
}  // namespace thalweg
