// The difference of two books against maps that are compared price by price.
#include "book/book_difference.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <vector>

namespace thalweg {
namespace {

constexpr std::array kSizes{Ticks(10)};

// A side as a map from price to quantity, and how far it is known.
struct ModelSide {
  std::map<std::int64_t, std::int64_t> levels;
  std::optional<Ticks> edge;
};

class BookPair {
 public:
  explicit BookPair(std::uint32_t seed) : random_(seed) {
    for (ModelSide& side : models_) {
      for (int i = 0; i < 8; ++i) Put(side);
    }
    // The second book is the first one with some other levels and edges of its own.
    models_[2].levels = models_[0].levels;
    models_[3].levels = models_[1].levels;
    for (int i = Roll(4); i > 0; --i) Put(models_[2]);
    for (int i = Roll(4); i > 0; --i) Put(models_[3]);
    for (std::size_t i = 0; i < models_.size(); ++i) {
      if (Roll(2) == 0) models_[i].edge = Ticks(PriceAt(i % 2 == 0, Roll(20)));
    }
    for (std::size_t i = 0; i < 2; ++i) Fill(i);
  }

  [[nodiscard]] const OrderBook& a() const { return books_[0]; }
  [[nodiscard]] const OrderBook& b() const { return books_[1]; }

  [[nodiscard]] BookDifference Expected() const {
    BookDifference difference;
    for (const Side side : {Side::kBid, Side::kAsk}) {
      const std::size_t at = static_cast<std::size_t>(side);
      for (int away = 0; away < 20; ++away) {  // From the touch on.
        const std::int64_t price = PriceAt(side == Side::kBid, away);
        const ModelSide& a = models_[at];
        const ModelSide& b = models_[2 + at];
        if (!IsInside(side, Ticks(price), a.edge) || !IsInside(side, Ticks(price), b.edge)) break;
        const Qty in_a(a.levels.contains(price) ? a.levels.at(price) : 0);
        const Qty in_b(b.levels.contains(price) ? b.levels.at(price) : 0);
        if (in_a == in_b) continue;
        ++difference.levels;
        if (!difference.first) difference.first = {side, Ticks(price), in_a, in_b};
      }
    }
    return difference;
  }

 private:
  static std::int64_t PriceAt(bool bid, int away) { return bid ? 99 - away : 101 + away; }
  int Roll(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  void Put(ModelSide& side) {
    const bool bid = (&side - models_.data()) % 2 == 0;
    side.levels[PriceAt(bid, Roll(20))] = 1 + Roll(3);
  }
  void Fill(std::size_t at) {
    std::array<std::vector<TickLevel>, 2> changes;
    for (const Side side : {Side::kBid, Side::kAsk}) {
      for (const auto& [price, qty] : models_[2 * at + static_cast<std::size_t>(side)].levels) {
        changes[static_cast<std::size_t>(side)].push_back({Ticks(price), Qty(qty)});
      }
    }
    books_[at].Apply(changes[0], changes[1], UpdateId(1));
    books_[at].set_known_edges({models_[2 * at].edge, models_[2 * at + 1].edge});
  }

  std::mt19937 random_;
  std::array<ModelSide, 4> models_;  // Bids and asks of the first book, then of the second.
  std::array<OrderBook, 2> books_{OrderBook(kSizes), OrderBook(kSizes)};
};

TEST(BookDifferenceTest, IsThatOfTheModels) {
  int differing = 0;
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(seed);
    const BookPair pair(seed);
    const BookDifference expected = pair.Expected();
    const BookDifference found = DifferenceInside(pair.a(), pair.b());
    ASSERT_EQ(found.levels, expected.levels);
    ASSERT_EQ(found.first, expected.first);
    ASSERT_EQ(found.levels == 0, pair.a().SameInside(pair.b()));
    differing += found.levels != 0 ? 1 : 0;
  }
  EXPECT_GT(differing, 500);
  EXPECT_LT(differing, 1'900);
}

}  // namespace
}  // namespace thalweg
