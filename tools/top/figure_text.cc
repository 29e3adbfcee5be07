#include "tools/top/figure_text.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace thalweg {
namespace {

// From here on a price is written with an exponent.
constexpr double kPlainMax = 1e12;
constexpr int kDecimalsMax = 8;
constexpr double kNanosInMilli = 1e6;

// Commas between the digits before the point.
std::string Group(std::string text) {
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = std::min(text.find('.'), text.size()); at > begin + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

// Three digits of a number below 1000.
std::string ThreeDigits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return absl::StrFormat("%.*f", decimals, value);
}

// Five digits of a number below a million, six of one above 99,999.
std::string FiveDigits(double value) {
  const double size = std::abs(value);
  const int decimals = size >= 9'999.95  ? 0
                       : size >= 999.995 ? 1
                       : size >= 99.9995 ? 2
                       : size >= 9.99995 ? 3
                                         : 4;
  return Group(absl::StrFormat("%.*f", decimals, value));
}

}  // namespace

std::string CountText(std::uint64_t count) { return Group(absl::StrCat(count)); }

std::string PriceText(double price, int decimals) {
  if (std::isnan(price)) return "-";
  if (std::abs(price) >= kPlainMax) return absl::StrFormat("%.4g", price);
  return Group(absl::StrFormat("%.*f", decimals, price));
}

int DecimalsOf(double price) {
  if (!(std::abs(price) < kPlainMax)) return 0;
  const std::string text = absl::StrFormat("%.*f", kDecimalsMax, price);
  const std::size_t last = text.find_last_not_of('0');
  return static_cast<int>(last - text.find('.'));
}

std::string QtyText(double qty) {
  if (std::isnan(qty)) return "-";
  const double size = std::abs(qty);
  if (size >= kPlainMax) return absl::StrFormat("%.4g", qty);
  if (size >= 999'995'000) return absl::StrCat(FiveDigits(qty / 1e9), "G");
  if (size >= 999'999.5) return absl::StrCat(FiveDigits(qty / 1e6), "M");
  if (size != 0 && size < 0.00001) return absl::StrFormat("%.1e", qty);
  if (size != 0 && size < 0.1) return absl::StrFormat("%.5f", qty);
  return FiveDigits(qty);
}

std::string RateText(double rate) {
  if (std::isnan(rate)) return "-";
  if (rate == 0) return "0";
  if (rate < 99.95) return absl::StrFormat("%.1f", rate);
  if (rate < 9'999.5) return Group(absl::StrFormat("%.0f", rate));
  if (rate < 999'500) return absl::StrCat(ThreeDigits(rate / 1e3), "k");
  if (rate < 999.5e6) return absl::StrCat(ThreeDigits(rate / 1e6), "M");
  return absl::StrFormat("%.2g", rate);
}

std::string SpanText(Nanos span) {
  const auto nanos = static_cast<double>(span);
  if (nanos < 0) return absl::StrCat("-", SpanText(span == INT64_MIN ? INT64_MAX : -span));
  if (nanos < 1e3) return absl::StrCat(span, " ns");
  if (nanos < 999.5e3) return absl::StrCat(ThreeDigits(nanos / 1e3), " us");
  if (nanos < 999.5e6) return absl::StrCat(ThreeDigits(nanos / 1e6), " ms");
  if (nanos < 99.95e9) return absl::StrFormat("%.1f s", nanos / 1e9);
  if (nanos < 5'940e9) return absl::StrFormat("%.0f min", nanos / 60e9);
  if (nanos < 99.5 * 3'600e9) return absl::StrFormat("%.0f h", nanos / 3'600e9);
  return absl::StrFormat("%.0f d", nanos / 86'400e9);
}

std::string MillisText(double millis) {
  if (std::isnan(millis)) return "-";
  if (!(std::abs(millis) < 9e18 / kNanosInMilli)) return absl::StrFormat("%.2g ms", millis);
  if (std::abs(millis) < 1) return absl::StrFormat("%.1f ms", millis);
  return SpanText(static_cast<Nanos>(millis * kNanosInMilli));
}

std::string ClockText(std::int64_t event_ns) {
  if (event_ns == 0) return "-";
  return absl::FormatTime("%H:%M:%E3S", absl::FromUnixNanos(event_ns), absl::UTCTimeZone());
}

std::string DateText(std::int64_t event_ns) {
  if (event_ns == 0) return "";
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(event_ns), absl::UTCTimeZone());
}

}  // namespace thalweg
