#include "tools/live_run.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "feeds/net/live_feed.h"
#include "feeds/net/network_loop.h"
#include "pipeline/engine.h"
#include "pipeline/live_shard.h"
#include "pipeline/symbol_board.h"
#include "replay/evidence_folder.h"
#include "replay/recorded_options.h"
#include "replay/recorder.h"
#include "replay/recording_folder.h"
#include "thalweg/ring_reader.h"
#include "tools/exit_status.h"
#include "tools/interruption.h"
#include "tools/live_log.h"
#include "tools/metrics/metrics_service.h"
#include "tools/result_files.h"
#include "tools/service_notice.h"
#include "tools/symbol_summary.h"

namespace thalweg {
namespace {

constexpr auto kLookPeriod = std::chrono::milliseconds(50);
// How often it is told which symbols wait for a snapshot, and how many of them are named.
constexpr auto kWaitingToldEvery = std::chrono::seconds(10);
constexpr std::size_t kWaitingNamed = 4;
// How often it is told that the exchange does not want to see this address.
constexpr auto kBanToldEvery = std::chrono::seconds(60);

ReceiveTime WallNow() { return ReceiveTime(absl::GetCurrentTimeNanos()); }

// The same for all recorders of a run, and never again.
std::string MakeRunName() {
  return absl::StrCat(absl::FormatTime("%Y%m%dT%H%M%E9SZ", absl::Now(), absl::UTCTimeZone()), "-",
                      getpid());
}

// Takes what a shard makes to the files that were asked for, its notices to the log, and evidence
// to its folder.
class ShardOutput final : public EngineOutput {
 public:
  // `options` are the engine's; without a folder no evidence is kept.
  ShardOutput(std::unique_ptr<ResultFiles> files, LiveLog& log, EvidenceFolder* evidence,
              const EngineOptions& options)
      : files_(std::move(files)), log_(log), evidence_(evidence), options_(options) {}

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    files_->OnRecord(symbol, record);
    if (!files_->good()) good_.store(false, std::memory_order_relaxed);
  }
  void OnNotice(const Notice& notice) override { log_.Tell(notice, WallNow()); }
  void OnDivergence(const SymbolEngine&,
                    const std::shared_ptr<const AuditEvidence>& evidence) override {
    if (evidence_ != nullptr) evidence_->Keep(evidence, options_);
  }

  // False when a file takes no more rows. Threads: any.
  [[nodiscard]] bool good() const noexcept { return good_.load(std::memory_order_relaxed); }
  [[nodiscard]] ResultFiles& files() noexcept { return *files_; }

 private:
  const std::unique_ptr<ResultFiles> files_;
  LiveLog& log_;
  EvidenceFolder* const evidence_;
  const EngineOptions& options_;
  std::atomic<bool> good_{true};
};

// A ring of this run, as others see it.
struct OwnRing {
  std::string name;
  RingKind kind;
  RingReader reader;
};

// A shard with all that belongs to it. What comes first outlives what comes behind.
struct Lane {
  Lane(EngineOptions engine, Catalogue columns)
      : options(std::move(engine)), catalogue(std::move(columns)) {}

  EngineOptions options;
  Catalogue catalogue;
  std::unique_ptr<SymbolBoard> board;  // Null: nothing is served of it.
  std::unique_ptr<RingPublisher> rings;
  std::vector<OwnRing> own_rings;
  std::unique_ptr<ShardOutput> output;
  std::unique_ptr<LiveShard> shard;
  std::unique_ptr<Recorder> recorder;
  bool recorder_is_well = true;
  std::int64_t refused = 0;      // Inputs of the recorder, and when there were fewer.
  std::optional<Nanos> lost_at;  // Of these.
  // Of its engine's thread, and when that was another one than before.
  std::int64_t beats = 0;
  Nanos moved = 0;
};

std::vector<const SymbolEngine*> SymbolsOf(const ShardEngine& shard) {
  std::vector<const SymbolEngine*> symbols;
  for (const auto& symbol : shard.engine().symbols()) symbols.push_back(symbol.get());
  return symbols;
}

bool WasReached(const FeedStatus& feed) {
  return std::any_of(feed.connections.begin(), feed.connections.end(),
                     [](const SlotStatus& slot) { return slot.counts.opens > 0; });
}

// What the exchange said to this address, and until when; empty: it is welcome.
std::string BreakerText(const FeedStatus& feed) {
  const Nanos length = std::max(feed.banned_for, feed.refused_for);
  if (length == 0) return "";
  return absl::StrFormat("the exchange %s this address: nothing is asked or connected for %.0f s",
                         feed.banned_for != 0 ? "has banned" : "refuses",
                         static_cast<double>(length) / kSecond);
}

class LiveRun {
 public:
  explicit LiveRun(const LiveRunOptions& options) : options_(options) {}

