// The synchronisation of a book: each case by name, then every small feed against an oracle.
//
// The oracle knows the truth: which ids a book holds, as a set of bits. A book that is live must
// hold an unbroken set from the first id on; a book that the frames received so far allow to be
// live must be live; and a gap is answered once for every hole in what was received.
#include "book/synchronizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/test_part.h"

namespace thalweg {
namespace {

DiffIds Spot(std::int64_t first, std::int64_t last) {
  return {UpdateId(first), UpdateId(last), std::nullopt};
}
DiffIds Futures(std::int64_t previous, std::int64_t first, std::int64_t last) {
  return {UpdateId(first), UpdateId(last), UpdateId(previous)};
}

constexpr EventTime kNow(1'700'000'000'000'000'000);

// A caller as small as one can be: it keeps diffs, holds one snapshot, and notes what the book
// is made of.
class Caller {
 public:
  explicit Caller(Numbering numbering = Numbering::kSpot) { sync_.set_numbering(numbering); }

  DiffAnswer Diff(const DiffIds& ids, EventTime clock = kNow) {
    const DiffAnswer answer = sync_.OnDiff(ids, clock);
    switch (answer) {
      case DiffAnswer::kApply:
        applied_.push_back(ids);
        break;
      case DiffAnswer::kKeepAfterGap:
      case DiffAnswer::kKeepAfterHole:
      case DiffAnswer::kKeepAfterRestart:
        kept_.Clear();
        [[fallthrough]];
      case DiffAnswer::kKeep:
        Keep(ids);
        break;
      case DiffAnswer::kDrop:
        break;
      case DiffAnswer::kRefuse:
        kept_.Clear();
        break;
    }
    return answer;
  }

  // REQUIRES: !live(). A snapshot for a live book is an audit, which is no matter of ids alone.
  SnapshotFit Snapshot(std::int64_t id) {
    held_ = UpdateId(id);
    return Fit();
  }

  [[nodiscard]] bool live() const { return sync_.live(); }
  [[nodiscard]] std::int64_t id() const { return sync_.applied_id().raw(); }
  // REQUIRES: live(). The snapshot of the book and the diffs applied to it, in order.
  [[nodiscard]] std::int64_t snapshot() const { return base_.raw(); }
  [[nodiscard]] const std::vector<DiffIds>& applied() const { return applied_; }
  [[nodiscard]] std::size_t kept_count() const { return kept_.size(); }
  [[nodiscard]] bool holds_snapshot() const { return held_.has_value(); }
  Synchronizer& sync() { return sync_; }
  DiffBuffer& kept() { return kept_; }

 private:
  void Keep(const DiffIds& ids) {
    KeptDiff diff;
    diff.ids = ids;
    kept_.Push(diff);
    if (held_) (void)Fit();
  }

  SnapshotFit Fit() {
    const SnapshotFit fit = sync_.FitSnapshot(*held_, kept_);
    if (fit == SnapshotFit::kTooOld) held_.reset();
    if (fit == SnapshotFit::kContinued) {
      base_ = *held_;
      held_.reset();
      applied_.clear();
      for (std::size_t i = 0; i < kept_.size(); ++i) applied_.push_back(kept_.at(i).ids);
      sync_.BecomeLive(kept_.newest_ids().last);
      kept_.Clear();
    }
    return fit;
  }

