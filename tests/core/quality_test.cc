// The quality word: numbers and names of its bits are a contract, so they are written out here.
#include "core/quality.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace thalweg {
namespace {

const std::map<int, std::string>& ContractNames() {
  static const auto& names = *new std::map<int, std::string>{
      {0, "BOOK_INVALID"},    {1, "RESYNCING"},     {2, "FIRST_AFTER_RESYNC"},
      {3, "CROSSED"},         {4, "ONE_SIDED"},     {5, "SHORT_BOOK"},
      {6, "HORIZON"},         {7, "SWEEP_THIN"},    {8, "STALE_DEPTH"},
      {9, "STALE_TICKER"},    {10, "STALE_TRADE"},  {11, "TRADE_GAP"},
      {12, "DROPPED_INPUT"},  {13, "HALTED"},       {14, "INSTRUMENT_INFERRED"},
      {15, "AUDIT_DIVERGED"}, {16, "QTY_CAPPED"},   {24, "HORIZON_B1"},
      {25, "HORIZON_B2"},     {26, "HORIZON_B3"},   {27, "HORIZON_B4"},
      {28, "HORIZON_B5"},     {29, "HORIZON_B6"},   {30, "HORIZON_B7"},
      {31, "HORIZON_B8"},     {32, "WARMUP_100ms"}, {33, "WARMUP_1s"},
      {34, "WARMUP_5s"},      {35, "WARMUP_10s"},   {36, "WARMUP_60s"},
      {37, "WARMUP_300s"},    {38, "WARMUP_VPIN"},  {39, "WARMUP_INTENSITY"}};
  return names;
}

TEST(QualityTest, EveryBitHasTheNameOfTheContractAndNoOtherBitHasOne) {
  for (int bit = 0; bit < 64; ++bit) {
    const auto found = ContractNames().find(bit);
    EXPECT_EQ(QualityBitName(bit), found == ContractNames().end() ? "" : found->second) << bit;
  }
  EXPECT_EQ(QualityBitName(-1), "");
  EXPECT_EQ(QualityBitName(64), "");
}

TEST(QualityTest, ConstantsStandAtTheirBits) {
  const std::map<QualityWord, std::string> constants{
      {quality::kBookInvalid, "BOOK_INVALID"},
      {quality::kResyncing, "RESYNCING"},
      {quality::kFirstAfterResync, "FIRST_AFTER_RESYNC"},
      {quality::kCrossed, "CROSSED"},
      {quality::kOneSided, "ONE_SIDED"},
      {quality::kShortBook, "SHORT_BOOK"},
      {quality::kHorizon, "HORIZON"},
      {quality::kSweepThin, "SWEEP_THIN"},
      {quality::kStaleDepth, "STALE_DEPTH"},
      {quality::kStaleTicker, "STALE_TICKER"},
      {quality::kStaleTrade, "STALE_TRADE"},
      {quality::kTradeGap, "TRADE_GAP"},
      {quality::kDroppedInput, "DROPPED_INPUT"},
      {quality::kHalted, "HALTED"},
      {quality::kInstrumentInferred, "INSTRUMENT_INFERRED"},
      {quality::kAuditDiverged, "AUDIT_DIVERGED"},
      {quality::kQtyCapped, "QTY_CAPPED"},
      {quality::kWarmupVpin, "WARMUP_VPIN"},
      {quality::kWarmupIntensity, "WARMUP_INTENSITY"}};
  EXPECT_EQ(constants.size(), 19u);
  for (const auto& [word, name] : constants) EXPECT_EQ(DescribeQuality(word), name);
}

TEST(QualityTest, BucketAndWarmupBitsFollowTheirOrder) {
  for (std::size_t i = 0; i < quality::kBucketSizesMax; ++i) {
    EXPECT_EQ(DescribeQuality(quality::BucketHorizon(i)), "HORIZON_B" + std::to_string(i + 1));
  }
  ASSERT_EQ(quality::kWarmupWindows.size(), 6u);
  for (std::size_t i = 0; i < quality::kWarmupWindows.size(); ++i) {
    const Nanos window = quality::kWarmupWindows[i];
    const std::string text = window < kSecond ? std::to_string(window / kMillisecond) + "ms"
                                              : std::to_string(window / kSecond) + "s";
    EXPECT_EQ(QualityBitName(quality::kFirstWarmupBit + static_cast<int>(i)), "WARMUP_" + text);
  }
}

TEST(DescribeQualityTest, ListsBitsLowestFirst) {
  EXPECT_EQ(DescribeQuality(0), "");
  EXPECT_EQ(DescribeQuality(quality::kResyncing | quality::kBookInvalid), "BOOK_INVALID|RESYNCING");
  EXPECT_EQ(DescribeQuality(quality::kCrossed | 1ULL << 17 | 1ULL << 63), "CROSSED|bit17|bit63");
}

TEST(DescribeQualityTest, NamesEveryBitOfAFullWordOnce) {
  const std::string text = DescribeQuality(~QualityWord{0});
  std::multiset<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    parts.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  EXPECT_EQ(parts.size(), 64u);
  for (const auto& [bit, name] : ContractNames()) EXPECT_EQ(parts.count(name), 1u) << name;
}

}  // namespace
}  // namespace thalweg
