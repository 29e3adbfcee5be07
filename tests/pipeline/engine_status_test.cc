// What the engine tells of a symbol when no record does: each cause, once, at the end of the input
// that made it so.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg {
namespace {

constexpr QualityWord kDown = quality::kBookInvalid | quality::kResyncing;
constexpr QualityWord kContent = quality::kCrossed | quality::kOneSided | quality::kShortBook |
                                 quality::kHorizon | quality::kSweepThin | quality::kQtyCapped |
                                 (QualityWord{0xff} << quality::kFirstHorizonBit);

struct Told {
  enum Kind { kSymbol, kRecord, kStatus };
  Kind kind;
  std::string symbol;
  SymbolState state;
  QualityWord quality;  // Of a record: its flags but for FIRST_AFTER_RESYNC.
};

// Everything that the engine answers, in order.
class StatusLog final : public EngineOutput {
 public:
  void OnSymbol(const SymbolEngine& symbol) override {
    EXPECT_EQ(Index(symbol.id()), symbol_count++);
    Add(Told::kSymbol, symbol, symbol.quality());
  }
  void OnStatus(const SymbolEngine& symbol) override {
    Add(Told::kStatus, symbol, symbol.quality());
  }
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    Add(Told::kRecord, symbol, record.header().flags & ~quality::kFirstAfterResync);
  }

  std::vector<Told> told;
  std::uint32_t symbol_count = 0;

 private:
  void Add(Told::Kind kind, const SymbolEngine& symbol, QualityWord quality) {
    told.push_back({kind, symbol.name(), symbol.state(), quality});
  }
};

EngineOptions DepthOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  return options;
}

EngineOptions With(EngineOptions options, EmitPolicy emit) {
  options.emit = emit;
  return options;
}

