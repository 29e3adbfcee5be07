// Group Trades: the worked tape with its window edge, zero rules, and lists summed from scratch.
#include "features/trade_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::ExpectClose;
using testing::ExpectPublishable;
using testing::IsTheNan;
using testing::kCent;
using testing::kOne;
using testing::Named;

Trade Fill(std::int64_t price_cents, std::int64_t qty, bool buyer_is_maker) {
  Trade trade;
  trade.price = Price(price_cents * 1'000'000);
  trade.qty = Qty(qty);
  trade.aggressor = buyer_is_maker ? Aggressor::kSeller : Aggressor::kBuyer;
  return trade;
}

Named Read(TradeFlow& flow, EventTime now, std::optional<std::int64_t> mid2 = std::nullopt) {
  std::vector<double> values(kTradeFlowFeatures, 77.0);
  flow.AdvanceTo(now);
  flow.Compute(kCent, mid2, values.data());
  return {FeatureGroup::kTrades, values};
}

EventTime At(std::int64_t ms) { return EventTime(ms * kMillisecond); }

TradeFlow WorkedTape() {
  TradeFlow flow;
  flow.Add(Fill(10'002, 50'000'000, false), At(1'000));
  flow.Add(Fill(10'002, 10'000'000, false), At(1'000));
  flow.Add(Fill(10'000, 30'000'000, true), At(1'400));
  flow.Add(Fill(10'002, 20'000'000, false), At(1'900));
  flow.Add(Fill(10'000, 40'000'000, true), At(2'000));
  return flow;
}

constexpr std::int64_t kMid2 = 20'002'000'000;  // Twice 100.01.

