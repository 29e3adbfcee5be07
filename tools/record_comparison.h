// Records against the rows that a live run wrote with --out, one by one, to the last bit.
//
// A row is read back as the numbers that it was written from (shortest decimals read back exactly),
// so a difference is named by its column. Memory: one row. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "features/catalogue.h"
#include "pipeline/record_buffer.h"
#include "pipeline/symbol_engine.h"

namespace thalweg {

// A longer row is no row of ours: 82 features take 2 KB.
inline constexpr std::size_t kRowBytesMax = std::size_t{1} << 16;

class RecordComparison {
 public:
  // NotFound or Unavailable with file and reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RecordComparison>> Open(
      const std::string& path);

  // The next record. Behind the first difference rows are only counted.
  void Compare(const Catalogue& catalogue, const SymbolEngine& symbol, const RecordBuffer& record);
  // No record follows: what is left of the file is counted.
  void Finish();

  // "record 17: mid is 1.5 in live.csv and 1.25 here"; empty while everything is equal.
  [[nodiscard]] const std::string& difference() const noexcept { return difference_; }
  // Of the file, and records that were compared with it. Equal numbers after Finish(), unless
  // difference() says so.
  [[nodiscard]] std::int64_t row_count() const noexcept { return row_count_; }
  [[nodiscard]] std::int64_t record_count() const noexcept { return record_count_; }
  // OK, or why the file cannot be read on.
  [[nodiscard]] const absl::Status& status() const noexcept { return status_; }

 private:
  RecordComparison(std::string path, std::ifstream file);

  // False at the end of the file, and when it cannot be read.
  [[nodiscard]] bool NextRow();
  void CompareHeader(const Catalogue& catalogue);
  void CompareRow(const Catalogue& catalogue, const SymbolEngine& symbol,
                  const RecordBuffer& record);
  void Differ(std::string_view column, std::string_view in_file, std::string_view here);

  const std::string path_;
  std::ifstream file_;
  std::vector<char> buffer_;
  std::string_view row_;  // The newest, without its newline.
  bool header_read_ = false;
  std::int64_t row_count_ = 0;
  std::int64_t record_count_ = 0;
  std::string difference_;
  absl::Status status_;
};

}  // namespace thalweg
