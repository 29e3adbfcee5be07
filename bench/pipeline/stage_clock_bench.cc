// What it costs a live frame to time its stages (pipeline/stage_clock.h): a whole recording from
// frames in memory to records on three rings, without a clock, with one frame of kTimedFrames timed
// as a live run does, and with each. That records are the same is checked before anything is timed.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/workload.h"
#include "pipeline/record_digest.h"
#include "pipeline/ring_publisher.h"

namespace thalweg::bench {
namespace {

// Frames of which one is timed; 0: none.
enum class Timed : std::uint32_t { kNone = 0, kSome = kTimedFrames, kEach = 1 };

// A live shard without its thread and its queue.
class Shard final : private EngineOutput {
 public:
  Shard(const EngineOptions& options, const Catalogue& catalogue, Timed timed) {
    RingPublisherOptions publishing;
    publishing.name = absl::StrCat("stage_clock_bench_", ::getpid());
    absl::StatusOr<std::unique_ptr<RingPublisher>> made =
        RingPublisher::Create(publishing, options, catalogue);
    if (!made.ok()) FailCheck(std::string(made.status().message()));
    publisher_ = *std::move(made);
    engine_ = std::make_unique<Engine>(options, catalogue, static_cast<EngineOutput&>(*this));
    if (timed == Timed::kNone) return;
    clock_ = publisher_->TimeStages(static_cast<std::uint32_t>(timed));
    engine_->set_stage_clock(clock_);
  }
  ~Shard() override {
    publisher_.reset();
    for (const char* end : {"", ".ladders", ".tops", ".lock"}) {
      std::filesystem::remove(absl::StrCat("/dev/shm/thalweg.stage_clock_bench_", ::getpid(), end));
    }
  }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void Play(const RecordedFeed& feed) {
    const std::int64_t begun = RingPublisher::MonotonicNow();
    for (const RecordedFeed::Line& line : feed.lines()) {
      publisher_->BeginFrame(line.received, begun);
      engine_->OnFrame(line.received, line.payload);
      publisher_->EndFrame();
    }
  }
  [[nodiscard]] const RecordDigest& digest() const { return digest_; }

 private:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    publisher_->OnRecord(symbol, record);
    digest_.Add(record);
    if (clock_ != nullptr) clock_->Skip();
  }
  void OnSymbol(const SymbolEngine& symbol) override { publisher_->OnSymbol(symbol); }
  void OnStatus(const SymbolEngine& symbol) override { publisher_->OnStatus(symbol); }

  std::unique_ptr<RingPublisher> publisher_;
  StageClock* clock_ = nullptr;
  RecordDigest digest_;
  std::unique_ptr<Engine> engine_;
};

void Run(::benchmark::State& state, const RecordedFeed& feed, const EmitPolicy& emit, Timed timed) {
  EngineOptions options;
  options.emit = emit;
  const Catalogue catalogue = MakeCatalogue(options);
  const auto digest_of = [&](Timed how) {
    Shard shard(options, catalogue, how);
    shard.Play(feed);
    return shard.digest().Hex();
  };
  if (digest_of(timed) != digest_of(Timed::kNone)) FailCheck("the records");
  for (auto _ : state) {
    state.PauseTiming();
    auto shard = std::make_unique<Shard>(options, catalogue, timed);
    state.ResumeTiming();
    shard->Play(feed);
    state.PauseTiming();
    shard.reset();
    state.ResumeTiming();
  }
  CountNanos(state, "frame", static_cast<std::int64_t>(feed.lines().size()));
}

// The benchmarks keep pointers to what they run on.
std::vector<std::unique_ptr<const RecordedFeed>> feeds;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    feeds.push_back(std::make_unique<const RecordedFeed>(set.files, kLinesMax));
    const RecordedFeed* const feed = feeds.back().get();
    const auto add = [&](const char* records, const EmitPolicy& emit, const char* name,
                         Timed timed) {
      ::benchmark::RegisterBenchmark(
          absl::StrCat("BM_LiveFrame/", std::string(set.name), "/records: ", records, "/", name)
              .c_str(),
          [feed, emit, timed](::benchmark::State& state) { Run(state, *feed, emit, timed); });
    };
    for (const auto& [name, timed] :
         {std::pair{"thalweg", Timed::kSome}, std::pair{"no clock", Timed::kNone},
          std::pair{"each frame timed", Timed::kEach}}) {
      add("depth", EmitPolicy{}, name, timed);
      add("all", EmitPolicy::All(), name, timed);
    }
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
