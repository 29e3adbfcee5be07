// From frame bytes to a record, as one would build it from well-known parts: a JSON library, a tree
// for each side of the book, sequencing by the documented rule, the same catalogue of features.
//
// Same as in the engine: the windows over trades, quotes and order flow (the classes of features/),
// and the last formulas from integers to doubles, so that records can be compared bit for bit.
// Different: the decoder and the structure of the levels, by parameter; what a tree cannot answer
// in one step (depth within a band, sweeps, best twenty) walks it from the best level. Buckets are
// kept change by change, or summed from the tree for each record. Missing, so the engine does more:
// quality flags, horizon, audits by bookTicker, refinement of tick and unit, checks of ranges,
// other symbols, recovery from gaps. One symbol, spot, known tick.
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "bench/feeds/decode/reference_decoders.h"
#include "book/bucket_ladder.h"
#include "book/sequencing.h"
#include "features/catalogue.h"
#include "features/feature_vector.h"
#include "feeds/decode/decoder.h"
#include "pipeline/instrument_grid.h"
#include "pipeline/record_buffer.h"

namespace thalweg::bench {

// Quantities by key in a tree; keys grow outward.
template <class Map>
class TreeLevels {
 public:
  explicit TreeLevels(Side side) : sign_(side == Side::kBid ? -1 : 1) {}

  // Makes `qty` the quantity; answers the one before.
  std::int64_t Exchange(std::int64_t price, std::int64_t qty) {
    const std::int64_t key = sign_ * price;
    if (qty == 0) {
      const auto found = levels_.find(key);
      if (found == levels_.end()) return 0;
      const std::int64_t old = found->second;
      levels_.erase(found);
      return old;
    }
    const auto [at, is_new] = levels_.try_emplace(key, qty);
    return is_new ? 0 : std::exchange(at->second, qty);
  }
  void Clear() { levels_.clear(); }
  [[nodiscard]] bool empty() const { return levels_.empty(); }
  // Calls visit(price, qty), best first, until it is false.
  template <class F>
  void Walk(F&& visit) const {
    for (const auto& [key, qty] : levels_) {
      if (!visit(sign_ * key, qty)) return;
    }
  }

 private:
  std::int64_t sign_;
  Map levels_;
};

// Buckets of one side and size as an array by number, from price zero on.
class BucketArray {
 public:
  BucketArray(Side side, std::int64_t size)
      : is_bid_(side == Side::kBid),
        round_up_(is_bid_ ? 0 : size - 1),
        divider_(size),
        buckets_(kNumbersMax) {}

  void Clear() { buckets_.assign(kNumbersMax, Bucket{}); }
  void Add(std::int64_t price, std::int64_t delta) {
    const std::size_t number = NumberOf(price);
    if (number >= kNumbersMax) return;  // Further out than any bucket that is ever read.
    buckets_[number].qty += delta;
    buckets_[number].notional += Wide{price} * delta;
  }
  // The quantity in kLadderBuckets buckets from that of `best` outward.
  [[nodiscard]] Wide Sum(std::int64_t best) const {
    const std::size_t touch = NumberOf(best);
    Wide sum = 0;
    for (std::size_t i = 0; i < kLadderBuckets; ++i) {
      if (is_bid_ && i > touch) break;
      const std::size_t number = is_bid_ ? touch - i : touch + i;
      if (number < kNumbersMax) sum += buckets_[number].qty;
    }
    return sum;
  }

 private:
  static constexpr std::size_t kNumbersMax = std::size_t{1} << 15;

  [[nodiscard]] std::size_t NumberOf(std::int64_t price) const {
    return static_cast<std::size_t>(divider_.Divide(price + round_up_));
  }

  bool is_bid_;
  std::int64_t round_up_;
  TickDivider divider_;
  std::vector<Bucket> buckets_;
};

// What a record starts from, read from both trees.
struct TopOfBook {
  std::array<TickLevel, kTopLevels> levels;
  std::size_t count = 0;

