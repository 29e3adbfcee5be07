// What each group of features costs for a record, on full books.
//
// Sixteen books are taken from a recording, evenly spread over it, with the windows as they were
// then; a group is computed from each in turn. What a group writes is checked to be what the whole
// vector holds in its place first. "picture" is what the groups of the book start from; "advance"
// lets old entries leave the windows, here none.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/book/book_workload.h"
#include "bench/workload.h"
#include "features/book_picture.h"
#include "features/buckets.h"
#include "features/catalogue.h"
#include "features/feature_vector.h"
#include "feeds/decode/decoder.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kStates = 16;
constexpr std::size_t kSizes = 5;

// A book and its windows at one moment.
struct State {
  explicit State(const std::vector<Ticks>& sizes) : book(sizes) {}
  OrderBook book;
  FeatureVector features;
  Scale scale;
  EventTime clock;
};

QuoteState QuoteOf(const OrderBook& book) {
  QuoteState quote;
  const LevelLadder& bids = book.ladder(Side::kBid);
  const LevelLadder& asks = book.ladder(Side::kAsk);
  if (!bids.empty()) {
    quote.bid = bids.best().raw();
    quote.bid_qty = bids.best_level().qty.raw();
  }
  if (!asks.empty()) {
    quote.ask = asks.best().raw();
    quote.ask_qty = asks.best_level().qty.raw();
  }
  return quote;
}

struct Workload {
  explicit Workload(const RecordedSet& set) : name(set.name) {
    const BookWorkload depth(set);
    const RecordedFeed feed(set.files, kLinesMax);
    for (std::size_t i = 1; i <= kStates; ++i) {
      states.push_back(StateAfter(depth, feed, depth.events.size() * i / kStates));
    }
  }

  // Plays so many events, and the trades and quotes between them.
  static std::unique_ptr<State> StateAfter(const BookWorkload& depth, const RecordedFeed& feed,
                                           std::size_t events) {
    auto state = std::make_unique<State>(BucketSizesInTicks(depth.tick));
    state->scale = {depth.tick, kQtyDecimalsMax};
    state->book.Load(depth.snapshot.bids, depth.snapshot.asks, depth.snapshot.ids.last,
                     kDefaultLimit);
    Decoder decoder;
    std::size_t applied = 0;
    for (const RecordedFeed::Line& line : feed.lines()) {
      if (applied == events) break;
      const FrameHead head = NameFrame(line.payload);
      DepthDiff diff;
      BookTicker ticker;
      Trade trade;
      if (head.kind == FrameKind::kDepth &&
          decoder.DecodeDepth(head, kQtyDecimalsMax, &diff) == DecodeVerdict::kOk &&
          diff.last == depth.events[applied].ids.last) {
        state->clock = std::max(state->clock, diff.event_time);
        const BookEvent& event = depth.events[applied++];
        state->book.Apply(event.bids, event.asks, event.ids.last);
        (void)state->features.order_flow.Add(state->clock, QuoteOf(state->book));
        state->features.ages.OnDepth(state->clock);
      } else if (head.kind == FrameKind::kTrade &&
                 decoder.DecodeTrade(head, kQtyDecimalsMax, &trade) == DecodeVerdict::kOk) {
        state->clock = std::max(state->clock, trade.trade_time);
        (void)state->features.trade_flow.Add(trade, state->clock);
        state->features.ages.OnTrade(trade, state->clock, state->features.touch.mid2());
      } else if (head.kind == FrameKind::kBookTicker && state->clock.raw() != 0 &&
                 decoder.DecodeBookTicker(head, kQtyDecimalsMax, &ticker) == DecodeVerdict::kOk) {
        (void)state->features.touch.Set(ticker, state->clock);
        state->features.ages.OnTicker(state->clock);
      }
    }
    return state;
  }

  static constexpr std::size_t kDefaultLimit = 1'000;
  std::string name;
  std::vector<std::unique_ptr<State>> states;
};

using Values = std::array<double, FeatureVector::Count(kSizes)>;

Values WholeVector(State& state) {
  Values values{};
  (void)state.features.Compute(&state.book, kSizes, state.scale, state.clock, values.data());
  return values;
}

std::optional<std::int64_t> Mid2Of(const BookPicture& picture, const Scale& scale) {
  if (!picture.two_sided()) return std::nullopt;
  return picture.mid2() * scale.tick.raw();
}

