// The quality word and a symbol's state in a few words, for a narrow column; docs/FLAGS.md says
// what each bit means.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/quality.h"
#include "tools/top/picture.h"

namespace thalweg {

struct QualityWords {
  std::vector<std::string> words;  // The gravest first; empty when there is nothing to say.
  Style style = Style::kQuiet;     // Of the gravest.

  // As many as `width` holds, with the number of the others: "no book, resyncing +2".
  [[nodiscard]] std::string Fit(std::size_t width) const;
};

// Warm-ups are one word, of the shortest window that is not full; that of VPIN, which never ends in
// this release, is none.
[[nodiscard]] QualityWords DescribeInWords(QualityWord quality);

// RingStatus::state: "live"; "state 17" for one that there is not.
[[nodiscard]] std::string StateWord(std::uint32_t state);
[[nodiscard]] Style StateStyle(std::uint32_t state) noexcept;

}  // namespace thalweg
