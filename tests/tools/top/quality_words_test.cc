// The quality word in words.

#include "tools/top/quality_words.h"

#include <gtest/gtest.h>

#include "core/quality.h"

namespace thalweg {
namespace {

TEST(QualityWordsTest, NothingWrongIsNothingToSay) {
  EXPECT_TRUE(DescribeInWords(0).words.empty());
  EXPECT_EQ(DescribeInWords(0).Fit(20), "");
  // These two are always set in this release, or concern nobody.
  EXPECT_TRUE(DescribeInWords(quality::kWarmupVpin | quality::kWarmupIntensity).words.empty());
}

TEST(QualityWordsTest, TheGravestComesFirstAndGivesTheStyle) {
  const QualityWords words = DescribeInWords(quality::kHorizon | quality::kStaleDepth |
                                             quality::kBookInvalid | quality::kResyncing);
  EXPECT_EQ(words.style, Style::kAlarm);
  EXPECT_EQ(words.Fit(100), "no book, resyncing, depth stale, horizon");
  EXPECT_EQ(DescribeInWords(quality::kStaleDepth | quality::kHorizon).style, Style::kWarning);
  EXPECT_EQ(DescribeInWords(quality::kHorizon).style, Style::kQuiet);
}

TEST(QualityWordsTest, WhatHasNoRoomIsCounted) {
  const QualityWords words = DescribeInWords(quality::kBookInvalid | quality::kResyncing |
                                             quality::kStaleDepth | quality::kHorizon);
  EXPECT_EQ(words.Fit(40), "no book, resyncing, depth stale, horizon");
  EXPECT_EQ(words.Fit(39), "no book, resyncing, depth stale +1");
  EXPECT_EQ(words.Fit(21), "no book, resyncing +2");
  EXPECT_EQ(words.Fit(12), "no book +3");
  EXPECT_EQ(words.Fit(1), "no book +3");
}

TEST(QualityWordsTest, WarmUpsAreOneWordAndHorizonsOfBucketsAreOne) {
  EXPECT_EQ(DescribeInWords(1ULL << 34 | 1ULL << 35 | 1ULL << 36 | 1ULL << 37).Fit(40),
            "warm-up 5s");
  EXPECT_EQ(DescribeInWords(quality::BucketHorizon(0) | quality::BucketHorizon(7)).Fit(40),
            "b-horizon");
}

TEST(QualityWordsTest, EveryBitHasAWord) {
  for (int bit = 0; bit < 64; ++bit) {
    const QualityWord word = 1ULL << bit;
    if (word == quality::kWarmupVpin || word == quality::kWarmupIntensity) continue;
    EXPECT_EQ(DescribeInWords(word).words.size(), 1U) << bit;
  }
  EXPECT_EQ(DescribeInWords(1ULL << 63).Fit(40), "bit63");
}

TEST(QualityWordsTest, StatesHaveNamesAndStrangeOnesTheirNumber) {
  EXPECT_EQ(StateWord(0), "down");
  EXPECT_EQ(StateWord(1), "buffering");
  EXPECT_EQ(StateWord(2), "live");
  EXPECT_EQ(StateWord(3), "resync");
  EXPECT_EQ(StateWord(4), "halted");
  EXPECT_EQ(StateWord(17), "state 17");
  EXPECT_EQ(StateStyle(2), Style::kBid);
  EXPECT_EQ(StateStyle(17), Style::kWarning);
}

}  // namespace
}  // namespace thalweg
