#include "tools/record_comparison.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/record.h"
#include "core/string_view.h"
#include "tools/feature_table.h"

namespace thalweg {
namespace {

constexpr std::size_t kHeaderColumns = 6;  // Before the features.

// Takes the text up to the next comma off the front, and the comma.
std::string_view TakeField(std::string_view* row) noexcept {
  const std::size_t comma = row->find(',');
  const std::string_view field = row->substr(0, comma);
  row->remove_prefix(comma == std::string_view::npos ? row->size() : comma + 1);
  return field;
}

template <class T>
bool Reads(std::string_view text, T value) noexcept {
  T read{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  return error == std::errc() && end == text.data() + text.size() && read == value;
}

// To the last bit: 0 is not -0. There is one NaN (core/record.h).
bool Reads(std::string_view text, double value) noexcept {
  if (value != value) return text == "nan";
  double read = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  return error == std::errc() && end == text.data() + text.size() &&
         std::bit_cast<std::uint64_t>(read) == std::bit_cast<std::uint64_t>(value);
}

std::string NumberText(double value) {
  if (value != value) return "nan";
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordComparison>> RecordComparison::Open(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("--records: ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<RecordComparison>(new RecordComparison(path, std::move(file)));
}

RecordComparison::RecordComparison(std::string path, std::ifstream file)
    : path_(std::move(path)), file_(std::move(file)), buffer_(kRowBytesMax) {}

bool RecordComparison::NextRow() {
  if (!status_.ok()) return false;
  errno = 0;
  file_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  if (file_.bad()) {
    status_ = absl::UnavailableError(
        absl::StrCat("--records: ", path_, ": row ", row_count_, ": ", std::strerror(errno)));
    return false;
  }
  const auto taken = static_cast<std::size_t>(file_.gcount());
  if (file_.fail()) {
    if (taken == 0) return false;  // The end.
    status_ = absl::DataLossError(absl::StrCat("--records: ", path_, ": row ", row_count_ + 1,
                                               " is longer than ", kRowBytesMax, " bytes"));
    return false;
  }
  // The newline was taken too, but for a last row without one.
  row_ = std::string_view(buffer_.data(), file_.eof() ? taken : taken - 1);
  return true;
}

void RecordComparison::Differ(std::string_view column, std::string_view in_file,
                              std::string_view here) {
  difference_ = absl::StrCat("record ", record_count_, ": ", Abseil(column), " is ",
                             in_file.empty() ? "absent" : Abseil(in_file), " in ", path_, " and ",
                             Abseil(here), " here");
}

void RecordComparison::CompareHeader(const Catalogue& catalogue) {
  header_read_ = true;
  if (!NextRow()) row_ = {};
  const std::string expected = FeatureHeader(catalogue);
  if (row_ == expected) return;
  std::string_view here = expected;
  for (int column = 1; difference_.empty() && (!here.empty() || !row_.empty()); ++column) {
    const std::string_view in_file = TakeField(&row_);
    const std::string_view name = TakeField(&here);
    if (in_file == name) continue;
    difference_ = absl::StrCat("column ", column, " is '", Abseil(in_file), "' in ", path_,
                               " and '", Abseil(name), "' in the catalogue of these records");
  }
  if (difference_.empty()) difference_ = absl::StrCat("the columns of ", path_, " end in a comma");
}

void RecordComparison::Compare(const Catalogue& catalogue, const SymbolEngine& symbol,
                               const RecordBuffer& record) {
  if (!header_read_) CompareHeader(catalogue);
  ++record_count_;
  if (!NextRow()) return;
  ++row_count_;
  if (difference_.empty()) CompareRow(catalogue, symbol, record);
}

void RecordComparison::CompareRow(const Catalogue& catalogue, const SymbolEngine& symbol,
                                  const RecordBuffer& record) {
  const std::size_t columns = kHeaderColumns + catalogue.features().size();
  const auto values = static_cast<std::size_t>(std::count(row_.begin(), row_.end(), ',')) + 1;
  if (values != columns) {
    difference_ = absl::StrCat("record ", record_count_, ": ", values, " values in ", path_,
                               " and ", columns, " columns");
    return;
  }
  const RecordHeader header = record.header();
  const auto compare = [this](std::string_view column, auto value, auto text_of) {
    if (!difference_.empty()) return;
    const std::string_view field = TakeField(&row_);
    if (!Reads(field, value)) Differ(column, field, text_of(value));
  };
  const auto compare_text = [this](std::string_view column, std::string_view here) {
    if (!difference_.empty()) return;
    const std::string_view field = TakeField(&row_);
    if (field != here) Differ(column, field, here);
  };
  const auto integer = [](auto value) { return absl::StrCat(value); };
  compare("event_ns", header.event_ns, integer);
  compare("recv_ns", header.recv_ns, integer);
  compare("update_id", header.update_id, integer);
  compare_text("trigger", TriggerName(static_cast<Trigger>(header.trigger)));
  compare_text("symbol", symbol.name());
  compare("flags", header.flags, integer);
  for (std::size_t i = 0; i < catalogue.features().size(); ++i) {
    compare(catalogue.features()[i].name, record.features()[i], NumberText);
  }
}

void RecordComparison::Finish() {
  while (NextRow()) ++row_count_;
  if (!header_read_ && row_count_ > 0) --row_count_;  // The first one is the header.
}

}  // namespace thalweg
