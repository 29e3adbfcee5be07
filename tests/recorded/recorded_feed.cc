#include "tests/recorded/recorded_feed.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "feeds/decode/frame.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"

namespace thalweg {

std::filesystem::path RecordedDataFolder() {
  const char* const named = std::getenv("THALWEG_DATA");
  if (named != nullptr) return named;
  return std::filesystem::path(THALWEG_SOURCE_DIR) / ".." / "shared" / "data";
}

std::vector<RecordedSet> RecordedSets() {
  std::vector<RecordedSet> sets;
  for (const std::string_view name :
       {"spot-btcusdt-2024-08-08", "spot-nexousdt-2024-07-23", "usdm-btcusdt-2023-04-04",
        "usdm-ethusdt-2024-08-08", "coinm-btcusd_perp-2024-08-08"}) {
    std::error_code error;
    RecordedSet set{name, {}};
    for (const auto& entry :
         std::filesystem::directory_iterator(RecordedDataFolder() / name, error)) {
      if (entry.path().extension() == ".gz") set.files.push_back(entry.path().string());
    }
    std::sort(set.files.begin(), set.files.end());
    if (!set.files.empty()) sets.push_back(std::move(set));
  }
  return sets;
}

std::vector<std::string> RecordedFiles(std::string_view set_name) {
  for (const RecordedSet& set : RecordedSets()) {
    if (set.name == set_name) return set.files;
  }
  return {};
}

RecordedFeed::RecordedFeed(const std::vector<std::string>& files, std::size_t line_limit)
    : text_(kPayloadPadding, '\0') {
  struct Place {
    ReceiveTime received;
    std::size_t begin;
    std::size_t bytes;
  };
  std::vector<Place> places;
  for (const std::string& path : files) {
    const auto reader = RecordingReader::Open(path, {});
    if (!reader.ok()) continue;
    std::string_view text;
    while ((line_limit == 0 || places.size() < line_limit) &&
           (*reader)->Next(&text) == ReadVerdict::kLine) {
      const RecordingLine line = ParseRecordingLine(text);
      places.push_back({line.receive_time, text_.size(), line.payload.size()});
      text_.append(line.payload);
    }
  }
  text_.append(kPayloadPadding, '\0');
  for (const Place& place : places) {
    lines_.push_back({place.received, std::string_view(text_).substr(place.begin, place.bytes)});
  }
}

}  // namespace thalweg
