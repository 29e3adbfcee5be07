// Times the stages of a live frame (core/stage.h) from the queue on: one frame of some, by count,
// so that reading a clock costs a frame next to nothing. Stage::kSocket is the network's to time.
//
// The engine has no clock of its own. Whoever drives it live may give it this one, which is told
// where stages end and answers nothing: no record depends on it. A stage that a frame goes through
// several times, as when it makes several records, has their sum; one that it does not go through
// has no time.
//
// Threads: one, the engine's. Nothing allocates, waits or calls the kernel (the clock is read in
// user space).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/stage.h"

namespace thalweg {

// A prime, so that no rhythm of the streams keeps some kind of frame from ever being timed.
inline constexpr std::uint32_t kTimedFrames = 17;
using FrameTimes = std::array<std::int64_t, kStages.size()>;  // In ns, or kNoTime; by Stage.

class StageClock {
 public:
  // Answers CLOCK_MONOTONIC in ns; a test has its own.
  using Now = std::int64_t (*)() noexcept;

  explicit StageClock(Now now, std::uint32_t period = kTimedFrames) noexcept
      : now_(now), period_(period) {}

  // The engine begins with a frame that has been in memory since `monotonic` (0: nobody knows).
  void BeginFrame(std::int64_t monotonic) noexcept {
    timing_ = --until_timed_ == 0;
    if (timing_) Begin(monotonic);
  }
  // What was done since the last stage ended belongs to this one.
  void End(Stage stage) noexcept {
    if (timing_) Add(stage);
  }
  // It belongs to none.
  void Skip() noexcept {
    if (timing_) last_ = now_();
  }
  // The engine is done with the frame. Its times, until the next one begins; null when it was none
  // of those that are timed.
  const FrameTimes* EndFrame() noexcept {
    if (!timing_) return nullptr;
    timing_ = false;
    return &times_;
  }

 private:
  void Begin(std::int64_t monotonic) noexcept {
    until_timed_ = period_;
    times_.fill(kNoTime);
    last_ = monotonic;
    if (monotonic != 0) {
      Add(Stage::kQueue);
    } else {
      last_ = now_();
    }
  }
  void Add(Stage stage) noexcept {
    const std::int64_t now = now_();
    std::int64_t& time = times_[Index(stage)];
    if (time == kNoTime) time = 0;
    time += now - last_;
    last_ = now;
  }

  Now now_;
  std::uint32_t period_;
  bool timing_ = false;
  std::uint32_t until_timed_ = 1;  // The first frame is timed.
  std::int64_t last_ = 0;          // When the last stage ended.
  FrameTimes times_{};
};

}  // namespace thalweg
