// The command line of the program: its subcommands, their options, and how arguments are read.
//
// CLI11 does the work. Its headers cost a compiler many seconds, so that they are compiled once, in
// command_line.cc; what stands here is the part of it that the program uses, without templates.
//
// A Command and an Option are handles: copies stand for the same subcommand, the same option. Each
// belongs to a CommandLine and is good as long as that lives; so do the values that options write
// to. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name.
class App;
class Option;
}  // namespace CLI

namespace thalweg {

class Option {
 public:
  Option() = default;  // Stands for none: nothing else may be asked of it than whether it is one.
  explicit Option(CLI::Option* option) noexcept : option_(option) {}

  friend bool operator==(Option, Option) = default;

  // --- As it is declared; each answers the option itself -----------------------------------------

  // The title that it stands under in --help.
  Option Group(const std::string& title) const;
  Option Required(bool required = true) const;
  // The word for its value in --help; tools/option_kind.h takes the option's kind from it.
  Option TypeName(const std::string& word) const;
  // The default, which is the variable's value now, stands in --help.
  Option ShowDefault() const;
  // Of a list: "--name A --name B", while in "--name A B" the B is something else.
  Option OneValueAtATime() const;
  // Both are included. Of the type of the option's variable.
  Option Range(int least, int most) const;
  Option Range(std::uint64_t least, std::uint64_t most) const;
  Option Range(double least, double most) const;
  Option OneOf(const std::vector<std::string>& words) const;
  Option Needs(Option other) const;
  Option Excludes(Option other) const;  // And the other one excludes this.

  // --- What it is --------------------------------------------------------------------------------

  [[nodiscard]] std::string name() const;       // As messages call it: "--out", or "RECORDING".
  [[nodiscard]] std::string long_name() const;  // "out"; empty when it has none.
  [[nodiscard]] std::string group() const;
  // With what is checked of the value behind a colon: "INT:INT in [1 - 10]".
  [[nodiscard]] std::string type_name() const;
  [[nodiscard]] int values_max() const;  // 0: a flag.
  [[nodiscard]] bool is_positional() const;
  [[nodiscard]] std::vector<Option> needs() const;
  [[nodiscard]] std::vector<Option> excludes() const;

  // --- What was given ----------------------------------------------------------------------------

  [[nodiscard]] bool is_given() const;
  [[nodiscard]] std::vector<std::string> values() const;  // As texts.
  [[nodiscard]] std::string default_text() const;         // Empty unless it is shown.
  [[nodiscard]] bool is_true() const;                     // Of a flag.
  // Gives it these values as the command line does. InvalidArgument when the option refuses them.
  [[nodiscard]] absl::Status Give(const std::vector<std::string>& values) const;

 private:
  CLI::Option* option_ = nullptr;
};

// A subcommand. An option whose name has no dashes is a positional.
class Command {
 public:
  Command() = default;  // Stands for none, as with Option.
  explicit Command(CLI::App* app) noexcept : app_(app) {}

  friend bool operator==(Command, Command) = default;

  // What stands below the options in --help.
  void Footer(const std::string& text) const;
  // What is done when the subcommand was chosen and its options are good.
  void OnRun(std::function<void()> run) const;

  Option AddOption(const std::string& name, std::string& value,
                   const std::string& description) const;
  Option AddOption(const std::string& name, std::vector<std::string>& value,
                   const std::string& description) const;
  Option AddOption(const std::string& name, int& value, const std::string& description) const;
  Option AddOption(const std::string& name, std::uint64_t& value,
                   const std::string& description) const;
  Option AddOption(const std::string& name, double& value, const std::string& description) const;
  Option AddFlag(const std::string& name, bool& value, const std::string& description) const;

  // `take` is called with the value before it is looked at what options require of each other. An
  // InvalidArgument of it is wrong usage, another error an input that cannot be read.
  Option AddOptionCallback(const std::string& name,
                           std::function<absl::Status(const std::string&)> take,
                           const std::string& description) const;
  Option AddFlagCallback(const std::string& name, std::function<void()> take,
                         const std::string& description) const;

  // In the order of --help, which is the first.
  [[nodiscard]] std::vector<Option> options() const;
  [[nodiscard]] Option help() const;
  // REQUIRES: there is an option of this name, "--out".
  [[nodiscard]] Option Named(const std::string& name) const;

 private:
  CLI::App* app_ = nullptr;
};

class CommandLine {
 public:
  explicit CommandLine(const std::string& description);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // What --version says.
  void Version(const std::string& text);
  void Footer(const std::string& text);
  Command AddSubcommand(const std::string& name, const std::string& description);

  // Reads the arguments, as of main(), and runs the one subcommand that they name. kExitGood: it
  // was run, or `out` has what --help or --version asked for. Else `err` says what is wrong:
  // kExitUsage, or kExitFailedIo for an input that cannot be read. An empty value is always wrong.
  // REQUIRES: called once.
  [[nodiscard]] int Parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace thalweg
