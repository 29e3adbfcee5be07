// What an option takes, told by the word that stands for its value in --help. The declaration of an
// option is so the one source of its command line, its help and its key in a configuration file
// (docs/CONFIG.md).
//
//   N          a whole number; INT and UINT, which CLI11 writes for options of these types, too
//   X          a number; FLOAT too
//   A,B        a list of names
//   SIZES      bucket sizes, of all symbols or of some
//   any other  text
//
// Words joined by | are alternatives: `X|max` is a number or text. An option without a value is
// true or false; one that may be repeated is a list of what it takes.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "tools/command_line.h"

namespace thalweg {

inline constexpr char kWholeNumberWord[] = "N";
inline constexpr char kNumberWord[] = "X";
inline constexpr char kNamesWord[] = "A,B";
inline constexpr char kSizesWord[] = "SIZES";

struct OptionKind {
  enum class Shape : std::uint8_t {
    kFlag,
    kOne,    // Of what the fields below say.
    kMany,   // The same, repeated.
    kNames,  // One text on the command line: "A,B".
    kSizes,  // One text on the command line: "1,5", or "A=1,5;B=10,50;100,500".
  };
  Shape shape = Shape::kOne;
  bool takes_text = false;
  bool takes_whole = false;   // Whole numbers.
  bool takes_number = false;  // Whole numbers and decimals.
};

[[nodiscard]] OptionKind KindOf(Option option);

// What a value must be, for messages: "true or false", "a whole number or text in quotes".
[[nodiscard]] std::string WantedBy(const OptionKind& kind);

}  // namespace thalweg