  Synchronizer sync_;
  DiffBuffer kept_;
  std::optional<UpdateId> held_;
  UpdateId base_;
  std::vector<DiffIds> applied_;
};

// A caller whose book is live at `id`.
Caller LiveAt(std::int64_t id) {
  Caller caller;
  (void)caller.Diff(Spot(id, id));
  EXPECT_EQ(caller.Snapshot(id - 1), SnapshotFit::kContinued);
  return caller;
}

// The numbers in the names are those of the table of edge cases in docs/SEQUENCING.md.

TEST(SynchronizerTest, Case01SnapshotOlderThanTheFirstKeptDiffIsRefusedAndTheBufferKept) {
  Caller caller;
  EXPECT_EQ(caller.Diff(Spot(100, 105)), DiffAnswer::kKeep);
  EXPECT_EQ(caller.Diff(Spot(106, 108)), DiffAnswer::kKeep);
  EXPECT_EQ(caller.Snapshot(98), SnapshotFit::kTooOld);
  EXPECT_FALSE(caller.live());
  EXPECT_EQ(caller.kept_count(), 2u);
  EXPECT_EQ(caller.Snapshot(101), SnapshotFit::kContinued);  // The next answer fits.
  EXPECT_EQ(caller.id(), 108);
}

TEST(SynchronizerTest, Case02SnapshotExactlyOneBeforeTheFirstKeptDiffIsAccepted) {
  Caller caller;
  (void)caller.Diff(Spot(100, 105));
  EXPECT_EQ(caller.Snapshot(99), SnapshotFit::kContinued);
  EXPECT_EQ(caller.applied().size(), 1u);
  EXPECT_EQ(caller.id(), 105);
}

TEST(SynchronizerTest, Case03DiffThatStraddlesTheSnapshotIsAppliedWhole) {
  Caller caller;
  (void)caller.Diff(Spot(90, 99));
  (void)caller.Diff(Spot(100, 105));
  EXPECT_EQ(caller.Snapshot(102), SnapshotFit::kContinued);
  ASSERT_EQ(caller.applied().size(), 1u);
  EXPECT_EQ(caller.applied()[0].first, UpdateId(100));
}

TEST(SynchronizerTest, Case04DiffAdjacentToTheSnapshotIsApplied) {
  Caller caller;
  (void)caller.Diff(Spot(90, 99));
  (void)caller.Diff(Spot(100, 105));
  EXPECT_EQ(caller.Snapshot(99), SnapshotFit::kContinued);
  ASSERT_EQ(caller.applied().size(), 1u);
  EXPECT_EQ(caller.applied()[0].first, UpdateId(100));
}

TEST(SynchronizerTest, Case05SnapshotNewerThanEveryKeptDiffWaitsForTheNextOne) {
  Caller caller;
  (void)caller.Diff(Spot(100, 105));
  (void)caller.Diff(Spot(106, 107));
  EXPECT_EQ(caller.Snapshot(107), SnapshotFit::kUndecided);
  EXPECT_EQ(caller.kept_count(), 0u);
  EXPECT_FALSE(caller.live());
  EXPECT_EQ(caller.Diff(Spot(108, 110)), DiffAnswer::kKeep);
  EXPECT_TRUE(caller.live());
  EXPECT_EQ(caller.id(), 110);
}

TEST(SynchronizerTest, Case05SnapshotNewerThanSeveralDiffsToComeWaitsThroughThemAll) {
  Caller caller;
  (void)caller.Diff(Spot(100, 105));
  EXPECT_EQ(caller.Snapshot(120), SnapshotFit::kUndecided);
  (void)caller.Diff(Spot(106, 115));
  EXPECT_FALSE(caller.live());
  (void)caller.Diff(Spot(116, 120));
  EXPECT_FALSE(caller.live());
  (void)caller.Diff(Spot(121, 121));
  ASSERT_TRUE(caller.live());
  EXPECT_EQ(caller.applied().size(), 1u);
}

TEST(SynchronizerTest, Case06SnapshotBeforeAnyDiffIsHeldAndUsedWhenTheFirstContinuesIt) {
  Caller caller;
  EXPECT_EQ(caller.Snapshot(99), SnapshotFit::kUndecided);
  EXPECT_EQ(caller.Diff(Spot(100, 101)), DiffAnswer::kKeep);
  EXPECT_TRUE(caller.live());
}

TEST(SynchronizerTest, Case06SnapshotBeforeAnyDiffIsRefusedWhenTheFirstShowsAGap) {
  Caller caller;
  EXPECT_EQ(caller.Snapshot(98), SnapshotFit::kUndecided);
  EXPECT_EQ(caller.Diff(Spot(100, 101)), DiffAnswer::kKeep);
  EXPECT_FALSE(caller.live());
  EXPECT_FALSE(caller.holds_snapshot());
  EXPECT_EQ(caller.kept_count(), 1u);
}

TEST(SynchronizerTest, Case07DiffFullyBeforeTheBookIsDroppedAndChangesNothing) {
  Caller caller = LiveAt(100);
  EXPECT_EQ(caller.Diff(Spot(90, 99)), DiffAnswer::kDrop);
  EXPECT_EQ(caller.Diff(Spot(90, 100)), DiffAnswer::kDrop);
  EXPECT_TRUE(caller.live());
  EXPECT_EQ(caller.id(), 100);
  EXPECT_EQ(caller.Diff(Spot(101, 102)), DiffAnswer::kApply);
}

TEST(SynchronizerTest, Case08SecondOfTwoEqualDiffsIsStale) {
  Caller caller = LiveAt(100);
  EXPECT_EQ(caller.Diff(Spot(101, 102)), DiffAnswer::kApply);
  EXPECT_EQ(caller.Diff(Spot(101, 102)), DiffAnswer::kDrop);
  Caller buffering;
  EXPECT_EQ(buffering.Diff(Spot(101, 102)), DiffAnswer::kKeep);
  EXPECT_EQ(buffering.Diff(Spot(101, 102)), DiffAnswer::kDrop);
  EXPECT_EQ(buffering.kept_count(), 1u);
}

TEST(SynchronizerTest, Case09GapEndsTheBookAndKeepsTheDiffThatShowedIt) {
  Caller caller = LiveAt(100);
  EXPECT_EQ(caller.Diff(Spot(102, 103)), DiffAnswer::kKeepAfterGap);
  EXPECT_FALSE(caller.live());
  EXPECT_EQ(caller.kept_count(), 1u);
  EXPECT_EQ(caller.Diff(Spot(104, 105)), DiffAnswer::kKeep);
  EXPECT_EQ(caller.Snapshot(101), SnapshotFit::kContinued);
  EXPECT_EQ(caller.applied().size(), 2u);
  EXPECT_EQ(caller.Diff(Spot(106, 106)), DiffAnswer::kApply);
}

TEST(SynchronizerTest, Case10HoleInTheBufferDropsEverythingBeforeIt) {
  Caller caller = LiveAt(100);
  (void)caller.Diff(Spot(102, 103));
  (void)caller.Diff(Spot(104, 105));
  EXPECT_EQ(caller.Diff(Spot(107, 108)), DiffAnswer::kKeepAfterHole);
  EXPECT_EQ(caller.kept_count(), 1u);
  // A snapshot from before the hole would have fitted what was dropped.
  EXPECT_EQ(caller.Snapshot(101), SnapshotFit::kTooOld);
  EXPECT_EQ(caller.Snapshot(106), SnapshotFit::kContinued);
}

TEST(SynchronizerTest, Case10HeldSnapshotThatCoversTheHoleIsUsed) {
  Caller caller;
  (void)caller.Diff(Spot(100, 101));
  EXPECT_EQ(caller.Snapshot(103), SnapshotFit::kUndecided);
  EXPECT_EQ(caller.Diff(Spot(104, 105)), DiffAnswer::kKeepAfterHole);
  EXPECT_TRUE(caller.live());
  EXPECT_EQ(caller.id(), 105);
}

TEST(SynchronizerTest, Case18ReconnectionContinuesTheBookWhenNoIdIsMissing) {
  Caller caller = LiveAt(100);
  // The new connection's first events overlap and straddle what the old one brought.
  EXPECT_EQ(caller.Diff(Spot(97, 99)), DiffAnswer::kDrop);
  EXPECT_EQ(caller.Diff(Spot(100, 103)), DiffAnswer::kApply);
  EXPECT_EQ(caller.Diff(Spot(104, 104)), DiffAnswer::kApply);
}

TEST(SynchronizerTest, Case18ReconnectionWithAHoleNeedsANewSnapshot) {
  Caller caller = LiveAt(100);
  EXPECT_EQ(caller.Diff(Spot(140, 141)), DiffAnswer::kKeepAfterGap);
  EXPECT_EQ(caller.Snapshot(130), SnapshotFit::kTooOld);
  EXPECT_EQ(caller.Snapshot(139), SnapshotFit::kContinued);
}

TEST(SynchronizerTest, Case19TwoConnectionsInTurnNeedNoSnapshot) {
  Caller caller = LiveAt(100);
  // Their events have different borders; whichever is behind is stale or straddles.
  const DiffIds feed[] = {Spot(101, 103), Spot(99, 101),  Spot(102, 104), Spot(104, 106),
                          Spot(105, 105), Spot(106, 109), Spot(107, 108), Spot(109, 112)};
  const DiffAnswer expected[] = {DiffAnswer::kApply, DiffAnswer::kDrop, DiffAnswer::kApply,
                                 DiffAnswer::kApply, DiffAnswer::kDrop, DiffAnswer::kApply,
                                 DiffAnswer::kDrop,  DiffAnswer::kApply};
  for (std::size_t i = 0; i < std::size(feed); ++i) EXPECT_EQ(caller.Diff(feed[i]), expected[i]);
  EXPECT_EQ(caller.id(), 112);
}

TEST(SynchronizerTest, Case22RestartOfTheNumberingIsProvenByTwentyStaleDiffsOverTenSeconds) {
  Caller caller = LiveAt(1'000'000);
  EventTime clock = kNow;
  for (int i = 0; i < kRestartStaleFrames - 1; ++i, clock = clock + kSecond) {
    EXPECT_EQ(caller.Diff(Spot(i + 1, i + 1), clock), DiffAnswer::kDrop);
    EXPECT_TRUE(caller.live());
  }
  EXPECT_EQ(caller.Diff(Spot(20, 20), clock), DiffAnswer::kKeepAfterRestart);
  EXPECT_FALSE(caller.live());
  EXPECT_EQ(caller.kept_count(), 1u);
  EXPECT_EQ(caller.Diff(Spot(21, 21), clock), DiffAnswer::kKeep);  // The new numbering's chain.
  EXPECT_EQ(caller.Snapshot(19), SnapshotFit::kContinued);
  EXPECT_EQ(caller.id(), 21);
}

TEST(SynchronizerTest, Case22ManyStaleDiffsInAShortTimeProveNothing) {
  Caller caller = LiveAt(1'000'000);
  for (int i = 0; i < 500; ++i) {
    const EventTime clock = kNow + i * (kRestartSpan - 1) / 499;
    ASSERT_EQ(caller.Diff(Spot(i + 1, i + 1), clock), DiffAnswer::kDrop);
  }
  EXPECT_EQ(caller.Diff(Spot(501, 501), kNow + kRestartSpan), DiffAnswer::kKeepAfterRestart);
}

TEST(SynchronizerTest, Case22FewStaleDiffsOverALongTimeProveNothing) {
  Caller caller = LiveAt(1'000'000);
  for (int i = 0; i < kRestartStaleFrames - 1; ++i) {
    ASSERT_EQ(caller.Diff(Spot(i + 1, i + 1), kNow + i * kHour), DiffAnswer::kDrop);
  }
  EXPECT_TRUE(caller.live());
}

TEST(SynchronizerTest, Case22OneGoodDiffStartsTheProofAnew) {
  Caller caller = LiveAt(1'000'000);
  EventTime clock = kNow;
  for (int i = 0; i < kRestartStaleFrames - 1; ++i, clock = clock + kSecond) {
    (void)caller.Diff(Spot(i + 1, i + 1), clock);
  }
  EXPECT_EQ(caller.Diff(Spot(1'000'001, 1'000'001), clock), DiffAnswer::kApply);
  for (int i = 0; i < kRestartStaleFrames - 1; ++i, clock = clock + kSecond) {
    ASSERT_EQ(caller.Diff(Spot(i + 1, i + 1), clock), DiffAnswer::kDrop);
  }
  EXPECT_EQ(caller.Diff(Spot(50, 50), clock), DiffAnswer::kKeepAfterRestart);
}

TEST(SynchronizerTest, Case22RestartIsFoundWhileBufferingToo) {
  Caller caller;
  (void)caller.Diff(Spot(1'000'000, 1'000'000));
  DiffAnswer last = DiffAnswer::kKeep;
  for (int i = 0; i < kRestartStaleFrames; ++i) {
    last = caller.Diff(Spot(i + 1, i + 1), kNow + i * kSecond);
  }
  EXPECT_EQ(last, DiffAnswer::kKeepAfterRestart);
  EXPECT_EQ(caller.Snapshot(19), SnapshotFit::kContinued);
}

TEST(SynchronizerTest, Case23EmptyBookTakesAnyFirstDiff) {
  Caller held;
  EXPECT_EQ(held.Snapshot(-1), SnapshotFit::kUndecided);
  EXPECT_EQ(held.Diff(Spot(5'000, 5'001)), DiffAnswer::kKeep);
  EXPECT_TRUE(held.live());
  Caller kept;
  (void)kept.Diff(Spot(5'000, 5'001));
  (void)kept.Diff(Spot(5'002, 5'002));
  EXPECT_EQ(kept.Snapshot(-1), SnapshotFit::kContinued);
  EXPECT_EQ(kept.applied().size(), 2u);
  // After it, the usual rule.
  EXPECT_EQ(kept.Diff(Spot(5'004, 5'004)), DiffAnswer::kKeepAfterGap);
}

TEST(SynchronizerTest, Case24BufferThatDroppedItsOldestNeedsASnapshotThatReachesFurther) {
  Caller caller;
  constexpr auto kMax = static_cast<std::int64_t>(kKeptDiffsMax);
  for (std::int64_t id = 1; id <= kMax + 10; ++id) {
    ASSERT_EQ(caller.Diff(Spot(id, id)), DiffAnswer::kKeep);
  }
  EXPECT_EQ(caller.kept_count(), kKeptDiffsMax);
  EXPECT_EQ(caller.Snapshot(9), SnapshotFit::kTooOld);
  EXPECT_EQ(caller.Snapshot(10), SnapshotFit::kContinued);
  EXPECT_EQ(caller.applied().size(), kKeptDiffsMax);
}

TEST(SynchronizerTest, MalformedDiffEndsALiveBook) {
  for (const DiffIds& ids : {Spot(102, 101), Spot(-1, 101)}) {
    Caller caller = LiveAt(100);
    EXPECT_EQ(caller.Diff(ids), DiffAnswer::kRefuse);
    EXPECT_FALSE(caller.live());
    EXPECT_EQ(caller.kept_count(), 0u);
    EXPECT_EQ(caller.Diff(Spot(150, 151)), DiffAnswer::kKeepAfterHole);
  }
}

TEST(SynchronizerTest, MalformedDiffWhileBufferingLeavesTheChainToTheNextIds) {
  Synchronizer sync;
  EXPECT_EQ(sync.OnDiff(Spot(100, 101), kNow), DiffAnswer::kKeep);
  EXPECT_EQ(sync.OnDiff(Spot(9, 8), kNow), DiffAnswer::kRefuse);
  EXPECT_EQ(sync.OnDiff(Spot(102, 103), kNow), DiffAnswer::kKeep);
  EXPECT_EQ(sync.OnDiff(Spot(105, 105), kNow), DiffAnswer::kKeepAfterHole);
}

TEST(SynchronizerTest, ADiffThatContinuesAnInvalidatedBookIsKept) {
  Caller caller = LiveAt(100);
  caller.sync().Invalidate();
  EXPECT_FALSE(caller.live());
  EXPECT_EQ(caller.Diff(Spot(101, 102)), DiffAnswer::kKeep);
  EXPECT_EQ(caller.Snapshot(102), SnapshotFit::kUndecided);
  EXPECT_EQ(caller.Diff(Spot(103, 103)), DiffAnswer::kKeep);
  EXPECT_TRUE(caller.live());
}

TEST(SynchronizerTest, IdsMissingAfterAnInvalidatedBookAreAHole) {
  Caller caller = LiveAt(100);
  caller.sync().Invalidate();
  EXPECT_EQ(caller.Diff(Spot(103, 104)), DiffAnswer::kKeepAfterHole);
  EXPECT_EQ(caller.Snapshot(103), SnapshotFit::kContinued);
  EXPECT_TRUE(caller.live());
}

TEST(SynchronizerTest, ADiffThatTheInvalidatedBookHadIsStale) {
  Caller caller = LiveAt(100);
  caller.sync().Invalidate();
  EXPECT_EQ(caller.Diff(Spot(99, 100)), DiffAnswer::kDrop);
  EXPECT_EQ(caller.Diff(Spot(101, 102)), DiffAnswer::kKeep) << "nothing is missing";
}

TEST(SynchronizerTest, FuturesDiffThatEndsAtTheSnapshotIsAppliedAndItsSuccessorContinues) {
  Caller caller(Numbering::kFutures);
  (void)caller.Diff(Futures(80, 90, 100));
  (void)caller.Diff(Futures(100, 140, 150));
  EXPECT_EQ(caller.Snapshot(100), SnapshotFit::kContinued);
  EXPECT_EQ(caller.applied().size(), 2u);
  EXPECT_EQ(caller.Diff(Futures(150, 190, 200)), DiffAnswer::kApply);
  EXPECT_EQ(caller.Diff(Futures(201, 210, 220)), DiffAnswer::kKeepAfterGap);
}

TEST(SynchronizerTest, FuturesSnapshotBetweenTwoEventsIsContinuedByTheLater) {
  Caller caller(Numbering::kFutures);
  (void)caller.Diff(Futures(80, 90, 100));
  (void)caller.Diff(Futures(100, 140, 150));
  EXPECT_EQ(caller.Snapshot(120), SnapshotFit::kContinued);
  ASSERT_EQ(caller.applied().size(), 1u);
  EXPECT_EQ(caller.applied()[0].last, UpdateId(150));
}

// --- Every small feed -----------------------------------------------------------------------

// Ids as bits: bit n is id n.
using IdSet = std::uint32_t;
IdSet UpTo(std::int64_t id) { return (IdSet{2} << id) - 1; }
IdSet Of(const DiffIds& ids) { return UpTo(ids.last.raw()) & ~(UpTo(ids.first.raw()) >> 1); }

// The truth about spot ids, from sets alone.
class SpotTruth {
 public:
  // A hole: ids are missing between everything received and this diff.
  bool OnDiff(const DiffIds& ids) {
    const IdSet lowest = IdSet{1} << ids.first.raw();
    const bool hole = seen_ != 0 && seen_ < lowest && (seen_ & lowest >> 1) == 0;
    seen_ |= Of(ids);
    received_.push_back(ids);
    return hole;
  }
  // Whether some book can be live: the snapshot and everything received fit without a hole, and a
  // diff goes beyond the snapshot. `book`: the ids it then holds.
  [[nodiscard]] bool CanBeLive(std::int64_t snapshot, IdSet* book) const {
    *book = UpTo(snapshot);
    bool continued = false;
    for (const DiffIds& ids : received_) {
      if ((Of(ids) & ~*book) == 0) continue;
      if (((UpTo(ids.first.raw()) >> 1) & ~*book) != 0) return false;
      *book |= Of(ids);
      continued = true;
    }
    return continued;
  }

