#include "tools/top/symbol_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/string_view.h"
#include "tools/top/figure_text.h"
#include "tools/top/item_line.h"
#include "tools/top/ladder.h"
#include "tools/top/quality_words.h"
#include "tools/top/symbol_table.h"

namespace thalweg {
namespace {

constexpr std::size_t kBid = 0;
constexpr std::size_t kAsk = 1;
constexpr int kQtyWidth = 9;
constexpr int kBarWidthMin = 4;

// The page from its top: lines that come with enough room for them.
struct PageLines {
  bool ids;        // Update id, clocks and ages.
  bool counts;     // Messages and faults.
  bool sparkline;  // The way of the mid.
  int balances;    // Bars of imbalances beside those of trade flow.
};
constexpr int kBalances = 5;
constexpr int kFixedLines = 3;        // Name and flags, prices, the ladder's heading.
constexpr int kLadderRowsWanted = 6;  // Before anything else is given room.

PageLines LinesFor(int height) {
  int room = height - kFixedLines - kLadderRowsWanted;
  const auto take = [&room](bool wanted) {
    if (wanted) --room;
    return wanted;
  };
  PageLines lines{};
  lines.ids = take(room >= 1);
  lines.sparkline = take(room >= 1);
  lines.counts = take(room >= 1);
  lines.balances = std::clamp(room, 0, kBalances);
  return lines;
}

// The width of a bar about a middle.
int Odd(int width) { return (std::max(width, kBarWidthMin) - 1) | 1; }

std::string SignedText(double value) {
  return std::isnan(value) ? "-" : absl::StrFormat("%+.2f", std::clamp(value, -9.0, 9.0));
}

void DrawName(const SymbolScene& symbol, int y, Picture* picture) {
  ItemLine line(picture, y);
  line.Item("", symbol.name, Style::kStrong);
  if (!symbol.readable) {
    line.Item("", "its status cannot be read: the writer died over it", Style::kAlarm);
    return;
  }
  line.Item("", StateWord(symbol.status.state), StateStyle(symbol.status.state));
  const QualityWords words = DescribeInWords(symbol.status.quality);
  const std::string names =
      absl::StrReplaceAll(DescribeQuality(symbol.status.quality), {{"|", " "}});
  if (!names.empty() && line.room("flags") < static_cast<int>(names.size())) {
    line.Item("flags", words.Fit(static_cast<std::size_t>(std::max(line.room("flags"), 0))),
              words.style);
  } else if (!names.empty()) {
    line.Item("flags", names, words.style);
  }
}

void DrawPrices(const SymbolScene& symbol, int y, Picture* picture) {
  const Figures& figures = symbol.figures;
  const int decimals = PriceDecimals(symbol);
  const auto price = [&](Figure figure, int more) {
    return PriceText(HasBook(symbol) ? figures[figure] : kNaN, decimals + more);
  };
  ItemLine line(picture, y);
  line.Item("bid", price(Figure::kBestBid, 0), Style::kBid)
      .Item("ask", price(Figure::kBestAsk, 0), Style::kAsk);
  if (HasBook(symbol)) {
    const double ticks = figures[Figure::kSpreadTicks];
    line.Item("spread", absl::StrFormat("%.5g %s, %.3g bps", ticks, ticks == 1 ? "tick" : "ticks",
                                        figures[Figure::kSpreadBps]));
  }
  line.Item("mid", price(Figure::kMid, 1)).Item("weighted", price(Figure::kWeightedMid, 2));
  if (!std::isnan(figures[Figure::kMicroprice])) {
    line.Item("micro", price(Figure::kMicroprice, 2));
  }
}

void DrawIds(const SymbolScene& symbol, int y, Picture* picture) {
  ItemLine line(picture, y);
  line.Item("update id", CountText(symbol.status.update_id))
      .Item("event clock", ClockText(symbol.status.event_ns));
  if (symbol.header.seq != 0) {
    line.Item("lag", SpanText(LagOf(symbol)));
  }
  line.Item("age of depth", MillisText(symbol.figures[Figure::kDepthAge]))
      .Item("ticker", MillisText(symbol.figures[Figure::kTickerAge]))
      .Item("trade", MillisText(symbol.figures[Figure::kTradeAge]));
}

void DrawCounts(const SymbolScene& symbol, int y, Picture* picture) {
  const auto messages = [](std::uint64_t count, double rate) {
    return std::isnan(rate) ? CountText(count)
                            : absl::StrCat(CountText(count), " (", RateText(rate), "/s)");
  };
  const RingSymbolCounts& counts = symbol.counts;
  const auto fault = [](std::uint64_t count) {
    return count == 0 ? Style::kPlain : Style::kWarning;
  };
  ItemLine(picture, y)
      .Item("depth", messages(counts.depth_frames, symbol.rates.depth))
      .Item("ticker", messages(counts.ticker_frames, symbol.rates.ticker))
      .Item("trade", messages(counts.trade_frames, symbol.rates.trade))
      .Item("syncs", CountText(counts.synchronisations))
      .Item("gaps", CountText(counts.gaps), fault(counts.gaps))
      .Item("malformed", CountText(counts.malformed_frames), fault(counts.malformed_frames))
      .Item("lost", CountText(counts.lost_inputs), fault(counts.lost_inputs));
}

constexpr int kNumberWidth = 6;  // "+0.50"

// A line each: its name, its bar, its number.
void DrawBookBalances(const SymbolScene& symbol, int y, int count, int width, Picture* picture) {
  struct Row {
    std::string_view name;
    Figure value;
  };
  static constexpr std::array<Row, kBalances> kRows{{{"level 1", Figure::kImbalanceL1},
                                                     {"5 levels", Figure::kImbalanceL5},
                                                     {"10 levels", Figure::kImbalanceL10},
                                                     {"20 levels", Figure::kImbalanceL20},
                                                     {"10 bps", Figure::kImbalance10Bps}}};
  constexpr int kNameWidth = 10;
  constexpr int kMargin = 3;
  const int bar = Odd(width - kNameWidth - kNumberWidth - kMargin);
  for (int i = 0; i < count; ++i) {
    const Row& row = kRows[static_cast<std::size_t>(i)];
    const double value = HasBook(symbol) ? symbol.figures[row.value] : kNaN;
    picture->Text(0, y + i, row.name, Style::kQuiet);
    picture->Balance(kNameWidth, y + i, bar, value);
    picture->Right(kNameWidth + bar, y + i, kNumberWidth, SignedText(value));
  }
}

// The same of trades, with what was bought and sold; a line below says so.
void DrawTradeBalances(const SymbolScene& symbol, int x, int y, int count, Picture* picture) {
  struct Row {
    std::string_view name;
    Figure value, bought, sold;
  };
  static constexpr std::array<Row, 3> kRows{
      {{"1 s", Figure::kTradeImbalance1s, Figure::kBuyVol1s, Figure::kSellVol1s},
       {"10 s", Figure::kTradeImbalance10s, Figure::kBuyVol10s, Figure::kSellVol10s},
       {"60 s", Figure::kTradeImbalance60s, Figure::kBuyVol60s, Figure::kSellVol60s}}};
  constexpr int kNameWidth = 5;
  const int width = picture->width() - x;
  const int bar = Odd(width - kNameWidth - kNumberWidth - 2 * (kQtyWidth + 1));
  const int number_at = x + kNameWidth + bar;
  const int bought_at = number_at + kNumberWidth + 1;
  const int sold_at = bought_at + kQtyWidth + 1;
  const int rows = std::min<int>(count, kRows.size());
  for (int i = 0; i < rows; ++i) {
    const Row& row = kRows[static_cast<std::size_t>(i)];
    const Figures& figures = symbol.figures;
    picture->Text(x, y + i, row.name, Style::kQuiet);
    picture->Balance(x + kNameWidth, y + i, bar, figures[row.value]);
    picture->Right(number_at, y + i, kNumberWidth, SignedText(figures[row.value]));
    picture->Right(bought_at, y + i, kQtyWidth, QtyText(figures[row.bought]), Style::kBid);
    picture->Right(sold_at, y + i, kQtyWidth, QtyText(figures[row.sold]), Style::kAsk);
  }
  if (count > rows) {
    picture->Left(x, y + rows, width, "trades: imbalance, bought, sold", Style::kQuiet);
  }
}

// Imbalances of the book on the left, those of trades on the right, if there is room for them.
void DrawBalances(const SymbolScene& symbol, int y, int count, Picture* picture) {
  constexpr int kBothWidthMin = 76;
  const bool both = picture->width() >= kBothWidthMin;
  const int half = picture->width() / 2;
  DrawBookBalances(symbol, y, count, both ? half : picture->width(), picture);
  if (both) DrawTradeBalances(symbol, half, y, count, picture);
}

// The least and the greatest of values; nothing when all are NaN.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  [[nodiscard]] bool empty() const { return !(low <= high); }
};

Range RangeOf(std::span<const double> values) {
  Range range;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range;
}

// "mid 61,590.00 .:-=+*# 61,610.00 in 118 s": as many of the last seconds as have room.
void DrawSparkline(const SymbolScene& symbol, std::span<const double> mids, int y,
                   Picture* picture) {
  constexpr int kLabelsWidth = 18;
  const int decimals = PriceDecimals(symbol);
  const Range all = RangeOf(mids);
  if (all.empty()) return;
  const std::size_t prices =
      PriceText(all.low, decimals).size() + PriceText(all.high, decimals).size();
  const int room = picture->width() - static_cast<int>(prices) - kLabelsWidth;
  if (room < kBarWidthMin) return;
  const auto shown = mids.last(std::min(mids.size(), static_cast<std::size_t>(room)));
  const Range range = RangeOf(shown);
  if (range.empty()) return;
  int x = picture->Text(0, y, "mid ", Style::kQuiet);
  x = picture->Text(x, y, PriceText(range.low, decimals)) + 1;
  picture->Sparkline(x, y, shown, Style::kStrong);
  x += static_cast<int>(shown.size()) + 1;
  x = picture->Text(x, y, PriceText(range.high, decimals));
  picture->Text(x, y, absl::StrFormat(" in %d s", shown.size()), Style::kQuiet);
}

// Why there is no ladder; empty when there is one.
std::string WhyNoLadder(const SymbolScene& symbol, const BookScene* book, const TopView& view,
                        const RingScene& scene) {
  if (book == nullptr || book->symbol_id != view.selected) {
    return view.paused ? "paused: press p to see the book of another symbol" : "";
  }
  const bool levels = view.page == TopPage::kLevels;
  const bool absent =
      levels ? book->levels[kBid].empty() && book->levels[kAsk].empty() : book->buckets.empty();
  if (absent) {
    return absl::StrCat("nothing of this symbol on the ring ", scene.name, ".",
                        Abseil(RingKindName(levels ? RingKind::kTops : RingKind::kLadders)));
  }
  if (!HasBook(symbol)) return "no book now: what the ring has is older";
  return "";
}

const BucketsScene& ShownBuckets(const BookScene& book, const TopView& view) {
  return book.buckets[view.bucket % book.buckets.size()];
}

void DrawBook(const SymbolScene& symbol, const BookScene* book, const TopView& view,
              const RingScene& scene, int y, int end, Picture* picture) {
  const std::string why = WhyNoLadder(symbol, book, view, scene);
  if (!why.empty() || book == nullptr) {
    picture->Left(0, y, picture->width(), why, Style::kWarning);
    return;
  }
  const int decimals = PriceDecimals(symbol);
  if (view.page == TopPage::kLevels) {
    ItemLine(picture, y)
        .Item("", "levels", Style::kStrong)
        .Item("update id", CountText(book->levels_update_id));
    DrawLadder(LevelRungs(*book), decimals, y + 1, end, picture);
    return;
  }
  const BucketsScene& buckets = ShownBuckets(*book, view);
  ItemLine(picture, y)
      .Item("", absl::StrCat("buckets of ", PriceText(buckets.size, DecimalsOf(buckets.size))),
            Style::kStrong)
      .Item(absl::StrCat("(", buckets.name, ", ", view.bucket % book->buckets.size() + 1, " of ",
                         book->buckets.size(), ")"),
            "")
      .Item("complete",
            absl::StrCat(std::min<std::size_t>(buckets.sides[kBid].complete, 15), " bid, ",
                         std::min<std::size_t>(buckets.sides[kAsk].complete, 15), " ask"))
      .Item("update id", CountText(book->buckets_update_id));
  DrawLadder(BucketRungs(buckets), DecimalsOf(buckets.size), y + 1, end, picture);
}

}  // namespace

int SymbolPageHeight(const BookScene& book, const TopView& view) noexcept {
  const std::size_t rungs = view.page == TopPage::kLevels
                                ? std::max(book.levels[kBid].size(), book.levels[kAsk].size())
                                : kBucketsASide;
  return kFixedLines + 3 + kBalances + 1 + std::max(static_cast<int>(rungs), kLadderRowsWanted);
}

void DrawSymbolPage(const RingScene& scene, const BookScene* book, const TopView& view, int y,
                    int end, Picture* picture) {
  const SymbolScene& symbol = scene.symbols[*view.selected];
  const PageLines lines = LinesFor(end - y);
  DrawName(symbol, y++, picture);
  DrawPrices(symbol, y++, picture);
  if (lines.ids) DrawIds(symbol, y++, picture);
  if (lines.counts) DrawCounts(symbol, y++, picture);
  if (lines.balances > 0) DrawBalances(symbol, y, lines.balances, picture);
  y += lines.balances;
  if (lines.sparkline) {
    if (book != nullptr && book->symbol_id == *view.selected) {
      DrawSparkline(symbol, book->mids, y, picture);
    }
    ++y;
  }
  DrawBook(symbol, book, view, scene, y, end, picture);
}

}  // namespace thalweg
