// How long the engine takes for each frame of a recording, by kind of frame and by stage.
//
// Each stage of each frame cannot be timed inside the engine without slowing it down (a live run
// times one frame of some, pipeline/stage_clock.h), so every round plays the recording three times:
// decoding alone; an engine that makes no records; an engine that makes one for every frame.
// Decoding and the whole frame are what was timed; the stages between are, frame by frame, the
// differences of two plays. Every play begins with an empty engine.
//
// Warm is a recording played without a pause. Cold: before a sampled frame kSweepBytes are written,
// so that book, windows and the frame itself have left the nearer caches, as on a quiet feed.
//
// Frames that make no record (before the first synchronisation, duplicates, other streams), or more
// than one, are played and not counted. Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "core/stage.h"
#include "tools/latency_histogram.h"
#include "tools/loaded_recording.h"
#include "tools/stopwatch.h"

namespace thalweg {

inline constexpr std::size_t kSweepBytes = std::size_t{8} << 20;
// Frames of a kind that are timed cold in each play, evenly spread.
inline constexpr std::int64_t kColdSamples = 1'000;

// Those of core/stage.h that an engine alone has, and all of it.
enum class BenchStage : std::uint8_t { kDecode, kBook, kFeatures, kWhole };
inline constexpr std::size_t kBenchStages = 4;
[[nodiscard]] std::string_view StageName(BenchStage stage) noexcept;

enum class BenchKind : std::uint8_t { kDepth, kTicker, kTrade };
inline constexpr std::size_t kBenchKinds = 3;
[[nodiscard]] std::string_view KindName(BenchKind kind) noexcept;

// The times of one kind of frame with warm or with cold caches.
struct StageTimes {
  std::array<LatencyHistogram, kBenchStages> stages;  // By BenchStage.
  std::int64_t levels = 0;                            // In the frames timed.

  [[nodiscard]] const LatencyHistogram& of(BenchStage stage) const noexcept {
    return stages[static_cast<std::size_t>(stage)];
  }
};

struct KindTimes {
  std::int64_t frames = 0;  // In the recording.
  std::int64_t levels = 0;
  StageTimes warm;
  StageTimes cold;
};

struct BenchResult {
  std::array<KindTimes, kBenchKinds> kinds;  // By BenchKind.
  std::int64_t records = 0;                  // 0: no book ever synchronised, nothing was timed.
  std::int64_t uncounted_frames = 0;
  // Whole plays without a clock inside: frames a second of all kinds.
  double frames_per_second_all_records = 0;
  double frames_per_second_depth_records = 0;
};

// REQUIRES: rounds >= 1. `progress` is told of each round before it begins, from 1; the cold one is
// rounds + 1.
[[nodiscard]] BenchResult RunBench(const LoadedRecording& recording, const Stopwatch& stopwatch,
                                   int rounds, const std::function<void(int)>& progress);

}  // namespace thalweg