 private:
  IdSet seen_ = 0;
  std::vector<DiffIds> received_;
};

bool IsGapAnswer(DiffAnswer answer) {
  return answer == DiffAnswer::kKeepAfterGap || answer == DiffAnswer::kKeepAfterHole;
}

// Runs one feed with one snapshot that arrives before the diff at `position`, and holds every
// answer against the truth.
void CheckSpotFeed(const std::vector<DiffIds>& feed, std::int64_t snapshot, std::size_t position) {
  Caller caller;
  SpotTruth truth;
  for (std::size_t i = 0; i <= feed.size(); ++i) {
    if (i == position) (void)caller.Snapshot(snapshot);
    if (i < feed.size()) {
      const bool hole = truth.OnDiff(feed[i]);
      ASSERT_EQ(IsGapAnswer(caller.Diff(feed[i])), hole) << "diff " << i;
    }
    IdSet expected = 0;
    const bool can_be_live = i >= position && truth.CanBeLive(snapshot, &expected);
    ASSERT_EQ(caller.live(), can_be_live) << "after step " << i;
    if (!caller.live()) continue;
    IdSet book = UpTo(caller.snapshot());
    for (const DiffIds& ids : caller.applied()) book |= Of(ids);
    ASSERT_EQ(book, UpTo(caller.id())) << "a hole in the book after step " << i;
    ASSERT_EQ(book, expected) << "after step " << i;
  }
}

// One more diff, and a snapshot from before it if need be, always make a book, whatever happened.
void CheckRecovery(Caller& caller, std::int64_t newest, const DiffIds& next) {
  (void)caller.Diff(next);
  if (!caller.live()) (void)caller.Snapshot(newest);
  ASSERT_TRUE(caller.live());
  ASSERT_EQ(caller.id(), next.last.raw());
}

TEST(EveryFeedTest, FaultS1AllSequencesOfSpotDiffsOverFourIds) {
  // Any borders in any order: ten diffs over the ids 1 to 4, sequences of up to four of them (five
  // in the long part), every snapshot id, every place of its arrival.
  std::vector<DiffIds> diffs;
  for (std::int64_t first = 1; first <= 4; ++first) {
    for (std::int64_t last = first; last <= 4; ++last) diffs.push_back(Spot(first, last));
  }
  const std::size_t longest = TakeShortPart() ? 3 : 5;
  RecordProperty("longest_sequence", static_cast<int>(longest));
  for (std::size_t length = 1; length <= longest; ++length) {
    std::vector<std::size_t> choice(length, 0);
    std::vector<DiffIds> feed(length);
    for (bool more = true; more;) {
      for (std::size_t i = 0; i < length; ++i) feed[i] = diffs[choice[i]];
      for (std::int64_t snapshot = 0; snapshot <= 4; ++snapshot) {
        for (std::size_t position = 0; position <= length; ++position) {
          CheckSpotFeed(feed, snapshot, position);
          if (HasFatalFailure()) {
            for (const DiffIds& ids : feed) {
              ADD_FAILURE() << "[" << ids.first.raw() << ", " << ids.last.raw() << "]";
            }
            FAIL() << "snapshot " << snapshot << " at " << position;
          }
        }
      }
      std::size_t at = 0;
      while (at < length && ++choice[at] == diffs.size()) choice[at++] = 0;
      more = at < length;
    }
  }
}

// What a network can do to each diff of a true stream.
enum class Fate { kDeliver, kDrop, kDuplicate, kSwapWithNext };
constexpr int kFates = 4;

std::vector<DiffIds> Suffer(const std::vector<DiffIds>& stream, int fates) {
  std::vector<DiffIds> feed;
  std::optional<DiffIds> late;
  for (const DiffIds& ids : stream) {
    const Fate fate = static_cast<Fate>(fates % kFates);
    fates /= kFates;
    const std::optional<DiffIds> now_late = std::exchange(late, std::nullopt);
    if (fate == Fate::kSwapWithNext) {
      late = ids;
    } else if (fate != Fate::kDrop) {
      feed.push_back(ids);
      if (fate == Fate::kDuplicate) feed.push_back(ids);
    }
    if (now_late) feed.push_back(*now_late);
  }
  if (late) feed.push_back(*late);
  return feed;
}

int PowerOf(int base, int exponent) {
  int power = 1;
  for (int i = 0; i < exponent; ++i) power *= base;
  return power;
}

TEST(EveryFeedTest, FaultS1SpotStreamOfFiveDiffsUnderEveryFate) {
  // Five consecutive diffs of one or two ids each, each delivered, dropped, doubled or swapped with
  // its neighbour; every snapshot id, every place of its arrival.
  const int shapes = TakeShortPart() ? 1 : 32;
  RecordProperty("shapes", shapes);
  for (int shape = 0; shape < shapes; ++shape) {
    std::vector<DiffIds> stream;
    std::int64_t next = 1;
    for (int i = 0; i < 5; ++i) {
      const std::int64_t width = 1 + (shape >> i & 1);
      stream.push_back(Spot(next, next + width - 1));
      next += width;
    }
    for (int fates = 0; fates < PowerOf(kFates, 5); ++fates) {
      const std::vector<DiffIds> feed = Suffer(stream, fates);
      for (std::int64_t snapshot = 0; snapshot < next; ++snapshot) {
        for (std::size_t position = 0; position <= feed.size(); ++position) {
          CheckSpotFeed(feed, snapshot, position);
          ASSERT_FALSE(HasFatalFailure()) << "shape " << shape << ", fates " << fates
                                          << ", snapshot " << snapshot << " at " << position;
        }
        Caller caller;
        (void)caller.Snapshot(snapshot);
        for (const DiffIds& ids : feed) (void)caller.Diff(ids);
        CheckRecovery(caller, next - 1, Spot(next, next));
        ASSERT_FALSE(HasFatalFailure()) << "no recovery: shape " << shape << ", fates " << fates;
      }
    }
  }
}

// The truth about futures: the stream itself. A book holds events; its snapshot holds those that
// end at or before its id.
class FuturesTruth {
 public:
  explicit FuturesTruth(const std::vector<DiffIds>& stream) : stream_(stream) {}

