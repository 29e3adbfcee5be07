// Buckets of the five default sizes, 15 a side, read after every event of a recording: kept change
// by change, beside summed anew from the levels.
//
// Quantity and notional of every bucket are checked equal after every event first. Each row keeps
// its levels too; what the buckets alone cost is the difference to the row "no buckets" of the same
// kind of book.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "bench/book/book_workload.h"
#include "bench/book/reference_books.h"
#include "bench/workload.h"
#include "book/bucket_ladder.h"
#include "book/order_book.h"

namespace thalweg::bench {
namespace {

constexpr std::size_t kSizes = 5;
constexpr std::array kSides{Side::kBid, Side::kAsk};

// The buckets of one side and size, touch bucket first.
using Buckets = std::array<Bucket, kLadderBuckets>;
// Of both sides, by side and size.
using AllBuckets = std::array<std::array<Buckets, kSizes>, 2>;

// Kept change by change.
class Incremental {
 public:
  explicit Incremental(Price tick) : book_(BucketSizesInTicks(tick)) {}
  void Load(const BookEvent& snapshot) {
    book_.Load(snapshot.bids, snapshot.asks, snapshot.ids.last, 2 * snapshot.bids.size() + 1);
  }
  void Apply(const BookEvent& event) { book_.Apply(event.bids, event.asks, event.ids.last); }
  void ReadBuckets(AllBuckets* out) const {
    for (const Side side : kSides) {
      for (std::size_t i = 0; i < kSizes; ++i) {
        const std::span<const Bucket> buckets = book_.dense(side, static_cast<int>(i)).buckets;
        std::copy(buckets.begin(), buckets.end(),
                  (*out)[static_cast<std::size_t>(side)][i].begin());
      }
    }
  }

 private:
  OrderBook book_;
};

// Summed anew from a sorted array, for each size from the touch to the last of its 15 buckets.
// Bounds move with the walk, so there is one division a size.
class Recomputed {
 public:
  explicit Recomputed(Price tick) : sizes_(BucketSizesInTicks(tick)) {}
  void Load(const BookEvent& snapshot) { book_.Load(snapshot.bids, snapshot.asks); }
  void Apply(const BookEvent& event) { book_.Apply(event.bids, event.asks); }
  void ReadBuckets(AllBuckets* out) const {
    for (std::size_t i = 0; i < kSizes; ++i) {
      for (const Side side : kSides) {
        Sum(side, sizes_[i].raw(), &(*out)[static_cast<std::size_t>(side)][i]);
      }
    }
  }

 private:
  // Bids are rounded down and asks up, outward both.
  void Sum(Side side, std::int64_t size, Buckets* out) const {
    out->fill(Bucket{});
    const std::int64_t best = book_.side(side).best().price.raw();
    const bool is_bid = side == Side::kBid;
    const std::int64_t step = is_bid ? -size : size;
    std::int64_t label = (is_bid ? best / size : (best + size - 1) / size) * size;
    std::size_t i = 0;
    book_.side(side).Walk([&](TickLevel level) {
      const std::int64_t price = level.price.raw();
      while (is_bid ? price < label : price > label) {
        label += step;
        if (++i == out->size()) return false;
      }
      (*out)[i].qty += level.qty.raw();
      (*out)[i].notional += Wide{price} * level.qty.raw();
      return true;
    });
  }

  std::vector<Ticks> sizes_;
  ReferenceBook<SortedVectorSide> book_;
};

template <class SideBook>
class NoBuckets {
 public:
  explicit NoBuckets(Price tick) { (void)tick; }
  void Load(const BookEvent& snapshot) { book_.Load(snapshot.bids, snapshot.asks); }
  void Apply(const BookEvent& event) { book_.Apply(event.bids, event.asks); }
  void ReadBuckets(AllBuckets* out) const {
    for (const Side side : kSides) {
      (*out)[static_cast<std::size_t>(side)][0][0].qty = book_.side(side).best().qty.raw();
    }
  }

 private:
  ReferenceBook<SideBook> book_;
};

void CheckEqual(const BookWorkload& work) {
  Incremental incremental(work.tick);
  Recomputed recomputed(work.tick);
  incremental.Load(work.snapshot);
  recomputed.Load(work.snapshot);
  auto a = std::make_unique<AllBuckets>();
  auto b = std::make_unique<AllBuckets>();
  for (const BookEvent& event : work.events) {
    incremental.Apply(event);
    recomputed.Apply(event);
    incremental.ReadBuckets(a.get());
    recomputed.ReadBuckets(b.get());
    if (*a != *b) {
      FailCheck("buckets after " + std::to_string(event.ids.last.raw()) + " of " + work.name);
    }
  }
}

template <class Book>
void Add(const BookWorkload& work, const char* name) {
  ::benchmark::RegisterBenchmark(("BM_ApplyAndBuckets/" + work.name + "/" + name).c_str(),
                                 [&work](::benchmark::State& state) {
                                   Book book(work.tick);
                                   const auto buckets = std::make_unique<AllBuckets>();
                                   for (auto _ : state) {
                                     state.PauseTiming();
                                     book.Load(work.snapshot);
                                     state.ResumeTiming();
                                     for (const BookEvent& event : work.events) {
                                       book.Apply(event);
                                       book.ReadBuckets(buckets.get());
                                       ::benchmark::DoNotOptimize(buckets.get());
                                       ::benchmark::ClobberMemory();
                                     }
                                   }
                                   CountNanos(state, "event", work.event_count());
                                   CountNanos(state, "level", work.level_count);
                                 });
}

// The benchmarks keep references into these.
std::vector<std::unique_ptr<const BookWorkload>> workloads;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    const BookWorkload& work = *workloads.emplace_back(std::make_unique<const BookWorkload>(set));
    CheckEqual(work);
    Add<Incremental>(work, "thalweg");
    Add<NoBuckets<LadderSide>>(work, "thalweg, no buckets");
    Add<Recomputed>(work, "sorted vector, buckets summed anew");
    Add<NoBuckets<SortedVectorSide>>(work, "sorted vector, no buckets");
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
