// Frames of several legs by hand and at random: what both have is given once, what one has is given
// in its place, and a gap shows only where no leg has what is missing.
#include "feeds/net/leg_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

constexpr Nanos kMillis = kMillisecond;

std::string Depth(std::int64_t first, std::int64_t last) {
  return absl::StrCat(R"({"stream":"a@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"A","U":)",
                      first, R"(,"u":)", last, R"(,"b":[],"a":[]}})");
}
std::string FuturesDepth(std::int64_t before, std::int64_t first, std::int64_t last) {
  return absl::StrCat(
      R"({"stream":"a@depth@100ms","data":{"e":"depthUpdate","E":1,"T":1,"s":"A","U":)", first,
      R"(,"u":)", last, R"(,"pu":)", before, R"(,"b":[],"a":[]}})");
}
std::string Trade(std::int64_t id) {
  return absl::StrCat(R"({"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":)", id,
                      R"(,"p":"1","q":"1","T":1,"m":false,"M":true}})");
}
std::string Ticker(std::int64_t id) {
  return absl::StrCat(R"({"stream":"a@bookTicker","data":{"u":)", id,
                      R"(,"s":"A","b":"1","B":"1","a":"2","A":"1"}})");
}

class LegMergeTest : public testing::Test {
 protected:
  void Give(std::size_t leg, const std::string& text, std::size_t stream = 0) {
    merge_.OnFrame(leg, stream, {static_cast<std::int64_t>(leg), Wall(), now_, text}, now_);
  }

  // Time goes by, and the loop turns.
  void Pass(Nanos span) {
    now_ += span;
    merge_.OnTimer(now_, Wall());
  }
  // The wall clock is another one than the loop's.
  [[nodiscard]] ReceiveTime Wall() const { return ReceiveTime(5'000 + now_); }

  std::vector<std::string> given_;
  std::vector<ReceiveTime> received_;
  Nanos now_ = 0;
  LegMerge merge_{2, [this](std::size_t, const LegFrame& frame) {
                    given_.emplace_back(frame.payload);
                    received_.push_back(frame.received);
                  }};
};

using Texts = std::vector<std::string>;

TEST_F(LegMergeTest, OneLegAloneIsGivenAsItCame) {
  const std::size_t leg = merge_.Join();
  const Texts texts{Depth(5, 7), Depth(5, 7), "{\"broken", Depth(20, 21), Depth(1, 2)};
  for (const std::string& text : texts) Give(leg, text);
  EXPECT_EQ(given_, texts);
}

TEST_F(LegMergeTest, OfEveryEventTheFirstCopyIsGiven) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Give(a, Depth(1, 2));
  Give(b, Depth(1, 2));
  Give(b, Depth(3, 4));
  now_ = 3 * kMillis;
  Give(a, Depth(3, 4));
  EXPECT_EQ(given_, (Texts{Depth(1, 2), Depth(3, 4)}));
  EXPECT_EQ(merge_.counts(a).given, 1);
  EXPECT_EQ(merge_.counts(a).copies, 1);
  EXPECT_EQ(merge_.counts(a).behind_max, 3 * kMillis);
  EXPECT_EQ(merge_.counts(b).given, 1);
}

TEST_F(LegMergeTest, WhatOneLegLosesComesFromTheOtherInItsPlace) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  EXPECT_EQ(given_, Texts{Trade(1)}) << "the other may still have it";
  Give(b, Trade(2));
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(2), Trade(3)}));
  EXPECT_EQ(merge_.held_frames(), 0u);
  EXPECT_EQ(merge_.counts(a).gaps, 0);
}

TEST_F(LegMergeTest, WhatWasHeldWasNotThereBeforeItWasGiven) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  now_ = 40 * kMillis;
  Give(b, Trade(2));
  Give(a, Trade(5));
  const Nanos end = now_ + kHoldMax;
  while (now_ < end) Pass(100 * kMillis);
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(2), Trade(3), Trade(5)}));
  const auto wall = [](Nanos now) { return ReceiveTime(5'000 + now); };
  EXPECT_EQ(received_, (std::vector{wall(0), wall(40 * kMillis), wall(40 * kMillis), wall(end)}));
}

TEST_F(LegMergeTest, WhatBothLoseIsAGapAsSoonAsBothHavePassedIt) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  Give(b, Trade(3));
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(3)}));
  EXPECT_EQ(merge_.counts(a).gaps, 1);
}