TEST(TradeFlowTest, WorkedTapeKeepsThreeFillsOfTheLastSecond) {
  TradeFlow flow = WorkedTape();
  const Named trades = Read(flow, At(2'000), kMid2);
  EXPECT_EQ(trades["buy_vol_1s"], 0.2);
  EXPECT_EQ(trades["sell_vol_1s"], 0.7);
  EXPECT_EQ(trades["trade_count_1s"], 3.0);
  ExpectClose(trades["trade_imbalance_1s"], -5.0 / 9.0);
  // VWAP 100.004444..., from the mid 100.01.
  ExpectClose(trades["vwap_dev_bps_1s"], -500.0 / (9.0 * 100.01));
  EXPECT_EQ(trades["tfi_100ms"], -0.4);  // The fill 100 ms ago is out.
  EXPECT_EQ(trades["tfi_5s"], 0.1);
  EXPECT_EQ(trades["buy_vol_10s"], 0.8);
  EXPECT_EQ(trades["sell_vol_60s"], 0.7);
  EXPECT_EQ(trades["trade_count_10s"], 5.0);
  EXPECT_EQ(trades["max_trade_qty_10s"], 0.5);
  ExpectClose(trades["mean_trade_qty_10s"], 0.3);
  EXPECT_EQ(trades["inter_trade_ms"], 100.0);
  ExpectPublishable(trades.values());
}

TEST(TradeFlowTest, OneNanosecondEarlierTheSignFlips) {
  // What [t - w, t) would hold of the worked tape is what (t - w, t] holds a nanosecond before t:
  // the fills at t - w are still in, the one at t is not.
  TradeFlow flow;
  flow.Add(Fill(10'002, 50'000'000, false), At(1'000));
  flow.Add(Fill(10'002, 10'000'000, false), At(1'000));
  flow.Add(Fill(10'000, 30'000'000, true), At(1'400));
  flow.Add(Fill(10'002, 20'000'000, false), At(1'900));
  const Named before = Read(flow, At(2'000) - 1, kMid2);
  EXPECT_EQ(before["trade_count_1s"], 4.0);
  ExpectClose(before["buy_vol_1s"] - before["sell_vol_1s"], 0.5);
  ExpectClose(before["trade_imbalance_1s"], 5.0 / 11.0);               // +0.454545
  ExpectClose(before["vwap_dev_bps_1s"], 5'000.0 / (110.0 * 100.01));  // VWAP 100.014545...
  EXPECT_NEAR(100.01 * (1.0 + 1e-4 * before["vwap_dev_bps_1s"]), 100.014545, 5e-7);
  flow.Add(Fill(10'000, 40'000'000, true), At(2'000));
  const Named after = Read(flow, At(2'000), kMid2);
  EXPECT_EQ(after["trade_count_1s"], 3.0);
  ExpectClose(after["buy_vol_1s"] - after["sell_vol_1s"], -0.5);
  ExpectClose(after["trade_imbalance_1s"], -5.0 / 9.0);  // -0.555556
  EXPECT_NEAR(100.01 * (1.0 + 1e-4 * after["vwap_dev_bps_1s"]), 100.004444, 5e-7);
}

TEST(TradeFlowTest, EmptyWindowsAreZeroAndTheirRatiosNan) {
  TradeFlow flow;
  for (const EventTime now : {At(0), At(100'000)}) {
    const Named trades = Read(flow, now, kMid2);
    for (const std::string window : {"_1s", "_10s", "_60s"}) {
      EXPECT_EQ(trades["buy_vol" + window], 0.0);
      EXPECT_EQ(trades["sell_vol" + window], 0.0);
      EXPECT_EQ(trades["trade_count" + window], 0.0);
      EXPECT_TRUE(IsTheNan(trades["trade_imbalance" + window]));
      EXPECT_TRUE(IsTheNan(trades["vwap_dev_bps" + window]));
    }
    EXPECT_EQ(trades["tfi_100ms"], 0.0);
    EXPECT_EQ(trades["max_trade_qty_10s"], 0.0);
    EXPECT_TRUE(IsTheNan(trades["mean_trade_qty_10s"]));
    EXPECT_TRUE(IsTheNan(trades["inter_trade_ms"]));
    ExpectPublishable(trades.values());
    if (now == At(0)) flow.Add(Fill(100, 1, false), At(1));
  }
}

TEST(TradeFlowTest, DeviationFromTheMidNeedsAMid) {
  TradeFlow flow = WorkedTape();
  EXPECT_TRUE(IsTheNan(Read(flow, At(2'000))["vwap_dev_bps_1s"]));
}

TEST(TradeFlowTest, TimeBetweenFillsIsHeldAndMayBeZero) {
  TradeFlow flow;
  flow.Add(Fill(100, kOne, false), At(5));
  EXPECT_TRUE(IsTheNan(Read(flow, At(5))["inter_trade_ms"]));
  flow.Add(Fill(100, kOne, false), At(5));
  EXPECT_EQ(Read(flow, At(5))["inter_trade_ms"], 0.0);
  flow.Add(Fill(100, kOne, true), At(5) + 1'500);
  EXPECT_EQ(Read(flow, At(500'000))["inter_trade_ms"], 0.0015);
}

TEST(TradeFlowTest, ManyFillsInOneMillisecondAllCount) {
  TradeFlow flow;
  for (int i = 0; i < 735; ++i) EXPECT_TRUE(flow.Add(Fill(100, kOne, i % 3 == 0), At(7)));
  EXPECT_EQ(Read(flow, At(7))["trade_count_1s"], 735.0);
  EXPECT_EQ(Read(flow, At(7))["sell_vol_1s"], 245.0);
  EXPECT_EQ(Read(flow, At(1'007))["trade_count_1s"], 0.0);
}

TEST(TradeFlowTest, RefinedQuantityUnitScalesAllSums) {
  TradeFlow flow = WorkedTape();
  const Named before = Read(flow, At(2'000), kMid2);
  flow.ScaleQuantities(10);
  const Named after = Read(flow, At(2'000), kMid2);
  for (const FeatureRow& row : FeatureRows()) {
    if (row.group != FeatureGroup::kTrades) continue;
    ExpectClose(after[row.name], (row.unit == "base" ? 10.0 : 1.0) * before[row.name]);
  }
}

TEST(TradeFlowTest, AFinerUnitMustHoldTheLargestFillAndEveryNotional) {
  TradeFlow flow;
  flow.Add(Fill(1, INT64_MAX / 10, false), At(1));
  EXPECT_TRUE(flow.CanScaleQuantities(10));
  EXPECT_FALSE(flow.CanScaleQuantities(11));
  flow.Restart();
  EXPECT_TRUE(flow.CanScaleQuantities(1'000));
  EXPECT_EQ(Read(flow, At(1))["trade_count_1s"], 0.0);
  for (int i = 0; i < 20'000; ++i)
    flow.Add(Fill(kPriceMax.raw() / 1'000'000, 1LL << 39, false), At(2));
  EXPECT_TRUE(flow.CanScaleQuantities(10));
  EXPECT_FALSE(flow.CanScaleQuantities(1'000'000));
}

struct PastFill {
  std::int64_t time;
  std::int64_t price;
  std::int64_t qty;
  bool buy;
};

TEST(TradeFlowTest, EqualsAPlainListSummedFromScratch) {
  std::mt19937_64 random(11);
  TradeFlow flow;
  std::vector<PastFill> fills;
  std::int64_t clock = 0;
  std::int64_t last = 0;
  for (int step = 0; step < 6'000; ++step) {
    clock += static_cast<std::int64_t>(random() % 8) * 15 * kMillisecond;
    for (std::uint64_t n = random() % 3; n > 0; --n) {
      // Late fills take the later of their own time and their predecessor's.
      const std::int64_t own = clock - static_cast<std::int64_t>(random() % 4) * 50 * kMillisecond;
      last = std::max(own, last);
      const PastFill fill{last, static_cast<std::int64_t>(random() % 100) + 10'000,
                          static_cast<std::int64_t>(random() % kOne) + 1, random() % 2 == 0};
      fills.push_back(fill);
      flow.Add(Fill(fill.price, fill.qty, !fill.buy), EventTime(fill.time));
    }
    const Named trades = Read(flow, EventTime(clock), kMid2);
    for (const auto& [name, span] : {std::pair<std::string, Nanos>{"_1s", kSecond},
                                     {"_10s", 10 * kSecond},
                                     {"_60s", 60 * kSecond}}) {
      std::int64_t buy = 0;
      std::int64_t sell = 0;
      std::int64_t largest = 0;
      int count = 0;
      for (auto fill = fills.rbegin(); fill != fills.rend() && fill->time > clock - span; ++fill) {
        (fill->buy ? buy : sell) += fill->qty;
        largest = std::max(largest, fill->qty);
        ++count;
      }
      ASSERT_EQ(trades["buy_vol" + name], static_cast<double>(buy) / 1e8) << "step " << step;
      ASSERT_EQ(trades["sell_vol" + name], static_cast<double>(sell) / 1e8) << "step " << step;
      ASSERT_EQ(trades["trade_count" + name], count) << "step " << step;
      if (name == "_10s") {
        ASSERT_EQ(trades["max_trade_qty_10s"], static_cast<double>(largest) / 1e8);
      }
    }
  }
}

TEST(TradeFlowTest, CoarserQuantityUnitDividesWhatScalingMultiplied) {
  TradeFlow flow = WorkedTape();
  const std::vector<double> before = Read(flow, At(2'000), kMid2).values();
  flow.ScaleQuantities(1'000);
  ASSERT_TRUE(flow.CanDivideQuantities(1'000));
  flow.DivideQuantities(1'000);
  EXPECT_EQ(Read(flow, At(2'000), kMid2).values(), before);
}

TEST(TradeFlowTest, CoarserQuantityUnitIsRefusedWhileAFillIsNoWholeNumberOfIt) {
  TradeFlow flow;
  flow.Add(Fill(100, 15, false), At(1));
  EXPECT_FALSE(flow.CanDivideQuantities(10));
  flow.Add(Fill(100, 20, false), At(60'000));
  EXPECT_FALSE(flow.CanDivideQuantities(10));
  flow.AdvanceTo(At(60'001));
  EXPECT_TRUE(flow.CanDivideQuantities(10));
}

}  // namespace
}  // namespace thalweg
