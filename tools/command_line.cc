#include "tools/command_line.h"

#include <ostream>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/exit_status.h"

namespace thalweg {
namespace {

template <class Options>
std::vector<Option> HandlesOf(const Options& options) {
  return std::vector<Option>(options.begin(), options.end());
}

std::vector<CLI::App*> AllSubcommands(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

// An empty value is what a script makes of a variable that is not set, and never meant as "not
// given".
void RefuseEmptyValues(CLI::App& app) {
  const auto refuse = [](const std::string& value) {
    return value.empty() ? std::string("the value is empty") : std::string();
  };
  for (CLI::App* command : AllSubcommands(app)) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_items_expected_max() > 0) option->check(refuse);
    }
  }
}

// What stands in the place of a subcommand may be a misspelled one.
std::string FaultWithoutSubcommand(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : AllSubcommands(app)) names.push_back(command->get_name());
  const std::vector<std::string> words = app.remaining();
  const std::string fault = words.empty() ? std::string("a subcommand is required")
                                          : absl::StrCat("'", words.front(), "' is no subcommand");
  return absl::StrCat(fault, ": there are ", absl::StrJoin(names, ", "));
}

// --help and --version are "errors" of status 0. Those that AddOptionCallback() throws say all
// there is to say.
int Answer(CLI::App& app, const CLI::ParseError& error, std::ostream& out, std::ostream& err) {
  const auto fail = [&](const std::string& fault, int exit_status) {
    err << "thalweg: " << fault << '\n';
    return exit_status;
  };
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (code == CLI::ExitCodes::ConfigError) return fail(error.what(), kExitUsage);
  if (code == CLI::ExitCodes::FileError) return fail(error.what(), kExitFailedIo);
  if (code != CLI::ExitCodes::Success && app.get_subcommands().empty()) {
    return fail(FaultWithoutSubcommand(app), kExitUsage);
  }
  return app.exit(error, out, err) == 0 ? kExitGood : kExitUsage;
}

}  // namespace

// --- Option --------------------------------------------------------------------------------------

Option Option::Group(const std::string& title) const { return Option(option_->group(title)); }

Option Option::Required(bool required) const { return Option(option_->required(required)); }

Option Option::TypeName(const std::string& word) const { return Option(option_->type_name(word)); }

Option Option::ShowDefault() const { return Option(option_->capture_default_str()); }

Option Option::OneValueAtATime() const { return Option(option_->allow_extra_args(false)); }

Option Option::Range(int least, int most) const {
  return Option(option_->check(CLI::Range(least, most)));
}

Option Option::Range(std::uint64_t least, std::uint64_t most) const {
  return Option(option_->check(CLI::Range(least, most)));
}

Option Option::Range(double least, double most) const {
  return Option(option_->check(CLI::Range(least, most)));
}

Option Option::OneOf(const std::vector<std::string>& words) const {
  option_->check(CLI::IsMember(words));
  return *this;
}

Option Option::Needs(Option other) const { return Option(option_->needs(other.option_)); }

Option Option::Excludes(Option other) const { return Option(option_->excludes(other.option_)); }

std::string Option::name() const { return option_->get_name(); }

std::string Option::long_name() const {
  return option_->get_lnames().empty() ? std::string() : option_->get_lnames().front();
}

std::string Option::group() const { return option_->get_group(); }

std::string Option::type_name() const { return option_->get_type_name(); }

int Option::values_max() const { return option_->get_items_expected_max(); }

bool Option::is_positional() const { return option_->get_positional(); }

std::vector<Option> Option::needs() const { return HandlesOf(option_->get_needs()); }

std::vector<Option> Option::excludes() const { return HandlesOf(option_->get_excludes()); }

bool Option::is_given() const { return option_->count() > 0; }

std::vector<std::string> Option::values() const { return option_->results(); }

std::string Option::default_text() const { return option_->get_default_str(); }

bool Option::is_true() const { return option_->as<bool>(); }

absl::Status Option::Give(const std::vector<std::string>& values) const {
  try {
    for (const std::string& value : values) option_->add_result(value);
    option_->run_callback();
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return absl::OkStatus();
}

// --- Command -------------------------------------------------------------------------------------

void Command::Footer(const std::string& text) const { app_->footer(text); }

void Command::OnRun(std::function<void()> run) const { app_->callback(std::move(run)); }

Option Command::AddOption(const std::string& name, std::string& value,
                          const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Command::AddOption(const std::string& name, std::vector<std::string>& value,
                          const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Command::AddOption(const std::string& name, int& value,
                          const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Command::AddOption(const std::string& name, std::uint64_t& value,
                          const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Command::AddOption(const std::string& name, double& value,
                          const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Option Command::AddFlag(const std::string& name, bool& value,
                        const std::string& description) const {
  return Option(app_->add_flag(name, value, description));
}

Option Command::AddOptionCallback(const std::string& name,
                                  std::function<absl::Status(const std::string&)> take,
                                  const std::string& description) const {
  const auto take_or_throw = [take = std::move(take)](const std::string& value) {
    const absl::Status status = take(value);
    if (status.ok()) return;
    const std::string message(status.message());
    if (absl::IsInvalidArgument(status)) throw CLI::ConfigError(message);
    throw CLI::FileError(message);
  };
  return Option(app_->add_option_function<std::string>(name, take_or_throw, description));
}

Option Command::AddFlagCallback(const std::string& name, std::function<void()> take,
                                const std::string& description) const {
  return Option(app_->add_flag_callback(name, std::move(take), description));
}

std::vector<Option> Command::options() const { return HandlesOf(app_->get_options()); }

Option Command::help() const { return Option(app_->get_help_ptr()); }

Option Command::Named(const std::string& name) const { return Option(app_->get_option(name)); }

// --- CommandLine ---------------------------------------------------------------------------------

CommandLine::CommandLine(const std::string& description)
    : app_(std::make_unique<CLI::App>(description)) {
  app_->require_subcommand(1);
}

CommandLine::~CommandLine() = default;

void CommandLine::Version(const std::string& text) { app_->set_version_flag("--version", text); }

void CommandLine::Footer(const std::string& text) { app_->footer(text); }

Command CommandLine::AddSubcommand(const std::string& name, const std::string& description) {
  return Command(app_->add_subcommand(name, description));
}

int CommandLine::Parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  RefuseEmptyValues(*app_);
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Answer(*app_, error, out, err);
  }
  return kExitGood;
}

}  // namespace thalweg
