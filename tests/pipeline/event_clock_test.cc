// The event clock: never back, and not frozen by one wrong time.
#include "pipeline/event_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace thalweg {
namespace {

constexpr EventTime kStart(1'700'000'000 * kSecond);
constexpr ReceiveTime kReceived(1'700'000'000 * kSecond + 40 * kMillisecond);

// Judges and takes, like an accepted frame.
EventClock::Step Frame(EventClock& clock, EventTime time, ReceiveTime received) {
  const EventClock::Step step = clock.Judge(time, received);
  clock.Take(step, time, received);
  return step;
}

EventClock Started() {
  EventClock clock;
  (void)Frame(clock, kStart, kReceived);
  return clock;
}

TEST(EventClockTest, StartsWithTheFirstTimeWhateverItIs) {
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{5}, kStart.raw(), INT64_MAX / 2}) {
    EventClock clock;
    EXPECT_FALSE(clock.started());
    const EventClock::Step step = Frame(clock, EventTime(time), ReceiveTime(0));
    EXPECT_FALSE(step.disbelieved);
    EXPECT_TRUE(clock.started());
    EXPECT_EQ(clock.now(), EventTime(time));
    EXPECT_EQ(clock.first(), EventTime(time));
  }
}

TEST(EventClockTest, JudgingMovesNothing) {
  EventClock clock = Started();
  (void)clock.Judge(kStart + kSecond, kReceived);
  (void)clock.Judge(kStart + 9 * kHour, kReceived);
  EXPECT_EQ(clock.now(), kStart);
  EXPECT_TRUE(clock.Judge(kStart + 9 * kHour, kReceived).disbelieved);
}

TEST(EventClockTest, OfALeapOnlyWhatIsBelievedOfOneFrameCountsAsPassed) {
  EventClock clock = Started();
  const ReceiveTime later = kReceived + 2 * kHour;
  EXPECT_EQ(Frame(clock, kStart + 3 * kHour, later).passed_to, kStart + 3 * kHour);
  EXPECT_EQ(Frame(clock, kStart + kHour, later).passed_to, kStart + 3 * kHour);
  EXPECT_EQ(Frame(clock, kStart + 99 * kHour, later).passed_to, kStart + 3 * kHour);
  const EventClock::Step agreed = Frame(clock, kStart + 99 * kHour, later + 5);
  EXPECT_EQ(agreed.clock, kStart + 99 * kHour);
  EXPECT_EQ(agreed.passed_to, kStart + 4 * kHour + 5);
}

TEST(EventClockTest, AdvancesAndNeverGoesBack) {
  EventClock clock = Started();
  EXPECT_EQ(Frame(clock, kStart + 7, kReceived).clock, kStart + 7);
  const EventClock::Step late = Frame(clock, kStart + 3, kReceived);
  EXPECT_EQ(late.time, kStart + 3);  // The frame keeps its own time.
  EXPECT_EQ(late.clock, kStart + 7);
  EXPECT_FALSE(late.disbelieved);
  EXPECT_EQ(clock.now(), kStart + 7);
  EXPECT_EQ(Frame(clock, EventTime(0), kReceived).clock, kStart + 7);
  EXPECT_EQ(clock.first(), kStart);
}

TEST(EventClockTest, FaultT2ALeapOfOneHourIsBelievedAndOfMoreIsNot) {
  EventClock at_bound = Started();
  EXPECT_FALSE(Frame(at_bound, kStart + kHour, kReceived).disbelieved);
  EXPECT_EQ(at_bound.now(), kStart + kHour);
  EventClock beyond = Started();
  const EventClock::Step step = Frame(beyond, kStart + kHour + 1, kReceived);
  EXPECT_TRUE(step.disbelieved);
  EXPECT_EQ(step.time, kStart);  // Stamped with the clock.
  EXPECT_EQ(beyond.now(), kStart);
}

TEST(EventClockTest, ReceiveTimeThatPassedIsAllowedOnTop) {
  const Nanos silence = 5 * kHour;
  EventClock at_bound = Started();
  EXPECT_FALSE(Frame(at_bound, kStart + silence + kHour, kReceived + silence).disbelieved);
  EventClock beyond = Started();
  EXPECT_TRUE(Frame(beyond, kStart + silence + kHour + 1, kReceived + silence).disbelieved);
}

TEST(EventClockTest, FaultT1ReceiveTimeThatWentBackAllowsNothingLess) {
  EventClock clock = Started();
  EXPECT_FALSE(Frame(clock, kStart + kHour, kReceived - 5 * kHour).disbelieved);
}

TEST(EventClockTest, UntimedFramesUseTheReceiveTimeUp) {
  EventClock clock = Started();
  clock.OnUntimed(kReceived + 5 * kHour);
  EXPECT_TRUE(Frame(clock, kStart + 5 * kHour, kReceived + 5 * kHour).disbelieved);
}

TEST(EventClockTest, TheNextTimedFrameThatAgreesMovesIt) {
  for (const Nanos apart : {Nanos{0}, kHour, -kHour}) {
    EventClock clock = Started();
    EXPECT_TRUE(Frame(clock, kStart + 100 * kHour, kReceived).disbelieved);
    const EventClock::Step step = Frame(clock, kStart + 100 * kHour + apart, kReceived);
    EXPECT_FALSE(step.disbelieved);
    EXPECT_EQ(clock.now(), kStart + 100 * kHour + apart);
  }
}

TEST(EventClockTest, ALeapThatAgreesWithNothingStaysDisbelieved) {
  EventClock clock = Started();
  EXPECT_TRUE(Frame(clock, kStart + 100 * kHour, kReceived).disbelieved);
  EXPECT_TRUE(Frame(clock, kStart + 102 * kHour, kReceived).disbelieved);
  // The newest doubtful time is the one to agree with.
  EXPECT_FALSE(Frame(clock, kStart + 102 * kHour + 1, kReceived).disbelieved);
}

TEST(EventClockTest, AnOrdinaryFrameBetweenTakesTheDoubtBack) {
  EventClock clock = Started();
  EXPECT_TRUE(Frame(clock, kStart + 100 * kHour, kReceived).disbelieved);
  EXPECT_FALSE(Frame(clock, kStart + 1, kReceived).disbelieved);
  EXPECT_TRUE(Frame(clock, kStart + 100 * kHour, kReceived).disbelieved);
  EXPECT_EQ(clock.now(), kStart + 1);
}

TEST(EventClockTest, UntimedFramesDoNotTakeTheDoubtBack) {
  EventClock clock = Started();
  EXPECT_TRUE(Frame(clock, kStart + 100 * kHour, kReceived).disbelieved);
  clock.OnUntimed(kReceived + 1);
  EXPECT_FALSE(Frame(clock, kStart + 100 * kHour, kReceived + 1).disbelieved);
}

TEST(EventClockTest, AFirstTimeFarAheadOfTheSecondIsGivenUp) {
  EventClock clock;
  Frame(clock, kStart + 1'000 * kHour, kReceived);
  EXPECT_TRUE(Frame(clock, kStart, kReceived + 1).restarts);
  EXPECT_EQ(clock.now(), kStart);
  EXPECT_EQ(clock.first(), kStart);
}

TEST(EventClockTest, AFirstTimeFarBehindTheSecondIsLeftByALeap) {
  EventClock clock;
  Frame(clock, kStart - 1'000 * kHour, kReceived);
  EXPECT_TRUE(Frame(clock, kStart, kReceived + 1).disbelieved);
  EXPECT_FALSE(Frame(clock, kStart + 1, kReceived + 2).restarts);
  EXPECT_EQ(clock.now(), kStart + 1);
}

TEST(EventClockTest, AFirstTimeThatRecordsToldIsNeverGivenUp) {
  EventClock clock;
  Frame(clock, kStart + 1'000 * kHour, kReceived);
  clock.Confirm();
  EXPECT_FALSE(Frame(clock, kStart, kReceived + 1).restarts);
  EXPECT_EQ(clock.now(), kStart + 1'000 * kHour);
}

TEST(EventClockTest, AConfirmedTimeIsNeverGivenUp) {
  EventClock clock;
  Frame(clock, kStart, kReceived);
  Frame(clock, kStart + 1, kReceived + 1);
  EXPECT_FALSE(Frame(clock, kStart - 1'000 * kHour, kReceived + 2).restarts);
  EXPECT_EQ(clock.now(), kStart + 1);
}

TEST(EventClockTest, NeverGoesBackUnderRandomTimes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    EventClock clock;
    Frame(clock, kStart, kReceived);
    Frame(clock, kStart, kReceived);
    EventTime before(INT64_MIN);
    for (int step = 0; step < 500; ++step) {
      const auto offset = static_cast<std::int64_t>(random() % (6 * kHour)) - 3 * kHour;
      const EventTime time = kStart + offset * static_cast<std::int64_t>(random() % 30);
      const EventClock::Step taken =
          Frame(clock, time, kReceived + static_cast<std::int64_t>(random() % kHour));
      ASSERT_GE(clock.now(), before);
      ASSERT_EQ(clock.now(), taken.clock);
      ASSERT_LE(taken.time, clock.now());
      ASSERT_EQ(taken.time, taken.disbelieved ? clock.now() : time);
      before = clock.now();
    }
  }
}

}  // namespace
}  // namespace thalweg