class Bench {
 public:
  explicit Bench(EngineOptions options = DepthOptions())
      : market("AAAUSDT", FeedBuilder::Numbering::kSpot, 7),
        options_(std::move(options)),
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
  void LoseDepth() {
    market.Move(2);
    (void)market.Depth();
  }
  // Live, every stream fresh, and long enough for every window: only what a test does changes it.
  void SettleDown() {
    GiveDepth();
    Give(market.Rest());
    for (int i = 0; i < 310; ++i) {
      GiveDepth(1'000);
      Give(market.Ticker());
      Give(market.Trade());
    }
    log.told.clear();
  }
  [[nodiscard]] const SymbolEngine& symbol() const { return *engine.symbols().at(0); }

  StatusLog log;
  FeedBuilder market;

 private:
  EngineOptions options_;
  Catalogue catalogue_;

 public:
  Engine engine;
};

// One call, nothing else, with these bits beside what was there before.
void ExpectOneStatus(const Bench& bench, SymbolState state, QualityWord set) {
  ASSERT_EQ(bench.log.told.size(), 1U);
  const Told& told = bench.log.told[0];
  EXPECT_EQ(told.kind, Told::kStatus);
  EXPECT_EQ(told.state, state);
  EXPECT_EQ(told.quality & set, set) << DescribeQuality(told.quality);
  if ((told.quality & quality::kBookInvalid) != 0) {
    EXPECT_EQ(told.quality & kContent, 0U) << DescribeQuality(told.quality);
  }
}

TEST(EngineStatus, ASymbolIsToldBeforeAnythingOfItWithItsLossesAndItsInstrument) {
  Bench bench;
  bench.engine.OnLost(3);
  bench.Give(
      R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT","status":"BREAK","baseAssetPrecision":8,)"
      R"("filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"},{"filterType":"LOT_SIZE","stepSize":"0.001"}]}]})");
  EXPECT_TRUE(bench.log.told.empty());
  bench.GiveDepth();
  ASSERT_EQ(bench.log.told.size(), 1U);
  EXPECT_EQ(bench.log.told[0].kind, Told::kSymbol);
  EXPECT_EQ(bench.log.told[0].state, SymbolState::kHalted);
  EXPECT_EQ(bench.log.told[0].quality & (quality::kHalted | quality::kDroppedInput | kDown),
            quality::kHalted | quality::kDroppedInput | kDown);
}

TEST(EngineStatus, SymbolsOfTheOptionsAreToldWhenTheEngineIsMade) {
  EngineOptions options = DepthOptions();
  options.symbols = {"BBBUSDT", "AAAUSDT"};
  const Bench bench(options);
  ASSERT_EQ(bench.log.told.size(), 2U);
  EXPECT_EQ(bench.log.told[0].symbol, "BBBUSDT");
  EXPECT_EQ(bench.log.told[1].symbol, "AAAUSDT");
  EXPECT_EQ(bench.log.told[1].state, SymbolState::kDown);
}

TEST(EngineStatus, BufferingIsToldWithTheFirstEventAndLivenessByTheFirstRecord) {
  Bench bench;
  bench.GiveDepth();
  ASSERT_EQ(bench.log.told.size(), 2U);
  EXPECT_EQ(bench.log.told[1].kind, Told::kStatus);
  EXPECT_EQ(bench.log.told[1].state, SymbolState::kBuffering);
  EXPECT_EQ(bench.log.told[1].quality & kDown, kDown);
  bench.Give(bench.market.Rest());
  bench.log.told.clear();
  bench.GiveDepth();
  ASSERT_EQ(bench.log.told.size(), 1U);
  EXPECT_EQ(bench.log.told[0].kind, Told::kRecord);
  EXPECT_EQ(bench.log.told[0].state, SymbolState::kLive);
  EXPECT_EQ(bench.symbol().quality(), bench.log.told[0].quality);
}

TEST(EngineStatus, LivenessIsToldWithoutARecordWhenNoneIsDue) {
  Bench bench(With(DepthOptions(), EmitPolicy::None()));
  bench.GiveDepth();
  bench.Give(bench.market.Rest());
  bench.log.told.clear();
  bench.GiveDepth();
  ExpectOneStatus(bench, SymbolState::kLive, 0);
  EXPECT_EQ(bench.log.told[0].quality & kDown, 0U);
}

TEST(EngineStatus, OrdinaryFramesTellNothingBesideTheirRecords) {
  Bench bench(With(DepthOptions(), EmitPolicy::All()));
  bench.SettleDown();
  for (int i = 0; i < 50; ++i) {
    bench.GiveDepth();
    bench.Give(bench.market.Ticker());
    bench.Give(bench.market.Trade());
    bench.Give(bench.market.Frame("kline_1m", R"({"e":"kline","s":"AAAUSDT"})"));
  }
  EXPECT_TRUE(std::ranges::all_of(bench.log.told,
                                  [](const Told& told) { return told.kind == Told::kRecord; }));
  EXPECT_EQ(bench.log.told.size(), 150U);
}

TEST(EngineStatus, AGapIsToldAtOnce) {
  Bench bench;
  bench.SettleDown();
  bench.LoseDepth();
  bench.GiveDepth();
  ExpectOneStatus(bench, SymbolState::kResync, kDown);
  bench.GiveDepth();
  bench.Give(bench.market.Trade());
  EXPECT_EQ(bench.log.told.size(), 1U) << "nothing else has changed";
}

TEST(EngineStatus, AGapThatIsServedIsToldByItsRecord) {
  EngineOptions options = DepthOptions();
  options.on_gap = OnGap::kServe;
  Bench bench(options);
  bench.SettleDown();
  bench.LoseDepth();
  bench.GiveDepth();
  ASSERT_EQ(bench.log.told.size(), 1U);
  EXPECT_EQ(bench.log.told[0].kind, Told::kRecord);
  EXPECT_EQ(bench.log.told[0].state, SymbolState::kResync);
  EXPECT_EQ(bench.log.told[0].quality & kDown, quality::kResyncing);
}

TEST(EngineStatus, AMalformedDepthFrameIsToldAtOnce) {
  Bench bench;
  bench.SettleDown();
  bench.Give(bench.market.DepthOf(bench.market.told_id() + 1, bench.market.told_id() + 2,
                                  "[\"-98.00\",\"2\"]", ""));
  ExpectOneStatus(bench, SymbolState::kResync, kDown);
}

TEST(EngineStatus, MalformedTickersAndTradesChangeNothing) {
  Bench bench;
  bench.SettleDown();
  bench.Give(bench.market.TickerOf(1, "x", "1", "2", "1"));
  bench.Give(bench.market.TradeOf(1, "-1", "1"));
  EXPECT_TRUE(bench.log.told.empty());
}

TEST(EngineStatus, AClosedConnectionIsToldOnceForAllItsStreams) {
  Bench bench;
  bench.SettleDown();
  bench.Give("#conn 1 open wss://h/stream?streams=aaausdt@depth@100ms/aaausdt@trade");
  bench.Give("#conn 2 open wss://h/stream?streams=aaausdt@bookTicker");
  EXPECT_TRUE(bench.log.told.empty());
  bench.Give("#conn 1 close 1006");
  ExpectOneStatus(bench, SymbolState::kLive, quality::kStaleDepth | quality::kStaleTrade);
  EXPECT_EQ(bench.log.told[0].quality & quality::kStaleTicker, 0U);
  bench.log.told.clear();
  bench.Give(bench.market.Trade());
  ASSERT_EQ(bench.log.told.size(), 1U) << "it is there again";
  EXPECT_EQ(bench.log.told[0].quality & (quality::kStaleDepth | quality::kStaleTrade),
            quality::kStaleDepth);
}

TEST(EngineStatus, ALossOfDepthFramesTakesTheBookAway) {
  Bench bench;
  bench.SettleDown();
  bench.Give("#drop 2 depth AAAUSDT");
  ExpectOneStatus(bench, SymbolState::kResync, kDown | quality::kDroppedInput);
}

TEST(EngineStatus, ALossOfTradesIsALossOfInputAlone) {
  Bench bench;
  bench.SettleDown();
  bench.Give("#drop 2 trade AAAUSDT");
  ExpectOneStatus(bench, SymbolState::kLive, quality::kDroppedInput);
  EXPECT_EQ(bench.log.told[0].quality & kDown, 0U);
}

TEST(EngineStatus, LostLinesAreToldOfEverySymbol) {
  EngineOptions options = DepthOptions();
  options.symbols = {"AAAUSDT", "BBBUSDT"};
  Bench bench(options);
  bench.SettleDown();
  bench.Give("#lost 5 disk");
  ASSERT_EQ(bench.log.told.size(), 2U);
  for (const Told& told : bench.log.told) {
    EXPECT_EQ(told.kind, Told::kStatus);
    EXPECT_NE(told.quality & quality::kDroppedInput, 0U) << told.symbol;
  }
  EXPECT_EQ(bench.log.told[1].symbol, "BBBUSDT");
}

TEST(EngineStatus, ATradeGapIsTold) {
  Bench bench;
  bench.SettleDown();
  bench.market.SkipTradeIds(3);
  bench.Give(bench.market.Trade());
  ExpectOneStatus(bench, SymbolState::kLive, quality::kTradeGap);
}

TEST(EngineStatus, ASnapshotThatDiffersTakesTheBookAway) {
  Bench bench;
  bench.SettleDown();
  bench.Give(absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {\"lastUpdateId\":",
                          bench.market.told_id(),
                          R"(,"bids":[["99.00","1"]],"asks":[["101.00","1"]]})"));
  ExpectOneStatus(bench, SymbolState::kResync, kDown | quality::kAuditDiverged);
}

TEST(EngineStatus, ATickerThatDiffersAndOneThatAgreesAreToldOnceEach) {
  Bench bench;
  bench.SettleDown();
  bench.Give(bench.market.Depth());
  bench.log.told.clear();
  bench.Give(bench.market.TickerOf(bench.market.told_id(), "1.00", "1", "2.00", "1"));
  ExpectOneStatus(bench, SymbolState::kLive, quality::kAuditDiverged);
  bench.log.told.clear();
  // The next record's audit agrees: the record tells it.
  bench.market.Move(1);
  bench.Give(bench.market.Ticker());
  EXPECT_TRUE(bench.log.told.empty()) << "ahead of the book: not yet judged";
  bench.Give(bench.market.Depth());
  ASSERT_EQ(bench.log.told.size(), 1U);
  EXPECT_EQ(bench.log.told[0].kind, Told::kRecord);
  EXPECT_EQ(bench.log.told[0].quality & quality::kAuditDiverged, 0U);
}

TEST(EngineStatus, HaltAndTradingAreToldAtOnce) {
  Bench bench;
  bench.SettleDown();
  const auto info = [&](const char* status) {
    bench.Give(absl::StrCat(
        R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AAAUSDT","status":")", status,
        R"(","baseAssetPrecision":8,"filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"},)"
        R"({"filterType":"LOT_SIZE","stepSize":"0.001"}]}]})"));
  };
  info("BREAK");
  ExpectOneStatus(bench, SymbolState::kHalted, quality::kHalted);
  bench.log.told.clear();
  info("TRADING");
  ExpectOneStatus(bench, SymbolState::kLive, 0);
  EXPECT_EQ(bench.log.told[0].quality & quality::kHalted, 0U);
  bench.log.told.clear();
  info("TRADING");
  EXPECT_TRUE(bench.log.told.empty());
}

