#include "tools/top/top_picture.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/string_view.h"
#include "pipeline/symbol_engine.h"
#include "tools/top/figure_text.h"
#include "tools/top/item_line.h"
#include "tools/top/stages_page.h"
#include "tools/top/symbol_page.h"
#include "tools/top/symbol_table.h"

namespace thalweg {
namespace {

constexpr int kHeaderLines = 3;
constexpr int kHeadingLines = 1;

struct Banner {
  std::string text;
  Style style;
};

std::vector<Banner> BannersOf(const RingScene& scene) {
  std::vector<Banner> banners;
  if (scene.writer == RingWriterLife::kSilent) {
    banners.push_back({absl::StrCat("WRITER SILENT for ", SpanText(scene.silent),
                                    " or more: it died or was stopped"),
                       Style::kAlarm});
  }
  if (!scene.trouble.empty()) banners.push_back({scene.trouble, Style::kAlarm});
  if (!scene.news.empty()) banners.push_back({scene.news, Style::kWarning});
  return banners;
}

// Where the parts of a picture begin.
struct Layout {
  int body;      // The first line below header and banners.
  int body_end;  // One beyond the last.
};

Layout LayOut(const RingScene& scene, int height, bool interactive) {
  const int banners = static_cast<int>(BannersOf(scene).size());
  return {kHeaderLines + banners, interactive ? height - 1 : height};
}

Style LifeStyle(RingWriterLife life) {
  switch (life) {
    case RingWriterLife::kWriting:
      return Style::kBid;
    case RingWriterLife::kSilent:
      return Style::kAlarm;
    case RingWriterLife::kClosed:
      return Style::kStrong;
    case RingWriterLife::kSuperseded:
      return Style::kWarning;
  }
  return Style::kPlain;
}

std::string SpeedText(std::uint64_t speed_milli) {
  if (speed_milli == 0) return "max";
  return absl::StrFormat("%.6gx", static_cast<double>(speed_milli) / 1e3);
}

void DrawHeader(const RingScene& scene, Picture* picture) {
  std::int64_t event_ns = 0;
  std::uint64_t live = 0;
  for (const SymbolScene& symbol : scene.symbols) {
    event_ns = std::max(event_ns, symbol.status.event_ns);
    const bool is_live = symbol.status.state == static_cast<std::uint32_t>(SymbolState::kLive);
    if (symbol.readable && is_live) ++live;
  }
  ItemLine first(picture, 0);
  first.Item("", scene.name, Style::kStrong)
      .Item("", RingWriterLifeName(scene.writer), LifeStyle(scene.writer))
      .Item("generation", CountText(scene.generation))
      .Item("pid", absl::StrCat(scene.pid))
      .Item("speed", SpeedText(scene.statistics.speed_milli));
  const std::string clock = ClockText(event_ns);
  if (event_ns != 0 && !first.AtEnd(absl::StrCat(DateText(event_ns), " ", clock, " UTC"))) {
    first.AtEnd(clock);
  }

  const auto with_rate = [](std::uint64_t count, double rate) {
    return rate == rate ? absl::StrCat(CountText(count), " (", RateText(rate), "/s)")
                        : CountText(count);
  };
  ItemLine second(picture, 1);
  second.Item("records", with_rate(scene.records, scene.records_rate))
      .Item("frames", with_rate(scene.statistics.frames, scene.frames_rate))
      .Item("lost", CountText(scene.lost), scene.lost == 0 ? Style::kPlain : Style::kWarning);
  if (scene.skipped > 0) second.Item("skipped", CountText(scene.skipped));
  if (scene.statistics.unnamed_frames > 0) {
    second.Item("unnamed frames", CountText(scene.statistics.unnamed_frames), Style::kWarning);
  }
  if (scene.statistics.unlisted_symbols > 0) {
    second.Item("unlisted symbols", CountText(scene.statistics.unlisted_symbols), Style::kWarning);
  }

  ItemLine third(picture, 2);
  if (scene.latency.count == 0) {
    third.Item("latency", "-", Style::kQuiet);
  } else {
    third.Item("latency p50", SpanText(scene.latency.p50))
        .Item("p99", SpanText(scene.latency.p99))
        .Item("p99.9", SpanText(scene.latency.p999))
        .Item("max", SpanText(scene.latency.max));
  }
  third.AtEnd(absl::StrCat(CountText(live), " of ", CountText(scene.symbols.size()), " live"));
}

void DrawBanners(const RingScene& scene, Picture* picture) {
  int y = kHeaderLines;
  for (const Banner& banner : BannersOf(scene)) {
    picture->Banner(y++, absl::StrCat("*** ", banner.text, " ***"), banner.style);
  }
}

// The page of the list on which the selected symbol is.
void DrawList(const RingScene& scene, const TopView& view, const TopPaper& paper,
              const Layout& layout, Picture* picture) {
  if (scene.symbols.empty()) {
    picture->Left(0, layout.body + kHeadingLines, picture->width(), "no symbols yet",
                  Style::kQuiet);
    return;
  }
  std::vector<std::uint32_t> order = SortedSymbols(scene, view.sort);
  const auto rows = static_cast<std::size_t>(ListRows(scene, paper));
  const std::size_t all = order.size();
  const auto found = std::find(order.begin(), order.end(), view.selected.value_or(0));
  const auto at = found == order.end() ? 0 : static_cast<std::size_t>(found - order.begin());
  const std::size_t begin = at / rows * rows;
  const std::size_t end = std::min(begin + rows, all);
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(end), order.end());
  order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(begin));
  DrawSymbolTable(scene, order, paper.interactive ? view.selected : std::nullopt, layout.body,
                  layout.body_end, picture);
  if (paper.interactive && all > rows) {
    const std::string where = absl::StrCat(begin + 1, "-", end, " of ", all);
    picture->Right(picture->width() - static_cast<int>(where.size()), picture->height() - 1,
                   static_cast<int>(where.size()), where, Style::kQuiet);
  }
}

