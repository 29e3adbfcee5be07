#include "tools/live_run.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "feeds/net/live_feed.h"
#include "pipeline/engine.h"
#include "pipeline/live_shard.h"
#include "replay/recorded_options.h"
#include "replay/recorder.h"
#include "tools/exit_status.h"
#include "tools/interruption.h"
#include "tools/live_log.h"
#include "tools/result_files.h"
#include "tools/symbol_summary.h"

namespace thalweg {
namespace {

constexpr auto kLookPeriod = std::chrono::milliseconds(50);

ReceiveTime WallNow() { return ReceiveTime(absl::GetCurrentTimeNanos()); }

std::string_view MarketName(Market market) {
  switch (market) {
    case Market::kSpot:
      return "spot";
    case Market::kUsdM:
      return "usdm";
    case Market::kCoinM:
      return "coinm";
  }
  return "";
}

// The same for all recorders of a run, and never again.
std::string MakeRunName() {
  return absl::StrCat(absl::FormatTime("%Y%m%dT%H%M%E9SZ", absl::Now(), absl::UTCTimeZone()), "-",
                      getpid());
}

// Takes what a shard makes to the files that were asked for, and its notices to the log.
class ShardOutput final : public EngineOutput {
 public:
  ShardOutput(std::unique_ptr<ResultFiles> files, LiveLog& log)
      : files_(std::move(files)), log_(log) {}

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    files_->OnRecord(symbol, record);
    if (!files_->good()) good_.store(false, std::memory_order_relaxed);
  }
  void OnNotice(const Notice& notice) override { log_.Tell(notice, WallNow()); }

  // False when a file takes no more rows. Threads: any.
  [[nodiscard]] bool good() const noexcept { return good_.load(std::memory_order_relaxed); }
  [[nodiscard]] ResultFiles& files() noexcept { return *files_; }

 private:
  const std::unique_ptr<ResultFiles> files_;
  LiveLog& log_;
  std::atomic<bool> good_{true};
};

// A shard with all that belongs to it. What comes first outlives what comes behind.
struct Lane {
  EngineOptions options;
  std::unique_ptr<RingPublisher> rings;
  std::unique_ptr<ShardOutput> output;
  std::unique_ptr<LiveShard> shard;
  std::unique_ptr<Recorder> recorder;
};

std::vector<const SymbolEngine*> SymbolsOf(const ShardEngine& shard) {
  std::vector<const SymbolEngine*> symbols;
  for (const auto& symbol : shard.engine().symbols()) symbols.push_back(symbol.get());
  return symbols;
}

class LiveRun {
 public:
  explicit LiveRun(const LiveRunOptions& options)
      : options_(options), catalogue_(MakeCatalogue(options.engine)) {}

  // Everything is made before anything begins: what cannot be had shows now.
  absl::Status Make() {
    const std::string run = MakeRunName();
    for (std::size_t i = 0; i < options_.shards; ++i) {
      absl::Status status = MakeLane(i, run);
      if (!status.ok()) return status;
    }
    return MakeFeed();
  }

  int Run() {
    const Interruption interruption;
    Begin();
    const auto started = std::chrono::steady_clock::now();
    absl::Status status;
    while (status.ok() && interruption.signal() == 0) {
      if (options_.length && std::chrono::steady_clock::now() - started >=
                                 std::chrono::nanoseconds(*options_.length)) {
        break;
      }
      std::this_thread::sleep_for(kLookPeriod);
      log_.Drain(WallNow());
      status = Look();
    }
    return End(status);
  }

 private:
  absl::Status MakeLane(std::size_t number, const std::string& run);
  absl::Status MakeFeed();
  void Begin();
  [[nodiscard]] absl::Status Look();
  int End(const absl::Status& why);
  void PrintSummary() const;
  [[nodiscard]] int WriteResults() const;

