// What an exchange does to an instrument while it is followed: flags, states, and that no record
// holds numbers of two scales.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

constexpr QualityWord kDown = quality::kBookInvalid | quality::kResyncing;

std::string Info(const std::string& tick, int precision = 8, const std::string& status = "TRADING",
                 const std::string& step = "0.001") {
  return absl::StrCat(
      R"(#rest GET /api/v3/exchangeInfo?symbols=%5B%22AAAUSDT%22%5D {"symbols":[{"symbol":)",
      R"("AAAUSDT","status":")", status, R"(","baseAssetPrecision":)", precision,
      R"(,"filters":[{"filterType":"PRICE_FILTER","tickSize":")", tick,
      R"("},{"filterType":"LOT_SIZE","stepSize":")", step, R"("}]}]})");
}

// Records, each checked when it is made: what is told in ticks is told in the tick of that moment,
// and the buckets are those of the levels.
class ScaleLog final : public EngineOutput {
 public:
  struct Row {
    RecordHeader header;
    std::map<std::string, double> values;
    Price tick;
  };
  struct Told {
    SymbolState state;
    QualityWord quality;
  };

  explicit ScaleLog(const Catalogue& catalogue) : catalogue_(catalogue) {}

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    Row row{record.header(), {}, symbol.scale().tick};
    for (std::size_t i = 0; i < catalogue_.features().size(); ++i) {
      row.values[std::string(catalogue_.features()[i].name)] = record.features()[i];
    }
    told.push_back({symbol.state(), row.header.flags});
    if (symbol.book() != nullptr) {
      EXPECT_TRUE(symbol.book()->CheckBuckets());
      const double tick = static_cast<double>(row.tick.raw()) / 1e8;
      const auto levels = [&](Side side) { return symbol.book()->ladder(side).best_level(); };
      EXPECT_NEAR(row.values["best_bid"],
                  static_cast<double>(levels(Side::kBid).price.raw()) * tick, 1e-9);
      EXPECT_NEAR(row.values["spread_ticks"] * tick,
                  row.values["best_ask"] - row.values["best_bid"], 1e-9);
    }
    rows.push_back(std::move(row));
  }
  void OnStatus(const SymbolEngine& symbol) override {
    told.push_back({symbol.state(), symbol.quality()});
  }
  void OnNotice(const Notice& notice) override { ++notices[notice.kind]; }

  std::vector<Row> rows;
  std::vector<Told> told;  // By records too, as a ring's table shows it.
  std::map<NoticeKind, int> notices;

 private:
  const Catalogue& catalogue_;
};

EngineOptions Options() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  return options;
}

class Subject {
 public:
  Subject()
      : catalogue_(MakeCatalogue(options_)), log(catalogue_), engine(options_, catalogue_, log) {}

 private:
  const EngineOptions options_ = Options();
  const Catalogue catalogue_;

 public:
  ScaleLog log;
  Engine engine;
  [[nodiscard]] const SymbolEngine& symbol() const { return *engine.symbols().at(0); }
};

// A market, and engines that are given the same.
class InstrumentChange : public testing::Test {
 protected:
  void Give(Subject& subject, const std::string& line) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), line, &subject.engine);
  }
  void Give(const std::string& line) {
    for (Subject* const subject : {&changed, &reference}) Give(*subject, line);
  }
  // Everything that comes in a tenth of a second.
  void GiveTenth() {
    market.Pass(100);
    market.Move(3);
    Give(market.Depth());
    Give(market.Ticker());
    Give(market.Trade());
  }
  void GiveTenths(int count) {
    for (int i = 0; i < count; ++i) GiveTenth();
  }
  void Synchronise() {
    GiveTenth();
    Give(market.Rest());
    GiveTenths(20);
  }
  // From here on both say the same, to the last bit, but for how they came to know it.
  void ExpectSameRows(std::size_t from, const std::string& why) {
    ASSERT_EQ(changed.log.rows.size(), reference.log.rows.size());
    for (std::size_t i = from; i < changed.log.rows.size(); ++i) {
      const ScaleLog::Row& ours = changed.log.rows[i];
      const ScaleLog::Row& theirs = reference.log.rows[i];
      ASSERT_EQ(ours.header.flags & ~quality::kInstrumentInferred,
                theirs.header.flags & ~quality::kInstrumentInferred)
          << why << ", row " << i;
      for (const auto& [name, value] : ours.values) {
        const double wanted = theirs.values.at(name);
        ASSERT_TRUE(value == wanted || (std::isnan(value) && std::isnan(wanted)))
            << why << ", row " << i << ": " << name << " is " << value << ", not " << wanted;
      }
    }
  }
  // One answer of the engine: its state at once, with and without these bits.
  void ExpectTold(SymbolState state, QualityWord set, QualityWord clear) {
    ASSERT_FALSE(changed.log.told.empty());
    EXPECT_EQ(changed.log.told.back().state, state);
    EXPECT_EQ(changed.log.told.back().quality & set, set);
    EXPECT_EQ(changed.log.told.back().quality & clear, 0U);
  }

  FeedBuilder market{"AAAUSDT", FeedBuilder::Numbering::kSpot, 11};
  Subject changed;
  Subject reference;
};

