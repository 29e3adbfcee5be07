// The ladder record: its layout, the worked example, its edges, and random books against the
// obvious ladder.
#include "features/ladder_record.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/record.h"
#include "tests/book/model_book.h"
#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::Bits;
using testing::ExpectPublishable;
using testing::InTicks;
using testing::IsTheNan;
using testing::kCent;
using testing::Levels;
using testing::MakeBook;
using testing::ModelBuckets;
using testing::ModelDense;

constexpr std::size_t kBuckets = kLadderBuckets;

// One bucket size of a record, read by the offsets of the documentation.
class Block {
 public:
  Block(const std::vector<double>& values, std::size_t size_index)
      : words_(values.begin() + static_cast<std::ptrdiff_t>(size_index * kLadderValues),
               values.begin() + static_cast<std::ptrdiff_t>((size_index + 1) * kLadderValues)) {}

  [[nodiscard]] double size() const { return words_[0]; }
  [[nodiscard]] double label(Side side) const { return words_[1 + Place(side)]; }
  [[nodiscard]] std::uint32_t complete(Side side) const {
    std::uint32_t count = 0;
    std::memcpy(&count, reinterpret_cast<const char*>(words_.data()) + 24 + 4 * Place(side), 4);
    return count;
  }
  [[nodiscard]] double qty(Side side, std::size_t i) const {
    return words_[4 + Place(side) * 2 * kBuckets + i];
  }
  [[nodiscard]] double notional(Side side, std::size_t i) const {
    return words_[4 + Place(side) * 2 * kBuckets + kBuckets + i];
  }
  // Every f64 but the size.
  [[nodiscard]] std::vector<double> Doubles(Side side) const {
    std::vector<double> all{label(side)};
    for (std::size_t i = 0; i < kBuckets; ++i) all.push_back(qty(side, i));
    for (std::size_t i = 0; i < kBuckets; ++i) all.push_back(notional(side, i));
    return all;
  }

 private:
  static std::size_t Place(Side side) { return side == Side::kBid ? 0 : 1; }
  std::vector<double> words_;
};

std::vector<Price> PricesOf(const std::vector<Ticks>& sizes) {
  std::vector<Price> prices;
  for (const Ticks size : sizes) prices.push_back(kCent.ToPrice(size));
  return prices;
}

std::vector<double> Ladders(const OrderBook* book, const std::vector<Ticks>& sizes) {
  std::vector<double> values(sizes.size() * kLadderValues, 77.0);
  ComputeLadders(book, PricesOf(sizes), kCent, values.data());
  return values;
}

const std::vector<Ticks> kTenAndFifty{Ticks(1'000), Ticks(5'000)};

// The worked example of the definition, at a tick of 0.01.
const Levels kWorkedBids = InTicks({{6'183'763, 378'826'000},
                                    {6'183'762, 61'700'000},
                                    {6'183'000, 38'000'000},
                                    {6'182'999, 50'000'000},
                                    {6'182'000, 100'000'000}});
const Levels kWorkedAsks = InTicks({{6'183'764, 154'698'000},
                                    {6'184'000, 25'000'000},
                                    {6'184'001, 32'000'000},
                                    {6'185'000, 10'000'000}});

TEST(LadderRecordTest, TheLayoutIsTheDocumentedOne) {
  const RecordSchema schema = LadderSchema({"t10", "b2"});
  EXPECT_EQ(schema.kind, RingKind::kLadders);
  EXPECT_EQ(schema.levels, 15U);
  EXPECT_EQ(schema.record_bytes, 64U + 2 * 512U);
  std::string text;
  for (std::size_t i = HeaderFields().size(); i < schema.fields.size(); ++i) {
    const SchemaField& field = schema.fields[i];
    absl::StrAppend(&text, field.name, " ", std::string(field.type), " ", field.count, " ",
                    field.offset, " ", std::string(field.unit), "\n");
  }
  EXPECT_EQ(text,
            "size_t10 f64 1 64 quote\nbid_label_t10 f64 1 72 quote\nask_label_t10 f64 1 80 quote\n"
            "complete_bid_t10 u32 1 88 count\ncomplete_ask_t10 u32 1 92 count\n"
            "bid_qty_t10 f64 15 96 base\nbid_notional_t10 f64 15 216 quote\n"
            "ask_qty_t10 f64 15 336 base\nask_notional_t10 f64 15 456 quote\n"
            "size_b2 f64 1 576 quote\nbid_label_b2 f64 1 584 quote\nask_label_b2 f64 1 592 quote\n"
            "complete_bid_b2 u32 1 600 count\ncomplete_ask_b2 u32 1 604 count\n"
            "bid_qty_b2 f64 15 608 base\nbid_notional_b2 f64 15 728 quote\n"
            "ask_qty_b2 f64 15 848 base\nask_notional_b2 f64 15 968 quote\n");
}

