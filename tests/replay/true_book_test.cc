#include "replay/true_book.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace thalweg {
namespace {

using Sides = std::map<std::pair<Side, std::int64_t>, std::int64_t>;

Sides LevelsOf(const TrueBook& book) {
  Sides levels;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    for (const auto& [key, qty] : book.levels(side)) {
      levels[{side, TrueBook::Price(side, key).raw()}] = qty;
    }
  }
  return levels;
}

std::uint64_t HashOf(const Sides& levels) {
  std::uint64_t hash = 0;
  for (const auto& [place, qty] : levels) {
    hash += TrueBook::HashLevel(place.first, Ticks(place.second), Qty(qty));
  }
  return hash;
}

TEST(TrueBookTest, BothSidesBeginWithTheirBestLevel) {
  TrueBook book;
  book.Set(UpdateId(1), Side::kBid, Ticks(99), Qty(5));
  book.Set(UpdateId(2), Side::kBid, Ticks(100), Qty(6));
  book.Set(UpdateId(3), Side::kAsk, Ticks(103), Qty(7));
  book.Set(UpdateId(4), Side::kAsk, Ticks(102), Qty(8));
  EXPECT_EQ(TrueBook::Price(Side::kBid, book.levels(Side::kBid).begin()->first), Ticks(100));
  EXPECT_EQ(TrueBook::Price(Side::kAsk, book.levels(Side::kAsk).begin()->first), Ticks(102));
  EXPECT_EQ(book.QtyAt(Side::kBid, Ticks(99)), Qty(5));
  EXPECT_EQ(book.QtyAt(Side::kBid, Ticks(98)), Qty(0));
}

TEST(TrueBookTest, EveryPastBookIsTheOneThatStoodThen) {
  std::mt19937 random(1);
  TrueBook book;
  std::vector<Sides> then{{}};  // By id.
  Sides now;
  for (std::int64_t id = 1; id <= 500; ++id) {
    const Side side = random() % 2 == 0 ? Side::kBid : Side::kAsk;
    const auto price = static_cast<std::int64_t>(1 + random() % 20);
    const auto qty = static_cast<std::int64_t>(random() % 3);
    book.Set(UpdateId(id), side, Ticks(price), Qty(qty));
    if (qty == 0) {
      now.erase({side, price});
    } else {
      now[{side, price}] = qty;
    }
    then.push_back(now);
  }
  for (std::int64_t id = 0; id <= 500; ++id) {
    const std::optional<TrueBook> past = book.At(UpdateId(id));
    ASSERT_TRUE(past.has_value()) << id;
    const Sides& wanted = then[static_cast<std::size_t>(id)];
    ASSERT_EQ(LevelsOf(*past), wanted) << id;
    ASSERT_EQ(past->id(), UpdateId(id));
    ASSERT_EQ(past->hash(), HashOf(wanted)) << id;
    ASSERT_EQ(book.HashAt(UpdateId(id)), past->hash()) << id;
  }
}

TEST(TrueBookTest, SeveralChangesOfOneIdAreUndoneTogether) {
  TrueBook book;
  book.Set(UpdateId(1), Side::kBid, Ticks(10), Qty(1));
  const std::uint64_t before = book.hash();
  book.Set(UpdateId(2), Side::kBid, Ticks(10), Qty(2));
  book.Set(UpdateId(2), Side::kAsk, Ticks(11), Qty(3));
  EXPECT_EQ(book.HashAt(UpdateId(1)), before);
  EXPECT_EQ(book.At(UpdateId(1))->levels(Side::kAsk).size(), 0u);
}

TEST(TrueBookTest, AnIdBetweenTwoChangesIsTheBookOfTheFirst) {
  TrueBook book;
  book.Set(UpdateId(10), Side::kBid, Ticks(10), Qty(1));
  const std::uint64_t at_ten = book.hash();
  book.Set(UpdateId(20), Side::kBid, Ticks(10), Qty(2));
  EXPECT_EQ(book.HashAt(UpdateId(19)), at_ten);
  EXPECT_EQ(book.HashAt(UpdateId(1'000)), book.hash());
}

TEST(TrueBookTest, WhatIsTooLongAgoIsForgottenNotGuessed) {
  TrueBook book;
  const auto last = static_cast<std::int64_t>(kTrueBookHistory) + 10;
  for (std::int64_t id = 1; id <= last; ++id) {
    book.Set(UpdateId(id), Side::kAsk, Ticks(7), Qty(1 + id % 5));
  }
  EXPECT_FALSE(book.At(UpdateId(9)).has_value());
  EXPECT_FALSE(book.HashAt(UpdateId(9)).has_value());
  ASSERT_TRUE(book.At(UpdateId(11)).has_value());
  EXPECT_EQ(book.At(UpdateId(11))->QtyAt(Side::kAsk, Ticks(7)), Qty(1 + 11 % 5));
}

}  // namespace
}  // namespace thalweg
