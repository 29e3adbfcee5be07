#include "features/ladder_record.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/record.h"

namespace thalweg {
namespace {

constexpr auto kBucketCount = static_cast<std::size_t>(kLadderBuckets);

// One bucket size of a record, word by word.
struct LadderBlock {
  double size;
  std::array<double, 2> labels;  // By Side.
  std::array<std::uint32_t, 2> complete;
  struct Half {
    std::array<double, kBucketCount> qty;
    std::array<double, kBucketCount> notional;
  };
  std::array<Half, 2> halves;
};
static_assert(sizeof(LadderBlock) == kLadderValues * sizeof(double) &&
              offsetof(LadderBlock, complete) == 24 && offsetof(LadderBlock, halves) == 32);

void ComputeHalf(const OrderBook* book, Side side, int size_index, const Scale& scale,
                 LadderBlock* block) noexcept {
  const auto place = static_cast<std::size_t>(side);
  LadderBlock::Half& half = block->halves[place];
  if (book == nullptr || book->ladder(side).empty()) {
    block->labels[place] = kNaN;
    block->complete[place] = 0;
    half.qty.fill(kNaN);
    half.notional.fill(kNaN);
    return;
  }
  const DenseView view = book->dense(side, size_index);
  assert(view.buckets.size() == kBucketCount);
  block->labels[place] = scale.ToQuote(view.first_label);
  block->complete[place] = static_cast<std::uint32_t>(book->complete_dense(side, size_index));
  for (std::size_t i = 0; i < kBucketCount; ++i) {
    half.qty[i] = scale.ToBase(view.buckets[i].qty);
    half.notional[i] = scale.ToQuoteNotional(view.buckets[i].notional);
  }
}

}  // namespace

RecordSchema LadderSchema(const std::vector<std::string>& suffixes) {
  constexpr std::string_view kGroup = "Ladders";
  constexpr std::string_view kQtyText =
      "quantity in each of the consecutive buckets from the touch outward";
  constexpr std::string_view kNotionalText = "sum of price x quantity in each of them";
  constexpr std::string_view kCompleteText =
      "how many of these buckets lie inside what the book knows";
  std::vector<SchemaField> fields = HeaderFields();
  std::size_t offset = sizeof(RecordHeader);
  for (const std::string& suffix : suffixes) {
    const auto add = [&](absl::string_view name, std::string_view type, std::size_t bytes,
                         std::size_t count, std::string_view unit, std::string_view range,
                         std::string_view description) {
      fields.push_back({absl::StrCat(name, "_", suffix), type, offset, count, unit, kGroup, "",
                        range, description});
      offset += count * bytes;
    };
    add("size", "f64", 8, 1, "quote", "> 0", "bucket size");
    add("bid_label", "f64", 8, 1, "quote", ">= 0", "label of the first bid bucket");
    add("ask_label", "f64", 8, 1, "quote", ">= 0", "label of the first ask bucket");
    add("complete_bid", "u32", 4, 1, "count", "[0, 15]", kCompleteText);
    add("complete_ask", "u32", 4, 1, "count", "[0, 15]", kCompleteText);
    for (const absl::string_view side : {"bid", "ask"}) {
      add(absl::StrCat(side, "_qty"), "f64", 8, kBucketCount, "base", ">= 0", kQtyText);
      add(absl::StrCat(side, "_notional"), "f64", 8, kBucketCount, "quote", ">= 0", kNotionalText);
    }
  }
  return MakeSchema(RingKind::kLadders, kBucketCount, std::move(fields));
}

void ComputeLadders(const OrderBook* book, std::span<const Price> sizes, const Scale& scale,
                    double* out) noexcept {
  assert(book == nullptr || book->bucket_size_count() == static_cast<int>(sizes.size()));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    LadderBlock block;
    block.size = scale.ToQuote(sizes[i]);
    for (const Side side : {Side::kBid, Side::kAsk}) {
      ComputeHalf(book, side, static_cast<int>(i), scale, &block);
    }
    std::memcpy(out + i * kLadderValues, &block, sizeof(block));
  }
}

}  // namespace thalweg
