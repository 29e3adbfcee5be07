// Text of a JSON string as its reader means it: escapes undone.
//
// The exchange escapes nothing in a name; programs that write its frames again do (Python's json
// turns every letter beyond ASCII into \uXXXX). Cold: allocates. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace thalweg {

[[nodiscard]] constexpr bool HasEscapes(std::string_view text) noexcept {
  return text.find('\\') != std::string_view::npos;
}

// `text`, what stands between the quotes of a JSON string, without its escapes; as it is where they
// are no JSON.
[[nodiscard]] std::string Unescaped(std::string_view text);

}  // namespace thalweg
