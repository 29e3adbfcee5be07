// Where a value lies in a record, for records in memory and on rings alike: found by name once,
// then an index. Names that are known when a program is compiled can be checked then.
//
//   const auto columns = source.Bind<"mid", "imbalance_l10">();  // An engine or a ring's reader.
//   const double mid = columns->Get<"mid">(record);
//
// A column belongs to the schema of what made it; with a record of another one it means nothing.
// Threads: immutable values.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"

namespace thalweg {

// Where an f64 lies: an index into a record, checked when it was made. Made by the Column() of an
// engine or a ring's reader.
class RecordColumn {
 public:
  RecordColumn() = default;  // Of the schema hash: no use, but no harm.
  // In words of eight bytes from the start of the record.
  explicit constexpr RecordColumn(std::size_t word) noexcept : word_(word) {}
  [[nodiscard]] constexpr std::size_t word() const noexcept { return word_; }

 private:
  std::size_t word_ = 0;
};

// A name that is a template argument: "mid".
template <std::size_t kSize>
struct RecordColumnName {
  // NOLINTNEXTLINE(google-explicit-constructor, cppcoreguidelines-avoid-c-arrays): a text literal.
  consteval RecordColumnName(const char (&text)[kSize]) { std::copy_n(text, kSize, value.begin()); }
  [[nodiscard]] constexpr std::string_view view() const noexcept {
    return {value.data(), kSize - 1};
  }
  constexpr bool operator==(const RecordColumnName&) const = default;
  std::array<char, kSize> value{};
};

// Columns whose names are known when the program is compiled; made by the Bind() of an engine or a
// ring's reader.
template <RecordColumnName... kNames>
class RecordColumns {
 public:
  // A name that was not bound does not compile.
  template <RecordColumnName kName, class Record>
  [[nodiscard]] double Get(const Record& record) const noexcept {
    constexpr std::size_t kIndex = IndexOf(kName.view());
    static_assert(kIndex < sizeof...(kNames), "this column was not bound");
    return record[columns_[kIndex]];
  }

  // For every name its source.Column(name); the first error of these.
  template <class Source>
  [[nodiscard]] static absl::StatusOr<RecordColumns> Of(const Source& source) {
    RecordColumns columns;
    const std::array<std::string_view, sizeof...(kNames)> names{kNames.view()...};
    for (std::size_t i = 0; i < names.size(); ++i) {
      const absl::StatusOr<RecordColumn> column = source.Column(names[i]);
      if (!column.ok()) return column.status();
      columns.columns_[i] = *column;
    }
    return columns;
  }

 private:
  static constexpr std::size_t IndexOf(std::string_view name) {
    const std::array<std::string_view, sizeof...(kNames)> names{kNames.view()...};
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
  std::array<RecordColumn, sizeof...(kNames)> columns_;
};

}  // namespace thalweg
