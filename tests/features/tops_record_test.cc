// The tops record: its layout, ranks that are absent, and random books against the obvious side.
#include "features/tops_record.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/record.h"
#include "tests/book/model_book.h"
#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::BookA;
using testing::ExpectPublishable;
using testing::IsTheNan;
using testing::kCent;
using testing::MakeBook;

std::vector<double> Tops(const OrderBook* book, std::size_t levels) {
  std::vector<double> values(levels * kTopsValues + 1, 77.0);
  ComputeTops(book, levels, kCent, values.data());
  EXPECT_EQ(values.back(), 77.0) << "written beyond the record";
  values.pop_back();
  return values;
}

TEST(TopsRecordTest, TheLayoutIsTheDocumentedOne) {
  const RecordSchema schema = TopsSchema(2);
  EXPECT_EQ(schema.kind, RingKind::kTops);
  EXPECT_EQ(schema.levels, 2U);
  EXPECT_EQ(schema.record_bytes, 128U);
  std::string text;
  for (std::size_t i = HeaderFields().size(); i < schema.fields.size(); ++i) {
    const SchemaField& field = schema.fields[i];
    EXPECT_EQ(field.count, 1U);
    absl::StrAppend(&text, field.name, " ", std::string(field.type), " ", field.offset, " ",
                    std::string(field.unit), "\n");
  }
  EXPECT_EQ(text,
            "bid_price_1 f64 64 quote\nbid_qty_1 f64 72 base\n"
            "ask_price_1 f64 80 quote\nask_qty_1 f64 88 base\n"
            "bid_price_2 f64 96 quote\nbid_qty_2 f64 104 base\n"
            "ask_price_2 f64 112 quote\nask_qty_2 f64 120 base\n");
}

TEST(TopsRecordTest, BookAStandsRankByRank) {
  const OrderBook book = BookA();
  const std::vector<double> expected{100.00, 2, 100.02, 1, 99.99, 3,  100.03, 4,
                                     99.97,  5, 100.06, 5, 99.95, 10, 100.10, 10};
  EXPECT_EQ(Tops(&book, 4), expected);
}

TEST(TopsRecordTest, RanksThatASideDoesNotHaveAreNaN) {
  const OrderBook book = BookA();
  const std::vector<double> values = Tops(&book, 6);
  EXPECT_EQ(values[3 * kTopsValues], 99.95);
  for (std::size_t i = 4 * kTopsValues; i < values.size(); ++i) EXPECT_TRUE(IsTheNan(values[i]));
}

TEST(TopsRecordTest, AnEmptySideAndNoBookAreNaN) {
  const OrderBook book = MakeBook(testing::InTicks({{100, 5}}), {});
  const std::vector<double> values = Tops(&book, 1);
  EXPECT_EQ(values[0], 1.0);
  EXPECT_EQ(values[1], 5e-8);
  EXPECT_TRUE(IsTheNan(values[2]));
  EXPECT_TRUE(IsTheNan(values[3]));
  for (const double value : Tops(nullptr, 3)) EXPECT_TRUE(IsTheNan(value));
}

TEST(TopsRecordTest, RandomBooksAgreeWithTheModelUpToTheMostLevels) {
  std::mt19937 random(9);
  const auto roll = [&](std::int64_t count) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(count));
  };
  for (const std::size_t levels : {std::size_t{1}, std::size_t{20}, kTopsLevelsMax}) {
    for (int trial = 0; trial < 50; ++trial) {
      testing::ModelSide bids(Side::kBid);
      testing::ModelSide asks(Side::kAsk);
      for (std::int64_t i = roll(200); i > 0; --i) {
        bids.Set(Ticks(5'000 - roll(400)), Qty(1 + roll(1'000'000'000)));
        asks.Set(Ticks(5'001 + roll(400)), Qty(1 + roll(1'000'000'000)));
      }
      const OrderBook book = MakeBook(bids.levels(), asks.levels());
      const std::vector<double> values = Tops(&book, levels);
      ExpectPublishable(values);
      const auto expect_side = [&](const std::vector<TickLevel>& model, std::size_t place) {
        for (std::size_t i = 0; i < levels; ++i) {
          const double price = values[i * kTopsValues + place];
          const double qty = values[i * kTopsValues + place + 1];
          if (i >= model.size()) {
            ASSERT_TRUE(IsTheNan(price) && IsTheNan(qty));
            continue;
          }
          ASSERT_EQ(price, static_cast<double>(model[i].price.raw()) / 100.0);
          ASSERT_EQ(qty, static_cast<double>(model[i].qty.raw()) / 1e8);
        }
      };
      expect_side(bids.levels(), 0);
      expect_side(asks.levels(), 2);
    }
  }
}

}  // namespace
}  // namespace thalweg
