// Between std::string_view, which our interfaces speak, and absl::string_view, which is a type of
// its own where abseil was packaged for C++14 (Debian 12).
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace thalweg {

[[nodiscard]] constexpr absl::string_view Abseil(std::string_view text) noexcept {
  return {text.data(), text.size()};
}
// Named so that it is never ambiguous where abseil's type is the standard one.
[[nodiscard]] constexpr std::string_view Standard(absl::string_view text) noexcept {
  return {text.data(), text.size()};
}

}  // namespace thalweg
