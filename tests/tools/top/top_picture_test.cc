// Pictures of scenes: what is shown of a ring at which size, and that no scene and no size can
// break one.

#include "tools/top/top_picture.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/quality.h"

namespace thalweg {
namespace {

SymbolScene LiveSymbol(const std::string& name, double bid, double ask) {
  SymbolScene symbol;
  symbol.name = name;
  symbol.readable = true;
  symbol.status.state = 2;
  symbol.status.update_id = 50'123'456'789;
  symbol.status.event_ns = 1'723'136'431'102'000'000;
  symbol.counts.depth_frames = 6'500;
  symbol.counts.gaps = 2;
  symbol.rates = {10, 112.4, 30.6};
  symbol.header.seq = 7;
  symbol.header.event_ns = symbol.status.event_ns;
  symbol.header.recv_ns = symbol.status.event_ns + 12'000'000;
  Figures& figures = symbol.figures;
  figures[Figure::kBestBid] = bid;
  figures[Figure::kBestAsk] = ask;
  figures[Figure::kMid] = (bid + ask) / 2;
  figures[Figure::kSpreadTicks] = 1;
  figures[Figure::kSpreadBps] = 0.0016;
  figures[Figure::kWeightedMid] = bid + 0.75 * (ask - bid);
  figures[Figure::kImbalanceL1] = 0.5;
  figures[Figure::kImbalanceL10] = -0.75;
  figures[Figure::kBuyVol10s] = 12.345678;
  figures[Figure::kSellVol10s] = 4.1;
  figures[Figure::kTradeImbalance10s] = -1;
  figures[Figure::kDepthAge] = 0;
  return symbol;
}

RingScene LiveScene() {
  RingScene scene;
  scene.name = "live";
  scene.generation = 3;
  scene.pid = 4242;
  scene.records = 1'234'567;
  scene.records_rate = 982;
  scene.statistics.frames = 9'876'543;
  scene.frames_rate = 9'120;
  scene.statistics.speed_milli = 10'000;
  scene.latency = {100, 2'140, 8'400, 21'000, 1'320'000};
  scene.symbols.push_back(LiveSymbol("BTCUSDT", 61'602.01, 61'602.02));
  scene.symbols.push_back(LiveSymbol("XRPUSDT", 0.5341, 0.5342));
  return scene;
}

BookScene LiveBook() {
  BookScene book;
  book.mids = {61'602, 61'602.5, kNaN, 61'601};
  book.levels_update_id = 50'123'456'789;
  for (int i = 0; i < 3; ++i) {
    book.levels[0].push_back({61'602.01 - i * 0.01, 4.0 / (i + 1)});
    book.levels[1].push_back({61'602.02 + i * 0.01, 1.0});
  }
  book.levels[1].push_back({});  // A side with fewer levels is filled with NaN.
  BucketsScene& buckets = book.buckets.emplace_back();
  buckets.name = "t10";
  buckets.size = 10;
  for (std::size_t side = 0; side < 2; ++side) {
    buckets.sides[side].label = side == 0 ? 61'600 : 61'610;
    buckets.sides[side].complete = side == 0 ? 15 : 1;
    buckets.sides[side].qty.fill(2);
    buckets.sides[side].notional.fill(123'204);
  }
  return book;
}

std::string Draw(const RingScene& scene, int width, int height, const TopView& view = {},
                 const BookScene* book = nullptr) {
  return DrawTop(scene, book, view, {width, height, Glyphs::kUnicode, false}).ToText();
}

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n'); }

TEST(TopPictureTest, AWideOneShowsEverythingOfEachSymbolOnALine) {
  EXPECT_EQ(
      Draw(LiveScene(), 190, 10),
      "live   writing   generation 3   pid 4242   speed 10x" + std::string(111, ' ') +
          "2024-08-08 17:00:31.102 UTC\n"
          "records 1,234,567 (982/s)   frames 9,876,543 (9,120/s)   lost 0\n"
          "latency p50 2.14 us   p99 8.40 us   p99.9 21.0 us   max 1.32 ms" +
          std::string(116, ' ') +
          "2 of 2 live\n"
          "symbol   state         bid        ask  ticks    bps  weighted mid  imbalance  10 levels "
          " "
          "flow 10s     bought      sold  depth/s  ticker/s  trade/s       lag      age  flags\n"
          "BTCUSDT  live    61,602.01  61,602.02      1   0.00   61,602.0175      │██     ███│     "
          " ████│        12.346    4.1000     10.0       112     30.6   12.0 ms   0.0 ms\n"
          "XRPUSDT  live       0.5341     0.5342      1   0.00      0.534175      │██     ███│     "
          " ████│        12.346    4.1000     10.0       112     30.6   12.0 ms   0.0 ms\n");
}

TEST(TopPictureTest, AHundredColumnsHoldPricesBalancesRatesAndFlags) {
  RingScene scene = LiveScene();
  scene.symbols[1].status.quality = quality::kStaleDepth | quality::kHorizon;
  const std::vector<std::string> lines = LinesOf(Draw(scene, 100, 10));
  EXPECT_EQ(lines[3],
            "symbol  state        bid       ask ticks weighted mid imbalance flow 10s  depth/s "
            "trade/s flags");
  EXPECT_EQ(lines[4],
            "BTCUSDT live   61,602.01 61,602.02     1  61,602.0175     │██   ████│        10.0    "
            "30.6");
  EXPECT_EQ(lines[5],
            "XRPUSDT live      0.5341    0.5342     1     0.534175     │██   ████│        10.0    "
            "30.6 depth sta…");
}

RingScene SceneWithStages() {
  RingScene scene = LiveScene();
  scene.latency_lately = {20, 2'100, 8'000, 9'000, 10'000};
  for (const StageEntry& stage : kStages) {
    const auto i = static_cast<Nanos>(Index(stage.stage));
    scene.stages[Index(stage.stage)].all = {1'234'567, 100 + i, 2'000 + i, 3'000, 4'500'000};
  }
  scene.stages[Index(Stage::kSocket)] = {};
  scene.stages[Index(Stage::kPublish)].lately = {10, 99, 1'230, 1'230, 1'230};
  return scene;
}

TEST(TopPictureTest, ThePageOfTheStagesHasALineForEachAndOneForTheWhole) {
  TopView view;
  view.page = TopPage::kStages;
  const std::string text = Draw(SceneWithStages(), 100, 12, view);
  const std::vector<std::string> lines = LinesOf(text);
  EXPECT_EQ(lines[2].substr(0, 20), "latency p50 2.14 us ");
  EXPECT_EQ(lines[3], "stage         p50      p99      max   2 s: p50      p99         timed");
  EXPECT_EQ(lines[4],
            "socket          -        -        -          -        -             0  from the "
            "kernel's receipt of…");
  EXPECT_EQ(lines[6],
            "decode     102 ns  2.00 us  4.50 ms          -        -     1,234,567  naming and "
            "decoding the frame");
  EXPECT_EQ(lines[9].substr(0, 69),
            "publish    105 ns  2.00 us  4.50 ms      99 ns  1.23 us     1,234,567");
  EXPECT_EQ(lines[10].substr(0, 69),
            "whole     2.14 us  8.40 us  1.32 ms    2.10 us  8.00 us           100");
  EXPECT_EQ(WholeHeight(SceneWithStages(), nullptr, view, false), 11);
}

TEST(TopPictureTest, TheSmallestPageOfTheStagesHasThePercentilesOfAll) {
  TopView view;
  view.page = TopPage::kStages;
  const std::vector<std::string> lines = LinesOf(Draw(SceneWithStages(), 40, 8, view));
  EXPECT_EQ(lines[3], "stage         p50      p99      max");
  EXPECT_EQ(lines[6], "decode     102 ns  2.00 us  4.50 ms");
}

TEST(TopPictureTest, TheSmallestHoldsWhatMattersMost) {
  const std::vector<std::string> lines = LinesOf(Draw(LiveScene(), 40, 8));
  EXPECT_EQ(lines[0], "live   writing   generation 3   pid 4242");
  EXPECT_EQ(lines[3], "symbol  state        bid       ask ticks");
  EXPECT_EQ(lines[4], "BTCUSDT live   61,602.01 61,602.02     1");
}

TEST(TopPictureTest, ASmallerOneSaysWhatItNeeds) {
  EXPECT_EQ(Draw(LiveScene(), 39, 24), "needs at least 40x8\n");
  EXPECT_EQ(Draw(LiveScene(), 40, 7), "needs at least 40x8\n");
  EXPECT_EQ(Draw(LiveScene(), 5, 1), "needs\n");
}

TEST(TopPictureTest, WithoutABookNoPriceIsShownEvenIfTheRingHasAnOldOne) {
  RingScene scene = LiveScene();
  scene.symbols[0].status.state = 3;
  scene.symbols[0].status.quality = quality::kBookInvalid | quality::kResyncing;
  const std::string text = Draw(scene, 120, 10);
  EXPECT_EQ(text.find("61,602"), std::string::npos);
  EXPECT_NE(text.find("no book, resyncing"), std::string::npos);
  EXPECT_NE(text.find("1 of 2 live"), std::string::npos);
  const Picture picture = DrawTop(scene, nullptr, {}, {120, 10, Glyphs::kUnicode, false});
  EXPECT_EQ(picture.at(8, 4).style, Style::kWarning);  // "resync"

  const BookScene book = LiveBook();
  TopView view{.page = TopPage::kLevels, .selected = 0, .selected_name = "BTCUSDT"};
  const std::string page = Draw(scene, 100, 40, view, &book);
  EXPECT_EQ(page.find("61,602.02"), std::string::npos);
  EXPECT_NE(page.find("BOOK_INVALID RESYNCING"), std::string::npos);
  EXPECT_NE(page.find("no book now"), std::string::npos);
}

TEST(TopPictureTest, ASymbolWhoseWriterDiedOverItIsUnreadable) {
  RingScene scene = LiveScene();
  scene.symbols[0].readable = false;
  const std::string line = LinesOf(Draw(scene, 120, 10))[4];
  EXPECT_NE(line.find("unreadable"), std::string::npos);
  EXPECT_EQ(line.find("61,602"), std::string::npos);
}

TEST(TopPictureTest, AWriterThatIsSilentAndNewsStandAcrossThePicture) {
  RingScene scene = LiveScene();
  scene.writer = RingWriterLife::kSilent;
  scene.silent = 3'200'000'000;
  scene.news = "generation 4 took over";
  scene.trouble = "ring corrupt: field=seq value=7 expected=9";
  const std::vector<std::string> lines = LinesOf(Draw(scene, 100, 12));
  EXPECT_NE(lines[0].find("silent"), std::string::npos);
  EXPECT_NE(lines[3].find("*** WRITER SILENT for 3.2 s or more: it died or was stopped ***"),
            std::string::npos);
  EXPECT_NE(lines[4].find("*** ring corrupt: field=seq"), std::string::npos);
  EXPECT_NE(lines[5].find("*** generation 4 took over ***"), std::string::npos);
  const Picture picture = DrawTop(scene, nullptr, {}, {100, 12, Glyphs::kUnicode, false});
  EXPECT_EQ(picture.at(0, 3), (Cell{U' ', Style::kAlarm, true}));
  EXPECT_EQ(picture.at(99, 5), (Cell{U' ', Style::kWarning, true}));
}

TEST(TopPictureTest, WhatALongListLeavesOutIsAPageAway) {
  RingScene scene = LiveScene();
  scene.symbols.clear();
  for (int i = 0; i < 500; ++i) {
    scene.symbols.push_back(LiveSymbol(absl::StrCat("SYM", 100 + i, "USDT"), 10 + i, 11 + i));
  }
  const TopPaper paper{100, 24, Glyphs::kUnicode, true};
  ASSERT_EQ(ListRows(scene, paper), 19);
  TopView view{.selected = 250, .selected_name = "SYM350USDT"};
  const std::string text = DrawTop(scene, nullptr, view, paper).ToText();
  const std::vector<std::string> lines = LinesOf(text);
  EXPECT_EQ(lines[4].substr(0, 12), "  SYM347USDT");
  EXPECT_EQ(lines[7].substr(0, 14), "▶ SYM350USDT");
  EXPECT_EQ(lines[22].substr(0, 12), "  SYM365USDT");
  EXPECT_NE(lines[23].find("248-266 of 500"), std::string::npos);
  // A printed one holds them all.
  EXPECT_EQ(WholeHeight(scene, nullptr, view, false), 504);
}

TEST(TopPictureTest, ThePageOfASymbolHoldsItsNumbersAndItsLadder) {
  const BookScene book = LiveBook();
  const TopView view{.page = TopPage::kLevels, .selected = 0, .selected_name = "BTCUSDT"};
  EXPECT_EQ(Draw(LiveScene(), 80, 24, view, &book),
            "live   writing   generation 3   pid 4242   speed 10x                17:00:31.102\n"
            "records 1,234,567 (982/s)   frames 9,876,543 (9,120/s)   lost 0\n"
            "latency p50 2.14 us   p99 8.40 us   p99.9 21.0 us   max 1.32 ms      2 of 2 live\n"
            "BTCUSDT   live\n"
            "bid 61,602.01   ask 61,602.02   spread 1 tick, 0.0016 bps   mid 61,602.015\n"
            "update id 50,123,456,789   event clock 17:00:31.102   lag 12.0 ms\n"
            "depth 6,500 (10.0/s)   ticker 0 (112/s)   trade 0 (30.6/s)   syncs 0   gaps 2\n"
            "level 1             │█████      +0.50   1 s      │         -         -         -\n"
            "5 levels            │               -   10 s ████│     -1.00    12.346    4.1000\n"
            "10 levels   ▐███████│           -0.75   60 s     │         -         -         -\n"
            "20 levels           │               -   trades: imbalance, bought, sold\n"
            "10 bps              │               -\n"
            "mid 61,601.00 ▆█ ▁ 61,602.50 in 4 s\n"
            "levels   update id 50,123,456,789\n"
            "                          qty       bid         ask       qty\n"
            "███████████████████    4.0000 61,602.01 │ 61,602.02    1.0000 ████▊\n"
            "         ▐█████████    2.0000 61,602.00 │ 61,602.03    1.0000 ████▊\n"
            "             ██████    1.3333 61,601.99 │ 61,602.04    1.0000 ████▊\n"
            "                                        │\n");
}

TEST(TopPictureTest, FlagsHaveTheirNamesWhereThereIsRoomAndElseAreInWords) {
  RingScene scene = LiveScene();
  scene.symbols[0].status.quality =
      quality::kHorizon | quality::kStaleDepth | quality::kTradeGap | quality::kWarmupVpin;
  const TopView view{.page = TopPage::kLevels, .selected = 0, .selected_name = "BTCUSDT"};
  const BookScene book = LiveBook();
  EXPECT_EQ(LinesOf(Draw(scene, 100, 24, view, &book))[3],
            "BTCUSDT   live   flags HORIZON STALE_DEPTH TRADE_GAP WARMUP_VPIN");
  EXPECT_EQ(LinesOf(Draw(scene, 60, 24, view, &book))[3],
            "BTCUSDT   live   flags trade gap, depth stale, horizon");
  EXPECT_EQ(LinesOf(Draw(scene, 40, 24, view, &book))[3], "BTCUSDT   live   flags trade gap +2");
}

TEST(TopPictureTest, BucketsThatAreNotWhollyKnownAreMarked) {
  const BookScene book = LiveBook();
  const TopView view{
      .page = TopPage::kBuckets, .selected = 0, .selected_name = "BTCUSDT", .bucket = 5};
  const std::string text = Draw(LiveScene(), 100, 40, view, &book);
  EXPECT_NE(text.find("buckets of 10   (t10, 1 of 1)   complete 15 bid, 1 ask"), std::string::npos);
  EXPECT_NE(text.find("2.0000   61,600 │   61,610    2.0000   "), std::string::npos) << text;
  EXPECT_NE(text.find("2.0000   61,590 │   61,620    2.0000+  "), std::string::npos) << text;
  EXPECT_NE(text.find("61,460 │   61,750"), std::string::npos) << text;
}

TEST(TopPictureTest, APageWithoutTheRingsOfBooksSaysWhichIsMissing) {
  const BookScene book;
  TopView view{.page = TopPage::kLevels, .selected = 0, .selected_name = "BTCUSDT"};
  EXPECT_NE(Draw(LiveScene(), 100, 40, view, &book).find("on the ring live.tops"),
            std::string::npos);
  view.page = TopPage::kBuckets;
  EXPECT_NE(Draw(LiveScene(), 100, 40, view, &book).find("on the ring live.ladders"),
            std::string::npos);
}

TEST(TopPictureTest, ARingWithoutSymbolsSaysSo) {
  EXPECT_NE(Draw(RingScene(), 80, 24).find("no symbols yet"), std::string::npos);
  EXPECT_NE(Draw(RingScene(), 80, 24).find("latency -"), std::string::npos);
}

TEST(TopPictureTest, NamesFromARingCannotCommandTheTerminal) {
  RingScene scene = LiveScene();
  scene.name = "\x1b]0;owned\x07";
  scene.symbols[0].name = "\x1b[31mEVIL\r\n\xff";
  scene.news = "\x1b[2J";
  BookScene book = LiveBook();
  book.buckets[0].name = "\x1b[H";
  for (const TopPage page : {TopPage::kSymbols, TopPage::kBuckets}) {
    const TopView view{.page = page, .selected = 0, .selected_name = scene.symbols[0].name};
    const std::string text = Draw(scene, 100, 40, view, &book);
    for (const char byte : text) {
      ASSERT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20) << text;
    }
    EXPECT_NE(text.find("?[31mEVIL???"), std::string::npos) << text;
  }
}

// Any numbers, any size: the sanitizers see what is wrong with it.
TEST(TopPictureTest, NoSceneAndNoSizeBreaksAPicture) {
  std::mt19937_64 random(11);
  const auto number = [&random] {
    // Now and then what arithmetic stumbles over.
    static constexpr double kOdd[] = {0, -0.0, kNaN, 1e308, -1e308, 1e-310, 61'602.01};
    const std::uint64_t bits = random();
    return bits % 4 == 0 ? kOdd[bits / 4 % 7] : std::bit_cast<double>(bits);
  };
  for (int round = 0; round < 3'000; ++round) {
    RingScene scene = LiveScene();
    scene.writer = static_cast<RingWriterLife>(random() % 4);
    scene.silent = static_cast<Nanos>(random());
    scene.records_rate = number();
    scene.latency = {random(), static_cast<Nanos>(random()), 1, 2, INT64_MIN};
    for (SymbolScene& symbol : scene.symbols) {
      symbol.readable = random() % 8 != 0;
      symbol.status.quality = random() & ~(random() % 2);
      symbol.status.state = static_cast<std::uint32_t>(random() % 8);
      symbol.status.event_ns = static_cast<std::int64_t>(random());
      symbol.header.recv_ns = static_cast<std::int64_t>(random());
      symbol.header.event_ns = static_cast<std::int64_t>(random());
      symbol.rates = {number(), number(), number()};
      for (std::size_t i = 0; i < kFigureNames.size(); ++i) {
        symbol.figures[static_cast<Figure>(i)] = number();
      }
    }
    BookScene book = LiveBook();
    for (auto& side : book.levels) {
      for (LevelScene& level : side) level = {number(), number()};
    }
    for (BucketSideScene& side : book.buckets[0].sides) {
      side.label = number();
      side.complete = static_cast<std::uint32_t>(random());
      side.qty.fill(number());
      side.notional.fill(number());
    }
    book.buckets[0].size = number();
    for (double& mid : book.mids) mid = number();
    const auto page = static_cast<TopPage>(random() % 3);
    const TopView view{.page = page, .selected = 0, .selected_name = "BTCUSDT"};
    const auto width = static_cast<int>(1 + random() % 200);
    const auto height = static_cast<int>(1 + random() % 50);
    const TopPaper paper{width, height, random() % 2 == 0 ? Glyphs::kUnicode : Glyphs::kAscii,
                         random() % 2 == 0};
    const Picture picture = DrawTop(scene, &book, view, paper);
    ASSERT_EQ(picture.width(), width);
    ASSERT_EQ(picture.height(), height);
    if (paper.glyphs == Glyphs::kAscii) {
      for (const char byte : picture.ToText()) {
        ASSERT_TRUE(byte == '\n' || (byte >= ' ' && byte <= '~'));
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
