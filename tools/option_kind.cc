#include "tools/option_kind.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace thalweg {

OptionKind KindOf(Option option) {
  using Shape = OptionKind::Shape;
  OptionKind kind;
  if (option.values_max() == 0) {
    kind.shape = Shape::kFlag;
    return kind;
  }
  if (option.values_max() > 1) kind.shape = Shape::kMany;
  // Validators say their bounds behind a colon: "INT:[1 - 10]".
  const std::string type = option.type_name();
  const absl::string_view words = absl::string_view(type).substr(0, type.find(':'));
  for (const absl::string_view word : absl::StrSplit(words, '|')) {
    if (word == kNamesWord) {
      kind.shape = Shape::kNames;
    } else if (word == kSizesWord) {
      kind.shape = Shape::kSizes;
    } else if (word == kWholeNumberWord || word == "INT" || word == "UINT") {
      kind.takes_whole = true;
    } else if (word == kNumberWord || word == "FLOAT") {
      kind.takes_number = true;
    } else {
      kind.takes_text = true;
    }
  }
  return kind;
}

std::string WantedBy(const OptionKind& kind) {
  switch (kind.shape) {
    case OptionKind::Shape::kFlag:
      return "true or false";
    case OptionKind::Shape::kNames:
      return "a list of names, like [\"BTCUSDT\", \"ETHUSDT\"]";
    case OptionKind::Shape::kSizes:
      return "a list of sizes, like [10, 50], or a table of such lists, one for each symbol";
    case OptionKind::Shape::kOne:
    case OptionKind::Shape::kMany:
      break;
  }
  std::vector<std::string> wanted;
  if (kind.takes_number) wanted.emplace_back("a number");
  if (kind.takes_whole) wanted.emplace_back("a whole number");
  if (kind.takes_text) wanted.emplace_back("text in quotes");
  const std::string one = absl::StrJoin(wanted, " or ");
  return kind.shape == OptionKind::Shape::kOne ? one : absl::StrCat("a list, each ", one);
}

}  // namespace thalweg
