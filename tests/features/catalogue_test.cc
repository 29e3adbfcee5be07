// The feature contract: names in their order, offsets, and a hash that changes with any of them.
#include "features/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "features/feature_vector.h"
#include "xxhash.h"

namespace thalweg {
namespace {

using Names = std::vector<std::string>;

// Expands braces as a shell does: the left one varies slowest.
Names Expand(const std::string& text) {
  const std::size_t open = text.find('{');
  if (open == std::string::npos) return {text};
  const std::size_t close = text.find('}', open);
  Names names;
  for (std::size_t begin = open + 1; begin <= close;) {
    const std::size_t end = std::min(text.find(',', begin), close);
    const Names rest =
        Expand(text.substr(0, open) + text.substr(begin, end - begin) + text.substr(close + 1));
    names.insert(names.end(), rest.begin(), rest.end());
    begin = end + 1;
  }
  return names;
}

Names ExpandAll(const std::vector<std::string>& texts) {
  Names names;
  for (const std::string& text : texts) {
    const Names some = Expand(text);
    names.insert(names.end(), some.begin(), some.end());
  }
  return names;
}

// The documented vector, without the features that are not there yet.
const Names& Documented() {
  static const auto& names = *new Names(ExpandAll({
      "best_bid",
      "best_bid_qty",
      "best_ask",
      "best_ask_qty",
      "mid",
      "spread_ticks",
      "spread_bps",
      "weighted_mid",
      "weighted_mid_adj_bps",
      "microprice",
      "microprice_adj_bps",
      "imbalance_l1",
      "imbalance_l5",
      "imbalance_l10",
      "imbalance_l20",
      "imbalance_5bps",
      "imbalance_10bps",
      "imbalance_25bps",
      "imbalance_exp_h10",
      "log_depth_ratio_l10",
      "bid_depth_10bps",
      "ask_depth_10bps",
      "bid_gap_1",
      "ask_gap_1",
      "sweep_cost_buy_{10k,100k,1m}",
      "sweep_cost_sell_{10k,100k,1m}",
      "bid_slope_l20",
      "ask_slope_l20",
      "imbalance_t{10,50,100,500,1000}",
      "log_depth_ratio_t{10,50,100,500,1000}",
      "ofi_l1_{100ms,1s,5s,10s,60s}",
      "tfi_100ms",
      "{buy_vol,sell_vol,trade_imbalance,trade_count,vwap_dev_bps}_{1s,10s,60s}",
      "tfi_5s",
      "max_trade_qty_10s",
      "mean_trade_qty_10s",
      "inter_trade_ms",
      "depth_age_ms",
      "ticker_age_ms",
      "trade_age_ms",
      "lag_excess_ms",
      "eff_spread_bps",
      "touch_bid",
      "touch_bid_qty",
      "touch_ask",
      "touch_ask_qty",
      "touch_mid",
      "touch_weighted_mid",
      "touch_imbalance",
      "ofi_touch_{100ms,1s,10s}",
  }));
  return names;
}

Names NamesOf(const Catalogue& catalogue) {
  Names names;
  for (const Feature& feature : catalogue.features()) names.push_back(feature.name);
  return names;
}

TEST(CatalogueTest, NamesStandInTheDocumentedOrder) {
  EXPECT_EQ(NamesOf(Catalogue(DefaultBucketSizes())), Documented());
}

TEST(CatalogueTest, NamesAreUniqueAndMadeOfPlainCharacters) {
  const Names names = NamesOf(Catalogue({"0.05", "10"}));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const std::string& name : names) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."), std::string::npos)
        << name;
  }
}

TEST(CatalogueTest, BucketColumnsCarryTheConfiguredTextOrTheRank) {
  const auto buckets = [](const Names& sizes) {
    const Catalogue catalogue(sizes);
    const Names names = NamesOf(catalogue);
    const auto begin =
        names.begin() + static_cast<std::ptrdiff_t>(catalogue.GroupBegin(FeatureGroup::kBuckets));
    return Names(begin,
                 begin + static_cast<std::ptrdiff_t>(catalogue.GroupSize(FeatureGroup::kBuckets)));
  };
  EXPECT_EQ(buckets({"0.05", "10"}), (Names{"imbalance_t0.05", "imbalance_t10",
                                            "log_depth_ratio_t0.05", "log_depth_ratio_t10"}));
  EXPECT_EQ(buckets({"b1", "b2", "b3"}),
            (Names{"imbalance_b1", "imbalance_b2", "imbalance_b3", "log_depth_ratio_b1",
                   "log_depth_ratio_b2", "log_depth_ratio_b3"}));
  EXPECT_EQ(buckets({"7"}), (Names{"imbalance_t7", "log_depth_ratio_t7"}));
}

