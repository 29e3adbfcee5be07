// --config on a command with options of every kind: what the file sets, what outranks it, what is
// refused and where, and that the configuration in effect gives itself again.

#include "tools/config_flags.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/tools/test_folder.h"
#include "tools/command_line.h"
#include "tools/exit_status.h"
#include "tools/option_kind.h"

namespace thalweg {
namespace {

using Texts = std::vector<std::string>;

// A command as commands are: options of C++ types, of our words, repeated, and tied to each other.
struct ExampleCommand {
  ExampleCommand() {
    const Command command = line.AddSubcommand("example", "A command");
    command.AddOption("INPUT", inputs, "Positional").Required();
    command.AddFlag("--strict", strict, "Flag");
    const Option ring = command.AddOption("--ring", ring_name, "Text");
    command.AddOption("--ring-capacity", capacity, "Whole number of a C++ type")
        .Range(8, 4096)
        .ShowDefault()
        .Needs(ring);
    command.AddOption("--wait", wait, "Decimal of a C++ type").ShowDefault();
    command.AddOption("--speed", speed, "A number or a word").TypeName("X|max");
    command.AddOption("--limit", limit, "Whole number").TypeName(kWholeNumberWord);
    command.AddOption("--instrument", instruments, "Repeated").OneValueAtATime();
    command.AddOption("--symbols", symbols, "Names").TypeName(kNamesWord);
    command.AddOption("--buckets", buckets, "Sizes").TypeName(kSizesWord).ShowDefault();
    command.AddFlag("--quiet", quiet, "Excludes").Excludes(ring);
    config.AddTo(command);
  }

  // What a user sees: the message of a refusal, or nothing.
  std::string Parse(const Texts& arguments) {
    std::vector<const char*> words{"thalweg", "example"};
    for (const std::string& argument : arguments) words.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    exit_status = line.Parse(static_cast<int>(words.size()), words.data(), out, err);
    help = out.str();
    std::string fault = err.str().substr(0, err.str().find('\n'));
    return fault.substr(fault.find("thalweg: ") == 0 ? std::string("thalweg: ").size() : 0);
  }

  CommandLine line{"a program"};
  int exit_status = kExitGood;
  std::string help;
  Texts inputs;
  bool strict = false;
  std::string ring_name;
  int capacity = 64;
  double wait = 0.5;
  std::string speed;
  std::string limit;
  Texts instruments;
  std::string symbols;
  std::string buckets = "10,50";
  bool quiet = false;
  ConfigFlags config;
};

class ConfigFlagsTest : public testing::Test {
 protected:
  // The command after it read `text` and the arguments.
  std::unique_ptr<ExampleCommand> Read(const std::string& text, Texts arguments = {"input"}) {
    path_ = folder_.Write("f.toml", text);
    arguments.insert(arguments.end(), {"--config", path_});
    auto command = std::make_unique<ExampleCommand>();
    fault_ = command->Parse(arguments);
    return command;
  }

  // Without the path of the file.
  std::string FaultOf(const std::string& text, Texts arguments = {"input"}) {
    (void)Read(text, std::move(arguments));
    EXPECT_EQ(fault_.substr(0, path_.size()), path_) << text << ": " << fault_;
    return fault_.substr(std::min(path_.size(), fault_.size()));
  }

  static std::string EffectiveOf(const ExampleCommand& command) {
    const absl::StatusOr<std::string> text = command.config.Effective();
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }

