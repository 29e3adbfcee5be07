// Both sides of the market are one code: the mirror image of a feed gives the mirror image of its
// records.
//
// The mirror swaps bids and asks, the aggressors of trades, and every price p for pivot - p. The
// pivot is a multiple of 2000 quote units, so that the border of a bucket of any size lies on the
// border of one again, and above twice any price. What integers feed must answer to the bit: signed
// features negate, those of one side take the place of the other side's, the rest stays.
//
// Left out is what measures against the price level, which the mirror does not keep: everything in
// bps (spread, weighted_mid_adj, bands, returns, effective spread, sweeps), flows within a band,
// the micro-price, and the two flags that follow from bands and sweeps.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "core/string_view.h"
#include "tests/replay/capture.h"

namespace thalweg {
namespace {

constexpr std::int64_t kPivotStep = 2'000 * kPriceOne;
constexpr QualityWord kFlagsLeftOut = quality::kHorizon | quality::kSweepThin;

enum class Image : std::uint8_t {
  kSame,
  kNegated,
  kOtherSide,  // The value of the other side's feature.
  kPrice,      // pivot - the value of the other side's feature.
  kLeftOut,
};

// How the features that begin like this answer the mirror; the longest beginning counts.
struct Rule {
  std::string_view beginning;
  Image image;
  std::string_view other_side{};  // What the beginning becomes; itself when empty.
};

constexpr Rule kRules[] = {
    {"best_bid", Image::kPrice, "best_ask"},
    {"best_ask", Image::kPrice, "best_bid"},
    {"best_bid_qty", Image::kOtherSide, "best_ask_qty"},
    {"best_ask_qty", Image::kOtherSide, "best_bid_qty"},
    {"mid", Image::kPrice},
    {"spread_ticks", Image::kSame},
    {"spread_bps", Image::kLeftOut},
    {"weighted_mid", Image::kPrice},
    {"weighted_mid_adj_bps", Image::kLeftOut},
    {"microprice", Image::kLeftOut},
    {"imbalance_", Image::kNegated},
    {"imbalance_5bps", Image::kLeftOut},
    {"imbalance_10bps", Image::kLeftOut},
    {"imbalance_25bps", Image::kLeftOut},
    {"log_depth_ratio_", Image::kNegated},
    {"bid_depth_10bps", Image::kLeftOut},
    {"ask_depth_10bps", Image::kLeftOut},
    {"bid_gap_", Image::kOtherSide, "ask_gap_"},
    {"ask_gap_", Image::kOtherSide, "bid_gap_"},
    {"sweep_cost_", Image::kLeftOut},
    {"bid_slope_", Image::kOtherSide, "ask_slope_"},
    {"ask_slope_", Image::kOtherSide, "bid_slope_"},
    {"ofi_", Image::kNegated},
    {"mlofi_", Image::kNegated},
    {"bid_lim_flow_", Image::kLeftOut},
    {"ask_lim_flow_", Image::kLeftOut},
    {"tfi_", Image::kNegated},
    {"buy_", Image::kOtherSide, "sell_"},
    {"sell_", Image::kOtherSide, "buy_"},
    {"trade_imbalance_", Image::kNegated},
    {"trade_count_", Image::kSame},
    {"vwap_dev_bps_", Image::kLeftOut},
    {"max_trade_qty_", Image::kSame},
    {"mean_trade_qty_", Image::kSame},
    {"inter_trade_ms", Image::kSame},
    {"vpin_", Image::kSame},
    {"kyle_lambda_", Image::kSame},
    {"ret_bps_", Image::kLeftOut},
    {"rvol_bps_", Image::kLeftOut},
    {"jump_var_", Image::kLeftOut},
    {"range_bps_", Image::kLeftOut},
    {"depth_age_ms", Image::kSame},
    {"ticker_age_ms", Image::kSame},
    {"trade_age_ms", Image::kSame},
    {"lag_excess_ms", Image::kSame},
    {"eff_spread_bps", Image::kLeftOut},
    {"touch_bid", Image::kPrice, "touch_ask"},
    {"touch_ask", Image::kPrice, "touch_bid"},
    {"touch_bid_qty", Image::kOtherSide, "touch_ask_qty"},
    {"touch_ask_qty", Image::kOtherSide, "touch_bid_qty"},
    {"touch_mid", Image::kPrice},
    {"touch_weighted_mid", Image::kPrice},
    {"touch_imbalance", Image::kNegated},
};

const Rule* RuleOf(std::string_view name) {
  const Rule* found = nullptr;
  for (const Rule& rule : kRules) {
    if (!name.starts_with(rule.beginning)) continue;
    if (found == nullptr || rule.beginning.size() > found->beginning.size()) found = &rule;
  }
  return found;
}

// A feature, and the place of the feature that its image is taken from.
struct Column {
  std::string name;
  Image image;
  std::size_t source;
};

// In catalogue order. Every feature has a rule, so that a new one is not forgotten here.
std::vector<Column> Columns() {
  const Catalogue catalogue = MakeCatalogue(FixedGridOptions());
  std::map<std::string, std::size_t> places;
  for (const Feature& feature : catalogue.features()) places.emplace(feature.name, places.size());
  std::vector<Column> columns;
  for (const Feature& feature : catalogue.features()) {
    const Rule* const rule = RuleOf(feature.name);
    if (rule == nullptr) {
      ADD_FAILURE() << feature.name << ": say in kRules what its mirror image is";
      columns.push_back({feature.name, Image::kLeftOut, 0});
      continue;
    }
    const std::string source =
        rule->other_side.empty()
            ? feature.name
            : absl::StrCat(Abseil(rule->other_side), feature.name.substr(rule->beginning.size()));
    EXPECT_TRUE(places.contains(source)) << source;
    columns.push_back({feature.name, rule->image, places[source]});
  }
  return columns;
}

// The least pivot above twice any price of the feed.
Price PivotOf(const Feed& feed) {
  Price highest;
  (void)RewriteFrames(feed, {.price = [&](Price price) {
                        highest = std::max(highest, price);
                        return price;
                      }});
  return Price((2 * highest.raw() / kPivotStep + 1) * kPivotStep);
}

Feed Mirrored(const Feed& feed, Price pivot) {
  return RewriteFrames(feed,
                       {.price = [pivot](Price price) { return Price(pivot.raw() - price.raw()); },
                        .swap_sides = true});
}

// Prices are decimals that doubles only come near to, so their image is compared as a number.
void CheckPrice(double value, double source, Price pivot) {
  ASSERT_EQ(std::isnan(value), std::isnan(source));
  if (std::isnan(value)) return;
  ASSERT_NEAR(value, static_cast<double>(pivot.raw()) / kPriceOne - source, 1e-9);
}

void CheckBits(double value, double source, Image image) {
  const double expected = image == Image::kNegated && !std::isnan(source) ? -source + 0.0 : source;
  ASSERT_EQ(std::bit_cast<std::uint64_t>(value), std::bit_cast<std::uint64_t>(expected))
      << value << " is not the image of " << source;
}

void CheckRow(const std::vector<Column>& columns, const Row& row, const Row& mirrored,
              Price pivot) {
  ASSERT_EQ(mirrored.header.update_id, row.header.update_id);
  ASSERT_EQ(mirrored.header.event_ns, row.header.event_ns);
  ASSERT_EQ(mirrored.header.recv_ns, row.header.recv_ns);
  ASSERT_EQ(mirrored.header.trigger, row.header.trigger);
  ASSERT_EQ(DescribeQuality(mirrored.header.flags & ~kFlagsLeftOut),
            DescribeQuality(row.header.flags & ~kFlagsLeftOut));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.image == Image::kLeftOut) continue;
    SCOPED_TRACE(column.name);
    const double source = row.features[column.source];
    if (column.image == Image::kPrice) {
      CheckPrice(mirrored.features[i], source, pivot);
    } else {
      CheckBits(mirrored.features[i], source, column.image);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Plays the feed and its mirror image; answers the records of the feed.
std::vector<Row> CheckMirror(const Feed& feed) {
  const Price pivot = PivotOf(feed);
  const std::vector<Column> columns = Columns();
  const std::vector<Row> rows = RowsOf(feed, FixedGridOptions());
  const std::vector<Row> mirrored = RowsOf(Mirrored(feed, pivot), FixedGridOptions());
  EXPECT_EQ(rows.size(), mirrored.size());
  for (std::size_t i = 0; i < std::min(rows.size(), mirrored.size()); ++i) {
    SCOPED_TRACE(testing::Message() << "record " << i);
    CheckRow(columns, rows[i], mirrored[i], pivot);
    if (testing::Test::HasFatalFailure()) break;
  }
  return rows;
}

// A column that never says anything would agree with any mirror.
void CheckThatSignedFeaturesSpeak(const std::vector<Row>& rows) {
  const std::vector<Column> columns = Columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    // Without a table it is NaN.
    if (columns[i].image != Image::kNegated || columns[i].name.starts_with("ofi_int")) continue;
    EXPECT_TRUE(std::ranges::any_of(rows, [i](const Row& row) { return row.features[i] != 0.0; }) &&
                !std::isnan(rows.back().features[i]))
        << columns[i].name << " says nothing";
  }
}

// --- A feed with what the real one lacks ------------------------------------------------------

class FeedMaker {
 public:
  // Levels as JSON text: [["100.00","2"],...].
  void Snapshot(std::string_view bids, std::string_view asks) {
    Add(absl::StrCat(R"({"lastUpdateId":)", id_, R"(,"bids":)", Abseil(bids), R"(,"asks":)",
                     Abseil(asks), "}"));
  }
  void Depth(std::string_view bids, std::string_view asks) {
    ++id_;
    Add(absl::StrCat(R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":)", now_,
                     R"(,"s":"BTCUSDT","U":)", id_, R"(,"u":)", id_, R"(,"b":)", Abseil(bids),
                     R"(,"a":)", Abseil(asks), "}}"));
  }
  // Of the book's id, which every bookTicker of an exchange agrees with.
  void Ticker(std::string_view bid, std::string_view bid_qty, std::string_view ask,
              std::string_view ask_qty) {
    Add(absl::StrCat(R"({"stream":"btcusdt@bookTicker","data":{"u":)", id_,
                     R"(,"s":"BTCUSDT","b":")", Abseil(bid), R"(","B":")", Abseil(bid_qty),
                     R"(","a":")", Abseil(ask), R"(","A":")", Abseil(ask_qty), R"("}})"));
  }
  void Trade(std::string_view price, std::string_view qty, bool buyer_is_maker) {
    ++trade_id_;
    Add(absl::StrCat(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":)", now_,
                     R"(,"s":"BTCUSDT","t":)", trade_id_, R"(,"p":")", Abseil(price), R"(","q":")",
                     Abseil(qty), R"(","T":)", now_, R"(,"m":)", buyer_is_maker ? "true" : "false",
                     R"(,"M":true}})"));
  }
  void Wait(std::int64_t milliseconds) { now_ += milliseconds; }
  // A hole in the ids: the next depth event does not continue the book.
  void LoseIds() { id_ += 5; }

  [[nodiscard]] const Feed& feed() const { return feed_; }

 private:
  void Add(const std::string& json) {
    feed_.push_back(absl::StrCat(now_, " ", json));
    now_ += 20;
  }

  std::int64_t now_ = 1'723'161'254'000;
  std::int64_t id_ = 1'000;
  std::int64_t trade_id_ = 500;
  Feed feed_;
};

