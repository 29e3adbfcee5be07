#include "tools/top/symbol_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/string_view.h"
#include "tools/top/figure_text.h"
#include "tools/top/item_line.h"
#include "tools/top/quality_words.h"
#include "tools/top/symbol_table.h"

namespace thalweg {
namespace {

constexpr std::size_t kBid = 0;
constexpr std::size_t kAsk = 1;
constexpr std::array<Style, 2> kSideStyles{Style::kBid, Style::kAsk};
constexpr std::array<std::string_view, 2> kSideNames{"bid", "ask"};
constexpr int kQtyWidth = 9;
constexpr int kNotionalWidth = 9;
constexpr int kPriceWidthMin = 8;
constexpr int kPriceWidthMax = 16;
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
  const std::string flags =
      absl::StrReplaceAll(DescribeQuality(symbol.status.quality), {{"|", " "}});
  const Style style = DescribeInWords(symbol.status.quality).style;
  if (!flags.empty()) line.Item("flags", flags, style);
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
    line.Item("spread", absl::StrFormat("%.5g ticks  %.3g bps", figures[Figure::kSpreadTicks],
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
    line.Item("received", absl::StrCat(SpanText(LagOf(symbol)), " later"));
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

// Imbalances of the book on the left, those of trades on the right.
void DrawBalances(const SymbolScene& symbol, int y, int count, Picture* picture) {
  struct Book {
    std::string_view name;
    Figure value;
  };
  struct Trades {
    std::string_view name;
    Figure value, bought, sold;
  };
  static constexpr std::array<Book, kBalances> kBook{{{"level 1", Figure::kImbalanceL1},
                                                      {"5 levels", Figure::kImbalanceL5},
                                                      {"10 levels", Figure::kImbalanceL10},
                                                      {"20 levels", Figure::kImbalanceL20},
                                                      {"10 bps", Figure::kImbalance10Bps}}};
  static constexpr std::array<Trades, 3> kTrades{
      {{"1 s", Figure::kTradeImbalance1s, Figure::kBuyVol1s, Figure::kSellVol1s},
       {"10 s", Figure::kTradeImbalance10s, Figure::kBuyVol10s, Figure::kSellVol10s},
       {"60 s", Figure::kTradeImbalance60s, Figure::kBuyVol60s, Figure::kSellVol60s}}};
  constexpr int kNumberWidth = 6;
  constexpr int kTradeNameWidth = 5;
  constexpr int kTradesWidthMin = kTradeNameWidth + kBarWidthMin + kNumberWidth + 2 * kQtyWidth + 3;
  const bool both = picture->width() >= 76;
  const int half = both ? picture->width() / 2 : picture->width();
  const int book_name_width = 10;
  const int book_bar = std::max((half - book_name_width - kNumberWidth - 3) | 1, 3);
  for (int i = 0; i < count; ++i) {
    const Book& book = kBook[static_cast<std::size_t>(i)];
    const double value = HasBook(symbol) ? symbol.figures[book.value] : kNaN;
    picture->Text(0, y + i, book.name, Style::kQuiet);
    picture->Balance(book_name_width, y + i, book_bar, value);
    picture->Right(book_name_width + book_bar, y + i, kNumberWidth, SignedText(value));
  }
  if (!both) return;
  const int rest = picture->width() - half;
  const int trade_bar = (kBarWidthMin + std::max(rest - kTradesWidthMin, 0) - 1) | 1;
  for (int i = 0; i < std::min<int>(count, kTrades.size()); ++i) {
    const Trades& trades = kTrades[static_cast<std::size_t>(i)];
    const double value = symbol.figures[trades.value];
    int x = half;
    picture->Text(x, y + i, trades.name, Style::kQuiet);
    picture->Balance(x += kTradeNameWidth, y + i, trade_bar, value);
    picture->Right(x += trade_bar, y + i, kNumberWidth, SignedText(value));
    picture->Right(x += kNumberWidth + 1, y + i, kQtyWidth, QtyText(symbol.figures[trades.bought]),
                   Style::kBid);
    picture->Right(x += kQtyWidth + 1, y + i, kQtyWidth, QtyText(symbol.figures[trades.sold]),
                   Style::kAsk);
  }
  if (count > static_cast<int>(kTrades.size())) {
    picture->Left(half, y + static_cast<int>(kTrades.size()), rest,
                  "trades: imbalance, bought, sold", Style::kQuiet);
  }
}

// "mid 61,590.00 .:-=+*# 61,610.00 in 118 s"
void DrawSparkline(const SymbolScene& symbol, const std::vector<double>& mids, int y,
                   Picture* picture) {
  double low = INFINITY;
  double high = -INFINITY;
  const int decimals = PriceDecimals(symbol);
  const auto ends = [&](std::size_t count) {
    low = INFINITY;
    high = -INFINITY;
    for (const double mid : std::span(mids).last(count)) {
      if (std::isnan(mid)) continue;
      low = std::min(low, mid);
      high = std::max(high, mid);
    }
  };
  ends(mids.size());
  if (!(low <= high)) return;
  const auto text_width = [&] {
    return static_cast<int>(PriceText(low, decimals).size() + PriceText(high, decimals).size());
  };
  const int room = picture->width() - text_width() - 18;
  if (room < kBarWidthMin) return;
  const std::size_t count = std::min(mids.size(), static_cast<std::size_t>(room));
  ends(count);
  if (!(low <= high)) return;
  int x = picture->Text(0, y, "mid ", Style::kQuiet);
  x = picture->Text(x, y, PriceText(low, decimals)) + 1;
  picture->Sparkline(x, y, std::span(mids).last(count), Style::kStrong);
  x = picture->Text(x + static_cast<int>(count) + 1, y, PriceText(high, decimals));
  picture->Text(x, y, absl::StrFormat(" in %d s", count), Style::kQuiet);
}

// One row of one side of a ladder.
struct Rung {
  double price = kNaN;
  double qty = kNaN;
  double notional = kNaN;  // Shown if any is known.
  bool whole = true;       // Nothing of it may be missing.
};
using LadderSides = std::array<std::vector<Rung>, 2>;

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

// Bids to the left of a line in the middle, asks to the right, the touch on top; bars are of the
// greatest quantity that is shown.
void DrawLadder(const LadderSides& sides, int decimals, int y, int end, Picture* picture) {
  const auto rows = static_cast<std::size_t>(std::max(end - y - 1, 0));
  double greatest = 0;
  int price_width = kPriceWidthMin;
  bool notionals = false;
  for (const std::vector<Rung>& side : sides) {
    for (const Rung& rung : std::span(side).first(std::min(rows, side.size()))) {
      if (std::isfinite(rung.qty)) greatest = std::max(greatest, rung.qty);
      notionals = notionals || !std::isnan(rung.notional);
      const auto width = static_cast<int>(PriceText(rung.price, decimals).size());
      price_width = std::clamp(width, price_width, kPriceWidthMax);
    }
  }
  const int middle = picture->width() / 2;
  const int half = middle - 1;
  const int without_notional = price_width + 1 + kQtyWidth + 1;
  notionals = notionals && half >= without_notional + kNotionalWidth + 1 + kBarWidthMin;
  const int texts = without_notional + (notionals ? kNotionalWidth + 1 : 0);
  const int bar = std::max(half - texts, 0);

  // A part of the row, counted from the middle outwards.
  const auto right = [&](std::size_t side, int offset, int width, int line, std::string_view text,
                         Style style) {
    picture->Right(side == kBid ? middle - 1 - offset - width : middle + 2 + offset, line, width,
                   text, style);
  };
  const auto line_glyph = picture->glyphs() == Glyphs::kUnicode ? U'│' : U'|';
  for (const std::size_t side : {kBid, kAsk}) {
    right(side, 0, price_width, y, kSideNames[side], Style::kQuiet);
    right(side, price_width + 1, kQtyWidth, y, "qty", Style::kQuiet);
    if (notionals) {
      right(side, without_notional, kNotionalWidth, y, "notional", Style::kQuiet);
    }
    for (std::size_t row = 0; row < std::min(rows, sides[side].size()); ++row) {
      const Rung& rung = sides[side][row];
      if (std::isnan(rung.price)) continue;
      const int at = y + 1 + static_cast<int>(row);
      const Style style = rung.whole ? kSideStyles[side] : Style::kQuiet;
      right(side, 0, price_width, at, PriceText(rung.price, decimals), style);
      const std::string qty = QtyText(rung.qty);
      right(side, price_width + 1, kQtyWidth, at,
            rung.whole || qty.size() >= kQtyWidth ? qty : absl::StrCat(qty, "+"),
            rung.qty == 0 || !rung.whole ? Style::kQuiet : Style::kPlain);
      if (notionals) {
        right(side, without_notional, kNotionalWidth, at, QtyText(rung.notional), Style::kQuiet);
      }
      const double part = greatest > 0 ? rung.qty / greatest : kNaN;
      picture->Bar(side == kBid ? middle - 1 - texts - bar : middle + 2 + texts, at, bar, part,
                   style, side == kBid);
    }
  }
  for (int line = y + 1; line < end; ++line) {
    const auto row = static_cast<std::size_t>(line - y - 1);
    if (row >= std::max(sides[kBid].size(), sides[kAsk].size())) break;
    picture->Put(middle, line, {line_glyph, Style::kQuiet});
  }
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
