#include "tools/top/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

// A cell filled by n eighths: from the left, and from below.
constexpr std::array<char32_t, 9> kFromLeft{U' ', U'▏', U'▎', U'▍', U'▌', U'▋', U'▊', U'▉', U'█'};
constexpr std::array<char32_t, 8> kFromBelow{U'▁', U'▂', U'▃', U'▄', U'▅', U'▆', U'▇', U'█'};
constexpr std::array<char32_t, 8> kAsciiFromBelow{U'_', U'.', U'-', U'~', U'=', U'+', U'*', U'#'};
constexpr int kEighths = 8;

char Printable(char c) { return c >= ' ' && c <= '~' ? c : '?'; }

// What a picture without inverse cells shows in place of an inverse block: its other part, which
// fills the cell from the right.
char32_t WithoutInverse(const Cell& cell) {
  if (!cell.inverse) return cell.glyph;
  const auto* const found = std::find(kFromLeft.begin(), kFromLeft.end(), cell.glyph);
  if (found == kFromLeft.end() || *found == U' ') return cell.glyph;
  return kEighths - (found - kFromLeft.begin()) >= kEighths / 2 ? U'▐' : U' ';
}

}  // namespace

void AppendUtf8(char32_t glyph, std::string* text) {
  const auto byte = [text](char32_t bits) { text->push_back(static_cast<char>(bits)); };
  if (glyph < 0x80) {
    byte(glyph);
  } else if (glyph < 0x800) {
    byte(0xc0 | glyph >> 6);
    byte(0x80 | (glyph & 0x3f));
  } else {  // Nothing is drawn from beyond the first plane.
    byte(0xe0 | (glyph >> 12 & 0xf));
    byte(0x80 | (glyph >> 6 & 0x3f));
    byte(0x80 | (glyph & 0x3f));
  }
}

Picture::Picture(int width, int height, Glyphs glyphs)
    : width_(std::max(width, 1)),
      height_(std::max(height, 1)),
      glyphs_(glyphs),
      cells_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)) {}

void Picture::Put(int x, int y, Cell cell) {
  if (x < 0 || x >= width_ || y < 0 || y >= height_) return;
  cells_[IndexOf(x, y)] = cell;
}

int Picture::Text(int x, int y, std::string_view text, Style style) {
  for (const char c : text) {
    if (x >= width_) break;
    Put(x++, y, {static_cast<char32_t>(Printable(c)), style});
  }
  return x;
}

void Picture::Left(int x, int y, int width, std::string_view text, Style style) {
  if (width <= 0) return;
  const auto room = static_cast<std::size_t>(width);
  Text(x, y, text.substr(0, room), style);
  if (text.size() > room) {
    Put(x + width - 1, y, {glyphs_ == Glyphs::kUnicode ? U'…' : U'~', style});
  }
}

void Picture::Right(int x, int y, int width, std::string_view text, Style style) {
  if (width <= 0) return;
  const auto room = static_cast<std::size_t>(width);
  const std::string whole(text.size() > room ? std::string(room, '#') : std::string(text));
  Text(x + width - static_cast<int>(whole.size()), y, whole, style);
}

void Picture::Banner(int y, std::string_view text, Style style) {
  for (int x = 0; x < width_; ++x) Put(x, y, {U' ', style, true});
  const auto shown = text.substr(0, static_cast<std::size_t>(width_));
  int x = (width_ - static_cast<int>(shown.size())) / 2;
  for (const char c : shown) {
    Put(x++, y, {static_cast<char32_t>(Printable(c)), style, true});
  }
}

void Picture::Bar(int x, int y, int width, double part, Style style, bool leftwards) {
  if (std::isnan(part) || width <= 0) return;
  const int eighths = static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * width * kEighths));
  for (int i = 0; i < width; ++i) {
    const int filled = std::clamp(eighths - i * kEighths, 0, kEighths);
    if (filled == 0) break;
    const int place = leftwards ? x + width - 1 - i : x + i;
    if (glyphs_ == Glyphs::kAscii) {
      if (filled >= kEighths / 2) Put(place, y, {U'#', style});
    } else if (leftwards && filled < kEighths) {
      Put(place, y, {kFromLeft[static_cast<std::size_t>(kEighths - filled)], style, true});
    } else {
      Put(place, y, {kFromLeft[static_cast<std::size_t>(filled)], style});
    }
  }
}

void Picture::Balance(int x, int y, int width, double value) {
  const int half = (width - 1) / 2;
  Put(x + half, y, {glyphs_ == Glyphs::kUnicode ? U'│' : U'|', Style::kQuiet});
  if (value < 0) Bar(x, y, half, -value, Style::kAsk, true);
  if (value > 0) Bar(x + half + 1, y, half, value, Style::kBid);
}

void Picture::Sparkline(int x, int y, std::span<const double> values, Style style) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const auto& steps = glyphs_ == Glyphs::kUnicode ? kFromBelow : kAsciiFromBelow;
  for (const double value : values) {
    if (std::isfinite(value)) {
      // Halves first: the difference of two finite values need not be one.
      const double part = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
      const auto step =
          std::clamp<std::int64_t>(std::lround(part * (kEighths - 1)), 0, kEighths - 1);
      Put(x, y, {steps[static_cast<std::size_t>(step)], style});
    }
    ++x;
  }
}

std::string Picture::ToText() const {
  std::string text;
  std::size_t text_end = 0;  // Of the last line that is not empty.
  for (int y = 0; y < height_; ++y) {
    const std::size_t begin = text.size();
    std::size_t end = begin;
    for (int x = 0; x < width_; ++x) {
      const char32_t glyph = WithoutInverse(at(x, y));
      AppendUtf8(glyph, &text);
      if (glyph != U' ') end = text.size();
    }
    text.resize(end);
    text.push_back('\n');
    if (end > begin) text_end = text.size();
  }
  text.resize(text_end);
  return text;
}

}  // namespace thalweg
