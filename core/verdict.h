// Verdicts: what the hot path says instead of throwing.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg {

// What a decoder says of one frame.
enum class DecodeVerdict : std::uint8_t {
  kOk,
  kNotJson,        // The text is no JSON object, or ends too early.
  kMissingField,   // A field that the event needs is absent.
  kBadField,       // A field has the wrong type.
  kBadNumber,      // A decimal with sign, exponent, blank or more than eight decimals.
  kOutOfRange,     // A number that does not fit its unit (core/units.h).
  kBadIds,         // U > u, or a negative id.
  kTooManyLevels,  // More than kLevelsMax levels a side.
  kWrongSymbol,    // The payload's symbol is not its stream's.
  kQtyTooFine,     // A quantity finer than the unit asked for: refine the unit, decode again.
};

[[nodiscard]] constexpr std::string_view Describe(DecodeVerdict verdict) noexcept {
  switch (verdict) {
    case DecodeVerdict::kOk:
      return "good";
    case DecodeVerdict::kNotJson:
      return "not a whole JSON object";
    case DecodeVerdict::kMissingField:
      return "a needed field is absent";
    case DecodeVerdict::kBadField:
      return "a field has the wrong type";
    case DecodeVerdict::kBadNumber:
      return "a number is not a plain decimal with at most 8 decimals";
    case DecodeVerdict::kOutOfRange:
      return "a number is out of range";
    case DecodeVerdict::kBadIds:
      return "update ids are negative or out of order";
    case DecodeVerdict::kTooManyLevels:
      return "too many levels";
    case DecodeVerdict::kWrongSymbol:
      return "the symbol is not that of the stream";
    case DecodeVerdict::kQtyTooFine:
      return "a quantity is finer than its unit";
  }
  return "unknown";
}

// How a diff stands to a book (book/sequencing.h).
enum class DiffVerdict : std::uint8_t {
  kApply,      // Continues the book: at least one id is new and none is missing.
  kStale,      // Every id is already in the book. Drop it; not an error.
  kGap,        // At least one id is missing: the book is unusable until a resync.
  kMalformed,  // first > last, or a negative id: count, and resync.
};

}  // namespace thalweg
