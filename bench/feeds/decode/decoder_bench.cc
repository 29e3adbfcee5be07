// Frames of a recording through the decoder, beside its own general path, the well-known JSON
// libraries, and a copy of the same bytes as the floor. All are checked equal on every frame before
// any is timed.
//
// Every decoder is given the payload object and reads what a book needs of it. The copy reads
// nothing. An iteration is the whole recording.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
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

// The frames of one kind of a recording, one behind the other: a decoder is to wait for its own
// work and not for text that lies scattered over memory.
class Frames {
 public:
  Frames(std::string job_name, const RecordedFeed& feed, FrameKind kind)
      : job(std::move(job_name)), text_(kPayloadPadding, '\0') {
    std::vector<std::size_t> begins;
    for (const RecordedFeed::Line& line : feed.lines()) {
      if (NameFrame(line.payload).kind != kind) continue;
      begins.push_back(text_.size());
      text_.append(line.payload);
    }
    begins.push_back(text_.size());
    text_.append(kPayloadPadding, '\0');
    for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
      frames.emplace_back(std::string_view(text_).substr(begins[i], begins[i + 1] - begins[i]));
    }
    if (kind == FrameKind::kDepth) CountLevels();
  }
  Frames(const Frames&) = delete;
  Frames& operator=(const Frames&) = delete;

  std::string job;  // "BM_DecodeDepth/<recording>"
  std::vector<NamedFrame> frames;
  std::int64_t level_count = 0;  // Of depth frames.

 private:
  void CountLevels() {
    Decoder decoder;
    DepthDiff diff;
    for (const NamedFrame& frame : frames) {
      (void)decoder.DecodeDepth(frame.head, kQtyDecimalsMax, &diff);
      level_count += static_cast<std::int64_t>(diff.bids.size() + diff.asks.size());
    }
  }

  std::string text_;
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

template <class D, class Event>
void Time(const Frames& work, const char* name) {
  ::benchmark::RegisterBenchmark(
      (work.job + "/" + name).c_str(), [&work](::benchmark::State& state) {
        D decoder;
        Event event;
        for (auto _ : state) {
          for (const NamedFrame& frame : work.frames) {
            ::benchmark::DoNotOptimize(decoder.Decode(frame, &event));
          }
          ::benchmark::DoNotOptimize(event);
        }
        CountNanos(state, "frame", static_cast<std::int64_t>(work.frames.size()));
        if (work.level_count != 0) CountNanos(state, "level", work.level_count);
      });
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
  explicit Workload(const RecordedSet& set)
      : feed(set.files, kLinesMax),
        depth("BM_DecodeDepth/" + std::string(set.name), feed, FrameKind::kDepth),
        ticker("BM_DecodeBookTicker/" + std::string(set.name), feed, FrameKind::kBookTicker),
        trade("BM_DecodeTrade/" + std::string(set.name), feed, FrameKind::kTrade) {}

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
