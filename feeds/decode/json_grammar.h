// Whether a text is JSON, to the letter of its grammar (RFC 8259).
//
// For values that nothing reads, whose damage nothing else would find: a bit flipped in a field of
// no use may as well be flipped in the next one. UTF-8 is not checked. Nesting beyond
// kJsonNestingMax is refused; the exchange nests three levels. Same conventions as json_skim.h:
// never reads at or past `end`, nullptr for what is no JSON or ends too early. Threads: pure
// functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "feeds/decode/json_skim.h"

namespace thalweg {

inline constexpr int kJsonNestingMax = 64;

namespace json_grammar {

[[nodiscard]] constexpr bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr bool IsHexDigit(char c) noexcept {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Past one or more digits.
[[nodiscard]] constexpr const char* PastDigits(const char* at, const char* end) noexcept {
  if (at == end || !IsDigit(*at)) return nullptr;
  while (at != end && IsDigit(*at)) ++at;
  return at;
}

[[nodiscard]] constexpr const char* PastNumber(const char* at, const char* end) noexcept {
  if (*at == '-') ++at;
  const char* const whole = at;
  at = PastDigits(at, end);
  if (at == nullptr || (*whole == '0' && at != whole + 1)) return nullptr;
  if (at != end && *at == '.') at = PastDigits(at + 1, end);
  if (at != nullptr && at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    at = PastDigits(at, end);
  }
  return at;
}

[[nodiscard]] constexpr const char* PastWord(const char* at, const char* end) noexcept {
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  for (const std::string_view word : {"true", "false", "null"}) {
    if (rest.starts_with(word)) return at + word.size();
  }
  return nullptr;
}

// Whether a byte of a string stands for itself. By table: most of a frame is strings.
inline constexpr std::array<bool, 256> kIsPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0; c < plain.size(); ++c) plain[c] = c >= ' ' && c != '"' && c != '\\';
  return plain;
}();

// Past the escape whose backslash is at `at`.
[[nodiscard]] constexpr const char* PastEscape(const char* at, const char* end) noexcept {
  constexpr std::string_view kEscapable = "\"\\/bfnrtu";
  if (++at == end || kEscapable.find(*at) == std::string_view::npos) return nullptr;
  if (*at++ != 'u') return at;
  if (end - at < 4) return nullptr;
  for (const char* const last = at + 4; at != last; ++at) {
    if (!IsHexDigit(*at)) return nullptr;
  }
  return at;
}

[[nodiscard]] constexpr const char* PastString(const char* at, const char* end) noexcept {
  if (at == end || *at != '"') return nullptr;
  ++at;
  while (true) {
    while (at != end && kIsPlain[static_cast<unsigned char>(*at)]) ++at;
    if (at == end) return nullptr;
    if (*at == '"') return at + 1;
    if (*at != '\\') return nullptr;
    at = PastEscape(at, end);
    if (at == nullptr) return nullptr;
  }
}

[[nodiscard]] constexpr const char* PastScalar(const char* at, const char* end) noexcept {
  if (*at == '"') return PastString(at, end);
  return *at == '-' || IsDigit(*at) ? PastNumber(at, end) : PastWord(at, end);
}

// Past the key at `at` and its colon, to its value.
[[nodiscard]] constexpr const char* PastKey(const char* at, const char* end) noexcept {
  at = PastString(SkipBlanks(at, end), end);
  if (at == nullptr) return nullptr;
  at = SkipBlanks(at, end);
  return at == end || *at != ':' ? nullptr : SkipBlanks(at + 1, end);
}

}  // namespace json_grammar

// Past the value that begins at `at`.
[[nodiscard]] constexpr const char* PastJson(const char* at, const char* end) noexcept {
  // The open brackets, innermost in the lowest bit: 1 for an object.
  std::uint64_t open = 0;
  static_assert(kJsonNestingMax <= 64);
  int depth = 0;
  while (true) {
    // At a value.
    if (at == end) return nullptr;
    const bool opens = *at == '{' || *at == '[';
    if (opens) {
      if (depth == kJsonNestingMax) return nullptr;
      open = open << 1 | (*at == '{' ? 1U : 0U);
      ++depth;
      at = SkipBlanks(at + 1, end);
    } else {
      at = json_grammar::PastScalar(at, end);
      if (at == nullptr || depth == 0) return at;
      at = SkipBlanks(at, end);
    }
    // Past closing brackets, and to the next value: after a comma, or the first of what was opened.
    bool first = opens;
    while (true) {
      if (at == end) return nullptr;
      const bool in_object = (open & 1) != 0;
      if (*at == (in_object ? '}' : ']')) {
        open >>= 1;
        ++at;
        if (--depth == 0) return at;
        at = SkipBlanks(at, end);
        first = false;
        continue;
      }
      if (!first) {
        if (*at != ',') return nullptr;
        at = SkipBlanks(at + 1, end);
      }
      if (in_object && (at = json_grammar::PastKey(at, end)) == nullptr) return nullptr;
      break;
    }
  }
}

}  // namespace thalweg
