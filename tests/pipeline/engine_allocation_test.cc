// After a warm-up the way from a frame to its record allocates nothing.
#include <gtest/gtest.h>

#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/engine.h"
#include "pipeline/feature_engine.h"
#include "tests/core/allocation_count.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg {
namespace {

class RecordCounter final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine&, RecordBuffer&) override { ++count; }
  void OnSnapshotWanted(const SymbolEngine&, SnapshotReason) override { ++wishes; }
  std::int64_t count = 0;
  std::int64_t wishes = 0;
};

// An engine beside a market, and what the calls of the engine allocate.
struct CountedEngine {
  explicit CountedEngine(EngineOptions given) : options(std::move(given)) {}

  template <class Call>
  void Count(const std::string& text, const Call& call) {
    const std::string padding(kPayloadPadding, ' ');
    const std::string padded = padding + text + padding;
    const ReceiveTime now(market.now_ms() * kMillisecond);
    const std::int64_t before = AllocationCount();
    call(now, std::string_view(padded).substr(kPayloadPadding, text.size()));
    allocations += AllocationCount() - before;
  }
  void Frame(const std::string& text) {
    Count(text, [&](ReceiveTime now, std::string_view payload) { engine.OnFrame(now, payload); });
  }

  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  RecordCounter output;
  Engine engine{options, catalogue, output};
  FeedBuilder market{"AAAUSDT", FeedBuilder::Numbering::kSpot, 7, 200};
  std::int64_t allocations = 0;
};

void Give(const RecordedFeed& feed, std::size_t begin, std::size_t end, Engine* engine) {
  for (std::size_t i = begin; i < end; ++i) {
    engine->OnFrame(feed.lines()[i].received, feed.lines()[i].payload);
  }
}

TEST(EngineAllocation, TheCounterSeesAllocations) {
  const std::int64_t before = AllocationCount();
  // Called by name: a compiler may leave out a new-expression whose object nobody uses.
  ::operator delete(::operator new(1));
  EXPECT_EQ(AllocationCount() - before, 1);
}

// While a snapshot of the live book is awaited its events are retained; one that is held is
// compared with the book, and widens it, at the event that reaches it.
TEST(EngineAllocation, EventsBesideAnAuditAllocateNothing) {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  CountedEngine counted(options);
  Engine& engine = counted.engine;
  FeedBuilder& market = counted.market;
  const auto run = [&](int events) {
    for (int i = 0; i < events; ++i) {
      market.Pass(100);
      market.Move(20);
      counted.Frame(market.Depth());
      counted.Frame(market.Ticker());
      counted.Frame(market.Trade());
    }
  };
  const auto snapshot = [&](std::size_t limit) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), market.Rest(limit), &engine);
  };
  run(1);
  snapshot(50);
  run(1'000);
  const SymbolEngine& symbol = *engine.symbols().at(0);
  ASSERT_TRUE(symbol.live());

  counted.allocations = 0;
  counted.output.wishes = 0;
  for (int i = 0; i < 3; ++i) {
    market.Pass(100);
    market.Move(1);
    counted.Frame(market.TickerOf(market.id(), "99.00", "1", "101.00", "1"));
    counted.Frame(market.Depth());
  }
  ASSERT_EQ(counted.output.wishes, 1);
  run(300);
  EXPECT_EQ(counted.allocations, 0) << "while events are retained";
  market.Move(1);
  snapshot(150);  // Ahead of the book, and wider.
  counted.allocations = 0;
  counted.Frame(market.Depth());
  ASSERT_EQ(symbol.book_counts().audits_agreed, 1);
  EXPECT_EQ(counted.allocations, 0) << "at the event that concludes it";
}

