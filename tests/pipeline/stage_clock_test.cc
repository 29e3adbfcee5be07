// Where the stages of a frame end, by a clock that the test moves.
#include "pipeline/stage_clock.h"

#include <gtest/gtest.h>

#include <numeric>
#include <optional>

#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"

namespace thalweg {
namespace {

std::int64_t present = 0;
std::int64_t Present() noexcept { return present; }
// Every look takes time.
std::int64_t Later() noexcept { return ++present; }

std::int64_t TimeOf(const FrameTimes* times, Stage stage) { return (*times)[Index(stage)]; }

TEST(StageClockTest, EachStageHasTheTimeSinceTheOneBeforeEnded) {
  StageClock clock(&Present);
  present = 1'030;
  clock.BeginFrame(1'000);
  present = 1'100;
  clock.End(Stage::kDecode);
  present = 1'250;
  clock.End(Stage::kBook);
  present = 1'300;
  clock.End(Stage::kFeatures);
  present = 1'305;
  clock.End(Stage::kPublish);
  present = 9'999;
  const FrameTimes* const times = clock.EndFrame();
  ASSERT_NE(times, nullptr);
  EXPECT_EQ(*times, (FrameTimes{kNoTime, 30, 70, 150, 50, 5}));
}

TEST(StageClockTest, AStageThatEndsSeveralTimesHasTheSumAndWhatIsSkippedIsOfNone) {
  StageClock clock(&Present);
  present = 100;
  clock.BeginFrame(100);
  for (int record = 0; record < 3; ++record) {
    present += 10;
    clock.End(Stage::kBook);
    present += 20;
    clock.End(Stage::kFeatures);
    present += 1'000;
    clock.Skip();
  }
  const FrameTimes* const times = clock.EndFrame();
  ASSERT_NE(times, nullptr);
  EXPECT_EQ(*times, (FrameTimes{kNoTime, 0, kNoTime, 30, 60, kNoTime}));
}

TEST(StageClockTest, AFrameOfUnknownArrivalHasNoQueue) {
  StageClock clock(&Present);
  present = 5'000;
  clock.BeginFrame(0);
  present = 5'004;
  clock.End(Stage::kDecode);
  const FrameTimes* const times = clock.EndFrame();
  ASSERT_NE(times, nullptr);
  EXPECT_EQ(TimeOf(times, Stage::kQueue), kNoTime);
  EXPECT_EQ(TimeOf(times, Stage::kDecode), 4);
}

TEST(StageClockTest, OneFrameOfSomeIsTimedByCountAndOthersDoNotLookAtTheClock) {
  StageClock clock(&Later);
  present = 0;
  std::uint32_t timed = 0;
  for (std::uint32_t frame = 0; frame < 10 * kTimedFrames; ++frame) {
    const std::int64_t before = present;
    clock.BeginFrame(1);
    clock.End(Stage::kDecode);
    clock.Skip();
    const bool is_timed = clock.EndFrame() != nullptr;
    EXPECT_EQ(is_timed, frame % kTimedFrames == 0) << frame;
    EXPECT_EQ(present != before, is_timed) << frame;
    timed += is_timed ? 1 : 0;
    // Between two frames nothing is timed.
    clock.End(Stage::kBook);
    EXPECT_EQ(clock.EndFrame(), nullptr);
  }
  EXPECT_EQ(timed, 10U);
}

// --- The engine ---------------------------------------------------------------------------------

// Tells the clock when a record is visible, like a publisher.
class Output final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine&, RecordBuffer& record) override {
    ++records;
    digest.Add(record);
    if (clock != nullptr) clock->End(Stage::kPublish);
  }
  StageClock* clock = nullptr;
  RecordDigest digest;
  int records = 0;
};

// An engine of these options and a market that feeds it.
struct Feed {
  explicit Feed(const EmitPolicy& emit) : options(OptionsWith(emit)) {}
  static EngineOptions OptionsWith(const EmitPolicy& emit) {
    EngineOptions options;
    options.bucket_sizes = {"0.1", "1"};
    options.emit = emit;
    return options;
  }
  void Use(StageClock* clock) {
    output.clock = clock;
    engine.set_stage_clock(clock);
  }
  void Give(const std::string& line) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), line, &engine);
  }
  std::string Depth() {
    market.Pass(100);
    market.Move(3);
    return market.Depth();
  }
  void Synchronise() {
    Give(Depth());
    Give(market.Rest());
    Give(Depth());
  }

  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  Output output;
  Engine engine{options, catalogue, output};
  FeedBuilder market{"AAAUSDT", FeedBuilder::Numbering::kSpot, 7};
};