TEST_F(LegMergeTest, ALegThatIsStalledKeepsAFrameForAWhileOnly) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  now_ = kHoldMax - 1;
  merge_.OnTimer(now_, Wall());
  EXPECT_EQ(given_.size(), 1u);
  now_ = kHoldMax;
  merge_.OnTimer(now_, Wall());
  EXPECT_EQ(given_.size(), 2u);
}

TEST_F(LegMergeTest, ALegThatLeavesIsNotWaitedFor) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  merge_.Leave(b, now_, Wall());
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(3)}));
  EXPECT_EQ(merge_.leg_count(), 1u);
}

TEST_F(LegMergeTest, EventsMayBeCutElsewhereOnSpot) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Give(a, Depth(1, 5));
  Give(b, Depth(1, 3));
  Give(b, Depth(4, 8));
  Give(a, Depth(6, 7));
  Give(a, Depth(8, 9));
  EXPECT_EQ(given_, (Texts{Depth(1, 5), Depth(4, 8), Depth(8, 9)}));
}

TEST_F(LegMergeTest, OnFuturesAnEventThatOverlapsFitsNoBook) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Give(a, FuturesDepth(10, 12, 15));
  Give(b, FuturesDepth(10, 12, 13));
  Give(b, FuturesDepth(13, 14, 18));
  Give(a, FuturesDepth(15, 16, 18));
  EXPECT_EQ(given_, (Texts{FuturesDepth(10, 12, 15), FuturesDepth(15, 16, 18)}));
  EXPECT_EQ(merge_.counts(b).overlapping, 1);
}

TEST_F(LegMergeTest, ABookTickerContinuesWhateverIsOlder) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Give(a, Ticker(10), 1);
  Give(b, Ticker(7), 1);
  Give(b, Ticker(30), 1);
  Give(a, Ticker(20), 1);
  EXPECT_EQ(given_, (Texts{Ticker(10), Ticker(30)}));
}

TEST_F(LegMergeTest, ABrokenFrameOfOneLegCostsNothing) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Give(a, Depth(1, 2));
  Give(a, R"({"stream":"a@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"A","U":3,"u)");
  Give(b, Depth(1, 2));
  Give(b, Depth(3, 4));
  EXPECT_EQ(given_, (Texts{Depth(1, 2), Depth(3, 4)}));
  EXPECT_EQ(merge_.counts(a).broken, 1);
}

TEST_F(LegMergeTest, FaultS1AReorderOnOneLegIsPutRight) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  Give(a, Trade(2));
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(2), Trade(3)}));
  Give(b, Trade(2));
  Give(b, Trade(3));
  EXPECT_EQ(given_.size(), 3u);
}

TEST_F(LegMergeTest, FaultS8IdsThatBeginAnewAreBelievedAfterAWhile) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1'000));
  for (int id = 1; id <= 30; ++id) {
    for (const std::size_t leg : {a, b}) Give(leg, Trade(id));
    now_ += 100 * kMillis;
  }
  ASSERT_GT(given_.size(), 15u);
  EXPECT_EQ(given_.back(), Trade(30));
  // In order from there, each once.
  const std::set<std::string> different(given_.begin(), given_.end());
  EXPECT_EQ(different.size(), given_.size());
}

