#include "tests/fuzz/feeds/decode/json_mutator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "feeds/decode/decoder.h"
#include "feeds/decode/level_scanner.h"
#include "tests/feeds/decode/any_event.h"
#include "tests/feeds/decode/padded_text.h"

namespace thalweg::fuzz {
namespace {

constexpr std::string_view kDepth =
    R"({"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1782000000168,"s":"BTCUSDT",)"
    R"("U":90000000010,"u":90000000017,"b":[["104321.55000000","1.23000000"],)"
    R"(["104321.00000000","0.00000000"]],"a":[["104321.56000000","0.04500000"]]}})";
constexpr std::uint32_t kSeeds = 4'000;

TEST(JsonMutatorTest, SameSeedGivesTheSameText) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    EXPECT_EQ(MutateJson(kDepth, seed), MutateJson(kDepth, seed));
  }
}

TEST(JsonMutatorTest, ManyMutatedFramesStayGoodAndMostOthersFailInTheirOwnWay) {
  Decoder decoder;
  int good = 0;
  std::set<DecodeVerdict> verdicts;
  std::set<AnyEvent> events;
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    const auto mutated = MutateJson(kDepth, seed);
    ASSERT_TRUE(mutated.has_value());
    const PaddedText text(*mutated);
    const auto outcome = Decode(NameFrame(text.view()), 4, &decoder);
    if (!outcome) continue;
    verdicts.insert(outcome->verdict);
    good += outcome->verdict == DecodeVerdict::kOk ? 1 : 0;
    events.insert(outcome->event);
  }
  EXPECT_GT(good, static_cast<int>(kSeeds) / 6);
  EXPECT_GT(events.size(), 100u);
  for (const DecodeVerdict verdict :
       {DecodeVerdict::kNotJson, DecodeVerdict::kMissingField, DecodeVerdict::kBadField,
        DecodeVerdict::kBadNumber, DecodeVerdict::kOutOfRange, DecodeVerdict::kBadIds,
        DecodeVerdict::kWrongSymbol, DecodeVerdict::kQtyTooFine}) {
    EXPECT_TRUE(verdicts.contains(verdict)) << Describe(verdict);
  }
}

TEST(JsonMutatorTest, LevelsChangeAndStayRegularOftenEnoughForTheVectorWay) {
  if (!LevelScanner::HasVectorWay()) GTEST_SKIP() << "this machine has no AVX2";
  LevelScanner scanner(LevelScanner::Way::kVector);
  std::set<std::size_t> sizes;
  int scanned = 0;
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    const std::string mutated = MutateJson(kDepth, seed).value();
    const std::size_t key = mutated.find("\"b\":");
    if (key == std::string::npos) continue;
    const PaddedText text(mutated);
    LevelScanner::Sides sides;
    const char* const begin = text.view().data() + key + 4;
    if (!scanner.Scan(begin, text.view().data() + text.view().size(), 8, &sides)) continue;
    ++scanned;
    sizes.insert(sides.bids.size());
  }
  EXPECT_GT(scanned, static_cast<int>(kSeeds) / 5);
  EXPECT_GT(sizes.size(), 10u);
}

TEST(JsonMutatorTest, DamagedFramesCanBeDamagedFurtherUntilTheyAreNoJson) {
  std::string text(kDepth);
  int steps = 0;
  for (std::uint32_t seed = 1; seed < 50; ++seed) {
    const auto mutated = MutateJson(text, seed);
    if (!mutated) continue;
    text = *mutated;
    ++steps;
  }
  EXPECT_GT(steps, 3);
}

TEST(JsonMutatorTest, WhatIsNoJsonIsLeftToTheCaller) {
  for (const std::string_view text : {"", "x", "{", "{\"a\"", "\"text\"", "[1,", "{\"a\":1"}) {
    EXPECT_FALSE(MutateJson(text, 1).has_value()) << text;
  }
  const std::string deep(kNestingMax + 2, '[');
  EXPECT_FALSE(MutateJson(deep + std::string(kNestingMax + 2, ']'), 1).has_value());
}

}  // namespace
}  // namespace thalweg::fuzz
