// Frames of a recording through the decoder, beside its own general path, the well-known JSON
// libraries, and a copy of the same bytes as the floor. All are checked equal on every frame before
// any is timed.
//
// Every decoder is given the payload object and reads what a book needs of it. The copy reads
// nothing. One job is the whole recording, whose depth frames lie between others in some 20 MB of
// text, the other one 1300 of them again and again, which stay in the nearer caches.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/feeds/decode/reference_decoders.h"
#include "bench/workload.h"
#include "feeds/decode/decoder.h"
#include "feeds/decode/general_decoder.h"

namespace thalweg::bench {
namespace {

// Our decoders behind the same face as the others.
template <class D>
class Ours {
 public:
  bool Decode(const NamedFrame& frame, DepthDiff* diff) {
    return decoder_.DecodeDepth(frame.head, kQtyDecimalsMax, diff) == DecodeVerdict::kOk;
  }
  bool Decode(const NamedFrame& frame, BookTicker* ticker) {
    return decoder_.DecodeBookTicker(frame.head, kQtyDecimalsMax, ticker) == DecodeVerdict::kOk;
  }
  bool Decode(const NamedFrame& frame, Trade* trade) {
    return decoder_.DecodeTrade(frame.head, kQtyDecimalsMax, trade) == DecodeVerdict::kOk;
  }

 private:
  D decoder_;
};

// A copy of the payload, nothing else.
class Copy {
 public:
  template <class Event>
  bool Decode(const NamedFrame& frame, Event* event) {
    (void)event;
    if (text_.size() < frame.object.size()) text_.resize(frame.object.size());
    std::memcpy(text_.data(), frame.object.data(), frame.object.size());
    ::benchmark::DoNotOptimize(text_.data());
    ::benchmark::ClobberMemory();
    return true;
  }