TEST_F(LegMergeTest, FaultS8ALegThatFollowsANewNumberingLateBringsNothingTwice) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1'000));
  for (int id = 1; id <= 60; ++id) {
    Give(a, Trade(id));
    // Five behind, and before that at the end of the old numbering.
    Give(b, id <= 5 ? Trade(1'000 + id) : Trade(id - 5));
    Pass(100 * kMillis);
  }
  const auto anew = std::find_if(given_.begin(), given_.end(), [](const std::string& text) {
    return text.find("\"t\":10") == std::string::npos;
  });
  Texts wanted;
  for (int id = 61 - static_cast<int>(given_.end() - anew); id <= 60; ++id) {
    wanted.push_back(Trade(id));
  }
  ASSERT_GT(wanted.size(), 40u);
  EXPECT_EQ(Texts(anew, given_.end()), wanted);
}

TEST_F(LegMergeTest, FaultS8IdsThatBeginAnewWhileNobodyListensAreNoCopies) {
  for (const std::size_t leg : {merge_.Join(), merge_.Join()}) Give(leg, Trade(1'000));
  for (const std::size_t leg : {0u, 1u}) merge_.Leave(leg, now_, Wall());
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {b, a}) Give(leg, Trade(1));
  EXPECT_EQ(given_.back(), Trade(1));
}

// The other leg still hangs in the old numbering, without a word.
TEST_F(LegMergeTest, FaultS8AFreshLegInANewNumberingIsBelieved) {
  const std::size_t a = merge_.Join();
  const std::size_t old = merge_.Join();
  for (const std::size_t leg : {a, old}) Give(leg, Trade(1'000));
  merge_.Leave(a, now_, Wall());
  const std::size_t fresh = merge_.Join();
  int id = 0;
  while (now_ < kVouchedFor + kRestartAfter) {
    Give(fresh, Trade(++id));
    Pass(100 * kMillis);
  }
  EXPECT_EQ(given_.back(), Trade(id)) << "the old one has been silent for too long to vouch";
  merge_.Leave(old, now_, Wall());
  Give(fresh, Trade(++id));
  EXPECT_EQ(given_.back(), Trade(id));
}

TEST_F(LegMergeTest, FaultS8ALegAloneIsBelievedWhereTheOneThatLeftWasFarAhead) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Give(a, Trade(1'000));
  merge_.Leave(a, now_, Wall());
  int id = 0;
  while (now_ < 3 * kSecond) {
    Give(b, Trade(++id));
    Pass(100 * kMillis);
  }
  EXPECT_EQ(given_.back(), Trade(id));
}

// One wrong id does not mute the legs, whichever goes on.
TEST_F(LegMergeTest, AnIdThatIsFarTooHighIsForgottenAfterAWhile) {
  for (const bool goes_on : {true, false}) {
    LegMerge merge(
        1, [this](std::size_t, const LegFrame& frame) { given_.emplace_back(frame.payload); });
    const std::size_t a = merge.Join();
    const std::size_t b = merge.Join();
    const auto give = [&](std::size_t leg, const std::string& text, Nanos now) {
      merge.OnFrame(leg, 0, {0, ReceiveTime(now), now, text}, now);
    };
    give(a, Ticker(10), 0);
    give(a, Ticker(999'999), 0);
    int id = 10;
    for (Nanos now = 0; now < kVouchedFor + 2 * kRestartAfter; now += 100 * kMillis) {
      ++id;
      if (goes_on) give(a, Ticker(id), now);
      give(b, Ticker(id), now);
    }
    EXPECT_EQ(given_.back(), Ticker(id)) << goes_on;
  }
}

TEST_F(LegMergeTest, OldFramesOverOneLegChangeNothing) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Texts wanted;
  for (int id = 1; id <= 60; ++id) {
    wanted.push_back(Trade(id));
    Give(b, Trade(id));
    Give(a, Trade(id > 20 && id < 40 ? id - 20 : id));
    Pass(100 * kMillis);
  }
  EXPECT_EQ(given_, wanted);
}

TEST_F(LegMergeTest, WhatTheLegThatLeftHadGivenIsNotGivenAgain) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Texts wanted;
  for (int id = 1; id <= 10; ++id) {
    Give(a, Trade(id));
    wanted.push_back(Trade(id));
  }
  for (int id = 1; id <= 3; ++id) Give(b, Trade(id));
  merge_.Leave(a, now_, Wall());
  for (int id = 4; id <= 12; ++id) Give(b, Trade(id));
  wanted.push_back(Trade(11));
  wanted.push_back(Trade(12));
  EXPECT_EQ(given_, wanted);
  // From there on it is alone, and given as it came.
  Give(b, Trade(12));
  EXPECT_EQ(given_.size(), 13u);
}

TEST_F(LegMergeTest, ALegThatSaysNothingOfAStreamIsNotWaitedForAgainAndAgain) {
  const std::size_t a = merge_.Join();
  const std::size_t silent = merge_.Join();
  Give(silent, Trade(1));
  int id = 1;
  std::size_t late = 0;
  for (int i = 0; i < 100; ++i) {
    id += i % 9 == 0 ? 2 : 1;
    Give(a, Trade(id));
    if (given_.back() != Trade(id)) ++late;
    Pass(100 * kMillis);
  }
  EXPECT_LE(late, 21u) << "two gaps waited for a second, and no other";
  EXPECT_EQ(given_.back(), Trade(id));
}

// Seconds without an event of a stream say nothing of the leg that has not had the newest yet.
TEST_F(LegMergeTest, OnAQuietStreamTheOtherLegIsWaitedForAllTheSame) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(100));
  for (int i = 0; i < 50; ++i) Pass(100 * kMillis);
  Give(a, Trade(101));
  Pass(10 * kMillis);
  Give(a, Trade(103));
  Pass(40 * kMillis);
  for (int id = 101; id <= 103; ++id) Give(b, Trade(id));
  EXPECT_EQ(given_, (Texts{Trade(100), Trade(101), Trade(102), Trade(103)}));
}

TEST_F(LegMergeTest, ALegThatLagsAllTheTimeIsWaitedFor) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  Texts wanted;
  for (int id = 1; id <= 100; ++id) {
    wanted.push_back(Trade(id));
    if (id % 10 != 5) Give(a, Trade(id));
    if (id > 5) Give(b, Trade(id - 5));
    Pass(100 * kMillis);
  }
  wanted.resize(given_.size());
  EXPECT_EQ(given_, wanted);
  EXPECT_GE(given_.size(), 94u);
}

TEST_F(LegMergeTest, AfterAStandstillTheBacklogOfOneLegIsNotTheEndOfTheOther) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  now_ += 20 * kSecond;
  for (const int id : {2, 4, 5}) Give(a, Trade(id));
  for (const int id : {2, 3, 4, 5}) Give(b, Trade(id));
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(2), Trade(3), Trade(4), Trade(5)}));
}

