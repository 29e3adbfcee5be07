// The engine that programs use is the Engine, whichever way records are taken, and what it promises
// beside: what waits to be polled, what is lost, what a move and an unpadded text do.

#include "pipeline/feature_engine.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "replay/recording_line.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

// A text without a readable byte around it, which a sanitizer would tell.
class Unpadded {
 public:
  explicit Unpadded(std::string_view text) : size_(text.size()), bytes_(new char[text.size()]) {
    if (size_ > 0) std::memcpy(bytes_.get(), text.data(), size_);
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

struct Line {
  ReceiveTime received;
  std::string text;  // As after the time stamp of a recording.
};

// A market that loses frames, gets snapshots late, drops and reconnects: everything that an engine
// can be told.
std::vector<Line> EventfulFeed() {
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 3, 200);
  std::vector<Line> lines;
  const auto add = [&](std::string text) {
    lines.push_back({ReceiveTime(market.now_ms() * kMillisecond), std::move(text)});
  };
  add("#conn 1 open wss://h/stream?streams=aaausdt@depth@100ms/aaausdt@bookTicker/aaausdt@trade");
  for (int i = 0; i < 600; ++i) {
    market.Pass(100);
    market.Move(20);
    std::string depth = market.Depth();
    if (i % 150 != 90) add(std::move(depth));  // Else a gap.
    if (i % 50 == 20) add(market.Rest());
    add(market.Ticker());
    add(market.Trade());
    if (i == 200) add(R"({"stream":"aaausdt@depth@100ms","data":{"e":"depthUpdate")");
    if (i == 300) add("#drop 3 trade AAAUSDT");
    if (i == 400) add("#conn 1 close 1006");
    if (i == 500) add("#lost 7 disk");
  }
  return lines;
}

// Gives the engine what a line of a recording says, its texts unpadded.
void Push(const Line& line, FeatureEngine* engine) {
  const std::string text = absl::StrCat("1700000000000000000 ", line.text);
  const RecordingLine parsed = ParseRecordingLine(text);
  const Unpadded payload(parsed.payload);
  switch (parsed.kind) {
    case LineKind::kFrame:
      engine->Push(line.received, payload.text());
      break;
    case LineKind::kRest:
      engine->PushRest(line.received, parsed.target, payload.text());
      break;
    case LineKind::kConnOpen:
      engine->PushConnectionOpen(parsed.connection, parsed.url);
      break;
    case LineKind::kConnClose:
      engine->PushConnectionClosed(parsed.connection);
      break;
    case LineKind::kDrop:
      engine->PushDropped(parsed.count, parsed.stream, parsed.symbol);
      break;
    case LineKind::kLost:
      engine->PushLost(parsed.count);
      break;
    default:
      FAIL() << line.text;
  }
}

LoggedRow RowOf(const FeatureRecord& record) {
  LoggedRow row{record.symbol(), record.header(), {}};
  row.header.seq = 0;
  row.features.resize((record.size() - sizeof(RecordHeader)) / sizeof(double));
  std::memcpy(row.features.data(), record.data() + sizeof(RecordHeader),
              row.features.size() * sizeof(double));
  return row;
}

void ExpectSameRows(std::vector<LoggedRow> rows, const std::vector<LoggedRow>& wanted) {
  ASSERT_EQ(rows.size(), wanted.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].features.resize(wanted[i].features.size());  // Without the padding of the record.
    ASSERT_TRUE(SameBits(rows[i], wanted[i])) << "record " << i;
  }
}

EngineOptions AllRecords() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  return options;
}

