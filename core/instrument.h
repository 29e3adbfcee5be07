// What is known of one symbol's price grid and quantity unit.
//
// Invariant: every price in the symbol's book is a multiple of `tick`, every quantity an integer
// number of 10^-qty_decimals. A value that breaks this refines the instrument before it is used
// (pipeline/instrument_grid.h); it is never rounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/units.h"

namespace thalweg {

// Where an instrument's numbers came from; a smaller value outranks a larger one.
enum class InstrumentSource : std::uint8_t {
  kOption,        // --instrument SYM:TICK:STEP
  kFile,          // --exchange-info FILE
  kExchangeInfo,  // an exchangeInfo answer in the feed
  kInferred,      // from the first snapshot, or refined by a price off the grid
};

// What an instrument source states of a symbol.
struct Instrument {
  std::string symbol;  // As in the payload, upper case; opaque UTF-8 bytes.
  Price tick;          // PRICE_FILTER.tickSize; 0 when the source does not say.
  Price step;          // LOT_SIZE.stepSize in 1e-8; for display only. 0: not stated.
  int qty_decimals = kQtyDecimalsMax;  // baseAssetPrecision, at most 8.
  bool trading = true;                 // Status is TRADING (futures: contractStatus likewise).
};

// Parses "SYM:TICK:STEP", for example "BTCUSDT:0.01:0.00001".
[[nodiscard]] absl::StatusOr<Instrument> ParseInstrumentOption(std::string_view text);

}  // namespace thalweg
