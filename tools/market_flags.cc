#include "tools/market_flags.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "tools/symbol_list.h"

namespace thalweg {

void MarketFlags::AddTo(Command command) {
  command.AddOption("--seed", seed_, "Another one makes another market").ShowDefault();
  command
      .AddOption("--symbols", symbols_,
                 "NAME or NAME:ACTIVITY, comma separated; activity in percent of BTCUSDT's")
      .ShowDefault();
  command.AddOption("--market", market_, "spot or usdm: ids and payloads").ShowDefault();
  command.AddOption("--interval", interval_, "Of depth events: 20, 100 or 1000 ms").ShowDefault();
  command
      .AddOption("--levels", levels_,
                 "Levels a side at most, 100 to 100000; left alone a market has some 12000")
      .ShowDefault();
  command
      .AddOption("--regimes", regimes_,
                 "calm, burst, trend, crash, thin, one-sided: NAME:SECONDS, comma separated,\n"
                 "one after another and then again")
      .ShowDefault();
}

absl::StatusOr<MarketOptions> MarketFlags::ToOptions() const {
  MarketOptions options;
  const auto seed = ParseWholeNumber<std::uint64_t>("seed", seed_, 0, UINT64_MAX);
  if (!seed.ok()) return seed.status();
  options.seed = *seed;
  for (const std::string& text : SplitSymbolList(symbols_)) {
    absl::StatusOr<MarketSymbolOptions> symbol = ParseMarketSymbol(text);
    if (!symbol.ok())
      return absl::InvalidArgumentError(absl::StrCat("--", symbol.status().message()));
    options.symbols.push_back(*std::move(symbol));
  }
  if (market_ == "usdm") {
    options.market = Market::kUsdM;
  } else if (market_ != "spot") {
    return absl::InvalidArgumentError(
        absl::StrCat("--market: '", market_, "' is not spot or usdm"));
  }
  const auto interval = ParseWholeNumber<std::int64_t>("interval", interval_, 20, 1'000);
  if (!interval.ok()) return interval.status();
  options.depth_interval = *interval * kMillisecond;
  const auto levels = ParseWholeNumber<std::int64_t>(
      "levels", levels_, std::int64_t{kMarketLevelsMin}, std::int64_t{kMarketLevelsMax});
  if (!levels.ok()) return levels.status();
  options.levels = static_cast<std::size_t>(*levels);
  absl::StatusOr<std::vector<RegimeSpan>> regimes = ParseRegimes(regimes_);
  if (!regimes.ok())
    return absl::InvalidArgumentError(absl::StrCat("--", regimes.status().message()));
  options.regimes = *std::move(regimes);
  return options;
}

}  // namespace thalweg