  [[nodiscard]] IdSet EventsUpTo(std::int64_t id) const {
    IdSet events = 0;
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      if (stream_[i].last.raw() <= id) events |= IdSet{1} << i;
    }
    return events;
  }
  [[nodiscard]] IdSet EventOf(const DiffIds& ids) const {
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      if (stream_[i].last == ids.last) return IdSet{1} << i;
    }
    return 0;
  }

  bool OnDiff(const DiffIds& ids) {
    const IdSet event = EventOf(ids);
    const bool hole = seen_ != 0 && event > seen_ && (seen_ & event >> 1) == 0;
    seen_ |= event;
    received_.push_back(ids);
    return hole;
  }
  // As for spot, except that a diff which ends exactly at the snapshot's id counts as continuing
  // it, and the event before the first one of the stream is in every snapshot that names it.
  [[nodiscard]] bool CanBeLive(std::int64_t snapshot, IdSet* book) const {
    *book = EventsUpTo(snapshot);
    bool continued = false;
    for (const DiffIds& ids : received_) {
      const IdSet event = EventOf(ids);
      if (ids.last.raw() == snapshot) continued = true;
      if ((event & ~*book) == 0) continue;
      const bool knows_all_before =
          ((event - 1) & ~*book) == 0 && snapshot >= stream_.front().previous->raw();
      if (!knows_all_before) return false;
      *book |= event;
      continued = true;
    }
    return continued;
  }

