// Lines about what happens while a feed is live, from any thread to standard error.
//
// Nobody waits for a terminal or a pipe: whoever tells a line queues it, and Drain(), called by one
// thread, prints what is there and has room; the rest waits. Of a kind at most kLogLinesOfKind
// lines are printed in kLogSpan, and at most kLogLinesMax wait; the others are counted and the
// count is told.
// A notice of an engine is kept as it is, in memory that is there from the start, and made a line
// by Drain(): its thread neither formats nor allocates. Threads: Tell() any, with a lock that is
// held for a copy; Drain() one. Nothing here belongs on the way from a frame to its record.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "pipeline/notice.h"

namespace thalweg {

inline constexpr std::int64_t kLogLinesOfKind = 20;
inline constexpr Nanos kLogSpan = 60 * kSecond;
inline constexpr std::size_t kLogLinesMax = 1'024;
inline constexpr std::size_t kLogNoticesMax = 1'024;  // Between two Drain()s.
// Of a notice's words, and of its symbol's name.
inline constexpr std::size_t kLogNoticeTextMax = 120;
// Of a longer line the rest is left out: so much can be written to a pipe that has room at all.
inline constexpr std::size_t kLogLineBytesMax = 4'096;

class LiveLog {
 public:
  // Prints a line with its newline; false: there is no room for it now. Else to standard error.
  explicit LiveLog(std::function<bool(std::string_view)> print = {});

  // `kind` groups lines that say the same of many things ("gap"); `line` has no newline.
  void Tell(std::string_view kind, std::string_view line, ReceiveTime now);
  void Tell(const Notice& notice, ReceiveTime now);
  // Prints what waits; what was left out is told at the end of its span, or at once with `last`.
  void Drain(ReceiveTime now, bool last = false);

 private:
  struct Kind {
    ReceiveTime begun;        // Of the span; the first one begins with the first line.
    std::int64_t told = 0;    // In it.
    std::int64_t untold = 0;  // Since it was told how many.
    std::string newest;       // Of them.
  };
  // A notice with its texts.
  struct KeptNotice {
    KeptNotice(const Notice& notice, ReceiveTime now) noexcept;

    Notice numbers;  // Its views are those of the moment when it was told.
    ReceiveTime told;
    std::array<char, kLogNoticeTextMax> symbol;
    std::size_t symbol_bytes;
    std::array<char, kLogNoticeTextMax> text;
    std::size_t text_bytes;
  };

  void TellNotices();

  const std::function<bool(std::string_view)> print_;
  std::mutex mutex_;
  std::deque<std::string> waiting_;                   // Guarded by mutex_, like all below.
  std::map<std::string, Kind, std::less<>> by_kind_;  // As many as the program has kinds.
  std::int64_t overflow_ = 0;

  std::mutex notices_mutex_;
  std::vector<KeptNotice> notices_;  // Guarded by it; as many as were reserved.
  std::int64_t notices_over_ = 0;    // Guarded by it.
  std::vector<KeptNotice> taken_;    // Drain()'s: the other half of a pair that is swapped.
};

}  // namespace thalweg