constexpr char kBids[] = R"([["100.00","2"],["99.99","3"],["99.97","5"],["90.00","10"]])";
constexpr char kAsks[] = R"([["100.02","1"],["100.03","4"],["100.06","5"],["110.00","10"]])";
constexpr char kNone[] = "[]";

void EmptyTheAsks(FeedMaker& maker) {
  maker.Depth(kNone, R"([["100.02","0"],["100.03","0"]])");
  maker.Trade("100.06", "5", false);
  maker.Depth(kNone, R"([["100.06","0"],["110.00","0"]])");
  maker.Ticker("100.00", "2.5", "0.00", "0");
  maker.Depth(R"([["100.01","1.25"]])", kNone);
  maker.Trade("100.01", "0.3", true);
  maker.Wait(1'500);
  maker.Depth(R"([["100.01","0.95"]])", R"([["100.04","3"],["100.09","7"]])");
  maker.Ticker("100.01", "0.95", "100.04", "3");
}

void CrossAndLockTheBook(FeedMaker& maker) {
  maker.Depth(kNone, R"([["100.00","6"]])");
  maker.Depth(R"([["100.01","0"]])", kNone);
  maker.Trade("100.00", "1.75", true);
  maker.Depth(R"([["100.00","0"]])", kNone);
  maker.Ticker("99.99", "2", "100.00", "6");  // Not what the book says.
  maker.Depth(R"([["99.98","0.125"]])", kNone);
}

void EmptyTheBook(FeedMaker& maker) {
  maker.Depth(R"([["99.99","0"],["99.98","0"],["99.97","0"],["90.00","0"]])",
              R"([["100.00","0"],["100.04","0"],["100.09","0"]])");
  maker.Depth(kBids, kNone);
  maker.Depth(kNone, kAsks);
}

void BreakTheChain(FeedMaker& maker) {
  maker.LoseIds();
  maker.Depth(R"([["100.00","9"]])", kNone);
  maker.Ticker("100.00", "9", "100.02", "1");
  maker.Trade("100.00", "0.2", true);
  maker.Snapshot(kBids, kAsks);
  maker.Depth(R"([["100.01","2"]])", R"([["100.02","8"]])");
}

Feed FeedOfOddBooks() {
  FeedMaker maker;
  maker.Ticker("100.00", "2", "100.02", "1");
  maker.Depth(R"([["100.00","2"]])", kNone);
  maker.Snapshot(kBids, kAsks);
  maker.Depth(R"([["100.00","2.5"]])", kNone);
  maker.Ticker("100.00", "2.5", "100.02", "1");
  maker.Trade("100.02", "0.5", false);
  maker.Trade("100.02", "0.1", false);
  maker.Depth(kNone, R"([["100.02","0.4"]])");
  EmptyTheAsks(maker);
  CrossAndLockTheBook(maker);
  EmptyTheBook(maker);
  BreakTheChain(maker);
  maker.Wait(12'000);
  maker.Depth(R"([["100.01","1"],["50.00","40"]])", R"([["100.02","2"],["999.99","3"]])");
  maker.Ticker("100.01", "1", "100.02", "2");
  maker.Trade("100.01", "0.7", true);
  return maker.feed();
}

std::set<std::string> FlagsOf(const std::vector<Row>& rows) {
  std::set<std::string> names;
  for (const Row& row : rows) {
    for (int bit = 0; bit < 64; ++bit) {
      if ((row.header.flags >> bit & 1) != 0) names.emplace(QualityBitName(bit));
    }
  }
  return names;
}

TEST(MirrorTest, OddBooksHaveTheirMirrorImage) {
  const std::set<std::string> flags = FlagsOf(CheckMirror(FeedOfOddBooks()));
  for (const char* const name : {"ONE_SIDED", "CROSSED", "BOOK_INVALID", "RESYNCING",
                                 "FIRST_AFTER_RESYNC", "AUDIT_DIVERGED", "SHORT_BOOK"}) {
    EXPECT_TRUE(flags.contains(name)) << name << " never came: the feed is not as odd as meant";
  }
}

TEST(MirrorTest, TheRealMarketHasItsMirrorImage) {
  const Feed feed = BeginningOfBtcusdt();
  if (feed.empty()) GTEST_SKIP() << kNoData;
  const std::vector<Row> rows = CheckMirror(feed);
  EXPECT_GT(rows.size(), feed.size() * 9 / 10);
  CheckThatSignedFeaturesSpeak(rows);
}

TEST(MirrorTest, TheMirrorOfTheMirrorIsTheFeed) {
  const Feed feed = RewriteFrames(FeedOfOddBooks(), {});
  const Price pivot = PivotOf(feed);
  EXPECT_NE(Mirrored(feed, pivot), feed);
  EXPECT_EQ(Mirrored(Mirrored(feed, pivot), pivot), feed);
}

}  // namespace
}  // namespace thalweg
