#include "tools/live_run.h"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
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
  return absl::StrCat(
      absl::FormatTime("%Y%m%dT%H%M%E9SZ", absl::Now(), absl::UTCTimeZone()), "-", getpid());
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

  const LiveRunOptions& options_;
  const Catalogue catalogue_;
  LiveLog log_;
  std::vector<std::unique_ptr<Lane>> lanes_;
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
    recording.segments.options_json = RecordedOptionsJson(lane->options);
    recording.thread_name = absl::StrCat("recorder-", number);
    auto recorder = Recorder::Create(recording, lane->shard->pool(), &lane->shard->orders());
    if (!recorder.ok()) return recorder.status();
    lane->recorder = *std::move(recorder);
  }
  lanes_.push_back(std::move(lane));
  return absl::OkStatus();
}

}  // namespace

int RunLive(const LiveRunOptions& options) {
  LiveRun run(options);
  const absl::Status made = run.Make();
  if (!made.ok()) return absl::IsInvalidArgument(made) ? FailUsage(made) : FailIo(made);
  return run.Run();
}

}  // namespace thalweg
