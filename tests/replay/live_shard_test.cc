// Faults of queues and threads: an engine that stalls, a thread that dies, threads that meet in
// every order, a symbol that floods. Whatever happens, what was recorded replays to the same
// digest.
#include "pipeline/live_shard.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/ring_publisher.h"
#include "replay/recording_line.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/live_run.h"
#include "tests/test_part.h"
#include "thalweg/ring_reader.h"

namespace thalweg {
namespace {

constexpr char kName[] = "AAAUSDT";

EngineOptions OptionsOf(std::vector<std::string> symbols) {
  EngineOptions options;
  options.symbols = std::move(symbols);
  options.emit = EmitPolicy::All();
  options.bucket_sizes = {"0.1", "1"};
  return options;
}

InputPoolOptions SmallPool() { return {{256, 64, 16, 4}}; }

RingPublisherOptions SomeRings() {
  RingPublisherOptions publishing;
  publishing.name = "live";
  return publishing;
}

// A door that a thread waits at while it is shut.
class Gate {
 public:
  void Shut() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    shut_ = false;
    opened_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return !shut_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool shut_ = false;
};

// The market of one symbol and a network that tells it to a shard.
class Feed {
 public:
  Feed(LiveRun& run, const std::string& symbol, std::uint64_t seed, std::int64_t connection)
      : run_(run), market_(symbol, FeedBuilder::Numbering::kSpot, seed), connection_(connection) {}

  void Open() { run_.GiveText(Now(), "#conn " + std::to_string(connection_) + " open wss://h"); }
  // One step of the market: a depth event, a ticker, a trade.
  void Step() {
    market_.Pass(100);
    market_.Move(5);
    run_.GiveText(Now(), market_.Depth(), connection_);
    run_.GiveText(Now(), market_.Ticker(), connection_);
    run_.GiveText(Now(), market_.Trade(), connection_);
  }
  void Answer() { run_.GiveText(Now(), market_.Rest()); }
  [[nodiscard]] FeedBuilder& market() noexcept { return market_; }
  [[nodiscard]] ReceiveTime Now() const { return ReceiveTime(market_.now_ms() * kMillisecond); }

