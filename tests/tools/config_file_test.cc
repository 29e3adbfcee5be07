// Configuration files read: places, types, and numbers as they are written.

#include "tools/config_file.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace thalweg {
namespace {

using Shape = OptionKind::Shape;
using Texts = std::vector<std::string>;

std::map<std::string, OptionKind> Keys() {
  return {{"flag", {.shape = Shape::kFlag}},
          {"text", {.takes_text = true}},
          {"whole", {.takes_whole = true}},
          {"number", {.takes_number = true}},
          {"speed", {.takes_text = true, .takes_number = true}},
          {"many", {.shape = Shape::kMany, .takes_text = true}},
          {"names", {.shape = Shape::kNames}},
          {"sizes", {.shape = Shape::kSizes}}};
}

absl::StatusOr<ConfigFile> Parse(std::string_view text) {
  return ConfigFile::Parse("f.toml", text, Keys());
}

// The values of the one setting of a text that is good.
Texts ValuesOf(std::string_view text) {
  const absl::StatusOr<ConfigFile> file = Parse(text);
  EXPECT_TRUE(file.ok()) << text << ": " << file.status();
  if (!file.ok() || file->settings().size() != 1) return {"not one setting"};
  return file->settings().front().values;
}

std::string FaultOf(std::string_view text) {
  const absl::StatusOr<ConfigFile> file = Parse(text);
  EXPECT_FALSE(file.ok()) << text;
  return std::string(file.status().message());
}

TEST(ConfigFileTest, SettingsComeInTheOrderOfTheFileWithThePlacesOfTheirValues) {
  const absl::StatusOr<ConfigFile> file =
      Parse("# a comment\nwhole = 5\n\nflag = true # on\nmany = [\n  'a',\n  \"b\",\n]\n");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->settings().size(), 3U);
  EXPECT_EQ(file->settings()[0].key, "whole");
  EXPECT_EQ(file->settings()[1].key, "flag");
  EXPECT_EQ(file->settings()[2].key, "many");
  EXPECT_EQ(file->At(file->settings()[0].place), "f.toml:2:9");
  EXPECT_EQ(file->At(file->settings()[1].place), "f.toml:4:8");
  ASSERT_EQ(file->settings()[2].items.size(), 2U);
  EXPECT_EQ(file->At(file->settings()[2].items[1].place), "f.toml:7:3");
  ASSERT_NE(file->Find("flag"), nullptr);
  EXPECT_EQ(file->Find("flag")->key, "flag");
  EXPECT_EQ(file->Find("text"), nullptr);
}

TEST(ConfigFileTest, AFlagIsGivenOnceOrNotAtAll) {
  EXPECT_EQ(ValuesOf("flag = true"), Texts{"true"});
  EXPECT_EQ(ValuesOf("flag = false"), Texts{});
}

TEST(ConfigFileTest, NumbersAreTheTextThatStandsInTheFile) {
  EXPECT_EQ(ValuesOf("number = 0.1"), Texts{"0.1"});
  EXPECT_EQ(ValuesOf("number = 0.10000000"), Texts{"0.10000000"});
  // Doubles would have lost the last digits of these.
  EXPECT_EQ(ValuesOf("number = 11258999.06842624"), Texts{"11258999.06842624"});
  EXPECT_EQ(ValuesOf("number = 0.1000000000000000055511151231257827"),
            Texts{"0.1000000000000000055511151231257827"});
  EXPECT_EQ(ValuesOf("number = +1_000.5"), Texts{"1000.5"});
  EXPECT_EQ(ValuesOf("number = -2.5e-3"), Texts{"-2.5e-3"});
  EXPECT_EQ(ValuesOf("number = 7"), Texts{"7"});
  EXPECT_EQ(ValuesOf("whole = 0x10"), Texts{"16"});
  EXPECT_EQ(ValuesOf("whole = 9223372036854775807"), Texts{"9223372036854775807"});
  EXPECT_EQ(ValuesOf("sizes = [0.05,0.10, 1_0]"), Texts{"0.05,0.10,10"});
  EXPECT_EQ(ValuesOf("sizes = { '\xC3\xA4\xE2\x82\xAC' = [ 0.25 ], B = [ 0.50 ] }"),
            Texts{"B=0.50;\xC3\xA4\xE2\x82\xAC=0.25"});
  EXPECT_EQ(ValuesOf("\xEF\xBB\xBFnumber = 0.30"), Texts{"0.30"});
}

TEST(ConfigFileTest, AlternativesAreBothTaken) {
  EXPECT_EQ(ValuesOf("speed = 1.50"), Texts{"1.50"});
  EXPECT_EQ(ValuesOf("speed = 'max'"), Texts{"max"});
  EXPECT_EQ(FaultOf("speed = true"),
            "f.toml:1:9: key 'speed': true is not a number or text in quotes");
}

