// The events of a recording applied to a full book, beside the usual structures: after each event
// the best level of both sides is read, in the second job also the best ten.
//
// Best levels and best ten are checked equal after every event before anything is timed.
// `thalweg` is the ladder alone, which does what the others do; `thalweg OrderBook` also keeps
// buckets of one or of five sizes, both sides.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "bench/book/book_workload.h"
#include "bench/book/reference_books.h"
#include "bench/workload.h"
#include "book/order_book.h"

namespace thalweg::bench {
namespace {

constexpr int kTop = 10;
constexpr std::array kSides{Side::kBid, Side::kAsk};

// An OrderBook with the first N of the default bucket sizes.
template <std::size_t N>
class BookWithBuckets {
 public:
  explicit BookWithBuckets(Price tick) : book_(FirstSizes(tick)) {}
  void Load(const BookEvent& snapshot) {
    book_.Load(snapshot.bids, snapshot.asks, snapshot.ids.last, 2 * snapshot.bids.size() + 1);
  }
  void Apply(const BookEvent& event) { book_.Apply(event.bids, event.asks, event.ids.last); }
  [[nodiscard]] TickLevel best(Side side) const {
    const LevelLadder& ladder = book_.ladder(side);
    return ladder.empty() ? TickLevel{} : ladder.best_level();
  }
  int Top(Side side, TickLevel* out) const { return book_.ladder(side).Top(kTop, out); }

 private:
  static std::vector<Ticks> FirstSizes(Price tick) {
    std::vector<Ticks> sizes = BucketSizesInTicks(tick);
    sizes.resize(N);
    return sizes;
  }

  OrderBook book_;
};

template <class SideBook>
class Plain {
 public:
  explicit Plain(Price tick) { (void)tick; }
  void Load(const BookEvent& snapshot) { book_.Load(snapshot.bids, snapshot.asks); }
  void Apply(const BookEvent& event) { book_.Apply(event.bids, event.asks); }
  [[nodiscard]] TickLevel best(Side side) const { return book_.side(side).best(); }
  int Top(Side side, TickLevel* out) const { return book_.side(side).Top(kTop, out); }

 private:
  ReferenceBook<SideBook> book_;
};

// The floor: every change read, nothing kept.
class ReadOnly {
 public:
  explicit ReadOnly(Price tick) { (void)tick; }
  void Load(const BookEvent& snapshot) { (void)snapshot; }
  void Apply(const BookEvent& event) {
    for (const TickLevel& level : event.bids) sum_ += level.price.raw() ^ level.qty.raw();
    for (const TickLevel& level : event.asks) sum_ += level.price.raw() ^ level.qty.raw();
  }
  [[nodiscard]] TickLevel best(Side side) const {
    (void)side;
    return {Ticks(sum_), Qty()};
  }

 private:
  std::int64_t sum_ = 0;
};

// What a double holds of a quantity: all that the tick vector can answer.
TickLevel Rounded(TickLevel level) {
  return {level.price, Qty(static_cast<std::int64_t>(static_cast<double>(level.qty.raw())))};
}

template <class Book>
void CheckEqual(const BookWorkload& work, const char* name) {
  Plain<StdMapSide> expected(work.tick);
  Book book(work.tick);
  expected.Load(work.snapshot);
  book.Load(work.snapshot);
  for (const BookEvent& event : work.events) {
    expected.Apply(event);
    book.Apply(event);
    for (const Side side : kSides) {
      std::array<TickLevel, kTop> a;
      std::array<TickLevel, kTop> b;
      const int count = expected.Top(side, a.data());
      bool same = book.Top(side, b.data()) == count &&
                  Rounded(book.best(side)) == Rounded(expected.best(side));
      for (std::size_t i = 0; same && i < static_cast<std::size_t>(count); ++i) {
        same = Rounded(a[i]) == Rounded(b[i]);
      }
      if (!same) {
        FailCheck(std::string(name) + " after " + std::to_string(event.ids.last.raw()) + " of " +
                  work.name);
      }
    }
  }
}

enum class Read { kBest, kBestAndTop };

template <class Book, Read kRead>
void Run(::benchmark::State& state, const BookWorkload& work) {
  Book book(work.tick);
  for (auto _ : state) {
    state.PauseTiming();
    book.Load(work.snapshot);
    state.ResumeTiming();
    for (const BookEvent& event : work.events) {
      book.Apply(event);
      for (const Side side : kSides) {
        ::benchmark::DoNotOptimize(book.best(side));
        if constexpr (kRead == Read::kBestAndTop) {
          std::array<TickLevel, kTop> top;
          ::benchmark::DoNotOptimize(book.Top(side, top.data()));
          ::benchmark::DoNotOptimize(top);
        }
      }
    }
  }
  CountNanos(state, "event", work.event_count());
  CountNanos(state, "level", work.level_count);
}

template <class Book>
void Add(const BookWorkload& work, const char* name) {
  CheckEqual<Book>(work, name);
  ::benchmark::RegisterBenchmark(
      ("BM_ApplyAndBest/" + work.name + "/" + name).c_str(),
      [&work](::benchmark::State& state) { Run<Book, Read::kBest>(state, work); });
  ::benchmark::RegisterBenchmark(
      ("BM_ApplyAndBestTen/" + work.name + "/" + name).c_str(),
      [&work](::benchmark::State& state) { Run<Book, Read::kBestAndTop>(state, work); });
}

// The benchmarks keep references into these.
std::vector<std::unique_ptr<const BookWorkload>> workloads;

const bool kRegistered = [] {
  for (const RecordedSet& set : SetsToTime()) {
    const BookWorkload& work = *workloads.emplace_back(std::make_unique<const BookWorkload>(set));
    Add<Plain<LadderSide>>(work, "thalweg");
    Add<BookWithBuckets<1>>(work, "thalweg OrderBook, buckets of 1 size");
    Add<BookWithBuckets<5>>(work, "thalweg OrderBook, buckets of 5 sizes");
    Add<Plain<StdMapSide>>(work, "std::map");
    Add<Plain<BtreeMapSide>>(work, "absl::btree_map");
    Add<Plain<SortedVectorSide>>(work, "sorted vector, best last");
    Add<Plain<HashSide>>(work, "hash map and tick walk");
    Add<Plain<TickVectorSide>>(work, "tick vector of doubles");
    ::benchmark::RegisterBenchmark(
        ("BM_ApplyAndBest/" + work.name + "/reading the changes only").c_str(),
        [&work](::benchmark::State& state) { Run<ReadOnly, Read::kBest>(state, work); });
  }
  return true;
}();

}  // namespace
}  // namespace thalweg::bench
