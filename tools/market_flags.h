// The options that say what a synthetic market is like, shared by the subcommands that make one.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "replay/market.h"
#include "tools/command_line.h"

namespace thalweg {

// InvalidArgument with key, value and allowed range.
template <class Number>
[[nodiscard]] absl::StatusOr<Number> ParseWholeNumber(absl::string_view key,
                                                      const std::string& text, Number least,
                                                      Number most) {
  Number number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--", key, ": '", text, "' is not a whole number in [", least, ", ", most, "]"));
  }
  return number;
}

// The object outlives the application's parsing.
class MarketFlags {
 public:
  void AddTo(Command command);
  // Each option by itself; SyntheticMarket::Validate() judges them together.
  [[nodiscard]] absl::StatusOr<MarketOptions> ToOptions() const;

 private:
  std::string seed_ = "1";
  std::string symbols_ = "BTCUSDT";
  std::string market_ = "spot";
  std::string interval_ = "100";
  std::string levels_ = "100000";
  std::string regimes_ = "calm";
};

}  // namespace thalweg
