// Notices on standard error, each with the place in the recording; a few of each kind, then a
// count. What concerns a whole file is always told.
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "pipeline/notice.h"
#include "replay/recording_player.h"
#include "tools/progress.h"

namespace thalweg {

// Lines told of each kind; the rest is counted.
inline constexpr std::int64_t kNoticesTold = 8;

class NoticeLog {
 public:
  // `position` says where the replay stands. `progress` outlives the log.
  NoticeLog(std::function<PlayerPosition()> position, Progress& progress)
      : position_(std::move(position)), progress_(progress) {}

  void Tell(const Notice& notice);
  void TellFile(const FileMessage& message);
  // What was only counted.
  void Finish();

  // Notices that `--strict` counts as bad data.
  [[nodiscard]] std::int64_t defect_count() const noexcept { return defect_count_; }

 private:
  void Print(std::string_view message);

  std::function<PlayerPosition()> position_;
  Progress& progress_;
  std::array<std::int64_t, 64> told_{};  // By NoticeKind.
  std::int64_t line_messages_ = 0;
  std::int64_t untold_ = 0;
  std::int64_t defect_count_ = 0;
};

}  // namespace thalweg