  TestFolder folder_;
  std::string path_;
  std::string fault_;
};

TEST_F(ConfigFlagsTest, EveryKindOfOptionIsSetAsOnTheCommandLine) {
  const auto command = Read(R"(
strict = true
ring = "live"
ring-capacity = 128
wait = 0.25
speed = 2.50
limit = 1000
instrument = ["A:1:1", "B:2:2"]
symbols = ["A", "B"]
quiet = false
[buckets]
A = [1, 0.5]
"*" = ["5", 10]
)");
  EXPECT_EQ(fault_, "");
  EXPECT_TRUE(command->strict);
  EXPECT_EQ(command->ring_name, "live");
  EXPECT_EQ(command->capacity, 128);
  EXPECT_EQ(command->wait, 0.25);
  EXPECT_EQ(command->speed, "2.50");
  EXPECT_EQ(command->limit, "1000");
  EXPECT_EQ(command->instruments, (Texts{"A:1:1", "B:2:2"}));
  EXPECT_EQ(command->symbols, "A,B");
  EXPECT_EQ(command->buckets, "5,10;A=1,0.5");
  EXPECT_FALSE(command->quiet);
  EXPECT_EQ(command->inputs, Texts{"input"});
}

TEST_F(ConfigFlagsTest, TheCommandLineOutranksTheFileWholly) {
  const std::string file =
      "strict = true\ninstrument = ['A:1:1', 'B:2:2']\nlimit = 5\nring-capacity = 9999\n";
  const auto command = Read(file, {"input", "--strict=false", "--instrument", "C:3:3", "--ring",
                                   "r", "--ring-capacity", "16"});
  EXPECT_EQ(fault_, "");
  EXPECT_FALSE(command->strict);
  EXPECT_EQ(command->instruments, Texts{"C:3:3"});
  EXPECT_EQ(command->capacity, 16);
  EXPECT_EQ(command->limit, "5");
}

TEST_F(ConfigFlagsTest, TypesAreCheckedEvenOfWhatTheCommandLineOutranks) {
  EXPECT_EQ(FaultOf("limit = 'x'", {"input", "--limit", "5"}),
            ":1:9: key 'limit': the text \"x\" is not a whole number");
}

TEST_F(ConfigFlagsTest, WhatAnOptionItselfRefusesIsToldWithItsPlace) {
  EXPECT_EQ(FaultOf("ring = 'r'\nring-capacity = 5000"),
            ":2:17: key 'ring-capacity': Value 5000 not in range 8 to 4096");
  EXPECT_EQ(FaultOf("ring = 'r'\n\nring-capacity = 99999999999"),
            ":3:17: key 'ring-capacity': Value 99999999999 not in range 8 to 4096");
  EXPECT_EQ(FaultOf("ring = ''"), ":1:8: key 'ring': the value is empty");
  EXPECT_EQ(FaultOf("ring-capacity = 1.5"),
            ":1:17: key 'ring-capacity': a decimal number is not a whole number");
}

TEST_F(ConfigFlagsTest, WhatOptionsRequireOfEachOtherHoldsAcrossFileAndCommandLine) {
  EXPECT_EQ(FaultOf("ring-capacity = 16"), ":1:17: key 'ring-capacity': requires --ring");
  EXPECT_EQ(FaultOf("ring = 'r'\nquiet = true"), ":1:8: key 'ring': excludes --quiet");
  EXPECT_EQ(FaultOf("quiet = true", {"input", "--ring", "r"}),
            ":1:9: key 'quiet': excludes --ring");
  (void)Read("ring-capacity = 16", {"input", "--ring", "r"});
  EXPECT_EQ(fault_, "");
  (void)Read("ring = 'r'", {"input", "--ring-capacity", "16"});
  EXPECT_EQ(fault_, "");
  (void)Read("ring = 'r'\nquiet = false");
  EXPECT_EQ(fault_, "");
}

TEST_F(ConfigFlagsTest, PositionalsAndTheFileItselfAreNoKeys) {
  for (const std::string key : {"INPUT", "config", "check-config", "help", "h"}) {
    EXPECT_EQ(FaultOf(key + " = 'x'").find(":1:1: key '" + key + "': there is no such key"), 0U);
  }
  (void)Read("strict = true", {});
  EXPECT_EQ(fault_, "INPUT is required");
}

TEST_F(ConfigFlagsTest, HelpIsGivenWithAWrongFileToo) {
  ExampleCommand command;
  EXPECT_EQ(command.Parse({"--help", "--config", folder_.Write("f.toml", "no toml")}), "");
  EXPECT_EQ(command.exit_status, kExitGood);
  EXPECT_NE(command.help.find("--ring-capacity"), std::string::npos);
}

TEST_F(ConfigFlagsTest, AFileThatCannotBeReadIsNotWrongUsage) {
  for (const std::string& path : {folder_.PathOf("absent.toml"), folder_.PathOf("")}) {
    ExampleCommand command;
    EXPECT_NE(command.Parse({"input", "--config", path}), "");
    EXPECT_EQ(command.exit_status, kExitFailedIo) << path;
  }
}

TEST_F(ConfigFlagsTest, StatusesAboutOptionsOfTheFileGetTheirPlace) {
  const auto command =
      Read("limit = 0\ninstrument = [\n  'A:1:1',\n  'A:2:2',\n]\n[buckets]\nA = [1]\nB = [2]\n",
           {"input", "--symbols", "A"});
  const auto explained = [&](const std::string& message) {
    const absl::Status status = command->config.Explain(absl::InvalidArgumentError(message));
    const std::string text(status.message());
    return text.substr(0, path_.size()) == path_ ? text.substr(path_.size()) : text;
  };
  EXPECT_EQ(explained("--limit: '0' is not in [1, 5]"), ":1:9: key 'limit': '0' is not in [1, 5]");
  EXPECT_EQ(explained("--limit, --buckets: too much"), ":1:9: key 'limit', --buckets: too much");
  EXPECT_EQ(explained("--symbols, --limit: too much"), ":1:9: --symbols, key 'limit': too much");
  EXPECT_EQ(explained("--instrument: 'A:2:2': A is named twice"),
            ":4:3: key 'instrument': 'A:2:2': A is named twice");
  EXPECT_EQ(explained("--buckets of B: 2 is odd"), ":8:1: key 'buckets' of B: 2 is odd");
  // Not of the file, of no option, and only spoken of.
  EXPECT_EQ(explained("--symbols: 'A'"), "--symbols: 'A'");
  EXPECT_EQ(explained("--limits: 5"), "--limits: 5");
  EXPECT_EQ(explained("limit: 5"), "limit: 5");
  EXPECT_EQ(explained("--symbols: not with --limit"), "--symbols: not with --limit");
  EXPECT_TRUE(command->config.Explain(absl::OkStatus()).ok());
  EXPECT_TRUE(absl::IsNotFound(command->config.Explain(absl::NotFoundError("--limit: x"))));
}

TEST_F(ConfigFlagsTest, TheConfigurationInEffectSaysWhereEachValueIsFrom) {
  const auto command = Read("strict = true\nsymbols = ['A', 'B']", {"input", "--limit", "7"});
  EXPECT_EQ(EffectiveOf(*command),
            "# Options\n"
            "strict = true                           # " +
                path_ +
                ":1:10\n"
                "# ring is not set\n"
                "# ring-capacity = 64                    # default\n"
                "wait = 0.5                              # default\n"
                "# speed is not set\n"
                "limit = 7                               # command line\n"
                "# instrument is not set\n"
                "symbols = [\"A\", \"B\"]                    # " +
                path_ +
                ":2:11\n"
                "buckets = [10, 50]                      # default\n"
                "quiet = false                           # default\n");
}

TEST_F(ConfigFlagsTest, TheConfigurationInEffectGivesItselfAgain) {
  const std::vector<Texts> command_lines = {
      {},
      {"--ring", "r"},
      {"--strict", "--limit", "7", "--speed", "max", "--wait", "0.125"},
      {"--speed", "1.50", "--buckets", "0.05,0.10", "--strict=false"},
      {"--buckets", " 5, 10; A = 1,2", "--symbols", " B , A,"},
      {"--instrument", "A:1:1", "--instrument", "B \"quoted\" \\ \t \x7f \xE2\x82\xAC"},
      {"--ring", "1000", "--ring-capacity", "8", "--buckets", "00012345678901234567890"},
  };
  for (Texts arguments : command_lines) {
    SCOPED_TRACE(arguments.empty() ? "" : arguments.front());
    arguments.insert(arguments.begin(), "input");
    ExampleCommand given;
    ASSERT_EQ(given.Parse(arguments), "");
    const auto again = Read(EffectiveOf(given));
    EXPECT_EQ(fault_, "");
    EXPECT_EQ(again->strict, given.strict);
    EXPECT_EQ(again->ring_name, given.ring_name);
    EXPECT_EQ(again->capacity, given.capacity);
    EXPECT_EQ(again->wait, given.wait);
    EXPECT_EQ(again->speed, given.speed);
    EXPECT_EQ(again->limit, given.limit);
    EXPECT_EQ(again->instruments, given.instruments);
    EXPECT_EQ(again->quiet, given.quiet);
    // The lists are written anew: the same after a second time.
    EXPECT_EQ(Read(EffectiveOf(*again))->symbols, again->symbols);
    EXPECT_EQ(Read(EffectiveOf(*again))->buckets, again->buckets);
  }
}

TEST_F(ConfigFlagsTest, WhatCannotStandInAFileIsRefusedAndNotChanged) {
  for (const Texts& arguments : std::vector<Texts>{{"--ring", "\xFF"},
                                                   {"--limit", "007"},
                                                   {"--limit", "+7"},
                                                   {"--wait", "1e300"},
                                                   {"--ring", "r", "--ring-capacity", "0x10"}}) {
    ExampleCommand command;
    Texts all = arguments;
    all.insert(all.begin(), "input");
    ASSERT_EQ(command.Parse(all), "");
    const absl::StatusOr<std::string> effective = command.config.Effective();
    ASSERT_FALSE(effective.ok()) << arguments.back();
    const std::string option = arguments[arguments.size() - 2];
    EXPECT_EQ(std::string(effective.status().message()).find(option + ": as it was given"), 0U);
  }
}

TEST_F(ConfigFlagsTest, CheckingNeedsNoPositional) {
  ExampleCommand command;
  EXPECT_EQ(command.Parse({"--check-config"}), "");
  EXPECT_TRUE(command.config.check_only());
}

}  // namespace
}  // namespace thalweg
