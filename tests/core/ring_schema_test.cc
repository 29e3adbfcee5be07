// The schema block as a reader takes it: nothing in it is trusted.
#include "core/ring_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

std::string Field(const std::string& name, const std::string& type, std::int64_t offset,
                  std::int64_t count) {
  return absl::StrCat(R"({"name":")", name, R"(","type":")", type, R"(","offset":)", offset,
                      R"(,"count":)", count, R"(,"unit":"1","group":"test","window":""})");
}

absl::StatusOr<std::vector<RingField>> Parse(const std::string& field) {
  return ParseRingSchema(absl::StrCat(R"({"record":"features","fields":[)", field, "]}"), 128);
}

TEST(RingSchemaTest, FieldsAreReadInTheirOrder) {
  const auto fields =
      Parse(absl::StrCat(Field("seq", "u64", 8, 1), ",", Field("qty", "f64", 64, 8)));
  ASSERT_TRUE(fields.ok()) << fields.status();
  ASSERT_EQ(fields->size(), 2u);
  EXPECT_EQ((*fields)[1].name, "qty");
  EXPECT_EQ((*fields)[1].offset, 64u);
  EXPECT_EQ((*fields)[1].count, 8u);
  EXPECT_EQ((*fields)[1].unit, "1");
  EXPECT_EQ((*fields)[1].group, "test");
}

TEST(RingSchemaTest, TheHashChangesWithEveryPartOfAField) {
  const RingField field{"qty", "f64", 64, 8, "base", "test"};
  const std::uint64_t hash = RingSchemaHash({field});
  for (const RingField& other :
       {RingField{"qtx", "f64", 64, 8, "base", "test"}, RingField{"qty", "u64", 64, 8, "base", ""},
        RingField{"qty", "f64", 72, 8, "base", "test"}, RingField{"qty", "f64", 64, 7, "base", ""},
        RingField{"qty", "f64", 64, 8, "quote", "test"}}) {
    EXPECT_NE(RingSchemaHash({other}), hash);
  }
  // XXH3-64 of "qty f64[8] 64 base\n", as libxxhash computes it.
  EXPECT_EQ(hash, 0x533a'e7a3'7ebd'05a4u);
}

TEST(RingSchemaTest, AFieldOutsideTheRecordIsRefusedWithItsValue) {
  for (const auto& [type, offset, count] :
       {std::tuple("f64", 128, 1), std::tuple("f64", 120, 2), std::tuple("u16", 127, 1),
        std::tuple("f64", 4, 1), std::tuple("u32", 64, 0), std::tuple("u32", 0, 33)}) {
    const auto fields = Parse(Field("x", type, offset, count));
    ASSERT_FALSE(fields.ok()) << type << offset << count;
    EXPECT_THAT(std::string(fields.status().message()),
                HasSubstr(absl::StrCat("field=schema offset of x value=", offset)));
  }
  EXPECT_FALSE(Parse(Field("x", "f64", -8, 1)).ok());
  EXPECT_FALSE(Parse(Field("x", "f64", 8, -1)).ok());
}

TEST(RingSchemaTest, ATypeThatThereIsNotIsRefusedByName) {
  const auto fields = Parse(Field("x", "f32", 0, 1));
  EXPECT_THAT(std::string(fields.status().message()), HasSubstr("type of x value=f32"));
}

TEST(RingSchemaTest, WhatIsNoSchemaIsRefused) {
  for (const char* const text : {"", "{", "[]", "{}", R"({"fields":{}})", R"({"fields":[1]})",
                                 R"({"fields":[{"name":"x"}]})", "\xff\xff"}) {
    const auto fields = ParseRingSchema(text, 128);
    ASSERT_FALSE(fields.ok()) << text;
    EXPECT_THAT(std::string(fields.status().message()), HasSubstr("ring corrupt: field=schema"));
  }
}

}  // namespace
}  // namespace thalweg