TEST(CatalogueTest, CountsAgreeWithTheVectorThatIsWritten) {
  for (std::size_t sizes = 1; sizes <= quality::kBucketSizesMax; ++sizes) {
    Names names;
    for (std::size_t i = 1; i <= sizes; ++i) names.push_back("b" + std::to_string(i));
    const Catalogue catalogue(names);
    EXPECT_EQ(catalogue.features().size(), FeatureVector::Count(sizes));
    EXPECT_EQ(catalogue.bucket_count(), sizes);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kQuote), kQuoteFeatures);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kLiquidity), kLiquidityFeatures);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kBuckets), 2 * sizes);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kOrderFlow), kOrderFlowFeatures);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kTrades), kTradeFlowFeatures);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kAges), kAgeFeatures);
    EXPECT_EQ(catalogue.GroupSize(FeatureGroup::kTouch), kTouchFeatures);
  }
}

TEST(CatalogueTest, GroupsFollowEachOtherWithoutAHole) {
  using enum FeatureGroup;
  const Catalogue catalogue(DefaultBucketSizes());
  std::size_t next = 0;
  for (const FeatureGroup group :
       {kQuote, kLiquidity, kBuckets, kOrderFlow, kTrades, kAges, kTouch}) {
    EXPECT_EQ(catalogue.GroupBegin(group), next) << GroupName(group);
    EXPECT_GT(catalogue.GroupSize(group), 0u);
    EXPECT_FALSE(GroupName(group).empty());
    next += catalogue.GroupSize(group);
  }
  EXPECT_EQ(next, catalogue.features().size());
}

std::size_t SizeOf(std::string_view type) {
  if (type == "u16") return 2;
  return type == "u32" ? 4 : 8;
}

TEST(CatalogueTest, FieldsCoverTheRecordWithoutHoleOrOverlap) {
  const Catalogue catalogue(DefaultBucketSizes());
  std::size_t offset = 0;
  for (const SchemaField& field : catalogue.Fields()) {
    EXPECT_EQ(field.offset, offset) << field.name;
    EXPECT_FALSE(field.unit.empty()) << field.name;
    EXPECT_EQ(field.unit.find(' '), std::string_view::npos) << field.name;
    offset += SizeOf(field.type);
  }
  EXPECT_EQ(offset, sizeof(RecordHeader) + 8 * catalogue.features().size());
}

TEST(CatalogueTest, EveryRowSaysWhatItIs) {
  for (const FeatureRow& row : FeatureRows()) {
    EXPECT_FALSE(row.unit.empty()) << row.name;
    EXPECT_FALSE(row.range.empty()) << row.name;
    EXPECT_FALSE(row.description.empty()) << row.name;
    // A window stands in the name too.
    if (row.window.empty()) continue;
    EXPECT_TRUE(row.name.ends_with("_" + std::string(row.window))) << row.name;
  }
}

// From the documentation: XXH3-64, seed 0, over one line a field, header included, in order.
std::uint64_t HashOf(const std::vector<SchemaField>& fields) {
  std::string text;
  for (const SchemaField& field : fields) {
    text += field.name + " " + std::string(field.type) + " " + std::to_string(field.offset) + " " +
            std::string(field.unit) + "\n";
  }
  return XXH3_64bits_withSeed(text.data(), text.size(), 0);
}

TEST(CatalogueTest, HashIsThatOfTheDocumentedText) {
  for (const Names& sizes : {DefaultBucketSizes(), Names{"b1"}, Names{"0.05", "5"}}) {
    const Catalogue catalogue(sizes);
    EXPECT_EQ(catalogue.schema_hash(), HashOf(catalogue.Fields()));
  }
}

TEST(CatalogueTest, HashedTextBeginsWithTheHeaderAsDocumented) {
  const std::vector<SchemaField> fields = Catalogue(DefaultBucketSizes()).Fields();
  std::string text;
  for (std::size_t i = 0; i < 11; ++i) {
    text += fields[i].name + " " + std::string(fields[i].type) + " " +
            std::to_string(fields[i].offset) + "\n";
  }
  EXPECT_EQ(text,
            "schema_hash u64 0\nseq u64 8\nrecv_ns i64 16\nevent_ns i64 24\npublish_ns i64 32\n"
            "update_id u64 40\nflags u64 48\nsymbol_id u32 56\ntrigger u16 60\nlive_flags u16 62\n"
            "best_bid f64 64\n");
}

TEST(CatalogueTest, HashChangesWithNamesOrderCountAndUnit) {
  std::set<std::uint64_t> hashes;
  for (const Names& sizes : {Names{"10", "50"}, Names{"50", "10"}, Names{"10", "51"}, Names{"10"},
                             Names{"b1", "b2"}, Names{"10", "50", "100"}}) {
    hashes.insert(Catalogue(sizes).schema_hash());
  }
  EXPECT_EQ(hashes.size(), 6u);

  const Catalogue catalogue(DefaultBucketSizes());
  EXPECT_EQ(catalogue.schema_hash(), Catalogue(DefaultBucketSizes()).schema_hash());
  std::vector<SchemaField> fields = catalogue.Fields();
  fields[12].unit = "lots";
  EXPECT_NE(HashOf(fields), catalogue.schema_hash());
  fields = catalogue.Fields();
  std::swap(fields[12].name, fields[13].name);
  EXPECT_NE(HashOf(fields), catalogue.schema_hash());
}

}  // namespace
}  // namespace thalweg
