// The synthetic market by itself, its shape beside a real feed's, and the engine's book beside the
// market's own.
#include "replay/market.h"

#include <gtest/gtest.h>

#define XXH_STATIC_LINKING_ONLY  // The streaming state, without an allocation.
#include <xxhash.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "replay/feed_shape.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/market_testing.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

// Of the bytes of two markets, the same for every compiler, optimisation and machine. They change
// only when the model does, which the change log says.
constexpr std::uint64_t kSpotHash = 11'367'994'475'890'711'753ULL;
constexpr std::uint64_t kFuturesHash = 7'521'155'712'548'969'638ULL;

std::uint64_t HashOfBytes(const MarketOptions& options, Nanos length) {
  SyntheticMarket market(options);
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (MarketLine line = market.Next(); line.received.raw() - options.start.raw() < length;
       line = market.Next()) {
    const std::int64_t received = line.received.raw();
    XXH3_64bits_update(&state, &received, sizeof(received));
    XXH3_64bits_update(&state, line.text.data(), line.text.size());
  }
  return XXH3_64bits_digest(&state);
}

TEST(MarketTest, TheSameSeedGivesTheSameBytesFromEveryCompiler) {
  MarketOptions spot = MarketOf("BTCUSDT,ETHUSDT:40", kAllRegimes, 7);
  EXPECT_EQ(HashOfBytes(spot, 50 * kSecond), kSpotHash);
  MarketOptions futures = MarketOf("BTCUSDT,XRPUSDT:30", "calm", 7);
  futures.market = Market::kUsdM;
  EXPECT_EQ(HashOfBytes(futures, 20 * kSecond), kFuturesHash);
}

TEST(MarketTest, AnotherSeedGivesOtherBytes) {
  EXPECT_NE(HashOfBytes(MarketOf("BTCUSDT", "calm", 1), kSecond),
            HashOfBytes(MarketOf("BTCUSDT", "calm", 2), kSecond));
}

TEST(MarketTest, ReceiveTimesNeverGoBack) {
  MarketLines lines(MarketOf("BTCUSDT,ETHUSDT:40,DOGEUSDT:5", "calm", 3));
  ReceiveTime last;
  while (lines.age() < 20 * kSecond) {
    lines.Next();
    ASSERT_GE(lines.line().received, last);
    last = lines.line().received;
  }
}

TEST(MarketTest, SpotEventsAreAdjacentAndFuturesEventsAreChained) {
  for (const Market kind : {Market::kSpot, Market::kUsdM}) {
    MarketOptions options = MarketOf("BTCUSDT,ETHUSDT:40", "calm", 3);
    options.market = kind;
    MarketLines lines(options);
    Decoder decoder;
    std::map<std::string, UpdateId> last;
    int events = 0;
    int adjacent = 0;
    while (lines.age() < 20 * kSecond) {
      const RecordingLine& line = lines.Next();
      if (line.kind != LineKind::kFrame) continue;
      const FrameHead head = NameFrame(line.payload);
      if (head.kind != FrameKind::kDepth) continue;
      DepthDiff diff;
      ASSERT_EQ(decoder.DecodeDepth(head, 8, &diff), DecodeVerdict::kOk);
      ASSERT_EQ(diff.last, lines.line().depth_end);
      ASSERT_EQ(diff.previous.has_value(), kind == Market::kUsdM);
      const auto before = last.find(std::string(head.symbol));
      if (before != last.end()) {
        if (kind == Market::kUsdM) {
          ASSERT_EQ(*diff.previous, before->second);
        }
        ++events;
        adjacent += diff.first == before->second + 1 ? 1 : 0;
      }
      last[std::string(head.symbol)] = diff.last;
    }
    EXPECT_GT(events, 300);
    if (kind == Market::kSpot) {
      EXPECT_EQ(adjacent, events);
    }
  }
}

TEST(MarketTest, AQuietSymbolSkipsIntervals) {
  MarketLines lines(MarketOf("QUIETUSDT:1", "calm", 3));
  int events = 0;
  while (lines.age() < 60 * kSecond) {
    lines.Next();
    events += lines.line().depth_end ? 1 : 0;
  }
  EXPECT_GT(events, 20);
  EXPECT_LT(events, 400);
}

