#include "bench/comparison.h"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <set>

#include "core/version.h"

namespace thalweg::bench {
namespace {

constexpr char kBasis[] = "thalweg";
constexpr int kNameWidth = 44;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

bool ComparisonReporter::ReportContext(const Context& context) {
  PrintBasicContext(&GetErrorStream(), context);
  GetErrorStream() << VersionText() << "\n";
#ifndef NDEBUG
  GetErrorStream() << "This build checks assertions: no figure of it is worth telling.\n";
#endif
  return true;
}

ComparisonReporter::Implementation& ComparisonReporter::Find(const std::string& benchmark) {
  const std::size_t slash = benchmark.rfind('/');
  const std::string job_name = benchmark.substr(0, slash);
  auto job = std::find_if(jobs_.begin(), jobs_.end(),
                          [&](const Job& other) { return other.name == job_name; });
  if (job == jobs_.end()) job = jobs_.insert(jobs_.end(), Job{job_name, {}});
  const std::string name = benchmark.substr(slash + 1);
  const auto found = std::find_if(job->implementations.begin(), job->implementations.end(),
                                  [&](const Implementation& other) { return other.name == name; });
  if (found != job->implementations.end()) return *found;
  return job->implementations.emplace_back(Implementation{name, {}});
}

void ComparisonReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.error_occurred) {
      GetErrorStream() << run.benchmark_name() << ": " << run.error_message << "\n";
      continue;
    }
    if (run.run_type != Run::RT_Iteration) continue;
    Implementation& implementation = Find(run.run_name.function_name);
    for (const auto& [name, counter] : run.counters) {
      implementation.counters[name].push_back(counter.value);
    }
  }
}

void ComparisonReporter::Finalize() {
  std::sort(jobs_.begin(), jobs_.end(), [](const Job& a, const Job& b) { return a.name < b.name; });
  for (Job& job : jobs_) Print(job);
}

void ComparisonReporter::Print(const Job& job) {
  std::set<std::string> columns;
  std::map<std::string, double> basis;
  std::size_t repetitions = 0;
  for (const Implementation& implementation : job.implementations) {
    for (const auto& [column, values] : implementation.counters) {
      columns.insert(column);
      repetitions = values.size();
      if (implementation.name == kBasis) basis[column] = Median(values);
    }
  }

  std::ostream& out = GetOutputStream();
  out << "\n" << job.name << ", medians (least) of " << repetitions << "\n";
  out << std::left << std::setw(kNameWidth) << "" << std::right;
  for (const std::string& column : columns) {
    out << std::setw(20) << column << std::setw(8) << (basis.empty() ? "" : "x");
  }
  out << "\n" << std::fixed;
  std::vector<const Implementation*> rows;
  for (const Implementation& implementation : job.implementations) {
    rows.push_back(&implementation);
  }
  // By the first column, fastest first.
  std::stable_sort(rows.begin(), rows.end(), [&](const Implementation* a, const Implementation* b) {
    const auto key = [&](const Implementation* row) {
      const auto found = row->counters.find(*columns.begin());
      return found == row->counters.end() ? 0.0 : Median(found->second);
    };
    return key(a) < key(b);
  });
  for (const Implementation* row : rows) {
    out << "  " << std::left << std::setw(kNameWidth - 2) << row->name << std::right;
    for (const std::string& column : columns) {
      const auto found = row->counters.find(column);
      if (found == row->counters.end()) {
        out << std::setw(28) << "";
        continue;
      }
      const double median = Median(found->second);
      const double least = *std::min_element(found->second.begin(), found->second.end());
      out << std::setprecision(median < 100 ? 2 : 0) << std::setw(10) << median << " ("
          << std::setw(7) << least << ")";
      const auto unit = basis.find(column);
      if (unit == basis.end()) {
        out << std::setw(8) << "";
      } else {
        out << std::setw(8) << std::setprecision(2) << median / unit->second;
      }
    }
    out << "\n";
  }
}

}  // namespace thalweg::bench
