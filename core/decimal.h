// Exact decimal text <-> integers.
//
// The grammar is the exchange's own: one or more digits, then optionally a dot and one to eight
// digits. No sign, no exponent, no blank, no NaN: those are malformed, never guessed.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/units.h"

namespace thalweg {

enum class DecimalVerdict : std::uint8_t {
  kOk,
  kMalformed,   // Not of the grammar above.
  kTooFine,     // In range, with non-zero digits below the wanted unit; nothing was rounded.
  kOutOfRange,  // Does not fit int64 in the wanted unit.
};

// Parses `text` into units of 10^-decimals. REQUIRES: 0 <= decimals <= 8.
// `*units` is written only with kOk.
[[nodiscard]] DecimalVerdict ParseDecimal(std::string_view text, int decimals,
                                          std::int64_t* units) noexcept;

// The number of decimals up to the last non-zero one: 2 for "1.2300", 0 for "7.000".
// REQUIRES: text is of the grammar.
[[nodiscard]] int SignificantDecimals(std::string_view text) noexcept;

// A positive price from a user's text ("0.01"); the status says what is wrong with it.
[[nodiscard]] absl::StatusOr<Price> ParsePositivePrice(std::string_view text);

// `units` of 10^-decimals as text with exactly eight decimals: "61602.01000000".
[[nodiscard]] std::string FormatEightDecimals(std::int64_t units, int decimals);
// The same without trailing zeros: "61602.01".
[[nodiscard]] std::string FormatDecimal(std::int64_t units, int decimals);

}  // namespace thalweg