 private:
  std::vector<DiffIds> stream_;
  IdSet seen_ = 0;
  std::vector<DiffIds> received_;
};

void CheckFuturesFeed(const std::vector<DiffIds>& stream, const std::vector<DiffIds>& feed,
                      std::int64_t snapshot, std::size_t position) {
  Caller caller(Numbering::kFutures);
  FuturesTruth truth(stream);
  for (std::size_t i = 0; i <= feed.size(); ++i) {
    if (i == position) (void)caller.Snapshot(snapshot);
    if (i < feed.size()) {
      const bool hole = truth.OnDiff(feed[i]);
      ASSERT_EQ(IsGapAnswer(caller.Diff(feed[i])), hole) << "diff " << i;
    }
    IdSet expected = 0;
    const bool can_be_live = i >= position && truth.CanBeLive(snapshot, &expected);
    ASSERT_EQ(caller.live(), can_be_live) << "after step " << i;
    if (!caller.live()) continue;
    IdSet book = truth.EventsUpTo(caller.snapshot());
    for (const DiffIds& ids : caller.applied()) book |= truth.EventOf(ids);
    ASSERT_EQ(book, expected) << "after step " << i;
    ASSERT_EQ(book & (book + 1), 0u) << "a hole in the book after step " << i;
  }
}

