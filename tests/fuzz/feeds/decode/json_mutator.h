// A mutator that knows the shape of frames: it damages keys, levels, numbers, nesting, order,
// blanks and escapes, one or a few at a time, so that most of what comes out is still a frame to
// look at. Bytes flipped anywhere, which libFuzzer is good at, mostly make text that ends at the
// first check.
//
// Text that is no JSON is left to the caller. Threads: pure; the same seed gives the same text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::fuzz {

// `text` after one to three changes; nothing when it is no JSON object or array, or is nested
// deeper than kNestingMax. Numbers and literals are kept as any text without structure, so that a
// damaged frame can be damaged further.
[[nodiscard]] std::optional<std::string> MutateJson(std::string_view text, std::uint32_t seed);

inline constexpr std::size_t kNestingMax = 64;

}  // namespace thalweg::fuzz
