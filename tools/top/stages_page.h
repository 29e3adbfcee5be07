// Where frames spend their time on their way into the ring: a line for each stage (core/stage.h),
// and one for the whole.
//
// Threads: pure functions.
#pragma once

#include "tools/top/picture.h"
#include "tools/top/ring_scene.h"

namespace thalweg {

// The lines that the page takes when it may have all it wants.
[[nodiscard]] int StagesPageHeight() noexcept;

// Draws on lines y to end - 1, leaving out what has no room.
void DrawStagesPage(const RingScene& scene, int y, int end, Picture* picture);

}  // namespace thalweg