 private:
  LiveRun& run_;
  FeedBuilder market_;
  const std::int64_t connection_;
};

// Takes what is ordered and answers it, until nothing is ordered any more.
void AnswerOrders(LiveRun& run, const std::vector<Feed*>& feeds) {
  while (const std::optional<SnapshotOrder> order = run.input().TakeOrder()) {
    for (Feed* const feed : feeds) {
      if (feed->market().symbol() == order->symbol) feed->Answer();
    }
  }
}

// Steps and answers until every book is whole; the engine is waited for after each step.
void Synchronise(LiveRun& run, const std::vector<Feed*>& feeds) {
  for (int i = 0; i < 5; ++i) {
    for (Feed* const feed : feeds) feed->Step();
    ASSERT_TRUE(run.WaitUntilUsed());
    AnswerOrders(run, feeds);
    ASSERT_TRUE(run.WaitUntilUsed());
  }
}

void ExpectReplayIsEqual(LiveRun& run, const Replayed& replayed) {
  ASSERT_TRUE(replayed.status.ok()) << replayed.status;
  ASSERT_NE(run.shard().engine(), nullptr);
  const RecordDigest& digest = run.shard().engine()->digest();
  EXPECT_EQ(replayed.digest, digest.Hex());
  EXPECT_EQ(replayed.records, digest.record_count());
  EXPECT_EQ(replayed.wrong_marks, 0);
  EXPECT_EQ(replayed.last_mark, digest.Hex());
}

// --- Q1: the engine is slower than the feed ----------------------------------------------------

TEST(LiveShardTest, FaultQ1AStalledEngineLosesWhatIsToldResynchronisesAndReplaysEqual) {
  LiveShardOptions shard_options;
  shard_options.pool = SmallPool();
  LiveRun run(OptionsOf({kName}), shard_options, SomeRings());
  run.WaitForRecorder();
  Gate gate;
  run.table().watcher = [&](const SymbolEngine&, const RecordBuffer&) { gate.Pass(); };
  run.Start();
  Feed feed(run, kName, 1, 1);
  feed.Open();
  Synchronise(run, {&feed});
  const std::int64_t records_before = run.shard().counts().records;
  EXPECT_GT(records_before, 0);

  gate.Shut();
  constexpr int kSteps = 1'000;  // Of three frames each: far more than all inputs there are.
  for (int i = 0; i < kSteps; ++i) feed.Step();
  const std::int64_t lost = run.shard().counts().intake.lost_frames;
  EXPECT_GT(lost, 2 * kSteps);
  gate.Open();

  ASSERT_TRUE(run.WaitUntilUsed());
  Synchronise(run, {&feed});
  EXPECT_EQ(run.shard().counts().intake.lost_frames, lost) << "nothing is lost any more";
  const absl::Status stopped = run.Stop();
  ASSERT_TRUE(stopped.ok()) << stopped;

  const SymbolEngine& symbol = *run.shard().engine()->engine().FindSymbol(kName);
  EXPECT_TRUE(symbol.live());
  EXPECT_EQ(symbol.counts().lost_inputs, lost);
  EXPECT_EQ(symbol.update_id(), UpdateId(feed.market().told_id()));
  EXPECT_EQ(symbol.book_counts().synchronisations, 2);
  const Replayed replayed = run.Replay();
  EXPECT_EQ(replayed.dropped, lost);
  EXPECT_EQ(replayed.lost, 0);
  ExpectReplayIsEqual(run, replayed);
  EXPECT_EQ(replayed.table, run.table().Close());
}

// With the room that there is by default.
TEST(LiveShardTest, FaultQ1AFloodBeyondEveryCapacityIsToldToTheLastFrame) {
  if (TakeShortPart()) GTEST_SKIP() << "in short runs with small pools only";
  LiveRun run(OptionsOf({kName}));
  Gate gate;
  run.table().watcher = [&](const SymbolEngine&, const RecordBuffer&) { gate.Pass(); };
  run.Start();
  Feed feed(run, kName, 2, 1);
  Synchronise(run, {&feed});
  gate.Shut();
  const std::string trade = feed.market().Trade();
  std::int64_t frames = run.shard().counts().intake.frames;
  for (std::size_t i = 0; i < 2 * kInputCounts[0]; ++i) {
    run.GiveText(feed.Now(), trade);
    ++frames;
  }
  const std::int64_t lost = run.shard().counts().intake.lost_frames;
  EXPECT_GE(lost, static_cast<std::int64_t>(kInputCounts[0]));
  gate.Open();
  ASSERT_TRUE(run.WaitUntilUsed());
  Synchronise(run, {&feed});
  (void)run.Stop();  // The recorder may have been too slow for so much at once: then it says so.
  EXPECT_EQ(run.shard().engine()->engine().FindSymbol(kName)->counts().lost_inputs, lost);
}

TEST(LiveShardTest, FaultQ1LossesThatWaitAtTheEndAreToldAndRecorded) {
  LiveShardOptions shard_options;
  shard_options.pool = SmallPool();
  LiveRun run(OptionsOf({kName}), shard_options);
  run.WaitForRecorder();
  Gate gate;
  run.table().watcher = [&](const SymbolEngine&, const RecordBuffer&) { gate.Pass(); };
  run.Start();
  Feed feed(run, kName, 9, 1);
  Synchronise(run, {&feed});
  gate.Shut();
  for (int i = 0; i < 300; ++i) feed.Step();
  run.GiveText(feed.Now(), "#conn 1 close 1006");
  const std::int64_t lost = run.shard().counts().intake.lost_frames;
  EXPECT_GT(lost, 0);
  gate.Open();
  const absl::Status stopped = run.Stop();
  ASSERT_TRUE(stopped.ok()) << stopped;
  const Replayed replayed = run.Replay();
  EXPECT_EQ(replayed.dropped, lost);
  EXPECT_EQ(run.shard().engine()->engine().FindSymbol(kName)->counts().lost_inputs, lost);
  ExpectReplayIsEqual(run, replayed);
}

// Holds what it is given until it is told to go on: a disk that takes no byte.
class StalledFile final : public OutputFile {
 public:
  StalledFile(std::unique_ptr<OutputFile> file, Gate& gate) : file_(std::move(file)), gate_(gate) {}
  absl::StatusOr<std::size_t> Write(std::string_view bytes) override {
    gate_.Pass();
    return file_->Write(bytes);
  }
  absl::Status Sync() override { return file_->Sync(); }
  absl::Status Close() override { return file_->Close(); }
  const std::string& path() const noexcept override { return file_->path(); }

