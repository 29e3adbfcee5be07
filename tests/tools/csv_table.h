// A CSV file as the tests read it: by the names of its columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

class CsvTable {
 public:
  // Texts without quotes; every row as long as the header, else the test fails.
  explicit CsvTable(std::string_view text);

  [[nodiscard]] const std::vector<std::string>& header() const noexcept { return header_; }
  [[nodiscard]] std::size_t row_count() const noexcept { return rows_.size(); }

  // By the place of its column. REQUIRES: both are there.
  [[nodiscard]] const std::string& Cell(std::size_t row, std::size_t column) const {
    return rows_[row][column];
  }
  [[nodiscard]] const std::string& Text(std::size_t row, std::string_view column) const;
  [[nodiscard]] std::int64_t Integer(std::size_t row, std::string_view column) const;
  [[nodiscard]] std::uint64_t Flags(std::size_t row) const;
  // NaN where the text is "nan".
  [[nodiscard]] double Number(std::size_t row, std::string_view column) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

[[nodiscard]] std::vector<std::string> SplitText(std::string_view text, char separator);
// The lines, each without its newline; nothing after the last one.
[[nodiscard]] std::vector<std::string> LinesOf(std::string_view text);

}  // namespace thalweg