TEST_F(InstrumentChange, FaultK8AFinerTickIsTakenBeforeItsFirstPrice) {
  Give(changed, Info("0.01"));
  Give(reference, Info("0.001"));
  Synchronise();
  const std::size_t before = changed.log.rows.size();
  EXPECT_EQ(changed.log.rows.back().tick, Price(1'000'000));
  Give(changed, Info("0.001"));
  EXPECT_EQ(changed.log.notices[NoticeKind::kTickRefined], 1);
  EXPECT_EQ(changed.symbol().state(), SymbolState::kLive) << "no resync for it";
  GiveTenths(10);
  const std::int64_t id = market.told_id() + 1;
  Give(market.DepthOf(id, id, R"(["99.995","1.5"])", R"(["100.007","2"])"));
  market.SetId(id);
  GiveTenths(30);
  EXPECT_EQ(changed.log.rows[before].tick, Price(100'000));
  ExpectSameRows(before, "in the finer tick from the beginning");
  EXPECT_NE(changed.log.rows.back().header.flags & quality::kInstrumentInferred, 0U);
  EXPECT_EQ(changed.symbol().book_counts().gaps, 0);
}

TEST_F(InstrumentChange, FaultK8AFinerTickThatNobodyAnnouncedIsTakenWithItsFirstPrice) {
  Give(changed, Info("0.01"));
  Give(reference, Info("0.0005"));
  Synchronise();
  const std::size_t before = changed.log.rows.size();
  const std::int64_t id = market.told_id() + 1;
  Give(market.DepthOf(id, id, R"(["99.9955","1.5"])", ""));
  market.SetId(id);
  GiveTenths(20);
  EXPECT_EQ(changed.log.rows[before].tick, Price(50'000));
  ExpectSameRows(before, "in the finer tick from the beginning");
  EXPECT_NE(changed.log.rows[before].header.flags & quality::kInstrumentInferred, 0U);
}

TEST_F(InstrumentChange, FaultK8ACoarserTickCountsFromTheNextSynchronisation) {
  Give(Info("0.01"));
  Synchronise();
  Give(changed, Info("0.05"));
  EXPECT_EQ(changed.log.notices[NoticeKind::kTickCoarser], 1);
  GiveTenths(20);
  ExpectSameRows(0, "the old tick, until the book is another one");
  EXPECT_EQ(changed.log.rows.back().tick, Price(1'000'000));

  // A gap, and a book of the new tick alone.
  const std::int64_t id = market.told_id() + 10;
  Give(changed, market.DepthOf(id, id + 1, R"(["99.00","4"])", ""));
  ExpectTold(SymbolState::kResync, kDown, 0);
  Give(changed,
       absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {\"lastUpdateId\":", id,
                    R"(,"bids":[["99.95","1"],["99.00","3"]],"asks":[["100.05","1"]]})"));
  ASSERT_EQ(changed.symbol().state(), SymbolState::kLive);
  EXPECT_EQ(changed.log.rows.back().tick, Price(5'000'000));
  EXPECT_EQ(changed.log.rows.back().values["spread_ticks"], 2);
  EXPECT_NE(changed.log.rows.back().header.flags & quality::kFirstAfterResync, 0U);
  // An order that kept its price is no reason to be wrong: the tick is as fine as the book.
  Give(changed, market.DepthOf(id + 2, id + 2, R"(["99.96","1"])", ""));
  EXPECT_EQ(changed.log.rows.back().tick, Price(1'000'000));
  EXPECT_EQ(changed.log.rows.back().values["spread_ticks"], 9);
}

TEST_F(InstrumentChange, FaultK8AFinerPrecisionIsTakenWithoutALossOfNumbers) {
  Give(changed, Info("0.01", 3));
  Give(reference, Info("0.01", 6));
  Synchronise();
  const std::size_t before = changed.log.rows.size();
  EXPECT_EQ(changed.symbol().scale().qty_decimals, 3);
  Give(changed, Info("0.01", 6));
  EXPECT_EQ(changed.symbol().scale().qty_decimals, 6);
  EXPECT_EQ(changed.log.notices[NoticeKind::kUnitRefined], 1);
  const std::int64_t id = market.told_id() + 1;
  Give(market.DepthOf(id, id, R"(["99.90","1.500001"])", ""));
  market.SetId(id);
  GiveTenths(20);
  ExpectSameRows(before, "in the finer unit from the beginning");
  EXPECT_EQ(changed.symbol().book_counts().gaps, 0);
}

TEST_F(InstrumentChange, FaultK8AnotherStepChangesNoNumber) {
  Give(Info("0.01"));
  Synchronise();
  Give(changed, Info("0.01", 8, "TRADING", "0.1"));
  GiveTenths(20);
  ExpectSameRows(0, "with the step that was");
  EXPECT_EQ(changed.log.rows.back().header.flags & quality::kInstrumentInferred, 0U);
}

TEST_F(InstrumentChange, FaultK8AHaltIsToldAtOnceAndStandsInEveryRecordUntilTradingIsBack) {
  Give(Info("0.01"));
  Synchronise();
  for (const std::string status : {"BREAK", "HALT", "END_OF_DAY", "CANCEL_ONLY", "NOBODY_KNOWS"}) {
    const std::size_t told = changed.log.told.size();
    const std::size_t rows = changed.log.rows.size();
    Give(changed, Info("0.01", 8, status));
    EXPECT_EQ(changed.log.told.size(), told + 1) << "at once, without a record";
    ExpectTold(SymbolState::kHalted, quality::kHalted, kDown);
    // What still comes is used, and flagged.
    GiveTenths(3);
    ASSERT_EQ(changed.log.rows.size(), rows + 9);
    for (std::size_t i = rows; i < changed.log.rows.size(); ++i) {
      EXPECT_EQ(changed.log.rows[i].header.flags,
                reference.log.rows[i].header.flags | quality::kHalted);
    }
    ExpectTold(SymbolState::kHalted, quality::kHalted, kDown);
    Give(changed, Info("0.01"));
    ExpectTold(SymbolState::kLive, 0, quality::kHalted | kDown);
    GiveTenth();
    EXPECT_EQ(changed.log.rows.back().header.flags & quality::kHalted, 0U);
  }
  EXPECT_EQ(changed.log.notices[NoticeKind::kHalted], 5);
  EXPECT_EQ(changed.log.notices[NoticeKind::kTrading], 5);
  EXPECT_EQ(changed.symbol().book_counts().gaps, 0) << "the book goes on where it stood";
}

TEST_F(InstrumentChange, FaultK8ARelistingWithIdsFromOneIsBelievedWhenItIsProvenTradesToo) {
  Give(Info("0.01"));
  Synchronise();
  Give(changed, Info("0.01", 8, "BREAK"));
  market.Pass(60'000);
  changed.engine.OnTimer(ReceiveTime(market.now_ms() * kMillisecond));
  ExpectTold(SymbolState::kHalted, quality::kHalted | quality::kStaleDepth, 0);
  Give(changed, Info("0.01"));
  market.RestartIds();
  const std::size_t rows = changed.log.rows.size();
  const std::size_t told = changed.log.told.size();
  std::int64_t trade_id = 0;
  const auto tenth = [&] {
    market.Pass(100);
    market.Move(3);
    Give(changed, market.Depth());
    Give(changed, market.Ticker());
    Give(changed, market.TradeOf(++trade_id, "100.00", "1.000"));
  };
  // Ids that look old prove nothing at first: nothing of them is used, and nothing is promised.
  int tenths = 0;
  for (; changed.log.notices[NoticeKind::kIdsRestarted] == 0 && tenths < 200; ++tenths) tenth();
  EXPECT_EQ(tenths, 101) << "ten seconds";
  for (std::size_t i = told; i < changed.log.told.size(); ++i) {
    EXPECT_NE(changed.log.told[i].quality & (quality::kStaleDepth | quality::kBookInvalid), 0U);
  }
  for (std::size_t i = rows; i < changed.log.rows.size(); ++i) {
    EXPECT_NE(changed.log.rows[i].header.flags & (quality::kStaleDepth | quality::kBookInvalid),
              0U);
  }
  EXPECT_EQ(changed.symbol().state(), SymbolState::kResync);
  // Trades are believed from then on, with a gap before the first.
  EXPECT_EQ(changed.log.rows.back().header.flags & quality::kTradeGap, quality::kTradeGap);
  Give(changed, market.Rest());
  tenth();
  EXPECT_EQ(changed.symbol().state(), SymbolState::kLive);
  EXPECT_EQ(changed.symbol().update_id(), UpdateId(market.told_id()));
  EXPECT_LT(market.told_id(), 1'000);
  const std::int64_t duplicates = changed.symbol().counts().duplicate_trades;
  for (int i = 0; i < 20; ++i) tenth();
  EXPECT_EQ(changed.symbol().counts().duplicate_trades, duplicates);
  EXPECT_EQ(changed.log.rows.back().header.flags & kDown, 0U);
}

TEST_F(InstrumentChange, FaultK8ADelistedSymbolIsHaltedUntilItIsListedAgain) {
  const std::string one = "/api/v3/exchangeInfo?symbols=%5B%22AAAUSDT%22%5D";
  const std::string two = "/api/v3/exchangeInfo?symbols=%5B%22AAAUSDT%22%2C%22BUSDT%22%5D";
  const std::string other = R"({"symbols":[{"symbol":"BUSDT","status":"TRADING"}]})";
  Give(Info("0.01"));
  Synchronise();
  for (const std::string& answer :
       {absl::StrCat(one, R"( {"code":-1121,"msg":"Invalid symbol."})"),
        absl::StrCat("/api/v3/exchangeInfo?symbol=AAAUSDT",
                     R"( {"code":-1121,"msg":"Invalid symbol."})"),
        absl::StrCat(two, " ", other), absl::StrCat("/fapi/v1/exchangeInfo ", other)}) {
    Give(changed, absl::StrCat("#rest GET ", answer));
    ExpectTold(SymbolState::kHalted, quality::kHalted, kDown);
    const std::size_t told = changed.log.told.size();
    Give(changed, absl::StrCat("#rest GET ", answer));
    EXPECT_EQ(changed.log.told.size(), told) << "once";
    Give(changed, Info("0.01"));
    ExpectTold(SymbolState::kLive, 0, quality::kHalted);
  }
  EXPECT_EQ(changed.log.notices[NoticeKind::kDelisted], 4);
  // These say nothing of it.
  for (const std::string& answer :
       {absl::StrCat(two, R"( {"code":-1121,"msg":"Invalid symbol."})"),
        absl::StrCat(one, R"( {"code":-1003,"msg":"Too many requests."})"),
        absl::StrCat("/api/v3/exchangeInfo?symbols=%5B%22BUSDT%22%5D ", other),
        absl::StrCat("/api/v3/exchangeInfo ", other)}) {
    Give(changed, absl::StrCat("#rest GET ", answer));
    EXPECT_EQ(changed.symbol().state(), SymbolState::kLive) << answer;
  }
}

}  // namespace
}  // namespace thalweg
