// Numbers as a person reads them.

#include "tools/top/figure_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "core/record.h"

namespace thalweg {
namespace {

TEST(FigureTextTest, CountsAreGrouped) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1'000), "1,000");
  EXPECT_EQ(CountText(50'123'456'789), "50,123,456,789");
  EXPECT_EQ(CountText(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(FigureTextTest, PricesHaveTheDecimalsOfTheirTick) {
  EXPECT_EQ(PriceText(61'602.01, 2), "61,602.01");
  EXPECT_EQ(PriceText(61'602, 2), "61,602.00");
  EXPECT_EQ(PriceText(0.00001234, 8), "0.00001234");
  EXPECT_EQ(PriceText(-1'234.5, 1), "-1,234.5");
  EXPECT_EQ(PriceText(kNaN, 2), "-");
  EXPECT_EQ(DecimalsOf(61'602.01), 2);
  EXPECT_EQ(DecimalsOf(61'602), 0);
  EXPECT_EQ(DecimalsOf(0.00001234), 8);
  EXPECT_EQ(DecimalsOf(2'500.5), 1);
  EXPECT_EQ(DecimalsOf(kNaN), 0);
}

TEST(FigureTextTest, QuantitiesHaveAboutFiveDigits) {
  EXPECT_EQ(QtyText(0), "0.0000");
  EXPECT_EQ(QtyText(0.00012), "0.00012");
  EXPECT_EQ(QtyText(0.000001), "1.0e-06");
  EXPECT_EQ(QtyText(1.23456), "1.2346");
  EXPECT_EQ(QtyText(12.345678), "12.346");
  EXPECT_EQ(QtyText(9.999996), "10.000");
  EXPECT_EQ(QtyText(12'345.678), "12,346");
  EXPECT_EQ(QtyText(1'234'567), "1.2346M");
  EXPECT_EQ(QtyText(9'223'372'036.85), "9.2234G");
  EXPECT_EQ(QtyText(kNaN), "-");
}

TEST(FigureTextTest, RatesAndSpansHaveAboutThree) {
  EXPECT_EQ(RateText(0), "0");
  EXPECT_EQ(RateText(9.84), "9.8");
  EXPECT_EQ(RateText(982.4), "982");
  EXPECT_EQ(RateText(9'120), "9,120");
  EXPECT_EQ(RateText(12'345), "12.3k");
  EXPECT_EQ(RateText(2'345'678), "2.35M");
  EXPECT_EQ(RateText(kNaN), "-");

  EXPECT_EQ(SpanText(0), "0 ns");
  EXPECT_EQ(SpanText(999), "999 ns");
  EXPECT_EQ(SpanText(2'140), "2.14 us");
  EXPECT_EQ(SpanText(999'600), "1.00 ms");
  EXPECT_EQ(SpanText(21'040'000), "21.0 ms");
  EXPECT_EQ(SpanText(1'320'000'000), "1.3 s");
  EXPECT_EQ(SpanText(100 * kSecond), "2 min");
  EXPECT_EQ(SpanText(30 * kHour), "30 h");
  EXPECT_EQ(SpanText(240 * kHour), "10 d");
  EXPECT_EQ(SpanText(-1'500), "-1.50 us");
  EXPECT_EQ(MillisText(0), "0.0 ms");
  EXPECT_EQ(MillisText(24), "24.0 ms");
  EXPECT_EQ(MillisText(1'500), "1.5 s");
  EXPECT_EQ(MillisText(kNaN), "-");
}

TEST(FigureTextTest, ClocksAreUtc) {
  EXPECT_EQ(ClockText(1'723'136'431'102'000'000), "17:00:31.102");
  EXPECT_EQ(DateText(1'723'136'431'102'000'000), "2024-08-08");
  EXPECT_EQ(ClockText(0), "-");
  EXPECT_EQ(DateText(0), "");
}

// Whatever lies in a ring: short, and printable.
TEST(FigureTextTest, EveryBitPatternHasAShortText) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    const auto number = std::bit_cast<double>(bits);
    const auto time = static_cast<std::int64_t>(bits);
    for (const std::string& text : {PriceText(number, 8), PriceText(number, DecimalsOf(number)),
                                    QtyText(number), RateText(std::abs(number)), SpanText(time),
                                    MillisText(number), ClockText(time), DateText(time)}) {
      ASSERT_LE(text.size(), 30U) << text;
      for (const char c : text) ASSERT_TRUE(c >= ' ' && c <= '~') << text;
    }
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(PriceText(kInfinity, 2), "inf");
  EXPECT_EQ(QtyText(-kInfinity), "-inf");
  EXPECT_EQ(SpanText(INT64_MIN), "-106752 d");
}

}  // namespace
}  // namespace thalweg
