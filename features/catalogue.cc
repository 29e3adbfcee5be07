#include "features/catalogue.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "core/record.h"

namespace thalweg {
namespace {

using enum FeatureGroup;

constexpr std::string_view kSigned = "[-1, 1]";
constexpr std::string_view kAny = "any";
constexpr std::string_view kNotNegative = ">= 0";
constexpr std::string_view kPositive = "> 0";

constexpr std::array kRows{
    FeatureRow{"best_bid", "quote", kQuote, "", kPositive, "best bid price of the book"},
    FeatureRow{"best_bid_qty", "base", kQuote, "", kPositive, "quantity at the best bid"},
    FeatureRow{"best_ask", "quote", kQuote, "", kPositive, "best ask price of the book"},
    FeatureRow{"best_ask_qty", "base", kQuote, "", kPositive, "quantity at the best ask"},
    FeatureRow{"mid", "quote", kQuote, "", kPositive, "(best_bid + best_ask) / 2"},
    FeatureRow{"spread_ticks", "ticks", kQuote, "", "integer; <= 0 when crossed",
               "best_ask - best_bid"},
    FeatureRow{"spread_bps", "bps", kQuote, "", kPositive, "spread as a share of mid"},
    FeatureRow{"weighted_mid", "quote", kQuote, "", "[best_bid, best_ask]",
               "mid weighted with the opposite quantities: (bid_qty*ask + ask_qty*bid) / sum"},
    FeatureRow{"weighted_mid_adj_bps", "bps", kQuote, "", kAny, "weighted_mid - mid"},
    FeatureRow{"microprice", "quote", kQuote, "", kPositive,
               "Stoikov's micro-price; NaN until a calibrated table is loaded"},
    FeatureRow{"microprice_adj_bps", "bps", kQuote, "", kAny,
               "microprice - mid; NaN until a calibrated table is loaded"},
    FeatureRow{"imbalance_l1", "1", kQuote, "", kSigned,
               "(bid - ask) / (bid + ask) quantity at the best level"},
    FeatureRow{"imbalance_l5", "1", kQuote, "", kSigned, "the same over the best 5 levels"},
    FeatureRow{"imbalance_l10", "1", kQuote, "", kSigned, "the same over the best 10 levels"},
    FeatureRow{"imbalance_l20", "1", kQuote, "", kSigned, "the same over the best 20 levels"},
    FeatureRow{"imbalance_5bps", "1", kQuote, "", kSigned, "the same within 5 bps of mid"},
    FeatureRow{"imbalance_10bps", "1", kQuote, "", kSigned, "the same within 10 bps of mid"},
    FeatureRow{"imbalance_25bps", "1", kQuote, "", kSigned, "the same within 25 bps of mid"},
    FeatureRow{"imbalance_exp_h10", "1", kQuote, "", kSigned,
               "the same with weights 2^(-d/10), d = ticks from the own touch, d <= 200"},
    FeatureRow{"log_depth_ratio_l10", "1", kQuote, "", kAny,
               "ln(bid / ask) quantity over the best 10 levels"},
    FeatureRow{"bid_depth_10bps", "base", kQuote, "", kNotNegative,
               "bid quantity within 10 bps of mid"},
    FeatureRow{"ask_depth_10bps", "base", kQuote, "", kNotNegative,
               "ask quantity within 10 bps of mid"},
    FeatureRow{"bid_gap_1", "ticks", kQuote, "", kPositive, "best bid minus second bid"},
    FeatureRow{"ask_gap_1", "ticks", kQuote, "", kPositive, "second ask minus best ask"},

    FeatureRow{"sweep_cost_buy_10k", "bps", kLiquidity, "", kPositive,
               "average price above mid of buying for 10,000 quote"},
    FeatureRow{"sweep_cost_buy_100k", "bps", kLiquidity, "", kPositive, "... for 100,000 quote"},
    FeatureRow{"sweep_cost_buy_1m", "bps", kLiquidity, "", kPositive, "... for 1,000,000 quote"},
    FeatureRow{"sweep_cost_sell_10k", "bps", kLiquidity, "", kPositive,
               "average price below mid of selling for 10,000 quote"},
    FeatureRow{"sweep_cost_sell_100k", "bps", kLiquidity, "", kPositive, "... for 100,000 quote"},
    FeatureRow{"sweep_cost_sell_1m", "bps", kLiquidity, "", kPositive, "... for 1,000,000 quote"},
    FeatureRow{"bid_slope_l20", "base/tick", kLiquidity, "", kPositive,
               "slope through the origin of cumulative bid quantity on distance from mid"},
    FeatureRow{"ask_slope_l20", "base/tick", kLiquidity, "", kPositive, "the same for asks"},

    FeatureRow{"imbalance_t", "1", kBuckets, "", kSigned,
               "(bid - ask) / (bid + ask) quantity over 15 dense buckets of this size"},
    FeatureRow{"log_depth_ratio_t", "1", kBuckets, "", kAny,
               "ln(bid / ask) quantity over 15 dense buckets of this size"},

    FeatureRow{"ofi_l1_100ms", "base", kOrderFlow, "100ms", kAny,
               "order-flow imbalance at the best level, from depth events"},
    FeatureRow{"ofi_l1_1s", "base", kOrderFlow, "1s", kAny, "the same"},
    FeatureRow{"ofi_l1_5s", "base", kOrderFlow, "5s", kAny, "the same"},
    FeatureRow{"ofi_l1_10s", "base", kOrderFlow, "10s", kAny, "the same"},
    FeatureRow{"ofi_l1_60s", "base", kOrderFlow, "60s", kAny, "the same"},

    FeatureRow{"tfi_100ms", "base", kTrades, "100ms", kAny,
               "trade-flow imbalance: taker-buy minus taker-sell quantity"},
    FeatureRow{"buy_vol_1s", "base", kTrades, "1s", kNotNegative, "taker-buy quantity"},
    FeatureRow{"buy_vol_10s", "base", kTrades, "10s", kNotNegative, "the same"},
    FeatureRow{"buy_vol_60s", "base", kTrades, "60s", kNotNegative, "the same"},
    FeatureRow{"sell_vol_1s", "base", kTrades, "1s", kNotNegative, "taker-sell quantity"},
    FeatureRow{"sell_vol_10s", "base", kTrades, "10s", kNotNegative, "the same"},
    FeatureRow{"sell_vol_60s", "base", kTrades, "60s", kNotNegative, "the same"},
    FeatureRow{"trade_imbalance_1s", "1", kTrades, "1s", kSigned,
               "(buy_vol - sell_vol) / (buy_vol + sell_vol); NaN without a trade"},
    FeatureRow{"trade_imbalance_10s", "1", kTrades, "10s", kSigned, "the same"},
    FeatureRow{"trade_imbalance_60s", "1", kTrades, "60s", kSigned, "the same"},
    FeatureRow{"trade_count_1s", "count", kTrades, "1s", kNotNegative, "number of fills"},
    FeatureRow{"trade_count_10s", "count", kTrades, "10s", kNotNegative, "the same"},
    FeatureRow{"trade_count_60s", "count", kTrades, "60s", kNotNegative, "the same"},
    FeatureRow{"vwap_dev_bps_1s", "bps", kTrades, "1s", kAny,
               "volume-weighted trade price minus the book's mid; NaN without a trade or a mid"},
    FeatureRow{"vwap_dev_bps_10s", "bps", kTrades, "10s", kAny, "the same"},
    FeatureRow{"vwap_dev_bps_60s", "bps", kTrades, "60s", kAny, "the same"},
    FeatureRow{"tfi_5s", "base", kTrades, "5s", kAny, "trade-flow imbalance"},
    FeatureRow{"max_trade_qty_10s", "base", kTrades, "10s", kNotNegative, "largest fill"},
    FeatureRow{"mean_trade_qty_10s", "base", kTrades, "10s", kPositive,
               "mean fill; NaN without a trade"},
    FeatureRow{"inter_trade_ms", "ms", kTrades, "", kNotNegative,
               "time between the last two fills; NaN before the second"},

    FeatureRow{"depth_age_ms", "ms", kAges, "", kNotNegative,
               "event clock minus time of the last applied depth event"},
    FeatureRow{"ticker_age_ms", "ms", kAges, "", kNotNegative,
               "event clock minus time of the last accepted bookTicker"},
    FeatureRow{"trade_age_ms", "ms", kAges, "", kNotNegative,
               "event clock minus time of the last accepted trade"},
    FeatureRow{"lag_excess_ms", "ms", kAges, "", kNotNegative,
               "receive time minus exchange time, above its minimum since the start"},
    FeatureRow{"eff_spread_bps", "bps", kAges, "", kAny,
               "effective spread of the last fill against the bookTicker mid before it"},

    FeatureRow{"touch_bid", "quote", kTouch, "", kPositive, "best bid of the last bookTicker"},
    FeatureRow{"touch_bid_qty", "base", kTouch, "", kPositive, "its quantity"},
    FeatureRow{"touch_ask", "quote", kTouch, "", kPositive, "best ask of the last bookTicker"},
    FeatureRow{"touch_ask_qty", "base", kTouch, "", kPositive, "its quantity"},
    FeatureRow{"touch_mid", "quote", kTouch, "", kPositive, "mid of those two"},
    FeatureRow{"touch_weighted_mid", "quote", kTouch, "", "[touch_bid, touch_ask]",
               "their mid weighted with the opposite quantities"},
    FeatureRow{"touch_imbalance", "1", kTouch, "", kSigned, "imbalance of their quantities"},
    FeatureRow{"ofi_touch_100ms", "base", kTouch, "100ms", kAny,
               "order-flow imbalance at the touch, from bookTicker"},
    FeatureRow{"ofi_touch_1s", "base", kTouch, "1s", kAny, "the same"},
    FeatureRow{"ofi_touch_10s", "base", kTouch, "10s", kAny, "the same"},
};

static_assert(std::ranges::is_sorted(kRows, {}, &FeatureRow::group), "groups stand together");

constexpr bool IsPerBucket(const FeatureRow& row) { return row.group == kBuckets; }

}  // namespace

std::string_view GroupName(FeatureGroup group) noexcept {
  switch (group) {
    case kQuote:
      return "Quote";
    case kLiquidity:
      return "Liquidity";
    case kBuckets:
      return "Buckets";
    case kOrderFlow:
      return "Order flow";
    case kTrades:
      return "Trades";
    case kAges:
      return "Ages";
    case kTouch:
      return "Touch";
  }
  return "";
}

std::span<const FeatureRow> FeatureRows() noexcept { return kRows; }

const std::vector<std::string>& DefaultBucketSizes() {
  static const auto& sizes = *new std::vector<std::string>{"10", "50", "100", "500", "1000"};
  return sizes;
}

Catalogue::Catalogue(const std::vector<std::string>& bucket_names) {
  assert(!bucket_names.empty() && bucket_names.size() <= quality::kBucketSizesMax);
  for (const std::string& bucket : bucket_names) {
    // "imbalance_t10"; a rank replaces the "t": "imbalance_b1".
    bucket_suffixes_.push_back(bucket.starts_with('b') ? bucket : absl::StrCat("t", bucket));
  }
  for (const FeatureRow& row : kRows) {
    if (!IsPerBucket(row)) {
      features_.push_back({std::string(row.name), &row});
      continue;
    }
    std::string_view stem = row.name;
    stem.remove_suffix(1);
    for (const std::string& suffix : bucket_suffixes_) {
      features_.push_back({std::string(stem) + suffix, &row});
    }
  }
  schema_hash_ = SchemaHash(Fields());
}

std::vector<SchemaField> Catalogue::Fields() const {
  std::vector<SchemaField> fields = HeaderFields();
  std::size_t offset = sizeof(RecordHeader);
  for (const Feature& feature : features_) {
    const FeatureRow& row = *feature.row;
    fields.push_back({feature.name, "f64", offset, 1, row.unit, GroupName(row.group), row.window,
                      row.range, row.description});
    offset += sizeof(double);
  }
  return fields;
}

RecordSchema Catalogue::Schema() const { return MakeSchema(RingKind::kFeatures, 0, Fields()); }

std::size_t Catalogue::GroupBegin(FeatureGroup group) const noexcept {
  const auto first = std::ranges::find_if(
      features_, [group](const Feature& feature) { return feature.row->group >= group; });
  return static_cast<std::size_t>(first - features_.begin());
}

std::size_t Catalogue::GroupSize(FeatureGroup group) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      features_, [group](const Feature& feature) { return feature.row->group == group; }));
}

}  // namespace thalweg
