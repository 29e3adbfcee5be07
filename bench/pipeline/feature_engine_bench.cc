// What the engine that programs own costs beside a bare one, by callback and polled, padding its
// frames; and what looking at its book costs beside walking the ladder below. Every way is checked
// to give the same records, the same sums.
#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "pipeline/feature_engine.h"

namespace thalweg::bench {
namespace {

class SummingOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine&, RecordBuffer& record) override {
    sum += record.header().update_id;
  }
  std::uint64_t sum = 0;
};

std::uint64_t PlayBare(const RecordedFeed& feed) {
  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  SummingOutput output;
  Engine engine(options, catalogue, output);
  for (const RecordedFeed::Line& line : feed.lines()) engine.OnFrame(line.received, line.payload);
  return output.sum;
}

std::uint64_t PlayCalled(const RecordedFeed& feed) {
  std::uint64_t sum = 0;
  FeatureEngine engine = FeatureEngine::Make({}).value();
  engine.set_on_record([&sum](const FeatureRecord& record) { sum += record.header().update_id; });
  for (const RecordedFeed::Line& line : feed.lines()) engine.Push(line.received, line.payload);
  return sum;
}

std::uint64_t PlayPolled(const RecordedFeed& feed) {
  std::uint64_t sum = 0;
  FeatureEngine engine = FeatureEngine::Make({}).value();
  for (const RecordedFeed::Line& line : feed.lines()) {
    engine.Push(line.received, line.payload);
    while (const FeatureRecord* const record = engine.Poll()) sum += record->header().update_id;
  }
  return sum;
}

// The price times quantity of a side's first levels, by a view and by the ladder itself.
double SumOfView(const FeatureEngine& engine, const std::string& symbol, std::int64_t levels) {
  double sum = 0;
  for (const BookLevel& level : engine.book(symbol)->bids()) {
    if (levels-- == 0) break;
    sum += level.price * level.qty;
  }
  return sum;
}
double SumOfLadder(const FeatureEngine& engine, const std::string& symbol, std::int64_t levels) {
  const SymbolEngine& followed = *engine.FindSymbol(symbol);
  const Scale& scale = followed.scale();
  const double qty_one = scale.qty_one();
  double sum = 0;
  followed.book()->ladder(Side::kBid).Walk([&](const TickLevel& level) {
    if (levels-- == 0) return false;
    sum += scale.ToQuote(level.price) * (static_cast<double>(level.qty.raw()) / qty_one);
    return true;
  });
  return sum;
}

// The benchmarks keep pointers to what they run on.
std::vector<std::unique_ptr<const RecordedFeed>> feeds;
std::vector<std::unique_ptr<FeatureEngine>> engines;

void AddRecords(const std::string& name, const RecordedFeed* feed) {
  const std::uint64_t wanted = PlayBare(*feed);
  const auto add = [&](const char* implementation, std::uint64_t (*play)(const RecordedFeed&)) {
    ::benchmark::RegisterBenchmark(("BM_Records/" + name + "/" + implementation).c_str(),
                                   [feed, play, wanted](::benchmark::State& state) {
                                     for (auto _ : state) {
                                       if (play(*feed) != wanted) FailCheck("the records");
                                     }
                                     CountNanos(state, "frame",
                                                static_cast<std::int64_t>(feed->lines().size()));
                                   });
  };
  add("thalweg", &PlayBare);
  add("FeatureEngine, called", &PlayCalled);
  add("FeatureEngine, polled", &PlayPolled);
}

void AddBook(const std::string& name, const RecordedFeed& feed) {
  engines.push_back(std::make_unique<FeatureEngine>(FeatureEngine::Make({}).value()));
  const FeatureEngine* const engine = engines.back().get();
  std::string symbol;
  for (const RecordedFeed::Line& line : feed.lines()) {
    engines.back()->Push(line.received, line.payload);
    while (const FeatureRecord* const record = engines.back()->Poll()) symbol = record->symbol();
  }
  if (symbol.empty() || !engine->book(symbol)) FailCheck("a book");
  for (const std::int64_t levels : {20, 1'000}) {
    const std::string job = "BM_Levels" + std::to_string(levels) + "/" + name + "/";
    const double wanted = SumOfLadder(*engine, symbol, levels);
    const auto add = [&](const char* implementation,
                         double (*sum)(const FeatureEngine&, const std::string&, std::int64_t)) {
      ::benchmark::RegisterBenchmark(
          (job + implementation).c_str(),
          [engine, symbol, levels, sum, wanted](::benchmark::State& state) {
            for (auto _ : state) {
              if (sum(*engine, symbol, levels) != wanted) FailCheck("the levels");
            }
            CountNanos(state, "level", levels);
          });
    };
    add("thalweg", &SumOfView);
    add("LevelLadder::Walk", &SumOfLadder);
  }
  const auto add = [&](const char* ladder, auto buckets_of) {
    ::benchmark::RegisterBenchmark(
        ("BM_Buckets/" + name + ", " + ladder + "/thalweg").c_str(),
        [engine, symbol, buckets_of](::benchmark::State& state) {
          for (auto _ : state) {
            double sum = 0;
            for (const BookBucket& bucket : buckets_of(*engine->book(symbol))) sum += bucket.qty;
            ::benchmark::DoNotOptimize(sum);
          }
          CountNanos(state, "ladder", 1);
        });
  };
  add("dense", [](const BookView& book) { return book.dense(Side::kBid, 0); });
  add("compact", [](const BookView& book) { return book.compact(Side::kBid, 0); });
}

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    feeds.push_back(std::make_unique<const RecordedFeed>(set.files, kLinesMax));
    AddRecords(std::string(set.name), feeds.back().get());
    AddBook(std::string(set.name), *feeds.back());
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
