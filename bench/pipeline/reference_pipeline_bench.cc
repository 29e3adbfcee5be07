// From frame bytes to a record of the whole catalogue: the engine beside pipelines of well-known
// parts (bench/pipeline/reference_pipeline.h says what they share with it and what they lack).
//
// The whole recording is played, trades and quotes too, with a record for each depth event; only
// depth frames are timed, each by itself. Every column that the references compute is checked equal
// bit for bit in every record first. Spot recordings alone: the references know no other rules.
#include <absl/container/btree_map.h>
#include <benchmark/benchmark.h>

#include <bit>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/pipeline/reference_pipeline.h"
#include "bench/workload.h"
#include "pipeline/engine.h"
#include "tools/latency_histogram.h"
#include "tools/stopwatch.h"

namespace thalweg::bench {
namespace {

using StdMap = std::map<std::int64_t, std::int64_t>;
using Btree = absl::btree_map<std::int64_t, std::int64_t>;

// The engine behind the face of the references.
class ThalwegPipeline final : private EngineOutput {
 public:
  ThalwegPipeline(const Catalogue& catalogue, const Scale& scale)
      : engine_(Options(), catalogue, *this) {
    (void)scale;
  }
  bool OnFrame(ReceiveTime received, std::string_view payload) {
    record_ = nullptr;
    (void)engine_.OnFrame(received, payload);
    return record_ != nullptr;
  }
  [[nodiscard]] const RecordBuffer& record() const { return *record_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }

 private:
  static const EngineOptions& Options() {
    static const EngineOptions options;
    return options;
  }
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    (void)symbol;
    record_ = &record;
  }

  Engine engine_;
  const RecordBuffer* record_ = nullptr;
};

struct Workload {
  explicit Workload(const RecordedSet& set) : name(set.name), feed(set.files, kLinesMax) {
    ThalwegPipeline pipeline(catalogue, scale);
    for (const RecordedFeed::Line& line : feed.lines()) {
      is_depth.push_back(NameFrame(line.payload).kind == FrameKind::kDepth ? 1 : 0);
      (void)pipeline.OnFrame(line.received, line.payload);
    }
    const SymbolEngine& symbol = *pipeline.engine().symbols().at(0);
    market = symbol.market();
    scale = symbol.scale();
    // Quantities of the references are in 1e-8.
    if (scale.qty_decimals != kQtyDecimalsMax) FailCheck(name + ": another quantity unit");
  }

  std::string name;
  RecordedFeed feed;
  Catalogue catalogue{DefaultBucketSizes()};
  std::vector<char> is_depth;  // By line.
  Market market = Market::kSpot;
  Scale scale;
};

template <class Pipeline>
void CheckEqual(const Workload& work, const char* name) {
  ThalwegPipeline expected(work.catalogue, work.scale);
  Pipeline pipeline(work.catalogue, work.scale);
  const std::vector<std::size_t> columns = ReferenceColumns(work.catalogue);
  std::int64_t records = 0;
  for (const RecordedFeed::Line& line : work.feed.lines()) {
    const bool made = expected.OnFrame(line.received, line.payload);
    if (made != pipeline.OnFrame(line.received, line.payload)) {
      FailCheck(std::string(name) + ": a record more or less");
    }
    if (!made) continue;
    ++records;
    for (const std::size_t column : columns) {
      const double a = std::as_const(expected.record()).features()[column];
      const double b = std::as_const(pipeline.record()).features()[column];
      if (std::bit_cast<std::uint64_t>(a) != std::bit_cast<std::uint64_t>(b)) {
        FailCheck(std::string(name) + ": " + work.catalogue.features()[column].name +
                  " in record " + std::to_string(records));
      }
    }
  }
  std::fprintf(stderr, "%s, %s: %zu of %zu columns equal in %lld records\n", work.name.c_str(),
               name, columns.size(), work.catalogue.features().size(),
               static_cast<long long>(records));
}

const Stopwatch& Clock() {
  static const Stopwatch stopwatch;
  return stopwatch;
}

template <class Pipeline>
void Run(::benchmark::State& state, const Workload& work) {
  const Stopwatch& clock = Clock();
  LatencyHistogram times;
  for (auto _ : state) {
    Pipeline pipeline(work.catalogue, work.scale);
    for (std::size_t i = 0; i < work.feed.lines().size(); ++i) {
      const RecordedFeed::Line& line = work.feed.lines()[i];
      if (work.is_depth[i] == 0) {
        (void)pipeline.OnFrame(line.received, line.payload);
        continue;
      }
      const std::uint64_t begin = clock.Now();
      ::benchmark::DoNotOptimize(pipeline.OnFrame(line.received, line.payload));
      times.Add(clock.Elapsed(begin, clock.Now()));
    }
  }
  // Processor time of the whole play, all kinds of frames and the clock included: what a busy
  // machine disturbs least.
  CountNanos(state, "frame (cpu)", static_cast<std::int64_t>(work.feed.lines().size()));
  state.counters["ns mean"] = times.mean();
  state.counters["ns p50"] = static_cast<double>(times.Percentile(50));
  state.counters["ns p99"] = static_cast<double>(times.Percentile(99));
  state.counters["ns p99.9"] = static_cast<double>(times.Percentile(99.9));
}

template <class Pipeline>
void Time(const Workload& work, const char* name) {
  ::benchmark::RegisterBenchmark(
      ("BM_DepthFrameToRecord/" + work.name + "/" + name).c_str(),
      [&work](::benchmark::State& state) { Run<Pipeline>(state, work); });
}

template <class Pipeline>
void Add(const Workload& work, const char* name) {
  CheckEqual<Pipeline>(work, name);
  Time<Pipeline>(work, name);
}

// The benchmarks keep references into these.
std::vector<std::unique_ptr<const Workload>> workloads;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    auto made = std::make_unique<const Workload>(set);
    if (made->market != Market::kSpot) continue;
    const Workload& work = *workloads.emplace_back(std::move(made));
    Time<ThalwegPipeline>(work, "thalweg");
    Add<ReferencePipeline<SimdjsonStrings, StdMap, BucketsBy::kChanges>>(
        work, "get_string, std::map, kept buckets");
    Add<ReferencePipeline<SimdjsonRawStrings, Btree, BucketsBy::kChanges>>(
        work, "raw_json_string, btree_map, kept buckets");
    Add<ReferencePipeline<SimdjsonStrings, StdMap, BucketsBy::kSumming>>(
        work, "get_string, std::map, summed buckets");
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