// The leg that was ahead has left, and what it brought still waits.
TEST_F(LegMergeTest, ALegAloneFillsWhatIsHeldAndGivesNothingTwice) {
  for (const bool loses : {false, true}) {
    given_.clear();
    LegMerge merge(
        1, [this](std::size_t, const LegFrame& frame) { given_.emplace_back(frame.payload); });
    const auto give = [&](std::size_t leg, int id, Nanos now) {
      merge.OnFrame(leg, 0, {0, ReceiveTime(now), now, Trade(id)}, now);
    };
    const std::size_t a = merge.Join();
    const std::size_t b = merge.Join();
    for (const std::size_t leg : {a, b}) give(leg, 10, 0);
    give(a, 13, 1);
    merge.Leave(a, 2, ReceiveTime(2));
    for (const int id : {11, 12, 13, 14}) {
      if (!loses || id == 14) give(b, id, 3 + id);
    }
    for (Nanos now = 0; now <= 2 * kHoldMax; now += 100 * kMillis)
      merge.OnTimer(now, ReceiveTime(now));
    give(b, 15, 2 * kHoldMax);
    EXPECT_EQ(given_,
              loses ? (Texts{Trade(10), Trade(13), Trade(14), Trade(15)})
                    : (Texts{Trade(10), Trade(11), Trade(12), Trade(13), Trade(14), Trade(15)}));
  }
}

TEST_F(LegMergeTest, WhatExpiresTakesNothingYoungerWithIt) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(10));
  Give(a, Trade(12));
  Pass(900 * kMillis);
  Give(b, Trade(10));
  Give(a, Trade(16));
  Pass(100 * kMillis);
  EXPECT_EQ(given_, (Texts{Trade(10), Trade(12)}));
  for (const int id : {13, 14, 15}) Give(b, Trade(id));
  EXPECT_EQ(given_.back(), Trade(16));
  EXPECT_EQ(given_.size(), 6u);
}

