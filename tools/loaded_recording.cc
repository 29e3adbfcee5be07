#include "tools/loaded_recording.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "feeds/decode/frame.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"

namespace thalweg {

void LoadedRecording::Line::FeedTo(Engine& engine) const {
  engine.BeginSource(source, true);
  if (target.empty()) {
    engine.OnFrame(received, payload);
  } else {
    engine.OnRest(received, target, payload);
  }
}

absl::StatusOr<LoadedRecording> LoadedRecording::Load(const std::vector<std::string>& paths,
                                                      std::size_t bytes_max) {
  // Views are made last: text grows while it is read.
  struct Place {
    ReceiveTime received;
    std::size_t target;  // Its offset in the text; the payload stands right behind it.
    std::size_t target_bytes;
    std::size_t payload_bytes;
    std::uint32_t source;
  };
  std::vector<Place> places;
  LoadedRecording loaded;
  loaded.text_ = std::make_unique<std::string>(kPayloadPadding, '\0');
  std::string& text = *loaded.text_;

  for (std::size_t i = 0; i < paths.size() && !loaded.is_cut_; ++i) {
    auto reader = RecordingReader::Open(paths[i], {});
    if (!reader.ok()) return reader.status();
    std::int64_t lines = 0;
    std::int64_t good_lines = 0;
    std::string_view line_text;
    while ((*reader)->Next(&line_text) == ReadVerdict::kLine) {
      ++lines;
      const RecordingLine line = ParseRecordingLine(line_text);
      if (line.kind == LineKind::kUnknownVersion) {
        return UnknownVersionError(paths[i], (*reader)->line_number(), line);
      }
      good_lines += line.kind == LineKind::kMalformed ? 0 : 1;
      if (line.kind != LineKind::kFrame && line.kind != LineKind::kRest) continue;
      if (loaded.payload_bytes_ + line.payload.size() > bytes_max) {
        loaded.is_cut_ = true;
        break;
      }
      const bool is_frame = line.kind == LineKind::kFrame;
      const std::string_view target = is_frame ? std::string_view() : line.target;
      places.push_back({line.receive_time, text.size(), target.size(), line.payload.size(),
                        static_cast<std::uint32_t>(i)});
      text.append(target).append(line.payload);
      loaded.payload_bytes_ += line.payload.size();
      loaded.frame_count_ += is_frame ? 1 : 0;
    }
    if ((*reader)->end() == FileEnd::kDamaged) return (*reader)->status();
    if (lines > 0 && good_lines == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(paths[i], ": nothing in it is a line of a recording"));
    }
  }
  text.append(kPayloadPadding, '\0');

  const std::string_view all = text;
  loaded.lines_.reserve(places.size());
  for (const Place& place : places) {
    loaded.lines_.push_back({place.received,
                             all.substr(place.target + place.target_bytes, place.payload_bytes),
                             all.substr(place.target, place.target_bytes), place.source});
  }
  return loaded;
}

}  // namespace thalweg
