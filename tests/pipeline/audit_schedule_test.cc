// When a book wishes a snapshot in the background: spread over symbols, once a period, and when the
// price has come near the known edge.
#include "pipeline/audit_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

constexpr Nanos kInterval = 600 * kSecond;
constexpr EventTime kStart{1'732'154'400 * kSecond};
constexpr Price kTick{1'000'000};
constexpr std::array kSizes{Ticks(10)};

// 100 levels a side around `mid`, known to these edges.
OrderBook BookAround(std::int64_t mid, KnownEdges edges) {
  OrderBook book(kSizes);
  std::vector<TickLevel> bids;
  std::vector<TickLevel> asks;
  for (std::int64_t i = 1; i <= 100; ++i) {
    bids.push_back({Ticks(mid - i), Qty(1)});
    asks.push_back({Ticks(mid + i), Qty(1)});
  }
  book.Load(bids, asks, UpdateId(1), 1'000);
  book.set_known_edges(edges);
  return book;
}

TEST(AuditScheduleTest, WishesOnceAPeriodAndNotAtTheStart) {
  const OrderBook book = BookAround(10'000, {});
  AuditSchedule schedule(kInterval, "BTCUSDT");
  int wishes = 0;
  for (int second = 0; second < 6'000; ++second) {
    const auto due = schedule.Due(book, kTick, kStart + second * kSecond);
    if (!due) continue;
    EXPECT_EQ(*due, SnapshotReason::kPeriod);
    ++wishes;
  }
  EXPECT_EQ(wishes, 10);
  // A leap of the clock is one period.
  EXPECT_TRUE(schedule.Due(book, kTick, kStart + 30 * kHour));
  EXPECT_FALSE(schedule.Due(book, kTick, kStart + 30 * kHour + kSecond));
}

TEST(AuditScheduleTest, WithoutAnIntervalThereIsNoWish) {
  const OrderBook book = BookAround(10'000, {Ticks(9'998), Ticks(10'100)});
  AuditSchedule schedule(0, "BTCUSDT");
  for (int minute = 0; minute < 6'000; ++minute) {
    EXPECT_FALSE(schedule.Due(book, kTick, kStart + minute * 60 * kSecond));
  }
}

// With 200 symbols no half minute of ten minutes sees more than twice the mean of 10.
TEST(AuditScheduleTest, SymbolsAreSpreadOverThePeriodByTheirNames) {
  const OrderBook book = BookAround(10'000, {});
  std::vector<std::int64_t> seconds;
  for (int number = 0; number < 200; ++number) {
    AuditSchedule schedule(kInterval, absl::StrCat("SYM", number, "USDT"));
    (void)schedule.Due(book, kTick, kStart);
    std::int64_t second = 1;
    while (!schedule.Due(book, kTick, kStart + second * kSecond)) ++second;
    ASSERT_LE(second, 600);
    seconds.push_back(second);
  }
  std::sort(seconds.begin(), seconds.end());
  for (std::size_t i = 20; i < seconds.size(); ++i) EXPECT_GT(seconds[i] - seconds[i - 20], 30);
}

class Erosion : public ::testing::Test {
 protected:
  // The first touch is at mid -1 and +1, so 50 ticks of each way are 49 after it, and so on.
  std::optional<SnapshotReason> At(std::int64_t mid, int second) {
    return schedule_.Due(BookAround(mid, edges_), kTick, kStart + second * kSecond);
  }
  KnownEdges edges_{Ticks(9'899), Ticks(10'101)};  // 100 ticks from the first touch.
  AuditSchedule schedule_{kAuditIntervalMax, "BTCUSDT"};
};

TEST_F(Erosion, IsTakenForTrueAtThirtyPercentOfEitherWay) {
  EXPECT_FALSE(At(10'000, 0));
  EXPECT_FALSE(At(10'069, 1));  // 31 of 100 ticks are left.
  EXPECT_EQ(At(10'070, 2), SnapshotReason::kHorizon);
  AuditSchedule down(kAuditIntervalMax, "BTCUSDT");
  EXPECT_FALSE(down.Due(BookAround(10'000, edges_), kTick, kStart));
  EXPECT_FALSE(down.Due(BookAround(9'931, edges_), kTick, kStart));
  EXPECT_TRUE(down.Due(BookAround(9'930, edges_), kTick, kStart));
}

TEST_F(Erosion, IsNotWishedForAgainBeforeThePauseIsOver) {
  EXPECT_FALSE(At(10'000, 0));
  EXPECT_TRUE(At(10'080, 1));
  EXPECT_FALSE(At(10'080, 60));
  EXPECT_TRUE(At(10'080, 61));
}

TEST_F(Erosion, IsMeasuredAnewFromTheEdgesThatASnapshotSet) {
  EXPECT_FALSE(At(10'000, 0));
  EXPECT_TRUE(At(10'080, 1));
  schedule_.OnEdgesSet();  // And gave no more: 20 ticks are the whole way now.
  EXPECT_FALSE(At(10'080, 100));
  EXPECT_FALSE(At(10'093, 101));
  EXPECT_TRUE(At(10'094, 102));
  schedule_.OnEdgesSet();  // From the edge on there is no way that could grow shorter.
  EXPECT_FALSE(At(10'101, 200));
  EXPECT_FALSE(At(10'150, 300));
}

TEST_F(Erosion, IsTheSameAfterTheTickWasRefined) {
  EXPECT_FALSE(At(10'000, 0));
  OrderBook fine = BookAround(10'070, edges_);
  fine.ScalePrices(100);
  EXPECT_TRUE(schedule_.Due(fine, Price(kTick.raw() / 100), kStart + kSecond));
}

TEST_F(Erosion, OfASideThatIsKnownWholeIsNone) {
  edges_ = {Ticks(9'899), std::nullopt};
  EXPECT_FALSE(At(10'000, 0));
  EXPECT_FALSE(At(11'000, 1));
}

}  // namespace
}  // namespace thalweg
