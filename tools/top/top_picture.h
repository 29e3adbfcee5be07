// The whole picture of `thalweg top`: a ring's header, what happened to it, and either the list of
// its symbols or the page of one.
//
// Threads: pure functions: the same scene and view are the same picture.
#pragma once

#include "tools/top/picture.h"
#include "tools/top/ring_scene.h"
#include "tools/top/top_view.h"

namespace thalweg {

// Smaller ones say only that they are.
inline constexpr int kTopWidthMin = 40;
inline constexpr int kTopHeightMin = 8;

struct TopPaper {
  int width = 0;
  int height = 0;
  Glyphs glyphs = Glyphs::kUnicode;
  bool interactive =
      false;  // With the selected symbol marked, and a last line that names the keys.
};

// `book`: of the selected symbol, for its page; may be null.
[[nodiscard]] Picture DrawTop(const RingScene& scene, const BookScene* book, const TopView& view,
                              const TopPaper& paper);

// The height at which nothing is left out.
[[nodiscard]] int WholeHeight(const RingScene& scene, const BookScene* book, const TopView& view,
                              bool interactive);

// Symbols on one page of the list.
[[nodiscard]] int ListRows(const RingScene& scene, const TopPaper& paper);

}  // namespace thalweg
