#include "tools/notice_log.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {

void NoticeLog::Tell(const Notice& notice) {
  defect_count_ += IsDefect(notice.kind) ? 1 : 0;
  if (told_[static_cast<std::size_t>(notice.kind)]++ < kNoticesTold) {
    Print(Describe(notice));
  } else {
    ++untold_;
  }
}

void NoticeLog::TellFile(const FileMessage& message) {
  if (!message.is_of_a_line || line_messages_++ < kNoticesTold) {
    Print(message.text);
  } else {
    ++untold_;
  }
}

void NoticeLog::Finish() {
  if (untold_ > 0) {
    std::fprintf(stderr, "thalweg: %lld more messages like these\n",
                 static_cast<long long>(untold_));
  }
  untold_ = 0;
}

void NoticeLog::Print(std::string_view message) {
  const PlayerPosition at = position_();
  const std::string text =
      at.path.empty() ? absl::StrCat("thalweg: ", Abseil(message), "\n")
                      : absl::StrCat(Abseil(at.path), ":", at.line, ": ", Abseil(message), "\n");
  progress_.Clear();
  std::fputs(text.c_str(), stderr);
}

}  // namespace thalweg
