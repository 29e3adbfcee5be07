// A book as a ladder: bids to the left of a line in the middle, asks to the right, the touch on
// top.
//
// Threads: pure functions.
#pragma once

#include <array>
#include <vector>

#include "core/record.h"
#include "tools/top/picture.h"
#include "tools/top/ring_scene.h"

namespace thalweg {

// One row of one side.
struct Rung {
  double price = kNaN;  // NaN: there is no such row.
  double qty = kNaN;
  double notional = kNaN;  // Shown where it is known, if there is room.
  bool whole = true;       // Else there may be more: "0.25+".
};
using LadderSides = std::array<std::vector<Rung>, 2>;  // By Side, from the touch outwards.

[[nodiscard]] LadderSides LevelRungs(const BookScene& book);
[[nodiscard]] LadderSides BucketRungs(const BucketsScene& buckets);

// Draws a line of headings and rows below it, on lines y to end - 1. Bars are parts of the greatest
// quantity that is shown.
void DrawLadder(const LadderSides& sides, int decimals, int y, int end, Picture* picture);

}  // namespace thalweg
