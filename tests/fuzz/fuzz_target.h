// What every fuzz target is made of: the function that libFuzzer calls, and a check that ends it.
//
// A target is one source with one LLVMFuzzerTestOneInput(). With clang's sanitizers it is linked
// with libFuzzer; in every build it is also linked with run_corpus.cc, which gives it each file of
// tests/fuzz/corpus/<target> once. An input that was found is put there under a name that says what
// it is, and is a regression test from then on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// Gives one input to the target; always 0. Inputs do not depend on each other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace thalweg::fuzz {

[[nodiscard]] inline std::string_view TextOf(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

// Stops the program, which keeps the input, when something that must hold does not.
inline void Require(bool holds, std::string_view what) noexcept {
  if (holds) [[likely]] {
    return;
  }
  std::fprintf(stderr, "fuzz: does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// Whether `part` lies in `whole`; an empty view may lie anywhere.
[[nodiscard]] inline bool LiesIn(std::string_view part, std::string_view whole) noexcept {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace thalweg::fuzz
