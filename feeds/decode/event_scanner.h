// The fast readers of whole frames, for texts as the exchange writes them: no blanks, no escapes.
//
// Fields may come in any order, each at most once, and only those known today; a field of tomorrow
// makes every frame go the general way (feeds/decode/general_decoder.h), which is slower, not
// wrong.
//
// Invariant: true only with the event that GeneralDecoder would give as well; false says "not
// regular, or not good", never what is wrong. `*event` is written only with true.
// REQUIRES: kPayloadPadding readable bytes around the text that `head` points into.
// Threads: pure functions, except ScanDepth, which fills the scanner it is given.
#pragma once

#include "core/events.h"
#include "feeds/decode/frame.h"
#include "feeds/decode/level_scanner.h"

namespace thalweg {

[[nodiscard]] bool ScanDepth(const FrameHead& head, int qty_decimals, LevelScanner* scanner,
                             DepthDiff* diff) noexcept;
[[nodiscard]] bool ScanBookTicker(const FrameHead& head, int qty_decimals,
                                  BookTicker* ticker) noexcept;
// `trade` and `aggTrade`, by head.kind.
[[nodiscard]] bool ScanTrade(const FrameHead& head, int qty_decimals, Trade* trade) noexcept;

}  // namespace thalweg
