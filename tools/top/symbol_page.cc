#include "tools/top/symbol_page.h"

#include <algorithm>
#include <array>
#include <cmath>
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