  [[nodiscard]] Wide DepthOf(std::size_t n) const {
    Wide sum = 0;
    for (std::size_t i = 0; i < std::min(n, count); ++i) sum += levels[i].qty.raw();
    return sum;
  }
};

enum class BucketsBy { kChanges, kSumming };

// The parts of the book's features that need levels beyond the best twenty, from one tree.
struct BandDepths {
  std::array<Wide, 3> within{};  // 5, 10 and 25 bps.
  double exponential = 0.0;
};

// Columns of the groups that are written here, in the order of ReferencePipeline::Write*().
[[nodiscard]] std::vector<std::size_t> ColumnsOf(const Catalogue& catalogue,
                                                 std::span<const std::string_view> names);

// The columns of all groups that the reference computes.
[[nodiscard]] std::vector<std::size_t> ReferenceColumns(const Catalogue& catalogue);

// Functions of one side's levels; in the source, for both kinds of tree.
template <class Levels>
[[nodiscard]] TopOfBook ReadTop(const Levels& levels);
template <class Levels>
[[nodiscard]] BandDepths ReadBands(const Levels& levels, Side side, std::int64_t mid2,
                                   std::int64_t best);
// False when the side is too thin for the largest.
template <class Levels>
void ReadSweeps(const Levels& levels, const SweepTargets& targets, std::int64_t mid2,
                double* costs);
// The quantity in the first kLadderBuckets buckets, summed from the levels.
template <class Levels>
[[nodiscard]] Wide SumBuckets(const Levels& levels, Side side, std::int64_t size,
                              std::int64_t best);
[[nodiscard]] double SlopeOf(const TopOfBook& top, std::int64_t mid2, const Scale& scale);

// `D` decodes as the references do; `Map` orders the levels.
template <class D, class Map, BucketsBy kBuckets>
class ReferencePipeline {
 public:
  ReferencePipeline(const Catalogue& catalogue, const Scale& scale);

  // One frame; true when it made a record. Same padding as for the engine.
  bool OnFrame(ReceiveTime received, std::string_view payload);
  [[nodiscard]] const RecordBuffer& record() const { return record_; }

 private:
  using Levels = TreeLevels<Map>;
  struct Half {
    Half(Side s, const std::vector<std::int64_t>& sizes) : side(s), levels(s) {
      if constexpr (kBuckets == BucketsBy::kChanges) {
        for (const std::int64_t size : sizes) buckets.emplace_back(s, size);
      }
    }
    Side side;
    Levels levels;
    std::vector<BucketArray> buckets;
  };

  bool OnDepth(const NamedFrame& frame, ReceiveTime received);
  void OnTicker(const NamedFrame& frame);
  void OnTrade(const NamedFrame& frame, ReceiveTime received);
  bool OnSnapshot(std::string_view payload, ReceiveTime received);

  EventTime Advance(std::int64_t time_ms, std::optional<EventTime>* stream);
  void Apply(const DiffRead& diff);
  void ApplySide(Half& half, const std::vector<Level>& levels);
  void AddOrderFlow(EventTime effective);
  void WriteRecord(UpdateId id, ReceiveTime received);
  void WriteBook(std::optional<std::int64_t>* mid2);
  void WriteQuote(const TopOfBook& bids, const TopOfBook& asks);
  [[nodiscard]] Wide BucketSum(const Half& half, std::size_t size_index, std::int64_t best) const;

  const Catalogue& catalogue_;
  const Scale scale_;
  const ExactDivisor tick_;
  std::vector<std::int64_t> sizes_;  // Of buckets, in ticks.
  std::vector<std::size_t> quote_;   // Columns.
  std::vector<std::size_t> liquidity_;

  D decoder_;
  Decoder snapshot_decoder_;
  DiffRead diff_;
  std::vector<DiffRead> waiting_;  // Before the snapshot.
  std::optional<UpdateId> applied_;

  Half bids_;
  Half asks_;
  EventTime clock_;
  std::optional<EventTime> depth_time_;
  std::optional<EventTime> ticker_time_;
  std::optional<EventTime> trade_time_;
  SweepTargets sweeps_;
  OrderFlowWindows<kOrderFlowSpans.size()> order_flow_{kOrderFlowSpans};
  TradeFlow trade_flow_;
  Touch touch_;
  Ages ages_;
  RecordBuffer record_;
};

}  // namespace thalweg::bench
