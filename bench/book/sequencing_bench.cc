// Whether an event continues the book: the rule alone, over the ids of a recording, which it is
// checked to accept first.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "bench/book/book_workload.h"
#include "bench/workload.h"
#include "book/sequencing.h"

namespace thalweg::bench {
namespace {

std::int64_t AcceptedOf(const BookWorkload& work) {
  std::int64_t accepted = 0;
  UpdateId applied = work.snapshot.ids.last;
  bool first = true;
  for (const BookEvent& event : work.events) {
    const DiffVerdict verdict = first ? JudgeFirst(work.numbering, applied, event.ids)
                                      : JudgeNext(work.numbering, applied, event.ids);
    first = false;
    accepted += verdict == DiffVerdict::kApply ? 1 : 0;
    applied = event.ids.last;
  }
  return accepted;
}

// The benchmarks keep references into these.
std::vector<std::unique_ptr<const BookWorkload>> workloads;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    const BookWorkload& work = *workloads.emplace_back(std::make_unique<const BookWorkload>(set));
    if (AcceptedOf(work) != work.event_count()) FailCheck("the chain of " + work.name);
    ::benchmark::RegisterBenchmark(("BM_JudgeEvent/" + work.name + "/thalweg").c_str(),
                                   [&work](::benchmark::State& state) {
                                     for (auto _ : state) {
                                       ::benchmark::DoNotOptimize(AcceptedOf(work));
                                     }
                                     CountNanos(state, "event", work.event_count());
                                   });
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