TEST(ConfigFileTest, ListsAreWhatTheCommandLineHas) {
  EXPECT_EQ(ValuesOf("many = ['a,b', 'c']"), (Texts{"a,b", "c"}));
  EXPECT_EQ(ValuesOf("names = ['A', 'B']"), Texts{"A,B"});
  EXPECT_EQ(ValuesOf("sizes = ['0.5', 1]"), Texts{"0.5,1"});
  EXPECT_EQ(ValuesOf("[sizes]\nA = [1, 5]\n'*' = [2]"), Texts{"2;A=1,5"});
  EXPECT_EQ(ValuesOf("sizes.A = [1]\nsizes.B = [2]"), Texts{"A=1;B=2"});
}

TEST(ConfigFileTest, AnItemCannotSmuggleInTwo) {
  for (const std::string bad : {"A,B", "A;B", "A=1", " A", "A "}) {
    EXPECT_NE(FaultOf("names = ['" + bad + "']").find("f.toml:1:10: key 'names': '" + bad + "' is"),
              std::string::npos);
    EXPECT_NE(FaultOf("sizes = ['" + bad + "']").find("f.toml:1:10: key 'sizes': '" + bad + "' is"),
              std::string::npos);
    EXPECT_NE(FaultOf("sizes = {'" + bad + "' = [1]}").find("f.toml:1:10: key 'sizes': "),
              std::string::npos);
  }
}

TEST(ConfigFileTest, TheFirstFaultInTheFileIsTold) {
  EXPECT_EQ(FaultOf("whole = 1.5\nflag = 1").substr(0, 10), "f.toml:1:9");
  EXPECT_EQ(FaultOf("flag = 1\nwhole = 1.5").substr(0, 10), "f.toml:1:8");
}

TEST(ConfigFileTest, TablesThatNoHeaderNamesAreUnknownToo) {
  for (const std::string_view text :
       {"[a.b]\nc = 1", "[a.b]\nc = 1\n[d.e]\nf = 1", "a.b = 1", "[[a]]\nb = 1", "[a]", "'' = 1"}) {
    EXPECT_NE(FaultOf(text).find("there is no such key; these are: flag, many, names, number, "
                                 "sizes, speed, text, whole"),
              std::string::npos)
        << text;
  }
}

TEST(ConfigFileTest, ColumnsCountCharacters) {
  EXPECT_EQ(FaultOf("sizes = {'\xE2\x82\xAC' = [true]}"),
            "f.toml:1:17: key 'sizes': true is not a list of sizes, like [10, 50], or a table of "
            "such lists, one for each symbol");
}

TEST(ConfigFileTest, CharactersBeyondAsciiStandInStringsAndComments) {
  const std::string e = "\xC3\xA9";
  for (const std::string& good :
       {"text = '" + e + "'", "text = \"" + e + "\\\"" + e + "\" # " + e + "'\"",
        "text = '" + e + "\\' # " + e,
        "text = \"\"\"" + e + "\n\"" + e + "\"\"\\\"" + e + "\"\"\"\"\"",
        "text = '''" + e + "\n''" + e + "\\''''", "text = 'x'\nflag = true#" + e,
        "# " + e + "\nnames = ['" + e + "', \"" + e + "2\"] # '"}) {
    const absl::StatusOr<ConfigFile> file = Parse(good);
    EXPECT_TRUE(file.ok()) << file.status();
  }
  EXPECT_EQ(FaultOf("text = \"\"\"\"\"\"#" + e), "f.toml:1:8: key 'text': the value is empty");
  const auto stray = [](const std::string& place) {
    return "f.toml:" + place + "not TOML: a character beyond ASCII outside of quotes and comments";
  };
  EXPECT_EQ(FaultOf("text = '" + e + "' " + e), stray("1:12: key 'text': "));
  EXPECT_EQ(FaultOf("text = \"\" " + e), stray("1:11: key 'text': "));
  EXPECT_EQ(FaultOf("flag = true\n\n  " + e), stray("3:3: "));
  EXPECT_EQ(FaultOf("text = ''''''" + e), stray("1:14: key 'text': "));
  EXPECT_EQ(FaultOf("text = '" + e + "\n" + e), stray("2:1: "));
}

TEST(ConfigFileTest, AFileIsReadUpToItsBound) {
  std::string text = "flag = true\n#";
  text.resize(kConfigBytesMax, 'x');
  EXPECT_TRUE(Parse(text).ok());
  EXPECT_NE(FaultOf(text + "x").find("f.toml: more than 1048576 bytes"), std::string::npos);
}

TEST(ConfigFileTest, NestingHasABound) {
  EXPECT_NE(FaultOf("many = " + std::string(5'000, '[')).find("f.toml:1:"), std::string::npos);
  EXPECT_NE(FaultOf(std::string(5'000, 'a') + ".b" + " = {").find("f.toml:1:"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
