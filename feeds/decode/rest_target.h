// What a REST request asked for, read from its target: "/api/v3/depth?symbol=BTCUSDT&limit=1000".
//
// Threads: pure functions; views into the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace thalweg {

// What the exchange cuts a larger limit of a depth request to.
inline constexpr std::size_t kSpotDepthMax = 5'000;
inline constexpr std::size_t kFuturesDepthMax = 1'000;

enum class RestKind : std::uint8_t { kDepth, kExchangeInfo, kOther };

struct RestTarget {
  RestKind kind = RestKind::kOther;
  std::string_view symbol;  // As in the query; empty when absent.
  // kDepth: the limit asked for, or the endpoint's default (spot 100, futures 500).
  std::size_t limit = 0;
};

[[nodiscard]] RestTarget ParseRestTarget(std::string_view target) noexcept;

// The value of `name` in the target's query; nothing when absent.
[[nodiscard]] std::optional<std::string_view> QueryParameter(std::string_view target,
                                                             std::string_view name) noexcept;

}  // namespace thalweg
