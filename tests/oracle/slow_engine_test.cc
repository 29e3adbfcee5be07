// The oracle against the worked examples of the feature reference, the sequencing rules, and what
// is known of the real recordings.
#include "tests/oracle/slow_engine.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/oracle/slow_book.h"
#include "tests/oracle/slow_windows.h"
#include "tests/test_part.h"

namespace thalweg::oracle {
namespace {

constexpr std::uint64_t kInvalid = 1 << 0;
constexpr std::uint64_t kResyncing = 1 << 1;
constexpr std::uint64_t kFirst = 1 << 2;
constexpr std::uint64_t kCrossed = 1 << 3;
constexpr std::uint64_t kOneSided = 1 << 4;
constexpr std::uint64_t kHorizon = 1 << 6;
constexpr std::uint64_t kSweepThin = 1 << 7;
constexpr std::uint64_t kStaleDepth = 1 << 8;
constexpr std::uint64_t kStaleTicker = 1 << 9;
constexpr std::uint64_t kStaleTrade = 1 << 10;
constexpr std::uint64_t kTradeGap = 1 << 11;
constexpr std::uint64_t kDropped = 1 << 12;
constexpr std::uint64_t kHalted = 1 << 13;
constexpr std::uint64_t kInferred = 1 << 14;
constexpr std::uint64_t kDiverged = 1 << 15;
constexpr std::uint64_t kCapped = 1 << 16;
constexpr std::uint64_t kWarmup1s = std::uint64_t{1} << 33;

constexpr Int kStart = 1'700'000'000'000;  // ms

Int Units8(std::string_view text) { return *ParseUnits(text); }

SlowLevels Levels(std::vector<std::pair<const char*, const char*>> texts) {
  SlowLevels levels;
  for (const auto& [price, qty] : texts) levels.push_back({Units8(price), Units8(qty)});
  return levels;
}

SlowLevels BidsOfA() {
  return Levels({{"100.00", "2"}, {"99.99", "3"}, {"99.97", "5"}, {"99.95", "10"}});
}
SlowLevels AsksOfA() {
  return Levels({{"100.02", "1"}, {"100.03", "4"}, {"100.06", "5"}, {"100.10", "10"}});
}
const Int kTick = Units8("0.01");
const Int kTwiceMidOfA = Units8("200.02");

constexpr const char* kBookABids = R"(["100.00","2"],["99.99","3"],["99.97","5"],["99.95","10"])";
constexpr const char* kBookAAsks =
    R"(["100.02","1"],["100.03","4"],["100.06","5"],["100.10","10"])";

// Writes frames of one symbol and asks for the newest row. Times are ms after kStart; unless told
// otherwise, frames are received at their exchange time.
class Feed {
 public:
  explicit Feed(SlowOptions options = DefaultOptions()) : options_(options), engine_(options) {}

  static SlowOptions DefaultOptions() {
    SlowOptions options;
    options.bucket_sizes = {"0.05", "0.1"};
    return options;
  }

  void Line(Int ms, const std::string& text) {
    recv_ = (kStart + ms) * 1'000'000;
    engine_.Line(recv_, text);
    for (SlowRow& row : engine_.TakeRows()) rows_.push_back(std::move(row));
  }
  void Snapshot(Int ms, Int id, const std::string& bids = kBookABids,
                const std::string& asks = kBookAAsks) {
    Line(ms, absl::StrCat(R"({"lastUpdateId":)", id, R"(,"bids":[)", bids, R"(],"asks":[)", asks,
                          "]}"));
  }
  void RestSnapshot(Int ms, Int id, Int limit, const std::string& bids, const std::string& asks) {
    Line(ms,
         absl::StrCat("#rest GET /api/v3/depth?symbol=AUSDT&limit=", limit, R"( {"lastUpdateId":)",
                      id, R"(,"bids":[)", bids, R"(],"asks":[)", asks, "]}"));
  }
  void Depth(Int ms, Int first, Int last, const std::string& bids = "",
             const std::string& asks = "", const std::string& more = "") {
    Line(ms, absl::StrCat(R"({"stream":"ausdt@depth@100ms","data":{"e":"depthUpdate","E":)",
                          kStart + ms, R"(,"s":"AUSDT",)", more, R"("U":)", first, R"(,"u":)", last,
                          R"(,"b":[)", bids, R"(],"a":[)", asks, "]}}"));
  }
  void Futures(Int ms, Int previous, Int first, Int last) {
    Depth(ms, first, last, "", "", absl::StrCat(R"("pu":)", previous, ","));
  }
  void Ticker(Int ms, Int id, const char* bid, const char* bid_qty, const char* ask,
              const char* ask_qty) {
    Line(ms, absl::StrCat(R"({"stream":"ausdt@bookTicker","data":{"u":)", id,
                          R"(,"s":"AUSDT","b":")", bid, R"(","B":")", bid_qty, R"(","a":")", ask,
                          R"(","A":")", ask_qty, R"("}})"));
  }
  void Trade(Int ms, Int id, const char* price, const char* qty, bool buyer_is_maker,
             const std::string& more = "") {
    Line(ms, absl::StrCat(R"({"stream":"ausdt@trade","data":{"e":"trade","E":)", kStart + ms,
                          R"(,"s":"AUSDT","t":)", id, R"(,"p":")", price, R"(","q":")", qty,
                          R"(","T":)", kStart + ms, R"(,"m":)", buyer_is_maker ? "true" : "false",
                          more, "}}"));
  }
  // Book A, live, last id 11, at 0 ms.
  void Synchronise() {
    Snapshot(0, 10);
    Depth(0, 11, 11);
  }

  [[nodiscard]] std::size_t row_count() const { return rows_.size(); }
  [[nodiscard]] const SlowRow& row() const { return rows_.back(); }
  [[nodiscard]] const SlowRow& row(std::size_t i) const { return rows_.at(i); }
  [[nodiscard]] bool Has(std::uint64_t flag) const { return (row().flags & flag) != 0; }
  [[nodiscard]] double Value(const std::string& column) const {
    const std::vector<std::string> names = SlowColumns(options_.bucket_sizes);
    const auto at = std::find(names.begin(), names.end(), column);
    EXPECT_NE(at, names.end()) << column;
    return row().features.at(static_cast<std::size_t>(at - names.begin()));
  }
  [[nodiscard]] const SlowEngine& engine() const { return engine_; }
  [[nodiscard]] SlowEngine& engine() { return engine_; }
  [[nodiscard]] SlowCounts counts() const { return engine_.Counts("AUSDT"); }

 private:
  SlowOptions options_;
  SlowEngine engine_;
  std::vector<SlowRow> rows_;
  Int recv_ = 0;
};

