// Kept diffs: what goes in comes out, in order, and the bounds drop the oldest.
#include "book/diff_buffer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

namespace thalweg {
namespace {

using Levels = std::vector<Level>;

struct OwnedDiff {
  KeptDiff diff;  // Its spans are unset; the levels are below.
  Levels bids;
  Levels asks;
};

Levels MakeLevels(std::int64_t seed, std::size_t count) {
  Levels levels;
  for (std::size_t i = 0; i < count; ++i) {
    levels.push_back({Price(seed * 1'000 + static_cast<std::int64_t>(i)), Qty(seed)});
  }
  return levels;
}

OwnedDiff MakeDiff(std::int64_t id, std::size_t bid_count, std::size_t ask_count) {
  OwnedDiff made;
  made.diff.ids = {UpdateId(id), UpdateId(id + 1), UpdateId(id - 1)};
  made.diff.effective_time = EventTime(id * 10);
  made.diff.receive_time = ReceiveTime(id * 10 + 3);
  made.diff.qty_decimals = static_cast<int>(id % 9);
  made.bids = MakeLevels(id, bid_count);
  made.asks = MakeLevels(-id, ask_count);
  return made;
}

// Pushes from memory that is overwritten afterwards, as a decoder's is.
void PushFrom(DiffBuffer& buffer, const OwnedDiff& owned) {
  Levels bids = owned.bids;
  Levels asks = owned.asks;
  KeptDiff diff = owned.diff;
  diff.bids = bids;
  diff.asks = asks;
  buffer.Push(diff);
  for (Levels* levels : {&bids, &asks}) {
    for (Level& level : *levels) level = {Price(-7), Qty(-7)};
  }
}

void ExpectHolds(const KeptDiff& kept, const OwnedDiff& owned) {
  ASSERT_EQ(kept.ids.first, owned.diff.ids.first);
  ASSERT_EQ(kept.ids.last, owned.diff.ids.last);
  ASSERT_EQ(kept.ids.previous, owned.diff.ids.previous);
  ASSERT_EQ(kept.effective_time, owned.diff.effective_time);
  ASSERT_EQ(kept.receive_time, owned.diff.receive_time);
  ASSERT_EQ(kept.qty_decimals, owned.diff.qty_decimals);
  ASSERT_EQ(kept.recorded, owned.diff.recorded);
  ASSERT_EQ(Levels(kept.bids.begin(), kept.bids.end()), owned.bids);
  ASSERT_EQ(Levels(kept.asks.begin(), kept.asks.end()), owned.asks);
}

TEST(DiffBufferTest, RetainedDiffsBeginAnewWhenThereIsNoRoomForMore) {
  DiffBuffer buffer;
  const auto retain = [&](std::int64_t id, std::size_t level_count) {
    const Levels levels = MakeLevels(id, level_count);
    KeptDiff diff;
    diff.ids = {UpdateId(id), UpdateId(id), std::nullopt};
    diff.bids = levels;
    buffer.Retain(diff);
  };
  for (std::size_t i = 0; i < kRetainedDiffsMax; ++i) retain(static_cast<std::int64_t>(i), 1);
  EXPECT_EQ(buffer.size(), kRetainedDiffsMax);
  EXPECT_EQ(buffer.overflow_count(), 0);
  retain(5'000, 1);
  ASSERT_EQ(buffer.size(), 1u);
  EXPECT_EQ(buffer.at(0).ids.first, UpdateId(5'000));
  EXPECT_EQ(buffer.overflow_count(), static_cast<std::int64_t>(kRetainedDiffsMax));
  retain(5'001, kRetainedLevelsMax - 1);
  EXPECT_EQ(buffer.size(), 2u);
  retain(5'002, 1);
  EXPECT_EQ(buffer.size(), 1u);
  EXPECT_EQ(buffer.at(0).bids.size(), 1u);
}

TEST(DiffBufferTest, IsEmptyAtFirst) {
  const DiffBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.overflow_count(), 0);
}

TEST(DiffBufferTest, CopiesLevelsSoThatTheSourceMayChange) {
  DiffBuffer buffer;
  const OwnedDiff owned = MakeDiff(5, 3, 2);
  PushFrom(buffer, owned);
  ASSERT_EQ(buffer.size(), 1u);
  ExpectHolds(buffer.at(0), owned);
}

TEST(DiffBufferTest, KeepsDiffsWithoutLevels) {
  DiffBuffer buffer;
  const std::vector<OwnedDiff> diffs{MakeDiff(1, 0, 0), MakeDiff(2, 0, 4), MakeDiff(3, 4, 0),
                                     MakeDiff(4, 0, 0)};
  for (const OwnedDiff& diff : diffs) PushFrom(buffer, diff);
  for (std::size_t i = 0; i < diffs.size(); ++i) ExpectHolds(buffer.at(i), diffs[i]);
}

TEST(DiffBufferTest, MarksOnlyTheNewest) {
  DiffBuffer buffer;
  PushFrom(buffer, MakeDiff(1, 1, 1));
  PushFrom(buffer, MakeDiff(2, 1, 1));
  buffer.MarkNewestRecorded();
  EXPECT_FALSE(buffer.at(0).recorded);
  EXPECT_TRUE(buffer.at(1).recorded);
  EXPECT_EQ(buffer.newest_ids().first, UpdateId(2));
}

TEST(DiffBufferTest, EqualsAPlainListUnderRandomUse) {
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    DiffBuffer buffer;
    std::deque<OwnedDiff> model;
    for (int step = 0; step < 5'000; ++step) {
      // Phases of growth and of decay, so that dead diffs become the majority again and again.
      const bool growing = step / 200 % 2 == 0;
      const auto choice = random() % 100;
      if (choice == 0) {
        buffer.Clear();
        model.clear();
      } else if (choice < (growing ? 80u : 40u)) {
        model.push_back(MakeDiff(step + 1, random() % 6, random() % 6));
        PushFrom(buffer, model.back());
      } else if (choice < 90) {
        if (model.empty()) continue;
        model.pop_front();
        buffer.PopFront();
      } else if (!model.empty()) {
        model.back().diff.recorded = true;
        buffer.MarkNewestRecorded();
      }
      ASSERT_EQ(buffer.empty(), model.empty());
      ASSERT_EQ(buffer.size(), model.size());
      for (std::size_t i = 0; i < model.size(); ++i) ExpectHolds(buffer.at(i), model[i]);
    }
    EXPECT_EQ(buffer.overflow_count(), 0);
  }
}

TEST(DiffBufferTest, FaultS7DropsTheOldestAtTheBoundOfDiffs) {
  DiffBuffer buffer;
  constexpr auto kMax = static_cast<std::int64_t>(kKeptDiffsMax);
  for (std::int64_t id = 1; id <= kMax; ++id) PushFrom(buffer, MakeDiff(id, 1, 0));
  EXPECT_EQ(buffer.size(), kKeptDiffsMax);
  EXPECT_EQ(buffer.overflow_count(), 0);
  for (std::int64_t id = kMax + 1; id <= 3 * kMax; ++id) {
    PushFrom(buffer, MakeDiff(id, 1, 0));
    ASSERT_EQ(buffer.size(), kKeptDiffsMax);
    ASSERT_EQ(buffer.overflow_count(), id - kMax);
    ASSERT_EQ(buffer.at(0).ids.first, UpdateId(id - kMax + 1));
    ASSERT_EQ(buffer.newest_ids().first, UpdateId(id));
  }
  ExpectHolds(buffer.at(0), MakeDiff(2 * kMax + 1, 1, 0));
  ExpectHolds(buffer.at(kKeptDiffsMax - 1), MakeDiff(3 * kMax, 1, 0));
}

TEST(DiffBufferTest, DropsAsManyAsTheLevelsOfANewDiffNeed) {
  DiffBuffer buffer;
  constexpr std::size_t kQuarter = kKeptLevelsMax / 4;
  for (std::int64_t id = 1; id <= 4; ++id)
    PushFrom(buffer, MakeDiff(id, kQuarter / 2, kQuarter / 2));
  EXPECT_EQ(buffer.size(), 4u);  // Full to the last level.
  PushFrom(buffer, MakeDiff(5, 0, 0));
  EXPECT_EQ(buffer.size(), 5u);  // No level, no need.
  PushFrom(buffer, MakeDiff(6, 1, 0));
  EXPECT_EQ(buffer.size(), 5u);
  EXPECT_EQ(buffer.at(0).ids.first, UpdateId(2));
  EXPECT_EQ(buffer.overflow_count(), 1);
  PushFrom(buffer,
           MakeDiff(7, kQuarter, kQuarter));  // Room for one quarter less one level: two go.
  EXPECT_EQ(buffer.at(0).ids.first, UpdateId(4));
  EXPECT_EQ(buffer.overflow_count(), 3);
  ExpectHolds(buffer.at(0), MakeDiff(4, kQuarter / 2, kQuarter / 2));
  ExpectHolds(buffer.at(3), MakeDiff(7, kQuarter, kQuarter));
}

TEST(DiffBufferTest, KeepsADiffLargerThanTheBoundAlone) {
  DiffBuffer buffer;
  PushFrom(buffer, MakeDiff(1, 3, 3));
  PushFrom(buffer, MakeDiff(2, kKeptLevelsMax, 1));
  EXPECT_EQ(buffer.size(), 1u);
  EXPECT_EQ(buffer.overflow_count(), 1);
  EXPECT_EQ(buffer.at(0).bids.size(), kKeptLevelsMax);
  PushFrom(buffer, MakeDiff(3, 1, 1));
  EXPECT_EQ(buffer.size(), 1u);
  ExpectHolds(buffer.at(0), MakeDiff(3, 1, 1));
}

}  // namespace
}  // namespace thalweg
