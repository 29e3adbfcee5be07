// How far a book is known. A snapshot shows a limited number of levels; beyond its worst price a
// level is known only if an event named it since, so the book there is unknown, not empty.
#pragma once

#include <cstdint>
#include <optional>

#include "core/units.h"

namespace thalweg {

// The last known price of each side; without one the side is known to infinity.
struct KnownEdges {
  std::optional<Ticks> bid;
  std::optional<Ticks> ask;
  friend bool operator==(const KnownEdges&, const KnownEdges&) = default;
};

// How much of a bucket's price range is known.
enum class Coverage : std::uint8_t { kComplete, kPartial, kUnknown };

// Whether `price` is at or better than `edge`.
[[nodiscard]] constexpr bool IsInside(Side side, Ticks price, std::optional<Ticks> edge) noexcept {
  if (!edge) return true;
  return side == Side::kBid ? price >= *edge : price <= *edge;
}

// The edge nearer to the touch: what is known to both.
[[nodiscard]] constexpr std::optional<Ticks> InnerEdge(Side side, std::optional<Ticks> a,
                                                       std::optional<Ticks> b) noexcept {
  if (!a) return b;
  if (!b) return a;
  return IsInside(side, *a, b) ? a : b;
}

}  // namespace thalweg
