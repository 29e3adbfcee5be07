// exchangeInfo answers: every instrument that comes out of one is usable as it is.

#include "feeds/decode/decoder.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using fuzz::Require;
  // No padding is promised here: the text may end where its memory does.
  const auto instruments = DecodeExchangeInfo(fuzz::TextOf(data, size));
  if (!instruments.ok()) {
    Require(!instruments.status().message().empty(), "a refusal says why");
    return 0;
  }
  for (const Instrument& instrument : *instruments) {
    Require(!instrument.symbol.empty(), "a symbol has a name");
    Require(instrument.tick >= Price(0) && instrument.tick <= kPriceMax, "a tick is in range");
    Require(instrument.step >= Price(0) && instrument.step <= kPriceMax, "a step is in range");
    Require(instrument.qty_decimals >= 0 && instrument.qty_decimals <= kQtyDecimalsMax,
            "a quantity unit is in range");
  }
  return 0;
}
