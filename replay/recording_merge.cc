#include "replay/recording_merge.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "replay/recording_line.h"

namespace thalweg {

RecordingMerge::RecordingMerge(std::vector<std::unique_ptr<RecordingReader>> readers)
    : readers_(std::move(readers)) {
  heads_.reserve(readers_.size());
}

const RecordingReader& RecordingMerge::reader(std::size_t index) const noexcept {
  assert(index < readers_.size());
  return *readers_[index];
}

ReadVerdict RecordingMerge::Next(std::string_view* line, std::size_t* reader) {
  if (!std::exchange(started_, true)) {
    ReadAheadOfAll();
  } else if (!heads_.empty()) {
    std::pop_heap(heads_.begin(), heads_.end(), IsLater);
    if (ReadAhead(&heads_.back())) {
      std::push_heap(heads_.begin(), heads_.end(), IsLater);
    } else {
      heads_.pop_back();
    }
  }
  if (heads_.empty()) return ReadVerdict::kEnd;
  const Head& head = heads_.front();
  if (head.verdict == ReadVerdict::kLine) *line = head.line;
  *reader = head.reader;
  return head.verdict;
}

bool RecordingMerge::IsLater(const Head& a, const Head& b) noexcept {
  return std::pair(a.time, a.reader) > std::pair(b.time, b.reader);
}

bool RecordingMerge::ReadAhead(Head* head) {
  head->verdict = readers_[head->reader]->Next(&head->line);
  if (head->verdict == ReadVerdict::kLine) {
    const RecordingLine parsed = ParseRecordingLine(head->line);
    if (parsed.kind != LineKind::kMalformed) head->time = std::max(head->time, parsed.receive_time);
  }
  return head->verdict != ReadVerdict::kEnd;
}

void RecordingMerge::ReadAheadOfAll() {
  for (std::size_t index = 0; index < readers_.size(); ++index) {
    Head head{index, ReadVerdict::kEnd, {}, {}};
    if (ReadAhead(&head)) heads_.push_back(head);
  }
  std::make_heap(heads_.begin(), heads_.end(), IsLater);
}

}  // namespace thalweg
