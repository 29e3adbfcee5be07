#include "tools/config_flags.h"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tools/toml_text.h"

namespace thalweg {
namespace {

// Where the comments of Effective() begin, on lines that leave it free.
constexpr std::size_t kCommentColumn = 40;

bool IsGiven(Option option) { return option.is_given(); }

// Whether everything that the option requires is given, and nothing that excludes it.
bool IsInGoodCompany(Option option) {
  const std::vector<Option> needs = option.needs();
  const std::vector<Option> excludes = option.excludes();
  return std::all_of(needs.begin(), needs.end(), IsGiven) &&
         std::none_of(excludes.begin(), excludes.end(), IsGiven);
}

// The option at the beginning of a text, "--emit"; empty when it begins with something else.
absl::string_view OptionAt(absl::string_view text) {
  if (!absl::StartsWith(text, "--")) return {};
  const auto is_of_name = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
  };
  const auto end = std::find_if_not(text.begin(), text.end(), is_of_name);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// The one item of a setting that a message is about, by its text in quotes or as a symbol ("of
// BTCUSDT:"); else the whole value.
ConfigPlace PlaceOf(const ConfigSetting& setting, absl::string_view message) {
  for (const auto& [before, after] : {std::pair("'", "'"), std::pair(" of ", ":")}) {
    std::vector<ConfigPlace> places;
    for (const ConfigItem& item : setting.items) {
      if (absl::StrContains(message, absl::StrCat(before, item.text, after))) {
        places.push_back(item.place);
      }
    }
    if (places.size() == 1) return places.front();
  }
  return setting.place;
}

}  // namespace

void ConfigFlags::AddTo(Command command) {
  command_ = command;
  const char* const group = "Options in a file";
  const auto read = [this](const std::string& path) {
    // Help is there whatever the file says.
    return command_.help().is_given() ? absl::OkStatus() : Read(path);
  };
  config_ = command
                .AddOptionCallback(
                    "--config", read,
                    "These options without their dashes, as TOML; the command line outranks it")
                .TypeName("FILE.toml")
                .Group(group);
  const auto check = [this] {
    check_only_ = true;
    for (const Option option : command_.options()) {
      if (option.is_positional()) option.Required(false);
    }
  };
  check_ = command
               .AddFlagCallback("--check-config", check,
                                "Check all options, print what is in effect as TOML, and end")
               .Group(group);
}

std::vector<Option> ConfigFlags::Configurable() const {
  std::vector<Option> options;
  for (const Option option : command_.options()) {
    const bool is_about_files = option == config_ || option == check_;
    if (is_about_files || option == command_.help() || option.long_name().empty()) continue;
    options.push_back(option);
  }
  return options;
}

// --- From the file to the options ----------------------------------------------------------------

absl::Status ConfigFlags::Read(const std::string& path) {
  const auto unreadable = [&](absl::string_view reason) {
    return absl::NotFoundError(absl::StrCat("--config: cannot read ", path, ": ", reason));
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return unreadable("it is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable("there is no such file, or no permission");
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return unreadable("reading failed");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return Apply(path, text);
}

absl::Status ConfigFlags::Apply(std::string name, std::string_view text) {
  assert(command_ != Command());
  std::map<std::string, OptionKind> keys;
  std::map<std::string, Option> options;
  for (const Option option : Configurable()) {
    keys.emplace(option.long_name(), KindOf(option));
    options.emplace(option.long_name(), option);
  }
  absl::StatusOr<ConfigFile> file = ConfigFile::Parse(std::move(name), text, keys);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  for (const ConfigSetting& setting : file_->settings()) {
    absl::Status status = Give(setting, options.at(setting.key));
    if (!status.ok()) return status;
  }
  for (const ConfigSetting& setting : file_->settings()) {
    absl::Status status = CheckCompany(options.at(setting.key));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ConfigFlags::Give(const ConfigSetting& setting, Option option) {
  if (option.is_given()) return absl::OkStatus();
  from_file_.insert(setting.key);
  if (setting.values.empty()) return absl::OkStatus();
  absl::Status status = option.Give(setting.values);
  if (!status.ok() && !absl::StartsWith(status.message(), option.name())) {
    status = absl::InvalidArgumentError(absl::StrCat(option.name(), ": ", status.message()));
  }
  return Explain(status);
}

// CLI11 refuses the same, but cannot say where.
absl::Status ConfigFlags::CheckCompany(Option option) const {
  if (SettingOf(option) == nullptr || !option.is_given()) return absl::OkStatus();
  for (const Option needed : option.needs()) {
    if (needed.is_given()) continue;
    return Explain(
        absl::InvalidArgumentError(absl::StrCat(option.name(), ": requires ", needed.name())));
  }
  for (const Option excluded : option.excludes()) {
    if (!excluded.is_given()) continue;
    return Explain(
        absl::InvalidArgumentError(absl::StrCat(option.name(), ": excludes ", excluded.name())));
  }
  return absl::OkStatus();
}

const ConfigSetting* ConfigFlags::SettingOf(Option option) const {
  const std::string key = option.long_name();
  return from_file_.contains(key) ? file_->Find(key) : nullptr;
}

absl::Status ConfigFlags::Explain(const absl::Status& status) const {
  if (status.ok()) return status;
  const absl::string_view message = status.message();
  const std::size_t head_end = std::min(message.find(": "), message.size());
  for (const Option option : Configurable()) {
    const ConfigSetting* const setting = SettingOf(option);
    if (setting == nullptr) continue;
    const std::string name = option.name();
    for (std::size_t at = message.find(name); at < head_end; at = message.find(name, at + 1)) {
      if (OptionAt(message.substr(at)) != name) continue;
      return absl::Status(status.code(), absl::StrCat(file_->At(PlaceOf(*setting, message)), ": ",
                                                      message.substr(0, at), "key '", setting->key,
                                                      "'", message.substr(at + name.size())));
    }
  }
  return status;
}

// --- From the options to a file ------------------------------------------------------------------

absl::StatusOr<std::string> ConfigFlags::LineOf(Option option) const {
  const std::string key = option.long_name();
  const OptionKind kind = KindOf(option);
  const ConfigSetting* const setting = SettingOf(option);
  std::vector<std::string> texts = option.values();
  std::string source = "command line";
  if (setting != nullptr) {
    source = file_->At(setting->place);
  } else if (texts.empty()) {
    source = "default";
    if (!option.default_text().empty()) texts.push_back(option.default_text());
  }
  if (kind.shape == OptionKind::Shape::kFlag) {
    texts.clear();
    if (option.is_given() && option.is_true()) texts.emplace_back("true");
  } else if (texts.empty()) {
    return absl::StrCat("# ", key, " is not set\n");
  }

  std::string line = absl::StrCat(key, " = ", TomlValue(texts, kind));
  // What is promised is looked at: that the line is read, and says the same.
  const absl::StatusOr<ConfigFile> read = ConfigFile::Parse(option.name(), line, {{key, kind}});
  if (!read.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        option.name(), ": as it was given it cannot stand in a file: ", read.status().message()));
  }
  // A default without what it requires would be refused if it stood in a file.
  if (!option.is_given() && !texts.empty() && !IsInGoodCompany(option)) line.insert(0, "# ");
  line.resize(std::max(line.size() + 2, kCommentColumn), ' ');
  return absl::StrCat(line, "# ", source, "\n");
}

absl::StatusOr<std::string> ConfigFlags::Effective() const {
  std::string text;
  std::string group;
  for (const Option option : Configurable()) {
    const absl::StatusOr<std::string> line = LineOf(option);
    if (!line.ok()) return line.status();
    if (option.group() != group) {
      group = option.group();
      absl::StrAppend(&text, text.empty() ? "" : "\n", "# ", group, "\n");
    }
    text += *line;
  }
  return text;
}

}  // namespace thalweg