void ExpectNear(double value, double expected) {
  EXPECT_NEAR(value, expected, std::max(1e-9, std::abs(expected) * 1e-9));
}

// --- Numbers -------------------------------------------------------------------------------------

TEST(SlowDecode, ReadsExactlyTheExchangesGrammar) {
  EXPECT_EQ(ParseUnits("61837.63000000"), 6'183'763'000'000);
  EXPECT_EQ(ParseUnits("0"), 0);
  EXPECT_EQ(ParseUnits("92233720368.54775807"), INT64_MAX);
  for (const char* bad : {"", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "1 ", "1.123456789", "nan",
                          "92233720368.54775808", "1.2.3"}) {
    EXPECT_FALSE(ParseUnits(bad).has_value()) << bad;
  }
}

// --- Quote and liquidity on book A ---------------------------------------------------------------

TEST(SlowRows, QuoteGroupOnBookA) {
  Feed feed;
  feed.Synchronise();
  ASSERT_EQ(feed.row_count(), 1U);
  ExpectNear(feed.Value("best_bid"), 100.00);
  ExpectNear(feed.Value("best_ask_qty"), 1);
  ExpectNear(feed.Value("mid"), 100.01);
  ExpectNear(feed.Value("spread_ticks"), 2);
  EXPECT_NEAR(feed.Value("spread_bps"), 1.99980002, 5e-9);
  EXPECT_NEAR(feed.Value("weighted_mid"), 100.0133333, 5e-8);
  EXPECT_NEAR(feed.Value("weighted_mid_adj_bps"), 0.33330000, 5e-9);
  EXPECT_TRUE(std::isnan(feed.Value("microprice")));
  ExpectNear(feed.Value("imbalance_l1"), 1.0 / 3);
  ExpectNear(feed.Value("imbalance_l5"), 0);
  ExpectNear(feed.Value("log_depth_ratio_l10"), 0);
  ExpectNear(feed.Value("bid_depth_10bps"), 20);
  ExpectNear(feed.Value("imbalance_10bps"), 0);
  ExpectNear(feed.Value("bid_gap_1"), 1);
  EXPECT_NEAR(feed.Value("bid_slope_l20"), 3.017544, 5e-7);
  EXPECT_NEAR(feed.Value("ask_slope_l20"), 2.171171, 5e-7);
  EXPECT_TRUE(feed.Has(kSweepThin));
  EXPECT_TRUE(feed.Has(kInferred));
  EXPECT_FALSE(feed.Has(kHorizon));
}

TEST(SlowBook, BandsIncludeTheirBorder) {
  const auto band = [](Int bps) {
    return std::pair(DepthOfBand(SlowSide::kBid, BidsOfA(), kTwiceMidOfA, bps),
                     DepthOfBand(SlowSide::kAsk, AsksOfA(), kTwiceMidOfA, bps));
  };
  EXPECT_TRUE(band(2) == std::pair(Wide{5 * kOne}, Wide{5 * kOne}));
  EXPECT_TRUE(band(4) == std::pair(Wide{10 * kOne}, Wide{5 * kOne}));
  EXPECT_TRUE(band(10) == std::pair(Wide{20 * kOne}, Wide{20 * kOne}));
}

TEST(SlowBook, DecaysFromTheOwnTouch) {
  EXPECT_NEAR(static_cast<double>(DepthDecayed(BidsOfA(), kTick, 2)), 7.656854, 5e-7);
  EXPECT_NEAR(static_cast<double>(DepthDecayed(AsksOfA(), kTick, 2)), 5.703427, 5e-7);
}

