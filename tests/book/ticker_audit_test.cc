// The audit of a book by bookTicker: which tickers judge, and what they say.
#include "book/ticker_audit.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace thalweg {
namespace {

using Verdict = TickerAudit::Verdict;

Level L(std::int64_t price, std::int64_t qty) { return {Price(price), Qty(qty)}; }

BookTicker Ticker(std::int64_t id, const Level& bid = L(100, 2), const Level& ask = L(102, 1)) {
  BookTicker ticker;
  ticker.id = UpdateId(id);
  ticker.bid = bid;
  ticker.ask = ask;
  return ticker;
}

const BestQuotes kQuotes{L(100, 2), L(102, 1)};

TEST(TickerAuditTest, JudgesABookThatReachesTheTickersId) {
  TickerAudit audit;
  audit.Await(Ticker(7));
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kAgrees);
}

TEST(TickerAuditTest, NoTickerNoVerdict) {
  TickerAudit audit;
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kNone);
}

TEST(TickerAuditTest, ATickerWaitsWhileTheBookIsOlder) {
  TickerAudit audit;
  audit.Await(Ticker(7));
  EXPECT_EQ(audit.Judge(UpdateId(5), kQuotes), Verdict::kNone);
  EXPECT_EQ(audit.Judge(UpdateId(6), kQuotes), Verdict::kNone);
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kAgrees);
}

TEST(TickerAuditTest, ATickerJudgesOnce) {
  TickerAudit audit;
  audit.Await(Ticker(7));
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kAgrees);
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kNone);
}

TEST(TickerAuditTest, ATickerThatIsPassedByIsDroppedUnjudged) {
  TickerAudit audit;
  audit.Await(Ticker(5, L(1, 1), L(2, 1)));  // Would differ, were it judged.
  audit.Await(Ticker(6, L(1, 1), L(2, 1)));
  audit.Await(Ticker(8));
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kNone);
  EXPECT_EQ(audit.Judge(UpdateId(8), kQuotes), Verdict::kAgrees);
  EXPECT_EQ(audit.Judge(UpdateId(9), kQuotes), Verdict::kNone);
}

TEST(TickerAuditTest, EachOfTheFourNumbersCounts) {
  for (const BookTicker& ticker :
       {Ticker(7, L(101, 2)), Ticker(7, L(100, 3)), Ticker(7, L(100, 2), L(103, 1)),
        Ticker(7, L(100, 2), L(102, 2)), Ticker(7, L(0, 0)), Ticker(7, L(100, 2), L(0, 0))}) {
    TickerAudit audit;
    audit.Await(ticker);
    EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kDiffers);
    EXPECT_EQ(TickerAudit::Compare(ticker, kQuotes), Verdict::kDiffers);
  }
  EXPECT_EQ(TickerAudit::Compare(Ticker(7), kQuotes), Verdict::kAgrees);
}

TEST(TickerAuditTest, ASideIsAbsentWhenItsPriceOrItsQuantityIsZero) {
  const BestQuotes no_bid{L(0, 0), L(102, 1)};
  const BestQuotes no_ask{L(100, 2), L(0, 0)};
  for (const Level& absent : {L(0, 0), L(100, 0), L(0, 2)}) {
    TickerAudit audit;
    audit.Await(Ticker(7, absent));
    EXPECT_EQ(audit.Judge(UpdateId(7), no_bid), Verdict::kAgrees);
    audit.Await(Ticker(8, L(100, 2), absent));
    EXPECT_EQ(audit.Judge(UpdateId(8), no_ask), Verdict::kAgrees);
    EXPECT_EQ(TickerAudit::Compare(Ticker(7, absent), no_bid), Verdict::kAgrees);
    EXPECT_EQ(TickerAudit::Compare(Ticker(7, absent), kQuotes), Verdict::kDiffers);
  }
}

