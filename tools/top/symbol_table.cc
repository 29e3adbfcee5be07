#include "tools/top/symbol_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "tools/top/figure_text.h"
#include "tools/top/quality_words.h"

namespace thalweg {
namespace {

constexpr int kNameWidthMax = 14;
constexpr int kStateWidthMin = 6;
constexpr int kPriceWidthMin = 7;
constexpr int kPriceWidthMax = 14;
constexpr int kBalanceWidth = 9;
constexpr int kFlagsWidthMin = 10;
constexpr int kFlagsWidthWide = 20;
constexpr int kFlagsWidthMax = 48;
constexpr int kMarkWidth = 2;  // Of the selected symbol.
// From this width on columns stand two blanks apart.
constexpr int kRoomyWidth = 150;
// And from this one on there is room for more than one word of the flags.
constexpr int kWideWidth = 110;

// Where a column of one symbol is drawn.
struct Place {
  Picture* picture;
  int x;
  int y;
  int width;
};

struct Column {
  std::string_view heading;
  int width;
  int rank;  // Columns of a lower rank are given room first.
  bool to_left;
  void (*draw)(const Place& place, const SymbolScene& symbol);
};

void Number(const Place& at, const std::string& text, Style style = Style::kPlain) {
  at.picture->Right(at.x, at.y, at.width, text, text == "-" ? Style::kQuiet : style);
}

// What a book says is "-" without one.
double OfBook(const SymbolScene& symbol, Figure figure) {
  return HasBook(symbol) ? symbol.figures[figure] : kNaN;
}

std::string FixedText(double value, int decimals) {
  if (std::isnan(value)) return "-";
  return std::abs(value) < 1e6 ? absl::StrFormat("%.*f", decimals, value)
                               : absl::StrFormat("%.2g", value);
}

void DrawName(const Place& at, const SymbolScene& symbol) {
  at.picture->Left(at.x, at.y, at.width, symbol.name, Style::kStrong);
}
void DrawState(const Place& at, const SymbolScene& symbol) {
  if (!symbol.readable) {
    at.picture->Left(at.x, at.y, at.width, "?", Style::kAlarm);
    return;
  }
  at.picture->Left(at.x, at.y, at.width, StateWord(symbol.status.state),
                   StateStyle(symbol.status.state));
}
void DrawBid(const Place& at, const SymbolScene& symbol) {
  Number(at, PriceText(OfBook(symbol, Figure::kBestBid), PriceDecimals(symbol)), Style::kBid);
}
void DrawAsk(const Place& at, const SymbolScene& symbol) {
  Number(at, PriceText(OfBook(symbol, Figure::kBestAsk), PriceDecimals(symbol)), Style::kAsk);
}
void DrawTicks(const Place& at, const SymbolScene& symbol) {
  const double ticks = OfBook(symbol, Figure::kSpreadTicks);
  Number(at, FixedText(ticks, 0), ticks <= 0 ? Style::kAlarm : Style::kPlain);
}
void DrawBps(const Place& at, const SymbolScene& symbol) {
  Number(at, FixedText(OfBook(symbol, Figure::kSpreadBps), 2));
}
void DrawMicroprice(const Place& at, const SymbolScene& symbol) {
  Number(at, PriceText(OfBook(symbol, Figure::kMicroprice), PriceDecimals(symbol) + 2));
}
void DrawWeightedMid(const Place& at, const SymbolScene& symbol) {
  Number(at, PriceText(OfBook(symbol, Figure::kWeightedMid), PriceDecimals(symbol) + 2));
}
void DrawImbalance1(const Place& at, const SymbolScene& symbol) {
  at.picture->Balance(at.x, at.y, at.width, OfBook(symbol, Figure::kImbalanceL1));
}
void DrawImbalance10(const Place& at, const SymbolScene& symbol) {
  at.picture->Balance(at.x, at.y, at.width, OfBook(symbol, Figure::kImbalanceL10));
}
void DrawFlow(const Place& at, const SymbolScene& symbol) {
  at.picture->Balance(at.x, at.y, at.width, symbol.figures[Figure::kTradeImbalance10s]);
}
void DrawBought(const Place& at, const SymbolScene& symbol) {
  Number(at, QtyText(symbol.figures[Figure::kBuyVol10s]), Style::kBid);
}
void DrawSold(const Place& at, const SymbolScene& symbol) {
  Number(at, QtyText(symbol.figures[Figure::kSellVol10s]), Style::kAsk);
}
void DrawDepthRate(const Place& at, const SymbolScene& symbol) {
  Number(at, RateText(symbol.rates.depth));
}
void DrawTickerRate(const Place& at, const SymbolScene& symbol) {
  Number(at, RateText(symbol.rates.ticker));
}
void DrawTradeRate(const Place& at, const SymbolScene& symbol) {
  Number(at, RateText(symbol.rates.trade));
}
void DrawLag(const Place& at, const SymbolScene& symbol) {
  Number(at, symbol.header.seq == 0 ? "-" : SpanText(LagOf(symbol)));
}
void DrawAge(const Place& at, const SymbolScene& symbol) {
  Number(at, MillisText(symbol.figures[Figure::kDepthAge]));
}
void DrawClock(const Place& at, const SymbolScene& symbol) {
  Number(at, ClockText(symbol.status.event_ns));
}
void DrawUpdateId(const Place& at, const SymbolScene& symbol) {
  Number(at, CountText(symbol.status.update_id));
}
void DrawFlags(const Place& at, const SymbolScene& symbol) {
  if (!symbol.readable) {
    at.picture->Left(at.x, at.y, at.width, "unreadable", Style::kAlarm);
    return;
  }
  const QualityWords words = DescribeInWords(symbol.status.quality);
  at.picture->Left(at.x, at.y, at.width, words.Fit(static_cast<std::size_t>(at.width)),
                   words.style);
}

// The width of the longest text, between two bounds.
template <class TextOf>
int WidthOf(const RingScene& scene, int least, int most, const TextOf& text_of) {
  int width = least;
  for (const SymbolScene& symbol : scene.symbols) {
    width = std::max(width, static_cast<int>(text_of(symbol).size()));
    if (width >= most) return most;
  }
  return width;
}

std::vector<Column> AllColumns(const RingScene& scene, int room) {
  const int name = WidthOf(scene, 6, kNameWidthMax, [](const SymbolScene& s) { return s.name; });
  const int state = WidthOf(scene, kStateWidthMin, kNameWidthMax,
                            [](const SymbolScene& s) { return StateWord(s.status.state); });
  const int price = WidthOf(scene, kPriceWidthMin, kPriceWidthMax, [](const SymbolScene& s) {
    return PriceText(OfBook(s, Figure::kBestAsk), PriceDecimals(s));
  });
  const int update_id =
      WidthOf(scene, 9, 26, [](const SymbolScene& s) { return CountText(s.status.update_id); });
  // Without a calibrated table there is no microprice; the weighted mid is the next best.
  const bool calibrated =
      std::any_of(scene.symbols.begin(), scene.symbols.end(),
                  [](const SymbolScene& s) { return !std::isnan(OfBook(s, Figure::kMicroprice)); });
  const int fine_price = std::max(price + 2, 12);
  return {{"symbol", name, 0, true, DrawName},
          {"state", state, 2, true, DrawState},
          {"bid", price, 1, false, DrawBid},
          {"ask", price, 1, false, DrawAsk},
          {"ticks", 5, 6, false, DrawTicks},
          {"bps", 5, 10, false, DrawBps},
          calibrated ? Column{"microprice", fine_price, 7, false, DrawMicroprice}
                     : Column{"weighted mid", fine_price, 7, false, DrawWeightedMid},
          {"imbalance", kBalanceWidth, 3, true, DrawImbalance1},
          {"10 levels", kBalanceWidth, 15, true, DrawImbalance10},
          {"flow 10s", kBalanceWidth, 5, true, DrawFlow},
          {"bought", 8, 12, false, DrawBought},
          {"sold", 8, 12, false, DrawSold},
          {"depth/s", 7, 8, false, DrawDepthRate},
          {"ticker/s", 8, 11, false, DrawTickerRate},
          {"trade/s", 7, 9, false, DrawTradeRate},
          {"lag", 8, 13, false, DrawLag},
          {"age", 7, 14, false, DrawAge},
          {"event clock", 12, 16, false, DrawClock},
          {"update id", update_id, 17, false, DrawUpdateId},
          {"flags", room < kWideWidth ? kFlagsWidthMin : kFlagsWidthWide, 4, true, DrawFlags}};
}

// The columns that have room; what is left over widens the last, the flags.
std::vector<Column> ChooseColumns(std::vector<Column> columns, int room, int gap) {
  room += gap;  // None before the first.
  std::vector<Column*> by_rank;
  by_rank.reserve(columns.size());
  for (Column& column : columns) by_rank.push_back(&column);
  std::stable_sort(by_rank.begin(), by_rank.end(),
                   [](const Column* a, const Column* b) { return a->rank < b->rank; });
  for (Column* const column : by_rank) {
    if (column->width + gap <= room) {
      room -= column->width + gap;
    } else {
      column->width = 0;
    }
  }
  Column& flags = columns.back();
  if (flags.width > 0) flags.width = std::min(flags.width + room, kFlagsWidthMax);
  std::erase_if(columns, [](const Column& column) { return column.width == 0; });
  return columns;
}

}  // namespace

bool HasBook(const SymbolScene& symbol) noexcept {
  return symbol.readable && symbol.header.seq != 0 &&
         (symbol.status.quality & quality::kBookInvalid) == 0;
}

int PriceDecimals(const SymbolScene& symbol) {
  const double bid = symbol.figures[Figure::kBestBid];
  const double ask = symbol.figures[Figure::kBestAsk];
  // The tick has more decimals than two prices that happen to be round. The difference of prices is
  // not exact: what is wanted of it are its first digits.
  const double tick = (ask - bid) / symbol.figures[Figure::kSpreadTicks];
  const int of_tick = tick > 0 && tick < 1
                          ? DecimalsOf(std::strtod(absl::StrFormat("%.3g", tick).c_str(), nullptr))
                          : 0;
  return std::max({DecimalsOf(bid), DecimalsOf(ask), of_tick});
}

Nanos LagOf(const SymbolScene& symbol) noexcept {
  // Unsigned: hostile times must not overflow.
  return static_cast<Nanos>(static_cast<std::uint64_t>(symbol.header.recv_ns) -
                            static_cast<std::uint64_t>(symbol.header.event_ns));
}

void DrawSymbolTable(const RingScene& scene, const std::vector<std::uint32_t>& order,
                     std::optional<std::uint32_t> selected, int y, int end, Picture* picture) {
  const int gap = picture->width() < kRoomyWidth ? 1 : 2;
  const int margin = selected ? kMarkWidth : 0;
  const std::vector<Column> columns =
      ChooseColumns(AllColumns(scene, picture->width()), picture->width() - margin, gap);
  const auto for_each_column = [&](const auto& draw) {
    int x = margin;
    for (const Column& column : columns) {
      draw(column, x);
      x += column.width + gap;
    }
  };
  for_each_column([&](const Column& column, int x) {
    if (column.to_left) {
      picture->Left(x, y, column.width, column.heading, Style::kQuiet);
    } else {
      picture->Right(x, y, column.width, column.heading, Style::kQuiet);
    }
  });
  for (const std::uint32_t id : order) {
    if (++y >= end) break;
    if (selected == id) {
      picture->Put(0, y, {picture->glyphs() == Glyphs::kUnicode ? U'▶' : U'>', Style::kStrong});
    }
    for_each_column([&](const Column& column, int x) {
      column.draw({picture, x, y, column.width}, scene.symbols[id]);
    });
  }
}

}  // namespace thalweg
