#include "replay/capture_time.h"

#include <algorithm>
#include <cstdint>

namespace thalweg {
namespace {

// From here on a whole part is in ns, in us, and in ms; below, in s.
constexpr std::int64_t kNanosFrom = 100'000'000'000'000'000;
constexpr std::int64_t kMicrosFrom = 100'000'000'000'000;
constexpr std::int64_t kMillisFrom = 100'000'000'000;

constexpr Nanos UnitOf(std::int64_t whole) noexcept {
  if (whole >= kNanosFrom) return 1;
  if (whole >= kMicrosFrom) return kMicrosecond;
  return whole >= kMillisFrom ? kMillisecond : kSecond;
}

// A text of digits as a number; false when there are none, or others than digits, or too many.
bool ReadWhole(std::string_view text, std::int64_t* whole) noexcept {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    if (__builtin_mul_overflow(value, 10, &value)) return false;
    if (__builtin_add_overflow(value, c - '0', &value)) return false;
  }
  *whole = value;
  return !text.empty();
}

// The digits after the dot of a number in `unit`, in ns.
bool ReadFraction(std::string_view text, Nanos unit, Nanos* nanos) noexcept {
  Nanos sum = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    unit /= 10;
    sum += unit * (c - '0');
  }
  *nanos = sum;
  return !text.empty();
}

}  // namespace

bool ParseCaptureTime(std::string_view text, ReceiveTime* time) noexcept {
  const std::size_t dot = std::min(text.find('.'), text.size());
  std::int64_t whole = 0;
  if (!ReadWhole(text.substr(0, dot), &whole)) return false;
  const Nanos unit = UnitOf(whole);
  Nanos fraction = 0;
  if (dot < text.size() && !ReadFraction(text.substr(dot + 1), unit, &fraction)) return false;
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(whole, unit, &nanos)) return false;
  if (__builtin_add_overflow(nanos, fraction, &nanos)) return false;
  if (ReceiveTime(nanos) < kCaptureTimeMin || nanos > kTimeMax) return false;
  *time = ReceiveTime(nanos);
  return true;
}

}  // namespace thalweg
