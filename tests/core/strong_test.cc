// Strong integers: what they allow, and what must not compile.
#include "core/strong.h"

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "core/units.h"

namespace thalweg {
namespace {

template <class A, class B>
concept Comparable = requires(A a, B b) {
  a == b;
};
template <class A, class B>
concept Ordered = requires(A a, B b) {
  a < b;
};
template <class A, class B>
concept Subtractable = requires(A a, B b) {
  a - b;
};
template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Multipliable = requires(A a, B b) {
  a* b;
};

// Units do not mix.
static_assert(!std::convertible_to<Price, Qty> && !std::constructible_from<Price, Qty>);
static_assert(!std::assignable_from<Price&, Ticks>);
static_assert(!Comparable<Price, Qty> && !Ordered<EventTime, ReceiveTime>);
static_assert(!Subtractable<UpdateId, TradeId> && !Subtractable<EventTime, ReceiveTime>);
// Nor do plain numbers become units by themselves, or units plain numbers.
static_assert(!std::convertible_to<std::int64_t, Price> && std::constructible_from<Price, int>);
static_assert(!std::convertible_to<Price, std::int64_t>);
static_assert(!Comparable<Price, std::int64_t>);
// Two prices have a difference, and no sum or product.
static_assert(!Addable<Price, Price> && !Multipliable<Price, Price>);
static_assert(!Multipliable<Price, std::int64_t>);
static_assert(std::is_trivially_copyable_v<Price> && sizeof(Price) == sizeof(std::int64_t));

TEST(StrongTest, IsZeroByDefault) { EXPECT_EQ(Price().raw(), 0); }

TEST(StrongTest, ComparesLikeItsNumber) {
  for (const std::int64_t a : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    for (const std::int64_t b : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
      EXPECT_EQ(Price(a) == Price(b), a == b);
      EXPECT_EQ(Price(a) < Price(b), a < b);
      EXPECT_EQ(Price(a) >= Price(b), a >= b);
    }
  }
}

TEST(StrongTest, DifferenceIsAPlainNumberAndAShiftKeepsTheUnit) {
  EXPECT_EQ(EventTime(12) - EventTime(5), 7);
  EXPECT_EQ(EventTime(12) + kSecond, EventTime(1'000'000'012));
  EXPECT_EQ(EventTime(12) - 15, EventTime(-3));
  static_assert(std::same_as<decltype(EventTime() - EventTime()), std::int64_t>);
  static_assert(std::same_as<decltype(EventTime() - 1), EventTime>);
}

TEST(UnitsTest, PowersOfTenAreExact) {
  std::int64_t expected = 1;
  for (int n = 0; n <= 18; ++n) {
    EXPECT_EQ(PowerOfTen(n), expected);
    if (n < 18) expected *= 10;
  }
  EXPECT_EQ(PowerOfTen(kPriceDecimals), kPriceOne);
}

TEST(UnitsTest, SpansOfTimeAreInNanoseconds) {
  EXPECT_EQ(1'000 * kMicrosecond, kMillisecond);
  EXPECT_EQ(1'000 * kMillisecond, kSecond);
  EXPECT_EQ(kHour, std::int64_t{3'600'000'000'000});
}

}  // namespace
}  // namespace thalweg
