// What a publisher makes of an engine's answers: records bit for bit, ladders and tops beside them,
// states at once, and names that keep their ids.
#include "pipeline/ring_publisher.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "features/ladder_record.h"
#include "pipeline/record_digest.h"
#include "tests/core/ring_testing.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

constexpr QualityWord kDown = quality::kBookInvalid | quality::kResyncing;

EngineOptions DefaultOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  return options;
}

// A publisher, and what it was given.
class Output final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    publisher->OnRecord(symbol, record);
    log.OnRecord(symbol, record);
    digest.Add(record);
  }
  void OnSymbol(const SymbolEngine& symbol) override { publisher->OnSymbol(symbol); }
  void OnStatus(const SymbolEngine& symbol) override { publisher->OnStatus(symbol); }
  void OnNotice(const Notice& notice) override { publisher->OnNotice(notice); }

  std::unique_ptr<RingPublisher> publisher;
  RowLog log;
  RecordDigest digest;
};

class RingPublisherTest : public testing::Test {
 protected:
  explicit RingPublisherTest(EngineOptions options = DefaultOptions())
      : options_(std::move(options)) {
    market.emplace("AAAUSDT", FeedBuilder::Numbering::kSpot, 7);
  }

  [[nodiscard]] RingPublisherOptions Publishing() const {
    RingPublisherOptions publishing;
    publishing.name = "test";
    publishing.folder = folder.path();
    return publishing;
  }
  // Engine and rings of these options, in the place of earlier ones.
  void Begin(const RingPublisherOptions& publishing) {
    engine.reset();
    output.publisher.reset();
    catalogue_ = std::make_unique<Catalogue>(MakeCatalogue(options_));
    auto created = RingPublisher::Create(publishing, options_, *catalogue_);
    ASSERT_TRUE(created.ok()) << created.status();
    output.publisher = *std::move(created);
    BeginEngine();
  }
  void Begin() { Begin(Publishing()); }
  void BeginEngine() { engine = std::make_unique<Engine>(options_, *catalogue_, output); }

  void Give(const std::string& line) {
    const ReceiveTime now(market->now_ms() * kMillisecond);
    output.publisher->BeginFrame(now, RingPublisher::MonotonicNow());
    GiveLine(now, line, engine.get());
  }
  void GiveDepth(std::int64_t later_ms = 100) {
    market->Pass(later_ms);
    market->Move(2);
    Give(market->Depth());
  }
  void Synchronise() {
    GiveDepth();
    Give(market->Rest());
    GiveDepth();
  }
  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      GiveDepth();
      Give(market->Ticker());
      Give(market->Trade());
    }
  }
  [[nodiscard]] RingReader Open(RingKind kind, RingStart start = RingStart::kOldest) const {
    RingOpenOptions options;
    options.kind = kind;
    options.start = start;
    options.folder = folder.path();
    return RingReader::Open("test", options).value();
  }
  [[nodiscard]] std::vector<RingRecord> ReadAll(RingReader& reader) const {
    std::vector<RingRecord> records;
    while (reader.Next() == RingRead::kRecord) records.push_back(reader.record());
    return records;
  }
  [[nodiscard]] static RingSymbol StateOf(const RingReader& reader, std::string_view name) {
    const std::optional<RingSymbol> state = reader.state(name);
    EXPECT_TRUE(state.has_value()) << name;
    return state.value_or(RingSymbol{});
  }

  RingFolder folder;
  std::optional<FeedBuilder> market;
  EngineOptions options_;
  std::unique_ptr<Catalogue> catalogue_;
  Output output;
  std::unique_ptr<Engine> engine;
};

// --- Records -------------------------------------------------------------------------------------

