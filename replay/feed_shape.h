// What a feed is like, in a few numbers: how many levels a message, how far from the touch, how
// many trades a second. For comparing recordings with each other, and a synthetic market with real
// ones.
//
// Distances are in ticks from the best price of the same side before the event, negative when it
// improves on it. They are counted while the book is live. Memory is bounded: counts above a
// histogram's last bin lie in it. Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/events.h"
#include "core/units.h"
#include "feeds/decode/decoder.h"
#include "pipeline/symbol_engine.h"

namespace thalweg {

// How often each whole number came; those of kCountBins and more count as kCountBins - 1.
class CountHistogram {
 public:
  static constexpr std::size_t kCountBins = 8'192;

  void Add(std::int64_t value, std::int64_t times = 1);
  [[nodiscard]] std::int64_t total() const noexcept { return total_; }
  [[nodiscard]] double mean() const noexcept;
  // Variance over mean (the Fano factor): 1 for a Poisson process. 0 without a value.
  [[nodiscard]] double fano() const noexcept;
  // The least value that at least `share` of all are at most.
  [[nodiscard]] std::int64_t Percentile(double share) const noexcept;

 private:
  std::vector<std::int64_t> bins_;  // Up to the largest count that came.
  std::int64_t total_ = 0;
  double sum_ = 0;
  double square_sum_ = 0;
};

class FeedShape {
 public:
  static constexpr std::array<std::int64_t, 6> kWithinTicks{1, 10, 100, 1'000, 10'000, 100'000};

  // Best prices before and after the event, in ticks; absent: that side is empty, or no live book.
  struct Touch {
    std::optional<Ticks> bid;
    std::optional<Ticks> ask;
  };
  // `clock`: the symbol's event clock, which does not believe every time.
  void OnDepth(const DepthDiff& diff, const Touch& before, const Touch& after, Price tick,
               EventTime clock);
  void OnTrade(EventTime clock);

  CountHistogram levels;         // A depth message.
  CountHistogram update_ids;     // A depth message.
  CountHistogram trades_second;  // From the first trade's second to the last one's.
  CountHistogram trades_tenth;   // Likewise, 100 ms each.
  std::int64_t level_updates = 0;
  std::int64_t deletes = 0;   // Of level_updates: quantity 0.
  std::int64_t measured = 0;  // Of level_updates: with a best price to measure from.
  std::array<std::int64_t, kWithinTicks.size()> within{};  // Of measured: closer than kWithinTicks.
  std::int64_t two_sided_events = 0;
  std::int64_t one_tick_spreads = 0;  // Of two_sided_events.
  std::int64_t touch_moves = 0;       // Of two_sided_events: a best price changed.
  std::int64_t tickers = 0;

  // Of the depth events, from the first to the last.
  [[nodiscard]] double seconds() const noexcept;

 private:
  // Counts events in equal intervals of time, empty ones included.
  struct Interval {
    Nanos length;
    std::optional<std::int64_t> number;
    std::int64_t count = 0;
    void Add(EventTime time, CountHistogram* histogram);
  };

  std::optional<EventTime> first_;
  EventTime last_;
  Interval second_{kSecond, {}, 0};
  Interval tenth_{100 * kMillisecond, {}, 0};
};

// The shape of every symbol of a recording.
class RecordingShape {
 public:
  // A frame, after the symbol that it names has used it.
  void OnFrame(const FrameHead& head, const SymbolEngine& symbol);
  [[nodiscard]] const std::map<std::string, FeedShape>& symbols() const noexcept { return shapes_; }

 private:
  Decoder decoder_;
  std::map<std::string, FeedShape> shapes_;
  std::map<std::string, FeedShape::Touch> touches_;  // As the last event left them.
};

}  // namespace thalweg
