// A whole real recording through the engine, from frames in memory to records: what one core does a
// frame, with a record for each depth event, for each message, and with none. The number of records
// is checked to be the same in every iteration.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "pipeline/engine.h"

namespace thalweg::bench {
namespace {

class CountingOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    (void)symbol;
    ::benchmark::DoNotOptimize(record.features());
    ++count;
  }
  std::int64_t count = 0;
};

std::int64_t Play(const RecordedFeed& feed, const EngineOptions& options,
                  const Catalogue& catalogue) {
  CountingOutput output;
  Engine engine(options, catalogue, output);
  for (const RecordedFeed::Line& line : feed.lines()) engine.OnFrame(line.received, line.payload);
  return output.count;
}

void Run(::benchmark::State& state, const RecordedFeed& feed, const EmitPolicy& emit) {
  EngineOptions options;
  options.emit = emit;
  const Catalogue catalogue = MakeCatalogue(options);
  const std::int64_t records = Play(feed, options, catalogue);
  for (auto _ : state) {
    if (Play(feed, options, catalogue) != records) FailCheck("the number of records");
  }
  CountNanos(state, "frame", static_cast<std::int64_t>(feed.lines().size()));
}

// The benchmarks keep pointers to what they run on.
std::vector<std::unique_ptr<const RecordedFeed>> feeds;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    feeds.push_back(std::make_unique<const RecordedFeed>(set.files, kLinesMax));
    const RecordedFeed* const feed = feeds.back().get();
    const std::string name(set.name);
    const auto add = [&](const char* emit_name, const EmitPolicy& emit) {
      ::benchmark::RegisterBenchmark(
          ("BM_Engine/" + name + "/records: " + emit_name).c_str(),
          [feed, emit](::benchmark::State& state) { Run(state, *feed, emit); });
    };
    add("none", EmitPolicy::None());
    add("depth", EmitPolicy{});
    add("all", EmitPolicy::All());
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
