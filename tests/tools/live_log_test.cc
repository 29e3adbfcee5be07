#include "tools/live_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace thalweg {
namespace {

constexpr ReceiveTime kStart{1'732'154'400'000'000'000};

class LiveLogTest : public ::testing::Test {
 protected:
  std::vector<std::string> lines_;
  std::size_t room_ = 1'000'000;  // For so many lines.
  LiveLog log_{[this](std::string_view line) {
    if (lines_.size() == room_) return false;
    lines_.emplace_back(line);
    return true;
  }};
};

TEST_F(LiveLogTest, ALineWaitsForTheDrainAndHasItsTime) {
  log_.Tell("gap", "BTCUSDT: gap", kStart);
  EXPECT_TRUE(lines_.empty());
  log_.Drain(kStart);
  EXPECT_EQ(lines_, std::vector<std::string>{"02:00:00.000Z BTCUSDT: gap\n"});
}

TEST_F(LiveLogTest, ALineStaysALine) {
  log_.Tell("gap", "the exchange's words:\r\n02:00:00.000Z a line of theirs\x1b[2J", kStart);
  log_.Drain(kStart);
  EXPECT_EQ(lines_, std::vector<std::string>{"02:00:00.000Z the exchange's words:  02:00:00.000Z a "
                                             "line of theirs [2J\n"});
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

TEST_F(LiveLogTest, ANoticeOutlivesItsWordsAndIsALineOnceItIsDrained) {
  {
    const std::string symbol = "BTCUSDT";
    const std::string words(kLogNoticeTextMax + 50, 'x');
    log_.Tell(Notice{.kind = NoticeKind::kSequenceGap, .symbol = symbol, .a = 4, .b = 9}, kStart);
    log_.Tell(Notice{.kind = NoticeKind::kSnapshotRefused, .symbol = symbol, .text = words},
              kStart);
  }
  log_.Drain(kStart + kSecond);
  EXPECT_EQ(lines_,
            (std::vector<std::string>{
                "02:00:00.000Z BTCUSDT: gap: book at 4, next event begins at 9; resyncing\n",
                "02:00:00.000Z BTCUSDT: snapshot refused: " + std::string(kLogNoticeTextMax, 'x') +
                    "\n"}));
}

TEST_F(LiveLogTest, NoticesBeyondTheirBoundAreCounted) {
  for (std::size_t i = 0; i < kLogNoticesMax + 3; ++i) {
    log_.Tell(Notice{.kind = NoticeKind::kCrossed, .symbol = "BTCUSDT", .a = 1}, kStart);
  }
  log_.Drain(kStart, true);
  ASSERT_EQ(lines_.size(), static_cast<std::size_t>(kLogLinesOfKind) + 2);
  EXPECT_EQ(lines_[lines_.size() - 2],
            "02:00:00.000Z 1004 more like: BTCUSDT: book crossed at 1\n");
  EXPECT_EQ(lines_.back(), "02:00:00.000Z 3 lines had no room\n");
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

TEST_F(LiveLogTest, WhereNobodyReadsNothingWaitsAndTheNewestAreCounted) {
  room_ = 1;
  log_.Tell("a", "first", kStart);
  log_.Tell("b", "second", kStart);
  log_.Drain(kStart);
  ASSERT_EQ(lines_.size(), 1u);
  for (std::size_t i = 0; i < kLogLinesMax; ++i) log_.Tell(std::to_string(i), "more", kStart);
  log_.Drain(kStart);
  EXPECT_EQ(lines_.size(), 1u);
  room_ = 1'000'000;
  log_.Drain(kStart);
  EXPECT_EQ(lines_[1], "02:00:00.000Z second\n");
  EXPECT_EQ(lines_.size(), kLogLinesMax + 2);
  EXPECT_EQ(lines_.back(), "02:00:00.000Z 1 lines had no room\n");
}

TEST_F(LiveLogTest, ALineIsNoLongerThanAPipeTakesAtOnce) {
  log_.Tell("long", std::string(10'000, 'x'), kStart);
  log_.Drain(kStart);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].size(), kLogLineBytesMax);
  EXPECT_EQ(lines_[0].back(), '\n');
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

// A program whose standard error nobody reads goes on; its lines come when somebody does.
TEST(LiveLogPipeTest, AFullPipeIsNotWaitedFor) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const int before = dup(STDERR_FILENO);
  dup2(pipe_ends[1], STDERR_FILENO);
  LiveLog log;
  const std::string line(kLogLineBytesMax, 'x');
  for (int i = 0; i < 64; ++i) log.Tell(std::to_string(i), line, kStart);
  log.Drain(kStart);  // Linux gives a pipe 64 KiB.
  std::string text(1 << 20, '\0');
  const ssize_t first = read(pipe_ends[0], text.data(), text.size());
  log.Drain(kStart);
  const ssize_t second = read(pipe_ends[0], text.data(), text.size());
  dup2(before, STDERR_FILENO);
  EXPECT_GT(first, 0);
  EXPECT_LT(first, static_cast<ssize_t>(64 * kLogLineBytesMax));
  EXPECT_GT(second, 0);
  for (const int descriptor : {before, pipe_ends[0], pipe_ends[1]}) close(descriptor);
}

}  // namespace
}  // namespace thalweg
