// Binance JSON -> normalised events (core/events.h).
//
// Every decoder is exact and strict about what it uses (absent, mistyped, signed, exponent or
// over-long numbers are verdicts) and indifferent to the rest (unknown fields, order of fields).
// Field names are compared with their case: `u` is not `U`. Times are ms or us, told apart by their
// size (1e15), and become ns. Spot, USD-M and COIN-M payloads, whole frames as NameFrame() found
// them.
//
// The levels of a diff are read by a vector scanner where the text has the usual regular shape
// (feeds/decode/level_scanner.h) and by simdjson in every other case; both give the same events.
//
// Threads: one decoder a thread. Hot functions neither throw nor, after warm-up, allocate.
// Lifetime: spans in events live until the next call of the same decoder.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/events.h"
#include "core/instrument.h"
#include "core/verdict.h"
#include "feeds/decode/frame.h"

namespace thalweg {

// Levels a side of one diff or snapshot; more is a verdict (the largest recorded diff has 1,076,
// the largest snapshot 5,000).
inline constexpr std::size_t kFrameLevelsMax = 65'536;

class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Quantities are given in units of 10^-qty_decimals (0 to 8); kQtyTooFine when one does not fit
  // that unit exactly (finest_qty_decimals() then says which unit would do).
  // REQUIRES: kPayloadPadding readable bytes around the text that `head` points into.
  [[nodiscard]] DecodeVerdict DecodeDepth(const FrameHead& head, int qty_decimals,
                                          DepthDiff* diff) noexcept;
  [[nodiscard]] DecodeVerdict DecodeBookTicker(const FrameHead& head, int qty_decimals,
                                               BookTicker* ticker) noexcept;
  // `trade` and `aggTrade` frames, by head.kind.
  [[nodiscard]] DecodeVerdict DecodeTrade(const FrameHead& head, int qty_decimals,
                                          Trade* trade) noexcept;
  [[nodiscard]] DecodeVerdict DecodeKline(const FrameHead& head, int qty_decimals,
                                          Kline* kline) noexcept;
  [[nodiscard]] DecodeVerdict DecodePartialDepth(const FrameHead& head, int qty_decimals,
                                                 DepthSnapshot* snapshot) noexcept;

  // A REST depth answer, or a collector's copy of one. Checks its shape, not its order.
  [[nodiscard]] DecodeVerdict DecodeSnapshot(std::string_view body, int qty_decimals,
                                             DepthSnapshot* snapshot) noexcept;

  // After kQtyTooFine: the decimals of the finest quantity of that frame, at most 8.
  [[nodiscard]] int finest_qty_decimals() const noexcept;

 private:
  struct State;  // simdjson's parser and the level buffers; keeps simdjson out of this header.
  std::unique_ptr<State> state_;
};

// The symbols of an exchangeInfo answer, spot or futures; fields that are not needed are skipped, a
// symbol without PRICE_FILTER has tick 0. A symbol that cannot be read is left out, and why is
// added to `left_out`; an answer of which nothing can be read is an error. Cold: allocates.
[[nodiscard]] absl::StatusOr<std::vector<Instrument>> DecodeExchangeInfo(
    std::string_view body, std::vector<std::string>* left_out = nullptr);
// An error answer about a symbol that is not listed (code -1121). Cold.
[[nodiscard]] bool SaysUnknownSymbol(std::string_view body);

}  // namespace thalweg
