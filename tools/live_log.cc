#include "tools/live_log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

std::string Stamped(ReceiveTime now, std::string_view line) {
  std::string text = absl::StrCat(
      absl::FormatTime("%H:%M:%E3SZ ", absl::FromUnixNanos(now.raw()), absl::UTCTimeZone()),
      Abseil(line));
  // The exchange's words among them: a line stays a line.
  for (char& c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  if (text.size() >= kLogLineBytesMax) text.resize(kLogLineBytesMax - 1);
  text.push_back('\n');
  return text;
}

bool PrintToStandardError(std::string_view line) {
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (poll(&room, 1, 0) == 0) return false;
  // An error other than these says that nobody will ever read it.
  return write(STDERR_FILENO, line.data(), line.size()) >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace

LiveLog::LiveLog(std::function<bool(std::string_view)> print)
    : print_(print ? std::move(print) : PrintToStandardError) {
  notices_.reserve(kLogNoticesMax);
  taken_.reserve(kLogNoticesMax);
}

LiveLog::KeptNotice::KeptNotice(const Notice& notice, ReceiveTime now) noexcept
    : numbers(notice),
      told(now),
      symbol_bytes(notice.symbol.copy(symbol.data(), symbol.size())),
      text_bytes(notice.text.copy(text.data(), text.size())) {}

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
  const std::lock_guard lock(notices_mutex_);
  if (notices_.size() < kLogNoticesMax) {
    notices_.emplace_back(notice, now);
  } else {
    ++notices_over_;
  }
}

void LiveLog::TellNotices() {
  std::int64_t over = 0;
  {
    const std::lock_guard lock(notices_mutex_);
    notices_.swap(taken_);
    over = std::exchange(notices_over_, 0);
  }
  for (const KeptNotice& kept : taken_) {
    Notice notice = kept.numbers;
    notice.symbol = {kept.symbol.data(), kept.symbol_bytes};
    notice.text = {kept.text.data(), kept.text_bytes};
    Tell(absl::StrCat("notice ", static_cast<int>(notice.kind)), Describe(notice), kept.told);
  }
  taken_.clear();
  const std::lock_guard lock(mutex_);
  overflow_ += over;
}

void LiveLog::Drain(ReceiveTime now, bool last) {
  TellNotices();
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
  const auto unprinted = std::find_if_not(lines.begin(), lines.end(), print_);
  if (unprinted == lines.end()) return;
  const std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(unprinted),
                  std::make_move_iterator(lines.end()));
  if (waiting_.size() <= kLogLinesMax) return;
  overflow_ += static_cast<std::int64_t>(waiting_.size() - kLogLinesMax);
  waiting_.resize(kLogLinesMax);
}

}  // namespace thalweg
