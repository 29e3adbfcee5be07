// Several recordings as one: their lines interleaved by receive time.
//
// Lines of equal time come in the order in which the readers were given. Within a file nothing is
// ever reordered: a line that is older than the one before it in its file, that is malformed, or a
// hole, counts as being of that line's time.
// Threads: one thread, which is also the only one that calls the readers.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "replay/recording_reader.h"

namespace thalweg {

class RecordingMerge {
 public:
  explicit RecordingMerge(std::vector<std::unique_ptr<RecordingReader>> readers);

  // The next line of all, or hole, and the position of its reader among those given. A line has
  // kPayloadPadding readable bytes on both sides and lives until the next call. kEnd, which leaves
  // both untouched, comes when every reader is at its end; each says how it ended.
  [[nodiscard]] ReadVerdict Next(std::string_view* line, std::size_t* reader);

  [[nodiscard]] std::size_t reader_count() const noexcept { return readers_.size(); }
  // REQUIRES: index < reader_count().
  [[nodiscard]] const RecordingReader& reader(std::size_t index) const noexcept;

 private:
  // The next line of a reader, read ahead. It lives as long as its reader is left alone, so only
  // the reader whose line was handed out goes on.
  struct Head {
    std::size_t reader;
    ReadVerdict verdict;
    std::string_view line;
    ReceiveTime time;
  };

  // True when the first is handed out after the second.
  [[nodiscard]] static bool IsLater(const Head& a, const Head& b) noexcept;
  [[nodiscard]] bool ReadAhead(Head* head);
  void ReadAheadOfAll();

  const std::vector<std::unique_ptr<RecordingReader>> readers_;
  std::vector<Head> heads_;  // A heap, the next one in front, of the readers not at their end.
  bool started_ = false;
};

}  // namespace thalweg
