// Walking over JSON text without understanding it: enough to find the fields of an object and where
// it ends, on text that may be broken anywhere.
//
// Blanks are allowed where JSON allows them. Nothing is unescaped or validated beyond brackets and
// quotes. Every function takes `at` and `end`, never reads at or past `end`, and returns nullptr
// when the text ends too early or is no JSON there. Threads: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace thalweg {

[[nodiscard]] constexpr bool IsBlank(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

[[nodiscard]] constexpr const char* SkipBlanks(const char* at, const char* end) noexcept {
  while (at != end && IsBlank(*at)) ++at;
  return at;
}

// Past the string that begins at `at`; `text` is what stands between its quotes, escapes and all.
[[nodiscard]] constexpr const char* SkimString(const char* at, const char* end,
                                               std::string_view* text) noexcept {
  if (at == end || *at != '"') return nullptr;
  const char* const start = ++at;
  while (at != end && *at != '"') {
    if (*at == '\\' && ++at == end) return nullptr;
    ++at;
  }
  if (at == end) return nullptr;
  *text = std::string_view(start, static_cast<std::size_t>(at - start));
  return at + 1;
}

// Past the value that begins at `at`: a string, an object or array, or a word.
[[nodiscard]] constexpr const char* SkimValue(const char* at, const char* end) noexcept {
  std::string_view ignored;
  std::size_t depth = 0;
  do {
    if (at == end) return nullptr;
    const char c = *at;
    if (c == '"') {
      at = SkimString(at, end, &ignored);
      if (at == nullptr) return nullptr;
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return nullptr;
      --depth;
    } else if (depth == 0) {
      const char* const start = at;
      while (at != end && *at != ',' && *at != '}' && *at != ']' && !IsBlank(*at)) ++at;
      return at == end || at == start ? nullptr : at;
    }
    ++at;
  } while (depth != 0);
  return at;
}

// Past the key at `at`, its colon and the blanks around them: to its value.
[[nodiscard]] constexpr const char* SkimKey(const char* at, const char* end,
                                            std::string_view* key) noexcept {
  at = SkimString(SkipBlanks(at, end), end, key);
  if (at == nullptr) return nullptr;
  at = SkipBlanks(at, end);
  if (at == end || *at != ':') return nullptr;
  at = SkipBlanks(at + 1, end);
  return at == end ? nullptr : at;
}

}  // namespace thalweg
