#include "tools/top/ladder.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>

#include "tools/top/figure_text.h"

namespace thalweg {
namespace {

constexpr std::size_t kBid = 0;
constexpr std::size_t kAsk = 1;
constexpr std::array<Style, 2> kStyles{Style::kBid, Style::kAsk};
constexpr std::array<std::string_view, 2> kNames{"bid", "ask"};
constexpr int kQtyWidth = 9;
constexpr int kNotionalWidth = 9;
constexpr int kPriceWidthMin = 8;
constexpr int kPriceWidthMax = 16;
constexpr int kBarWidthMin = 4;

// What the rows of a ladder have in common: columns are counted from the middle outwards.
class LadderSheet {
 public:
  LadderSheet(const LadderSides& sides, std::size_t rows, int decimals, Picture* picture)
      : picture_(*picture), decimals_(decimals), middle_(picture->width() / 2) {
    bool notionals = false;
    for (const std::vector<Rung>& side : sides) {
      for (const Rung& rung : std::span(side).first(std::min(rows, side.size()))) {
        if (std::isfinite(rung.qty)) greatest_ = std::max(greatest_, rung.qty);
        notionals = notionals || !std::isnan(rung.notional);
        const auto width = static_cast<int>(PriceText(rung.price, decimals).size());
        price_width_ = std::clamp(width, price_width_, kPriceWidthMax);
      }
    }
    const int half = middle_ - 1;
    texts_width_ = notional_at() - 1;
    with_notional_ = notionals && half >= texts_width_ + 1 + kNotionalWidth + 1 + kBarWidthMin;
    if (with_notional_) texts_width_ += 1 + kNotionalWidth;
    bar_width_ = std::max(half - texts_width_ - 1, 0);
  }

  void DrawHeadings(int y) {
    for (const std::size_t side : {kBid, kAsk}) {
      Column(side, 0, price_width_, y, kNames[side], Style::kQuiet);
      Column(side, qty_at(), kQtyWidth, y, "qty", Style::kQuiet);
      if (with_notional_) {
        Column(side, notional_at(), kNotionalWidth, y, "notional", Style::kQuiet);
      }
    }
  }

  void DrawRung(std::size_t side, const Rung& rung, int y) {
    if (std::isnan(rung.price)) return;
    const Style style = rung.whole ? kStyles[side] : Style::kQuiet;
    const Style qty_style = rung.qty == 0 || !rung.whole ? Style::kQuiet : Style::kPlain;
    Column(side, 0, price_width_, y, PriceText(rung.price, decimals_), style);
    const int end = Column(side, qty_at(), kQtyWidth, y, QtyText(rung.qty), qty_style);
    if (!rung.whole) picture_.Put(end, y, {U'+', Style::kQuiet});
    if (with_notional_) {
      Column(side, notional_at(), kNotionalWidth, y, QtyText(rung.notional), Style::kQuiet);
    }
    const double part = greatest_ > 0 ? rung.qty / greatest_ : kNaN;
    picture_.Bar(XOf(side, texts_width_ + 1, bar_width_), y, bar_width_, part, style, side == kBid);
  }

  void DrawMiddle(int y) {
    const char32_t glyph = picture_.glyphs() == Glyphs::kUnicode ? U'│' : U'|';
    picture_.Put(middle_, y, {glyph, Style::kQuiet});
  }

 private:
  [[nodiscard]] int qty_at() const { return price_width_ + 1; }
  [[nodiscard]] int notional_at() const { return qty_at() + kQtyWidth + 1; }
  [[nodiscard]] int XOf(std::size_t side, int at, int width) const {
    return side == kBid ? middle_ - 1 - at - width : middle_ + 2 + at;
  }
  // Answers where it ends.
  int Column(std::size_t side, int at, int width, int y, std::string_view text, Style style) {
    const int x = XOf(side, at, width);
    picture_.Right(x, y, width, text, style);
    return x + width;
  }

  Picture& picture_;
  int decimals_;
  int middle_;
  double greatest_ = 0;
  int price_width_ = kPriceWidthMin;
  bool with_notional_ = false;
  int texts_width_ = 0;
  int bar_width_ = 0;
};

}  // namespace

LadderSides LevelRungs(const BookScene& book) {
  LadderSides sides;
  for (const std::size_t side : {kBid, kAsk}) {
    for (const LevelScene& level : book.levels[side]) {
      sides[side].push_back({level.price, level.qty, kNaN, true});
    }
  }
  return sides;
}

LadderSides BucketRungs(const BucketsScene& buckets) {
  LadderSides sides;
  for (const std::size_t side : {kBid, kAsk}) {
    const BucketSideScene& from = buckets.sides[side];
    const double outwards = side == kBid ? -buckets.size : buckets.size;
    for (std::size_t i = 0; i < kBucketsASide; ++i) {
      sides[side].push_back({from.label + outwards * static_cast<double>(i), from.qty[i],
                             from.notional[i], i < from.complete});
    }
  }
  return sides;
}

void DrawLadder(const LadderSides& sides, int decimals, int y, int end, Picture* picture) {
  const auto room = static_cast<std::size_t>(std::max(end - y - 1, 0));
  const std::size_t rows = std::min(room, std::max(sides[kBid].size(), sides[kAsk].size()));
  LadderSheet sheet(sides, rows, decimals, picture);
  if (y < end) sheet.DrawHeadings(y);
  for (std::size_t row = 0; row < rows; ++row) {
    const int line = y + 1 + static_cast<int>(row);
    for (const std::size_t side : {kBid, kAsk}) {
      if (row < sides[side].size()) sheet.DrawRung(side, sides[side][row], line);
    }
    sheet.DrawMiddle(line);
  }
}

}  // namespace thalweg