TEST(MarketTest, DepthComesOnceAnInterval) {
  for (const std::int64_t milliseconds : {20, 100, 1'000}) {
    MarketOptions options = MarketOf("BTCUSDT:300", "calm", 3);
    options.depth_interval = milliseconds * kMillisecond;
    MarketLines lines(options);
    std::int64_t events = 0;
    while (lines.age() < 20 * kSecond) {
      lines.Next();
      events += lines.line().depth_end ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(events), 20'000.0 / static_cast<double>(milliseconds),
                2'000.0 / static_cast<double>(milliseconds));
  }
}

struct Goal {
  const char* what;
  double measured;
  double real;
};

// The figures of a real evening of BTCUSDT (2024-08-08, 650 s of spot).
TEST(MarketTest, ItsShapeIsWithinAQuarterOfARealFeeds) {
  MarketLines lines(MarketOf("BTCUSDT", "calm", 1));
  EngineOptions options;
  options.emit = EmitPolicy::None();
  const Catalogue catalogue = MakeCatalogue(options);
  struct : EngineOutput {
    void OnRecord(const SymbolEngine&, RecordBuffer&) override {}
  } output;
  Engine engine(options, catalogue, output);
  RecordingShape shapes;
  while (lines.age() < 2'000 * kSecond) {
    const RecordingLine& line = lines.Next();
    GiveTo(engine, line);
    if (line.kind != LineKind::kFrame) continue;
    const FrameHead head = NameFrame(line.payload);
    shapes.OnFrame(head, *engine.FindSymbol(head.symbol));
  }
  const FeedShape& shape = shapes.symbols().at("BTCUSDT");
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  const auto percentile = [](const CountHistogram& histogram, double at) {
    return static_cast<double>(histogram.Percentile(at));
  };
  const Goal goals[] = {
      {"levels a message p50", percentile(shape.levels, 0.5), 22},
      {"levels a message p90", percentile(shape.levels, 0.9), 104},
      {"share of deletes", share(shape.deletes, shape.level_updates), 0.4779},
      {"within 100 ticks", share(shape.within[2], shape.measured), 0.1048},
      {"within 1000 ticks", share(shape.within[3], shape.measured), 0.2967},
      {"within 10000 ticks", share(shape.within[4], shape.measured), 0.8032},
      {"trades a second p50", percentile(shape.trades_second, 0.5), 15},
      {"trades a second p99", percentile(shape.trades_second, 0.99), 228},
      {"1-tick spreads", share(shape.one_tick_spreads, shape.two_sided_events), 0.9928},
  };
  for (const Goal& goal : goals) {
    EXPECT_NEAR(goal.measured, goal.real, 0.25 * goal.real) << goal.what;
  }
}

// Compares, after every depth event, the engine's book with the market's own.
class BookJudge final : public EngineOutput {
 public:
  explicit BookJudge(const SyntheticMarket& market) : market_(market) {}

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    ++records;
    const OrderBook* const book = symbol.book();
    ASSERT_NE(book, nullptr);
    std::uint64_t hash = 0;
    for (const Side side : {Side::kBid, Side::kAsk}) {
      ASSERT_FALSE(book->known_edge(side).has_value()) << "a snapshot did not hold a whole side";
      // The market counts quantities in steps.
      const std::int64_t step = PowerOfTen(8 - steps_.at(symbol.name()));
      book->ladder(side).Walk([&](const TickLevel& level) {
        hash += TrueBook::HashLevel(side, level.price, Qty(level.qty.raw() / step));
        return true;
      });
    }
    const TrueBook& truth = market_.book(Index(symbol.id()));
    ASSERT_EQ(truth.HashAt(symbol.update_id()), hash)
        << symbol.name() << " at " << symbol.update_id().raw();
    flags |= record.header().flags;
  }
  void AddSymbol(const std::string& name, int step_decimals) { steps_[name] = step_decimals; }

  std::int64_t records = 0;
  QualityWord flags = 0;

 private:
  const SyntheticMarket& market_;
  std::map<std::string, int> steps_;
};

// Ten minutes of one symbol; a day where $THALWEG_MARKET_SECONDS says so.
Nanos JudgedLength() {
  if (const char* const seconds = std::getenv("THALWEG_MARKET_SECONDS")) {
    return std::strtoll(seconds, nullptr, 10) * kSecond;
  }
  return (TakeShortPart() ? 10 : 600) * kSecond;
}

void JudgeBooks(MarketOptions options, Nanos length, QualityWord* flags) {
  // Whole sides.
  options.levels = options.market == Market::kSpot ? 4'000 : 700;
  options.snapshot_limit = options.market == Market::kSpot ? 5'000 : 1'000;
  MarketLines lines(options);
  EngineOptions engine_options;
  const Catalogue catalogue = MakeCatalogue(engine_options);
  BookJudge judge(lines.market());
  for (const MarketSymbolOptions& symbol : options.symbols) {
    judge.AddSymbol(symbol.name, symbol.step_decimals);
    engine_options.symbols.push_back(symbol.name);
  }
  Engine engine(engine_options, catalogue, judge);
  std::int64_t events = 0;
  while (lines.age() < length && !testing::Test::HasFailure()) {
    GiveTo(engine, lines.Next());
    events += lines.line().depth_end ? 1 : 0;
  }
  EXPECT_GT(judge.records, events * 9 / 10);
  for (const auto& symbol : engine.symbols()) {
    EXPECT_EQ(symbol->book_counts().gaps, 0);
    EXPECT_EQ(symbol->counts().malformed_frames, 0);
    EXPECT_EQ(symbol->counts().refused_snapshots, 0);
    EXPECT_EQ(symbol->counts().ticker_audits_equal, symbol->counts().ticker_audits);
    EXPECT_GT(symbol->counts().ticker_audits, 0);
  }
  *flags = judge.flags;
}

TEST(MarketBookTest, TheEnginesBookIsTheMarketsAtEveryEvent) {
  QualityWord flags = 0;
  JudgeBooks(MarketOf("BTCUSDT", "calm", 11), JudgedLength(), &flags);
  EXPECT_EQ(flags & (quality::kCrossed | quality::kOneSided | quality::kAuditDiverged |
                     quality::kHorizon | quality::kBookInvalid),
            0u);
}

TEST(MarketBookTest, SoItIsInEveryRegimeForSeveralSymbolsOnSpotAndFutures) {
  for (const Market kind : {Market::kSpot, Market::kUsdM}) {
    MarketOptions options = MarketOf("BTCUSDT,ETHUSDT:40,XRPUSDT:20", kAllRegimes, 12);
    options.market = kind;
    QualityWord flags = 0;
    JudgeBooks(options, (TakeShortPart() ? 12 : 55) * kSecond, &flags);
    EXPECT_EQ(flags & quality::kCrossed, 0u);
    if (!TakeShortPart()) {
      EXPECT_NE(flags & quality::kOneSided, 0u) << "no side was ever empty";
      EXPECT_NE(flags & quality::kShortBook, 0u) << "no side was ever thin";
    }
  }
}

TEST(MarketBookTest, InsideItsHorizonALimitedBookIsTheMarketsToo) {
  MarketOptions options = MarketOf("BTCUSDT", "calm", 13);
  options.snapshot_limit = 500;
  options.snapshot_every = 20 * kSecond;
  MarketLines lines(options);
  EngineOptions engine_options;
  const Catalogue catalogue = MakeCatalogue(engine_options);
  struct : EngineOutput {
    void OnRecord(const SymbolEngine&, RecordBuffer&) override { ++records; }
    std::int64_t records = 0;
  } output;
  Engine engine(engine_options, catalogue, output);
  std::int64_t compared = 0;
  while (lines.age() < 60 * kSecond) {
    const std::int64_t records = output.records;
    GiveTo(engine, lines.Next());
    if (output.records == records || output.records % 10 != 0) continue;
    const SymbolEngine& symbol = *engine.symbols()[0];
    const std::optional<TrueBook> truth = lines.market().book(0).At(symbol.update_id());
    ASSERT_TRUE(truth.has_value());
    for (const Side side : {Side::kBid, Side::kAsk}) {
      ASSERT_TRUE(symbol.book()->known_edge(side).has_value());
      const std::int64_t edge = TrueBook::Key(side, *symbol.book()->known_edge(side));
      std::map<std::int64_t, std::int64_t> wanted;
      for (const auto& [key, qty] : truth->levels(side)) {
        if (key <= edge) wanted[key] = qty * 1'000;  // Steps of 1e-5.
      }
      std::map<std::int64_t, std::int64_t> found;
      symbol.book()->ladder(side).Walk([&](const TickLevel& level) {
        const std::int64_t key = TrueBook::Key(side, level.price);
        if (key <= edge) found[key] = level.qty.raw();
        return true;
      });
      ASSERT_EQ(found, wanted);
      compared += static_cast<std::int64_t>(wanted.size());
    }
  }
  EXPECT_GT(compared, 10'000);
  EXPECT_EQ(engine.symbols()[0]->book_counts().synchronisations, 1);
}

TEST(MarketBookTest, AFallingPriceTurnsNearATenthOfWhereItBegan) {
  // XRPUSDT begins at 6,100 ticks.
  SyntheticMarket market(MarketOf("XRPUSDT", "crash:3600", 5));
  std::int64_t lowest = INT64_MAX;
  const Nanos length = (TakeShortPart() ? 30 : 300) * kSecond;
  for (MarketLine line = market.Next(); line.received.raw() - MarketOptions().start.raw() < length;
       line = market.Next()) {
    const TrueBook::Levels& bids = market.book(0).levels(Side::kBid);
    ASSERT_FALSE(bids.empty());
    lowest = std::min(lowest, TrueBook::Price(Side::kBid, bids.begin()->first).raw());
    ASSERT_GT(TrueBook::Price(Side::kBid, bids.rbegin()->first).raw(), 0);
  }
  EXPECT_GE(lowest, 6'100 / 20);
  if (!TakeShortPart()) {
    EXPECT_LT(lowest, 1'000) << "it never came near its floor";
  }
}

TEST(MarketBookTest, ALongMarketKeepsItsSize) {
  if (TakeShortPart()) GTEST_SKIP() << "an hour of market takes too long with sanitizers";
  SyntheticMarket market(MarketOf("BTCUSDT", "calm:600,crash:30,thin:30", 5));
  std::size_t most = 0;
  for (MarketLine line = market.Next();
       line.received.raw() - MarketOptions().start.raw() < 3'600 * kSecond; line = market.Next()) {
    most = std::max(
        most, market.book(0).levels(Side::kBid).size() + market.book(0).levels(Side::kAsk).size());
  }
  EXPECT_LT(most, 60'000u);
  EXPECT_GT(market.book(0).levels(Side::kBid).size(), 10u);
}

TEST(MarketOptionsTest, WrongRegimesAreNamed) {
  for (const char* const text : {"", "quiet", "calm:0", "calm:x", "calm:5:6", "calm,,thin"}) {
    const auto regimes = ParseRegimes(text);
    ASSERT_FALSE(regimes.ok()) << text;
    EXPECT_NE(regimes.status().message().find("one-sided"), absl::string_view::npos);
  }
  const auto regimes = ParseRegimes("calm:60,crash:10");
  ASSERT_TRUE(regimes.ok());
  ASSERT_EQ(regimes->size(), 2u);
  EXPECT_EQ((*regimes)[1].regime, Regime::kCrash);
  EXPECT_EQ((*regimes)[1].length, 10 * kSecond);
}

TEST(MarketOptionsTest, WrongSymbolsAreNamed) {
  for (const char* const text : {"", "btcusdt", "BTC/USDT", "BTCUSDT:0", "BTCUSDT:1001",
                                 "BTCUSDT:1:2", "A23456789012345678901"}) {
    EXPECT_FALSE(ParseMarketSymbol(text).ok()) << text;
  }
}

TEST(MarketOptionsTest, ImpossibleMarketsAreRefused) {
  EXPECT_TRUE(SyntheticMarket::Validate(MarketOf("BTCUSDT", "calm", 1)).ok());
  EXPECT_FALSE(SyntheticMarket::Validate(MarketOf("BTCUSDT,BTCUSDT", "calm", 1)).ok());
  MarketOptions options = MarketOf("BTCUSDT", "calm", 1);
  options.depth_interval = 50 * kMillisecond;
  EXPECT_FALSE(SyntheticMarket::Validate(options).ok());
  options = MarketOf("BTCUSDT", "calm", 1);
  options.snapshot_limit = 5'001;
  EXPECT_FALSE(SyntheticMarket::Validate(options).ok());
  options = MarketOf("BTCUSDT", "calm", 1);
  options.levels = 99;
  EXPECT_FALSE(SyntheticMarket::Validate(options).ok());
  options = MarketOf("BTCUSDT", "calm", 1);
  options.market = Market::kCoinM;
  EXPECT_FALSE(SyntheticMarket::Validate(options).ok());
  EXPECT_FALSE(SyntheticMarket::Validate(MarketOptions()).ok());
}

}  // namespace
}  // namespace thalweg
