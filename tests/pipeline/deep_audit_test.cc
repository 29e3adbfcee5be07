// Audits in the background, from events to records: a wrong level deep in a book is found, told and
// healed; the known edge follows the price; nothing that is well is interrupted.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/pipeline/wrong_level.h"

namespace thalweg {
namespace {

constexpr QualityWord kDown = quality::kBookInvalid | quality::kResyncing;

EngineOptions AuditedOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.01"};
  options.audit_interval = 600 * kSecond;
  return options;
}

// A market of `kDepth` prices a side, one cent apart, whose price goes where a test says. What an
// answer shows of it is limited.
class Drift {
 public:
  static constexpr std::int64_t kDepth = 1'500;

  // One event: the price is a cent higher, or lower.
  std::string Step(int direction) {
    std::string bids;
    std::string asks;
    const auto level = [](std::int64_t cents, bool there) {
      return absl::StrCat("[\"", CentsText(cents), "\",\"", there ? "100000.000" : "0.000", "\"]");
    };
    if (direction > 0) {
      bids = absl::StrCat(level(mid_, true), ",", level(mid_ - kDepth, false));
      asks = absl::StrCat(level(mid_ + 1, false), ",", level(mid_ + 1 + kDepth, true));
    } else {
      asks = absl::StrCat(level(mid_, true), ",", level(mid_ + kDepth, false));
      bids = absl::StrCat(level(mid_ - 1, false), ",", level(mid_ - 1 - kDepth, true));
    }
    mid_ += direction;
    builder_.Pass(100);
    ++id_;
    return builder_.DepthOf(id_, id_, bids, asks);
  }
  // `age`: its id is older than the market's by so many events.
  [[nodiscard]] std::string Rest(std::int64_t limit, std::int64_t age = 0) const {
    const auto side = [&](int direction) {
      std::string text;
      for (std::int64_t i = 1; i <= std::min(limit, kDepth); ++i) {
        absl::StrAppend(&text, i == 1 ? "" : ",", "[\"", CentsText(mid_ + direction * i),
                        "\",\"100000.000\"]");
      }
      return text;
    };
    return absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=", limit,
                        " {\"lastUpdateId\":", id_ - age, ",\"bids\":[", side(-1), "],\"asks\":[",
                        side(+1), "]}");
  }
  [[nodiscard]] ReceiveTime now() const { return ReceiveTime(builder_.now_ms() * kMillisecond); }

 private:
  FeedBuilder builder_{"AAAUSDT", FeedBuilder::Numbering::kSpot, 1};
  std::int64_t mid_ = 10'000;
  std::int64_t id_ = 5'000'000'000;
};

class DriftBench {
 public:
  explicit DriftBench(EngineOptions options = AuditedOptions())
      : options_(std::move(options)),
        catalogue_(MakeCatalogue(options_)),
        engine_(options_, catalogue_, log) {
    Step(1);
    Give(market.Rest(kLimit));
    Step(1);
    log.wishes.clear();
  }

  void Give(const std::string& line) { GiveLine(market.now(), line, &engine_); }
  void Step(int direction) { Give(market.Step(direction)); }
  [[nodiscard]] const LoggedRow& row() const { return log.rows.back(); }
  [[nodiscard]] const SymbolEngine& symbol() const { return *engine_.symbols().at(0); }
  [[nodiscard]] const BookCounts& counts() const { return symbol().book_counts(); }

  static constexpr std::int64_t kLimit = 1'000;

  RowLog log;
  Drift market;

 private:
  const EngineOptions options_;
  const Catalogue catalogue_;
  Engine engine_;
};