TEST(LadderRecordTest, FiveSizesAre2624Bytes) {
  EXPECT_EQ(LadderSchema({"t1", "t2", "t3", "t4", "t5"}).record_bytes, 2'624U);
}

TEST(LadderRecordTest, TheWorkedExampleFallsIntoItsBuckets) {
  const OrderBook book = MakeBook(kWorkedBids, kWorkedAsks, kTenAndFifty);
  const std::vector<double> values = Ladders(&book, kTenAndFifty);
  const Block ten(values, 0);
  EXPECT_EQ(ten.size(), 10.0);
  EXPECT_EQ(ten.label(Side::kBid), 61'830.0);
  EXPECT_EQ(ten.label(Side::kAsk), 61'840.0);
  EXPECT_EQ(ten.qty(Side::kBid, 0), 4.78526);
  EXPECT_EQ(ten.qty(Side::kBid, 1), 1.5);
  EXPECT_EQ(ten.qty(Side::kBid, 2), 0.0);
  EXPECT_EQ(ten.qty(Side::kAsk, 0), 1.79698);
  EXPECT_EQ(ten.qty(Side::kAsk, 1), 0.42);
  // 61837.63 x 3.78826 + 61837.62 x 0.617 + 61830 x 0.38
  EXPECT_DOUBLE_EQ(ten.notional(Side::kBid, 0), 295'906.2317638);
  EXPECT_DOUBLE_EQ(ten.notional(Side::kAsk, 1), 61'840.01 * 0.32 + 61'850.0 * 0.1);
  const Block fifty(values, 1);
  EXPECT_EQ(fifty.size(), 50.0);
  EXPECT_EQ(fifty.label(Side::kBid), 61'800.0);
  EXPECT_EQ(fifty.label(Side::kAsk), 61'850.0);
  EXPECT_EQ(fifty.qty(Side::kBid, 0), 6.28526);
  EXPECT_EQ(fifty.qty(Side::kAsk, 0), 2.21698);
  for (const Side side : {Side::kBid, Side::kAsk}) EXPECT_EQ(fifty.complete(side), kBuckets);
}

TEST(LadderRecordTest, OnlyBucketsInsideWhatASnapshotKnewAreComplete) {
  OrderBook book(kTenAndFifty);
  book.Load(kWorkedBids, kWorkedAsks, UpdateId(1), kWorkedAsks.size());
  const std::vector<double> values = Ladders(&book, kTenAndFifty);
  // Known down to 61820.00 and up to 61850.00.
  EXPECT_EQ(Block(values, 0).complete(Side::kBid), 2U);
  EXPECT_EQ(Block(values, 0).complete(Side::kAsk), 2U);
  EXPECT_EQ(Block(values, 1).complete(Side::kBid), 0U);
  EXPECT_EQ(Block(values, 1).complete(Side::kAsk), 1U);
}

TEST(LadderRecordTest, AnEmptySideIsNaNThroughoutAndTheOtherStays) {
  const OrderBook book = MakeBook(kWorkedBids, {}, kTenAndFifty);
  const std::vector<double> values = Ladders(&book, kTenAndFifty);
  const Block ten(values, 0);
  for (const double value : ten.Doubles(Side::kAsk)) EXPECT_TRUE(IsTheNan(value));
  EXPECT_EQ(ten.complete(Side::kAsk), 0U);
  EXPECT_EQ(ten.qty(Side::kBid, 0), 4.78526);
  EXPECT_EQ(ten.size(), 10.0);
}

TEST(LadderRecordTest, WithoutABookOnlyTheSizesAreThere) {
  const std::vector<double> values = Ladders(nullptr, kTenAndFifty);
  for (const std::size_t i : {0U, 1U}) {
    const Block block(values, i);
    EXPECT_EQ(block.size(), i == 0 ? 10.0 : 50.0);
    for (const Side side : {Side::kBid, Side::kAsk}) {
      for (const double value : block.Doubles(side)) EXPECT_TRUE(IsTheNan(value));
      EXPECT_EQ(block.complete(side), 0U);
    }
  }
}

TEST(LadderRecordTest, RandomBooksAgreeWithTheModel) {
  const std::vector<Ticks> sizes{Ticks(1), Ticks(7), Ticks(100)};
  std::mt19937 random(5);
  const auto roll = [&](std::int64_t count) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(count));
  };
  for (int trial = 0; trial < 200; ++trial) {
    testing::ModelSide bids(Side::kBid);
    testing::ModelSide asks(Side::kAsk);
    for (std::int64_t i = roll(60); i > 0; --i) {
      bids.Set(Ticks(5'000 - roll(400)), Qty(1 + roll(1'000'000'000)));
      asks.Set(Ticks(5'001 + roll(400)), Qty(1 + roll(1'000'000'000)));
    }
    const OrderBook book = MakeBook(bids.levels(), asks.levels(), sizes);
    const std::vector<double> values = Ladders(&book, sizes);
    for (std::size_t s = 0; s < sizes.size(); ++s) {
      const Block block(values, s);
      for (const testing::ModelSide* model : {&bids, &asks}) {
        const Side side = model->side();
        const std::vector<CompactBucket> dense = ModelDense(
            side, ModelBuckets(side, model->levels(), sizes[s], BucketRounding::kOutward),
            sizes[s]);
        ExpectPublishable(block.Doubles(side));
        if (dense.empty()) {
          EXPECT_TRUE(IsTheNan(block.label(side)));
          continue;
        }
        EXPECT_EQ(block.label(side), static_cast<double>(dense[0].label.raw()) / 100.0);
        for (std::size_t i = 0; i < kBuckets; ++i) {
          const auto qty = static_cast<double>(dense[i].bucket.qty);
          const auto notional = static_cast<double>(dense[i].bucket.notional);
          ASSERT_EQ(Bits(block.qty(side, i)), Bits(qty / 1e8)) << trial << " " << s << " " << i;
          ASSERT_DOUBLE_EQ(block.notional(side, i), notional / 1e10) << trial << " " << s;
        }
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