TEST(FeatureEngineTest, AnswersWithTheRecordsWishesAndNoticesOfAnEngineByCallbackAndPolled) {
  const EngineOptions options = AllRecords();
  const Catalogue catalogue = MakeCatalogue(options);
  RowLog log;
  Engine plain(options, catalogue, log);
  FeatureEngine called = FeatureEngine::Make(options).value();
  FeatureEngine polled = FeatureEngine::Make(options).value();
  std::vector<LoggedRow> called_rows;
  std::vector<LoggedRow> polled_rows;
  std::vector<std::string> wishes;
  std::vector<NoticeKind> notices;
  called.set_on_record([&](const FeatureRecord& record) { called_rows.push_back(RowOf(record)); });
  called.set_on_snapshot_wanted([&](const SnapshotWish& wish) {
    EXPECT_EQ(wish.market, Market::kSpot);
    wishes.push_back(absl::StrCat(std::string(wish.symbol), " ", static_cast<int>(wish.reason)));
  });
  called.set_on_notice([&](const Notice& notice) { notices.push_back(notice.kind); });

  for (const Line& line : EventfulFeed()) {
    GiveLine(line.received, line.text, &plain);
    Push(line, &called);
    Push(line, &polled);
    while (const FeatureRecord* const record = polled.Poll()) polled_rows.push_back(RowOf(*record));
  }
  ASSERT_GT(log.rows.size(), 1'500u);
  ExpectSameRows(called_rows, log.rows);
  ExpectSameRows(polled_rows, log.rows);
  ASSERT_GT(log.wishes.size(), 3u);
  std::vector<std::string> wanted;
  for (const RowLog::Wish& wish : log.wishes) {
    wanted.push_back(absl::StrCat(wish.symbol, " ", static_cast<int>(wish.reason)));
  }
  EXPECT_EQ(wishes, wanted);
  EXPECT_EQ(notices, log.notices);
  EXPECT_GT(log.CountOf(NoticeKind::kSequenceGap), 2);
}

TEST(FeatureEngineTest, OptionsThatCannotBeUsedAreRefusedWithKeyAndValue) {
  EngineOptions options;
  options.bucket_sizes = {"50", "10"};
  const absl::Status status = FeatureEngine::Make(options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "buckets: 50,10")) << status;
}

TEST(FeatureEngineTest, PaddedFramesAreTakenAsTheyAre) {
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 3);
  market.Move(20);
  const std::string padding(kPayloadPadding, ' ');
  const std::string frame = market.Depth();
  const std::string padded = padding + frame + padding;
  FeatureEngine engine = FeatureEngine::Make(AllRecords()).value();
  EXPECT_EQ(engine.PushPadded(ReceiveTime(1),
                              std::string_view(padded).substr(kPayloadPadding, frame.size())),
            FrameOutcome::kTaken);
  EXPECT_EQ(engine.FindSymbol("AAAUSDT")->counts().depth_frames, 1);
}

// Larger than the room that there is at the start.
TEST(FeatureEngineTest, AFrameOfAnySizeIsPadded) {
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 3);
  std::string bids;
  for (int i = 0; i < 20'000; ++i) {
    absl::StrAppend(&bids, i == 0 ? "" : ",", "[\"", CentsText(1 + i), "\",\"1.000\"]");
  }
  const Unpadded frame(market.DepthOf(1, 1, bids, ""));
  const Unpadded small(market.DepthOf(2, 2, "", ""));
  FeatureEngine engine = FeatureEngine::Make(AllRecords()).value();
  EXPECT_EQ(engine.Push(ReceiveTime(1), frame.text()), FrameOutcome::kTaken);
  EXPECT_EQ(engine.Push(ReceiveTime(2), small.text()), FrameOutcome::kTaken);
  EXPECT_EQ(engine.Push(ReceiveTime(3), {}), FrameOutcome::kUnnamed);
  EXPECT_EQ(engine.FindSymbol("AAAUSDT")->counts().depth_frames, 2);
}

// A live book of AAAUSDT.
class LiveEngineTest : public ::testing::Test {
 protected:
  void Start(const EngineOptions& options) {
    engine_.emplace(FeatureEngine::Make(options).value());
    PushDepth();
    engine_->PushRest(now(), "/api/v3/depth?symbol=AAAUSDT&limit=1000", market_.Snapshot());
    PushDepth();
    ASSERT_TRUE(engine_->book("AAAUSDT"));
  }
  [[nodiscard]] ReceiveTime now() const { return ReceiveTime(market_.now_ms() * kMillisecond); }
  void PushDepth(std::int64_t later_ms = 100) {
    market_.Pass(later_ms);
    market_.Move(5);
    engine_->Push(now(), market_.Depth());
  }

  std::optional<FeatureEngine> engine_;
  FeedBuilder market_{"AAAUSDT", FeedBuilder::Numbering::kSpot, 9};
};

TEST_F(LiveEngineTest, RecordsThatNobodyPolledAreGoneWithTheNextPush) {
  ASSERT_NO_FATAL_FAILURE(Start(AllRecords()));
  PushDepth();
  PushDepth();
  const FeatureRecord* const record = engine_->Poll();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->header().seq, engine_->record_count());
  EXPECT_EQ(engine_->Poll(), nullptr);
  EXPECT_EQ(engine_->lost_count(), 0u);
}