  const LiveRunOptions& options_;
  const Catalogue catalogue_;
  LiveLog log_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<LiveFeed> feed_;
  std::thread network_;
  std::atomic<bool> network_failed_{false};
  bool recorder_is_well_ = true;
};

absl::Status LiveRun::MakeLane(std::size_t number, const std::string& run) {
  auto lane = std::make_unique<Lane>();
  lane->options = options_.engine;
  lane->options.symbols.clear();
  for (std::size_t i = number; i < options_.engine.symbols.size(); i += options_.shards) {
    lane->options.symbols.push_back(options_.engine.symbols[i]);
  }
  if (options_.rings) {
    RingPublisherOptions publishing = *options_.rings;
    if (options_.shards > 1) absl::StrAppend(&publishing.name, "-", number);
    auto rings = RingPublisher::Create(publishing, lane->options, catalogue_);
    if (!rings.ok()) return rings.status();
    lane->rings = *std::move(rings);
  }
  auto files = ResultFiles::Create(options_.results.OfShard(number), catalogue_);
  if (!files.ok()) return files.status();
  lane->output = std::make_unique<ShardOutput>(*std::move(files), log_);

  LiveShardOptions shard_options;
  shard_options.busy_poll = options_.busy_poll;
  if (number < options_.cpus.size()) shard_options.cpu = options_.cpus[number];
  shard_options.thread_name = absl::StrCat("engine-", number);
  auto shard = LiveShard::Create(lane->options, catalogue_, shard_options);
  if (!shard.ok()) return shard.status();
  lane->shard = *std::move(shard);

  if (!options_.record_folder.empty()) {
    RecorderOptions recording;
    recording.segments.folder = options_.record_folder;
    recording.segments.run = run;
    recording.segments.shard = static_cast<std::int64_t>(number);
    recording.segments.market = MarketName(*lane->options.market);
    recording.segments.symbols = lane->options.symbols;
    recording.segments.sync_interval = options_.sync_interval;
    recording.segments.options_json = RecordedOptionsJson(lane->options);
    recording.thread_name = absl::StrCat("recorder-", number);
    auto recorder = Recorder::Create(recording, lane->shard->pool(), &lane->shard->orders());
    if (!recorder.ok()) return recorder.status();
    lane->recorder = *std::move(recorder);
  }
  lanes_.push_back(std::move(lane));
  return absl::OkStatus();
}

absl::Status LiveRun::MakeFeed() {
  LiveFeedOptions feed;
  feed.market = *options_.engine.market;
  feed.rest = options_.network.rest;
  feed.streams = options_.network.streams;
  feed.ca_path = options_.network.ca_path;
  feed.trade_stream = options_.engine.trade_stream;
  feed.depth_limit = options_.engine.snapshot_limit.value_or(kDefaultSnapshotLimit);
  feed.weight_share = options_.network.weight_share;
  feed.seed = std::random_device()();
  std::vector<FeedShard> shards;
  for (const auto& lane : lanes_) shards.push_back({&lane->shard->input(), lane->options.symbols});
  auto made = LiveFeed::Create(feed, shards, [this](std::string_view kind, std::string_view line) {
    log_.Tell(kind, line, WallNow());
  });
  if (!made.ok()) return made.status();
  feed_ = *std::move(made);
  return absl::OkStatus();
}

void LiveRun::Begin() {
  for (const auto& lane : lanes_) {
    lane->shard->Start({.publisher = lane->rings.get(),
                        .sink = lane->recorder.get(),
                        .output = lane->output.get()});
  }
  network_ = std::thread([this] {
    try {
      feed_->Run();
    } catch (...) {
      network_failed_.store(true, std::memory_order_relaxed);
    }
  });
  pthread_setname_np(network_.native_handle(), "network");
}

// What has gone wrong so far that a run cannot go on with.
absl::Status LiveRun::Look() {
  absl::Status status = feed_->status();
  if (!status.ok()) return status;
  if (network_failed_.load(std::memory_order_relaxed)) {
    return absl::InternalError("the network's thread failed");
  }
  for (const auto& lane : lanes_) {
    if (lane->shard->failed()) return absl::AbortedError("an engine's thread failed");
    if (!lane->output->good()) return absl::UnavailableError("a result takes no more rows");
    if (!lane->recorder) continue;
    if (lane->recorder->failed()) return absl::AbortedError("a recorder's thread failed");
    // A disk that fails stops nothing, but somebody should know.
    const absl::Status recording = lane->recorder->counts().status;
    if (recording.ok() != recorder_is_well_) {
      recorder_is_well_ = recording.ok();
      log_.Tell("recorder",
                recording.ok() ? "the recording goes on"
                               : absl::StrCat("recording: ", recording.message()),
                WallNow());
    }
  }
  return absl::OkStatus();
}

// From the sockets to the disk, each behind what feeds it.
int LiveRun::End(const absl::Status& why) {
  feed_->Stop();
  network_.join();
  int exit_status = kExitGood;
  if (!why.ok()) exit_status = kExitFailedIo;
  if (absl::IsNotFound(why)) exit_status = kExitBadData;
  std::vector<absl::Status> faults;
  if (!why.ok()) faults.push_back(why);
  for (const auto& lane : lanes_) {
    faults.push_back(lane->shard->Stop());
    if (lane->recorder) faults.push_back(lane->recorder->Close());
    faults.push_back(lane->output->files().Close());
  }
  log_.Drain(WallNow(), true);
  for (const absl::Status& fault : faults) {
    if (fault.ok()) continue;
    std::fprintf(stderr, "thalweg: %s\n", std::string(fault.message()).c_str());
    if (exit_status == kExitGood) exit_status = kExitFailedIo;
  }
  PrintSummary();
  const int written = WriteResults();
  return exit_status == kExitGood ? written : exit_status;
}

void LiveRun::PrintSummary() const {
  std::int64_t records = 0;
  std::int64_t lost = 0;
  for (const auto& lane : lanes_) {
    if (lane->shard->engine() != nullptr) PrintSymbols(SymbolsOf(*lane->shard->engine()));
    records += lane->shard->counts().records;
    lost += lane->shard->counts().intake.lost_frames;
    if (!lane->recorder) continue;
    const RecorderCounts recording = lane->recorder->counts();
    std::fprintf(stderr,
                 "recorded %lld lines (%lld lost), %lld bytes, in %lld segments; the last: %s\n",
                 static_cast<long long>(recording.segments.stored_lines),
                 static_cast<long long>(recording.segments.lost_lines + recording.refused),
                 static_cast<long long>(recording.segments.stored_bytes),
                 static_cast<long long>(recording.segments.segments), recording.path.c_str());
  }
  const FeedCounts feed = feed_->counts();
  std::fprintf(stderr,
               "connections: %lld opened, %lld ended, %lld replaced, %lld refused, %lld not made; "
               "streams: %lld stalls, %lld subscribed again\n",
               static_cast<long long>(feed.opened), static_cast<long long>(feed.ended),
               static_cast<long long>(feed.replaced), static_cast<long long>(feed.refused),
               static_cast<long long>(feed.failed_dials), static_cast<long long>(feed.watch.stalls),
               static_cast<long long>(feed.watch.resubscribed));
  std::fprintf(
      stderr,
      "snapshots: %lld asked, %lld used, %lld late, %lld failed, %lld garbage; "
      "weight %lld; 429: %lld, 418: %lld\n",
      static_cast<long long>(feed.snapshots.requests), static_cast<long long>(feed.snapshots.given),
      static_cast<long long>(feed.snapshots.dropped), static_cast<long long>(feed.snapshots.failed),
      static_cast<long long>(feed.snapshots.garbage), static_cast<long long>(feed.budget.weight),
      static_cast<long long>(feed.budget.paused), static_cast<long long>(feed.budget.banned));
  std::fprintf(stderr, "%lld frames (%lld lost before the engine), %lld records\n",
               static_cast<long long>(feed.frames), static_cast<long long>(lost),
               static_cast<long long>(records));
}

int LiveRun::WriteResults() const {
  std::vector<const SymbolEngine*> symbols;
  for (const auto& lane : lanes_) {
    if (lane->shard->engine() == nullptr) return kExitFailedIo;
    for (const SymbolEngine* symbol : SymbolsOf(*lane->shard->engine())) symbols.push_back(symbol);
  }
  int exit_status = kExitGood;
  if (!options_.results.final_book().empty()) {
    const std::set<std::string> names(options_.engine.symbols.begin(),
                                      options_.engine.symbols.end());
    const absl::Status written = options_.results.WriteFinalBooks(options_.inputs, symbols, names);
    if (!written.ok()) exit_status = FailIo(written);
  }
  for (std::size_t i = 0; i < lanes_.size() && options_.results.digest(); ++i) {
    const RecordDigest& digest = lanes_[i]->shard->engine()->digest();
    std::printf("digest %s records %lld%s\n", digest.Hex().c_str(),
                static_cast<long long>(digest.record_count()),
                lanes_.size() > 1 ? absl::StrCat(" shard ", i).c_str() : "");
  }
  return exit_status;
}

}  // namespace

int RunLive(const LiveRunOptions& options) {
  LiveRun run(options);
  const absl::Status made = run.Make();
  if (!made.ok()) return absl::IsInvalidArgument(made) ? FailUsage(made) : FailIo(made);
  return run.Run();
}

}  // namespace thalweg
