// A payload with exactly the readable bytes around it that decoders may count on: the sanitizers
// see any read beyond them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

#include "feeds/decode/frame.h"

namespace thalweg {

class PaddedText {
 public:
  explicit PaddedText(std::string_view text, char padding = '\0')
      : bytes_(new char[text.size() + 2 * kPayloadPadding]), size_(text.size()) {
    std::fill_n(bytes_.get(), size_ + 2 * kPayloadPadding, padding);
    std::copy(text.begin(), text.end(), bytes_.get() + kPayloadPadding);
  }

  [[nodiscard]] std::string_view view() const { return {bytes_.get() + kPayloadPadding, size_}; }

  // Puts `text` behind the payload, as far as the padding goes.
  void FillAfter(std::string_view text) {
    const std::size_t bytes = std::min(text.size(), kPayloadPadding);
    std::copy_n(text.begin(), bytes, bytes_.get() + kPayloadPadding + size_);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

}  // namespace thalweg
