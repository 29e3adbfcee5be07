#include "tools/toml_text.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tools/bucket_lists.h"
#include "tools/symbol_list.h"

namespace thalweg {
namespace {

using Shape = OptionKind::Shape;

// The parser reads no longer numbers.
constexpr std::size_t kNumberCharactersMax = 100;

bool AreDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// A plain number: no plus, no leading zero, no exponent; whole ones fit 64 bits.
bool IsTomlNumber(absl::string_view text) {
  if (text.size() > kNumberCharactersMax) return false;
  absl::string_view whole = text;
  absl::ConsumePrefix(&whole, "-");
  const std::size_t dot = whole.find('.');
  if (dot == absl::string_view::npos) {
    std::int64_t value = 0;
    if (!absl::SimpleAtoi(text, &value)) return false;
  } else if (!AreDigits(whole.substr(dot + 1))) {
    return false;
  }
  whole = whole.substr(0, dot);
  return AreDigits(whole) && (whole.size() == 1 || whole.front() != '0');
}

std::string NumberOrString(const std::string& text) {
  return IsTomlNumber(text) ? text : TomlString(text);
}

std::string One(const std::string& text, const OptionKind& kind) {
  return kind.takes_whole || kind.takes_number ? NumberOrString(text) : TomlString(text);
}

std::string List(const std::vector<std::string>& values) {
  return absl::StrCat("[", absl::StrJoin(values, ", "), "]");
}

std::string Sizes(const std::vector<std::string>& sizes) {
  const auto append = [](std::string* out, const std::string& size) {
    *out += NumberOrString(size);
  };
  return absl::StrCat("[", absl::StrJoin(sizes, ", ", append), "]");
}

std::string SizesOf(const BucketLists& lists) {
  if (lists.of_symbols.empty()) return Sizes(*lists.common);
  std::vector<std::string> entries;
  for (const auto& [symbol, sizes] : lists.of_symbols) {
    entries.push_back(absl::StrCat(TomlString(symbol), " = ", Sizes(sizes)));
  }
  if (lists.common) {
    entries.push_back(absl::StrCat(TomlString(kOtherSymbols), " = ", Sizes(*lists.common)));
  }
  return absl::StrCat("{", absl::StrJoin(entries, ", "), "}");
}

}  // namespace

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (absl::ascii_iscntrl(byte)) {
      absl::StrAppendFormat(&quoted, "\\u%04X", byte);
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

std::string TomlValue(const std::vector<std::string>& texts, const OptionKind& kind) {
  if (kind.shape == Shape::kFlag) return texts.empty() ? "false" : "true";
  assert(!texts.empty());
  std::vector<std::string> values;
  switch (kind.shape) {
    case Shape::kFlag:
      break;
    case Shape::kOne:
      return One(texts.back(), kind);
    case Shape::kMany:
      for (const std::string& text : texts) values.push_back(One(text, kind));
      break;
    case Shape::kNames:
      for (const std::string& name : SplitSymbolList(texts.back())) {
        values.push_back(TomlString(name));
      }
      break;
    case Shape::kSizes: {
      const absl::StatusOr<BucketLists> lists = ParseBuckets(texts.back());
      return lists.ok() ? SizesOf(*lists) : TomlString(texts.back());
    }
  }
  return List(values);
}

}  // namespace thalweg
