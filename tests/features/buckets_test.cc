// Group Buckets: the worked example, and the dense ladder's own edges.
#include "features/buckets.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::Bits;
using testing::ExpectClose;
using testing::InTicks;
using testing::IsTheNan;
using testing::kCent;
using testing::kOne;
using testing::Levels;
using testing::MakeBook;

std::vector<double> Buckets(const OrderBook& book) {
  std::vector<double> values(2 * static_cast<std::size_t>(book.bucket_size_count()), 77.0);
  ComputeBuckets(BookPicture(book, kCent), values.data());
  return values;
}

// Buckets of $10 and $50 at a tick of 0.01.
OrderBook WorkedBook() {
  return MakeBook(InTicks({{6'183'763, 378'826'000},
                           {6'183'762, 61'700'000},
                           {6'183'000, 38'000'000},
                           {6'182'999, 50'000'000},
                           {6'182'000, 100'000'000}}),
                  InTicks({{6'183'764, 154'698'000},
                           {6'184'000, 25'000'000},
                           {6'184'001, 32'000'000},
                           {6'185'000, 10'000'000}}),
                  {Ticks(1'000), Ticks(5'000)});
}

TEST(BucketsTest, WorkedExampleFallsIntoItsBuckets) {
  const OrderBook book = WorkedBook();
  struct Expected {
    Side side;
    int size;
    int place;
    std::int64_t label;
    std::int64_t qty;
  };
  const Expected all[] = {
      {Side::kBid, 0, 0, 6'183'000, 478'526'000}, {Side::kBid, 0, 1, 6'182'000, 150'000'000},
      {Side::kAsk, 0, 0, 6'184'000, 179'698'000}, {Side::kAsk, 0, 1, 6'185'000, 42'000'000},
      {Side::kBid, 1, 0, 6'180'000, 628'526'000}, {Side::kAsk, 1, 0, 6'185'000, 221'698'000}};
  for (const Expected& expected : all) {
    const DenseView view = book.dense(expected.side, expected.size);
    EXPECT_EQ(view.label(expected.place), Ticks(expected.label));
    const Bucket& bucket = view.buckets[static_cast<std::size_t>(expected.place)];
    EXPECT_TRUE(bucket.qty == expected.qty) << expected.label;
  }
}

TEST(BucketsTest, RatiosOfTheWorkedExampleAreOverAllItsLevels) {
  const std::vector<double> values = Buckets(WorkedBook());
  ASSERT_EQ(values.size(), 4u);
  for (const std::size_t size : {0u, 1u}) {
    ExpectClose(values[size], 4.06828 / 8.50224);    // (6.28526 - 2.21698) / sum
    ExpectClose(values[2 + size], 1.0420613001302);  // ln(6.28526 / 2.21698)
  }
}

TEST(BucketsTest, TheFifteenthBucketCountsAndTheSixteenthDoesNot) {
  // Touch bucket 1000; the 15th begins at 860 and ends before 870.
  const Levels asks = InTicks({{1'010, kOne}});
  const auto imbalance = [&](std::int64_t price) {
    return Buckets(MakeBook(InTicks({{1'005, kOne}, {price, kOne}}), asks, {Ticks(10)}))[0];
  };
  EXPECT_EQ(imbalance(860), 1.0 / 3.0);
  EXPECT_EQ(Bits(imbalance(859)), Bits(0.0));
  // Asks: touch bucket (1000, 1010]; the 15th ends at 1150.
  const Levels bids = InTicks({{1'000, kOne}});
  const auto other = [&](std::int64_t price) {
    return Buckets(MakeBook(bids, InTicks({{1'005, kOne}, {price, kOne}}), {Ticks(10)}))[0];
  };
  EXPECT_EQ(other(1'150), -1.0 / 3.0);
  EXPECT_EQ(Bits(other(1'151)), Bits(0.0));
}

TEST(BucketsTest, OneSidedAndCrossedBooksHaveNone) {
  const std::vector<Ticks> sizes{Ticks(10), Ticks(50), Ticks(100)};
  for (const OrderBook& book :
       {MakeBook({}, {}, sizes), MakeBook(InTicks({{100, kOne}}), {}, sizes),
        MakeBook({}, InTicks({{100, kOne}}), sizes),
        MakeBook(InTicks({{100, kOne}}), InTicks({{100, kOne}}), sizes),
        MakeBook(InTicks({{101, kOne}}), InTicks({{100, kOne}}), sizes)}) {
    const std::vector<double> values = Buckets(book);
    ASSERT_EQ(values.size(), 6u);
    for (const double value : values) EXPECT_TRUE(IsTheNan(value));
  }
}

TEST(BucketsTest, MirroredBookNegatesThemToTheBit) {
  // Bid floor becomes ask ceil; the pivot is a multiple of every size.
  const auto mirror = [](Levels levels) {
    for (TickLevel& level : levels) level.price = Ticks(20'000'000 - level.price.raw());
    return levels;
  };
  const Levels bids = InTicks({{6'183'763, 5}, {6'183'000, 7}, {6'182'999, 11}, {6'150'000, 13}});
  const Levels asks = InTicks({{6'183'764, 3}, {6'184'000, 2}, {6'184'001, 1}, {6'250'000, 9}});
  const std::vector<Ticks> sizes{Ticks(1'000), Ticks(5'000)};
  const std::vector<double> one = Buckets(MakeBook(bids, asks, sizes));
  const std::vector<double> other = Buckets(MakeBook(mirror(asks), mirror(bids), sizes));
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(Bits(other[i]), Bits(0.0 - one[i]));
}

}  // namespace
}  // namespace thalweg