// What one group writes, given a state and the picture of its book.
struct Group {
  const char* name;
  std::optional<FeatureGroup> group;  // Absent: it writes nothing of the vector.
  void (*compute)(State&, const BookPicture&, double*);
};

constexpr std::array kGroups{
    Group{"quote", FeatureGroup::kQuote,
          [](State&, const BookPicture& picture, double* out) {
            Reach reach;
            ComputeQuote(picture, out, &reach);
            ::benchmark::DoNotOptimize(reach);
          }},
    Group{"liquidity", FeatureGroup::kLiquidity,
          [](State& state, const BookPicture& picture, double* out) {
            static SweepTargets targets;
            targets.SetScale(state.scale);
            Reach reach;
            ::benchmark::DoNotOptimize(ComputeLiquidity(picture, targets, out, &reach));
          }},
    Group{"buckets", FeatureGroup::kBuckets,
          [](State&, const BookPicture& picture, double* out) { ComputeBuckets(picture, out); }},
    Group{"order flow", FeatureGroup::kOrderFlow,
          [](State& state, const BookPicture&, double* out) {
            state.features.order_flow.Compute(state.scale, out);
          }},
    Group{"trades", FeatureGroup::kTrades,
          [](State& state, const BookPicture& picture, double* out) {
            state.features.trade_flow.Compute(state.scale, Mid2Of(picture, state.scale), out);
          }},
    Group{"ages", FeatureGroup::kAges,
          [](State& state, const BookPicture&, double* out) {
            state.features.ages.Compute(state.clock, out);
          }},
    Group{"touch", FeatureGroup::kTouch,
          [](State& state, const BookPicture&, double* out) {
            state.features.touch.Compute(state.scale, out);
          }},
    Group{"advance", std::nullopt,
          [](State& state, const BookPicture&, double*) {
            state.features.order_flow.AdvanceTo(state.clock);
            state.features.trade_flow.AdvanceTo(state.clock);
            state.features.touch.AdvanceTo(state.clock);
          }},
    Group{"picture", std::nullopt,
          [](State& state, const BookPicture&, double*) {
            ::benchmark::DoNotOptimize(BookPicture(state.book, state.scale));
          }},
};

// NaN equals NaN here, whatever its sign: the vector makes them one.
bool Same(double a, double b) { return a == b || (a != a && b != b); }

void CheckEqual(const Workload& work) {
  const Catalogue catalogue(DefaultBucketSizes());
  for (const std::unique_ptr<State>& state : work.states) {
    const Values whole = WholeVector(*state);
    const BookPicture picture(state->book, state->scale);
    for (const Group& group : kGroups) {
      if (!group.group) continue;
      Values values{};
      group.compute(*state, picture, values.data());
      const std::size_t begin = catalogue.GroupBegin(*group.group);
      for (std::size_t i = 0; i < catalogue.GroupSize(*group.group); ++i) {
        if (!Same(values[i], whole[begin + i])) {
          FailCheck(work.name + ": " + catalogue.features()[begin + i].name);
        }
      }
    }
  }
}

void Register(const Workload& work) {
  const std::string job = "BM_Features/" + work.name + "/";
  ::benchmark::RegisterBenchmark((job + "thalweg").c_str(), [&work](::benchmark::State& state) {
    for (auto _ : state) {
      for (const std::unique_ptr<State>& one : work.states) {
        ::benchmark::DoNotOptimize(WholeVector(*one));
      }
    }
    CountNanos(state, "record", kStates);
  });
  for (const Group& group : kGroups) {
    ::benchmark::RegisterBenchmark((job + group.name).c_str(),
                                   [&work, &group](::benchmark::State& state) {
                                     std::vector<BookPicture> pictures;
                                     for (const std::unique_ptr<State>& one : work.states) {
                                       pictures.emplace_back(one->book, one->scale);
                                     }
                                     Values values{};
                                     for (auto _ : state) {
                                       for (std::size_t i = 0; i < kStates; ++i) {
                                         group.compute(*work.states[i], pictures[i], values.data());
                                         ::benchmark::DoNotOptimize(values);
                                       }
                                     }
                                     CountNanos(state, "record", kStates);
                                   });
  }
}

// The benchmarks keep references into these.
std::vector<std::unique_ptr<const Workload>> workloads;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    const Workload& work = *workloads.emplace_back(std::make_unique<const Workload>(set));
    CheckEqual(work);
    Register(work);
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