TEST_F(LiveEngineTest, SeveralRecordsOfOnePushArePolledInTheirOrder) {
  EngineOptions options = AllRecords();
  options.emit = {false, false, false, 10 * kMillisecond};
  ASSERT_NO_FATAL_FAILURE(Start(options));
  PushDepth(1'000);
  std::int64_t count = 0;
  EventTime before;
  while (const FeatureRecord* const record = engine_->Poll()) {
    const RecordHeader header = record->header();
    EXPECT_EQ(header.trigger, static_cast<std::uint16_t>(Trigger::kTimer));
    EXPECT_GT(EventTime(header.event_ns), before);
    before = EventTime(header.event_ns);
    ++count;
  }
  EXPECT_EQ(count, 100);
}

TEST_F(LiveEngineTest, OfMoreRecordsThanCanWaitTheOldestAreLostAndCounted) {
  EngineOptions options = AllRecords();
  options.emit = {false, false, false, 1 * kMillisecond};
  ASSERT_NO_FATAL_FAILURE(Start(options));
  const std::uint64_t before = engine_->record_count();
  PushDepth(20'000);
  const std::uint64_t made = engine_->record_count() - before;
  ASSERT_GE(made, 20'000u);
  EXPECT_EQ(engine_->lost_count(), made - kPolledRecordsMax);
  std::uint64_t seq = before + engine_->lost_count();
  while (const FeatureRecord* const record = engine_->Poll()) {
    ASSERT_EQ(record->header().seq, ++seq);
    ASSERT_EQ(record->symbol(), "AAAUSDT");
  }
  EXPECT_EQ(seq, engine_->record_count());
  PushDepth();
  EXPECT_EQ(engine_->Poll()->header().seq, seq + 1);
}

TEST_F(LiveEngineTest, AMoveKeepsRecordsBooksAndCallbacks) {
  ASSERT_NO_FATAL_FAILURE(Start(AllRecords()));
  int notices = 0;
  engine_->set_on_notice([&notices](const Notice&) { ++notices; });
  PushDepth();
  const BookView book = *engine_->book("AAAUSDT");
  const std::string best = absl::StrCat(book.best(Side::kBid)->price);

  FeatureEngine moved = *std::move(engine_);
  engine_.emplace(FeatureEngine::Make({}).value());
  const FeatureRecord* const record = moved.Poll();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->symbol(), "AAAUSDT");
  EXPECT_EQ(absl::StrCat(book.best(Side::kBid)->price), best);
  EXPECT_EQ(record->header().update_id, static_cast<std::uint64_t>(book.update_id().raw()));

  *engine_ = std::move(moved);
  const std::uint64_t count = engine_->record_count();
  PushDepth();
  EXPECT_EQ(engine_->record_count(), count + 1);
  engine_->Push(now(), "nonsense");
  EXPECT_EQ(notices, 1);
}

TEST_F(LiveEngineTest, ColumnsAreFoundByName) {
  ASSERT_NO_FATAL_FAILURE(Start(AllRecords()));
  PushDepth();
  const FeatureRecord& record = *engine_->Poll();
  const auto columns = engine_->Bind<"mid", "imbalance_t0.1">();
  ASSERT_TRUE(columns.ok()) << columns.status();
  const BookView book = *record.book();
  EXPECT_EQ(columns->Get<"mid">(record),
            (book.best(Side::kBid)->price + book.best(Side::kAsk)->price) / 2);
  EXPECT_EQ(record[*engine_->Column("mid")], columns->Get<"mid">(record));
  EXPECT_LE(std::abs(columns->Get<"imbalance_t0.1">(record)), 1.0);
  std::uint64_t hash = 0;
  std::memcpy(&hash, record.data(), sizeof(hash));
  EXPECT_EQ(hash, engine_->catalogue().schema_hash());

  const absl::Status status = engine_->Bind<"mid", "imbalance_t10">().status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "imbalance_t10")) << status;
}

TEST_F(LiveEngineTest, ARecordTellsItsFlags) {
  ASSERT_NO_FATAL_FAILURE(Start(AllRecords()));
  PushDepth();
  EXPECT_FALSE(engine_->Poll()->Has(quality::kBookInvalid | quality::kDroppedInput));
  engine_->PushLost(1);
  PushDepth();
  const FeatureRecord& record = *engine_->Poll();
  EXPECT_TRUE(record.Has(quality::kDroppedInput));
  EXPECT_EQ(record.flags(), record.header().flags);
}

