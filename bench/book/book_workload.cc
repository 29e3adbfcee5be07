#include "bench/book/book_workload.h"

#include <numeric>
#include <span>
#include <utility>

#include "bench/workload.h"
#include "core/decimal.h"
#include "features/catalogue.h"
#include "feeds/decode/decoder.h"

namespace thalweg::bench {
namespace {

// Prices are in 1e-8 until the tick is known.
std::vector<TickLevel> Untick(std::span<const Level> levels, std::int64_t* divisor) {
  std::vector<TickLevel> copied;
  copied.reserve(levels.size());
  for (const Level& level : levels) {
    *divisor = std::gcd(*divisor, level.price.raw());
    copied.push_back({Ticks(level.price.raw()), level.qty});
  }
  return copied;
}

void ToTicks(BookEvent& event, std::int64_t tick) {
  for (std::vector<TickLevel>* levels : {&event.bids, &event.asks}) {
    for (TickLevel& level : *levels) level.price = Ticks(level.price.raw() / tick);
  }
}

}  // namespace

BookWorkload::BookWorkload(const RecordedSet& set) : name(set.name) {
  Decoder decoder;
  const RecordedFeed feed(set.files, kLinesMax);
  std::int64_t divisor = 0;
  bool has_snapshot = false;
  for (const RecordedFeed::Line& line : feed.lines()) {
    const FrameHead head = NameFrame(line.payload);
    DepthDiff diff;
    DepthSnapshot picture;
    if (head.kind == FrameKind::kDepth &&
        decoder.DecodeDepth(head, kQtyDecimalsMax, &diff) == DecodeVerdict::kOk) {
      if (diff.previous) numbering = Numbering::kFutures;
      events.push_back({{diff.first, diff.last, diff.previous},
                        Untick(diff.bids, &divisor),
                        Untick(diff.asks, &divisor)});
    } else if (head.kind == FrameKind::kSnapshot && !has_snapshot &&
               decoder.DecodeSnapshot(line.payload, kQtyDecimalsMax, &picture) ==
                   DecodeVerdict::kOk) {
      has_snapshot = true;
      snapshot = {{picture.last, picture.last, {}},
                  Untick(picture.bids, &divisor),
                  Untick(picture.asks, &divisor)};
    }
  }

  // The chain that continues the snapshot, up to its first break.
  std::vector<BookEvent> chain;
  for (BookEvent& event : events) {
    const DiffVerdict verdict = chain.empty()
                                    ? JudgeFirst(numbering, snapshot.ids.last, event.ids)
                                    : JudgeNext(numbering, chain.back().ids.last, event.ids);
    if (verdict == DiffVerdict::kStale) continue;
    if (verdict != DiffVerdict::kApply) break;
    chain.push_back(std::move(event));
  }
  events = std::move(chain);
  if (!has_snapshot || events.empty()) FailCheck(name + ": no event continues a snapshot");

  // Every bucket size is a whole number of ticks.
  for (const std::string& size : DefaultBucketSizes()) {
    divisor = std::gcd(divisor, ParsePositivePrice(size)->raw());
  }
  tick = Price(divisor);
  ToTicks(snapshot, divisor);
  for (BookEvent& event : events) {
    ToTicks(event, divisor);
    level_count += static_cast<std::int64_t>(event.bids.size() + event.asks.size());
  }
}

std::vector<Ticks> BucketSizesInTicks(Price tick) {
  std::vector<Ticks> sizes;
  for (const std::string& size : DefaultBucketSizes()) {
    sizes.emplace_back(ParsePositivePrice(size)->raw() / tick.raw());
  }
  return sizes;
}

}  // namespace thalweg::bench