TEST(EveryFeedTest, FaultS1FuturesStreamOfFiveDiffsUnderEveryFate) {
  // Sparse ids: each event begins right after its predecessor or leaves ids to other symbols, and
  // has one id or spans several. The stream's own predecessor ends at id 2.
  const int shapes = TakeShortPart() ? 1 : 32;
  RecordProperty("shapes", shapes);
  for (int shape = 0; shape < shapes; ++shape) {
    std::vector<DiffIds> stream;
    std::int64_t previous = 2;
    for (int i = 0; i < 5; ++i) {
      const bool sparse = (shape >> i & 1) != 0;
      const std::int64_t first = previous + (sparse ? 2 : 1);
      const std::int64_t last = first + (i % 2);
      stream.push_back(Futures(previous, first, last));
      previous = last;
    }
    for (int fates = 0; fates < PowerOf(kFates, 5); ++fates) {
      const std::vector<DiffIds> feed = Suffer(stream, fates);
      for (std::int64_t snapshot = 0; snapshot <= previous; ++snapshot) {
        // The places of the arrival vary with the rest, to keep the count in bounds.
        for (std::size_t position = static_cast<std::size_t>(fates + snapshot) % 2;
             position <= feed.size(); position += 2) {
          CheckFuturesFeed(stream, feed, snapshot, position);
          ASSERT_FALSE(HasFatalFailure()) << "shape " << shape << ", fates " << fates
                                          << ", snapshot " << snapshot << " at " << position;
        }
      }
      Caller caller(Numbering::kFutures);
      for (const DiffIds& ids : feed) (void)caller.Diff(ids);
      CheckRecovery(caller, previous, Futures(previous, previous + 3, previous + 4));
      ASSERT_FALSE(HasFatalFailure()) << "no recovery: shape " << shape << ", fates " << fates;
    }
  }
}

}  // namespace
}  // namespace thalweg