TEST_F(LegMergeTest, NoFrameWaitsForLongerThanItMay) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(9));
  Pass(900 * kMillis);
  // What lies before it came later, and waits too.
  Give(a, Trade(5));
  Pass(100 * kMillis);
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(5), Trade(9)}));
  EXPECT_EQ(merge_.held_frames(), 0u);
}

TEST_F(LegMergeTest, AStandstillIsNoReasonToGiveUpWaiting) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  Give(a, Trade(3));
  // The process is stopped; what the other leg sent lies in the kernel.
  Pass(20 * kSecond);
  Give(b, Trade(2));
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(2), Trade(3)}));
}

TEST_F(LegMergeTest, WhatBothLegsBreakIsGivenOnce) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  const std::string broken = R"({"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":"2"}})";
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  for (int i = 0; i < 3; ++i) {
    for (const std::size_t leg : {a, b}) Give(leg, broken);
  }
  EXPECT_EQ(given_, (Texts{Trade(1), broken, broken, broken}));
}

// Mean and maximum are those of the leg, not of the moment at which the other one stops.
TEST_F(LegMergeTest, HowFarALegIsBehindIsTimedWhileTheOtherGoesOn) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (int id = 1; id <= 200; ++id) {
    Give(a, Trade(id));
    if (id > 30) Give(b, Trade(id - 30));
    Pass(100 * kMillis);
  }
  const LegCounts& counts = merge_.counts(b);
  EXPECT_GE(counts.behind_timed, 5);
  EXPECT_EQ(counts.behind_sum, counts.behind_timed * 3'000 * kMillis);
  EXPECT_EQ(counts.behind_max, 3'000 * kMillis);
}

TEST_F(LegMergeTest, ThousandsThatWaitAreGivenInOrderAndHeldOnce) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  const std::size_t c = merge_.Join();
  for (const std::size_t leg : {a, b, c}) Give(leg, Trade(1));
  constexpr int kMany = 5'000;
  for (int id = 3; id < 3 + kMany; ++id) {
    for (const std::size_t leg : {a, b}) Give(leg, Trade(id));
  }
  EXPECT_EQ(merge_.held_frames(), static_cast<std::size_t>(kMany));
  Give(c, Trade(2));
  Texts wanted;
  for (int id = 1; id < 3 + kMany; ++id) wanted.push_back(Trade(id));
  EXPECT_EQ(given_, wanted);
}

TEST_F(LegMergeTest, BeyondItsBoundNothingWaits) {
  const std::size_t a = merge_.Join();
  const std::size_t b = merge_.Join();
  for (const std::size_t leg : {a, b}) Give(leg, Trade(1));
  for (std::size_t i = 0; i <= kHeldFramesMax; ++i) Give(a, Trade(static_cast<int>(3 + i)));
  EXPECT_LE(merge_.held_frames(), kHeldFramesMax);
  EXPECT_GT(given_.size(), 1u);
  EXPECT_EQ(merge_.counts(a).expired, 1);
}

TEST_F(LegMergeTest, NothingMayWaitWhenASuccessorTakesOver) {
  const std::size_t old = merge_.Join();
  Give(old, Trade(1));
  const std::size_t next = merge_.Join();
  Give(old, Trade(2));
  // The old connection is behind: what lies between is still on its way there.
  Give(next, Trade(5));
  EXPECT_FALSE(merge_.IsReplacedBy(old, next));
  for (int id = 3; id <= 4; ++id) Give(old, Trade(id));
  EXPECT_TRUE(merge_.IsReplacedBy(old, next));
  EXPECT_EQ(given_, (Texts{Trade(1), Trade(2), Trade(3), Trade(4), Trade(5)}));
}

