#include "tests/tools/csv_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace thalweg {

std::vector<std::string> SplitText(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines = SplitText(text, '\n');
  EXPECT_EQ(lines.back(), "") << "the last line has no newline";
  lines.pop_back();
  return lines;
}

CsvTable::CsvTable(std::string_view text) {
  for (const std::string& line : LinesOf(text)) {
    std::vector<std::string> cells = SplitText(line, ',');
    if (header_.empty()) {
      header_ = std::move(cells);
      continue;
    }
    EXPECT_EQ(cells.size(), header_.size()) << "row " << rows_.size();
    cells.resize(header_.size());
    rows_.push_back(std::move(cells));
  }
}

const std::string& CsvTable::Text(std::size_t row, std::string_view column) const {
  static const std::string* const kNothing = new std::string("no such cell");
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end() || row >= rows_.size()) {
    ADD_FAILURE() << "no row " << row << " with a column " << column;
    return *kNothing;
  }
  return rows_[row][static_cast<std::size_t>(found - header_.begin())];
}

std::int64_t CsvTable::Integer(std::size_t row, std::string_view column) const {
  return std::stoll(Text(row, column));
}

std::uint64_t CsvTable::Flags(std::size_t row) const { return std::stoull(Text(row, "flags")); }

double CsvTable::Number(std::size_t row, std::string_view column) const {
  const std::string& text = Text(row, column);
  return text == "nan" ? std::numeric_limits<double>::quiet_NaN() : std::stod(text);
}

}  // namespace thalweg