  // Everything is made before anything begins: what cannot be had shows now.
  absl::Status Make() {
    if (!options_.record_folder.empty()) {
      absl::StatusOr<RecordingFolder> held = RecordingFolder::Hold(options_.record_folder);
      if (!held.ok()) return held.status();
      folder_.emplace(*std::move(held));
    }
    // Before anything is begun that stays, such as a segment: a service that is refused its port is
    // started again and again.
    if (options_.metrics) {
      absl::Status served = MakeMetrics();
      if (!served.ok()) return served;
    }
    const std::string run = MakeRunName();
    if (!options_.evidence_folder.empty()) {
      auto opened = EvidenceFolder::Open(
          options_.evidence_folder, run,
          [this](std::string_view line) { log_.Tell("evidence", line, WallNow()); });
      if (!opened.ok()) return opened.status();
      evidence_ = *std::move(opened);
    }
    for (std::size_t i = 0; i < options_.shards; ++i) {
      absl::Status status = MakeLane(i, run);
      if (!status.ok()) return status;
    }
    absl::Status status = MakeFeed();
    // Last what takes the place of earlier results.
    for (std::size_t i = 0; i < lanes_.size() && status.ok(); ++i) status = MakeResults(i);
    return status;
  }

  int Run() {
    const Interruption interruption;
    std::signal(SIGPIPE, SIG_IGN);  // Who reads what is told may go; the run goes on.
    Begin();
    const auto started = std::chrono::steady_clock::now();
    absl::Status status;
    while (status.ok() && interruption.signal() == 0) {
      if (options_.length && std::chrono::steady_clock::now() - started >=
                                 std::chrono::nanoseconds(*options_.length)) {
        status = WhyNothingCame();
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
  absl::Status MakeResults(std::size_t number);
  absl::Status MakeMetrics();
  [[nodiscard]] LiveScene SceneOf(FeedStatus feed) const;
  void Begin();
  [[nodiscard]] absl::Status Look();
  [[nodiscard]] absl::Status WhyNothingCame() const;
  int End(const absl::Status& why);
  void PrintSummary() const;
  void NoteRefused(std::int64_t refused, Lane& lane);
  void TellWaiting(const std::vector<SnapshotEstimate>& waiting);
  void TellBan(const FeedStatus& feed);
  void TellService(const FeedStatus& feed);
  [[nodiscard]] int WriteResults() const;

  const LiveRunOptions& options_;
  LiveLog log_;
  ServiceNotice service_;
  std::optional<RecordingFolder> folder_;  // Held while lanes record into it.
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<EvidenceFolder> evidence_;  // Uses the options of lanes.
  std::unique_ptr<LiveFeed> feed_;
  std::thread network_;
  absl::Status network_status_;  // When it has ended.
  std::atomic<bool> network_ended_{false};
  std::chrono::steady_clock::time_point waiting_told_{};
  std::chrono::steady_clock::time_point ban_told_{};
  std::unique_ptr<MetricsService> metrics_;
};

absl::Status LiveRun::MakeLane(std::size_t number, const std::string& run) {
  // Of its own symbols alone, as the header of its recording says them.
  EngineOptions shard_engine = options_.engine;
  shard_engine.symbols.clear();
  for (std::size_t i = number; i < options_.engine.symbols.size(); i += options_.shards) {
    shard_engine.symbols.push_back(options_.engine.symbols[i]);
  }
  Catalogue catalogue = MakeCatalogue(shard_engine);
  auto lane = std::make_unique<Lane>(std::move(shard_engine), std::move(catalogue));
  if (options_.metrics) lane->board = std::make_unique<SymbolBoard>(lane->options.symbols.size());
  LiveShardOptions shard_options;
  shard_options.busy_poll = options_.busy_poll;
  if (number < options_.cpus.size()) shard_options.cpu = options_.cpus[number];
  shard_options.thread_name = absl::StrCat("engine-", number);
  auto shard = LiveShard::Create(lane->options, lane->catalogue, shard_options);
  if (!shard.ok()) return shard.status();
  lane->shard = *std::move(shard);

  if (!options_.record_folder.empty()) {
    RecorderOptions recording;
    recording.segments.folder = options_.record_folder;
    recording.segments.run = run;
    recording.segments.shard = static_cast<std::int64_t>(number);
    recording.segments.market = MarketWord(*lane->options.market);
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

absl::Status LiveRun::MakeResults(std::size_t number) {
  Lane& lane = *lanes_[number];
  if (options_.rings) {
    RingPublisherOptions publishing = *options_.rings;
    if (options_.shards > 1) absl::StrAppend(&publishing.name, "-", number);
    auto rings = RingPublisher::Create(publishing, lane.options, lane.catalogue);
    if (!rings.ok()) return rings.status();
    lane.rings = *std::move(rings);
    for (const RingKind kind : publishing.kinds) {
      if (!options_.metrics) break;
      RingOpenOptions opening;
      opening.kind = kind;
      opening.folder = publishing.folder;
      auto reader = RingReader::Open(publishing.name, opening);
      if (!reader.ok()) return reader.status();
      lane.own_rings.push_back({publishing.name, kind, *std::move(reader)});
    }
  }
  auto files = ResultFiles::Create(options_.results.OfShard(number), lane.catalogue);
  if (!files.ok()) return files.status();
  lane.output =
      std::make_unique<ShardOutput>(*std::move(files), log_, evidence_.get(), lane.options);
  return absl::OkStatus();
}

absl::Status LiveRun::MakeFeed() {
  LiveFeedOptions feed = LiveFeedOptionsOf(*options_.engine.market);
  feed.rest = options_.network.rest;
  feed.websocket = options_.network.streams;
  feed.second_leg = options_.network.second_leg;
  feed.ca_path = options_.network.ca_path;
  feed.trade_stream = options_.engine.trade_stream == TradeStream::kTrade ? "trade" : "aggTrade";
  feed.depth_limit = options_.engine.snapshot_limit.value_or(kDefaultSnapshotLimit);
  feed.weight_share = options_.network.weight_share;
  feed.log = [this](std::string_view line) { log_.Tell("the network", line, WallNow()); };
  std::vector<FeedShard> shards;
  for (const auto& lane : lanes_) shards.push_back({&lane->shard->input(), lane->options.symbols});
  auto made = LiveFeed::Create(std::move(feed), std::move(shards));
  if (!made.ok()) return made.status();
  feed_ = *std::move(made);
  return absl::OkStatus();
}

absl::Status LiveRun::MakeMetrics() {
  MetricsServerOptions serving;
  serving.address = *options_.metrics;
  auto metrics = MetricsService::Create(serving, LiveScene{});
  if (!metrics.ok()) return metrics.status();
  metrics_ = *std::move(metrics);
  log_.Tell("metrics", absl::StrCat("serves ", metrics_->Url(), "/metrics and /health"), WallNow());
  return absl::OkStatus();
}

LiveScene LiveRun::SceneOf(FeedStatus feed) const {
  LiveScene scene;
  scene.at = NetworkLoop::Now();
  scene.wall = WallNow().raw();
  scene.feed = std::move(feed);
  scene.legs = options_.network.second_leg ? 2 : 1;
  for (const auto& lane : lanes_) {
    ShardScene shard;
    shard.counts = lane->shard->counts();
    shard.engine = lane->board->counts();
    shard.still_for = lane->moved == 0 ? 0 : scene.at - lane->moved;
    shard.is_dead = lane->shard->failed();
    if (lane->recorder) {
      shard.recorder = {lane->recorder->counts(), lane->recorder->failed(),
                        lane->lost_at && scene.at - *lane->lost_at < kLossShownFor};
    }
    scene.shards.push_back(std::move(shard));
    for (const OwnRing& ring : lane->own_rings) {
      scene.rings.push_back({ring.name, ring.kind, ring.reader.statistics()});
      for (const StageEntry& entry : kStages) {
        if (const auto stage = ring.reader.stage(entry.stage)) {
          scene.rings.back().stages.push_back(*stage);
        }
      }
    }
  }
  for (std::size_t i = 0; i < options_.engine.symbols.size(); ++i) {
    const std::string& name = options_.engine.symbols[i];
    const Lane& lane = *lanes_[i % options_.shards];
    scene.symbols.push_back({name, options_.required.empty() || options_.required.contains(name),
                             lane.board->Read(i / options_.shards)});
  }
  return scene;
}

void LiveRun::Begin() {
  for (const auto& lane : lanes_) {
    lane->shard->Start({.publisher = lane->rings.get(),
                        .sink = lane->recorder.get(),
                        .output = lane->output.get(),
                        .board = lane->board.get()});
  }
  network_ = std::thread([this] {
    try {
      network_status_ = feed_->Run();
    } catch (...) {
      network_status_ = absl::InternalError("the network's thread failed");
    }
    network_ended_.store(true, std::memory_order_release);
  });
  pthread_setname_np(network_.native_handle(), "network");
}

// What has gone wrong so far that a run cannot go on with.
absl::Status LiveRun::Look() {
  if (network_ended_.load(std::memory_order_acquire)) return network_status_;
  const FeedStatus feed = feed_->Status();
  TellBan(feed);
  TellWaiting(feed.snapshots);
  TellService(feed);
  if (metrics_) metrics_->Show(SceneOf(feed));
  for (const auto& lane : lanes_) {
    if (lane->shard->failed()) return absl::AbortedError("an engine's thread failed");
    if (!lane->output->good()) return absl::UnavailableError("a result takes no more rows");
    if (!lane->recorder) continue;
    if (lane->recorder->failed()) return absl::AbortedError("a recorder's thread failed");
    // A disk that fails stops nothing, but somebody should know.
    const RecorderCounts counts = lane->recorder->counts();
    NoteRefused(counts.refused, *lane);
    const absl::Status& recording = counts.status;
    if (recording.ok() != lane->recorder_is_well) {
      lane->recorder_is_well = recording.ok();
      log_.Tell("recorder",
                recording.ok() ? "the recording goes on"
                               : absl::StrCat("recording: ", recording.message()),
                WallNow());
    }
  }
  return absl::OkStatus();
}

// A disk that is too slow is no error of it.
void LiveRun::NoteRefused(std::int64_t refused, Lane& lane) {
  const std::int64_t more = refused - std::exchange(lane.refused, refused);
  if (more == 0) return;
  const Nanos now = NetworkLoop::Now();
  const bool is_new = !lane.lost_at || now - *lane.lost_at >= kLossShownFor;
  lane.lost_at = now;
  if (is_new) {
    log_.Tell("recorder", "lines are lost: the disk is too slow for the feed", WallNow());
  }
}

// To systemd, where it asks: ready from the first connection on, and alive while the network's
// thread and all engines' move.
void LiveRun::TellService(const FeedStatus& feed) {
  const Nanos now = NetworkLoop::Now();
  bool moves = now - feed.at < kPulseMax;
  for (const auto& lane : lanes_) {
    const std::int64_t beats = lane->shard->counts().beats;
    if (std::exchange(lane->beats, beats) != beats || lane->moved == 0) lane->moved = now;
    moves = moves && now - lane->moved < kPulseMax;
  }
  if (moves) service_.Alive(now);
  const bool was_reached = WasReached(feed);
  if (was_reached) service_.Ready();
  const std::string breaker = BreakerText(feed);
  service_.Status(!breaker.empty() ? breaker
                  : was_reached
                      ? absl::StrCat(options_.engine.symbols.size() - feed.snapshots.size(), " of ",
                                     options_.engine.symbols.size(), " symbols need no snapshot")
                      : absl::StrCat("not connected; ", feed.problem));
}

// OK when the exchange was reached; else a run of its whole length has nothing to show.
absl::Status LiveRun::WhyNothingCame() const {
  const FeedStatus feed = feed_->Status();
  if (WasReached(feed)) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("nothing was received: no connection of ", options_.network.streams.Url(),
                   " ever opened", feed.problem.empty() ? "" : "; ", feed.problem,
                   "; is the machine online, and are --rest, --ws and --ca right?"));
}

// From the sockets to the disk, each behind what feeds it.
int LiveRun::End(const absl::Status& why) {
  service_.Stopping();
  if (metrics_) {
    LiveScene last = SceneOf(feed_->Status());
    last.has_ended = true;
    metrics_->Show(std::move(last));
  }
  feed_->Stop();
  network_.join();
  int exit_status = kExitGood;
  if (!why.ok()) exit_status = kExitFailedIo;
  // A symbol that the exchange does not have.
  if (absl::IsInvalidArgument(why)) exit_status = kExitBadData;
  std::vector<absl::Status> faults;
  if (!why.ok()) faults.push_back(why);
  for (const auto& lane : lanes_) {
    faults.push_back(lane->shard->Stop());
    if (lane->recorder) faults.push_back(lane->recorder->Close());
    faults.push_back(lane->output->files().Close());
  }
  if (evidence_) evidence_->Close();
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

// Of each leg how often it was the first, and how far it was behind when it was not.
void PrintLegs(const std::vector<SlotStatus>& slots) {
  for (std::size_t leg = 0; leg < 2; ++leg) {
    LegCounts sum;
    for (std::size_t i = leg * slots.size() / 2; i < (leg + 1) * slots.size() / 2; ++i) {
      AddCounts(slots[i].counts.leg, &sum);
    }
    const auto millis = [](Nanos span) { return static_cast<double>(span) / kMillisecond; };
    const double mean =
        millis(sum.behind_sum) / static_cast<double>(std::max<std::int64_t>(sum.behind_timed, 1));
    std::fprintf(
        stderr, "%s\n",
        absl::StrFormat("leg %u: first with %d events, behind with %d, by %.2f ms in the mean and "
                        "%.2f ms at most; %d waited for the other leg, %d in vain; %d broken, %d "
                        "overlapping, %d numberings begun anew; %d gaps of both",
                        leg + 1, sum.given, sum.copies, mean, millis(sum.behind_max), sum.held,
                        sum.expired, sum.broken, sum.overlapping, sum.restarts, sum.gaps)
            .c_str());
  }
}

// Of the books by snapshots: what was wished in the background, and what came of every one.
void PrintAudits(const std::vector<const SymbolEngine*>& symbols) {
  BookCounts sum;
  for (const SymbolEngine* symbol : symbols) {
    const BookCounts& counts = symbol->book_counts();
    sum.audits_wished += counts.audits_wished;
    sum.audits_given_up += counts.audits_given_up;
    sum.audits_agreed += counts.audits_agreed;
    sum.audits_diverged += counts.audits_diverged;
  }
  std::fprintf(
      stderr,
      "audits by snapshots: %lld wished, %lld of them given up; %lld agreed, %lld "
      "diverged\n",
      static_cast<long long>(sum.audits_wished), static_cast<long long>(sum.audits_given_up),
      static_cast<long long>(sum.audits_agreed), static_cast<long long>(sum.audits_diverged));
}

void LiveRun::PrintSummary() const {
  std::int64_t records = 0;
  std::int64_t lost = 0;
  for (const auto& lane : lanes_) {
    if (lane->shard->engine() != nullptr) {
      PrintSymbols(SymbolsOf(*lane->shard->engine()));
      PrintAudits(SymbolsOf(*lane->shard->engine()));
    }
    records += lane->shard->counts().records;
    lost += lane->shard->counts().intake.lost_frames;
    if (!lane->recorder) continue;
    const RecorderCounts recording = lane->recorder->counts();
    const std::int64_t missing = recording.segments.lost_lines + recording.refused;
    std::fprintf(
        stderr, "recorded %lld lines (%lld lost), %lld bytes, in %lld segments; the last: %s\n",
        static_cast<long long>(recording.segments.stored_lines), static_cast<long long>(missing),
        static_cast<long long>(recording.segments.stored_bytes),
        static_cast<long long>(recording.segments.segments), recording.path.c_str());
  }
  if (evidence_) {
    const EvidenceCounts counts = evidence_->counts();
    std::fprintf(stderr, "evidence of audits that differ: %lld kept, %lld left out, %lld failed\n",
                 static_cast<long long>(counts.written), static_cast<long long>(counts.left_out),
                 static_cast<long long>(counts.failed));
  }
  const FeedStatus feed = feed_->Status();
  SlotCounts slots;
  for (const SlotStatus& slot : feed.connections) {
    slots.opens += slot.counts.opens;
    slots.ends += slot.counts.ends + slot.counts.reconnects;
    slots.replacements += slot.counts.replacements;
    slots.refusals += slot.counts.refusals;
    slots.frames += slot.counts.frames;
    slots.watch.stalls += slot.counts.watch.stalls;
    slots.watch.resubscribed += slot.counts.watch.resubscribed;
  }
  std::fprintf(stderr,
               "connections: %lld opened, %lld ended, %lld replaced, %lld refused; streams: %lld "
               "stalls, %lld subscribed again\n",
               static_cast<long long>(slots.opens), static_cast<long long>(slots.ends),
               static_cast<long long>(slots.replacements), static_cast<long long>(slots.refusals),
               static_cast<long long>(slots.watch.stalls),
               static_cast<long long>(slots.watch.resubscribed));
  if (options_.network.second_leg) PrintLegs(feed.connections);
  std::fprintf(stderr,
               "snapshots: %lld asked, %lld used, %lld late, %lld failed, %lld garbage; "
               "weight %lld; 429: %lld, 418: %lld\n",
               static_cast<long long>(feed.snapshot_counts.requests),
               static_cast<long long>(feed.snapshot_counts.given),
               static_cast<long long>(feed.snapshot_counts.dropped),
               static_cast<long long>(feed.snapshot_counts.failed),
               static_cast<long long>(feed.snapshot_counts.garbage),
               static_cast<long long>(feed.budget.weight),
               static_cast<long long>(feed.budget.paused),
               static_cast<long long>(feed.budget.banned));
  if (const std::string breaker = BreakerText(feed); !breaker.empty()) {
    std::fprintf(stderr, "%s\n", breaker.c_str());
  }
  std::fprintf(stderr, "%lld frames (%lld lost before the engine), %lld records\n",
               static_cast<long long>(slots.frames), static_cast<long long>(lost),
               static_cast<long long>(records));
}

void LiveRun::TellBan(const FeedStatus& feed) {
  const std::string breaker = BreakerText(feed);
  const auto now = std::chrono::steady_clock::now();
  if (breaker.empty() || now - ban_told_ < kBanToldEvery) return;
  ban_told_ = now;
  log_.Tell("ban", breaker, WallNow());
}

// When each symbol that waits will have its snapshot, as things stand.
void LiveRun::TellWaiting(const std::vector<SnapshotEstimate>& waiting) {
  const auto now = std::chrono::steady_clock::now();
  if (now - waiting_told_ < kWaitingToldEvery) return;
  // Those that are served at once are not worth a line.
  if (waiting.empty() || waiting.back().due < kSecond) return;
  waiting_told_ = now;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const bool is_last = i + 1 == waiting.size();
    if (i >= kWaitingNamed && !is_last) continue;
    if (is_last && i > kWaitingNamed) parts.emplace_back("...");
    parts.push_back(waiting[i].due == WeightBudget::kNever
                        ? absl::StrCat(waiting[i].symbol, " never: its weight is above the share")
                        : absl::StrFormat("%s in %.1f s", waiting[i].symbol,
                                          static_cast<double>(waiting[i].due) / kSecond));
  }
  log_.Tell("waiting",
            absl::StrCat(waiting.size(), waiting.size() == 1 ? " symbol waits" : " symbols wait",
                         " for a snapshot: ", absl::StrJoin(parts, ", ")),
            WallNow());
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
