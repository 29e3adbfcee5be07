// The general reader of frames: simdjson's on-demand parser and ParseDecimal(), for any order of
// fields, any blanks and any unknown field, and the one that says what is wrong with a frame.
//
// The functions are those of Decoder (feeds/decode/decoder.h), which asks here whenever its fast
// readers decline; tests compare the two.
// Of a name that comes twice, the last value counts. Values of unknown fields are skipped by their
// brackets, not validated.
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
