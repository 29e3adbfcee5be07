// Configuration files: whatever the bytes are, a file is refused with its place, or its settings
// are in effect and written as a file that gives the same again.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tools/command_line.h"
#include "tools/config_flags.h"
#include "tools/engine_flags.h"

namespace thalweg {
namespace {

using fuzz::Require;

constexpr char kName[] = "f.toml";

// The options of an engine, and some of the other kinds that there are.
struct ExampleCommand {
  ExampleCommand() {
    engine.AddTo(command);
    command.AddFlag("--strict", strict, "Flag");
    const Option ring = command.AddOption("--ring", text, "Text");
    command.AddOption("--count", count, "C++ type").ShowDefault().Needs(ring);
    command.AddOption("--wait", wait, "C++ type");
    command.AddOption("--speed", speed, "Number or word").TypeName("X|max");
    config.AddTo(command);
  }

  CommandLine line{"fuzz"};
  Command command = line.AddSubcommand("example", "A command");
  EngineFlags engine;
  bool strict = false;
  std::string text;
  int count = 5;
  double wait = 0;
  std::string speed;
  ConfigFlags config;
};

// "f.toml:LINE:COLUMN: " with a reason behind it.
bool HasPlace(std::string_view message) {
  const std::string_view name(kName);
  if (message.substr(0, name.size()) != name) return false;
  message.remove_prefix(name.size());
  for (int part = 0; part < 2; ++part) {
    if (message.empty() || message.front() != ':') return false;
    message.remove_prefix(1);
    const std::size_t digits = message.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || message.front() == '0') return false;
    message.remove_prefix(digits);
  }
  return message.substr(0, 2) == ": " && message.size() > 2;
}

// Every option's values. Lists may be written in more than one way: what is in effect has one.
std::vector<std::vector<std::string>> ValuesOf(const ExampleCommand& example) {
  std::vector<std::vector<std::string>> values;
  for (const Option option : example.command.options()) values.push_back(option.values());
  return values;
}

std::string WithoutComments(const std::string& effective) {
  std::string text;
  for (std::size_t begin = 0; begin < effective.size();) {
    const std::size_t end = effective.find('\n', begin);
    std::string line = effective.substr(begin, end - begin);
    // The last comment says where the value is from.
    text += line.substr(0, line.rfind("  # ")) + "\n";
    begin = end + 1;
  }
  return text;
}

void CheckRefusal(const absl::Status& status) {
  const std::string message(status.message());
  Require(absl::IsInvalidArgument(status), "a refusal is of the configuration");
  Require(HasPlace(message), "a refusal says where");
}

void CheckEngineOptions(const ExampleCommand& example) {
  // It would be read.
  if (!example.engine.exchange_info_path().empty()) return;
  const absl::StatusOr<EngineOptions> options = example.engine.ToOptions();
  if (!options.ok()) CheckRefusal(example.config.Explain(options.status()));
}

void CheckEffective(const ExampleCommand& example) {
  const absl::StatusOr<std::string> effective = example.config.Effective();
  if (!effective.ok()) {
    Require(!effective.status().message().empty(), "what cannot stand in a file says why");
    return;
  }
  ExampleCommand again;
  Require(again.config.Apply(kName, *effective).ok(), "what is in effect is a good file");
  const absl::StatusOr<std::string> twice = again.config.Effective();
  Require(twice.ok(), "what is in effect is written again");
  Require(WithoutComments(*twice) == WithoutComments(*effective), "and is the same");
  ExampleCommand third;
  Require(third.config.Apply(kName, *twice).ok(), "a third time");
  Require(ValuesOf(third) == ValuesOf(again), "its values are the same");
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  ExampleCommand example;
  const absl::Status status = example.config.Apply(kName, fuzz::TextOf(data, size));
  if (!status.ok()) {
    CheckRefusal(status);
    return 0;
  }
  CheckEngineOptions(example);
  CheckEffective(example);
  return 0;
}
