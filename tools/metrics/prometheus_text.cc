#include "tools/metrics/prometheus_text.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/latency_cells.h"
#include "core/ring_format.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

using Cells = LatencyCells<kRingLatencyBits>;

// Buckets end one nanosecond before these powers of two.
constexpr int kFirstPower = 9;
constexpr int kLastPower = 33;

[[maybe_unused]] bool IsName(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

void AppendEscaped(std::string_view value, bool is_quoted, std::string* out) {
  for (const char c : value) {
    if (c == '\n') {
      out->append("\\n");
    } else if (c == '\\' || (c == '"' && is_quoted)) {
      out->append({'\\', c});
    } else {
      out->push_back(c);
    }
  }
}

// Shortest text that reads back to the same double.
void AppendNumber(double value, std::string* out) {
  if (!std::isfinite(value)) {
    out->append(std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    return;
  }
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out->append(digits, end);
}

// Nine decimals without zeros behind: seconds to the nanosecond.
std::string Seconds(Nanos span) {
  const bool is_negative = span < 0;
  const auto size = static_cast<std::uint64_t>(is_negative ? -span : span);
  std::string text = absl::StrCat(is_negative ? "-" : "", size / kSecond);
  if (const std::uint64_t rest = size % kSecond; rest != 0) {
    absl::StrAppend(&text, ".", absl::Dec(rest, absl::kZeroPad9));
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

}  // namespace

std::string_view MetricTypeName(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "";
}

void PrometheusText::Begin(std::string_view name, MetricType type, std::string_view help) {
  assert(IsName(name));
  assert(absl::EndsWith(Abseil(name), "_total") == (type == MetricType::kCounter));
  family_ = name;
  absl::StrAppend(&text_, "# HELP ", family_, " ");
  AppendEscaped(help, false, &text_);
  absl::StrAppend(&text_, "\n# TYPE ", family_, " ", Abseil(MetricTypeName(type)), "\n");
}

void PrometheusText::AddName(std::string_view suffix, MetricLabels labels,
                             std::string_view less_or_equal) {
  absl::StrAppend(&text_, family_, Abseil(suffix));
  char before = '{';
  const auto add = [&](std::string_view name, std::string_view value) {
    assert(IsName(name));
    text_.push_back(std::exchange(before, ','));
    absl::StrAppend(&text_, Abseil(name), "=\"");
    AppendEscaped(value, true, &text_);
    text_.push_back('"');
  };
  for (const MetricLabel& label : labels) add(label.name, label.value);
  if (!less_or_equal.empty()) add("le", less_or_equal);
  if (before == ',') text_.push_back('}');
  text_.push_back(' ');
}

void PrometheusText::AddWhole(MetricLabels labels, std::int64_t value) {
  AddName("", labels);
  absl::StrAppend(&text_, value, "\n");
}

void PrometheusText::AddReal(MetricLabels labels, double value) {
  AddName("", labels);
  AppendNumber(value, &text_);
  text_.push_back('\n');
}

void PrometheusText::AddSpan(MetricLabels labels, Nanos span) {
  AddName("", labels);
  absl::StrAppend(&text_, Seconds(span), "\n");
}

void PrometheusText::AddLatencies(MetricLabels labels, std::span<const std::uint64_t> cells,
                                  std::optional<Nanos> sum) {
  std::uint64_t count = 0;
  double middles = 0;
  std::size_t cell = 0;
  const auto take = [&] {
    const double first = cell == 0 ? 0 : static_cast<double>(Cells::EndOf(cell - 1) + 1);
    // The last one has no end.
    const double end = cell + 1 < cells.size() ? static_cast<double>(Cells::EndOf(cell)) : first;
    count += cells[cell];
    middles += (first + end) / 2 * static_cast<double>(cells[cell]);
    ++cell;
  };
  for (int power = kFirstPower; power <= kLastPower; ++power) {
    const std::int64_t end = (std::int64_t{1} << power) - 1;
    while (cell + 1 < cells.size() && Cells::EndOf(cell) <= end) take();
    AddName("_bucket", labels, Seconds(end));
    absl::StrAppend(&text_, count, "\n");
  }
  while (cell < cells.size()) take();
  AddName("_bucket", labels, "+Inf");
  absl::StrAppend(&text_, count, "\n");
  AddName("_sum", labels);
  if (sum) {
    absl::StrAppend(&text_, Seconds(*sum));
  } else {
    AppendNumber(middles / 1e9, &text_);
  }
  text_.push_back('\n');
  AddName("_count", labels);
  absl::StrAppend(&text_, count, "\n");
}

}  // namespace thalweg
