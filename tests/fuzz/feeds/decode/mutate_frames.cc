// Makes libFuzzer mutate frames by their shape: linked into the targets whose inputs are frames.
//
// An input may begin with the digit of a unit, or be a recording of several lines: then one of them
// is mutated, or they change places, go, or come twice. Every fourth time, and whenever there is
// nothing with a shape, libFuzzer's own mutations do it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "tests/fuzz/feeds/decode/json_mutator.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace thalweg::fuzz {
namespace {

// A part of an input.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The line that holds the byte at `place`, without its newline.
Span LineAt(std::string_view input, std::size_t place) {
  const std::size_t before = input.substr(0, place).rfind('\n');
  return {before == std::string_view::npos ? 0 : before + 1,
          std::min(input.find('\n', place), input.size())};
}

std::optional<Span> FindJson(std::string_view input, std::size_t place) {
  const Span line = LineAt(input, place);
  const std::size_t bracket = input.substr(0, line.end).find_first_of("{[", line.begin);
  if (bracket == std::string_view::npos) return std::nullopt;
  return Span{bracket, line.end};
}

// The input with one of its lines gone, twice, or at another place.
std::string MutateLines(std::string_view input, std::uint32_t seed) {
  std::minstd_rand random(seed);
  const Span from = LineAt(input, random() % (input.size() + 1));
  const std::string line = std::string(input.substr(from.begin, from.end - from.begin)) + '\n';
  std::string text(input);
  const std::uint32_t what = random() % 3;
  if (what != 0) text.erase(from.begin, line.size());
  if (what != 1) text.insert(LineAt(text, random() % (text.size() + 1)).begin, line);
  return text;
}

std::optional<std::string> MutateInput(std::string_view input, std::uint32_t seed) {
  std::minstd_rand random(seed);
  if (input.find('\n') != std::string_view::npos && random() % 4 == 0) {
    return MutateLines(input, seed);
  }
  const auto json = FindJson(input, random() % (input.size() + 1));
  if (!json) return std::nullopt;
  const auto mutated = MutateJson(input.substr(json->begin, json->end - json->begin), seed);
  if (!mutated) return std::nullopt;
  return std::string(input.substr(0, json->begin)) + *mutated +
         std::string(input.substr(json->end));
}

}  // namespace
}  // namespace thalweg::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  using namespace thalweg::fuzz;
  std::optional<std::string> mutated;
  if (seed % 4 != 0) mutated = MutateInput(TextOf(data, size), seed);
  if (!mutated || mutated->size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::memcpy(data, mutated->data(), mutated->size());
  return mutated->size();
}
