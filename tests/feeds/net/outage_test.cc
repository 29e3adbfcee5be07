// Who finds out that an exchange is back: on a clock of the test's own.
#include "feeds/net/outage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace thalweg {
namespace {

TEST(OutageTest, IsOnlyWhenNothingIsOpenAndAnAttemptFailed) {
  RandomSource random(1);
  Outage outage;
  const std::size_t a = outage.Join();
  const std::size_t b = outage.Join();
  EXPECT_FALSE(outage.OnOpen(0).has_value());
  EXPECT_FALSE(outage.OnFailure(b, kSecond, random)) << "a is open";
  EXPECT_EQ(outage.NextAt(b, kSecond), kSecond);
  outage.OnClosed();
  EXPECT_EQ(outage.NextAt(a, kSecond), kSecond) << "an end is no failure";
  EXPECT_TRUE(outage.OnFailure(a, 2 * kSecond, random));
  EXPECT_TRUE(outage.is_on());
  EXPECT_EQ(outage.NextAt(a, 2 * kSecond), Outage::kNever);
  EXPECT_GE(outage.NextAt(b, 2 * kSecond), 2 * kSecond);
  EXPECT_LE(outage.NextAt(b, 2 * kSecond), 2 * kSecond + kFirstWait);
  EXPECT_EQ(outage.OnOpen(9 * kSecond), 7 * kSecond);
  EXPECT_EQ(outage.NextAt(a, 9 * kSecond), 9 * kSecond);
  EXPECT_EQ(outage.since(10 * kSecond), 0);
}

TEST(OutageTest, FaultX2OneAttemptAtATimeInTurnsAndNotMoreForManyThanForOne) {
  for (const std::size_t members : {1U, 7U, 300U}) {
    RandomSource random(3);
    Outage outage;
    for (std::size_t i = 0; i < members; ++i) (void)outage.Join();
    // All were open, and all attempts that are under way fail.
    for (std::size_t i = 0; i < members; ++i) (void)outage.OnFailure(i, 0, random);
    std::vector<int> attempts(members);
    std::vector<Nanos> times;
    for (Nanos now = 0; now < kHour;) {
      const auto due = [&](std::size_t member) { return outage.NextAt(member, now); };
      std::size_t next = 0;
      std::size_t may = 0;
      for (std::size_t i = 0; i < members; ++i) {
        may += due(i) != Outage::kNever ? 1 : 0;
        if (due(i) < due(next)) next = i;
      }
      ASSERT_EQ(may, 1U);
      now = due(next) + 100 * kMillisecond;  // It takes a moment to fail.
      ++attempts[next];
      times.push_back(now);
      EXPECT_FALSE(outage.OnFailure(next, now, random));
    }
    // 22.5 s each in the mean.
    EXPECT_GT(times.size(), 120U);
    EXPECT_LT(times.size(), 250U);
    const auto [least, most] = std::minmax_element(attempts.begin(), attempts.end());
    EXPECT_LE(*most - *least, 1);
  }
}

}  // namespace
}  // namespace thalweg
