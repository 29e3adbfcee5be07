#include "tools/live_log.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

std::string Stamped(ReceiveTime now, std::string_view line) {
  return absl::StrCat(
      absl::FormatTime("%H:%M:%E3SZ ", absl::FromUnixNanos(now.raw()), absl::UTCTimeZone()),
      Abseil(line), "\n");
}

void PrintToStandardError(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

LiveLog::LiveLog(std::function<void(std::string_view)> print)
    : print_(print ? std::move(print) : PrintToStandardError) {}

void LiveLog::Tell(std::string_view kind, std::string_view line, ReceiveTime now) {
  const std::lock_guard lock(mutex_);
  auto found = by_kind_.find(kind);
  if (found == by_kind_.end()) found = by_kind_.emplace(std::string(kind), Kind()).first;
  Kind& counts = found->second;
  if (now - counts.begun >= kLogSpan || now < counts.begun) {
    counts.begun = now;
    counts.told = 0;
  }
  if (counts.told >= kLogLinesOfKind) {
    ++counts.untold;
    counts.newest = line;
  } else if (waiting_.size() >= kLogLinesMax) {
    ++overflow_;
  } else {
    ++counts.told;
    waiting_.push_back(Stamped(now, line));
  }
}

void LiveLog::Tell(const Notice& notice, ReceiveTime now) {
  Tell(absl::StrCat("notice ", static_cast<int>(notice.kind)), Describe(notice), now);
}

void LiveLog::Drain(ReceiveTime now, bool last) {
  std::deque<std::string> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(waiting_);
    for (auto& [kind, counts] : by_kind_) {
      if (counts.untold == 0 || (!last && now - counts.begun < kLogSpan)) continue;
      lines.push_back(Stamped(now, absl::StrCat(counts.untold, " more like: ", counts.newest)));
      counts.untold = 0;
    }
    if (overflow_ != 0) {
      lines.push_back(Stamped(now, absl::StrCat(overflow_, " lines had no room")));
      overflow_ = 0;
    }
  }
  for (const std::string& line : lines) print_(line);
}

}  // namespace thalweg
