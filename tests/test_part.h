// Whether a test is to take a smaller part of long work: ctest asks for it in builds with
// sanitizers. The test's program says so once; what is left out stands where a test asks.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace thalweg {

inline bool TakeShortPart() {
  static const bool is_asked = [] {
    const char* const part = std::getenv("THALWEG_TEST_PART");
    const bool is_short = part != nullptr && std::string_view(part) == "short";
    if (is_short)
      std::fputs("short part: less of the long work, as THALWEG_TEST_PART asks\n", stderr);
    return is_short;
  }();
  return is_asked;
}

}  // namespace thalweg