void DrawKeys(const TopView& view, Picture* picture) {
  ItemLine line(picture, picture->height() - 1);
  if (view.paused) line.Item("", "PAUSED", Style::kWarning);
  line.Item("q", "quit")
      .Item("?", "help")
      .Item("tab", "page")
      .Item("j k", "symbol")
      .Item("b", "buckets")
      .Item("s", absl::StrCat("by ", Abseil(TopSortName(view.sort))))
      .Item("p", view.paused ? "go on" : "pause");
}

void DrawHelp(Picture* picture) {
  struct Line {
    std::string_view key;
    std::string_view does;
  };
  static constexpr std::array kLines{Line{"j k  up down", "another symbol"},
                                     Line{"page up/down", "a page of symbols"},
                                     Line{"g G  home end", "the first, the last"},
                                     Line{"enter", "one symbol, and back"},
                                     Line{"tab", "symbols, levels, buckets"},
                                     Line{"b", "the next bucket size"},
                                     Line{"l", "latency by stage"},
                                     Line{"s", "sort by id, name, rate"},
                                     Line{"p  space", "hold the picture"},
                                     Line{"esc", "back to the list"},
                                     Line{"q", "quit"}};
  constexpr int kKeyWidth = 14;
  constexpr int kWidth = 40;
  const int x = std::max((picture->width() - kWidth) / 2, 0);
  const int height = static_cast<int>(kLines.size());
  int y = std::max((picture->height() - height) / 2, 0);
  for (const Line& line : kLines) {
    for (int i = 0; i < kWidth; ++i) picture->Put(x + i, y, {});
    picture->Text(x + 1, y, line.key, Style::kStrong);
    picture->Text(x + 1 + kKeyWidth, y, line.does);
    ++y;
  }
}

}  // namespace

Picture DrawTop(const RingScene& scene, const BookScene* book, const TopView& view,
                const TopPaper& paper) {
  Picture picture(paper.width, paper.height, paper.glyphs);
  if (paper.width < kTopWidthMin || paper.height < kTopHeightMin) {
    picture.Text(0, 0, absl::StrCat("needs at least ", kTopWidthMin, "x", kTopHeightMin));
    return picture;
  }
  const Layout layout = LayOut(scene, paper.height, paper.interactive);
  DrawHeader(scene, &picture);
  DrawBanners(scene, &picture);
  const bool one = ShowsBook(view.page) && view.selected && *view.selected < scene.symbols.size();
  if (view.page == TopPage::kStages) {
    DrawStagesPage(scene, layout.body, layout.body_end, &picture);
  } else if (one) {
    DrawSymbolPage(scene, book, view, layout.body, layout.body_end, &picture);
  } else {
    DrawList(scene, view, paper, layout, &picture);
  }
  if (paper.interactive) DrawKeys(view, &picture);
  if (view.help) DrawHelp(&picture);
  return picture;
}

int WholeHeight(const RingScene& scene, const BookScene* book, const TopView& view,
                bool interactive) {
  int body = kHeadingLines + std::max(static_cast<int>(scene.symbols.size()), 1);
  if (view.page == TopPage::kStages) {
    body = StagesPageHeight();
  } else if (ShowsBook(view.page) && book != nullptr) {
    body = SymbolPageHeight(*book, view);
  }
  const int around = LayOut(scene, 0, false).body + (interactive ? 1 : 0);
  return std::max(around + body, kTopHeightMin);
}

int ListRows(const RingScene& scene, const TopPaper& paper) {
  const Layout layout = LayOut(scene, paper.height, paper.interactive);
  return std::max(layout.body_end - layout.body - kHeadingLines, 1);
}

}  // namespace thalweg
