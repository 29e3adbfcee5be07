// Text in the exposition format of Prometheus, version 0.0.4.
//
//   PrometheusText text;
//   text.Begin("thalweg_recorder_lines_total", MetricType::kCounter, "Lines that were stored.");
//   text.Add({{"shard", "0"}}, 17);
//
// makes
//
//   # HELP thalweg_recorder_lines_total Lines that were stored.
//   # TYPE thalweg_recorder_lines_total counter
//   thalweg_recorder_lines_total{shard="0"} 17
//
// Invariant: a family's samples stand together behind its two lines, as the format wants. Names are
// checked by assertion: they are ours; values of labels are anything, and escaped. Cold. Threads:
// one.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/units.h"

namespace thalweg {

inline constexpr std::string_view kPrometheusContentType =
    "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
[[nodiscard]] std::string_view MetricTypeName(MetricType type) noexcept;

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};
using MetricLabels = std::span<const MetricLabel>;

class PrometheusText {
 public:
  // A family: `name` as the conventions have it (base units, counters end in _total, nothing else
  // does), once in a text; `help` one sentence.
  void Begin(std::string_view name, MetricType type, std::string_view help);

  // A sample of the family under way. Whole numbers are written as such, to the last digit.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void Add(MetricLabels labels, Number value) {
    if constexpr (std::is_integral_v<Number>) {
      AddWhole(labels, std::int64_t{value});
    } else {
      AddReal(labels, value);
    }
  }
  template <class Number>
  void Add(std::initializer_list<MetricLabel> labels, Number value) {
    Add(MetricLabels(labels.begin(), labels.size()), value);
  }
  // A span in seconds, exact.
  void AddSpan(MetricLabels labels, Nanos span);
  void AddSpan(std::initializer_list<MetricLabel> labels, Nanos span) {
    AddSpan(MetricLabels(labels.begin(), labels.size()), span);
  }

  // A histogram of times out of cells of core/latency_cells.h of kRingLatencyBits: buckets that end
  // where a power of two of nanoseconds does, from half a microsecond to 9 seconds, exact. Where
  // nobody knows the sum it is made of the middles of the cells, within a sixteenth of the true
  // one.
  void AddLatencies(MetricLabels labels, std::span<const std::uint64_t> cells,
                    std::optional<Nanos> sum = {});
  void AddLatencies(std::initializer_list<MetricLabel> labels, std::span<const std::uint64_t> cells,
                    std::optional<Nanos> sum = {}) {
    AddLatencies(MetricLabels(labels.begin(), labels.size()), cells, sum);
  }

  // The text so far; what is added later needs a new one.
  [[nodiscard]] std::string Take() { return std::exchange(text_, {}); }

 private:
  void AddWhole(MetricLabels labels, std::int64_t value);
  void AddReal(MetricLabels labels, double value);
  void AddName(std::string_view suffix, MetricLabels labels, std::string_view less_or_equal = {});

  std::string text_;
  std::string family_;
};

}  // namespace thalweg