TEST(EngineAllocation, WishingAndGivingUpInTheBackgroundAllocatesNothing) {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.audit_interval = 120 * kSecond;
  CountedEngine counted(options);
  Engine& engine = counted.engine;
  FeedBuilder& market = counted.market;
  const auto run = [&](int events) {
    for (int i = 0; i < events; ++i) {
      market.Pass(100);
      market.Move(20);
      counted.Frame(market.Depth());
    }
  };
  run(1);
  GiveLine(ReceiveTime(market.now_ms() * kMillisecond), market.Rest(50), &engine);
  run(600);
  counted.allocations = 0;
  run(4'000);
  EXPECT_EQ(counted.allocations, 0);
  const BookCounts& counts = engine.symbols().at(0)->book_counts();
  EXPECT_GE(counts.audits_wished, 3);
  EXPECT_GE(counts.audits_given_up, 2);
}

// What happens now and then in a long run: a change-over; a cut, with a new snapshot behind it.
TEST(EngineAllocation, ConnectionsAndResyncsAllocateNothing) {
  constexpr std::string_view kUrl =
      "wss://stream.binance.com/stream?streams=aaausdt@depth%40100ms/aaausdt@bookTicker/"
      "aaausdt@trade/bbbusdt@depth@100ms/bbbusdt@bookTicker/bbbusdt@trade&timeUnit=MICROSECOND";
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  CountedEngine counted(options);
  Engine& engine = counted.engine;
  FeedBuilder& market = counted.market;
  const auto answer = [&](std::string_view target, const std::string& body) {
    counted.Count(body, [&](ReceiveTime now, std::string_view payload) {
      engine.OnRest(now, target, payload);
    });
  };
  std::int64_t connection = 1;
  const auto open = [&] {
    counted.Count(
        "", [&](ReceiveTime, std::string_view) { engine.OnConnectionOpen(connection, kUrl); });
  };
  const auto close = [&](std::int64_t number) {
    counted.Count("", [&](ReceiveTime, std::string_view) { engine.OnConnectionClosed(number); });
  };
  const auto round = [&] {
    open();
    counted.Frame(market.Depth());
    answer("/api/v3/depth?symbol=AAAUSDT&limit=100", market.Snapshot(100));
    for (int i = 0; i < 100; ++i) {
      market.Pass(100);
      market.Move(20);
      counted.Frame(market.Depth());
      counted.Frame(market.Ticker());
      counted.Frame(market.Trade());
    }
    ASSERT_TRUE(engine.symbols().at(0)->live());
    const std::int64_t old = connection++;
    open();
    close(old);
    ASSERT_TRUE(engine.symbols().at(0)->stream(StreamKind::kDepth).is_open());
    close(connection++);
    ASSERT_FALSE(engine.symbols().at(0)->stream(StreamKind::kDepth).is_open());
    market.Move(20);
    (void)market.Depth();  // Lost: a gap.
  };
  for (int i = 0; i < 10; ++i) round();
  counted.allocations = 0;
  counted.output.wishes = 0;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(counted.allocations, 0);
  EXPECT_GE(counted.output.wishes, 10);
}

class EngineAllocationTest : public testing::TestWithParam<const char*> {};

TEST_P(EngineAllocationTest, TheSecondHalfOfARealFeedAllocatesNothing) {
  const std::vector<std::string> files = RecordedFiles(GetParam());
  if (files.empty()) GTEST_SKIP() << "no " << GetParam() << " in " << RecordedDataFolder();
  const RecordedFeed feed(files);
  const std::size_t half = feed.lines().size() / 2;
  EngineOptions options;
  options.emit = EmitPolicy::All();
  const Catalogue catalogue = MakeCatalogue(options);
  RecordCounter output;
  Engine engine(options, catalogue, output);
  Give(feed, 0, half, &engine);
  ASSERT_GT(output.count, 20'000);

  const std::int64_t records = output.count;
  const std::int64_t before = AllocationCount();
  Give(feed, half, feed.lines().size(), &engine);
  EXPECT_EQ(AllocationCount() - before, 0);
  EXPECT_GT(output.count - records, 20'000);
}

// Frames pushed without padding, records taken in both ways, books looked at.
TEST_P(EngineAllocationTest, TheSecondHalfOfAPushedFeedAllocatesNothingCalledOrPolled) {
  const std::vector<std::string> files = RecordedFiles(GetParam());
  if (files.empty()) GTEST_SKIP() << "no " << GetParam() << " in " << RecordedDataFolder();
  const RecordedFeed feed(files);
  const std::size_t half = feed.lines().size() / 2;
  EngineOptions options;
  options.emit = EmitPolicy::All();
  for (const bool polled : {false, true}) {
    SCOPED_TRACE(polled ? "polled" : "called");
    FeatureEngine engine = FeatureEngine::Make(options).value();
    const auto columns = engine.Bind<"mid", "imbalance_l10">().value();
    std::int64_t taken = 0;
    double sum = 0;
    const auto take = [&](const FeatureRecord& record) {
      ++taken;
      sum += columns.Get<"mid">(record);
      const std::optional<BookView> book = record.book();
      if (!book) return;
      sum += book->best(Side::kBid)->price + book->compact(Side::kAsk, 0)[0].qty;
      int levels = 0;
      for (const BookLevel& level : book->bids()) {
        sum += level.qty;
        if (++levels == 20) break;
      }
    };
    if (!polled) engine.set_on_record(take);
    const auto give = [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        engine.Push(feed.lines()[i].received, feed.lines()[i].payload);
        while (const FeatureRecord* const record = engine.Poll()) take(*record);
      }
    };
    give(0, half);
    ASSERT_GT(taken, 20'000);

    const std::int64_t records = taken;
    const std::int64_t before = AllocationCount();
    give(half, feed.lines().size());
    EXPECT_EQ(AllocationCount() - before, 0);
    EXPECT_GT(taken - records, 20'000);
    EXPECT_NE(sum, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Recordings, EngineAllocationTest,
                         testing::Values("spot-btcusdt-2024-08-08", "usdm-btcusdt-2023-04-04",
                                         "usdm-ethusdt-2024-08-08", "coinm-btcusd_perp-2024-08-08"),
                         [](const auto& info) {
                           return std::to_string(info.index) + "_" +
                                  std::string(info.param).substr(0, 4);
                         });

}  // namespace
}  // namespace thalweg
