// Watches a ring: reads what is new in it, and keeps what a moment does not show, rates and the
// way of the mid.
//
// It is a reader like any other: it maps the files for reading alone, and the writer does not know
// of it. It reads every record while that costs nothing, and says how many it skipped. When another
// writer takes the name it follows by itself; the first words of `news` then say so.
// Threads: one at a time. Time is passed in, CLOCK_MONOTONIC.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "thalweg/ring_reader.h"
#include "tools/top/book_watch.h"
#include "tools/top/ring_scene.h"

namespace thalweg {

class RingWatch {
 public:
  // `name`: of a ring in the folder, or, with a '/', the path of its file. Errors as
  // RingReader::Open(). Reads what the ring still holds.
  [[nodiscard]] static absl::StatusOr<RingWatch> Open(const std::string& name,
                                                      const std::string& folder);

  // Reads what is new. The scene is good until the next call.
  const RingScene& Look(std::int64_t now_ns);
  [[nodiscard]] const RingScene& scene() const noexcept { return scene_; }
  // The book of a symbol of scene().
  [[nodiscard]] BookScene Book(std::uint32_t symbol_id);

 private:
  // Counts at one moment: two of them are a rate.
  struct Sample {
    std::int64_t at_ns = 0;
    std::uint64_t records = 0;
    std::uint64_t frames = 0;
    std::vector<RingSymbolCounts> counts;
    RingStatistics statistics;
    std::array<RingStage, kStages.size()> stages;
  };
  // The mids of the last seconds of an event clock.
  class MidTrail {
   public:
    void Add(std::int64_t event_ns, double mid);
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }

   private:
    std::int64_t second_ = 0;  // Of the last value.
    std::vector<double> values_;
  };

  RingWatch(RingReader reader, BookWatch book);

  // What is known of one file: called for the first and for each that takes its place.
  void Begin();
  void Follow(std::int64_t now_ns);
  void ReadRecords(std::uint64_t records_max);
  void TakeSample(std::int64_t now_ns);
  void SetRates();
  void LookAtSymbols();
  void LookAtStages();
  void SetLately();

  RingReader reader_;
  BookWatch book_;
  std::array<RingColumn, kFigureNames.size()> columns_;
  std::array<bool, kFigureNames.size()> has_column_{};
  std::deque<Sample> samples_;
  std::vector<MidTrail> trails_;  // By symbol id.
  std::uint64_t lost_before_ = 0;
  std::int64_t news_until_ns_ = 0;
  std::int64_t followed_ns_ = 0;
  std::array<RingStage, kStages.size()> stages_;  // As they are now; zeros where there are none.
  RingScene scene_;
};

}  // namespace thalweg
