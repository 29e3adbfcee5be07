// The faults of sequencing, from frames to records: every small fate of a stream, every edge of a
// snapshot, answers that are late, wrong, never fit or come from another mirror.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "book/diff_buffer.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

using Numbering = FeedBuilder::Numbering;

constexpr QualityWord kDown = quality::kBookInvalid | quality::kResyncing;

EngineOptions SmallOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  return options;
}

// An engine, its log, and one market; ids are given by hand where the test is about them.
class Bench {
 public:
  explicit Bench(Numbering numbering = Numbering::kSpot)
      : market("AAAUSDT", numbering, 7),
        options_(SmallOptions()),
        catalogue_(MakeCatalogue(options_)),
        engine(options_, catalogue_, log) {}

  void Give(const std::string& line) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), line, &engine);
  }
  void GiveDepth(std::int64_t later_ms = 100) {
    market.Pass(later_ms);
    market.Move(2);
    Give(market.Depth());
  }
  void Synchronise() {
    GiveDepth();
    Give(market.Rest());
    GiveDepth();
    ASSERT_TRUE(live());
  }
  // Of one level a side, as an answer to a request.
  void GiveSnapshot(std::int64_t id) {
    Give(absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {\"lastUpdateId\":", id,
                      R"(,"bids":[["99.00","1"]],"asks":[["101.00","1"]]})"));
  }
  [[nodiscard]] const SymbolEngine& symbol() const { return *engine.symbols().at(0); }
  [[nodiscard]] const BookCounts& counts() const { return symbol().book_counts(); }
  [[nodiscard]] bool live() const { return symbol().live(); }
  [[nodiscard]] const LoggedRow& row() const { return log.rows.back(); }
  // What the book holds at a bid, in 1e-8; nothing is wrong with one that is not there.
  [[nodiscard]] double BidAt(std::int64_t cents) const {
    const std::int64_t ticks = cents * 1'000'000 / symbol().scale().tick.raw();
    return static_cast<double>(symbol().book()->ladder(Side::kBid).at(Ticks(ticks)).raw());
  }

  RowLog log;
  FeedBuilder market;

 private:
  const EngineOptions options_;
  const Catalogue catalogue_;

 public:
  Engine engine;
};

// --- S1: every fate of a stream ------------------------------------------------------------------

enum class Fate { kDeliver, kDrop, kDuplicate, kSwapWithNext };
constexpr int kFates = 4;

// The numbers of the events of a stream as they arrive; `fates` in base four.
std::vector<int> Arrivals(int events, int fates) {
  std::vector<int> arrivals;
  std::optional<int> late;
  for (int event = 0; event < events; ++event) {
    const auto fate = static_cast<Fate>(fates % kFates);
    fates /= kFates;
    const std::optional<int> now_late = std::exchange(late, std::nullopt);
    if (fate == Fate::kSwapWithNext) {
      late = event;
    } else if (fate != Fate::kDrop) {
      arrivals.push_back(event);
      if (fate == Fate::kDuplicate) arrivals.push_back(event);
    }
    if (now_late) arrivals.push_back(*now_late);
  }
  if (late) arrivals.push_back(*late);
  return arrivals;
}

// The breaks in a chain of arrivals, by their definition: an event whose predecessor was not there
// and that is newer than everything that was.
int TrueGaps(const std::vector<int>& arrivals) {
  std::optional<int> newest;
  int gaps = 0;
  for (const int event : arrivals) {
    if (newest && event > *newest + 1) ++gaps;
    if (!newest || event > *newest) newest = event;
  }
  return gaps;
}

// Events i = 0..: ids 10 i + 1 to 10 i + 10, each setting one bid of its own to its number.
std::string EventText(const FeedBuilder& market, int event, Numbering numbering) {
  const std::int64_t first = 10 * event + 1;
  std::string text = market.DepthOf(
      first, first + 9, absl::StrCat("[\"", 90 + event, ".00\",\"", event + 1, "\"]"), "");
  if (numbering == Numbering::kSpot) return text;
  const std::size_t at = text.find("\"pu\":") + 5;
  return text.replace(at, text.find(',', at) - at, absl::StrCat(first - 1));
}

class EveryFate : public testing::TestWithParam<Numbering> {};

