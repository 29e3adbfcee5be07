// A frame, named: which stream it belongs to and of which symbol, before its body is read.
//
// A frame is one WebSocket text message: a combined one ({"stream":...,"data":{...}}) or a raw one
// (the payload alone). Everything is a view into the payload. Source of the shapes: Binance's
// "WebSocket Streams" and "WebSocket Market Streams" pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg {

// Readable bytes that must lie before and after every payload handed to a decoder: vector code
// reads past the ends (it never uses what it finds there).
inline constexpr std::size_t kPayloadPadding = 64;

enum class FrameKind : std::uint8_t {
  kDepth,  // depthUpdate
  kBookTicker,
  kTrade,
  kAggTrade,
  kKline,
  kPartialDepth,  // <symbol>@depth5, 10, 20: a whole small picture, never a diff
  kSnapshot,      // {"lastUpdateId":...} without a stream: a collector's copy of a REST answer
  kControlReply,  // {"result":...,"id":...} or an error with an id
  kServerShutdown,
  kOther,    // Well named, but of no use here: markPrice, tickers, block trades...
  kUnnamed,  // Too broken to say what it is.
};

struct FrameHead {
  FrameKind kind = FrameKind::kUnnamed;
  // The payload's own `s`, upper case as sent; of a raw frame with the escapes it may have. Empty
  // where the payload has none (partial depth, bare snapshot) or is too broken to show it; then
  // `stream_symbol` names it: of a kind that has a symbol, one of the two is there.
  std::string_view symbol;
  // Of a combined frame: the stream's name before and after its first '@': "btcusdt",
  // "depth@100ms", with the escapes they may have (feeds/decode/json_escapes.h). Empty in a raw
  // frame.
  std::string_view stream_symbol;
  std::string_view stream_type;
  // The text of the payload object: "data" of a combined frame (from '{' to the end of the frame,
  // closing brace of the envelope included), the whole text of a raw one.
  std::string_view body;
};

// Names a frame. Never fails: what cannot be named is kUnnamed.
// A frame that names itself on its first bytes is named even when the rest is broken; its decoder
// then says so.
// REQUIRES: kPayloadPadding readable bytes around `payload`.
// Threads: any; allocates nothing.
[[nodiscard]] FrameHead NameFrame(std::string_view payload) noexcept;

}  // namespace thalweg