TEST_F(RingPublisherTest, EveryRecordIsReadBackAsItWasMade) {
  Begin();
  Synchronise();
  Run(50);
  RingReader reader = Open(RingKind::kFeatures);
  const std::vector<RingRecord> records = ReadAll(reader);
  ASSERT_EQ(records.size(), output.log.rows.size());
  ASSERT_GT(records.size(), 100U);
  std::int64_t published = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const LoggedRow& row = output.log.rows[i];
    RecordHeader header = records[i].header();
    EXPECT_EQ(header.seq, i + 1);
    EXPECT_GE(header.publish_ns, std::max(published, std::int64_t{1'700'000'000'000'000'000}));
    published = header.publish_ns;
    // Logged after it was published; the number is the ring's own.
    EXPECT_EQ(row.header.publish_ns, published);
    header.seq = 0;
    ASSERT_EQ(std::memcmp(&header, &row.header, sizeof(header)), 0) << i;
    ASSERT_EQ(std::memcmp(records[i].data() + sizeof(header), row.features.data(),
                          row.features.size() * sizeof(double)),
              0)
        << i;
  }
  EXPECT_EQ(reader.statistics().records, records.size());
}

TEST_F(RingPublisherTest, TheDigestIsTheSameWithAndWithoutRings) {
  Begin();
  Synchronise();
  Run(20);
  FeedBuilder again("AAAUSDT", FeedBuilder::Numbering::kSpot, 7);
  struct Digest final : EngineOutput {
    void OnRecord(const SymbolEngine&, RecordBuffer& record) override { digest.Add(record); }
    RecordDigest digest;
  } bare;
  Engine engine_alone(options_, *catalogue_, bare);
  const auto give = [&](const std::string& line) {
    GiveLine(ReceiveTime(again.now_ms() * kMillisecond), line, &engine_alone);
  };
  const auto give_depth = [&] {
    again.Pass(100);
    again.Move(2);
    give(again.Depth());
  };
  give_depth();
  give(again.Rest());
  give_depth();
  for (int i = 0; i < 20; ++i) {
    give_depth();
    give(again.Ticker());
    give(again.Trade());
  }
  EXPECT_EQ(bare.digest.record_count(), output.digest.record_count());
  EXPECT_EQ(bare.digest.Hex(), output.digest.Hex());
}

TEST_F(RingPublisherTest, LaddersAndTopsFollowDepthRecordsWithTheirHeader) {
  Begin();
  Synchronise();
  Run(30);
  std::vector<const LoggedRow*> depth;
  for (const LoggedRow& row : output.log.rows) {
    if (row.trigger() == Trigger::kDepth) depth.push_back(&row);
  }
  for (const RingKind kind : {RingKind::kLadders, RingKind::kTops}) {
    RingReader reader = Open(kind);
    const std::vector<RingRecord> records = ReadAll(reader);
    ASSERT_EQ(records.size(), depth.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      RecordHeader header = records[i].header();
      EXPECT_EQ(header.seq, i + 1);
      EXPECT_EQ(header.schema_hash, reader.header().schema_hash);
      EXPECT_NE(header.schema_hash, depth[i]->header.schema_hash);
      header.seq = 0;
      header.schema_hash = depth[i]->header.schema_hash;
      EXPECT_EQ(std::memcmp(&header, &depth[i]->header, sizeof(header)), 0) << i;
    }
  }
}

TEST_F(RingPublisherTest, LaddersAndTopsAreThoseOfTheBook) {
  RingPublisherOptions publishing = Publishing();
  publishing.tops_levels = 3;
  Begin(publishing);
  Synchronise();
  RingReader tops = Open(RingKind::kTops, RingStart::kNewest);
  RingReader ladders = Open(RingKind::kLadders, RingStart::kNewest);
  ASSERT_EQ(tops.Next(), RingRead::kRecord);
  ASSERT_EQ(ladders.Next(), RingRead::kRecord);
  const SymbolEngine& symbol = *engine->symbols()[0];
  const OrderBook& book = *symbol.book();
  std::vector<TickLevel> bids(3);
  ASSERT_EQ(book.ladder(Side::kBid).Top(3, bids.data()), 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto value = [&](const char* name) {
      return tops.record()[tops.Column(absl::StrCat(name, i + 1)).value()];
    };
    EXPECT_EQ(value("bid_price_"), symbol.scale().ToQuote(bids[i].price));
    EXPECT_EQ(value("bid_qty_"), symbol.scale().ToBase(bids[i].qty.raw()));
  }
  EXPECT_FALSE(tops.Column("bid_price_4").ok());
  std::vector<double> expected(2 * kLadderValues);
  ComputeLadders(&book, symbol.bucket_sizes(), symbol.scale(), expected.data());
  EXPECT_EQ(std::memcmp(ladders.record().data() + sizeof(RecordHeader), expected.data(),
                        expected.size() * sizeof(double)),
            0);
  EXPECT_EQ(ladders.record()[ladders.Column("size_t0.1").value()], 0.1);
}

