// --config and --check-config, for every subcommand that runs an engine.
//
// A setting of the file is given to its option as if it stood on the command line, before CLI11
// looks at what options require of each other; an option that does stand there outranks the file.
// So each option is declared once, and nothing here names one.
//
// Threads: one. Lifetime: outlives the command's parsing; neither copied nor moved.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/command_line.h"
#include "tools/config_file.h"

namespace thalweg {

class ConfigFlags {
 public:
  ConfigFlags() = default;
  ConfigFlags(const ConfigFlags&) = delete;
  ConfigFlags& operator=(const ConfigFlags&) = delete;

  // A file that is wrong ends the parsing as wrong usage (exit 2), one that cannot be read as such
  // (exit 3). With --check-config no positional is required.
  void AddTo(Command command);

  // Whether --check-config was given: print Effective() instead of doing the work.
  [[nodiscard]] bool check_only() const noexcept { return check_only_; }

  // What --config does with the text of its file; options that were given already stay.
  // InvalidArgument with file, line, column and key. REQUIRES: AddTo() was called.
  [[nodiscard]] absl::Status Apply(std::string name, std::string_view text);

  // A status that begins with the options it is about ("--emit: ...") gets the place in the file
  // instead ("run.toml:3:8: key 'emit': ..."), when one of them was set there.
  [[nodiscard]] absl::Status Explain(const absl::Status& status) const;

  // The configuration that is in effect, as a file that gives the same again. InvalidArgument for a
  // value that is not UTF-8 and so cannot stand in one.
  [[nodiscard]] absl::StatusOr<std::string> Effective() const;

 private:
  // The options that may stand in a file, in the order of --help.
  [[nodiscard]] std::vector<Option> Configurable() const;
  [[nodiscard]] absl::Status Read(const std::string& path);
  [[nodiscard]] absl::Status Give(const ConfigSetting& setting, Option option);
  [[nodiscard]] absl::Status CheckCompany(Option option) const;
  // What the file said of an option; null when it said nothing, or the command line outranked it.
  [[nodiscard]] const ConfigSetting* SettingOf(Option option) const;
  [[nodiscard]] absl::StatusOr<std::string> LineOf(Option option) const;

  Command command_;
  Option config_;
  Option check_;
  bool check_only_ = false;
  std::optional<ConfigFile> file_;
  std::set<std::string> from_file_;  // Keys.
};

}  // namespace thalweg