TEST_F(LegMergeTest, ASuccessorReplacesAConnectionWithEveryStreamThatOneDelivers) {
  const std::size_t old = merge_.Join();
  Give(old, Trade(1), 0);
  Give(old, Ticker(1), 1);
  const std::size_t next = merge_.Join();
  EXPECT_TRUE(merge_.IsReplacedBy(old, next)) << "nothing has come since";
  Give(old, Trade(2), 0);
  Give(old, Ticker(2), 1);
  Give(next, Trade(2), 0);
  EXPECT_FALSE(merge_.IsReplacedBy(old, next));
  Give(next, Ticker(2), 1);
  EXPECT_TRUE(merge_.IsReplacedBy(old, next));
  merge_.Leave(old, now_, Wall());
  Give(next, Trade(3), 0);
  EXPECT_EQ(given_, (Texts{Trade(1), Ticker(1), Trade(2), Ticker(2), Trade(3)}));
}

// --- At random -----------------------------------------------------------------------------------

struct Sent {
  std::int64_t first;
  std::int64_t last;
};

// The ids 1..count cut into events at random, some of which are lost.
std::vector<Sent> Cut(std::int64_t count, double loss, std::mt19937& random) {
  std::vector<Sent> events;
  for (std::int64_t first = 1; first <= count;) {
    const std::int64_t last =
        std::min<std::int64_t>(count, first + static_cast<std::int64_t>(random() % 4));
    if (std::uniform_real_distribution<>(0, 1)(random) >= loss) events.push_back({first, last});
    first = last + 1;
  }
  return events;
}

class LegMergeRandomTest : public testing::TestWithParam<int> {};

TEST_P(LegMergeRandomTest, EveryIdThatALegHasIsGivenOnceAndInOrder) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  std::vector<Sent> given;
  std::vector<std::int64_t> received;
  EventSpanReader spans;
  Nanos now = 0;
  LegMerge merge(1, [&](std::size_t, const LegFrame& frame) {
    const std::optional<EventSpan> span = spans.Read(frame.payload);
    given.push_back({span->before + 1, span->last});
    received.push_back(frame.received.raw());
  });
  const std::vector<Sent> sent[2] = {Cut(400, 0.05, random), Cut(400, 0.05, random)};
  std::size_t next[2] = {0, 0};
  const std::size_t legs[2] = {merge.Join(), merge.Join()};
  // One leg runs ahead of the other for a while, by turns.
  while (next[0] < sent[0].size() || next[1] < sent[1].size()) {
    std::size_t leg = random() % 2;
    if (next[leg] == sent[leg].size()) leg = 1 - leg;
    for (std::size_t burst = 1 + random() % 6; burst > 0 && next[leg] < sent[leg].size(); --burst) {
      const Sent& event = sent[leg][next[leg]++];
      merge.OnFrame(legs[leg], 0, {0, ReceiveTime(now), now, Depth(event.first, event.last)}, now);
      now += kMillis / 10;
    }
  }
  merge.Leave(legs[0], now, ReceiveTime(now));
  // What the first had and the second has lost waits no longer.
  for (const Nanos end = now + kHoldMax; now < end;) {
    now += 100 * kMillis;
    merge.OnTimer(now, ReceiveTime(now));
  }

  // What was given first is the beginning: nothing is known of what was before it.
  ASSERT_FALSE(given.empty());
  const std::int64_t beginning = given.front().first;
  std::set<std::int64_t> had;
  for (const auto& leg : sent) {
    for (const Sent& event : leg) {
      for (std::int64_t id = event.first; id <= event.last; ++id) {
        if (id >= beginning) had.insert(id);
      }
    }
  }
  std::set<std::int64_t> covered;
  std::int64_t newest = beginning - 1;
  for (const Sent& event : given) {
    EXPECT_GT(event.last, newest) << "in order, and each once";
    for (std::int64_t id = newest + 1; id < event.first; ++id) {
      EXPECT_EQ(had.count(id), 0u) << id << " was had, and is missing";
    }
    newest = event.last;
    for (std::int64_t id = event.first; id <= event.last; ++id) covered.insert(id);
  }
  EXPECT_EQ(covered, had);
  EXPECT_TRUE(std::is_sorted(received.begin(), received.end()));
  EXPECT_EQ(merge.held_frames(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LegMergeRandomTest, testing::Range(1, 201));

}  // namespace
}  // namespace thalweg
