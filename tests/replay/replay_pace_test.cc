// The pace of a replay, by a clock that sleeping alone moves.
#include "replay/replay_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace thalweg {
namespace {

class TestClock final : public PaceClock {
 public:
  std::int64_t Now() override { return now; }
  void Sleep(Nanos span) override {
    sleeps.push_back(span);
    now += span;
  }
  // How long was slept since the last call.
  Nanos Slept() {
    const Nanos sum = std::accumulate(sleeps.begin(), sleeps.end(), Nanos{0});
    sleeps.clear();
    return sum;
  }

  std::int64_t now = 5'000 * kSecond;
  std::vector<Nanos> sleeps;
};

const auto kGoOn = [] { return true; };
constexpr ReceiveTime kStart(1'723'161'255'000'000'000);

TEST(ReplayPaceTest, TheFirstLineIsUsedAtOnceAndTheNextWhenItsTimeHasPassed) {
  TestClock clock;
  ReplayPace pace(1, clock);
  EXPECT_TRUE(pace.Wait(kStart, kGoOn));
  EXPECT_EQ(clock.Slept(), 0);
  EXPECT_TRUE(pace.Wait(kStart + 30 * kMillisecond, kGoOn));
  EXPECT_EQ(clock.Slept(), 30 * kMillisecond);
  EXPECT_TRUE(pace.Wait(kStart + 30 * kMillisecond, kGoOn));
  EXPECT_EQ(clock.Slept(), 0);
}

TEST(ReplayPaceTest, TimesPassSoManyTimesAsFast) {
  for (const double speed : {0.5, 2.0, 10.0}) {
    TestClock clock;
    ReplayPace pace(speed, clock);
    EXPECT_TRUE(pace.Wait(kStart, kGoOn));
    EXPECT_TRUE(pace.Wait(kStart + 30 * kSecond, kGoOn));
    EXPECT_EQ(clock.Slept(), static_cast<Nanos>(30e9 / speed));
  }
}

TEST(ReplayPaceTest, WorkThatTookTimeIsCaughtUpWith) {
  TestClock clock;
  ReplayPace pace(1, clock);
  EXPECT_TRUE(pace.Wait(kStart, kGoOn));
  clock.now += 70 * kMillisecond;
  EXPECT_TRUE(pace.Wait(kStart + 50 * kMillisecond, kGoOn));
  EXPECT_EQ(clock.Slept(), 0) << "late already";
  EXPECT_TRUE(pace.Wait(kStart + 100 * kMillisecond, kGoOn));
  EXPECT_EQ(clock.Slept(), 30 * kMillisecond);
}

TEST(ReplayPaceTest, ALongGapIsWaitedForInShortPartsWithACallAfterEach) {
  TestClock clock;
  ReplayPace pace(1, clock);
  EXPECT_TRUE(pace.Wait(kStart, kGoOn));
  int calls = 0;
  EXPECT_TRUE(pace.Wait(kStart + 300 * kSecond, [&calls] {
    ++calls;
    return true;
  }));
  EXPECT_LE(*std::max_element(clock.sleeps.begin(), clock.sleeps.end()), kPacePart);
  EXPECT_EQ(calls, 3'000);
  EXPECT_EQ(clock.Slept(), 300 * kSecond);
}

TEST(ReplayPaceTest, AWaitEndsAtTheNextCallThatSaysSo) {
  TestClock clock;
  ReplayPace pace(1, clock);
  EXPECT_TRUE(pace.Wait(kStart, kGoOn));
  int calls = 0;
  EXPECT_FALSE(pace.Wait(kStart + 3'600 * kSecond, [&calls] { return ++calls < 3; }));
  EXPECT_EQ(clock.sleeps.size(), 3U);
}

TEST(ReplayPaceTest, ATimeThatGoesBackBeginsANewCount) {
  TestClock clock;
  ReplayPace pace(1, clock);
  EXPECT_TRUE(pace.Wait(kStart + kHour, kGoOn));
  EXPECT_TRUE(pace.Wait(kStart, kGoOn));
  EXPECT_EQ(clock.Slept(), 0);
  EXPECT_TRUE(pace.Wait(kStart + kSecond, kGoOn));
  EXPECT_EQ(clock.Slept(), kSecond);
}

TEST(ReplayPaceTest, TheBorderOfTwoFilesIsNoTimeThatPasses) {
  TestClock clock;
  ReplayPace pace(1, clock);
  EXPECT_TRUE(pace.Wait(kStart, kGoOn));
  pace.Restart();
  EXPECT_TRUE(pace.Wait(kStart + 24 * kHour, kGoOn));
  EXPECT_EQ(clock.Slept(), 0);
}

TEST(ReplayPaceTest, TimesThatAreCenturiesApartAreWaitedForWithoutOverflow) {
  TestClock clock;
  ReplayPace pace(kSpeedMin, clock);
  EXPECT_TRUE(pace.Wait(ReceiveTime(0), kGoOn));
  int calls = 0;
  EXPECT_FALSE(pace.Wait(ReceiveTime(kTimeMax), [&calls] { return ++calls < 2; }));
  EXPECT_EQ(clock.Slept(), 2 * kPacePart);
}

TEST(ReplayPaceTest, TheSystemsClockGoesForwardWhileItSleeps) {
  PaceClock& clock = SystemPaceClock();
  const std::int64_t before = clock.Now();
  clock.Sleep(kMillisecond);
  EXPECT_GE(clock.Now() - before, kMillisecond);
}

}  // namespace
}  // namespace thalweg
