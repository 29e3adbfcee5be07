// A grid of cells: texts, bars and lines in it, and what it refuses to show.

#include "tools/top/picture.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "core/record.h"

namespace thalweg {
namespace {

std::string DrawBar(double part, int width, bool leftwards, Glyphs glyphs = Glyphs::kUnicode) {
  Picture picture(width + 2, 1, glyphs);
  picture.Put(0, 0, {U'['});
  picture.Put(width + 1, 0, {U']'});
  picture.Bar(1, 0, width, part, Style::kBid, leftwards);
  return picture.ToText();
}

std::string DrawBalance(double value, Glyphs glyphs = Glyphs::kUnicode) {
  Picture picture(11, 1, glyphs);
  picture.Put(0, 0, {U'['});
  picture.Put(10, 0, {U']'});
  picture.Balance(1, 0, 9, value);
  return picture.ToText();
}

TEST(PictureTest, TextIsCutOffAtTheEdges) {
  Picture picture(5, 2, Glyphs::kUnicode);
  EXPECT_EQ(picture.Text(3, 0, "abc"), 5);
  picture.Text(-1, 1, "xyz");
  picture.Text(0, 2, "beyond");
  EXPECT_EQ(picture.ToText(), "   ab\nyz\n");
}

TEST(PictureTest, NothingInItCanCommandATerminal) {
  Picture picture(20, 1, Glyphs::kUnicode);
  picture.Text(0, 0, "\x1b[2J\x07\n\x80\xff\x7fok");
  EXPECT_EQ(picture.ToText(), "?[2J?????ok\n");
  picture.Banner(0, "\x1b]0;title\x07", Style::kAlarm);
  EXPECT_EQ(picture.ToText(), "     ?]0;title?\n");
}

TEST(PictureTest, NamesThatAreTooLongSaySoAndNumbersAreNeverCut) {
  Picture picture(8, 2, Glyphs::kAscii);
  picture.Left(0, 0, 5, "BTCUSDT");
  picture.Right(0, 1, 5, "123456");
  picture.Right(6, 1, 2, "7");
  EXPECT_EQ(picture.ToText(), "BTCU~\n#####  7\n");
  Picture blocks(8, 1, Glyphs::kUnicode);
  blocks.Left(0, 0, 5, "BTCUSDT");
  EXPECT_EQ(blocks.ToText(), "BTCU…\n");
}

TEST(PictureTest, BarsGrowByEighths) {
  EXPECT_EQ(DrawBar(0, 4, false), "[    ]\n");
  EXPECT_EQ(DrawBar(0.5, 4, false), "[██  ]\n");
  EXPECT_EQ(DrawBar(0.53125, 4, false), "[██▏ ]\n");
  EXPECT_EQ(DrawBar(1, 4, false), "[████]\n");
  EXPECT_EQ(DrawBar(17, 4, false), "[████]\n");
  EXPECT_EQ(DrawBar(-1, 4, false), "[    ]\n");
  EXPECT_EQ(DrawBar(kNaN, 4, false), "[    ]\n");
  EXPECT_EQ(DrawBar(INFINITY, 4, false), "[████]\n");
}

// There is no block that fills a cell from the right by eighths: one that fills the rest is drawn
// inverse. Text, which has no inverse, shows the nearest half.
TEST(PictureTest, BarsToTheLeftGrowByEighthsOfInverseBlocks) {
  EXPECT_EQ(DrawBar(0.625, 4, true), "[ ▐██]\n");
  EXPECT_EQ(DrawBar(0.53125, 4, true), "[  ██]\n");
  Picture picture(4, 1, Glyphs::kUnicode);
  picture.Bar(0, 0, 4, 0.53125, Style::kAsk, true);
  EXPECT_EQ(picture.at(1, 0), (Cell{U'▉', Style::kAsk, true}));
  EXPECT_EQ(picture.at(2, 0), (Cell{U'█', Style::kAsk, false}));
}

TEST(PictureTest, ABalanceLeansToItsSign) {
  EXPECT_EQ(DrawBalance(0), "[    │    ]\n");
  EXPECT_EQ(DrawBalance(kNaN), "[    │    ]\n");
  EXPECT_EQ(DrawBalance(0.5), "[    │██  ]\n");
  EXPECT_EQ(DrawBalance(-0.5), "[  ██│    ]\n");
  EXPECT_EQ(DrawBalance(-3), "[████│    ]\n");
  EXPECT_EQ(DrawBalance(0.75, Glyphs::kAscii), "[    |### ]\n");
  EXPECT_EQ(DrawBalance(-1, Glyphs::kAscii), "[####|    ]\n");
}

TEST(PictureTest, ASparklineGoesFromItsLowestToItsHighest) {
  const auto draw = [](std::initializer_list<double> values, Glyphs glyphs) {
    Picture picture(8, 1, glyphs);
    picture.Sparkline(0, 0, std::vector<double>(values), Style::kPlain);
    return picture.ToText();
  };
  EXPECT_EQ(draw({10, 17, 12, 10}, Glyphs::kUnicode), "▁█▃▁\n");
  EXPECT_EQ(draw({1, kNaN, 2}, Glyphs::kUnicode), "▁ █\n");
  EXPECT_EQ(draw({5, 5}, Glyphs::kUnicode), "▅▅\n");
  EXPECT_EQ(draw({kNaN, INFINITY}, Glyphs::kUnicode), "");
  EXPECT_EQ(draw({-1.7e308, 1.7e308}, Glyphs::kUnicode), "▁█\n");
  EXPECT_EQ(draw({0, 7}, Glyphs::kAscii), "_#\n");
}

TEST(PictureTest, EmptyLinesAtTheEndAreNoText) {
  Picture picture(3, 4, Glyphs::kUnicode);
  picture.Text(0, 1, "a");
  EXPECT_EQ(picture.ToText(), "\na\n");
}

}  // namespace
}  // namespace thalweg
