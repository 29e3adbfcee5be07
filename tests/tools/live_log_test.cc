#include "tools/live_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thalweg {
namespace {

constexpr ReceiveTime kStart{1'732'154'400'000'000'000};

class LiveLogTest : public ::testing::Test {
 protected:
  std::vector<std::string> lines_;
  LiveLog log_{[this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LiveLogTest, ALineWaitsForTheDrainAndHasItsTime) {
  log_.Tell("gap", "BTCUSDT: gap", kStart);
  EXPECT_TRUE(lines_.empty());
  log_.Drain(kStart);
  EXPECT_EQ(lines_, std::vector<std::string>{"02:00:00.000Z BTCUSDT: gap\n"});
}

TEST_F(LiveLogTest, OfOneKindSomeAreToldAndTheRestIsCounted) {
  for (int i = 0; i < kLogLinesOfKind + 5; ++i) log_.Tell("gap", "again", kStart);
  log_.Tell("open", "another", kStart);
  log_.Drain(kStart);
  EXPECT_EQ(lines_.size(), static_cast<std::size_t>(kLogLinesOfKind) + 1);
  log_.Drain(kStart + kLogSpan);
  EXPECT_EQ(lines_.back(), "02:01:00.000Z 5 more like: again\n");
  // The next span begins anew.
  log_.Tell("gap", "later", kStart + kLogSpan);
  log_.Drain(kStart + kLogSpan);
  EXPECT_EQ(lines_.back(), "02:01:00.000Z later\n");
}

TEST_F(LiveLogTest, TheLastDrainTellsWhatWasLeftOut) {
  for (int i = 0; i < kLogLinesOfKind + 1; ++i) log_.Tell("gap", "again", kStart);
  log_.Drain(kStart, true);
  EXPECT_EQ(lines_.back(), "02:00:00.000Z 1 more like: again\n");
}

TEST_F(LiveLogTest, WhatHasNoRoomIsCounted) {
  for (std::size_t i = 0; i < kLogLinesMax + 3; ++i) {
    log_.Tell(std::to_string(i), "line", kStart);
  }
  log_.Drain(kStart);
  EXPECT_EQ(lines_.size(), kLogLinesMax + 1);
  EXPECT_EQ(lines_.back(), "02:00:00.000Z 3 lines had no room\n");
}

TEST_F(LiveLogTest, NoticesOfOneKindAreOfOneKind) {
  for (std::int64_t i = 0; i <= kLogLinesOfKind; ++i) {
    log_.Tell(Notice{.kind = NoticeKind::kSequenceGap, .symbol = "A", .a = i, .b = i + 5}, kStart);
  }
  log_.Tell(Notice{.kind = NoticeKind::kSynchronised, .symbol = "A", .a = 5}, kStart);
  log_.Drain(kStart, true);
  EXPECT_EQ(lines_.size(), static_cast<std::size_t>(kLogLinesOfKind) + 2);
  EXPECT_NE(lines_.back().find("1 more like: A: gap: book at 20"), std::string::npos)
      << lines_.back();
}

}  // namespace
}  // namespace thalweg
