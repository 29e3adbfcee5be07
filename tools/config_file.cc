#include "tools/config_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/string_view.h"
#include "tools/bucket_lists.h"

// All of it in this file, and errors as values: Debian's library of it throws. Its assertions,
// which without NDEBUG stop the program and with it are assumptions of the optimiser, are left out:
// in version 3.3 a bad file breaks them ("[="), and the code behind them then reports it properly.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expression) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include "toml++/toml.h"
#pragma pop_macro("NDEBUG")

namespace thalweg {
namespace {

using Shape = OptionKind::Shape;

// What takes lists apart on the command line, and so cannot be part of a name or a size.
constexpr char kSeparators[] = ",;=";

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";

ConfigPlace PlaceOf(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

std::string_view LineOf(std::string_view text, std::uint32_t line) {
  for (std::uint32_t i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The letters, digits, signs and dots that begin at a place.
std::string_view NumberAt(std::string_view text, ConfigPlace place) {
  std::string_view line = LineOf(text, place.line);
  for (std::uint32_t column = 1; column < place.column && !line.empty(); ++column) {
    line.remove_prefix(1);
    while (!line.empty() && IsContinuation(line.front())) line.remove_prefix(1);
  }
  const auto is_of_number = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '_' ||
           c == '.';
  };
  const auto end = std::find_if_not(line.begin(), line.end(), is_of_number);
  return line.substr(0, static_cast<std::size_t>(end - line.begin()));
}

// The text of a decimal as it stands in the file, without the underscores and the plus that TOML
// allows. Nothing when it does not read back to the same number.
std::optional<std::string> ExactDecimal(std::string_view text, const toml::value<double>& value) {
  std::string digits =
      absl::StrReplaceAll(Abseil(NumberAt(text, PlaceOf(value.source()))), {{"_", ""}});
  if (!digits.empty() && digits.front() == '+') digits.erase(0, 1);
  double number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number != value.get() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return digits;
}

std::string Described(const toml::node& node) {
  if (const auto* text = node.as_string()) return absl::StrCat("the text \"", text->get(), "\"");
  if (const auto* whole = node.as_integer()) return absl::StrCat("the whole number ", whole->get());
  if (const auto* number = node.as_floating_point()) {
    return std::isfinite(number->get()) ? "a decimal number" : "no finite number";
  }
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a table";
  return "a date or a time";
}

// One key being read. Every function answers InvalidArgument with the place.
class SettingReader {
 public:
  SettingReader(const ConfigFile& file, std::string_view text, std::string key,
                const OptionKind& kind)
      : file_(file), text_(text), kind_(kind) {
    setting_.key = std::move(key);
  }

  absl::StatusOr<ConfigSetting> Read(const toml::node& node) {
    setting_.place = PlaceOf(node.source());
    absl::Status status = ReadShape(node);
    if (!status.ok()) return status;
    return std::move(setting_);
  }

 private:
  absl::Status ReadShape(const toml::node& node) {
    switch (kind_.shape) {
      case Shape::kFlag:
        return ReadFlag(node);
      case Shape::kOne:
        return ReadOne(node);
      case Shape::kMany:
        return ReadMany(node);
      case Shape::kNames:
        return ReadNames(node);
      case Shape::kSizes:
        return node.is_table() ? ReadSizesOfSymbols(*node.as_table()) : ReadSizesOfAll(node);
    }
    return absl::OkStatus();
  }

  absl::Status ReadFlag(const toml::node& node) {
    const auto* flag = node.as_boolean();
    if (flag == nullptr) return WrongType(node);
    if (flag->get()) setting_.values.emplace_back("true");
    return absl::OkStatus();
  }

  absl::Status ReadOne(const toml::node& node) {
    absl::StatusOr<std::string> value =
        Scalar(node, kind_.takes_text, kind_.takes_whole, kind_.takes_number);
    if (!value.ok()) return value.status();
    setting_.values.push_back(*std::move(value));
    return absl::OkStatus();
  }

  absl::Status ReadMany(const toml::node& node) {
    absl::Status status = ReadItems(node, kind_.takes_text, kind_.takes_whole, kind_.takes_number);
    for (const ConfigItem& item : setting_.items) setting_.values.push_back(item.text);
    return status;
  }

  absl::Status ReadNames(const toml::node& node) {
    absl::Status status = ReadItems(node, /*text=*/true, /*whole=*/false, /*number=*/false);
    std::vector<std::string> names;
    for (const ConfigItem& item : setting_.items) {
      if (status.ok()) status = CheckPart(item);
      names.push_back(item.text);
    }
    setting_.values.push_back(absl::StrJoin(names, ","));
    return status;
  }

  absl::Status ReadSizesOfAll(const toml::node& node) {
    const absl::StatusOr<std::string> sizes = Sizes(node);
    if (!sizes.ok()) return sizes.status();
    setting_.values.push_back(*sizes);
    return absl::OkStatus();
  }

  absl::Status ReadSizesOfSymbols(const toml::table& table) {
    if (table.empty()) return Wrong(setting_.place, "the table is empty");
    std::vector<std::string> lists;
    for (auto&& [key, node] : table) {
      const ConfigItem symbol{std::string(key.str()), PlaceOf(key.source())};
      absl::Status status = CheckPart(symbol);
      if (!status.ok()) return status;
      setting_.items.push_back(symbol);
      const absl::StatusOr<std::string> sizes = Sizes(node);
      if (!sizes.ok()) return sizes.status();
      lists.push_back(symbol.text == kOtherSymbols ? *sizes
                                                   : absl::StrCat(symbol.text, "=", *sizes));
    }
    setting_.values.push_back(absl::StrJoin(lists, ";"));
    return absl::OkStatus();
  }

  // A list of sizes as the command line has it. A size in quotes is as good as a number.
  absl::StatusOr<std::string> Sizes(const toml::node& node) {
    const std::size_t before = setting_.items.size();
    absl::Status status = ReadItems(node, /*text=*/true, /*whole=*/true, /*number=*/true);
    std::vector<std::string> sizes;
    for (std::size_t i = before; i < setting_.items.size(); ++i) {
      if (status.ok()) status = CheckPart(setting_.items[i]);
      sizes.push_back(setting_.items[i].text);
    }
    if (!status.ok()) return status;
    return absl::StrJoin(sizes, ",");
  }

  absl::Status ReadItems(const toml::node& node, bool text, bool whole, bool number) {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return WrongType(node);
    if (list->empty()) return Wrong(PlaceOf(node.source()), "the list is empty");
    std::set<std::string> before;
    for (const toml::node& item : *list) {
      absl::StatusOr<std::string> value = Scalar(item, text, whole, number);
      if (!value.ok()) return value.status();
      const ConfigPlace place = PlaceOf(item.source());
      if (!before.insert(*value).second) {
        return Wrong(place, absl::StrCat("'", *value, "' is in the list twice"));
      }
      setting_.items.push_back({*std::move(value), place});
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Scalar(const toml::node& node, bool text, bool whole, bool number) {
    if (const auto* string = node.as_string(); string != nullptr && text) {
      if (!string->get().empty()) return string->get();
      return Wrong(PlaceOf(node.source()), "the value is empty");
    }
    if (const auto* integer = node.as_integer(); integer != nullptr && (whole || number)) {
      return absl::StrCat(integer->get());
    }
    if (const auto* decimal = node.as_floating_point(); decimal != nullptr && number) {
      std::optional<std::string> exact = ExactDecimal(text_, *decimal);
      if (exact) return *std::move(exact);
    }
    return WrongType(node);
  }

  // A part of what the command line has as one text.
  absl::Status CheckPart(const ConfigItem& part) const {
    if (absl::StripAsciiWhitespace(part.text).size() != part.text.size() || part.text.empty()) {
      return Wrong(part.place, absl::StrCat("'", part.text, "' is empty or has blanks around it"));
    }
    if (part.text.find_first_of(kSeparators) == std::string::npos) return absl::OkStatus();
    return Wrong(part.place, absl::StrCat("'", part.text,
                                          "' is one item and cannot have a comma, a semicolon "
                                          "or an equals sign"));
  }

  absl::Status WrongType(const toml::node& node) const {
    return Wrong(PlaceOf(node.source()),
                 absl::StrCat(Described(node), " is not ", WantedBy(kind_)));
  }

  absl::Status Wrong(ConfigPlace place, absl::string_view fault) const {
    return absl::InvalidArgumentError(
        absl::StrCat(file_.At(place), ": key '", setting_.key, "': ", fault));
  }

  const ConfigFile& file_;
  std::string_view text_;
  const OptionKind& kind_;
  ConfigSetting setting_;
};

// The end of the string whose first quote stands at `begin`. One that is not closed ends with its
// line or, of several lines, with the text; the parser says so.
std::size_t EndOfString(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string fence(3, quote);
  const bool has_lines = text.substr(begin).starts_with(fence);
  std::size_t i = begin + (has_lines ? fence.size() : 1);
  while (i < text.size()) {
    if (text[i] == '\\' && quote == '"') {
      i += 2;
    } else if (has_lines && text.substr(i).starts_with(fence)) {
      i += fence.size();
      // Up to two quotes before the closing ones are part of the string.
      for (int more = 0; more < 2 && i < text.size() && text[i] == quote; ++more) ++i;
      return i;
    } else if (!has_lines && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    } else {
      ++i;
    }
  }
  return text.size();
}

// The first character beyond ASCII that is neither in a string nor in a comment: never TOML, and
// undefined behaviour in version 3.3 of the parser.
std::optional<ConfigPlace> FirstStrayCharacter(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) {
    if (text[i] == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (text[i] == '"' || text[i] == '\'') {
      i = EndOfString(text, i);
    } else {
      ++i;
    }
  }
  if (i >= text.size()) return std::nullopt;
  const std::string_view before = text.substr(0, i);
  const std::size_t line = before.rfind('\n') + 1;  // Of none: 0.
  const auto is_character = [](char byte) { return !IsContinuation(byte); };
  return ConfigPlace{
      static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
      static_cast<std::uint32_t>(std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line),
                                               before.end(), is_character) +
                                 1)};
}

// The key that a line seems to set: "key 'emit': ", or nothing.
std::string KeyOfLine(std::string_view text, std::uint32_t line) {
  const std::string_view assignment = LineOf(text, line);
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) return {};
  const absl::string_view key = absl::StripAsciiWhitespace(Abseil(assignment.substr(0, equals)));
  const auto is_bare = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  };
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_bare)) return {};
  return absl::StrCat("key '", key, "': ");
}

}  // namespace