// A gap that a loss announces makes no record; who acts on the last one must know at once.
TEST_F(LiveEngineTest, WhatNoRecordTellsIsToldAtOnce) {
  ASSERT_NO_FATAL_FAILURE(Start(AllRecords()));
  PushDepth();
  int told = 0;
  engine_->set_on_status([&told](const SymbolEngine& symbol) {
    EXPECT_EQ(symbol.name(), "AAAUSDT");
    EXPECT_EQ(symbol.state(), SymbolState::kResync);
    EXPECT_NE(symbol.quality() & quality::kBookInvalid, 0u);
    ++told;
  });
  const std::uint64_t records = engine_->record_count();
  engine_->PushDropped(1, "depth", "AAAUSDT");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(engine_->record_count(), records);
  EXPECT_EQ(engine_->FindSymbol("AAAUSDT")->state(), SymbolState::kResync);
}

TEST_F(LiveEngineTest, ASnapshotThatDoesNotComeIsAskedForAgainByTheTimer) {
  ASSERT_NO_FATAL_FAILURE(Start(AllRecords()));
  int wishes = 0;
  engine_->set_on_snapshot_wanted([&wishes](const SnapshotWish&) { ++wishes; });
  market_.Move(1);
  (void)market_.Depth();  // A gap.
  PushDepth();
  EXPECT_EQ(wishes, 1);
  const std::uint64_t records = engine_->record_count();
  engine_->PushTimer(ReceiveTime(now().raw() + kHour));
  EXPECT_EQ(wishes, 2);
  EXPECT_EQ(engine_->record_count(), records);
}

TEST(FeatureEngineTest, WithoutASourceThereIsNothingToStepOrToRun) {
  FeatureEngine engine = FeatureEngine::Make({}).value();
  EXPECT_TRUE(engine.ended());
  EXPECT_EQ(engine.Step(), SourceStep::kEnded);
  EXPECT_EQ(engine.Poll(), nullptr);
  EXPECT_TRUE(engine.Run().ok());
}

// A source that waits now and then, as a live one does.
class WaitingSource final : public EngineSource {
 public:
  absl::Status Open(const EngineOptions& options, const Catalogue& catalogue,
                    EngineOutput& output) override {
    engine_ = std::make_unique<Engine>(options, catalogue, output);
    return absl::OkStatus();
  }
  SourceStep Step() override {
    if (next_ == lines_.size()) return SourceStep::kEnded;
    waited_ = !waited_;
    if (waited_) return SourceStep::kNothing;
    GiveLine(lines_[next_].received, lines_[next_].text, engine_.get());
    ++next_;
    return SourceStep::kStepped;
  }
  absl::Status status() const override {
    return next_ == lines_.size() ? absl::UnavailableError("the exchange is gone")
                                  : absl::OkStatus();
  }
  const SymbolEngine* FindSymbol(std::string_view name) const override {
    return engine_->FindSymbol(name);
  }

 private:
  const std::vector<Line> lines_ = EventfulFeed();
  std::size_t next_ = 0;
  bool waited_ = false;
  std::unique_ptr<Engine> engine_;
};

TEST(FeatureEngineTest, ASourceThatHasNothingNowHasNotEnded) {
  FeatureEngine engine =
      FeatureEngine::Make(AllRecords(), std::make_unique<WaitingSource>()).value();
  std::uint64_t records = 0;
  int waits = 0;
  while (!engine.ended()) {
    while (const FeatureRecord* const record = engine.Poll()) {
      ASSERT_EQ(record->header().seq, ++records);
    }
    ++waits;
  }
  EXPECT_GT(records, 1'500u);
  EXPECT_GT(waits, 1'000);
  EXPECT_TRUE(absl::IsUnavailable(engine.status()));
  EXPECT_TRUE(engine.book("AAAUSDT"));
}

TEST(FeatureEngineTest, RunGoesToTheEndOfASourceThatWaits) {
  FeatureEngine engine =
      FeatureEngine::Make(AllRecords(), std::make_unique<WaitingSource>()).value();
  std::uint64_t records = 0;
  engine.set_on_record([&records](const FeatureRecord&) { ++records; });
  EXPECT_TRUE(absl::IsUnavailable(engine.Run()));
  EXPECT_GT(records, 1'500u);
  EXPECT_EQ(engine.Poll(), nullptr);
}

}  // namespace
}  // namespace thalweg
