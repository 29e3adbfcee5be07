#include "replay/market_random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace thalweg {
namespace {

constexpr int kDraws = 200'000;

TEST(MarketRandomTest, TheSameSeedGivesTheSameNumbers) {
  MarketRandom a(42);
  MarketRandom b(42);
  MarketRandom c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t word = a.Next();
    ASSERT_EQ(word, b.Next());
    differs |= word != c.Next();
  }
  EXPECT_TRUE(differs);
}

TEST(MarketRandomTest, BelowReachesEveryValueEquallyOften) {
  MarketRandom random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t value = random.Below(7);
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 7);
    ++counts[static_cast<std::size_t>(value)];
  }
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 7, kDraws / 100);
}

TEST(MarketRandomTest, NormalHasMeanZeroAndDeviationOne) {
  MarketRandom random(1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = static_cast<double>(random.Normal()) / static_cast<double>(kQ16);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(MarketRandomTest, RoundKeepsTheMean) {
  MarketRandom random(1);
  std::int64_t sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += random.Round(kQ16 * 9 / 4);
  EXPECT_NEAR(static_cast<double>(sum) / kDraws, 2.25, 0.01);
}

TEST(MarketRandomTest, DrawFollowsItsQuantiles) {
  constexpr std::array<Quantile, 4> kPoints{{{0, 1}, {32'768, 1}, {58'982, 10}, {65'536, 100}}};
  MarketRandom random(1);
  int ones = 0;
  int at_most_ten = 0;
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t value = random.Draw(kPoints);
    ASSERT_GE(value, 1);
    ASSERT_LE(value, 100);
    ones += value == 1 ? 1 : 0;
    at_most_ten += value <= 10 ? 1 : 0;
  }
  // Half of all, and a tenth of the 40 % between 1 and 10.
  EXPECT_NEAR(ones, kDraws * 54 / 100, kDraws / 100);
  EXPECT_NEAR(at_most_ten, kDraws * 9 / 10, kDraws / 100);
}

TEST(MarketRandomTest, Exp2IsNearTwoToThePower) {
  for (std::int64_t x = -8 * kQ16; x <= 20 * kQ16; x += 1'237) {
    const double wanted =
        std::exp2(static_cast<double>(x) / static_cast<double>(kQ16)) * static_cast<double>(kQ16);
    EXPECT_NEAR(static_cast<double>(Exp2(x)), wanted, wanted * 0.0005 + 1) << x;
  }
  EXPECT_EQ(Exp2(0), kQ16);
  EXPECT_EQ(Exp2(-40 * kQ16), 0);
}

}  // namespace
}  // namespace thalweg