 private:
  const std::unique_ptr<OutputFile> file_;
  Gate& gate_;
};

TEST(LiveShardTest, FaultF1ADiskThatStallsLosesLinesThatAreToldAndNothingOfTheEngine) {
  LiveShardOptions shard_options;
  shard_options.pool = SmallPool();
  LiveRun run(OptionsOf({kName}), shard_options);
  Gate gate;
  run.set_opener([&](const std::string& path) -> absl::StatusOr<std::unique_ptr<OutputFile>> {
    auto file = CreateOutputFile(path);
    if (!file.ok()) return file.status();
    return std::make_unique<StalledFile>(*std::move(file), gate);
  });
  run.Start();
  Feed feed(run, kName, 3, 1);
  Synchronise(run, {&feed});
  gate.Shut();
  for (int i = 0; i < 1'000; ++i) {
    feed.Step();
    ASSERT_TRUE(run.WaitUntilUsed());
  }
  EXPECT_EQ(run.shard().counts().intake.lost_frames, 0) << "the engine has its room";
  EXPECT_EQ(run.shard().counts().inputs, run.shard().counts().intake.given);
  const std::int64_t refused = run.recorder().counts().refused;
  EXPECT_GT(refused, 1'000);
  gate.Open();
  EXPECT_TRUE(run.shard().Stop().ok());
  EXPECT_EQ(run.recorder().Close().code(), absl::StatusCode::kResourceExhausted);
  const Replayed replayed = run.Replay();
  EXPECT_TRUE(replayed.status.ok()) << replayed.status;
  EXPECT_EQ(replayed.lost, run.recorder().counts().refused);
}

// --- Q2: a thread dies --------------------------------------------------------------------------

// Throws at one of the hooks that an engine calls.
class ThrowingOutput final : public EngineOutput {
 public:
  enum class Hook { kRecord, kSymbol, kStatus, kSnapshot, kNotice, kNone };
  explicit ThrowingOutput(Hook hook) : hook_(hook) {}
  void OnRecord(const SymbolEngine&, RecordBuffer&) override { At(Hook::kRecord); }
  void OnSymbol(const SymbolEngine&) override { At(Hook::kSymbol); }
  void OnStatus(const SymbolEngine&) override { At(Hook::kStatus); }
  void OnSnapshotWanted(const SymbolEngine&, SnapshotReason) override { At(Hook::kSnapshot); }
  void OnNotice(const Notice&) override { At(Hook::kNotice); }

 private:
  void At(Hook hook) const {
    if (hook == hook_) throw std::runtime_error("no room on this table");
  }
  const Hook hook_;
};

class ThrowingSink final : public InputSink {
 public:
  bool Take(LiveInput&) override { throw 7; }
};

bool WaitFor(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Feeds a shard that dies, and looks at what it leaves.
void ExpectDeath(LiveRun& run, const std::string& why) {
  run.Start();
  Feed feed(run, kName, 4, 1);
  // Nobody waits for the dead, and the network goes on telling.
  for (int i = 0; i < 3'000 && !run.shard().failed(); ++i) {
    feed.Step();
    run.GiveText(feed.Now(), "?");
    AnswerOrders(run, {&feed});
    if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(WaitFor([&] { return run.shard().failed(); }));
  for (int i = 0; i < 1'000; ++i) feed.Step();
  RingOpenOptions opening;
  opening.folder = run.ring_folder();
  const auto reader = RingReader::Open("live", opening);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->writer(), RingWriterLife::kSilent) << "neither alive nor ended well";
  const absl::Status status = run.Stop();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_NE(std::string(status.message()).find(why), std::string::npos) << status;
  EXPECT_EQ(run.shard().engine(), nullptr);
}

TEST(LiveShardTest, FaultQ2AnExceptionAtAnyHookEndsTheShardAndItsRingsAndIsTold) {
  using Hook = ThrowingOutput::Hook;
  for (const Hook hook :
       {Hook::kRecord, Hook::kSymbol, Hook::kStatus, Hook::kSnapshot, Hook::kNotice}) {
    SCOPED_TRACE(testing::Message() << "hook " << static_cast<int>(hook));
    LiveShardOptions shard_options;
    shard_options.pool = SmallPool();
    ThrowingOutput output(hook);
    LiveRun run(OptionsOf({kName}), shard_options, SomeRings());
    run.set_output(&output);
    ExpectDeath(run, "no room on this table");
  }
}

TEST(LiveShardTest, FaultQ2AnExceptionOfTheSinkEndsTheShard) {
  LiveShardOptions shard_options;
  shard_options.pool = SmallPool();
  ThrowingSink sink;
  LiveRun run(OptionsOf({kName}), shard_options, SomeRings());
  run.set_sink(&sink);
  ExpectDeath(run, "unknown exception");
}

TEST(LiveShardTest, FaultQ2SymbolsOfADeadShardAreDownAtOnce) {
  ThrowingOutput output(ThrowingOutput::Hook::kRecord);
  LiveRun run(OptionsOf({kName}), {}, SomeRings());
  run.set_output(&output);
  ExpectDeath(run, "no room on this table");
  RingOpenOptions opening;
  opening.folder = run.ring_folder();
  auto reader = RingReader::Open("live", opening);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const std::optional<RingSymbol> symbol = reader->state(kName);
  ASSERT_TRUE(symbol);
  EXPECT_EQ(symbol->status.state, static_cast<std::uint32_t>(SymbolState::kDown));
  EXPECT_NE(symbol->status.quality & quality::kBookInvalid, 0u);
}

TEST(LiveShardTest, FaultQ2AnExceptionOnTheRecordersThreadIsToldAndTheEngineGoesOn) {
  class ThrowingFile final : public OutputFile {
   public:
    absl::StatusOr<std::size_t> Write(std::string_view) override {
      throw std::runtime_error("a disk of straw");
    }
    absl::Status Sync() override { return absl::OkStatus(); }
    absl::Status Close() override { return absl::OkStatus(); }
    const std::string& path() const noexcept override { return path_; }

   private:
    std::string path_ = "straw.zst";
  };
  LiveShardOptions shard_options;
  shard_options.pool = SmallPool();
  LiveRun run(OptionsOf({kName}), shard_options);
  run.set_opener([](const std::string&) -> absl::StatusOr<std::unique_ptr<OutputFile>> {
    return std::make_unique<ThrowingFile>();
  });
  run.Start();
  Feed feed(run, kName, 5, 1);
  Synchronise(run, {&feed});
  ASSERT_TRUE(WaitFor([&] {
    feed.Step();
    return run.recorder().failed();
  }));
  ASSERT_TRUE(run.WaitUntilUsed());
  EXPECT_FALSE(run.shard().failed());
  EXPECT_TRUE(run.shard().Stop().ok());
  const absl::Status closed = run.recorder().Close();
  EXPECT_EQ(closed.code(), absl::StatusCode::kInternal);
  EXPECT_NE(std::string(closed.message()).find("a disk of straw"), std::string::npos);
}

TEST(LiveShardTest, FaultQ2RingsThatAnotherWriterTookEndTheShard) {
  LiveRun run(OptionsOf({kName}), {}, SomeRings());
  run.Start();
  // As it comes after a stop by a signal: the lock went with the name's folder.
  std::filesystem::remove(run.ring_folder() + "/thalweg.live.lock");
  RingPublisherOptions publishing = SomeRings();
  publishing.folder = run.ring_folder();
  const Catalogue catalogue = MakeCatalogue(run.options());
  const auto other = RingPublisher::Create(publishing, run.options(), catalogue);
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE(WaitFor([&] { return run.shard().failed(); }));
  EXPECT_EQ(run.Stop().code(), absl::StatusCode::kAborted);
}

// --- Q3: threads meet in every order ------------------------------------------------------------

// Gives way now and then, so that the threads meet elsewhere each time.
class YieldingOutput final : public EngineOutput {
 public:
  explicit YieldingOutput(std::uint64_t seed) : dice_(seed) {}
  void OnRecord(const SymbolEngine&, RecordBuffer&) override {
    if (dice_.OneIn(3)) ::sched_yield();
    if (dice_.OneIn(200)) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }

 private:
  Dice dice_;
};

TEST(LiveShardTest, FaultQ3WhateverTheInterleavingTheRecordingReplaysEqual) {
  const int seeds = TakeShortPart() ? 4 : 20;
  for (int seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Dice dice(static_cast<std::uint64_t>(seed));
    LiveShardOptions shard_options;
    shard_options.pool = SmallPool();
    shard_options.busy_poll = seed % 2 == 0;
    YieldingOutput output(static_cast<std::uint64_t>(seed) + 1'000);
    LiveRun run(OptionsOf({kName, "BBBUSDT", "CCCUSDT"}), shard_options);
    run.WaitForRecorder();
    run.set_output(&output);
    run.set_segment_bytes(100'000);
    run.Start();
    Feed a(run, kName, 10, 1);
    Feed b(run, "BBBUSDT", 11, 2);
    Feed c(run, "CCCUSDT", 12, 3);
    for (Feed* const feed : {&a, &b, &c}) feed->Open();
    for (int i = 0; i < 300; ++i) {
      for (Feed* const feed : {&a, &b, &c}) {
        if (!dice.OneIn(3)) feed->Step();
        if (dice.OneIn(4)) ::sched_yield();
      }
      AnswerOrders(run, {&a, &b, &c});
      if (dice.OneIn(20)) std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    ASSERT_TRUE(run.WaitUntilUsed());
    Synchronise(run, {&a, &b, &c});
    const std::int64_t lost = run.shard().counts().intake.lost_frames;
    const absl::Status stopped = run.Stop();
    ASSERT_TRUE(stopped.ok()) << stopped;
    const Replayed replayed = run.Replay();
    EXPECT_EQ(replayed.dropped, lost);
    ExpectReplayIsEqual(run, replayed);
    for (Feed* const feed : {&a, &b, &c}) {
      const SymbolEngine& symbol =
          *run.shard().engine()->engine().FindSymbol(feed->market().symbol());
      EXPECT_TRUE(symbol.live());
      EXPECT_EQ(symbol.update_id(), UpdateId(feed->market().told_id()));
    }
  }
}

// --- Q4: one hot symbol --------------------------------------------------------------------------

TEST(LiveShardTest, FaultQ4AHotSymbolLosesItsOwnFramesAndNobodyElses) {
  LiveShardOptions shard_options;
  shard_options.pool = SmallPool();
  LiveRun run(OptionsOf({kName, "BBBUSDT"}), shard_options);
  run.WaitForRecorder();
  Gate gate;
  run.table().watcher = [&](const SymbolEngine&, const RecordBuffer&) { gate.Pass(); };
  run.Start();
  Feed hot(run, kName, 20, 1);
  Feed quiet(run, "BBBUSDT", 21, 1);
  Synchronise(run, {&hot, &quiet});
  // Each time the engine stalls the hot symbol takes what it can, the quiet one has its frames.
  for (int round = 0; round < 20; ++round) {
    gate.Shut();
    for (int i = 0; i < 300; ++i) {
      hot.Step();
      if (i % 60 == 0) quiet.Step();
    }
    gate.Open();
    ASSERT_TRUE(run.WaitUntilUsed());
    Synchronise(run, {&hot, &quiet});
  }
  const absl::Status stopped = run.Stop();
  ASSERT_TRUE(stopped.ok()) << stopped;
  const Engine& engine = run.shard().engine()->engine();
  EXPECT_GT(engine.FindSymbol(kName)->counts().lost_inputs, 1'000);
  EXPECT_EQ(engine.FindSymbol("BBBUSDT")->counts().lost_inputs, 0);
  EXPECT_EQ(engine.FindSymbol("BBBUSDT")->book_counts().gaps, 0);
  ExpectReplayIsEqual(run, run.Replay());
}

// --- The rest ------------------------------------------------------------------------------------

TEST(LiveShardTest, ANewSegmentOrdersASnapshotOfEverySymbolInTheBackground) {
  LiveRun run(OptionsOf({kName, "BBBUSDT"}));
  run.set_segment_bytes(2'000);
  run.Start();
  Feed feed(run, kName, 6, 1);
  Synchronise(run, {&feed});
  std::vector<std::string> ordered;
  ASSERT_TRUE(WaitFor([&] {
    feed.Step();
    while (const auto order = run.input().TakeOrder()) {
      if (order->need == SnapshotNeed::kBackground) ordered.push_back(order->symbol);
    }
    return ordered.size() >= 2;
  }));
  EXPECT_NE(std::find(ordered.begin(), ordered.end(), "BBBUSDT"), ordered.end());
  EXPECT_TRUE(run.Stop().ok());
}

TEST(LiveShardTest, RingsLiveWhileThereAreNoFramesAndAreClosedAtTheEnd) {
  LiveRun run(OptionsOf({kName}), {}, SomeRings());
  run.Start();
  RingOpenOptions opening;
  opening.folder = run.ring_folder();
  auto reader = RingReader::Open("live", opening);
  ASSERT_TRUE(reader.ok()) << reader.status();
  // Beats go on: the newest is younger than one that came later than this.
  const auto started = std::chrono::steady_clock::now();
  ASSERT_TRUE(WaitFor([&] {
    return std::chrono::steady_clock::now() - started > std::chrono::milliseconds(300) &&
           reader->since_heartbeat_ns() < 2 * kBeatPeriod;
  }));
  EXPECT_TRUE(run.Stop().ok());
  EXPECT_EQ(reader->writer(), RingWriterLife::kClosed);
}

TEST(LiveShardTest, OptionsThatCannotBeAreRefusedByName) {
  EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  EXPECT_EQ(LiveShard::Create(options, catalogue, {}).status().message(),
            "symbols: a shard has to be told which; name them");
  options.symbols = {"A"};
  LiveShardOptions shard_options;
  shard_options.cpu = 5'000;
  EXPECT_TRUE(std::string(LiveShard::Create(options, catalogue, shard_options).status().message())
                  .starts_with("cpu: 5000 is none"));
  shard_options.cpu = ::sched_getcpu();
  EXPECT_TRUE(LiveShard::Create(options, catalogue, shard_options).ok());
}

TEST(LiveShardTest, AThreadThatIsPinnedAndAsksAgainAndAgainDoesTheSame) {
  LiveShardOptions shard_options;
  shard_options.busy_poll = true;
  shard_options.cpu = ::sched_getcpu();
  LiveRun run(OptionsOf({kName}), shard_options);
  run.Start();
  Feed feed(run, kName, 7, 1);
  Synchronise(run, {&feed});
  EXPECT_TRUE(run.Stop().ok());
  ExpectReplayIsEqual(run, run.Replay());
  EXPECT_GT(run.shard().counts().records, 3);
}

}  // namespace
}  // namespace thalweg
