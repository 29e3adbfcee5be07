#include "feeds/decode/json_grammar.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace thalweg {
namespace {

bool IsJson(std::string_view text) {
  const char* const end = text.data() + text.size();
  return PastJson(text.data(), end) == end;
}

TEST(JsonGrammarTest, TakesWhatTheGrammarHas) {
  for (const std::string_view text : {"0",
                                      "-0",
                                      "5",
                                      "-17",
                                      "1.5",
                                      "0.25",
                                      "1e5",
                                      "1E+05",
                                      "-1.5e-400",
                                      "true",
                                      "false",
                                      "null",
                                      R"("")",
                                      R"("a")",
                                      R"("\"\\\/\b\f\n\r\t\u00e9\uD83D")",
                                      "\"\xe5\xb8\x81\"",
                                      "[]",
                                      "{}",
                                      "[ ]",
                                      "{ }",
                                      "[1]",
                                      "[[],{}]",
                                      R"({"a":1})",
                                      R"({ "a" : [ 1 , { "b" : null } ] , "":"" })",
                                      "[\t1,\r\n2]"}) {
    EXPECT_TRUE(IsJson(text)) << text;
  }
}

TEST(JsonGrammarTest, RefusesWhatItHasNot) {
  for (const std::string_view text :
       {"",         " ",          "t#u",  "tru",       "True",
        "true0",    "nul",        "NaN",  "Infinity",  "00",
        "01",       "-",          "-01",  "+1",        "1.",
        ".5",       "1e",         "1e+",  "0x10",      "1.e5",
        "6\"X\"",   "\"",         "\"a",  "\"\\q\"",   "\"\\u12g4\"",
        "\"\n\"",   "\"\x01\"",   "'a'",  "[",         "]",
        "[1",       "[1,]",       "[,1]", "[1 2]",     "[1}",
        "[1]]",     "{",          "{]",   "{1:2}",     "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{,}",  "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "{a:1}",    "[:]",        "[{}}", "#"}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
}

TEST(JsonGrammarTest, EndsWhereTheValueEnds) {
  for (const std::string_view value : {"5", "true", R"("x")", "[1,[2]]", R"({"a":{"b":[]}})"}) {
    for (const std::string_view after : {",1", "}", "]", " ", ""}) {
      const std::string text = std::string(value) + std::string(after);
      EXPECT_EQ(PastJson(text.data(), text.data() + text.size()), text.data() + value.size())
          << text;
    }
  }
}

TEST(JsonGrammarTest, NestsAsDeepAsItsBound) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(IsJson(nested(kJsonNestingMax)));
  EXPECT_FALSE(IsJson(nested(kJsonNestingMax + 1)));
  EXPECT_FALSE(IsJson(nested(100'000)));
}

// All texts of up to six of these pieces, against simdjson.
TEST(JsonGrammarTest, AgreesWithSimdjsonOnEveryShortText) {
  constexpr std::string_view kPieces[] = {"{", "}", "[", "]", ",", ":", "\"a\"", "1", " ", "null"};
  constexpr std::size_t kLengthMax = 6;
  simdjson::dom::parser parser;
  int good = 0;
  std::vector<std::size_t> digits;
  while (digits.size() <= kLengthMax) {
    std::string text;
    for (const std::size_t digit : digits) text += kPieces[digit];
    // simdjson lets blanks stand around the value.
    const bool blanks = text.starts_with(' ') || text.ends_with(' ');
    if (!blanks) {
      const bool expected = parser.parse(text).error() == simdjson::SUCCESS;
      ASSERT_EQ(IsJson(text), expected) << text;
      good += expected;
    }
    std::size_t at = 0;
    while (at < digits.size() && ++digits[at] == std::size(kPieces)) digits[at++] = 0;
    if (at == digits.size()) digits.assign(digits.size() + 1, 0);
  }
  EXPECT_GT(good, 100);
}

}  // namespace
}  // namespace thalweg
