#include "core/decimal.h"

#include <cassert>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

DecimalVerdict ParseDecimal(std::string_view text, int decimals, std::int64_t* units) noexcept {
  assert(decimals >= 0 && decimals <= kQtyDecimalsMax);
  std::size_t at = 0;
  std::int64_t value = 0;
  bool overflow = false;
  const auto push = [&](char digit) {
    overflow |= __builtin_mul_overflow(value, std::int64_t{10}, &value);
    overflow |= __builtin_add_overflow(value, std::int64_t{digit - '0'}, &value);
  };

  while (at < text.size() && IsDigit(text[at])) push(text[at++]);
  if (at == 0) return DecimalVerdict::kMalformed;

  int taken = 0;
  bool too_fine = false;
  if (at < text.size()) {
    if (text[at] != '.') return DecimalVerdict::kMalformed;
    const std::size_t fraction = ++at;
    for (; at < text.size() && IsDigit(text[at]); ++at) {
      if (taken < decimals) {
        push(text[at]);
        ++taken;
      } else {
        too_fine |= text[at] != '0';
      }
    }
    const std::size_t digits = at - fraction;
    if (at != text.size() || digits == 0 || digits > kQtyDecimalsMax) {
      return DecimalVerdict::kMalformed;
    }
  }
  for (; taken < decimals; ++taken) push('0');
  // What overflows this unit overflows every finer one: a finer one is no remedy.
  if (overflow) return DecimalVerdict::kOutOfRange;
  if (too_fine) return DecimalVerdict::kTooFine;
  *units = value;
  return DecimalVerdict::kOk;
}

int SignificantDecimals(std::string_view text) noexcept {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return 0;
  const std::size_t last = text.find_last_not_of('0');
  return static_cast<int>(last - dot);
}

absl::StatusOr<Price> ParsePositivePrice(std::string_view text) {
  const absl::string_view shown = Abseil(text);
  std::int64_t units = 0;
  switch (ParseDecimal(text, kPriceDecimals, &units)) {
    case DecimalVerdict::kOk:
      break;
    case DecimalVerdict::kOutOfRange:
      return absl::InvalidArgumentError(absl::StrCat("'", shown, "' is too large"));
    case DecimalVerdict::kMalformed:
    case DecimalVerdict::kTooFine:
      return absl::InvalidArgumentError(absl::StrCat(
          "'", shown, "' is not a plain decimal number with at most eight decimals, like 0.01"));
  }
  if (units == 0) return absl::InvalidArgumentError(absl::StrCat("'", shown, "' is not positive"));
  if (Price(units) > kPriceMax) {
    return absl::InvalidArgumentError(absl::StrCat("'", shown, "' is too large"));
  }
  return Price(units);
}

std::string FormatEightDecimals(std::int64_t units, int decimals) {
  const std::int64_t one = PowerOfTen(decimals);
  std::string fraction = std::to_string(one + units % one).substr(1);
  fraction.resize(kPriceDecimals, '0');
  return absl::StrCat(units / one, ".", fraction);
}

std::string FormatDecimal(std::int64_t units, int decimals) {
  std::string text = FormatEightDecimals(units, decimals);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace thalweg