TEST(EngineStatus, ASilentStreamBecomesStaleWithATimerTickAndFreshWithItsNextFrame) {
  Bench bench;
  bench.SettleDown();
  const ReceiveTime now(bench.market.now_ms() * kMillisecond);
  bench.engine.OnTimer(now + kDepthStaleAfter);
  EXPECT_TRUE(bench.log.told.empty());
  bench.engine.OnTimer(now + kDepthStaleAfter + 1);
  ExpectOneStatus(bench, SymbolState::kLive, quality::kStaleDepth);
  bench.engine.OnTimer(now + kTickerStaleAfter + 1);
  ASSERT_EQ(bench.log.told.size(), 2U);
  EXPECT_NE(bench.log.told[1].quality & quality::kStaleTicker, 0U);
  bench.log.told.clear();
  bench.GiveDepth();
  ASSERT_EQ(bench.log.told.size(), 1U);
  EXPECT_EQ(bench.log.told[0].kind, Told::kRecord) << "which knows nothing of the tick";
  EXPECT_EQ(bench.log.told[0].quality & (quality::kStaleDepth | quality::kStaleTicker), 0U);
}

TEST(EngineStatus, ACrossedBookIsToldWhereNoRecordIsDue) {
  Bench bench(With(DepthOptions(), EmitPolicy{false, false, true, 0}));
  bench.SettleDown();
  const std::int64_t id = bench.market.told_id();
  bench.market.Pass(100);
  bench.Give(bench.market.DepthOf(id + 1, id + 1, "[\"200.00\",\"1\"]", ""));
  ExpectOneStatus(bench, SymbolState::kLive, quality::kCrossed);
  bench.log.told.clear();
  bench.Give(bench.market.DepthOf(id + 2, id + 2, "[\"200.00\",\"0\"]", ""));
  ExpectOneStatus(bench, SymbolState::kLive, 0);
  EXPECT_EQ(bench.log.told[0].quality & quality::kCrossed, 0U);
}

