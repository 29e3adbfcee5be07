#include "replay/json_path.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace thalweg {
namespace {

std::string Found(std::string_view path, std::string_view json) {
  const absl::StatusOr<JsonPath> parsed = JsonPath::Parse(path);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return std::string(parsed->Find(json));
}

TEST(JsonPathTest, FindsANumberAndTheTextOfAString) {
  EXPECT_EQ(Found("E", R"({"e":"trade","E":1672515782136,"s":"X"})"), "1672515782136");
  EXPECT_EQ(Found("ts", R"({"ts":"1672515782.136"})"), "1672515782.136");
  EXPECT_EQ(Found("ts", R"({"ts":1672515782.136})"), "1672515782.136");
  EXPECT_EQ(Found("a", R"({"a":[1,{"b":2}],"c":3})"), R"([1,{"b":2}])");
}

TEST(JsonPathTest, DotsLeadIntoObjects) {
  const std::string_view json = R"({"stream":"x@trade","data":{"E":17,"k":{"t":18}},"E":19})";
  EXPECT_EQ(Found("data.E", json), "17");
  EXPECT_EQ(Found("data.k.t", json), "18");
  EXPECT_EQ(Found("E", json), "19");
}

TEST(JsonPathTest, NamesAreComparedWithTheirCase) {
  EXPECT_EQ(Found("E", R"({"e":1})"), "");
  EXPECT_EQ(Found("e", R"({"E":1,"e":2})"), "2");
}

TEST(JsonPathTest, BlanksAreAllowedWhereJsonAllowsThem) {
  EXPECT_EQ(Found("data.E", R"( { "data" : { "u" : 1 , "E" : 5 } } )"), "5");
}

TEST(JsonPathTest, OfANameThatComesTwiceTheFirstOneCounts) {
  EXPECT_EQ(Found("E", R"({"E":1,"E":2})"), "1");
}

TEST(JsonPathTest, BracketsAndQuotesInStringsMeanNothing) {
  EXPECT_EQ(Found("E", R"({"a":"}],\"{","E":5})"), "5");
}

TEST(JsonPathTest, WhatIsNotThereIsEmpty) {
  for (const std::string_view json :
       {"", "{}", "[]", "5", R"({"a":1})", R"({"data":5})", R"({"data":[{"E":1}]})", R"({"data)",
        R"({"data":{"E")", R"({"data":{"E":)", R"({"a":1 "data":{"E":1}})", R"({"a":})"}) {
    EXPECT_EQ(Found("data.E", json), "") << json;
  }
}

TEST(JsonPathTest, AnEmptyNameIsNoPath) {
  for (const std::string_view path : {"", ".", "data.", ".E", "data..E"}) {
    const absl::StatusOr<JsonPath> parsed = JsonPath::Parse(path);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << path;
  }
}

}  // namespace
}  // namespace thalweg
