// Real recordings for tests and benchmarks: found in $THALWEG_DATA, else in ../shared/data beside
// the checkout; absent on most machines, then whoever needs them says that it skips.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace thalweg {

[[nodiscard]] std::filesystem::path RecordedDataFolder();

// The collector recordings, each as the files that continue each other, by their folder's name.
struct RecordedSet {
  std::string_view name;
  std::vector<std::string> files;  // Full paths.
};
[[nodiscard]] std::vector<RecordedSet> RecordedSets();
// The files of one set; empty when they are not there.
[[nodiscard]] std::vector<std::string> RecordedFiles(std::string_view set_name);

// Lines of recordings in memory, each payload with the padding that decoders need.
class RecordedFeed {
 public:
  struct Line {
    ReceiveTime received;
    std::string_view payload;
  };

  // At most `line_limit` lines, 0: all.
  explicit RecordedFeed(const std::vector<std::string>& files, std::size_t line_limit = 0);

  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }

 private:
  std::string text_;
  std::vector<Line> lines_;
};

}  // namespace thalweg
