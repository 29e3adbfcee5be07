// The report of our benchmark programs: tables in which implementations of one job stand beside
// each other.
//
// The last part of a benchmark's name is the implementation, what comes before it is the job:
// `BM_ApplyAndTop10/spot-btcusdt-2024-08-08/std::map`. Every counter is in nanoseconds
// (bench/workload.h). Of each, the table shows the median and the least of all repetitions and the
// median as a multiple of that of the implementation `thalweg`. Runs whose repetitions were not
// interleaved with each other measure the machine's mood as well:
//
//   order_book_bench --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true
//
// Threads: one.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace thalweg::bench {

class ComparisonReporter final : public ::benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  // Prints the tables.
  void Finalize() override;

 private:
  struct Implementation {
    std::string name;
    std::map<std::string, std::vector<double>> counters;  // A value a repetition.
  };
  struct Job {
    std::string name;
    std::vector<Implementation> implementations;
  };

  [[nodiscard]] Implementation& Find(const std::string& benchmark);
  void Print(const Job& job);

  std::vector<Job> jobs_;  // In order of first report.
};

}  // namespace thalweg::bench
