// Which streams go over which WebSocket connection, and what each of them asks for.
//
// Everything is asked for in combined form, `/stream?streams=a/b/c`: bookTicker and partial depth
// are named by nothing but their stream. A symbol's streams share a connection, as far as the
// exchange serves them on one path (USD-M: depth, bookTicker and trade on /public, aggTrade on
// /market). What does not fit into the URL of the handshake is asked for by SUBSCRIBE.
//
// Symbols are opaque UTF-8: lower-cased only below 0x80, percent-encoded in URLs.
// Source: Binance's "WebSocket Streams" (limits), "Important WebSocket Change Notice" (USD-M
// paths). Cold: allocates. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/engine_options.h"
#include "pipeline/stream_state.h"

namespace thalweg {

// The exchange's limit of one connection; futures close those that ask for more than 200.
inline constexpr std::size_t kSpotStreamsMax = 1'024;
inline constexpr std::size_t kFuturesStreamsMax = 200;
// Of the target in the handshake: proxies and servers cut at 8 KiB. The rest is subscribed.
inline constexpr std::size_t kStreamTargetBytesMax = 4'096;
// Streams named in one SUBSCRIBE.
inline constexpr std::size_t kSubscribeStreamsMax = 200;
inline constexpr std::size_t kSymbolBytesMax = 64;

struct PlannedStream {
  std::string name;  // "btcusdt@depth@100ms", as frames name it.
  std::size_t symbol = 0;
  StreamKind kind = StreamKind::kDepth;
};

struct ConnectionPlan {
  // What stands between the endpoint's prefix and the streams: "", "/public", "/market".
  std::string path;
  std::vector<PlannedStream> streams;
  // As many of the first streams are in the handshake's target.
  std::size_t in_target = 0;

  // "/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker": of the handshake.
  [[nodiscard]] std::string Target() const;
  // The same with all streams, also those that are subscribed later: what an engine and a
  // recording are told.
  [[nodiscard]] std::string WholeTarget() const;
};

struct StreamPlanOptions {
  Market market = Market::kSpot;
  std::string trade_stream = "trade";  // or "aggTrade"
  std::string depth_stream = "depth@100ms";
  std::size_t streams_per_connection = 0;  // 0: as many as the exchange allows.
};

// Every connection that `symbols` need; each stream is in exactly one. InvalidArgument for an empty
// list, a symbol that cannot be one or appears twice, or a trade stream that does not exist.
[[nodiscard]] absl::StatusOr<std::vector<ConnectionPlan>> PlanStreams(
    const StreamPlanOptions& options, const std::vector<std::string>& symbols);

// A symbol's spelling in stream names: ASCII letters in lower case, all other bytes as they are.
[[nodiscard]] std::string StreamSymbol(std::string_view symbol);

// Whether `text` is UTF-8 (no overlong forms, surrogates or values above U+10FFFF).
[[nodiscard]] bool IsUtf8(std::string_view text) noexcept;

// A control message: {"method":"SUBSCRIBE","params":["a","b"],"id":7}. `streams` may be empty
// (LIST_SUBSCRIPTIONS).
[[nodiscard]] std::string ControlRequest(std::string_view method,
                                         const std::vector<std::string_view>& streams,
                                         std::int64_t id);

}  // namespace thalweg
