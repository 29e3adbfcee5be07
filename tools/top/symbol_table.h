// The list of symbols, a line each: as many columns as the width has room for, the most telling
// ones first.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/top/picture.h"
#include "tools/top/ring_scene.h"

namespace thalweg {

// Whether the prices of the newest record may be shown: there is one, and its symbol has a book
// now.
[[nodiscard]] bool HasBook(const SymbolScene& symbol) noexcept;
// Decimals that show this symbol's prices.
[[nodiscard]] int PriceDecimals(const SymbolScene& symbol);
// Receive time minus the event clock of the newest record.
[[nodiscard]] Nanos LagOf(const SymbolScene& symbol) noexcept;

// Draws the headings on line y and symbols below, up to line `end`. `order`: the ids to show.
void DrawSymbolTable(const RingScene& scene, const std::vector<std::uint32_t>& order,
                     std::optional<std::uint32_t> selected, int y, int end, Picture* picture);

}  // namespace thalweg
