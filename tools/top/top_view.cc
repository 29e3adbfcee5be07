#include "tools/top/top_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace thalweg {
namespace {

constexpr std::uint8_t kTabbedPages = 3;  // The first ones.
constexpr std::uint8_t kSorts = 3;

template <class Choice>
Choice Next(Choice choice, std::uint8_t choices) {
  return static_cast<Choice>((static_cast<std::uint8_t>(choice) + 1) % choices);
}

void Select(std::uint32_t id, const RingScene& scene, TopView* view) {
  view->selected = id;
  view->selected_name = scene.symbols[id].name;
}

void Move(std::ptrdiff_t steps, const RingScene& scene, TopView* view) {
  const std::vector<std::uint32_t> order = SortedSymbols(scene, view->sort);
  if (order.empty()) return;
  const auto found = std::find(order.begin(), order.end(), view->selected.value_or(order.front()));
  const auto from = found == order.end() ? 0 : found - order.begin();
  const auto last = static_cast<std::ptrdiff_t>(order.size()) - 1;
  const auto to = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(from + steps, 0, last));
  Select(order[to], scene, view);
}

}  // namespace

TopKey KeyOfCharacter(int character) noexcept {
  struct Named {
    int character;
    TopKey key;
  };
  static constexpr std::array kNamed{
      Named{'k', TopKey::kUp},     Named{'j', TopKey::kDown},      Named{'g', TopKey::kHome},
      Named{'G', TopKey::kEnd},    Named{'\t', TopKey::kNextPage}, Named{'\n', TopKey::kEnter},
      Named{'\r', TopKey::kEnter}, Named{'\x1b', TopKey::kBack},   Named{'\x7f', TopKey::kBack},
      Named{'\b', TopKey::kBack},  Named{'b', TopKey::kBucket},    Named{'l', TopKey::kStages},
      Named{'s', TopKey::kSort},   Named{'p', TopKey::kPause},     Named{' ', TopKey::kPause},
      Named{'?', TopKey::kHelp},   Named{'h', TopKey::kHelp},      Named{'q', TopKey::kQuit},
      Named{'Q', TopKey::kQuit}};
  for (const Named& named : kNamed) {
    if (named.character == character) return named.key;
  }
  return TopKey::kNone;
}

std::string_view TopSortName(TopSort sort) noexcept {
  switch (sort) {
    case TopSort::kId:
      return "id";
    case TopSort::kName:
      return "name";
    case TopSort::kRate:
      return "rate";
  }
  return "";
}

std::vector<std::uint32_t> SortedSymbols(const RingScene& scene, TopSort sort) {
  std::vector<std::uint32_t> order(scene.symbols.size());
  std::iota(order.begin(), order.end(), 0U);
  if (sort == TopSort::kName) {
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return scene.symbols[a].name < scene.symbols[b].name;
    });
  } else if (sort == TopSort::kRate) {
    // A rate that is not known comes last; NaN itself cannot be ordered.
    const auto rate = [&](std::uint32_t id) {
      const double all = scene.symbols[id].rates.all();
      return std::isnan(all) ? -1.0 : all;
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return rate(a) > rate(b); });
  }
  return order;
}

void Settle(const RingScene& scene, TopView* view) {
  const std::vector<SymbolScene>& symbols = scene.symbols;
  const bool there = view->selected && *view->selected < symbols.size();
  if (there && symbols[*view->selected].name == view->selected_name) return;
  const auto found = std::find_if(
      symbols.begin(), symbols.end(),
      [view](const SymbolScene& symbol) { return symbol.name == view->selected_name; });
  if (found != symbols.end()) {
    Select(static_cast<std::uint32_t>(found - symbols.begin()), scene, view);
  } else if (there) {
    Select(*view->selected, scene, view);
  } else if (!symbols.empty()) {
    Select(SortedSymbols(scene, view->sort).front(), scene, view);
  } else {
    view->selected.reset();
  }
}

void Press(TopKey key, const RingScene& scene, int rows, TopView* view) {
  if (view->help) {
    view->help = false;  // Any key.
    return;
  }
  const auto end = static_cast<std::ptrdiff_t>(scene.symbols.size());
  switch (key) {
    case TopKey::kUp:
      return Move(-1, scene, view);
    case TopKey::kDown:
      return Move(1, scene, view);
    case TopKey::kPageUp:
      return Move(-std::max(rows, 1), scene, view);
    case TopKey::kPageDown:
      return Move(std::max(rows, 1), scene, view);
    case TopKey::kHome:
      return Move(-end, scene, view);
    case TopKey::kEnd:
      return Move(end, scene, view);
    case TopKey::kNextPage:
      view->page =
          view->page == TopPage::kStages ? TopPage::kSymbols : Next(view->page, kTabbedPages);
      return;
    case TopKey::kEnter:
      view->page = view->page == TopPage::kSymbols ? TopPage::kLevels : TopPage::kSymbols;
      return;
    case TopKey::kBack:
      view->page = TopPage::kSymbols;
      return;
    case TopKey::kBucket:
      // The first look at the buckets shows the size that is chosen already.
      if (view->page == TopPage::kBuckets) ++view->bucket;
      view->page = TopPage::kBuckets;
      return;
    case TopKey::kStages:
      view->page = view->page == TopPage::kStages ? TopPage::kSymbols : TopPage::kStages;
      return;
    case TopKey::kSort:
      view->sort = Next(view->sort, kSorts);
      return;
    case TopKey::kPause:
      view->paused = !view->paused;
      return;
    case TopKey::kHelp:
      view->help = true;
      return;
    case TopKey::kNone:
    case TopKey::kQuit:
      return;
  }
}

}  // namespace thalweg
