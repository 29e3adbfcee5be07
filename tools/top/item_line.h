// A line of items, a label and a value each: as many as have room.
//
// Threads: one at a time.
#pragma once

#include <string_view>

#include "tools/top/picture.h"

namespace thalweg {

class ItemLine {
 public:
  ItemLine(Picture* picture, int y, int x = 0) : picture_(picture), y_(y), begin_(x), x_(x) {}

  // After an item that had no room there is none either.
  ItemLine& Item(std::string_view label, std::string_view value, Style style = Style::kPlain) {
    const int gap = x_ == begin_ ? 0 : kGap;
    const auto width =
        static_cast<int>(label.size() + value.size()) + (label.empty() || value.empty() ? 0 : 1);
    if (full_ || x_ + gap + width > picture_->width()) {
      full_ = true;
      return *this;
    }
    x_ = picture_->Text(x_ + gap, y_, label, Style::kQuiet);
    if (!label.empty() && !value.empty()) ++x_;
    x_ = picture_->Text(x_, y_, value, style);
    return *this;
  }
  // The room that is left for the value of an item with this label.
  [[nodiscard]] int room(std::string_view label) const {
    const int gap = x_ == begin_ ? 0 : kGap;
    return picture_->width() - x_ - gap - static_cast<int>(label.size()) - 1;
  }
  // At the end of the line; false when there is no room left.
  bool AtEnd(std::string_view text, Style style = Style::kQuiet) {
    const int x = picture_->width() - static_cast<int>(text.size());
    if (full_ || x < x_ + kGap) return false;
    picture_->Text(x, y_, text, style);
    return true;
  }

 private:
  static constexpr int kGap = 3;

  Picture* picture_;
  int y_;
  int begin_;
  int x_;
  bool full_ = false;
};

}  // namespace thalweg