TEST(Horizon, FaultK5APriceThatWalksToTheKnownEdgeGetsAWiderOneWithoutAnInterruption) {
  for (const int direction : {1, -1}) {
    SCOPED_TRACE(direction);
    DriftBench bench;
    const std::size_t begin = bench.log.rows.size();
    ASSERT_FALSE(bench.row().HasAny(quality::kHorizon));
    int steps = 0;
    for (; bench.log.wishes.empty(); ++steps) {
      ASSERT_LT(steps, 1'000);
      bench.Step(direction);
    }
    EXPECT_EQ(bench.log.wishes[0].reason, SnapshotReason::kHorizon);
    EXPECT_GE(steps, 695);
    EXPECT_LE(steps, 705) << "at 30 % of the way";
    // The answer takes its time: 200 ticks from the edge, features look beyond it.
    const std::string late = bench.market.Rest(DriftBench::kLimit);
    while (!bench.row().Has(quality::kHorizon)) {
      ASSERT_LT(++steps, 1'000);
      bench.Step(direction);
    }
    EXPECT_EQ(bench.counts().audits_agreed, 0);
    bench.Give(late);
    EXPECT_EQ(bench.counts().audits_agreed, 1);
    bench.Step(direction);
    EXPECT_FALSE(bench.row().HasAny(quality::kHorizon));
    for (std::size_t i = begin; i < bench.log.rows.size(); ++i) {
      EXPECT_FALSE(
          bench.log.rows[i].HasAny(kDown | quality::kAuditDiverged | quality::kFirstAfterResync));
    }
    EXPECT_EQ(bench.log.rows.size() - begin, static_cast<std::size_t>(steps) + 1);
    EXPECT_EQ(bench.counts().synchronisations, 1);
    EXPECT_EQ(bench.log.wishes.size(), 1U);
  }
}

TEST(Horizon, FaultK5ALongDriftIsFollowedWithOneWishAWay) {
  DriftBench bench;
  for (int step = 0; step < 5'000; ++step) {
    const std::size_t wishes = bench.log.wishes.size();
    bench.Step(1);
    ASSERT_FALSE(bench.row().HasAny(kDown | quality::kHorizon)) << step;
    if (bench.log.wishes.size() == wishes) continue;
    const std::string answer = bench.market.Rest(DriftBench::kLimit);
    for (int i = 0; i < 3; ++i) bench.Step(1);
    bench.Give(answer);
  }
  EXPECT_EQ(static_cast<std::size_t>(bench.counts().audits_agreed), bench.log.wishes.size());
  EXPECT_GE(bench.log.wishes.size(), 6U);
  EXPECT_LE(bench.log.wishes.size(), 8U) << "some 700 of 5,000 steps";
}

// Where nothing answers nothing is retained for ever, and the records go on.
TEST(Horizon, FaultK5WithoutAnAnswerItIsAskedForOnceAPauseAndGivenUp) {
  DriftBench bench;
  for (int step = 0; step < 705; ++step) bench.Step(1);
  ASSERT_EQ(bench.log.wishes.size(), 1U);
  constexpr int kMinutes = 30;
  for (int step = 0; step < kMinutes * 600; ++step) bench.Step(step % 2 == 0 ? 1 : -1);
  const std::int64_t wishes = bench.counts().audits_wished;
  EXPECT_EQ(static_cast<std::size_t>(wishes), bench.log.wishes.size());
  EXPECT_LE(wishes, kMinutes * 60 / 100 + 1) << "one in the patience of each";
  EXPECT_GE(wishes, kMinutes / 2);
  EXPECT_GE(bench.counts().audits_given_up, wishes - 1);
  EXPECT_FALSE(bench.row().HasAny(kDown));
}

TEST(Horizon, FaultK5WhereTheExchangeCanGiveNoMoreItIsNotAskedForForEver) {
  DriftBench bench;
  for (int step = 0; step < 705; ++step) bench.Step(1);
  // Each answer ends where what is known ends.
  for (int step = 0; step < 30 * 600; ++step) {
    const std::size_t wishes = bench.log.wishes.size();
    bench.Step(step % 2 == 0 ? 1 : -1);
    if (bench.log.wishes.size() > wishes) bench.Give(bench.market.Rest(290));
  }
  EXPECT_LE(bench.counts().audits_wished, 5) << "one is that, and some are of the period";
}

TEST(Audits, ComeOnceAPeriodAndAWrongLevelThatTheyFindIsToldFlaggedAndHealed) {
  DriftBench bench;
  int steps = 0;
  for (; bench.log.wishes.empty(); ++steps) {
    ASSERT_LE(steps, 6'000);
    bench.Step(steps % 2 == 0 ? 1 : -1);
  }
  EXPECT_EQ(bench.log.wishes[0].reason, SnapshotReason::kPeriod);
  bench.Give(bench.market.Rest(DriftBench::kLimit));
  EXPECT_EQ(bench.counts().audits_agreed, 1) << "a book that is well agrees";

  // Far from the price, where no bookTicker and no event looks.
  const Ticks far = bench.symbol().book()->ladder(Side::kBid).best() - 60;
  PutWrongLevel(bench.symbol(), Side::kBid, {far, Qty(7)});
  for (int i = 0; bench.log.wishes.size() == 1; ++i) {
    ASSERT_LE(i, 6'000);
    bench.Step(i % 2 == 0 ? 1 : -1);
    ASSERT_FALSE(bench.row().HasAny(kDown | quality::kAuditDiverged)) << "nothing shows it";
  }
  // The answer is older than the book when it comes.
  const std::string answer = bench.market.Rest(DriftBench::kLimit);
  for (int i = 0; i < 4; ++i) bench.Step(i % 2 == 0 ? 1 : -1);
  bench.Give(answer);
  EXPECT_EQ(bench.counts().audits_diverged, 1);
  EXPECT_EQ(bench.log.CountOf(NoticeKind::kAuditDiverged), 1);
  bench.Step(1);
  EXPECT_TRUE(bench.row().Has(quality::kAuditDiverged | quality::kFirstAfterResync));
  EXPECT_NE(bench.symbol().book()->ladder(Side::kBid).at(far), Qty(7)) << "healed";
  EXPECT_TRUE(bench.symbol().live());
  bench.Give(bench.market.Rest(DriftBench::kLimit));
  bench.Step(-1);
  EXPECT_FALSE(bench.row().HasAny(quality::kAuditDiverged)) << "until an audit agrees";
}

TEST(Audits, AWrongTouchIsFoundAtTheFirstTickerOfItsId) {
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 7);
  const EngineOptions options = AuditedOptions();
  const Catalogue catalogue = MakeCatalogue(options);
  RowLog log;
  Engine engine(options, catalogue, log);
  const auto give = [&](const std::string& line) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), line, &engine);
  };
  give(market.Depth());
  give(market.Rest());
  give(market.Depth());
  const SymbolEngine& symbol = *engine.symbols().at(0);
  give(market.Ticker());
  ASSERT_EQ(symbol.counts().ticker_audits_equal, 1);
  TickLevel best = symbol.book()->ladder(Side::kAsk).best_level();
  best.qty = Qty(best.qty.raw() + 1);
  PutWrongLevel(symbol, Side::kAsk, best);
  const std::int64_t id = market.told_id() + 1;
  give(market.DepthOf(id, id, "", ""));
  EXPECT_FALSE(log.rows.back().HasAny(quality::kAuditDiverged));
  market.SetId(id);
  give(market.Ticker());
  EXPECT_EQ(symbol.counts().ticker_audits - symbol.counts().ticker_audits_equal, 1);
  give(market.DepthOf(id + 1, id + 1, "", ""));
  EXPECT_TRUE(log.rows.back().Has(quality::kAuditDiverged));
}