// Gives the events as they arrive, and a snapshot of the stream's first `in_snapshot` events before
// arrival number `place`. Answers whether the book was live in the end.
bool CheckFate(Numbering numbering, const std::vector<int>& arrivals, int in_snapshot,
               std::size_t place) {
  Bench bench(numbering);
  for (std::size_t i = 0; i <= arrivals.size(); ++i) {
    if (i == place) bench.GiveSnapshot(10 * in_snapshot);
    if (i < arrivals.size()) bench.Give(EventText(bench.market, arrivals[i], numbering));
  }
  EXPECT_EQ(bench.counts().gaps, TrueGaps(arrivals));
  if (!bench.live()) return false;
  // Every event behind the snapshot, up to the newest one, is in the book.
  const std::int64_t newest = bench.symbol().update_id().raw() / 10;
  for (int event = in_snapshot; event < newest; ++event) {
    EXPECT_GT(bench.BidAt(9'000 + 100 * event), 0) << "event " << event << " is missing";
  }
  return true;
}

// Streams of up to six events, each delivered, dropped, doubled or swapped with the next one, and a
// snapshot that holds the stream up to any event; of six events, up to one that follows from the
// fates, as the place of its arrival does for all.
TEST_P(EveryFate, FaultS1OneGapIsCountedForEachTrueOneAndNoBookHasAHole) {
  const int longest = TakeShortPart() ? 4 : 6;
  RecordProperty("longest_stream", longest);
  int live = 0;
  for (int events = 1, streams = kFates; events <= longest; ++events, streams *= kFates) {
    for (int fates = 0; fates < streams; ++fates) {
      const std::vector<int> arrivals = Arrivals(events, fates);
      if (arrivals.empty()) continue;
      const int first = events == 6 ? fates % 7 : 0;
      const int last = events == 6 ? first : events;
      for (int in_snapshot = first; in_snapshot <= last; ++in_snapshot) {
        const std::size_t place =
            static_cast<std::size_t>(fates / 7 + in_snapshot) % (arrivals.size() + 1);
        if (CheckFate(GetParam(), arrivals, in_snapshot, place)) ++live;
        ASSERT_FALSE(HasFailure()) << events << " events, fates " << fates << ", snapshot of "
                                   << in_snapshot << " at " << place;
      }
    }
  }
  EXPECT_GT(live, 100);
}

INSTANTIATE_TEST_SUITE_P(Markets, EveryFate, testing::Values(Numbering::kSpot, Numbering::kFutures),
                         [](const auto& info) {
                           return info.param == Numbering::kSpot ? "Spot" : "Futures";
                         });

// --- S2: the edges of a snapshot -----------------------------------------------------------------

// One event with the ids U = 101 to u = 105 waits; `next` decides where the event alone does not.
TEST(SnapshotEdges, FaultS2AllFourEdgesDecideAsTheRuleSays) {
  struct Edge {
    std::int64_t snapshot;
    bool live_at_once;
    bool live_with_next;
  };
  for (const Edge& edge :
       {Edge{99, false, false},   // older than U-1: ids are missing
        Edge{100, true, true},    // U-1
        Edge{101, true, true},    // U
        Edge{104, true, true},    // within
        Edge{105, false, true},   // u: the next event continues it
        Edge{106, false, true},   // u+1: it straddles the next event
        Edge{110, false, false},  // the end of the next: the one after it decides
        Edge{120, false, false}}) {
    Bench bench;
    bench.Give(bench.market.DepthOf(101, 105, R"(["98.00","2"])", ""));
    bench.GiveSnapshot(edge.snapshot);
    EXPECT_EQ(bench.live(), edge.live_at_once) << edge.snapshot;
    bench.Give(bench.market.DepthOf(106, 110, R"(["98.00","3"])", ""));
    EXPECT_EQ(bench.live(), edge.live_with_next) << edge.snapshot;
    EXPECT_EQ(bench.counts().gaps, 0) << edge.snapshot;
    if (bench.live()) {
      EXPECT_EQ(bench.symbol().update_id(), UpdateId(110));
    }
  }
}

// --- S3: two answers under way -------------------------------------------------------------------

TEST(LateAnswers, FaultS3AnOlderAnswerBehindANewerOneChangesNothing) {
  for (const bool live_between : {false, true}) {
    Bench bench;
    bench.GiveDepth();
    const std::string late = bench.market.Rest();
    bench.GiveDepth();
    bench.GiveDepth();
    bench.Give(bench.market.Rest());
    if (live_between) bench.GiveDepth();
    const std::int64_t unused = bench.counts().snapshots_unused;
    const std::size_t rows = bench.log.rows.size();
    bench.Give(late);
    EXPECT_EQ(bench.counts().snapshots_unused, unused + 1);
    EXPECT_EQ(bench.log.rows.size(), rows);
    bench.GiveDepth();
    EXPECT_TRUE(bench.live());
    EXPECT_EQ(bench.counts().synchronisations, 1);
    EXPECT_EQ(bench.symbol().update_id().raw(), bench.market.told_id());
  }
}

// --- S4: never fits ------------------------------------------------------------------------------

TEST(FastMarkets, FaultS4ASnapshotThatNeverFitsIsAskedForForEverAndTakenWhenItDoes) {
  Bench bench;
  EXPECT_TRUE(bench.log.wishes.empty());
  bench.GiveDepth();
  ASSERT_EQ(bench.log.wishes.size(), 1U);  // Not before there is something to continue it.
  for (int i = 0; i < 1'000; ++i) {
    bench.GiveSnapshot(1);
    bench.GiveDepth();
    ASSERT_FALSE(bench.live());
    ASSERT_EQ(bench.log.wishes.size(), static_cast<std::size_t>(i) + 2) << "one each, no storm";
    ASSERT_EQ(bench.log.wishes.back().reason, SnapshotReason::kUnusable);
  }
  EXPECT_EQ(bench.counts().snapshots_unused, 1'000);
  EXPECT_TRUE((bench.symbol().quality() & kDown) == kDown);
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_TRUE(bench.live());
}

// --- S6: answers that are no snapshots -----------------------------------------------------------

struct BadAnswer {
  const char* name;
  const char* body;
};
class BadAnswers : public testing::TestWithParam<BadAnswer> {};

TEST_P(BadAnswers, FaultS6TheBookStaysAsItIsAndTheAnswerIsCounted) {
  Bench bench;
  bench.Synchronise();
  const double best = bench.row().features[0];
  bench.Give(absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", GetParam().body));
  EXPECT_TRUE(bench.live());
  EXPECT_EQ(bench.symbol().counts().refused_snapshots, 1);
  EXPECT_EQ(bench.counts().audits_diverged, 0);
  bench.Give(bench.market.Trade());
  EXPECT_EQ(bench.row().features[0], best);
  EXPECT_FALSE(bench.row().HasAny(kDown));
}

TEST_P(BadAnswers, FaultS6WithoutABookItStaysInvalidFlaggedAndAsksAgain) {
  Bench bench;
  bench.GiveDepth();
  const std::size_t wishes = bench.log.wishes.size();
  bench.Give(absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 ", GetParam().body));
  EXPECT_FALSE(bench.live());
  EXPECT_EQ(bench.symbol().counts().refused_snapshots, 1);
  EXPECT_TRUE((bench.symbol().quality() & kDown) == kDown);
  EXPECT_EQ(bench.log.wishes.size(), wishes + 1);
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_TRUE(bench.live());
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, BadAnswers,
    testing::Values(
        BadAnswer{"Truncated", R"({"lastUpdateId":5000000003,"bids":[["99.00","1")"},
        BadAnswer{"Html", R"([<html><body>502 Bad Gateway</body></html>])"},
        BadAnswer{"ErrorObject", R"({"code":-1121,"msg":"Invalid symbol."})"},
        BadAnswer{"NoId", R"({"bids":[["99.00","1"]],"asks":[["101.00","1"]]})"},
        BadAnswer{"NegativeId", R"({"lastUpdateId":-7,"bids":[["99.00","1"]],"asks":[]})"},
        BadAnswer{"BidsAscending",
                  R"({"lastUpdateId":5000000003,"bids":[["98.00","1"],["99.00","1"]],"asks":[]})"},
        BadAnswer{
            "AsksDescending",
            R"({"lastUpdateId":5000000003,"bids":[],"asks":[["102.00","1"],["101.00","1"]]})"},
        BadAnswer{"Crossed",
                  R"({"lastUpdateId":5000000003,"bids":[["102.00","1"]],"asks":[["101.00","1"]]})"},
        BadAnswer{"Locked",
                  R"({"lastUpdateId":5000000003,"bids":[["101.00","1"]],"asks":[["101.00","1"]]})"},
        BadAnswer{"LevelTwice",
                  R"({"lastUpdateId":5000000003,"bids":[["99.00","1"],["99.00","2"]],"asks":[]})"},
        BadAnswer{"ZeroQuantity",
                  R"({"lastUpdateId":5000000003,"bids":[["99.00","0.000"]],"asks":[]})"},
        BadAnswer{"NegativePrice",
                  R"({"lastUpdateId":5000000003,"bids":[["-99.00","1"]],"asks":[]})"}),
    [](const auto& info) { return std::string(info.param.name); });

// --- S7: the buffer is full ----------------------------------------------------------------------

TEST(FullBuffer, FaultS7DropsTheOldestCountsThemAndNeedsASnapshotThatReachesFurther) {
  Bench bench;
  bench.GiveDepth();
  const std::string early = bench.market.Rest();
  for (std::size_t i = 0; i < kKeptDiffsMax + 9; ++i) {
    bench.market.Pass(1);
    bench.Give(
        bench.market.DepthOf(bench.market.told_id() + 1, bench.market.told_id() + 1, "", ""));
    bench.market.SetId(bench.market.told_id() + 1);
  }
  EXPECT_EQ(bench.counts().overflows, 10);
  EXPECT_EQ(bench.counts().gaps, 0);
  bench.Give(early);
  EXPECT_FALSE(bench.live());
  EXPECT_EQ(bench.counts().snapshots_unused, 1);
  EXPECT_EQ(bench.log.wishes.back().reason, SnapshotReason::kUnusable);
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_TRUE(bench.live());
  EXPECT_EQ(bench.counts().synchronisations, 1);
}

// --- S8: ids jump back ---------------------------------------------------------------------------

TEST(Restarts, FaultS8IdsThatJumpBackEndTheBookOnceAndANewSnapshotIsTaken) {
  Bench bench;
  bench.Synchronise();
  bench.market.RestartIds();
  int events = 0;
  while (bench.live()) {
    ASSERT_LT(++events, 100);
    bench.GiveDepth(600);
  }
  EXPECT_EQ(bench.counts().restarts, 1);
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kIdsRestarted), 1);
  EXPECT_TRUE((bench.symbol().quality() & kDown) == kDown);
  bench.Give(bench.market.Rest());
  bench.GiveDepth();
  EXPECT_TRUE(bench.live());
  EXPECT_EQ(bench.counts().restarts, 1);
}

// --- S9: two mirrors -----------------------------------------------------------------------------

TEST(Mirrors, FaultS9AnAnswerBehindTheStreamIsFetchedAgainAndOneAheadWaitsForTheStream) {
  for (const int behind : {1, 10, 50}) {  // Events of 100 ms.
    Bench bench;
    const std::string old = bench.market.Rest();
    for (int i = 0; i < behind; ++i) bench.market.Move(2), (void)bench.market.Depth();
    bench.GiveDepth();
    bench.Give(old);
    EXPECT_FALSE(bench.live()) << behind;
    EXPECT_EQ(bench.log.wishes.back().reason, SnapshotReason::kUnusable);
  }
  for (const int ahead : {1, 10, 50}) {
    Bench bench;
    bench.GiveDepth();
    std::vector<std::string> to_come;
    for (int i = 0; i < ahead; ++i) {
      bench.market.Move(2);
      to_come.push_back(bench.market.Depth());
    }
    bench.Give(bench.market.Rest());
    for (const std::string& event : to_come) {
      EXPECT_FALSE(bench.live()) << ahead;
      bench.market.Pass(100);
      bench.Give(event);
    }
    bench.GiveDepth();
    EXPECT_TRUE(bench.live()) << ahead;
    EXPECT_EQ(bench.counts().gaps, 0);
  }
}

}  // namespace
}  // namespace thalweg
