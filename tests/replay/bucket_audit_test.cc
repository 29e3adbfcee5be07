// The audit of buckets by their definition: silent while they are right, and not when they are not.
#include "replay/bucket_audit.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace thalweg {
namespace {

const std::vector<Ticks> kSizes{Ticks(3), Ticks(10), Ticks(64)};

OrderBook RandomBook(std::mt19937& random, BucketRounding rounding) {
  OrderBook book(kSizes, rounding);
  std::vector<TickLevel> bids;
  std::vector<TickLevel> asks;
  for (int i = 0; i < 200; ++i) {
    const auto qty = Qty(1 + static_cast<std::int64_t>(random() % 1'000));
    bids.push_back({Ticks(10'000 - static_cast<std::int64_t>(random() % 2'000)), qty});
    asks.push_back({Ticks(10'001 + static_cast<std::int64_t>(random() % 2'000)), qty});
  }
  book.Apply(bids, asks, UpdateId(1));
  return book;
}

TEST(BucketAuditTest, BucketsOfRandomBooksAreTheirLevels) {
  std::mt19937 random(3);
  for (const BucketRounding rounding : {BucketRounding::kOutward, BucketRounding::kFloor}) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(BucketsAreTheLevels(RandomBook(random, rounding), rounding));
    }
  }
}

TEST(BucketAuditTest, EmptySidesHaveNoBuckets) {
  OrderBook book(kSizes);
  EXPECT_TRUE(BucketsAreTheLevels(book, BucketRounding::kOutward));
  book.Apply(std::vector<TickLevel>{{Ticks(5), Qty(1)}}, {}, UpdateId(1));
  EXPECT_TRUE(BucketsAreTheLevels(book, BucketRounding::kOutward));
}

TEST(BucketAuditTest, BucketsOfAnotherRuleAreNotTheLevels) {
  std::mt19937 random(3);
  const OrderBook book = RandomBook(random, BucketRounding::kFloor);
  EXPECT_FALSE(BucketsAreTheLevels(book, BucketRounding::kOutward));
}

}  // namespace
}  // namespace thalweg
