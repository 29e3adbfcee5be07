#include "tools/option_value.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace thalweg {

absl::Status NotAllowed(absl::string_view key, absl::string_view value, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat("--", key, ": '", value, "' is not ", allowed));
}

absl::StatusOr<double> ParsePositive(absl::string_view key, const std::string& text, double most) {
  double number = 0;
  if (absl::SimpleAtod(text, &number) && number > 0 && number <= most) return number;
  return NotAllowed(key, text, absl::StrCat("a number above 0, at most ", most));
}

}  // namespace thalweg