// After every input of a feed with gaps, losses and silences, what was told last is what is.
TEST(EngineStatus, WhatWasToldLastIsAlwaysWhatIs) {
  for (const EmitPolicy emit : {EmitPolicy{}, EmitPolicy::All(), EmitPolicy::None(),
                                EmitPolicy{false, false, false, 250 * kMillisecond}}) {
    Bench bench(With(DepthOptions(), emit));
    Dice dice(11);
    for (int i = 0; i < 3'000; ++i) {
      bench.market.Pass(dice.OneIn(50) ? 2'000 : 30);
      bench.market.Move(1);
      const std::size_t before = bench.log.told.size();
      switch (dice.Roll(dice.OneIn(20) ? 9 : 3)) {
        case 0:
          bench.Give(bench.market.Depth());
          break;
        case 1:
          bench.Give(bench.market.Ticker());
          break;
        case 2:
          bench.Give(bench.market.Trade());
          break;
        case 3:
          bench.LoseDepth();
          break;
        case 4:
        case 5:
          bench.Give(bench.market.Rest());
          break;
        case 6:
          bench.Give("#lost 1 disk");
          break;
        case 7:
          bench.Give("#drop 1 depth AAAUSDT");
          break;
        default:
          bench.engine.OnTimer(ReceiveTime(bench.market.now_ms() * kMillisecond) + 3 * kSecond);
          break;
      }
      if (bench.engine.symbols().empty()) continue;
      ASSERT_FALSE(bench.log.told.empty());
      ASSERT_EQ(bench.log.told.back().state, bench.symbol().state()) << i;
      ASSERT_EQ(bench.log.told.back().quality, bench.symbol().quality()) << i;
      const auto statuses = std::count_if(
          bench.log.told.begin() + static_cast<std::ptrdiff_t>(before), bench.log.told.end(),
          [](const Told& told) { return told.kind == Told::kStatus; });
      ASSERT_LE(statuses, 1) << i;
    }
  }
}

}  // namespace
}  // namespace thalweg
