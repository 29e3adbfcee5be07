// Whether a test is to take a smaller part of long work: ctest asks for it in builds with
// sanitizers. Such a test states what it leaves out.
#pragma once

#include <cstdlib>
#include <string_view>

namespace thalweg {

inline bool TakeShortPart() {
  const char* const part = std::getenv("THALWEG_TEST_PART");
  return part != nullptr && std::string_view(part) == "short";
}

}  // namespace thalweg
