// Decimal text against an obvious reading of it in 128 bits, and text made of a number, read back.
//
// The first byte chooses the unit, the next eight are a number, all after the first are a text.

#include <cstring>
#include <optional>
#include <string>

#include "core/decimal.h"
#include "tests/fuzz/fuzz_target.h"

namespace thalweg {
namespace {

struct Reading {
  DecimalVerdict verdict = DecimalVerdict::kMalformed;
  std::int64_t units = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Of the grammar: digits, then optionally a dot and one to eight digits.
bool IsDecimal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  if (whole.empty()) return false;
  for (const char c : whole) {
    if (!IsDigit(c)) return false;
  }
  if (dot == std::string_view::npos) return true;
  const std::string_view fraction = text.substr(dot + 1);
  for (const char c : fraction) {
    if (!IsDigit(c)) return false;
  }
  return !fraction.empty() && fraction.size() <= 8;
}

// Digit by digit in 1e-8, in a number that nothing overflows: what is larger than any int64 stays
// so.
Reading ReadSlowly(std::string_view text, int decimals) {
  if (!IsDecimal(text)) return {};
  constexpr __int128 kFull = __int128{1} << 100;
  __int128 value = 0;
  int fraction_digits = -1;
  const auto push = [&](char digit) { value = value > kFull ? value : value * 10 + (digit - '0'); };
  for (const char c : text) {
    if (c == '.') {
      fraction_digits = 0;
    } else {
      push(c);
      fraction_digits += fraction_digits >= 0 ? 1 : 0;
    }
  }
  for (int i = fraction_digits < 0 ? 0 : fraction_digits; i < 8; ++i) push('0');
  const __int128 unit = PowerOfTen(8 - decimals);
  // What is too large is so in every finer unit.
  if (value / unit > INT64_MAX) return {DecimalVerdict::kOutOfRange, 0};
  if (fraction_digits > decimals &&
      text.find_last_not_of('0') > text.find('.') + static_cast<std::size_t>(decimals)) {
    return {DecimalVerdict::kTooFine, 0};
  }
  return {DecimalVerdict::kOk, static_cast<std::int64_t>(value / unit)};
}

void CheckText(std::string_view text, int decimals) {
  constexpr std::int64_t kUntouched = -77;
  std::int64_t units = kUntouched;
  const DecimalVerdict verdict = ParseDecimal(text, decimals, &units);
  const Reading slow = ReadSlowly(text, decimals);
  fuzz::Require(verdict == slow.verdict, "the verdict is that of the obvious reading");
  fuzz::Require(units == (verdict == DecimalVerdict::kOk ? slow.units : kUntouched),
                "the number is that of the obvious reading, and written only when good");
  if (verdict == DecimalVerdict::kTooFine) {
    const int finest = SignificantDecimals(text);
    fuzz::Require(finest > decimals && finest <= 8, "what is too fine has more decimals");
    fuzz::Require(ParseDecimal(text, finest, &units) != DecimalVerdict::kTooFine &&
                      ParseDecimal(text, finest - 1, &units) != DecimalVerdict::kOk,
                  "its significant decimals are just enough");
  }
  const absl::StatusOr<Price> price = ParsePositivePrice(text);
  const Reading in_1e8 = ReadSlowly(text, 8);
  const bool usable =
      in_1e8.verdict == DecimalVerdict::kOk && in_1e8.units > 0 && in_1e8.units <= kPriceMax.raw();
  fuzz::Require(price.ok() == usable, "a user's price is positive and in range");
  if (usable) fuzz::Require(price->raw() == in_1e8.units, "a user's price is exact");
}

void CheckNumber(std::int64_t units, int decimals) {
  if (units < 0) return;  // Neither prices nor quantities are.
  for (const std::string& text :
       {FormatEightDecimals(units, decimals), FormatDecimal(units, decimals)}) {
    std::int64_t back = -1;
    fuzz::Require(ParseDecimal(text, decimals, &back) == DecimalVerdict::kOk && back == units,
                  "a number survives being written and read");
  }
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  const int decimals = data[0] % 9;
  CheckText(fuzz::TextOf(data + 1, size - 1), decimals);
  std::int64_t number = 0;
  if (size >= 1 + sizeof number) {
    std::memcpy(&number, data + 1, sizeof number);
    // All sizes, not only those that fill eight bytes.
    for (int shift = 0; shift < 64; shift += 9) CheckNumber(number >> shift, decimals);
  }
  return 0;
}
