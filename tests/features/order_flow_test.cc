// Order-flow imbalance: the worked vector, absent and crossed quotes, restarts and refined units.
#include "features/order_flow.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::kCent;
using testing::kOne;

constexpr std::int64_t kTenth = kOne / 10;
using Flow = OrderFlowWindows<2>;
constexpr std::array<Nanos, 2> kSpans{kSecond, 10 * kSecond};

// Prices in ticks, quantities in tenths of the base asset.
QuoteState Quote(std::int64_t bid, std::int64_t bid_qty, std::int64_t ask, std::int64_t ask_qty) {
  return {bid, bid_qty * kTenth, ask, ask_qty * kTenth};
}
QuoteState NoBid(std::int64_t ask, std::int64_t qty) {
  return {QuoteState::kNoBid, 0, ask, qty * kTenth};
}
QuoteState NoAsk(std::int64_t bid, std::int64_t qty) {
  return {bid, qty * kTenth, QuoteState::kNoAsk, 0};
}

std::vector<double> Sums(Flow& flow, Nanos now) {
  std::vector<double> sums(2);
  flow.AdvanceTo(EventTime(now));
  flow.Compute(kCent, sums.data());
  return sums;
}

const std::vector<QuoteState>& WorkedQuotes() {
  static const auto& quotes = *new std::vector<QuoteState>{
      Quote(10'000, 20, 10'002, 10), Quote(10'000, 25, 10'002, 10), Quote(10'000, 25, 10'002, 4),
      Quote(10'000, 25, 10'003, 40), Quote(10'001, 12, 10'003, 40), Quote(10'000, 25, 10'003, 45),
      Quote(10'000, 25, 10'002, 7)};
  return quotes;
}

TEST(OrderFlowTest, WorkedVectorStepByStep) {
  const std::int64_t expected[] = {5, 6, 4, 12, -17, -7};  // Tenths.
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(static_cast<std::int64_t>(OrderFlowBetween(WorkedQuotes()[i], WorkedQuotes()[i + 1])),
              expected[i] * kTenth)
        << "step " << i + 1;
  }
}

TEST(OrderFlowTest, WorkedVectorCumulated) {
  const double expected[] = {0.0, 0.5, 1.1, 1.5, 2.7, 1.0, 0.3};
  Flow flow(kSpans);
  for (std::size_t i = 0; i < WorkedQuotes().size(); ++i) {
    flow.Add(EventTime(5), WorkedQuotes()[i]);
    EXPECT_EQ(Sums(flow, 5)[0], expected[i]) << "step " << i;
  }
}

TEST(OrderFlowTest, MirroredQuotesNegateEveryStep) {
  const auto mirror = [](const QuoteState& quote) {
    return QuoteState{-quote.ask, quote.ask_qty, -quote.bid, quote.bid_qty};
  };
  for (const QuoteState& before : WorkedQuotes()) {
    for (const QuoteState& now : WorkedQuotes()) {
      EXPECT_TRUE(OrderFlowBetween(mirror(before), mirror(now)) == -OrderFlowBetween(before, now));
    }
  }
}

TEST(OrderFlowTest, TheFirstQuoteEntersWithNothing) {
  Flow flow(kSpans);
  flow.Add(EventTime(1), Quote(100, 70, 102, 10));
  EXPECT_EQ(Sums(flow, 1)[0], 0.0);
}

TEST(OrderFlowTest, AnEmptiedSideTakesItsWholeQueueAway) {
  const QuoteState full = Quote(100, 20, 102, 30);
  const auto between = [](const QuoteState& before, const QuoteState& now) {
    return static_cast<std::int64_t>(OrderFlowBetween(before, now)) / kTenth;
  };
  EXPECT_EQ(between(full, NoBid(102, 30)), -20);
  EXPECT_EQ(between(full, NoAsk(100, 20)), 30);
  EXPECT_EQ(between(NoBid(102, 30), full), 20);
  EXPECT_EQ(between(NoAsk(100, 20), full), -30);
  EXPECT_EQ(between(NoBid(102, 30), NoBid(102, 30)), 0);
  EXPECT_EQ(between(NoAsk(100, 20), NoAsk(100, 20)), 0);
  EXPECT_EQ(between(QuoteState{}, QuoteState{}), 0);
  EXPECT_EQ(between(QuoteState{}, full), -10);
  EXPECT_EQ(between(full, QuoteState{}), 10);
}

