// What keys do to what one sees.

#include "tools/top/top_view.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace thalweg {
namespace {

constexpr int kRows = 2;

RingScene SceneOf(std::initializer_list<std::pair<const char*, double>> symbols) {
  RingScene scene;
  for (const auto& [name, rate] : symbols) {
    SymbolScene& symbol = scene.symbols.emplace_back();
    symbol.name = name;
    symbol.rates = {rate, 0, 0};
  }
  return scene;
}

RingScene FourSymbols() { return SceneOf({{"SOL", 5}, {"BTC", 20}, {"XRP", kNaN}, {"ETH", 10}}); }

TEST(TopViewTest, SymbolsAreSortedByIdNameOrRate) {
  const RingScene scene = FourSymbols();
  EXPECT_EQ(SortedSymbols(scene, TopSort::kId), (std::vector<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(SortedSymbols(scene, TopSort::kName), (std::vector<std::uint32_t>{1, 3, 0, 2}));
  EXPECT_EQ(SortedSymbols(scene, TopSort::kRate), (std::vector<std::uint32_t>{1, 3, 0, 2}));
}

TEST(TopViewTest, TheSelectionMovesInTheOrderShownAndStopsAtTheEnds) {
  const RingScene scene = FourSymbols();
  TopView view;
  Settle(scene, &view);
  EXPECT_EQ(view.selected, 0U);
  Press(TopKey::kSort, scene, kRows, &view);
  EXPECT_EQ(view.sort, TopSort::kName);
  EXPECT_EQ(view.selected, 0U);  // The same symbol, at another place.
  Press(TopKey::kDown, scene, kRows, &view);
  EXPECT_EQ(view.selected, 2U);
  Press(TopKey::kDown, scene, kRows, &view);
  EXPECT_EQ(view.selected, 2U);
  Press(TopKey::kPageUp, scene, kRows, &view);
  EXPECT_EQ(view.selected, 3U);
  Press(TopKey::kHome, scene, kRows, &view);
  EXPECT_EQ(view.selected, 1U);
  Press(TopKey::kUp, scene, kRows, &view);
  EXPECT_EQ(view.selected, 1U);
  Press(TopKey::kEnd, scene, kRows, &view);
  EXPECT_EQ(view.selected, 2U);
}

TEST(TopViewTest, AnotherWritersOrderDoesNotChangeTheSelectedSymbol) {
  TopView view;
  const RingScene before = FourSymbols();
  Settle(before, &view);
  Press(TopKey::kDown, before, kRows, &view);
  ASSERT_EQ(view.selected_name, "BTC");
  Settle(SceneOf({{"BTC", 1}, {"ETH", 1}}), &view);
  EXPECT_EQ(view.selected, 0U);
  Settle(SceneOf({{"XRP", 1}, {"ETH", 1}}), &view);  // It is gone: what has its place.
  EXPECT_EQ(view.selected, 0U);
  EXPECT_EQ(view.selected_name, "XRP");
  Settle(RingScene(), &view);
  EXPECT_EQ(view.selected, std::nullopt);
}

TEST(TopViewTest, KeysGoFromPageToPage) {
  const RingScene scene = FourSymbols();
  TopView view;
  Settle(scene, &view);
  const auto press = [&](TopKey key) {
    Press(key, scene, kRows, &view);
    return view.page;
  };
  EXPECT_EQ(press(TopKey::kEnter), TopPage::kLevels);
  EXPECT_EQ(press(TopKey::kNextPage), TopPage::kBuckets);
  EXPECT_EQ(press(TopKey::kNextPage), TopPage::kSymbols);
  EXPECT_EQ(press(TopKey::kBucket), TopPage::kBuckets);
  EXPECT_EQ(view.bucket, 0U);
  EXPECT_EQ(press(TopKey::kBucket), TopPage::kBuckets);
  EXPECT_EQ(view.bucket, 1U);
  EXPECT_EQ(press(TopKey::kBack), TopPage::kSymbols);
}

TEST(TopViewTest, TheStagesArePutAwayAgainByTheSameKeyOrAnyThatLeadsElsewhere) {
  const RingScene scene = FourSymbols();
  TopView view;
  Settle(scene, &view);
  const auto press = [&](TopKey key) {
    Press(key, scene, kRows, &view);
    return view.page;
  };
  EXPECT_EQ(KeyOfCharacter('l'), TopKey::kStages);
  for (const TopKey key : {TopKey::kStages, TopKey::kNextPage, TopKey::kBack, TopKey::kEnter}) {
    EXPECT_EQ(press(TopKey::kStages), TopPage::kStages);
    EXPECT_EQ(press(key), TopPage::kSymbols);
  }
}

TEST(TopViewTest, AnyKeyTakesTheHelpAwayAndDoesNothingElse) {
  const RingScene scene = FourSymbols();
  TopView view;
  Settle(scene, &view);
  Press(TopKey::kHelp, scene, kRows, &view);
  EXPECT_TRUE(view.help);
  Press(TopKey::kPause, scene, kRows, &view);
  EXPECT_FALSE(view.help);
  EXPECT_FALSE(view.paused);
  Press(TopKey::kPause, scene, kRows, &view);
  EXPECT_TRUE(view.paused);
}

TEST(TopViewTest, NoKeyHarmsAnEmptyRing) {
  const RingScene empty;
  TopView view;
  for (int character = 0; character < 256; ++character) {
    Settle(empty, &view);
    Press(KeyOfCharacter(character), empty, kRows, &view);
  }
  EXPECT_EQ(view.selected, std::nullopt);
}

}  // namespace
}  // namespace thalweg
