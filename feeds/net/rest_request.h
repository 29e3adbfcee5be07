// What is asked of an exchange's REST: targets of GET requests and what each weighs.
//
// Spot, USD-M and COIN-M, as documented in 2026. Symbols are percent-encoded (they may be UTF-8);
// feeds/decode/rest_target.h reads targets. Threads: pure functions. Cold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine_options.h"

namespace thalweg {

// Of one target; a longer list of symbols is split.
inline constexpr std::size_t kTargetBytesMax = 4'096;

struct RestRequest {
  std::string target;  // "/api/v3/depth?symbol=BTCUSDT&limit=1000"
  std::int64_t weight = 1;

  friend bool operator==(const RestRequest&, const RestRequest&) = default;
};

// The text with every byte that is not unreserved in a URL as %XX.
[[nodiscard]] std::string PercentEncoded(std::string_view text);

// `limit`: at most 5000 (spot) or 1000; futures have only 5, 10, 20, 50, 100, 500 and 1000, of
// which the next one is taken. REQUIRES: limit > 0.
[[nodiscard]] RestRequest DepthRequest(Market market, std::string_view symbol, std::size_t limit);
// Spot: of these symbols, several requests when their names do not fit one target. Futures have no
// such choice: one request for everything.
[[nodiscard]] std::vector<RestRequest> ExchangeInfoRequests(Market market,
                                                            std::span<const std::string> symbols);
[[nodiscard]] RestRequest TimeRequest(Market market);

// Pages of history: by id, or by time in ms, or the newest. `limit` at most 1000 (klines of futures
// 1500), REQUIRES: > 0.
struct Page {
  std::optional<std::int64_t> from_id;  // aggTrades only.
  std::optional<std::int64_t> start_ms;
  std::optional<std::int64_t> end_ms;
  std::size_t limit = 1'000;
};
[[nodiscard]] RestRequest AggTradesRequest(Market market, std::string_view symbol,
                                           const Page& page);
[[nodiscard]] RestRequest TradesRequest(Market market, std::string_view symbol, std::size_t limit);
// `interval`: "1m", "1h", ...
[[nodiscard]] RestRequest KlinesRequest(Market market, std::string_view symbol,
                                        std::string_view interval, const Page& page);
[[nodiscard]] RestRequest BookTickerRequest(Market market, std::string_view symbol);

}  // namespace thalweg