TEST(Audits, AWishInTheBackgroundIsAskedForAgainWhenThereIsNoBook) {
  DriftBench bench;
  for (int i = 0; bench.log.wishes.empty(); ++i) bench.Step(i % 2 == 0 ? 1 : -1);
  (void)bench.market.Step(1);
  bench.Step(1);
  ASSERT_EQ(bench.log.wishes.size(), 2U);
  EXPECT_EQ(bench.log.wishes[1].reason, SnapshotReason::kGap);
}

TEST(Audits, AnAnswerFromBeforeTheWishIsAskedForAgainInTheBackground) {
  DriftBench bench;
  for (int i = 0; bench.log.wishes.empty(); ++i) bench.Step(i % 2 == 0 ? 1 : -1);
  bench.Step(1);
  bench.Give(bench.market.Rest(DriftBench::kLimit, 5));
  ASSERT_EQ(bench.log.wishes.size(), 2U);
  EXPECT_EQ(bench.log.wishes[1].reason, SnapshotReason::kPeriod);
  bench.Give(bench.market.Rest(DriftBench::kLimit));
  EXPECT_EQ(bench.counts().audits_agreed, 1);
}

// Everything that decides is in the input: the same lines give the same records and wishes.
TEST(Audits, AReplayWishesAndRecordsTheSame) {
  std::vector<std::pair<ReceiveTime, std::string>> lines;
  Drift market;
  for (int step = 0; step < 9'000; ++step) {
    const bool is_answered = step == 1 || step % 137 == 0;
    const std::string answer = is_answered ? market.Rest(DriftBench::kLimit) : "";
    lines.emplace_back(market.now(), market.Step(step % 1'000 < 600 ? 1 : -1));
    if (is_answered) lines.emplace_back(market.now(), answer);
  }
  const EngineOptions options = AuditedOptions();
  const Catalogue catalogue = MakeCatalogue(options);
  std::vector<RowLog> logs(2);
  for (RowLog& log : logs) {
    Engine engine(options, catalogue, log);
    for (const auto& [time, line] : lines) GiveLine(time, line, &engine);
    EXPECT_GT(engine.symbols().at(0)->book_counts().audits_agreed, 2);
  }
  ASSERT_EQ(logs[0].rows.size(), logs[1].rows.size());
  for (std::size_t i = 0; i < logs[0].rows.size(); ++i) {
    ASSERT_TRUE(SameBits(logs[0].rows[i], logs[1].rows[i]));
  }
  EXPECT_EQ(logs[0].wishes.size(), logs[1].wishes.size());
}

}  // namespace
}  // namespace thalweg