TEST(SlowBook, SweepsAsInTheWorkedExample) {
  const auto cost = [](const SlowLevels& levels, Int notional) {
    return SweepCost(levels, kTwiceMidOfA, kTick, notional).cost_bps;
  };
  EXPECT_NEAR(cost(AsksOfA(), 50), 0.99990, 5e-6);
  EXPECT_NEAR(cost(BidsOfA(), 50), 0.99990, 5e-6);
  EXPECT_NEAR(cost(AsksOfA(), 500), 1.799764, 5e-7);
  EXPECT_NEAR(cost(BidsOfA(), 500), 1.599984, 5e-7);
  EXPECT_TRUE(std::isnan(cost(AsksOfA(), 5'000)));
}

TEST(SlowRows, WeightedMidRisesOnANearbySellOrder) {
  Feed feed;
  feed.Snapshot(0, 10, R"(["10.00","9"])", R"(["10.02","27"])");
  feed.Depth(0, 11, 11);
  ExpectNear(feed.Value("weighted_mid"), 10.005);
  feed.Depth(100, 12, 12, "", R"(["10.01","1"])");
  ExpectNear(feed.Value("weighted_mid"), 10.009);
}

TEST(SlowRows, CrossedAndOneSidedBooksKeepTheirOwnSides) {
  Feed feed;
  feed.Synchronise();
  feed.Depth(100, 12, 12, R"(["100.03","1"])");
  EXPECT_TRUE(feed.Has(kCrossed));
  ExpectNear(feed.Value("spread_ticks"), -1);
  ExpectNear(feed.Value("bid_gap_1"), 3);
  EXPECT_TRUE(std::isnan(feed.Value("mid")));
  EXPECT_TRUE(std::isnan(feed.Value("sweep_cost_buy_10k")));
  EXPECT_FALSE(feed.Has(kSweepThin));
  feed.Depth(200, 13, 13,
             R"(["100.03","0"],["100.00","0"],["99.99","0.0"],["99.97","0"],["99.95","0"])");
  EXPECT_TRUE(feed.Has(kOneSided));
  EXPECT_TRUE(std::isnan(feed.Value("best_bid")));
  ExpectNear(feed.Value("ask_gap_1"), 1);
  EXPECT_TRUE(std::isnan(feed.Value("ask_slope_l20")));
  // The crossed book is skipped; emptying the bids takes what the last good state had.
  ExpectNear(feed.Value("ofi_l1_1s"), -2);
  feed.Depth(300, 14, 14, R"(["100.00","92233720368.54775807"])");
  EXPECT_TRUE(feed.Has(kCapped));
}

// --- Buckets and horizon -------------------------------------------------------------------------

TEST(SlowBook, BucketsOfTheWorkedExample) {
  const SlowLevels bids = Levels({{"61837.63", "3.78826"},
                                  {"61837.62", "0.617"},
                                  {"61830.00", "0.38"},
                                  {"61829.99", "0.5"},
                                  {"61820.00", "1"}});
  const SlowLevels asks = Levels(
      {{"61837.64", "1.54698"}, {"61840.00", "0.25"}, {"61840.01", "0.32"}, {"61850.00", "0.1"}});
  const auto expect = [](const std::vector<SlowBucket>& ladder, const SlowLevels& wanted) {
    ASSERT_EQ(ladder.size(), wanted.size());
    for (std::size_t i = 0; i < ladder.size(); ++i) {
      EXPECT_EQ(ladder[i].label, wanted[i].price);
      EXPECT_TRUE(ladder[i].qty == wanted[i].qty);
    }
  };
  const Int ten = 10 * kOne;
  const Int fifty = 50 * kOne;
  expect(CompactLadder(SlowSide::kBid, bids, ten),
         Levels({{"61830", "4.78526"}, {"61820", "1.5"}}));
  expect(CompactLadder(SlowSide::kAsk, asks, ten),
         Levels({{"61840", "1.79698"}, {"61850", "0.42"}}));
  expect(CompactLadder(SlowSide::kBid, bids, fifty), Levels({{"61800", "6.28526"}}));
  expect(CompactLadder(SlowSide::kAsk, asks, fifty), Levels({{"61850", "2.21698"}}));
  EXPECT_EQ(DenseLadder(SlowSide::kBid, bids, ten).size(), 15U);
  EXPECT_TRUE(LadderQty(DenseLadder(SlowSide::kAsk, asks, ten)) == Units8("2.21698"));
}

TEST(SlowRows, ALimitedSideHasAHorizonAndAShortAnswerHasNone) {
  Feed feed;
  feed.RestSnapshot(0, 10, 4, kBookABids, kBookAAsks);
  feed.Depth(0, 11, 11);
  EXPECT_TRUE(feed.Has(kHorizon));
  EXPECT_TRUE(feed.Has(std::uint64_t{1} << 24));
  Feed complete;
  complete.RestSnapshot(0, 10, 5, kBookABids, kBookAAsks);
  complete.Depth(0, 11, 11);
  EXPECT_FALSE(complete.Has(kHorizon));
  EXPECT_FALSE(complete.Has(std::uint64_t{1} << 24));
}

TEST(SlowRows, LaddersFollowTheDepthRows) {
  SlowOptions options = Feed::DefaultOptions();
  options.make_ladders = true;
  Feed feed(options);
  feed.Synchronise();
  const std::vector<SlowLadderRow> ladders = feed.engine().TakeLadders();
  ASSERT_EQ(ladders.size(), 2U);
  const std::vector<std::string> names = SlowLadderColumns();
  ASSERT_EQ(ladders[0].values.size(), names.size());
  ASSERT_EQ(names.size(), 9U + 120U);
  const auto value = [&](const char* name) {
    const auto at = std::find(names.begin(), names.end(), name) - names.begin();
    return ladders[0].values[static_cast<std::size_t>(at)];
  };
  ExpectNear(value("tick_size"), 0.05);
  ExpectNear(value("bid_price_1"), 100.00);
  ExpectNear(value("bid_price_2"), 99.95);
  ExpectNear(value("bid_cum_qty_2"), 20);
  ExpectNear(value("bid_cum_usd_2"), 200 + 299.97 + 499.85 + 999.5);
  ExpectNear(value("ask_price_1"), 100.05);
  ExpectNear(value("complete_levels_bid"), 2);
  EXPECT_TRUE(std::isnan(value("bid_price_3")));
}

// --- Order flow ----------------------------------------------------------------------------------

TEST(SlowFlow, FollowsTheTestVector) {
  const auto quote = [](const char* bid, const char* bid_qty, const char* ask,
                        const char* ask_qty) {
    return SlowQuote{{Units8(bid), Units8(bid_qty)}, {Units8(ask), Units8(ask_qty)}};
  };
  const SlowQuote states[] = {
      quote("100.00", "2", "100.02", "1"),     quote("100.00", "2.5", "100.02", "1"),
      quote("100.00", "2.5", "100.02", "0.4"), quote("100.00", "2.5", "100.03", "4"),
      quote("100.01", "1.2", "100.03", "4"),   quote("100.00", "2.5", "100.03", "4.5"),
      quote("100.00", "2.5", "100.02", "0.7")};
  const char* cumulative[] = {"0", "0.5", "1.1", "1.5", "2.7", "1.0", "0.3"};
  SlowFlow flow;
  for (std::size_t i = 0; i < 7; ++i) {
    flow.Add(static_cast<Int>(i) * kMs, states[i]);
    EXPECT_TRUE(flow.Sum(6 * kMs, kSec) == Units8(cumulative[i])) << i;
  }
}

TEST(SlowFlow, EmptyingASideTakesItsQuantity) {
  SlowFlow flow;
  const SlowQuote whole{{Units8("10"), 5}, {Units8("11"), 7}};
  const SlowQuote no_bid{{}, {Units8("11"), 7}};
  flow.Add(1, whole);
  flow.Add(2, no_bid);
  EXPECT_TRUE(flow.Sum(2, 1) == -5);
  flow.Add(3, no_bid);
  EXPECT_TRUE(flow.Sum(3, 1) == 0);
  flow.Add(4, whole);
  EXPECT_TRUE(flow.Sum(4, 1) == 5);
}

TEST(SlowRows, TouchFlowNeedsTheClockButNotTheBook) {
  Feed feed;
  feed.Ticker(0, 5, "100.00", "2", "100.02", "1");
  feed.Ticker(1, 6, "100.00", "3", "100.02", "1");
  feed.Snapshot(2, 10);
  feed.Depth(3, 11, 11);
  ASSERT_EQ(feed.row_count(), 1U);
  // No frame was stamped yet: the touch is known, no entry is in the window, no age.
  ExpectNear(feed.Value("touch_bid_qty"), 3);
  ExpectNear(feed.Value("ofi_touch_1s"), 0);
  EXPECT_TRUE(std::isnan(feed.Value("ticker_age_ms")));
  EXPECT_FALSE(feed.Has(kStaleTicker));
  feed.Ticker(4, 12, "100.00", "4.5", "100.02", "1");
  EXPECT_EQ(feed.row().trigger, "ticker");
  ExpectNear(feed.Value("ofi_touch_1s"), 1.5);
  ExpectNear(feed.Value("ticker_age_ms"), 0);
  feed.Ticker(5, 12, "100.00", "9", "100.02", "1");
  EXPECT_EQ(feed.row_count(), 2U) << "an id that is not greater is dropped";
  feed.Ticker(6, 13, "0", "0", "100.02", "1");
  EXPECT_TRUE(std::isnan(feed.Value("touch_bid")));
  EXPECT_TRUE(std::isnan(feed.Value("touch_mid")));
  ExpectNear(feed.Value("ofi_touch_1s"), 1.5 - 4.5);
}

// --- Trades --------------------------------------------------------------------------------------

TEST(SlowRows, TapeOfTheWorkedExample) {
  Feed feed;
  feed.Synchronise();
  feed.Ticker(900, 12, "100.00", "2", "100.02", "1");
  feed.Trade(1'000, 1, "100.02", ".5", false);
  EXPECT_EQ(feed.row().trigger, "ticker") << "'.5' breaks the grammar";
  feed.Trade(1'000, 1, "100.02", "0.5", false);
  EXPECT_NEAR(feed.Value("eff_spread_bps"), 1.999800, 5e-7);
  EXPECT_TRUE(std::isnan(feed.Value("inter_trade_ms")));
  feed.Trade(1'000, 2, "100.02", "0.1", false);
  ExpectNear(feed.Value("inter_trade_ms"), 0);
  feed.Trade(1'400, 3, "100.00", "0.3", true);
  feed.Trade(1'900, 4, "100.02", "0.2", false);
  feed.Trade(2'000, 5, "100.00", "0.4", true);
  ExpectNear(feed.Value("buy_vol_1s"), 0.2);
  ExpectNear(feed.Value("sell_vol_1s"), 0.7);
  EXPECT_NEAR(feed.Value("trade_imbalance_1s"), -0.555556, 5e-7);
  ExpectNear(feed.Value("vwap_dev_bps_1s"), 1e4 * (100.0 + 0.004 / 0.9 - 100.01) / 100.01);
  ExpectNear(feed.Value("trade_count_1s"), 3);
  ExpectNear(feed.Value("trade_count_10s"), 5);
  ExpectNear(feed.Value("max_trade_qty_10s"), 0.5);
  ExpectNear(feed.Value("mean_trade_qty_10s"), 0.3);
  ExpectNear(feed.Value("tfi_100ms"), -0.4);
  ExpectNear(feed.Value("tfi_5s"), 0.1);
  ExpectNear(feed.Value("trade_age_ms"), 0);
}

TEST(SlowRows, DuplicateTradesAreDroppedAndJumpsAreFlaggedForAMinute) {
  Feed feed;
  feed.Synchronise();
  feed.Trade(100, 7, "100.00", "1", false);
  feed.Trade(200, 7, "100.00", "1", false);
  EXPECT_EQ(feed.row_count(), 2U);
  feed.Trade(300, 9, "100.00", "1", false);
  EXPECT_TRUE(feed.Has(kTradeGap));
  feed.Trade(60'299, 10, "100.00", "1", false, R"(,"X":"MARKET")");
  EXPECT_TRUE(feed.Has(kTradeGap));
  feed.Trade(60'300, 11, "100.00", "1", false, R"(,"X":"INSURANCE_FUND")");
  feed.Trade(60'300, 12, "100.00", "1", false);
  EXPECT_FALSE(feed.Has(kTradeGap));
}

TEST(SlowRows, ALateTradeEntersAtItsStreamsLastTime) {
  Feed feed;
  feed.Synchronise();
  feed.Trade(500, 1, "100.00", "1", false);
  feed.Depth(2'000, 12, 12);
  feed.Trade(100, 2, "100.00", "1", true);
  EXPECT_EQ(feed.row().event_ns, (kStart + 2'000) * kMs);
  ExpectNear(feed.Value("trade_age_ms"), 1'500);
  ExpectNear(feed.Value("trade_count_1s"), 0);
  ExpectNear(feed.Value("trade_count_10s"), 2);
  ExpectNear(feed.Value("inter_trade_ms"), 0);
}

// --- Sequencing ----------------------------------------------------------------------------------

TEST(SlowSequencing, BufferedEventsGetTheirOwnRowsWhenTheSnapshotComes) {
  Feed feed;
  feed.Depth(0, 5, 9);
  feed.Depth(100, 10, 12);
  feed.Depth(200, 13, 13);
  EXPECT_EQ(feed.row_count(), 0U);
  feed.Snapshot(250, 11);
  ASSERT_EQ(feed.row_count(), 2U);
  EXPECT_EQ(feed.row(0).update_id, 12);
  EXPECT_EQ(feed.row(0).recv_ns, (kStart + 100) * kMs);
  EXPECT_EQ(feed.row(0).event_ns, (kStart + 200) * kMs);
  EXPECT_TRUE(feed.row(0).flags & kFirst);
  EXPECT_FALSE(feed.row(1).flags & kFirst);
}

TEST(SlowSequencing, TooOldASnapshotIsNeverApplied) {
  Feed feed;
  feed.Depth(0, 20, 21);
  feed.Snapshot(10, 18);
  feed.Depth(100, 22, 22);
  EXPECT_EQ(feed.row_count(), 0U);
  feed.Snapshot(110, 19);
  EXPECT_EQ(feed.row_count(), 2U);
}

TEST(SlowSequencing, AnEarlySnapshotIsHeldUntilTheNextEventDecides) {
  Feed feed;
  feed.Depth(0, 5, 9);
  feed.Snapshot(10, 30);
  feed.Depth(100, 10, 30);
  EXPECT_EQ(feed.row_count(), 0U);
  feed.Depth(200, 31, 33);
  EXPECT_EQ(feed.row_count(), 1U);
}

TEST(SlowSequencing, GapBlanksTheBookUntilASnapshotBridges) {
  Feed feed;
  feed.Synchronise();
  feed.Depth(100, 12, 12);
  feed.Depth(200, 14, 15);
  EXPECT_EQ(feed.row_count(), 2U);
  feed.Trade(250, 1, "100.00", "1", false);
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kOneSided), kInvalid | kResyncing);
  EXPECT_EQ(feed.row().update_id, 12);
  EXPECT_TRUE(std::isnan(feed.Value("best_bid")));
  EXPECT_TRUE(std::isnan(feed.Value("ofi_l1_1s")));
  EXPECT_TRUE(std::isnan(feed.Value("vwap_dev_bps_1s")));
  ExpectNear(feed.Value("buy_vol_1s"), 1);
  feed.Depth(300, 17, 18);  // A hole while buffering.
  feed.Snapshot(310, 15);
  EXPECT_EQ(feed.row().trigger, "trade");
  feed.Snapshot(320, 16);
  EXPECT_EQ(feed.row().update_id, 18);
  EXPECT_TRUE(feed.Has(kFirst));
  EXPECT_FALSE(feed.Has(kInvalid | kResyncing));
  EXPECT_TRUE(feed.Has(kWarmup1s));
  ExpectNear(feed.Value("ofi_l1_1s"), 0);
}

TEST(SlowSequencing, FuturesChainGoesByThePreviousId) {
  Feed feed;
  feed.Futures(0, 4, 6, 9);
  feed.Futures(100, 9, 15, 20);
  feed.Snapshot(110, 9);
  EXPECT_EQ(feed.row_count(), 2U) << "the event that ends at the snapshot's id is applied again";
  feed.Futures(200, 20, 40, 50);
  EXPECT_EQ(feed.row_count(), 3U);
  feed.Futures(300, 45, 51, 60);
  EXPECT_EQ(feed.row_count(), 3U) << "straddling is a gap on futures";
  feed.Ticker(310, 70, "1", "1", "2", "1");
  EXPECT_TRUE(feed.Has(kInvalid));
}

TEST(SlowSequencing, MalformedDepthResynchronisesAndIsNotUsed) {
  Feed feed;
  feed.Synchronise();
  feed.Depth(1'000, 13, 12);
  feed.Ticker(100, 20, "100.00", "2", "100.02", "1");
  EXPECT_TRUE(feed.Has(kInvalid));
  EXPECT_EQ(feed.row().event_ns, kStart * kMs) << "no clock";
  feed.Line(110, R"({"stream":"ausdt@depth@100ms","data":{"e":"dep)");
  feed.Depth(200, 14, 14);
  feed.Snapshot(210, 13);
  EXPECT_FALSE(feed.Has(kInvalid));
  feed.Line(220, R"({"stream":"ausdt@depth@100ms","data":{"e":"dep)");
  feed.Ticker(230, 21, "100.00", "2", "100.02", "1");
  EXPECT_TRUE(feed.Has(kInvalid));
}

TEST(SlowSequencing, IdsThatRestartLowerForceAResync) {
  Feed feed;
  feed.Snapshot(0, 1'000);
  feed.Depth(0, 1'001, 1'001);
  for (Int i = 0; i < 20; ++i) feed.Depth(100 + i * 600, 10 + i, 10 + i);
  feed.Ticker(11'600, 2'000, "100.00", "2", "100.02", "1");
  EXPECT_TRUE(feed.Has(kInvalid));
  feed.Snapshot(11'700, 28);
  EXPECT_EQ(feed.row().update_id, 29);
}

TEST(SlowSequencing, ServeKeepsTheOldBookAndSwaps) {
  SlowOptions options = Feed::DefaultOptions();
  options.on_gap = OnGap::kServe;
  Feed feed(options);
  feed.Synchronise();
  feed.Depth(100, 13, 14, R"(["100.00","7"])");
  EXPECT_EQ(feed.row_count(), 2U);
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kFirst), kResyncing);
  ExpectNear(feed.Value("best_bid_qty"), 7);
  ExpectNear(feed.Value("ofi_l1_1s"), 5);
  feed.Snapshot(150, 12, R"(["100.00","1"],["99.00","1"])", R"(["100.05","1"])");
  EXPECT_EQ(feed.row_count(), 2U) << "the old book has recorded the event";
  feed.Depth(200, 15, 15);
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kFirst), kFirst);
  ExpectNear(feed.Value("best_ask"), 100.05);
  ExpectNear(feed.Value("ofi_l1_1s"), 0);
}

// --- Audits --------------------------------------------------------------------------------------

TEST(SlowAudits, TickersAreComparedAtEqualIdsInBothOrders) {
  Feed feed;
  feed.Synchronise();
  feed.Ticker(10, 11, "100.00", "2", "100.02", "1");
  EXPECT_EQ(feed.counts().ticker_audits_equal, 1);
  feed.Ticker(20, 13, "100.00", "3", "100.02", "1");
  feed.Ticker(30, 14, "100.00", "9", "100.02", "1");
  EXPECT_FALSE(feed.Has(kDiverged));
  feed.Depth(100, 12, 13, R"(["100.00","2.5"])");
  EXPECT_TRUE(feed.Has(kDiverged));
  feed.Depth(200, 14, 14, R"(["100.00","9"])");
  EXPECT_FALSE(feed.Has(kDiverged));
  EXPECT_EQ(feed.counts().ticker_audits, 3);
}

TEST(SlowAudits, AnEqualSnapshotWidensTheHorizonOfALiveBook) {
  Feed feed;
  feed.RestSnapshot(0, 10, 2, R"(["100.00","2"],["99.99","3"])",
                    R"(["100.02","1"],["100.03","4"])");
  feed.Depth(0, 11, 11);
  EXPECT_TRUE(feed.Has(kHorizon));
  feed.RestSnapshot(50, 12, 5, kBookABids, kBookAAsks);
  feed.Depth(100, 12, 13, R"(["100.00","2.5"])");
  EXPECT_EQ(feed.counts().snapshot_audits_equal, 1);
  EXPECT_FALSE(feed.Has(kHorizon | kDiverged | kInvalid));
  ExpectNear(feed.Value("bid_depth_10bps"), 20.5);
}

TEST(SlowAudits, ADifferentSnapshotReplacesTheBookAsAfterAGap) {
  Feed feed;
  feed.Synchronise();
  feed.Snapshot(50, 12, R"(["100.01","2"])");
  feed.Depth(100, 12, 12);
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kDiverged),
            kInvalid | kResyncing | kDiverged);
  EXPECT_EQ(feed.row().update_id, 12);
  feed.Depth(200, 13, 13);
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kDiverged | kFirst), kDiverged | kFirst);
  ExpectNear(feed.Value("best_bid"), 100.01);
  feed.Ticker(210, 13, "100.01", "2", "100.02", "1");
  EXPECT_FALSE(feed.Has(kDiverged));
}

// --- Time and input ------------------------------------------------------------------------------

TEST(SlowTime, ATimeFarAheadNeedsASecondOne) {
  Feed feed;
  feed.Synchronise();
  const auto far_depth = [&](Int recv_ms, Int event_ms, Int id) {
    feed.Line(recv_ms,
              absl::StrCat(R"({"stream":"ausdt@depth@100ms","data":{"E":)", kStart + event_ms,
                           R"(,"s":"AUSDT","U":)", id, R"(,"u":)", id, R"(,"b":[],"a":[]}})"));
  };
  far_depth(100, 5'000'000, 12);
  EXPECT_EQ(feed.row().event_ns, kStart * kMs);
  feed.Depth(200, 13, 13);
  EXPECT_EQ(feed.row().event_ns, (kStart + 200) * kMs);
  far_depth(300, 5'000'000, 14);
  far_depth(400, 5'000'100, 15);
  EXPECT_EQ(feed.row().event_ns, (kStart + 5'000'100) * kMs);
}

TEST(SlowTime, StaleByTheClockAndByTheReceiveTime) {
  Feed feed;
  feed.Synchronise();
  EXPECT_EQ(feed.row().flags & (kStaleDepth | kStaleTicker | kStaleTrade),
            kStaleTicker | kStaleTrade);
  feed.Trade(1'000, 1, "100.00", "1", false);
  EXPECT_FALSE(feed.Has(kStaleDepth | kStaleTrade));
  feed.Trade(1'001, 2, "100.00", "1", false);
  EXPECT_TRUE(feed.Has(kStaleDepth));
  feed.Depth(1'002, 12, 12);
  feed.Ticker(2'500, 13, "100.00", "1", "100.02", "1");
  EXPECT_TRUE(feed.Has(kStaleDepth)) << "the clock stands, receive time has passed";
  ExpectNear(feed.Value("depth_age_ms"), 0);
}

TEST(SlowTime, LagIsCountedFromItsMinimum) {
  Feed feed;
  feed.Synchronise();
  ExpectNear(feed.Value("lag_excess_ms"), 0);
  feed.Line(107, absl::StrCat(R"({"stream":"ausdt@depth@100ms","data":{"E":)", kStart + 100,
                              R"(,"s":"AUSDT","U":12,"u":12,"b":[],"a":[]}})"));
  ExpectNear(feed.Value("lag_excess_ms"), 7);
}

TEST(SlowInput, LossesAreFlaggedAndALostDepthFrameResynchronises) {
  Feed feed;
  feed.Synchronise();
  feed.Line(10, "#lost 3 damage");
  feed.Ticker(20, 12, "100.00", "1", "100.02", "1");
  EXPECT_TRUE(feed.Has(kDropped));
  EXPECT_FALSE(feed.Has(kInvalid));
  feed.Line(30, "#drop 1 depth AUSDT");
  feed.Ticker(40, 13, "100.00", "1", "100.02", "1");
  EXPECT_TRUE(feed.Has(kInvalid));
}

TEST(SlowInput, ClosedConnectionsMakeTheirStreamsStale) {
  Feed feed;
  feed.Line(0, "#conn 1 open wss://x/stream?streams=ausdt@depth@100ms/ausdt@bookTicker");
  feed.Line(0, "#conn 2 open wss://x/stream?streams=ausdt%40trade");
  feed.Synchronise();
  feed.Trade(10, 1, "100.00", "1", false);
  feed.Line(20, "#conn 1 close 1006");
  feed.Trade(30, 2, "100.00", "1", false);
  EXPECT_TRUE(feed.Has(kStaleDepth));
  EXPECT_FALSE(feed.Has(kStaleTrade));
  feed.Depth(40, 12, 12);
  EXPECT_FALSE(feed.Has(kStaleDepth | kInvalid));
}

TEST(SlowInput, ExchangeInfoNamesTickAndStatusAndOffGridPricesRefine) {
  Feed feed;
  feed.Line(0, R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"AUSDT","status":"BREAK",)"
               R"("filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01000000"}]}]})");
  feed.Synchronise();
  EXPECT_TRUE(feed.Has(kHalted));
  EXPECT_FALSE(feed.Has(kInferred));
  ExpectNear(feed.Value("spread_ticks"), 2);
  feed.Trade(10, 1, "100.005", "1", false);
  EXPECT_TRUE(feed.Has(kInferred));
  ExpectNear(feed.Value("spread_ticks"), 4);
}

TEST(SlowInput, ASecondSpeedAndPartialDepthAreIgnored) {
  Feed feed;
  feed.Synchronise();
  feed.Line(
      10,
      R"({"stream":"ausdt@depth","data":{"E":1700000000010,"s":"AUSDT","U":50,"u":51,"b":[],"a":[]}})");
  feed.Line(20, R"({"stream":"ausdt@depth5","data":{"lastUpdateId":60,"bids":[],"asks":[]}})");
  feed.Depth(100, 12, 12);
  EXPECT_FALSE(feed.Has(kInvalid));
  EXPECT_EQ(feed.row_count(), 2U);
}

TEST(SlowInput, MicrosecondTimesAreRecognisedByTheirSize) {
  Feed feed;
  feed.Synchronise();
  feed.Line(100, R"({"stream":"ausdt@depth@100ms","data":{"E":1700000000100250,"s":"AUSDT",)"
                 R"("U":12,"u":12,"b":[],"a":[]}})");
  EXPECT_EQ(feed.row().event_ns, kStart * kMs + 100'250'000);
}

TEST(SlowInput, BareSnapshotsBelongToTheOnlySymbol) {
  Feed feed;
  feed.Snapshot(0, 10);  // Waits for the first name.
  feed.Depth(0, 11, 11);
  EXPECT_EQ(feed.row_count(), 1U);
  feed.Line(10, R"({"stream":"busdt@bookTicker","data":{}})");
  feed.Snapshot(20, 11, R"(["50.00","1"])", R"(["51.00","1"])");
  feed.Depth(100, 12, 12);
  EXPECT_EQ(feed.counts().snapshot_audits, 0) << "two symbols: whose is it?";
  EXPECT_FALSE(feed.Has(kDiverged));
}

TEST(SlowInput, SymbolsAreKeptApart) {
  SlowOptions options = Feed::DefaultOptions();
  options.trade_stream = "aggTrade";
  Feed feed(options);
  feed.Synchronise();
  feed.Line(10, R"(#rest GET /api/v3/depth?symbol=BUSDT&limit=100 )"
                R"({"lastUpdateId":3,"bids":[["5","1"]],"asks":[["6","1"]]})");
  feed.Line(
      20,
      R"({"stream":"busdt@depth","data":{"E":1700000000900,"s":"BUSDT","U":4,"u":4,"b":[],"a":[]}})");
  EXPECT_EQ(feed.row().symbol, "BUSDT");
  ExpectNear(feed.Value("best_bid"), 5);
  feed.Trade(30, 1, "100.00", "1", false);
  EXPECT_EQ(feed.row_count(), 2U) << "the other trade stream is ignored";
  feed.Line(
      40, R"({"stream":"ausdt@aggTrade","data":{"E":1700000000041,"s":"AUSDT","a":9,"p":"100.00",)"
          R"("q":"2","f":1,"l":3,"T":1700000000040,"m":true}})");
  EXPECT_EQ(feed.row().symbol, "AUSDT");
  EXPECT_EQ(feed.row().event_ns, (kStart + 40) * kMs);
  ExpectNear(feed.Value("trade_count_1s"), 1);
  ExpectNear(feed.Value("sell_vol_1s"), 2);
}

TEST(SlowSequencing, AHeldSnapshotBridgesTheVeryGapThatItCovers) {
  Feed feed;
  feed.Synchronise();
  feed.Snapshot(50, 14);
  feed.Depth(100, 13, 15);
  EXPECT_EQ(feed.row_count(), 2U);
  EXPECT_EQ(feed.row().update_id, 15);
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kFirst), kFirst);
}

TEST(SlowAudits, AStraddledSnapshotThatDiffersIsRolledThroughTheEvent) {
  Feed feed;
  feed.Synchronise();
  feed.Snapshot(50, 12, R"(["100.01","2"])");
  feed.Depth(100, 12, 13, R"(["100.00","4"])");
  EXPECT_TRUE(feed.Has(kInvalid));
  feed.Depth(200, 14, 14, R"(["99.00","1"])");
  EXPECT_EQ(feed.row().flags & (kInvalid | kResyncing | kFirst), kFirst);
  ExpectNear(feed.Value("bid_gap_1"), 1);  // 100.01 of the snapshot, 100.00 of the event.
}

TEST(SlowRows, NotANumberHasOneBitPattern) {
  Feed feed;
  feed.Synchronise();
  EXPECT_EQ(std::bit_cast<std::uint64_t>(feed.Value("microprice")), 0x7ff8000000000000ULL);
  EXPECT_EQ(SlowColumns({"10", "50", "100", "500", "1000"}).size(), 82U);
  EXPECT_EQ(feed.row().features.size(), SlowColumns(Feed::DefaultOptions().bucket_sizes).size());
}

// --- Real recordings -----------------------------------------------------------------------------

std::filesystem::path DataFolder() {
  const char* given = std::getenv("THALWEG_DATA");
  if (given != nullptr) return given;
  return std::filesystem::path(THALWEG_SOURCE_DIR) / ".." / "shared" / "data";
}

// Feeds the lines of a .gz recording; false when the file cannot be opened.
void FeedFile(const std::filesystem::path& path, std::size_t lines_max, SlowEngine* engine) {
  const gzFile file = gzopen(path.c_str(), "rb");
  ASSERT_NE(file, nullptr) << path;
  std::vector<char> piece(1 << 16);
  std::string line;
  std::size_t lines = 0;
  while (lines < lines_max &&
         gzgets(file, piece.data(), static_cast<int>(piece.size())) != nullptr) {
    line += piece.data();
    if (line.back() != '\n') continue;
    line.pop_back();
    const std::size_t blank = line.find(' ');
    Int recv = std::stoll(line.substr(0, blank));
    if (recv < 100'000'000'000'000'000) recv *= 1'000;
    engine->Line(recv, std::string_view(line).substr(blank + 1));
    line.clear();
    ++lines;
  }
  gzclose(file);
}

std::vector<std::filesystem::path> FilesOf(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(DataFolder() / folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct Recording {
  const char* folder;
  const char* symbol;
};
constexpr Recording kRecordings[] = {{"spot-btcusdt-2024-08-08", "BTCUSDT"},
                                     {"usdm-btcusdt-2023-04-04", "BTCUSDT"},
                                     {"usdm-ethusdt-2024-08-08", "ETHUSDT"},
                                     {"coinm-btcusd_perp-2024-08-08", "BTCUSD_PERP"}};

std::string TextOf(simdjson::dom::element value) { return std::string(value.get_string().value()); }

TEST(SlowRecordings, EndWithTheKnownBooksAndEveryAuditAgrees) {
  if (!std::filesystem::exists(DataFolder())) GTEST_SKIP() << "no recordings in " << DataFolder();
  simdjson::dom::parser parser;
  const simdjson::dom::element all = parser.load((DataFolder() / "reference-facts.json").string());
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.folder);
    SlowOptions options;
    options.compute_rows = false;
    SlowEngine engine(options);
    if (TakeShortPart()) {
      // Whether it reads and writes what it may: nothing is known of the middle of a recording.
      FeedFile(FilesOf(recording.folder)[0], 2'000, &engine);
      EXPECT_EQ(engine.Counts(recording.symbol).gaps, 0);
      continue;
    }
    for (const auto& file : FilesOf(recording.folder)) FeedFile(file, SIZE_MAX, &engine);
    const simdjson::dom::element facts = all[recording.folder];
    const SlowCounts counts = engine.Counts(recording.symbol);
    EXPECT_EQ(counts.depth_applied, facts["applied"].get_int64().value());
    EXPECT_EQ(counts.gaps, 0);
    EXPECT_EQ(counts.ticker_audits, facts["bookTicker_frames_with_same_u"].get_int64().value());
    EXPECT_EQ(counts.ticker_audits_equal, counts.ticker_audits);
    const std::string book = engine.FinalBook(recording.symbol);
    const std::string best_bid = absl::StrCat("b ", TextOf(facts["final_best_bid"].at(0)), " ",
                                              TextOf(facts["final_best_bid"].at(1)), "\n");
    const std::string best_ask = absl::StrCat("\na ", TextOf(facts["final_best_ask"].at(0)), " ",
                                              TextOf(facts["final_best_ask"].at(1)), "\n");
    EXPECT_TRUE(book.starts_with(best_bid));
    EXPECT_EQ(book.find("\na "), book.find(best_ask));
    const auto levels = facts["final_levels"];
    EXPECT_EQ(std::count(book.begin(), book.end(), '\n'),
              levels.at(0).get_int64().value() + levels.at(1).get_int64().value());
  }
}

TEST(SlowRecordings, RowsOfARealMinuteAreFiniteAndOrdered) {
  if (!std::filesystem::exists(DataFolder())) GTEST_SKIP() << "no recordings in " << DataFolder();
  SlowEngine engine{SlowOptions{}};
  const std::size_t lines = TakeShortPart() ? 300 : 3'000;
  FeedFile(FilesOf("spot-btcusdt-2024-08-08")[0], lines, &engine);
  const std::vector<SlowRow> rows = engine.TakeRows();
  const std::vector<std::string> names = SlowColumns(SlowOptions{}.bucket_sizes);
  ASSERT_GT(rows.size(), lines * 29 / 30);
  for (const SlowRow& row : rows) {
    EXPECT_EQ(row.flags & (kInvalid | kResyncing | kCrossed | kDiverged | kTradeGap), 0U);
    EXPECT_LE(row.features[0], row.features[4]);  // best_bid, mid
    EXPECT_LE(row.features[4], row.features[2]);  // mid, best_ask
    for (std::size_t i = 0; i < 50; ++i) {
      const bool has_table = names[i].starts_with("microprice");
      EXPECT_EQ(std::isfinite(row.features[i]), !has_table) << names[i];
    }
  }
}

}  // namespace
}  // namespace thalweg::oracle
