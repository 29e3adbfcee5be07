// The exchange's rules, edge by edge: what a diff is to a snapshot and to the diff before it.
#include "book/sequencing.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace thalweg {
namespace {

constexpr std::int64_t kBase = 5'000'000'000;  // Beyond 2^32, where real ids are.

constexpr DiffIds Spot(std::int64_t first, std::int64_t last) {
  return {UpdateId(first), UpdateId(last), std::nullopt};
}
constexpr DiffIds Futures(std::int64_t previous, std::int64_t first, std::int64_t last) {
  return {UpdateId(first), UpdateId(last), UpdateId(previous)};
}

struct SpotCase {
  std::int64_t first;  // Relative to the book's id.
  std::int64_t last;
  DiffVerdict expected;
};

constexpr SpotCase kSpotCases[] = {
    {-5, -3, DiffVerdict::kStale},     {-1, -1, DiffVerdict::kStale},
    {-5, 0, DiffVerdict::kStale},      {0, 0, DiffVerdict::kStale},                // u == L
    {-5, 1, DiffVerdict::kApply},      {0, 1, DiffVerdict::kApply},                // U <= L < u
    {0, 9, DiffVerdict::kApply},       {-1, 1, DiffVerdict::kApply},               // U <= L < u
    {1, 1, DiffVerdict::kApply},       {1, 7, DiffVerdict::kApply},                // U == L + 1
    {2, 2, DiffVerdict::kGap},         {2, 9, DiffVerdict::kGap},                  // U == L + 2
    {3, 3, DiffVerdict::kGap},         {1'000'000, 2'000'000, DiffVerdict::kGap},  // far beyond
    {1, 0, DiffVerdict::kMalformed},   {2, 1, DiffVerdict::kMalformed},            // U > u
    {-1, -2, DiffVerdict::kMalformed},
};

TEST(SpotSequencingTest, FaultS2EveryEdgeOfTheTableAfterASnapshotAndAfterADiff) {
  for (const SpotCase& c : kSpotCases) {
    SCOPED_TRACE(::testing::Message() << "U = L" << c.first << ", u = L" << c.last);
    const DiffIds ids = Spot(kBase + c.first, kBase + c.last);
    EXPECT_EQ(JudgeFirst(Numbering::kSpot, UpdateId(kBase), ids), c.expected);
    EXPECT_EQ(JudgeNext(Numbering::kSpot, UpdateId(kBase), ids), c.expected);
  }
}

TEST(SpotSequencingTest, ASnapshotOneBeforeTheFirstDiffIsContiguous) {
  // The documented procedure asks again only when the snapshot is older than that.
  EXPECT_EQ(JudgeFirst(Numbering::kSpot, UpdateId(99), Spot(100, 105)), DiffVerdict::kApply);
  EXPECT_EQ(JudgeFirst(Numbering::kSpot, UpdateId(98), Spot(100, 105)), DiffVerdict::kGap);
}

TEST(SpotSequencingTest, TheDocumentedNormalFlowIsNoGap) {
  // An old text of the procedure called U > L a gap, which is every diff of a healthy feed.
  EXPECT_EQ(JudgeNext(Numbering::kSpot, UpdateId(105), Spot(106, 110)), DiffVerdict::kApply);
}

TEST(SpotSequencingTest, APreviousIdIsNotLookedAt) {
  EXPECT_EQ(JudgeNext(Numbering::kSpot, UpdateId(10), Futures(3, 11, 12)), DiffVerdict::kApply);
  EXPECT_EQ(JudgeNext(Numbering::kSpot, UpdateId(10), Futures(-3, 11, 12)), DiffVerdict::kApply);
}

// From the definition, over sets: the ids of the book are all those up to L.
DiffVerdict SpotVerdictBySets(std::int64_t book, std::int64_t first, std::int64_t last) {
  if (first < 0 || first > last) return DiffVerdict::kMalformed;
  bool any_new = false;
  for (std::int64_t id = first; id <= last; ++id) any_new |= id > book;
  bool any_missing = false;
  for (std::int64_t id = 0; id < first; ++id) any_missing |= id > book;
  if (!any_new) return DiffVerdict::kStale;
  return any_missing ? DiffVerdict::kGap : DiffVerdict::kApply;
}

TEST(SpotSequencingTest, AgreesWithSetsOfIdsForAllSmallNumbers) {
  for (std::int64_t book = 0; book <= 12; ++book) {
    for (std::int64_t first = -2; first <= 16; ++first) {
      for (std::int64_t last = -2; last <= 16; ++last) {
        const DiffVerdict expected = SpotVerdictBySets(book, first, last);
        const DiffIds ids = Spot(first, last);
        ASSERT_EQ(JudgeFirst(Numbering::kSpot, UpdateId(book), ids), expected);
        ASSERT_EQ(JudgeNext(Numbering::kSpot, UpdateId(book), ids), expected);
      }
    }
  }
}

struct FuturesCase {
  std::int64_t previous;  // All relative to the book's id.
  std::int64_t first;
  std::int64_t last;
  DiffVerdict after_snapshot;
  DiffVerdict after_diff;
};

constexpr FuturesCase kFuturesCases[] = {
    // u < id: stale, whatever the rest says.
    {-9, -5, -1, DiffVerdict::kStale, DiffVerdict::kStale},
    {0, -5, -1, DiffVerdict::kStale, DiffVerdict::kStale},
    // u == id: the snapshot has its effect, yet the next diff names it as its predecessor.
    {-5, -4, 0, DiffVerdict::kApply, DiffVerdict::kStale},
    {0, 0, 0, DiffVerdict::kApply, DiffVerdict::kStale},
    // U <= id <= u, the documented first event.
    {-5, -4, 3, DiffVerdict::kApply, DiffVerdict::kGap},
    {-1, 0, 3, DiffVerdict::kApply, DiffVerdict::kGap},
    // pu < id < U: the id lies between two events of this symbol, among ids of other symbols.
    {-1, 1, 3, DiffVerdict::kApply, DiffVerdict::kGap},
    {-5, 40, 41, DiffVerdict::kApply, DiffVerdict::kGap},
    // pu == id.
    {0, 1, 1, DiffVerdict::kApply, DiffVerdict::kApply},
    {0, 1, 9, DiffVerdict::kApply, DiffVerdict::kApply},
    {0, 1'000, 1'009, DiffVerdict::kApply, DiffVerdict::kApply},
    // pu > id: an event between them is missing.
    {1, 2, 9, DiffVerdict::kGap, DiffVerdict::kGap},
    {2, 3, 3, DiffVerdict::kGap, DiffVerdict::kGap},
    // U > u.
    {0, 2, 1, DiffVerdict::kMalformed, DiffVerdict::kMalformed},
};

TEST(FuturesSequencingTest, FaultS2EveryEdgeOfTheTableAfterASnapshotAndAfterADiff) {
  for (const FuturesCase& c : kFuturesCases) {
    SCOPED_TRACE(::testing::Message()
                 << "pu = L" << c.previous << ", U = L" << c.first << ", u = L" << c.last);
    const DiffIds ids = Futures(kBase + c.previous, kBase + c.first, kBase + c.last);
    EXPECT_EQ(JudgeFirst(Numbering::kFutures, UpdateId(kBase), ids), c.after_snapshot);
    EXPECT_EQ(JudgeNext(Numbering::kFutures, UpdateId(kBase), ids), c.after_diff);
  }
}

TEST(FuturesSequencingTest, IdsOfOtherSymbolsBetweenEventsAreNoGap) {
  EXPECT_EQ(JudgeNext(Numbering::kFutures, UpdateId(100), Futures(100, 480, 490)),
            DiffVerdict::kApply);
}

TEST(FuturesSequencingTest, ConsecutiveIdsDoNotHelpWhenThePredecessorIsAnother) {
  EXPECT_EQ(JudgeNext(Numbering::kFutures, UpdateId(100), Futures(99, 101, 110)),
            DiffVerdict::kGap);
}

TEST(SequencingTest, NegativeOrAbsentIdsAreMalformed) {
  for (const Numbering numbering : {Numbering::kSpot, Numbering::kFutures}) {
    for (const DiffIds& ids : {Futures(1, -1, 5), Futures(1, -5, -2), Futures(1, 6, 5)}) {
      EXPECT_FALSE(WellFormed(numbering, ids));
      EXPECT_EQ(JudgeFirst(numbering, UpdateId(3), ids), DiffVerdict::kMalformed);
      EXPECT_EQ(JudgeNext(numbering, UpdateId(3), ids), DiffVerdict::kMalformed);
      // Not even an empty book takes ids that cannot be.
      EXPECT_EQ(JudgeFirst(numbering, kEmptyBookId, ids), DiffVerdict::kMalformed);
    }
  }
  EXPECT_EQ(JudgeNext(Numbering::kFutures, UpdateId(3), Spot(4, 5)), DiffVerdict::kMalformed);
  EXPECT_EQ(JudgeNext(Numbering::kFutures, UpdateId(3), Futures(-1, 4, 5)),
            DiffVerdict::kMalformed);
}

TEST(SequencingTest, TheFirstIdsOfAllAreWellFormed) {
  EXPECT_EQ(JudgeFirst(Numbering::kSpot, UpdateId(0), Spot(0, 0)), DiffVerdict::kStale);
  EXPECT_EQ(JudgeFirst(Numbering::kSpot, UpdateId(0), Spot(0, 1)), DiffVerdict::kApply);
  EXPECT_EQ(JudgeFirst(Numbering::kFutures, UpdateId(0), Futures(0, 0, 0)), DiffVerdict::kApply);
}

TEST(SequencingTest, AnyEventContinuesABookThatNeverHadALevel) {
  EXPECT_EQ(JudgeFirst(Numbering::kSpot, kEmptyBookId, Spot(kBase, kBase)), DiffVerdict::kApply);
  EXPECT_EQ(JudgeFirst(Numbering::kSpot, kEmptyBookId, Spot(0, 0)), DiffVerdict::kApply);
  EXPECT_EQ(JudgeFirst(Numbering::kFutures, kEmptyBookId, Futures(kBase, kBase + 1, kBase + 2)),
            DiffVerdict::kApply);
}

}  // namespace
}  // namespace thalweg
