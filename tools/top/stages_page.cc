#include "tools/top/stages_page.h"

#include <array>
#include <string>

#include "tools/top/figure_text.h"

namespace thalweg {
namespace {

constexpr int kNameWidth = 8;

// Columns as far as there is room, in this order.
struct StageColumn {
  std::string_view heading;
  int width;  // The gap before it included.
  std::string (*text)(const SpansScene& spans);
};

std::string Span(const LatencyScene& spans, Nanos LatencyScene::*time) {
  return spans.count == 0 ? "-" : SpanText(spans.*time);
}

constexpr std::array kColumns{
    StageColumn{"p50", 9, [](const SpansScene& s) { return Span(s.all, &LatencyScene::p50); }},
    StageColumn{"p99", 9, [](const SpansScene& s) { return Span(s.all, &LatencyScene::p99); }},
    StageColumn{"max", 9, [](const SpansScene& s) { return Span(s.all, &LatencyScene::max); }},
    StageColumn{"2 s: p50", 11,
                [](const SpansScene& s) { return Span(s.lately, &LatencyScene::p50); }},
    StageColumn{"p99", 9, [](const SpansScene& s) { return Span(s.lately, &LatencyScene::p99); }},
    StageColumn{"timed", 14, [](const SpansScene& s) { return CountText(s.all.count); }}};
// Behind the columns, where there is still room.
constexpr int kTitleGap = 2;

void DrawLine(std::string_view name, std::string_view title, const SpansScene& spans, int y,
              Picture* picture) {
  picture->Left(0, y, kNameWidth, name);
  int x = kNameWidth;
  for (const StageColumn& column : kColumns) {
    if (x + column.width > picture->width()) return;
    picture->Right(x, y, column.width, column.text(spans));
    x += column.width;
  }
  if (x + kTitleGap < picture->width()) {
    picture->Left(x + kTitleGap, y, picture->width() - x - kTitleGap, title, Style::kQuiet);
  }
}

}  // namespace

int StagesPageHeight() noexcept { return static_cast<int>(kStages.size()) + 2; }

void DrawStagesPage(const RingScene& scene, int y, int end, Picture* picture) {
  if (y >= end) return;
  picture->Left(0, y, kNameWidth, "stage", Style::kQuiet);
  int x = kNameWidth;
  for (const StageColumn& column : kColumns) {
    if (x + column.width > picture->width()) break;
    picture->Right(x, y, column.width, column.heading, Style::kQuiet);
    x += column.width;
  }
  for (const StageEntry& stage : kStages) {
    if (++y >= end) return;
    DrawLine(stage.name, stage.description, scene.stages[Index(stage.stage)], y, picture);
  }
  if (++y >= end) return;
  DrawLine("whole", "from the frame in memory to the record visible in the ring, of all records",
           {scene.latency, scene.latency_lately}, y, picture);
}

}  // namespace thalweg
