// Twice every quantity: what is a ratio stays, what is an amount doubles, both to the bit, because
// a power of two goes through every rounding unchanged.
//
// Left out are the sweeps, whose cost in quote units does not double with the market, and the two
// flags that follow from how far they reach.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "core/quality.h"
#include "tests/replay/capture.h"

namespace thalweg {
namespace {

constexpr QualityWord kFlagsLeftOut = quality::kHorizon | quality::kSweepThin;

enum class Answer : std::uint8_t { kSame, kDoubled, kHalved, kLeftOut };

struct Rule {
  std::string_view beginning;  // Of the feature's name; the longest one counts.
  Answer answer;
};

// Anything not named here is a ratio, a price, a time or a count, and stays.
constexpr Rule kRules[] = {
    {"best_bid_qty", Answer::kDoubled},   {"best_ask_qty", Answer::kDoubled},
    {"bid_depth_", Answer::kDoubled},     {"ask_depth_", Answer::kDoubled},
    {"bid_slope_", Answer::kDoubled},     {"ask_slope_", Answer::kDoubled},
    {"sweep_cost_", Answer::kLeftOut},    {"ofi_", Answer::kDoubled},
    {"ofi_norm_", Answer::kSame},         {"ofi_int_", Answer::kSame},
    {"mlofi_", Answer::kDoubled},         {"bid_lim_flow_", Answer::kDoubled},
    {"ask_lim_flow_", Answer::kDoubled},  {"tfi_", Answer::kDoubled},
    {"buy_vol_", Answer::kDoubled},       {"sell_vol_", Answer::kDoubled},
    {"max_trade_qty_", Answer::kDoubled}, {"mean_trade_qty_", Answer::kDoubled},
    {"kyle_lambda_", Answer::kHalved},    {"touch_bid_qty", Answer::kDoubled},
    {"touch_ask_qty", Answer::kDoubled},
};

Answer AnswerOf(std::string_view name) {
  Rule found{"", Answer::kSame};
  for (const Rule& rule : kRules) {
    if (name.starts_with(rule.beginning) && rule.beginning.size() > found.beginning.size()) {
      found = rule;
    }
  }
  return found.answer;
}

double Expected(Answer answer, double value) {
  if (std::isnan(value)) return value;
  if (answer == Answer::kDoubled) return 2.0 * value;
  if (answer == Answer::kHalved) return 0.5 * value;
  return value;
}

void CheckRow(const Catalogue& catalogue, const Row& row, const Row& doubled) {
  ASSERT_EQ(doubled.header.update_id, row.header.update_id);
  ASSERT_EQ(doubled.header.event_ns, row.header.event_ns);
  ASSERT_EQ(doubled.header.trigger, row.header.trigger);
  ASSERT_EQ(DescribeQuality(doubled.header.flags & ~kFlagsLeftOut),
            DescribeQuality(row.header.flags & ~kFlagsLeftOut));
  for (std::size_t i = 0; i < row.features.size(); ++i) {
    const Answer answer = AnswerOf(catalogue.features()[i].name);
    if (answer == Answer::kLeftOut) continue;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(doubled.features[i]),
              std::bit_cast<std::uint64_t>(Expected(answer, row.features[i])))
        << catalogue.features()[i].name << ": " << doubled.features[i] << " from "
        << row.features[i];
  }
}

TEST(ScaleTest, TwiceEveryQuantityKeepsRatiosAndDoublesAmounts) {
  const Feed feed = BeginningOfBtcusdt();
  if (feed.empty()) GTEST_SKIP() << kNoData;
  const EngineOptions options = FixedGridOptions();
  const std::vector<Row> rows = RowsOf(feed, options);
  const std::vector<Row> doubled =
      RowsOf(RewriteFrames(feed, {.qty = [](std::int64_t qty) { return 2 * qty; }}), options);
  ASSERT_GT(rows.size(), feed.size() * 9 / 10);
  ASSERT_EQ(doubled.size(), rows.size());

  const Catalogue catalogue = MakeCatalogue(options);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "record " << i);
    CheckRow(catalogue, rows[i], doubled[i]);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace thalweg