TEST(OrderFlowTest, CrossedAndLockedQuotesAreSkippedAndTheLastGoodOneStays) {
  for (const QuoteState& bad : {Quote(103, 90, 102, 90), Quote(102, 90, 102, 90)}) {
    EXPECT_TRUE(bad.crossed());
    Flow flow(kSpans);
    flow.Add(EventTime(1), Quote(100, 20, 102, 10));
    flow.Add(EventTime(2), bad);
    EXPECT_EQ(Sums(flow, 2)[0], 0.0);
    flow.Add(EventTime(3), Quote(100, 25, 102, 10));
    EXPECT_EQ(Sums(flow, 3)[0], 0.5);
    flow.SetQuote(bad);
    flow.Add(EventTime(4), Quote(100, 26, 102, 10));
    EXPECT_EQ(Sums(flow, 4)[0], 0.6);
  }
  EXPECT_FALSE(NoBid(102, 1).crossed());
  EXPECT_FALSE(NoAsk(102, 1).crossed());
  EXPECT_FALSE(QuoteState{}.crossed());
}

TEST(OrderFlowTest, StateAloneEntersNoWindowButIsDifferencedFrom) {
  Flow flow(kSpans);
  flow.SetQuote(Quote(100, 20, 102, 10));
  EXPECT_EQ(Sums(flow, 1)[0], 0.0);
  flow.Add(EventTime(1), Quote(100, 23, 102, 10));
  EXPECT_EQ(Sums(flow, 1)[0], 0.3);
}

TEST(OrderFlowTest, EntriesLeaveExactlyOneWindowAfterTheirTime) {
  Flow flow(kSpans);
  flow.Add(EventTime(0), Quote(100, 20, 102, 10));
  flow.Add(EventTime(0), Quote(100, 25, 102, 10));
  EXPECT_EQ(Sums(flow, kSecond - 1), (std::vector{0.5, 0.5}));
  EXPECT_EQ(Sums(flow, kSecond), (std::vector{0.0, 0.5}));
  EXPECT_EQ(Sums(flow, 10 * kSecond), (std::vector{0.0, 0.0}));
}

TEST(OrderFlowTest, FaultK9NothingIsDifferencedAcrossARestart) {
  Flow flow(kSpans);
  flow.Add(EventTime(1), Quote(100, 20, 102, 10));
  flow.Add(EventTime(2), Quote(100, 25, 102, 10));
  flow.Restart();
  EXPECT_EQ(Sums(flow, 2)[0], 0.0);
  flow.Add(EventTime(3), Quote(100, 99, 102, 10));
  EXPECT_EQ(Sums(flow, 3)[0], 0.0);
  flow.Add(EventTime(4), Quote(100, 98, 102, 10));
  EXPECT_EQ(Sums(flow, 4)[0], -0.1);
}

TEST(OrderFlowTest, RefinedUnitsScaleStateAndSums) {
  Flow flow(kSpans);
  flow.Add(EventTime(1), NoBid(10, 3));
  flow.Add(EventTime(1), Quote(9, 2, 10, 3));  // +0.2
  flow.ScalePrices(10);
  flow.ScaleQuantities(10);
  const Scale finer{Price(100'000), 8};
  std::vector<double> sums(2);
  flow.AdvanceTo(EventTime(1));
  flow.Compute(finer, sums.data());
  EXPECT_EQ(sums[0], 2.0);  // Ten times the units at the same scale.
  flow.Add(EventTime(2), {90, 20 * kTenth, 100, 30 * kTenth});  // The same quote: no flow.
  flow.Compute(finer, sums.data());
  EXPECT_EQ(sums[0], 2.0);
}

TEST(OrderFlowTest, AbsentSidesStayAbsentWhenPricesAreScaled) {
  Flow flow(kSpans);
  flow.Add(EventTime(1), QuoteState{});
  flow.ScalePrices(1'000'000);
  flow.Add(EventTime(1), Quote(100, 20, 102, 10));
  EXPECT_EQ(Sums(flow, 1)[0], 1.0);
}

}  // namespace
}  // namespace thalweg