 private:
  std::vector<char> text_;
};

bool Same(const DepthDiff& ours, const DiffRead& other) {
  const auto same = [](std::span<const Level> a, const std::vector<Level>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  };
  return ours.event_time.raw() == other.event_time_ms * kMillisecond &&
         ours.first.raw() == other.first && ours.last.raw() == other.last &&
         same(ours.bids, other.bids) && same(ours.asks, other.asks);
}
bool Same(const DepthDiff& a, const DepthDiff& b) {
  return a.event_time == b.event_time && a.first == b.first && a.last == b.last &&
         std::equal(a.bids.begin(), a.bids.end(), b.bids.begin(), b.bids.end()) &&
         std::equal(a.asks.begin(), a.asks.end(), b.asks.begin(), b.asks.end());
}
bool Same(const BookTicker& ours, const TickerRead& other) {
  return TickerRead{ours.id.raw(), ours.bid, ours.ask} == other;
}
bool Same(const BookTicker& a, const BookTicker& b) {
  return a.id == b.id && a.bid == b.bid && a.ask == b.ask;
}
bool Same(const Trade& ours, const TradeRead& other) {
  return TradeRead{ours.id.raw(),
                   ours.trade_time.raw() / kMillisecond,
                   ours.event_time.raw() / kMillisecond,
                   {ours.price, ours.qty},
                   ours.aggressor == Aggressor::kSeller} == other;
}
bool Same(const Trade& a, const Trade& b) {
  return a.id == b.id && a.trade_time == b.trade_time && a.price == b.price && a.qty == b.qty &&
         a.aggressor == b.aggressor;
}

// The frames of one kind of a recording; they point into its feed.
struct Frames {
  std::string job;  // "BM_DecodeDepth/<recording>"
  std::vector<NamedFrame> frames;
  std::vector<std::int64_t> levels_to;  // Levels up to and with each frame; empty: not counted.
};

template <class D, class Event, class OurEvent>
void CheckEqual(const Frames& work) {
  Ours<Decoder> ours;
  D other;
  OurEvent expected;
  Event read;
  for (const NamedFrame& frame : work.frames) {
    if (!ours.Decode(frame, &expected) || !other.Decode(frame, &read) || !Same(expected, read)) {
      FailCheck(work.job + " of " + std::string(frame.object.substr(0, 200)));
    }
  }
}

// About 2 MB of depth frames.
constexpr std::size_t kRepeatedFrames = 1'300;

template <class D, class Event>
void TimePart(const std::string& job, const char* name, const Frames& work, std::size_t frames) {
  ::benchmark::RegisterBenchmark(
      (job + "/" + name).c_str(), [&work, frames](::benchmark::State& state) {
        D decoder;
        Event event;
        for (auto _ : state) {
          for (std::size_t i = 0; i < frames; ++i) {
            ::benchmark::DoNotOptimize(decoder.Decode(work.frames[i], &event));
          }
          ::benchmark::DoNotOptimize(event);
        }
        CountNanos(state, "frame", static_cast<std::int64_t>(frames));
        if (work.levels_to.empty()) return;
        CountNanos(state, "level", work.levels_to[frames - 1]);
      });
}

template <class D, class Event>
void Time(const Frames& work, const char* name) {
  TimePart<D, Event>(work.job, name, work, work.frames.size());
  if (work.frames.size() <= kRepeatedFrames) return;
  TimePart<D, Event>(work.job + ", its first 1300 frames over and over", name, work,
                     kRepeatedFrames);
}

// `Event` is what the references fill, `OurEvent` what ours do.
template <class Event, class OurEvent>
void RegisterAll(const Frames& work) {
  if (work.frames.empty()) return;
  CheckEqual<Ours<GeneralDecoder>, OurEvent, OurEvent>(work);
  CheckEqual<SimdjsonStrings, Event, OurEvent>(work);
  CheckEqual<SimdjsonRawStrings, Event, OurEvent>(work);
  CheckEqual<SimdjsonDom, Event, OurEvent>(work);
  CheckEqual<RapidjsonDom, Event, OurEvent>(work);
  CheckEqual<NlohmannDom, Event, OurEvent>(work);
  Time<Ours<Decoder>, OurEvent>(work, "thalweg");
  Time<Ours<GeneralDecoder>, OurEvent>(work, "thalweg, general path");
  Time<SimdjsonStrings, Event>(work, "simdjson on-demand get_string");
  Time<SimdjsonRawStrings, Event>(work, "simdjson on-demand raw_json_string");
  Time<SimdjsonDom, Event>(work, "simdjson DOM");
  Time<RapidjsonDom, Event>(work, "RapidJSON DOM");
  Time<NlohmannDom, Event>(work, "nlohmann DOM");
  Time<Copy, Event>(work, "memcpy of the same bytes");
}

struct Workload {
  explicit Workload(const RecordedSet& set) : feed(set.files, kLinesMax) {
    const std::string name(set.name);
    depth.job = "BM_DecodeDepth/" + name;
    ticker.job = "BM_DecodeBookTicker/" + name;
    trade.job = "BM_DecodeTrade/" + name;
    Decoder decoder;
    DepthDiff diff;
    std::int64_t levels = 0;
    for (const RecordedFeed::Line& line : feed.lines()) {
      const NamedFrame frame(line.payload);
      if (frame.head.kind == FrameKind::kDepth) {
        depth.frames.push_back(frame);
        (void)decoder.DecodeDepth(frame.head, kQtyDecimalsMax, &diff);
        levels += static_cast<std::int64_t>(diff.bids.size() + diff.asks.size());
        depth.levels_to.push_back(levels);
      } else if (frame.head.kind == FrameKind::kBookTicker) {
        ticker.frames.push_back(frame);
      } else if (frame.head.kind == FrameKind::kTrade) {
        trade.frames.push_back(frame);
      }
    }
  }

  RecordedFeed feed;
  Frames depth;
  Frames ticker;
  Frames trade;
};

// What a frame costs before its body is read: which stream, which symbol.
void TimeNaming(const Workload& work, const std::string& recording) {
  ::benchmark::RegisterBenchmark(
      ("BM_NameFrame/" + recording + "/thalweg").c_str(), [&work](::benchmark::State& state) {
        for (auto _ : state) {
          for (const RecordedFeed::Line& line : work.feed.lines()) {
            ::benchmark::DoNotOptimize(NameFrame(line.payload));
          }
        }
        CountNanos(state, "frame", static_cast<std::int64_t>(work.feed.lines().size()));
      });
}

// The benchmarks keep references into these.
std::vector<std::unique_ptr<const Workload>> workloads;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    const Workload& work = *workloads.emplace_back(std::make_unique<const Workload>(set));
    RegisterAll<DiffRead, DepthDiff>(work.depth);
    if (!work.depth.frames.empty()) {
      CheckEqual<RapidjsonSaxInSitu, DiffRead, DepthDiff>(work.depth);
      Time<RapidjsonSaxInSitu, DiffRead>(work.depth, "RapidJSON SAX in situ");
    }
    RegisterAll<TickerRead, BookTicker>(work.ticker);
    RegisterAll<TradeRead, Trade>(work.trade);
    TimeNaming(work, std::string(set.name));
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
