// Where a value stands in a JSON object: the names that lead to it, like "E" or "data.E".
//
// Names are compared as they are written in the text, escapes and all, and hold no dot.
// Threads: one object may be read by any number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace thalweg {

class JsonPath {
 public:
  // InvalidArgument when a name is empty.
  [[nodiscard]] static absl::StatusOr<JsonPath> Parse(std::string_view text);

  // The value's text, a view into `json`: of a string what stands between its quotes, of anything
  // else its JSON. Of a name that comes twice the first one counts. Empty when there is no such
  // value, or the text is no JSON object up to there.
  [[nodiscard]] std::string_view Find(std::string_view json) const noexcept;

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  explicit JsonPath(std::string_view text);

  std::string text_;
  std::vector<std::string> names_;
};

}  // namespace thalweg
