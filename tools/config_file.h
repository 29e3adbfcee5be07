// A configuration file: TOML in, the texts out that a command line would give to the same options,
// each with its place.
//
// A key is the long name of an option without its dashes; what it takes is told by the option's
// kind. Whether a value is one that the option allows is the option's to judge: here only its type
// is. Numbers are never rounded: a decimal is the text that stands in the file.
//
// Threads: immutable after parsing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/option_kind.h"

namespace thalweg {

// A file of more bytes is refused.
inline constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;

// From 1; columns count characters, not bytes.
struct ConfigPlace {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend auto operator<=>(const ConfigPlace&, const ConfigPlace&) = default;
};

// An item of a list, or a symbol that has a list of its own.
struct ConfigItem {
  std::string text;
  ConfigPlace place;
};

struct ConfigSetting {
  std::string key;
  ConfigPlace place;                // Of the value.
  std::vector<std::string> values;  // One for each time the option is given; none: a flag is false.
  std::vector<ConfigItem> items;    // What the value is made of, when it is a list or a table.
};

class ConfigFile {
 public:
  // `name` stands for the file in messages; `keys`: those that there may be.
  // InvalidArgument: "NAME:LINE:COLUMN: key 'KEY': what is wrong, and what is allowed".
  [[nodiscard]] static absl::StatusOr<ConfigFile> Parse(
      std::string name, std::string_view text, const std::map<std::string, OptionKind>& keys);

  // In the order of the file, each key once.
  [[nodiscard]] const std::vector<ConfigSetting>& settings() const noexcept { return settings_; }
  // Null when the file does not have the key.
  [[nodiscard]] const ConfigSetting* Find(std::string_view key) const noexcept;
  // "NAME:LINE:COLUMN"
  [[nodiscard]] std::string At(ConfigPlace place) const;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  explicit ConfigFile(std::string name) : name_(std::move(name)) {}

  std::string name_;
  std::vector<ConfigSetting> settings_;
};

}  // namespace thalweg
