// What a REST request asked for, read from its target: "/api/v3/depth?symbol=BTCUSDT&limit=1000".
//
// Percent-encoding is undone in values: the exchange takes URLs with and without it, and a symbol
// beyond ASCII has no other way into one. Cold: allocates. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

// What the exchange cuts a larger limit of a depth request to.
inline constexpr std::size_t kSpotDepthMax = 5'000;
inline constexpr std::size_t kFuturesDepthMax = 1'000;

enum class RestKind : std::uint8_t { kDepth, kExchangeInfo, kOther };

struct RestTarget {
  RestKind kind = RestKind::kOther;
  std::string symbol;  // Empty when absent.
  // kDepth: the limit asked for, or the endpoint's default (spot 100, futures 500).
  std::size_t limit = 0;
};

[[nodiscard]] RestTarget ParseRestTarget(std::string_view target);

// The symbols that a target names, by `symbol` or by `symbols`, a JSON array; none: it asks for
// all.
[[nodiscard]] std::vector<std::string> AskedSymbols(std::string_view target);
// "/fapi/v1/exchangeInfo", "/dapi/..."
[[nodiscard]] bool IsFuturesTarget(std::string_view target) noexcept;

// The value of `name` in the target's query as it stands there; nothing when absent.
[[nodiscard]] std::optional<std::string_view> QueryText(std::string_view target,
                                                        std::string_view name) noexcept;
// The same, decoded.
[[nodiscard]] std::optional<std::string> QueryParameter(std::string_view target,
                                                        std::string_view name);

// The text with every %XX as the byte it stands for. A '%' without two hexadecimal digits stays.
[[nodiscard]] std::string PercentDecoded(std::string_view text);
// The same behind `plain`, which allocates only to grow.
void AppendPercentDecoded(std::string_view text, std::string* plain);

}  // namespace thalweg
