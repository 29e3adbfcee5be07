// Recordings in memory: what an engine can be driven with again and again, without a file, a
// decompressor or a line parser in the way.
//
// Frames and REST answers are kept; connections, losses and headers are not, so one engine takes
// all. Bound: kLoadedBytesMax of payload; lines beyond it are left out, and is_cut() says so.
//
// Threads: immutable after loading. Lifetime: lines point into the object, which may be moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/units.h"
#include "pipeline/engine.h"

namespace thalweg {

inline constexpr std::size_t kLoadedBytesMax = std::size_t{256} << 20;

class LoadedRecording {
 public:
  struct Line {
    ReceiveTime received;
    std::string_view payload;  // With kPayloadPadding readable bytes around it.
    std::string_view target;   // Of a REST answer; empty for a frame.
    std::uint32_t source = 0;  // The file, by its place in the list.

    // Gives the line to an engine as a replay does.
    void FeedTo(Engine& engine) const;
  };

  // NotFound, Unavailable, DataLoss or InvalidArgument with file, offset and reason. `bytes_max`:
  // tests make it small.
  [[nodiscard]] static absl::StatusOr<LoadedRecording> Load(
      const std::vector<std::string>& paths, std::size_t bytes_max = kLoadedBytesMax);

  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }
  [[nodiscard]] std::int64_t frame_count() const noexcept { return frame_count_; }
  [[nodiscard]] std::size_t payload_bytes() const noexcept { return payload_bytes_; }
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

 private:
  LoadedRecording() = default;

  std::unique_ptr<std::string> text_;  // Its bytes stay where they are when the object is moved.
  std::vector<Line> lines_;
  std::int64_t frame_count_ = 0;
  std::size_t payload_bytes_ = 0;
  bool is_cut_ = false;
};

}  // namespace thalweg
