// The general reader of frames: simdjson's on-demand parser and ParseDecimal(), for any order of
// fields, any blanks and any unknown field, and the one that says what is wrong with a frame.
//
// The functions are those of Decoder (feeds/decode/decoder.h), which asks here whenever its fast
// readers decline; tests compare the two.
// The whole text must be JSON, the values of unknown fields too, and no name may come twice in an
// object: which of two values was meant is nobody's guess. For the same reason a name must not be
// written with escapes, as the exchange never does.
// Threads: one a thread. Lifetime: spans in events live until the next call.
#pragma once

#include <memory>
#include <string_view>

#include "core/events.h"
#include "core/verdict.h"
#include "feeds/decode/frame.h"

namespace thalweg {

class GeneralDecoder {
 public:
  GeneralDecoder();
  ~GeneralDecoder();
  GeneralDecoder(const GeneralDecoder&) = delete;
  GeneralDecoder& operator=(const GeneralDecoder&) = delete;

  [[nodiscard]] DecodeVerdict DecodeDepth(const FrameHead& head, int qty_decimals,
                                          DepthDiff* diff) noexcept;
  [[nodiscard]] DecodeVerdict DecodeBookTicker(const FrameHead& head, int qty_decimals,
                                               BookTicker* ticker) noexcept;
  [[nodiscard]] DecodeVerdict DecodeTrade(const FrameHead& head, int qty_decimals,
                                          Trade* trade) noexcept;
  [[nodiscard]] DecodeVerdict DecodeKline(const FrameHead& head, int qty_decimals,
                                          Kline* kline) noexcept;
  [[nodiscard]] DecodeVerdict DecodePartialDepth(const FrameHead& head, int qty_decimals,
                                                 DepthSnapshot* snapshot) noexcept;
  [[nodiscard]] DecodeVerdict DecodeSnapshot(std::string_view body, int qty_decimals,
                                             DepthSnapshot* snapshot) noexcept;
  [[nodiscard]] int finest_qty_decimals() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