// By a clock that moves by one with each look: the times of all stages add up to all of it.
class StagesOfFrames : public testing::Test {
 protected:
  // The times of a frame, which the clock has its turn for.
  const FrameTimes* Time(Feed& feed, const std::string& line) {
    clock.emplace(&Later);
    feed.Use(&*clock);
    present = 1'000;
    clock->BeginFrame(present);
    feed.Give(line);
    const FrameTimes* const times = clock->EndFrame();
    feed.Use(nullptr);
    std::int64_t sum = 0;
    for (const std::int64_t time : *times) sum += time == kNoTime ? 0 : time;
    EXPECT_EQ(sum, present - 1'000);
    return times;
  }
  std::optional<StageClock> clock;
};

TEST_F(StagesOfFrames, AFrameThatMakesARecordGoesThroughAll) {
  Feed feed(EmitPolicy::All());
  feed.Synchronise();
  for (const std::string& line : {feed.Depth(), feed.market.Ticker(), feed.market.Trade()}) {
    SCOPED_TRACE(line);
    const int before = feed.output.records;
    const FrameTimes* const times = Time(feed, line);
    EXPECT_EQ(feed.output.records, before + 1);
    EXPECT_EQ(*times, (FrameTimes{kNoTime, 1, 1, 2, 1, 1}));
  }
}

TEST_F(StagesOfFrames, AFrameThatMakesNoRecordEndsWithTheBook) {
  Feed feed(EmitPolicy::None());
  feed.Synchronise();
  for (const std::string& line : {feed.Depth(), feed.market.Ticker(), feed.market.Trade()}) {
    SCOPED_TRACE(line);
    EXPECT_EQ(*Time(feed, line), (FrameTimes{kNoTime, 1, 1, 1, kNoTime, kNoTime}));
  }
}

TEST_F(StagesOfFrames, TimerRecordsBeforeAFrameAreAddedUp) {
  Feed feed({false, false, false, 10 * kMillisecond});
  feed.Synchronise();
  const int before = feed.output.records;
  const FrameTimes* const times = Time(feed, feed.Depth());
  const int records = feed.output.records - before;
  ASSERT_EQ(records, 10);
  EXPECT_EQ(*times, (FrameTimes{kNoTime, 1, 1, records + 1, records, records}));
}

TEST_F(StagesOfFrames, AFrameThatFeedsNothingHasOnlyItsQueue) {
  Feed feed(EmitPolicy::All());
  feed.Synchronise();
  EXPECT_EQ(*Time(feed, R"({"result":null,"id":1})"),
            (FrameTimes{kNoTime, 1, kNoTime, kNoTime, kNoTime, kNoTime}));
}

TEST_F(StagesOfFrames, ASymbolThatIsNewIsTimedToo) {
  Feed feed(EmitPolicy::All());
  StageClock own(&Later);
  feed.Use(&own);
  own.BeginFrame(1);
  feed.Give(feed.Depth());
  const FrameTimes* const times = own.EndFrame();
  ASSERT_NE(times, nullptr);
  EXPECT_EQ(TimeOf(times, Stage::kDecode), 1);
}

TEST_F(StagesOfFrames, RecordsAreTheSameWithAndWithoutAClock) {
  Feed timed(EmitPolicy::All());
  Feed plain(EmitPolicy::All());
  StageClock own(&Later);
  timed.Use(&own);
  for (Feed* const feed : {&timed, &plain}) {
    feed->Synchronise();
    for (int i = 0; i < 200; ++i) {
      own.BeginFrame(1);
      feed->Give(feed->Depth());
      feed->Give(feed->market.Ticker());
      feed->Give(feed->market.Trade());
      (void)own.EndFrame();
    }
  }
  ASSERT_GT(plain.output.records, 500);
  EXPECT_EQ(timed.output.records, plain.output.records);
  EXPECT_EQ(timed.output.digest.Hex(), plain.output.digest.Hex());
}

}  // namespace
}  // namespace thalweg