TEST(TickerAuditTest, AtTheBoundTheOldestWaitingTickerIsDropped) {
  constexpr auto kMax = static_cast<std::int64_t>(kWaitingTickersMax);
  TickerAudit audit;
  for (std::int64_t id = 1; id <= kMax + 1; ++id) audit.Await(Ticker(id));
  EXPECT_EQ(audit.Judge(UpdateId(1), kQuotes), Verdict::kNone);
  for (std::int64_t id = 2; id <= kMax + 1; ++id) {
    ASSERT_EQ(audit.Judge(UpdateId(id), kQuotes), Verdict::kAgrees) << id;
  }
}

TEST(TickerAuditTest, TheRingIsRightAfterManyTurns) {
  TickerAudit audit;
  std::int64_t next = 1;
  for (int turn = 0; turn < 50; ++turn) {
    const std::int64_t begin = next;
    for (int i = 0; i < 700; ++i, ++next) audit.Await(Ticker(next, L(next, 1), L(next + 1, 1)));
    // Judges every other one; those between are passed by.
    for (std::int64_t id = begin; id < next; id += 2) {
      ASSERT_EQ(audit.Judge(UpdateId(id), {L(id, 1), L(id + 1, 1)}), Verdict::kAgrees) << id;
    }
  }
}

TEST(TickerAuditTest, ClearForgetsWhatWaits) {
  TickerAudit audit;
  audit.Await(Ticker(7));
  audit.Clear();
  EXPECT_EQ(audit.Judge(UpdateId(7), kQuotes), Verdict::kNone);
  // A new numbering may begin lower.
  audit.Await(Ticker(3));
  EXPECT_EQ(audit.Judge(UpdateId(3), kQuotes), Verdict::kAgrees);
}

TEST(TickerAuditTest, ScalingReachesEveryTickerThatWaitsAndNoneAfterIt) {
  TickerAudit audit;
  audit.Await(Ticker(6, L(100, 2), L(0, 0)));
  audit.Await(Ticker(7));
  audit.ScaleQuantities(1'000);
  audit.Await(Ticker(8));
  EXPECT_EQ(audit.Judge(UpdateId(6), {L(100, 2'000), L(0, 0)}), Verdict::kAgrees);
  EXPECT_EQ(audit.Judge(UpdateId(7), {L(100, 2'000), L(102, 1'000)}), Verdict::kAgrees);
  EXPECT_EQ(audit.Judge(UpdateId(8), kQuotes), Verdict::kAgrees);
}

TEST(TickerAuditTest, ATickerThatDoesNotFitAFinerUnitLeavesWithAllThatWait) {
  TickerAudit audit;
  audit.Await(Ticker(6));
  audit.Await(Ticker(7, L(100, INT64_MAX), L(0, 0)));
  audit.ScaleQuantities(1);
  EXPECT_EQ(audit.Judge(UpdateId(6), kQuotes), Verdict::kAgrees);
  audit.Await(Ticker(8));
  audit.ScaleQuantities(10);
  EXPECT_EQ(audit.Judge(UpdateId(8), kQuotes), Verdict::kNone);
}

TEST(TickerAuditTest, ACoarserUnitIsTakenWhenEveryTickerThatWaitsIsAWholeNumberOfIt) {
  TickerAudit audit;
  audit.Await(Ticker(5, L(100, 1'005), L(0, 0)));
  audit.Await(Ticker(6, L(100, 2'000), L(0, 0)));
  EXPECT_FALSE(audit.CanDivideQuantities(10));
  EXPECT_EQ(audit.Judge(UpdateId(5), {L(100, 1'005), L(0, 0)}), Verdict::kAgrees);
  ASSERT_TRUE(audit.CanDivideQuantities(1'000));
  audit.DivideQuantities(1'000);
  EXPECT_EQ(audit.Judge(UpdateId(6), {L(100, 2), L(0, 0)}), Verdict::kAgrees);
}

}  // namespace
}  // namespace thalweg
