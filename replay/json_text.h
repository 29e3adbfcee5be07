// Text as a JSON string.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace thalweg {

// Appends `text` in quotes, with what must be escaped escaped and every other byte as it is.
void AppendJsonText(std::string_view text, std::string* out);

}  // namespace thalweg