TEST_F(RingPublisherTest, TimerRecordsHaveLaddersAndTopsAlsoWithoutABook) {
  options_.emit = {false, false, false, 100 * kMillisecond};
  Begin();
  Synchronise();
  market->Move(2);
  (void)market->Depth();  // Lost.
  GiveDepth();
  GiveDepth();
  for (const RingKind kind : {RingKind::kLadders, RingKind::kTops}) {
    RingReader reader = Open(kind);
    const std::vector<RingRecord> records = ReadAll(reader);
    ASSERT_EQ(records.size(), output.log.rows.size());
    EXPECT_EQ(records.back().header().trigger, static_cast<std::uint16_t>(Trigger::kTimer));
    EXPECT_EQ(records.back().header().flags & kDown, kDown);
    const char* const column = kind == RingKind::kTops ? "ask_price_1" : "ask_label_t1";
    EXPECT_TRUE(std::isnan(records.back()[reader.Column(column).value()]));
    EXPECT_FALSE(std::isnan(records.front()[reader.Column(column).value()]));
  }
}

// --- States --------------------------------------------------------------------------------------

TEST_F(RingPublisherTest, AStateChangesAtOnceInEveryTableWithoutARecord) {
  Begin();
  Synchronise();
  std::vector<RingReader> readers;
  for (const RingKind kind : kRingKinds) readers.push_back(Open(kind, RingStart::kNewest));
  for (RingReader& reader : readers) {
    const RingSymbol live = StateOf(reader, "AAAUSDT");
    EXPECT_EQ(live.status.state, static_cast<std::uint32_t>(SymbolState::kLive));
    EXPECT_EQ(live.status.quality & (kDown | quality::kFirstAfterResync), 0U);
    EXPECT_EQ(live.status.update_id, output.log.rows.back().header.update_id);
    EXPECT_EQ(live.status.event_ns, output.log.rows.back().header.event_ns);
  }
  const std::size_t rows = output.log.rows.size();
  market->Move(2);
  (void)market->Depth();  // Lost.
  GiveDepth();
  ASSERT_EQ(output.log.rows.size(), rows);
  for (RingReader& reader : readers) {
    const RingSymbol lost = StateOf(reader, "AAAUSDT");
    EXPECT_EQ(lost.status.state, static_cast<std::uint32_t>(SymbolState::kResync));
    EXPECT_EQ(lost.status.quality, engine->symbols()[0]->quality());
    EXPECT_EQ(lost.status.quality & kDown, kDown);
    EXPECT_EQ(lost.status.update_id, output.log.rows.back().header.update_id);
    EXPECT_EQ(lost.counts.gaps, 1U) << "counts come with it";
    ASSERT_TRUE(reader.Latest("AAAUSDT"));
    EXPECT_EQ(reader.record().header().flags & kDown, 0U) << "the old record stays as it was";
  }
}

TEST_F(RingPublisherTest, TheNewestRecordOfASymbolStandsInTheTable) {
  options_.symbols = {"BBBUSDT", "AAAUSDT"};
  Begin();
  Synchronise();
  Run(3);
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.symbol_count(), 2U);
  EXPECT_EQ(StateOf(reader, "BBBUSDT").status.state,
            static_cast<std::uint32_t>(SymbolState::kDown));
  EXPECT_FALSE(reader.Latest("BBBUSDT"));
  ASSERT_TRUE(reader.Latest("AAAUSDT"));
  EXPECT_EQ(reader.record().header().seq, output.log.rows.size());
  EXPECT_EQ(reader.record().header().symbol_id, 1U);
}

