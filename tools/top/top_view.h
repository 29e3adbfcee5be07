// What the person before the terminal wants to see, and how keys change it.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/top/ring_scene.h"

namespace thalweg {

enum class TopKey : std::uint8_t {
  kNone,
  kUp,
  kDown,
  kPageUp,
  kPageDown,
  kHome,
  kEnd,
  kNextPage,  // Tab: symbols, levels, buckets.
  kEnter,
  kBack,
  kBucket,
  kStages,
  kSort,
  kPause,
  kHelp,
  kQuit,
};
// What one typed; kNone for what means nothing.
[[nodiscard]] TopKey KeyOfCharacter(int character) noexcept;

enum class TopPage : std::uint8_t { kSymbols, kLevels, kBuckets, kStages };
// Of one symbol.
[[nodiscard]] constexpr bool ShowsBook(TopPage page) noexcept {
  return page == TopPage::kLevels || page == TopPage::kBuckets;
}
enum class TopSort : std::uint8_t { kId, kName, kRate };
[[nodiscard]] std::string_view TopSortName(TopSort sort) noexcept;

struct TopView {
  TopPage page = TopPage::kSymbols;
  TopSort sort = TopSort::kId;
  std::optional<std::uint32_t> selected;  // A symbol id, and whose it was.
  std::string selected_name;
  std::size_t bucket = 0;  // Which of the sizes; the first when there are fewer.
  bool paused = false;
  bool help = false;
};

// The ids of the scene's symbols in the order they are shown.
[[nodiscard]] std::vector<std::uint32_t> SortedSymbols(const RingScene& scene, TopSort sort);

// Sees to it that a symbol is selected, if there are any: the one of that name, which may have
// another id after another writer took over; else the one of that id; else the first.
void Settle(const RingScene& scene, TopView* view);

// Does what a key says, but for kQuit. `rows`: symbols on a page of the list.
void Press(TopKey key, const RingScene& scene, int rows, TopView* view);

}  // namespace thalweg
