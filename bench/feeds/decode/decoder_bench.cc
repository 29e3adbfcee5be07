// Depth frames of a real recording through the decoder, beside its general path and beside the
// least that simdjson's on-demand parser can do with them (get_string of every number, exact
// parsing of its digits). The three are checked equal on every frame before any of them is timed.
//
// Time is for all frames of the recording; items are levels, so items_per_second is levels a
// second.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "core/decimal.h"
#include "feeds/decode/decoder.h"
#include "feeds/decode/general_decoder.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg {
namespace {

std::vector<FrameHead> DepthFrames(const RecordedFeed& feed) {
  std::vector<FrameHead> heads;
  for (const RecordedFeed::Line& line : feed.lines()) {
    const FrameHead head = NameFrame(line.payload);
    if (head.kind == FrameKind::kDepth) heads.push_back(head);
  }
  return heads;
}

class BareSimdjson {
 public:
  bool Decode(const FrameHead& head, DepthDiff* diff) {
    // The body ends with the envelope's brace.
    const simdjson::padded_string_view text(head.body.data(), head.body.size() - 1,
                                            head.body.size() + kPayloadPadding - 1);
    simdjson::ondemand::document document;
    if (parser_.iterate(text).get(document) != simdjson::SUCCESS) return false;
    std::int64_t first = 0;
    std::int64_t last = 0;
    if (document["U"].get(first) != simdjson::SUCCESS ||
        document["u"].get(last) != simdjson::SUCCESS || !Side(document["b"], &bids_) ||
        !Side(document["a"], &asks_)) {
      return false;
    }
    diff->first = UpdateId(first);
    diff->last = UpdateId(last);
    diff->bids = bids_;
    diff->asks = asks_;
    return true;
  }

 private:
  static bool Side(simdjson::simdjson_result<simdjson::ondemand::value> value,
                   std::vector<Level>* levels) {
    levels->clear();
    simdjson::ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    for (auto element : array) {
      simdjson::ondemand::array pair;
      if (element.get_array().get(pair) != simdjson::SUCCESS) return false;
      std::int64_t numbers[2] = {};
      int count = 0;
      for (auto number : pair) {
        std::string_view text;
        if (count == 2 || number.get_string().get(text) != simdjson::SUCCESS ||
            ParseDecimal(text, 8, &numbers[count++]) != DecimalVerdict::kOk) {
          return false;
        }
      }
      levels->push_back({Price(numbers[0]), Qty(numbers[1])});
    }
    return true;
  }

  simdjson::ondemand::parser parser_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

bool SameLevels(std::span<const Level> a, std::span<const Level> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::int64_t LevelsIn(const std::vector<FrameHead>& heads) {
  Decoder decoder;
  std::int64_t levels = 0;
  DepthDiff diff;
  for (const FrameHead& head : heads) {
    if (decoder.DecodeDepth(head, 8, &diff) != DecodeVerdict::kOk) std::abort();
    levels += static_cast<std::int64_t>(diff.bids.size() + diff.asks.size());
  }
  return levels;
}

void CheckEqual(const std::vector<FrameHead>& heads) {
  Decoder fast;
  GeneralDecoder general;
  BareSimdjson bare;
  for (const FrameHead& head : heads) {
    DepthDiff a;
    DepthDiff b;
    DepthDiff c;
    const bool good = fast.DecodeDepth(head, 8, &a) == DecodeVerdict::kOk &&
                      general.DecodeDepth(head, 8, &b) == DecodeVerdict::kOk &&
                      bare.Decode(head, &c);
    if (!good || a.last != b.last || a.last != c.last || !SameLevels(a.bids, b.bids) ||
        !SameLevels(a.asks, b.asks) || !SameLevels(a.bids, c.bids) || !SameLevels(a.asks, c.asks)) {
      std::fprintf(stderr, "decoders differ\n");
      std::abort();
    }
  }
}

template <class Decode>
void Run(benchmark::State& state, const std::vector<FrameHead>& heads, const Decode& decode) {
  static thread_local DepthDiff diff;
  for (auto _ : state) {
    for (const FrameHead& head : heads) decode(head, &diff);
    benchmark::DoNotOptimize(diff);
  }
  state.SetItemsProcessed(state.iterations() * LevelsIn(heads));
}

// A recording and its depth frames, which point into it; the benchmarks keep pointers to them.
struct Workload {
  explicit Workload(const RecordedSet& set) : feed(set.files, 50'000), heads(DepthFrames(feed)) {}
  RecordedFeed feed;
  std::vector<FrameHead> heads;
};
std::vector<std::unique_ptr<const Workload>> workloads;

void Register(const RecordedSet& set) {
  workloads.push_back(std::make_unique<const Workload>(set));
  const std::vector<FrameHead>* const heads = &workloads.back()->heads;
  CheckEqual(*heads);
  const std::string name(set.name);
  benchmark::RegisterBenchmark(("BM_DecodeDepth/fast/" + name).c_str(), [heads](
                                                                            benchmark::State& s) {
    Decoder decoder;
    Run(s, *heads, [&](const FrameHead& h, DepthDiff* d) { (void)decoder.DecodeDepth(h, 8, d); });
  });
  benchmark::RegisterBenchmark(
      ("BM_DecodeDepth/general/" + name).c_str(), [heads](benchmark::State& s) {
        GeneralDecoder decoder;
        Run(s, *heads,
            [&](const FrameHead& h, DepthDiff* d) { (void)decoder.DecodeDepth(h, 8, d); });
      });
  benchmark::RegisterBenchmark(
      ("BM_DecodeDepth/simdjson_get_string/" + name).c_str(), [heads](benchmark::State& s) {
        BareSimdjson decoder;
        Run(s, *heads, [&](const FrameHead& h, DepthDiff* d) { (void)decoder.Decode(h, d); });
      });
}

const bool kRegistered = [] {
  for (const RecordedSet& set : RecordedSets()) Register(set);
  if (RecordedSets().empty()) std::fprintf(stderr, "no real recordings: nothing is timed\n");
  return true;
}();

}  // namespace
}  // namespace thalweg