TEST_F(RingPublisherTest, CountsAndStatisticsComeWithABeat) {
  RingPublisherOptions publishing = Publishing();
  publishing.speed_milli = 2'500;
  Begin(publishing);
  Synchronise();
  Run(5);
  output.publisher->BeginFrame(ReceiveTime(market->now_ms() * kMillisecond),
                               RingPublisher::MonotonicNow());
  engine->OnFrame(ReceiveTime(0), std::string_view(std::string(kPayloadPadding, ' ') + "???" +
                                                   std::string(kPayloadPadding, ' '))
                                      .substr(kPayloadPadding, 3));
  const std::int64_t now = RingPublisher::MonotonicNow() + 10 * kSecond;
  EXPECT_TRUE(output.publisher->IsBeatDue(now));
  output.publisher->SetCounts(*engine);
  output.publisher->Beat(now);
  EXPECT_FALSE(output.publisher->IsBeatDue(now + kBeatPeriod - 1));
  EXPECT_TRUE(output.publisher->IsBeatDue(now + kBeatPeriod));
  for (const RingKind kind : kRingKinds) {
    const RingReader reader = Open(kind);
    const RingStatistics statistics = reader.statistics();
    EXPECT_EQ(statistics.frames, 3U + 15U + 1U);
    EXPECT_EQ(statistics.unnamed_frames, 1U);
    EXPECT_EQ(statistics.receive_ns, market->now_ms() * kMillisecond);
    EXPECT_EQ(statistics.speed_milli, 2'500U);
    std::uint64_t latencies = 0;
    for (const std::uint64_t count : statistics.latency_cells) latencies += count;
    EXPECT_EQ(latencies, statistics.records);
    EXPECT_GT(statistics.latency_max_ns, 0U);
    const RingSymbolCounts counts = StateOf(reader, "AAAUSDT").counts;
    EXPECT_EQ(counts.depth_frames, 7U);
    EXPECT_EQ(counts.ticker_frames, 5U);
    EXPECT_EQ(counts.trade_frames, 5U);
    EXPECT_EQ(counts.synchronisations, 1U);
  }
}

TEST_F(RingPublisherTest, StagesAreToldInTheFirstRingOnceTheyAreTimed) {
  Begin();
  EXPECT_FALSE(Open(RingKind::kLadders).stage(Stage::kBook));
  EXPECT_FALSE(Open(RingKind::kTops).stage(Stage::kBook));
  Synchronise();
  Run(kTimedFrames);
  for (const StageEntry& stage : kStages) {
    EXPECT_EQ(Open(RingKind::kFeatures).stage(stage.stage).value().count, 0U) << stage.name;
  }

  engine->set_stage_clock(output.publisher->TimeStages());
  constexpr std::uint64_t kTimed = 3;
  for (std::uint64_t i = 0; i < kTimed * kTimedFrames; ++i) {
    GiveDepth();
    output.publisher->EndFrame();
  }
  const RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.stage(Stage::kSocket)->count, 0U) << "nobody knows how long it waited";
  for (const StageEntry& entry : kStages) {
    if (entry.stage == Stage::kSocket) continue;
    const RingStage stage = reader.stage(entry.stage).value();
    EXPECT_EQ(stage.count, kTimed) << entry.name;
    EXPECT_GE(stage.sum_ns, stage.max_ns) << entry.name;
    EXPECT_GT(stage.max_ns, 0U) << entry.name;
  }
  // A frame that is timed, but made no record, has no record.
  market->Pass(100);
  output.publisher->BeginFrame(ReceiveTime(1), 1, false, 2'000);
  output.publisher->EndFrame();
  EXPECT_EQ(reader.stage(Stage::kQueue)->count, kTimed + 1);
  EXPECT_EQ(reader.stage(Stage::kPublish)->count, kTimed);
  // The network says of which frame it knows how long it was in the kernel.
  output.publisher->BeginFrame(ReceiveTime(1), 1, false, 1'000);
  output.publisher->EndFrame();
  EXPECT_EQ(reader.stage(Stage::kSocket)->count, 2U);
  EXPECT_EQ(reader.stage(Stage::kSocket)->sum_ns, 3'000U);
  EXPECT_EQ(reader.stage(Stage::kQueue)->count, kTimed + 1);
}

TEST_F(RingPublisherTest, WithoutAFeatureRingTheFirstOfTheOthersTellsTheStages) {
  RingPublisherOptions publishing = Publishing();
  publishing.kinds = {RingKind::kTops, RingKind::kLadders};
  Begin(publishing);
  engine->set_stage_clock(output.publisher->TimeStages());
  GiveDepth();
  output.publisher->EndFrame();
  EXPECT_EQ(Open(RingKind::kLadders).stage(Stage::kDecode).value().count, 1U);
  EXPECT_FALSE(Open(RingKind::kTops).stage(Stage::kDecode));
}

// --- Which rings there are -----------------------------------------------------------------------

TEST_F(RingPublisherTest, KindsThatAreNotWrittenAreTakenAway) {
  Begin();
  Synchronise();
  engine.reset();
  output.publisher.reset();
  RingPublisherOptions publishing = Publishing();
  publishing.kinds = {RingKind::kTops};
  publishing.capacity = 8;
  publishing.mode = 0640;
  RingReader old = Open(RingKind::kFeatures);
  Begin(publishing);
  EXPECT_EQ(old.writer(), RingWriterLife::kSuperseded);
  EXPECT_FALSE(std::filesystem::exists(folder.File("test")));
  EXPECT_FALSE(std::filesystem::exists(folder.File("test.ladders")));
  market.emplace("AAAUSDT", FeedBuilder::Numbering::kSpot, 7);
  Synchronise();
  const RingReader reader = Open(RingKind::kTops);
  EXPECT_EQ(reader.header().capacity, 8U);
  EXPECT_EQ(reader.header().generation, 2U);
  EXPECT_EQ(reader.newest(), 1U);
  EXPECT_EQ(std::filesystem::status(reader.path()).permissions(),
            static_cast<std::filesystem::perms>(0640));
}

TEST_F(RingPublisherTest, CapacitiesFitTheMemoryOfAContainer) {
  options_.bucket_sizes = DefaultBucketSizes();
  Begin();
  std::uintmax_t bytes = 0;
  for (const RingKind kind : kRingKinds) {
    const RingReader reader = Open(kind);
    EXPECT_EQ(reader.header().capacity, kind == RingKind::kFeatures ? 16'384U : 4'096U);
    bytes += reader.header().file_bytes;
  }
  EXPECT_LT(bytes, std::uintmax_t{64} << 20);
}

TEST_F(RingPublisherTest, ATableHasAPlaceForEachSymbolThatIsNamed) {
  Begin();
  EXPECT_EQ(Open(RingKind::kFeatures).header().entry_capacity, kRingSymbolsDefault);
  options_.symbols = {"AAAUSDT", "BBBUSDT", "CCCUSDT"};
  Begin();
  EXPECT_EQ(Open(RingKind::kFeatures).header().entry_capacity, 3U);
}

TEST_F(RingPublisherTest, WhatCannotBePublishedIsRefused) {
  Begin();
  const auto create = [this](const RingPublisherOptions& publishing) {
    return RingPublisher::Create(publishing, options_, *catalogue_).status();
  };
  const absl::Status taken = create(Publishing());
  EXPECT_EQ(taken.code(), absl::StatusCode::kFailedPrecondition) << taken;
  RingPublisherOptions publishing = Publishing();
  publishing.name = "other";
  EXPECT_TRUE(create(publishing).ok());
  publishing.tops_levels = 101;
  EXPECT_EQ(create(publishing).code(), absl::StatusCode::kInvalidArgument);
  publishing.tops_levels = 1;
  publishing.kinds.clear();
  EXPECT_EQ(create(publishing).code(), absl::StatusCode::kInvalidArgument);
  publishing.kinds = {RingKind::kTops};
  publishing.capacity = 3;
  EXPECT_EQ(create(publishing).code(), absl::StatusCode::kInvalidArgument);
  publishing.capacity = 4;
  publishing.name = "no/name";
  EXPECT_EQ(create(publishing).code(), absl::StatusCode::kInvalidArgument);
  publishing.name = "other";
  options_.symbols = {"A\xff"};
  EXPECT_EQ(create(publishing).code(), absl::StatusCode::kInvalidArgument) << "no UTF-8";
}

TEST_F(RingPublisherTest, FaultN8ARecordThatComesLateOrFromALaggingConnectionSaysSo) {
  Begin();
  Synchronise();
  const auto give_depth = [&](Nanos ago, bool is_lagged) {
    market->Pass(100);
    market->Move(2);
    const ReceiveTime now(market->now_ms() * kMillisecond);
    output.publisher->BeginFrame(now, RingPublisher::MonotonicNow() - ago, is_lagged);
    GiveLine(now, market->Depth(), engine.get());
  };
  give_depth(0, true);
  give_depth(kLaggedAfter + kMillisecond, false);
  for (const RingKind kind : kRingKinds) {
    RingReader reader = Open(kind);
    std::vector<int> lagged;
    while (reader.Next() == RingRead::kRecord) {
      lagged.push_back(reader.record().header().live_flags & kLiveLagged);
    }
    ASSERT_GE(lagged.size(), 2u);
    EXPECT_EQ(lagged[lagged.size() - 2], kLiveLagged);
    EXPECT_EQ(lagged.back(), kLiveLagged);
  }
  // What is no frame does not lag.
  output.publisher->BeginFrame(ReceiveTime(0), RingPublisher::MonotonicNow(), true);
  output.publisher->BeginInput(RingPublisher::MonotonicNow() + kHour);
  market->Pass(100);
  market->Move(2);
  GiveLine(ReceiveTime(market->now_ms() * kMillisecond), market->Depth(), engine.get());
  RingReader reader = Open(RingKind::kFeatures);
  int newest = -1;
  while (reader.Next() == RingRead::kRecord) newest = reader.record().header().live_flags;
  EXPECT_EQ(newest, 0);
}

TEST_F(RingPublisherTest, AClosedRingStaysToBeRead) {
  Begin();
  Synchronise();
  output.publisher->Close();
  const std::size_t rows = output.log.rows.size();
  GiveDepth();
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.writer(), RingWriterLife::kClosed);
  EXPECT_EQ(ReadAll(reader).size(), rows) << "nothing was published after it";
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
}

TEST_F(RingPublisherTest, FaultQ2AnAbandonedRingIsThatOfADeadWriterAtOnceAndStaysSo) {
  Begin();
  Synchronise();
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.writer(), RingWriterLife::kWriting);
  output.publisher->Abandon();
  EXPECT_EQ(reader.writer(), RingWriterLife::kSilent);
  EXPECT_EQ(reader.state("AAAUSDT")->status.state, static_cast<std::uint32_t>(SymbolState::kDown));
  const std::size_t rows = output.log.rows.size();
  GiveDepth();
  output.publisher->Beat(RingPublisher::MonotonicNow());
  output.publisher.reset();
  EXPECT_EQ(reader.writer(), RingWriterLife::kSilent);
  EXPECT_EQ(ReadAll(reader).size(), rows) << "nothing was published after it";
}

TEST_F(RingPublisherTest, ANameThatAnotherWriterTookIsTold) {
  Begin();
  Synchronise();
  // Somebody removes the lock, as a cleaner of temporary files would.
  std::filesystem::remove(folder.File("test.lock"));
  const auto second = RingPublisher::Create(Publishing(), options_, *catalogue_);
  ASSERT_TRUE(second.ok()) << second.status();
  GiveDepth();
  output.publisher->Beat(RingPublisher::MonotonicNow());
  EXPECT_EQ(output.publisher->status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Open(RingKind::kFeatures).newest(), 0U) << "the second one's, which published nothing";
}

// --- Engines that follow each other
// ---------------------------------------------------------------

TEST_F(RingPublisherTest, AnEngineThatNumbersAlikeGoesOn) {
  Begin();
  Synchronise();
  const std::uint64_t rows = output.log.rows.size();
  BeginEngine();
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(StateOf(reader, "AAAUSDT").status.state, static_cast<std::uint32_t>(SymbolState::kLive))
      << "a new engine without symbols says nothing yet";
  GiveDepth();
  EXPECT_EQ(StateOf(reader, "AAAUSDT").status.state,
            static_cast<std::uint32_t>(SymbolState::kBuffering));
  Give(market->Rest());
  GiveDepth();
  EXPECT_TRUE(output.publisher->status().ok()) << output.publisher->status();
  EXPECT_EQ(reader.newest(), rows + 1);
  EXPECT_EQ(reader.symbol_count(), 1U);
  EXPECT_EQ(StateOf(reader, "AAAUSDT").status.state,
            static_cast<std::uint32_t>(SymbolState::kLive));
}

TEST_F(RingPublisherTest, SymbolsThatANewEngineDoesNotHaveAreDown) {
  Begin();
  engine->AddSymbol("BBBUSDT");
  Synchronise();  // AAAUSDT is symbol 1.
  BeginEngine();
  engine->AddSymbol("BBBUSDT");
  const RingReader reader = Open(RingKind::kFeatures);
  const RingSymbol gone = StateOf(reader, "AAAUSDT");
  EXPECT_EQ(gone.status.state, static_cast<std::uint32_t>(SymbolState::kDown));
  EXPECT_EQ(gone.status.quality & kDown, kDown);
}

TEST_F(RingPublisherTest, ASymbolWithTheIdOfAnotherIsNeverPublishedUnderItsName) {
  Begin();
  Synchronise();
  const std::uint64_t newest = Open(RingKind::kFeatures).newest();
  const std::size_t rows = output.log.rows.size();
  BeginEngine();
  market.emplace("BBBUSDT", FeedBuilder::Numbering::kSpot, 8);
  Synchronise();
  EXPECT_GT(output.log.rows.size(), rows) << "the engine made records";
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.newest(), newest);
  EXPECT_EQ(reader.symbol_count(), 1U);
  EXPECT_EQ(StateOf(reader, "AAAUSDT").status.state,
            static_cast<std::uint32_t>(SymbolState::kDown));
  const absl::Status& status = output.publisher->status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* const part : {"BBBUSDT", "AAAUSDT", "--symbols"}) {
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << status;
  }
}

// Shards of a recording are engines beside each other; with --symbols each has every symbol.
TEST_F(RingPublisherTest, AShardThatDoesNotFeedASymbolSaysNothingAgainstTheOneThatDoes) {
  options_.symbols = {"AAAUSDT", "BBBUSDT"};
  Begin();
  Engine other(options_, *catalogue_, output);
  Synchronise();
  const RingReader reader = Open(RingKind::kFeatures);
  const RingStatus live = StateOf(reader, "AAAUSDT").status;
  EXPECT_EQ(live.state, static_cast<std::uint32_t>(SymbolState::kLive));
  other.OnLost(1);
  output.publisher->SetCounts(other);
  const RingSymbol after = StateOf(reader, "AAAUSDT");
  EXPECT_EQ(after.status.state, live.state);
  EXPECT_EQ(after.status.quality, live.quality);
  EXPECT_EQ(after.counts.lost_inputs, 0U);
  EXPECT_NE(StateOf(reader, "BBBUSDT").status.quality & quality::kDroppedInput, 0U);
}

}  // namespace
}  // namespace thalweg
