// From integers to doubles: zeros, signs, and the last bit.
#include "features/ratio.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "features/scale.h"

namespace thalweg {
namespace {

std::uint64_t Bits(double value) { return std::bit_cast<std::uint64_t>(value); }

TEST(RatioTest, ZeroDenominatorIsTheOneNan) {
  EXPECT_EQ(Bits(Ratio(0, 0)), 0x7ff8000000000000u);
  EXPECT_EQ(Bits(Ratio(5, 0)), 0x7ff8000000000000u);
  EXPECT_EQ(Bits(Ratio(-5, 0)), 0x7ff8000000000000u);
  EXPECT_EQ(Bits(Imbalance(0, 0)), 0x7ff8000000000000u);
  EXPECT_EQ(Bits(LogRatio(0, 0)), 0x7ff8000000000000u);
  EXPECT_EQ(Bits(LogRatio(3, 0)), 0x7ff8000000000000u);
  EXPECT_EQ(Bits(LogRatio(0, 3)), 0x7ff8000000000000u);
}

TEST(RatioTest, ZeroIsNeverNegative) {
  EXPECT_EQ(Bits(Ratio(0, -7)), Bits(0.0));
  EXPECT_EQ(Bits(Ratio(0, 7)), Bits(0.0));
  EXPECT_EQ(Bits(Imbalance(7, 7)), Bits(0.0));
  EXPECT_EQ(Bits(LogRatio(7, 7)), Bits(0.0));
  EXPECT_EQ(Bits(Scale().ToBase(0)), Bits(0.0));
}

TEST(RatioTest, ImbalanceStaysInItsRangeAndNegatesToTheBit) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const Wide a = Wide{random()} << (random() % 40);
    const Wide b = Wide{random()} >> (random() % 60);
    const double one = Imbalance(a, b);
    ASSERT_GE(one, -1.0);
    ASSERT_LE(one, 1.0);
    ASSERT_EQ(Bits(Imbalance(b, a)), Bits(0.0 - one));
  }
  EXPECT_EQ(Imbalance(1, 0), 1.0);
  EXPECT_EQ(Imbalance(0, 1), -1.0);
}

TEST(LogRatioTest, NegatesToTheBitWhenItsSidesAreSwapped) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200'000; ++i) {
    const Wide a = Wide{random() >> (random() % 60)} + 1;
    const Wide b = Wide{random() >> (random() % 60)} + 1;
    ASSERT_EQ(Bits(LogRatio(b, a)), Bits(0.0 - LogRatio(a, b)));
  }
}

TEST(LogRatioTest, IsExactNearEqualSides) {
  // ln(1 + x) = x - x^2/2 + ...; the logarithm of the rounded quotient would have seven digits.
  const Wide b = Wide{1'000'000'000};
  const double x = 1e-9;
  EXPECT_NEAR(LogRatio(b + 1, b), x - x * x / 2, 1e-24);
  EXPECT_NEAR(LogRatio(2, 1), 0.69314718055994531, 1e-16);
  EXPECT_NEAR(LogRatio(1'000'000, 1), std::log(1e6), 1e-14);
}

TEST(ToDoubleTest, RoundsWideNumbersOnceAndToEven) {
  EXPECT_EQ(ToDouble(INT64_MAX), 9223372036854775808.0);
  EXPECT_EQ(ToDouble(INT64_MIN), -9223372036854775808.0);
  EXPECT_EQ(ToDouble(Wide{INT64_MAX} + 1), 9223372036854775808.0);
  EXPECT_EQ(ToDouble(Wide{1} << 100), 0x1p100);
  EXPECT_EQ(ToDouble(-(Wide{1} << 100)), -0x1p100);
  EXPECT_EQ(ToDouble((Wide{1} << 100) + (Wide{1} << 47)), 0x1p100);               // Half: even.
  EXPECT_EQ(ToDouble((Wide{1} << 100) + (Wide{1} << 47) + 1), 0x1p100 + 0x1p48);  // Above half.
  EXPECT_EQ(ToDouble((Wide{3} << 99) + (Wide{1} << 48) + (Wide{1} << 47)), 0x1.8p100 + 0x1p49);
}

TEST(ScaleTest, ReadsPricesAndQuantitiesAsTheNearestDouble) {
  const Scale scale{Price(1'000'000), 5};
  EXPECT_EQ(scale.ToQuote(Ticks(6'160'201)), 61602.01);
  EXPECT_EQ(scale.ToQuote(Price(1)), 1e-8);
  EXPECT_EQ(scale.ToBase(378'826), 3.78826);
  EXPECT_EQ(scale.ToBase(-1), -0.00001);
  EXPECT_EQ(scale.ToPrice(Ticks(3)), Price(3'000'000));
  EXPECT_EQ(ToMilliseconds(1), 1e-6);
  EXPECT_EQ(ToMilliseconds(1'500'000), 1.5);
}

}  // namespace
}  // namespace thalweg
