// A whole real recording through the engine, from frames in memory to records: what one core does a
// frame, with a record for each depth event, for each message, and with none.
//
// Items are frames, so the inverse of items_per_second is the mean time a frame.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/engine.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg {
namespace {

class CountingOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    (void)symbol;
    benchmark::DoNotOptimize(record.features());
    ++count;
  }
  std::int64_t count = 0;
};

void Run(benchmark::State& state, const RecordedFeed& feed, const EmitPolicy& emit) {
  EngineOptions options;
  options.emit = emit;
  const Catalogue catalogue = MakeCatalogue(options);
  std::int64_t records = 0;
  for (auto _ : state) {
    CountingOutput output;
    Engine engine(options, catalogue, output);
    for (const RecordedFeed::Line& line : feed.lines()) engine.OnFrame(line.received, line.payload);
    records = output.count;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(feed.lines().size()));
  state.counters["records"] = static_cast<double>(records);
}

// The benchmarks keep pointers to what they run on.
std::vector<std::unique_ptr<const RecordedFeed>> feeds;

const bool kRegistered = [] {
  for (const RecordedSet& set : RecordedSets()) {
    feeds.push_back(std::make_unique<const RecordedFeed>(set.files));
    const RecordedFeed* const feed = feeds.back().get();
    const std::string name(set.name);
    const auto add = [&](const char* emit_name, const EmitPolicy& emit) {
      benchmark::RegisterBenchmark(
          ("BM_Engine/emit:" + std::string(emit_name) + "/" + name).c_str(),
          [feed, emit](benchmark::State& state) { Run(state, *feed, emit); });
    };
    add("none", EmitPolicy::None());
    add("depth", EmitPolicy{});
    add("all", EmitPolicy::All());
  }
  if (RecordedSets().empty()) std::fprintf(stderr, "no real recordings: nothing is timed\n");
  return true;
}();

}  // namespace
}  // namespace thalweg