absl::StatusOr<ConfigFile> ConfigFile::Parse(std::string name, std::string_view text,
                                             const std::map<std::string, OptionKind>& keys) {
  ConfigFile file(std::move(name));
  if (text.size() > kConfigBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name_, ": more than ", kConfigBytesMax, " bytes: no configuration file"));
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(sizeof(kByteOrderMark) - 1);
  const auto no_toml = [&](ConfigPlace place, std::string_view fault) {
    return absl::InvalidArgumentError(absl::StrCat(
        file.At(place), ": ", KeyOfLine(text, place.line), "not TOML: ", Abseil(fault)));
  };
  if (const std::optional<ConfigPlace> stray = FirstStrayCharacter(text)) {
    return no_toml(*stray, "a character beyond ASCII outside of quotes and comments");
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return no_toml(PlaceOf(parsed.error().source()), parsed.error().description());

  // The first fault in the file is told, not the first in the order of keys.
  std::multimap<ConfigPlace, std::pair<std::string, const toml::node*>> in_order;
  for (auto&& [key, node] : parsed.table()) {
    in_order.emplace(PlaceOf(key.source()), std::pair(std::string(key.str()), &node));
  }
  for (const auto& [place, entry] : in_order) {
    const auto& [key, node] = entry;
    const auto known = keys.find(key);
    if (known == keys.end()) {
      const auto name_of = [](std::string* out, const auto& item) { out->append(item.first); };
      return absl::InvalidArgumentError(
          absl::StrCat(file.At(place), ": key '", key,
                       "': there is no such key; these are: ", absl::StrJoin(keys, ", ", name_of)));
    }
    absl::StatusOr<ConfigSetting> setting =
        SettingReader(file, text, key, known->second).Read(*node);
    if (!setting.ok()) return setting.status();
    file.settings_.push_back(*std::move(setting));
  }
  return file;
}

const ConfigSetting* ConfigFile::Find(std::string_view key) const noexcept {
  for (const ConfigSetting& setting : settings_) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

std::string ConfigFile::At(ConfigPlace place) const {
  return absl::StrCat(name_, ":", place.line, ":", place.column);
}

}  // namespace thalweg
