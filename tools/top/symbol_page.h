// One symbol on a page of its own: what is known of it, and its book as a ladder, by levels or by
// buckets of one size.
//
// Threads: pure functions.
#pragma once

#include "tools/top/picture.h"
#include "tools/top/ring_scene.h"
#include "tools/top/top_view.h"

namespace thalweg {

// The lines that the page takes when it may have all it wants.
[[nodiscard]] int SymbolPageHeight(const BookScene& book, const TopView& view) noexcept;

// Draws on lines y to end - 1, leaving out what has no room. REQUIRES: the view selects a symbol of
// the scene. `book` may be of another symbol, or none: then the page says why it has no ladder.
void DrawSymbolPage(const RingScene& scene, const BookScene* book, const TopView& view, int y,
                    int end, Picture* picture);

}  // namespace thalweg
