// The values of options as TOML, so that a configuration file with them gives the same values.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/option_kind.h"

namespace thalweg {

// In quotes, with escapes. Bytes that are not UTF-8 stay, and no TOML parser takes them.
[[nodiscard]] std::string TomlString(std::string_view text);

// What an option was given. A number is one where TOML can say it as it was written, else text.
// REQUIRES: texts is not empty, unless the option is a flag.
[[nodiscard]] std::string TomlValue(const std::vector<std::string>& texts, const OptionKind& kind);

}  // namespace thalweg
