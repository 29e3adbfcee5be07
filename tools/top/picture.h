// A picture for a terminal: a grid of cells, each a glyph and what it means.
//
// What is drawn beyond an edge is cut off. Text may come from anywhere: a byte that is no printable
// ASCII character becomes '?', so nothing in a picture can command a terminal. Bars and lines are
// drawn with the blocks of Unicode, or with ASCII where a terminal knows no better.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

// What a cell means; which colour that is, the terminal decides.
enum class Style : std::uint8_t {
  kPlain,
  kStrong,   // What one looks for.
  kQuiet,    // Labels, and what one may overlook.
  kBid,      // Bids, buyers, up.
  kAsk,      // Asks, sellers, down.
  kWarning,  // A doubt.
  kAlarm,    // Not to be used.
};
inline constexpr std::size_t kStyleCount = 7;

struct Cell {
  char32_t glyph = U' ';
  Style style = Style::kPlain;
  bool inverse = false;  // Glyph and ground change places.
  bool operator==(const Cell&) const = default;
};

enum class Glyphs : std::uint8_t { kUnicode, kAscii };

class Picture {
 public:
  // Both at least 1.
  Picture(int width, int height, Glyphs glyphs);

  [[nodiscard]] int width() const noexcept { return width_; }
  [[nodiscard]] int height() const noexcept { return height_; }
  [[nodiscard]] Glyphs glyphs() const noexcept { return glyphs_; }
  // REQUIRES: inside.
  [[nodiscard]] const Cell& at(int x, int y) const noexcept { return cells_[IndexOf(x, y)]; }

  // One cell; outside of the picture it is nothing.
  void Put(int x, int y, Cell cell);
  // Text from x on to the right; answers where it ended.
  int Text(int x, int y, std::string_view text, Style style = Style::kPlain);
  // At most `width` cells; a longer one ends in '~' (in '…').
  void Left(int x, int y, int width, std::string_view text, Style style = Style::kPlain);
  // Ends at x + width. A number that has no room would be a lie: it is '#' all over.
  void Right(int x, int y, int width, std::string_view text, Style style = Style::kPlain);
  // A whole line in one style and inverse, its text in the middle.
  void Banner(int y, std::string_view text, Style style);

  // A part of 1 of `width` cells, growing to the right or, if `leftwards`, to the left. NaN is
  // nothing.
  void Bar(int x, int y, int width, double part, Style style, bool leftwards = false);
  // A value in [-1, 1] about a line in the middle; NaN has the line alone. `width` is odd.
  void Balance(int x, int y, int width, double value);
  // One column a value, low to high; NaN is a hole.
  void Sparkline(int x, int y, std::span<const double> values, Style style);

  // Lines without blanks at their ends, each ended by '\n', up to the last that is not empty;
  // UTF-8.
  [[nodiscard]] std::string ToText() const;

 private:
  [[nodiscard]] std::size_t IndexOf(int x, int y) const noexcept {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
           static_cast<std::size_t>(x);
  }

  int width_;
  int height_;
  Glyphs glyphs_;
  std::vector<Cell> cells_;
};

// UTF-8 of a glyph, appended.
void AppendUtf8(char32_t glyph, std::string* text);

}  // namespace thalweg
