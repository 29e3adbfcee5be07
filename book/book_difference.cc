#include "book/book_difference.h"

#include "book/horizon.h"

namespace thalweg {
namespace {

void AddSide(Side side, const OrderBook& a, const OrderBook& b, BookDifference* difference) {
  const std::optional<Ticks> edge = InnerEdge(side, a.known_edge(side), b.known_edge(side));
  std::optional<LevelDifference> nearest;
  const auto add = [&](Ticks price) {
    ++difference->levels;
    if (nearest && IsInside(side, nearest->price, price)) return;
    nearest = {side, price, a.ladder(side).at(price), b.ladder(side).at(price)};
  };
  a.ladder(side).Walk([&](TickLevel level) {
    if (!IsInside(side, level.price, edge)) return false;
    if (b.ladder(side).at(level.price) != level.qty) add(level.price);
    return true;
  });
  b.ladder(side).Walk([&](TickLevel level) {
    if (!IsInside(side, level.price, edge)) return false;
    if (a.ladder(side).at(level.price) == Qty()) add(level.price);
    return true;
  });
  if (!difference->first) difference->first = nearest;
}

}  // namespace

BookDifference DifferenceInside(const OrderBook& a, const OrderBook& b) {
  BookDifference difference;
  AddSide(Side::kBid, a, b, &difference);
  AddSide(Side::kAsk, a, b, &difference);
  return difference;
}

}  // namespace thalweg
