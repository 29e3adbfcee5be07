// Reading regular JSON text eight bytes at a time.
//
// A TextCursor takes pieces of text that look exactly as the exchange writes them: no blanks, no
// escapes, ASCII. Every function says false for anything else, which means "not regular", never
// "wrong": the caller then gives the text to simdjson (feeds/decode/general_decoder.h).
//
// Reads may pass the end by less than kPayloadPadding bytes as long as the caller asks inside()
// once a field: a key and its value take at most kFieldBytesMax. Threads: values; no shared state.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/units.h"
#include "feeds/decode/frame.h"

namespace thalweg {

static_assert(std::endian::native == std::endian::little, "words of text are read low byte first");

// Key (5), quotes (2) and a decimal of 16 integer and 8 fraction digits with its dot (25), then one
// word read ahead; text values are bounded by the end itself.
inline constexpr std::size_t kFieldBytesMax = 5 + 2 + 25 + 8;
static_assert(kFieldBytesMax < kPayloadPadding);

inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x80 * kEachByte;
inline constexpr std::uint64_t kZeroDigits = '0' * kEachByte;

inline constexpr std::array<std::int64_t, 9> kPowersOfTen{
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

[[nodiscard]] inline std::uint64_t LoadWord(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// A mask of the first `count` bytes of a word. REQUIRES: count <= 8.
[[nodiscard]] constexpr std::uint64_t FirstBytes(unsigned count) noexcept {
  return count == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * count)) - 1;
}

// The high bit of the first byte that is `wanted` (later bytes may be flagged wrongly, earlier
// never).
[[nodiscard]] constexpr std::uint64_t FlagByte(std::uint64_t word, char wanted) noexcept {
  const std::uint64_t zero_where_equal = word ^ (static_cast<unsigned char>(wanted) * kEachByte);
  return (zero_where_equal - kEachByte) & ~zero_where_equal & kHighBits;
}

[[nodiscard]] constexpr unsigned FirstFlagged(std::uint64_t flags) noexcept {
  return static_cast<unsigned>(std::countr_zero(flags)) / 8;
}

// How many bytes from the first on are digits, 0 to 8.
[[nodiscard]] constexpr unsigned LeadingDigits(std::uint64_t word) noexcept {
  const std::uint64_t values = word ^ kZeroDigits;  // 0 to 9 for digits
  return FirstFlagged(((values + 0x76 * kEachByte) | values) & kHighBits);
}

// The number that eight digit values spell, first byte most significant.
[[nodiscard]] constexpr std::uint64_t EightDigits(std::uint64_t values) noexcept {
  values = (values * (10 * 256 + 1)) >> 8;
  values = ((values & 0x00FF00FF00FF00FF) * (100 * 65'536 + 1)) >> 16;
  return ((values & 0x0000FFFF0000FFFF) * (10'000 * (std::uint64_t{1} << 32) + 1)) >> 32;
}

// The number spelled by the first `count` bytes of `word`. REQUIRES: 1 <= count <= 8, all digits.
[[nodiscard]] constexpr std::uint64_t DigitsOf(std::uint64_t word, unsigned count) noexcept {
  return EightDigits((word ^ kZeroDigits) << (64 - 8 * count));
}

// `word` with ASCII letters in upper case; other bytes, above 0x7F too, stay.
[[nodiscard]] constexpr std::uint64_t UpperWord(std::uint64_t word) noexcept {
  const std::uint64_t low = word & ~kHighBits;
  const std::uint64_t from_a = low + (0x80 - 'a') * kEachByte;
  const std::uint64_t above_z = low + (0x7F - 'z') * kEachByte;
  return word ^ ((~word & kHighBits & (from_a ^ above_z)) >> 2);
}

// Whether `symbol` is `stream_symbol` in upper case (ASCII letters only; bytes above 0x7F are
// compared as they are). REQUIRES: both lie in padded text.
[[nodiscard]] inline bool IsSymbolOfStream(std::string_view stream_symbol,
                                           std::string_view symbol) noexcept {
  if (stream_symbol.size() != symbol.size()) return false;
  std::size_t at = 0;
  for (; at + 8 <= symbol.size(); at += 8) {
    if (UpperWord(LoadWord(stream_symbol.data() + at)) != LoadWord(symbol.data() + at))
      return false;
  }
  const std::uint64_t rest =
      UpperWord(LoadWord(stream_symbol.data() + at)) ^ LoadWord(symbol.data() + at);
  return (rest & FirstBytes(static_cast<unsigned>(symbol.size() - at))) == 0;
}

// Below this a time is in ms, from it on in us: 1e15 ms are in the year 33658, 1e15 us in 2001.
inline constexpr std::int64_t kFirstMicrosecondTime = 1'000'000'000'000'000;

// An exchange's time in ns. False when it is negative or beyond kTimeMax.
[[nodiscard]] constexpr bool ToEventTime(std::int64_t wire, EventTime* time) noexcept {
  const std::int64_t unit = wire < kFirstMicrosecondTime ? kMillisecond : kMicrosecond;
  if (wire < 0 || wire > kTimeMax / unit) return false;
  *time = EventTime(wire * unit);
  return true;
}

class TextCursor {
 public:
  TextCursor(const char* at, const char* end) noexcept : at_(at), end_(end) {}

  [[nodiscard]] const char* at() const noexcept { return at_; }
  [[nodiscard]] const char* end() const noexcept { return end_; }
  [[nodiscard]] bool inside() const noexcept { return at_ < end_; }
  void MoveTo(const char* at) noexcept { at_ = at; }

  [[nodiscard]] bool Take(char wanted) noexcept { return *at_++ == wanted; }

  template <std::size_t kSize>
  [[nodiscard]] bool Take(const char (&wanted)[kSize]) noexcept {
    if (std::memcmp(at_, wanted, kSize - 1) != 0) return false;
    at_ += kSize - 1;
    return true;
  }

  // A key of one or two characters with its quotes and colon: its characters as a number, first one
  // in the low byte. 0 for anything else, a zero byte included: it would make a key of one letter
  // of a key of two.
  [[nodiscard]] unsigned TakeKey() noexcept {
    const std::uint64_t word = LoadWord(at_);
    if ((word & 0xFFFF00FF) == KeyShape<4>('"', 0, '"', ':')) {
      at_ += 4;
      return static_cast<unsigned>(word >> 8) & 0xFF;
    }
    const bool has_second = (word & 0xFF0000) != 0;
    if (has_second && (word & 0xFFFF0000FF) == KeyShape<5>('"', 0, 0, '"', ':')) {
      at_ += 5;
      return static_cast<unsigned>(word >> 8) & 0xFFFF;
    }
    return 0;
  }

  // 1 to 18 digits without a leading zero, or a lone zero.
  [[nodiscard]] bool TakeInteger(std::int64_t* value) noexcept {
    const std::uint64_t word = LoadWord(at_);
    const unsigned count = LeadingDigits(word);
    if (count == 0 || (*at_ == '0' && count != 1)) return false;
    std::uint64_t number = DigitsOf(word, count);
    at_ += count;
    if (count == 8) {
      const std::uint64_t more = LoadWord(at_);
      const unsigned more_count = LeadingDigits(more);
      if (more_count == 8) return TakeLongInteger(number, more, value);
      if (more_count != 0) {
        number = number * static_cast<std::uint64_t>(kPowersOfTen[more_count]) +
                 DigitsOf(more, more_count);
      }
      at_ += more_count;
    }
    *value = static_cast<std::int64_t>(number);
    return true;
  }

  // A decimal of at most 16 integer digits, in units of 10^-decimals, exactly (core/decimal.h).
  // False also when it does not fit the unit. A ninth fraction digit is left for the caller to
  // find.
  [[nodiscard]] bool TakeDecimal(int decimals, std::int64_t* units) noexcept {
    std::uint64_t word = LoadWord(at_);
    unsigned count = LeadingDigits(word);
    if (count == 0) return false;
    std::uint64_t whole = DigitsOf(word, count);
    at_ += count;
    if (count == 8) {
      word = LoadWord(at_);
      count = LeadingDigits(word);
      if (count == 8) return false;
      if (count != 0) {
        whole = whole * static_cast<std::uint64_t>(kPowersOfTen[count]) + DigitsOf(word, count);
      }
      at_ += count;
    }
    std::uint64_t fraction = 0;
    if (*at_ == '.') {
      word = LoadWord(at_ + 1);
      count = LeadingDigits(word);
      const std::uint64_t values = (word ^ kZeroDigits) & FirstBytes(count);
      // Half shifts twice: a shift by 64 is undefined.
      const int taken = 4 * decimals;
      const int left = 32 - taken;
      if (count == 0 || ((values >> taken) >> taken) != 0) return false;
      fraction = EightDigits((values << left) << left);
      at_ += 1 + count;
    }
    std::int64_t result = 0;
    const std::int64_t unit = kPowersOfTen[static_cast<std::size_t>(decimals)];
    if (__builtin_mul_overflow(static_cast<std::int64_t>(whole), unit, &result) ||
        __builtin_add_overflow(result, static_cast<std::int64_t>(fraction), &result)) {
      return false;
    }
    *units = result;
    return true;
  }

  [[nodiscard]] bool TakeQuotedDecimal(int decimals, std::int64_t* units) noexcept {
    return Take('"') && TakeDecimal(decimals, units) && Take('"');
  }

  // A string of printable ASCII without escapes; `text` is what stands between the quotes.
  [[nodiscard]] bool TakeText(std::string_view* text) noexcept {
    if (!Take('"')) return false;
    const char* const start = at_;
    for (; at_ < end_; at_ += 8) {
      const std::uint64_t word = LoadWord(at_);
      const std::uint64_t quote = FlagByte(word, '"');
      const std::uint64_t below = quote == 0 ? ~std::uint64_t{0} : (quote & (0 - quote)) - 1;
      const std::uint64_t odd = word | FlagByte(word, '\\') | (word - ' ' * kEachByte);
      if ((odd & kHighBits & below) != 0) return false;
      if (quote != 0) {
        at_ += FirstFlagged(quote);
        *text = std::string_view(start, static_cast<std::size_t>(at_ - start));
        ++at_;
        return true;
      }
    }
    return false;
  }

 private:
  template <std::size_t kSize, class... Chars>
  [[nodiscard]] static constexpr std::uint64_t KeyShape(Chars... chars) noexcept {
    static_assert(sizeof...(Chars) == kSize);
    std::uint64_t shape = 0;
    int shift = 0;
    ((shape |= std::uint64_t{static_cast<unsigned char>(chars)} << shift, shift += 8), ...);
    return shape;
  }

  // 16 to 18 digits: microsecond times. Longer ones are left to simdjson.
  [[nodiscard]] bool TakeLongInteger(std::uint64_t high, std::uint64_t word,
                                     std::int64_t* value) noexcept {
    std::uint64_t number = high * 100'000'000 + DigitsOf(word, 8);
    at_ += 8;
    const std::uint64_t rest = LoadWord(at_);
    const unsigned count = LeadingDigits(rest);
    if (count > 2) return false;
    if (count != 0) {
      number = number * static_cast<std::uint64_t>(kPowersOfTen[count]) + DigitsOf(rest, count);
    }
    at_ += count;
    *value = static_cast<std::int64_t>(number);
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace thalweg
