#include "pipeline/snapshot_orders.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace thalweg {
namespace {

std::string Taken(SnapshotOrders& orders) {
  constexpr char kNeeds[] = {'n', 'd', 'b'};
  std::string taken;
  while (const std::optional<SnapshotOrder> order = orders.Take()) {
    taken += order->symbol + kNeeds[static_cast<std::size_t>(order->need)] + " ";
  }
  return taken;
}

TEST(SnapshotOrdersTest, ASymbolThatWaitsIsOrderedOnceAtItsMostUrgentNeed) {
  SnapshotOrders orders({"A", "B"});
  EXPECT_EQ(Taken(orders), "");
  orders.Order(0, SnapshotNeed::kBackground);
  orders.Order(0, SnapshotNeed::kDoubt);
  orders.Order(0, SnapshotNeed::kDoubt);
  orders.Order(0, SnapshotNeed::kBackground);
  EXPECT_EQ(Taken(orders), "Ad ");
  orders.Order(0, SnapshotNeed::kBackground);
  EXPECT_EQ(Taken(orders), "Ab ");
}

TEST(SnapshotOrdersTest, TheMostUrgentNeedComesFirst) {
  SnapshotOrders orders({"A", "B", "C"});
  orders.OrderAll(SnapshotNeed::kBackground);
  orders.Order(1, SnapshotNeed::kNoBook);
  orders.Order(2, SnapshotNeed::kDoubt);
  EXPECT_EQ(Taken(orders), "Bn Cd Ab ");
}

TEST(SnapshotOrdersTest, SymbolsTakeTurns) {
  std::vector<std::string> names;
  for (int i = 0; i < 130; ++i) names.push_back(std::to_string(i));  // Three words of bits.
  SnapshotOrders orders(names);
  std::vector<int> served(130);
  for (int round = 0; round < 260; ++round) {
    orders.OrderAll(SnapshotNeed::kNoBook);
    ++served[static_cast<std::size_t>(std::stoi(orders.Take()->symbol))];
  }
  EXPECT_EQ(served, std::vector<int>(130, 2));
}

TEST(SnapshotOrdersTest, NoOrderOfTwoThreadsIsMissed) {
  SnapshotOrders orders({"A", "B"});
  std::atomic<bool> ended{false};
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (std::size_t symbol = 0; symbol < 2; ++symbol) {
    threads.emplace_back([&, symbol] {
      for (int i = 0; i < 20'000; ++i) orders.Order(symbol, SnapshotNeed::kDoubt);
      if (++done == 2) ended.store(true);
    });
  }
  int taken = 0;
  while (!ended.load()) taken += orders.Take() ? 1 : 0;
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(taken, 40'000);
  // The last order of each came after its last serving, or was served: nothing is left half done.
  (void)Taken(orders);
  orders.OrderAll(SnapshotNeed::kDoubt);
  EXPECT_EQ(Taken(orders).size(), 6u);
}

}  // namespace
}  // namespace thalweg
