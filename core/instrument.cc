#include "core/instrument.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/decimal.h"
#include "core/string_view.h"

namespace thalweg {

absl::StatusOr<Instrument> ParseInstrumentOption(std::string_view text) {
  const absl::string_view shown = Abseil(text);
  const std::vector<absl::string_view> parts = absl::StrSplit(shown, ':');
  if (parts.size() != 3 || parts[0].empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", shown, "' is not SYM:TICK:STEP, like BTCUSDT:0.01:0.00001"));
  }
  const auto number = [&](absl::string_view name, absl::string_view part) -> absl::StatusOr<Price> {
    absl::StatusOr<Price> parsed = ParsePositivePrice(Standard(part));
    if (parsed.ok()) return parsed;
    return absl::InvalidArgumentError(
        absl::StrCat(name, " of '", shown, "': ", parsed.status().message()));
  };
  const absl::StatusOr<Price> tick = number("TICK", parts[1]);
  if (!tick.ok()) return tick.status();
  const absl::StatusOr<Price> step = number("STEP", parts[2]);
  if (!step.ok()) return step.status();

  Instrument instrument;
  instrument.symbol = std::string(parts[0]);
  instrument.tick = *tick;
  instrument.step = *step;
  return instrument;
}

}  // namespace thalweg
