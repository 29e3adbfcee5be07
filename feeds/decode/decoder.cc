#include "feeds/decode/decoder.h"

#include "feeds/decode/event_scanner.h"
#include "feeds/decode/general_decoder.h"
#include "feeds/decode/level_scanner.h"

namespace thalweg {

// Fast readers first; they only ever say "good". Everything else is the general reader's to judge.
struct Decoder::State {
  LevelScanner scanner;
  GeneralDecoder general;
};

Decoder::Decoder() : state_(std::make_unique<State>()) {}
Decoder::~Decoder() = default;

DecodeVerdict Decoder::DecodeDepth(const FrameHead& head, int qty_decimals,
                                   DepthDiff* diff) noexcept {
  if (ScanDepth(head, qty_decimals, &state_->scanner, diff)) return DecodeVerdict::kOk;
  return state_->general.DecodeDepth(head, qty_decimals, diff);
}

DecodeVerdict Decoder::DecodeBookTicker(const FrameHead& head, int qty_decimals,
                                        BookTicker* ticker) noexcept {
  if (ScanBookTicker(head, qty_decimals, ticker)) return DecodeVerdict::kOk;
  return state_->general.DecodeBookTicker(head, qty_decimals, ticker);
}

DecodeVerdict Decoder::DecodeTrade(const FrameHead& head, int qty_decimals, Trade* trade) noexcept {
  if (ScanTrade(head, qty_decimals, trade)) return DecodeVerdict::kOk;
  return state_->general.DecodeTrade(head, qty_decimals, trade);
}

DecodeVerdict Decoder::DecodeKline(const FrameHead& head, int qty_decimals, Kline* kline) noexcept {
  return state_->general.DecodeKline(head, qty_decimals, kline);
}

DecodeVerdict Decoder::DecodePartialDepth(const FrameHead& head, int qty_decimals,
                                          DepthSnapshot* snapshot) noexcept {
  return state_->general.DecodePartialDepth(head, qty_decimals, snapshot);
}

DecodeVerdict Decoder::DecodeSnapshot(std::string_view body, int qty_decimals,
                                      DepthSnapshot* snapshot) noexcept {
  return state_->general.DecodeSnapshot(body, qty_decimals, snapshot);
}

int Decoder::finest_qty_decimals() const noexcept { return state_->general.finest_qty_decimals(); }

}  // namespace thalweg
