// The recipe of a schema's hash, for fields of one value and of several, and its size.
#include "features/schema.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/record.h"
#include "xxhash.h"

namespace thalweg {
namespace {

std::vector<SchemaField> Fields() {
  std::vector<SchemaField> fields = HeaderFields();
  fields.push_back({"a", "f64", 64, 1, "quote", "g", "", "any", "one"});
  fields.push_back({"b", "u32", 72, 1, "count", "g", "", "any", "one"});
  fields.push_back({"c", "f64", 80, 15, "base", "g", "", "any", "fifteen"});
  return fields;
}

TEST(SchemaTest, TheHashIsThatOfTheDocumentedText) {
  const std::string text =
      "schema_hash u64 0 1\nseq u64 8 count\nrecv_ns i64 16 ns\nevent_ns i64 24 ns\n"
      "publish_ns i64 32 ns\nupdate_id u64 40 1\nflags u64 48 bits\nsymbol_id u32 56 1\n"
      "trigger u16 60 1\nlive_flags u16 62 bits\n"
      "a f64 64 quote\nb u32 72 count\nc f64[15] 80 base\n";
  EXPECT_EQ(SchemaHash(Fields()), XXH3_64bits(text.data(), text.size()));
}

TEST(SchemaTest, MeaningsAreNoPartOfTheHash) {
  std::vector<SchemaField> fields = Fields();
  fields.back().description = "otherwise put";
  fields.back().group = "h";
  EXPECT_EQ(SchemaHash(fields), SchemaHash(Fields()));
  fields.back().count = 14;
  EXPECT_NE(SchemaHash(fields), SchemaHash(Fields()));
}

TEST(SchemaTest, ARecordEndsOnItsAlignmentBehindItsLastField) {
  EXPECT_EQ(MakeSchema(RingKind::kLadders, 15, Fields()).record_bytes, 256U);
  EXPECT_EQ(MakeSchema(RingKind::kFeatures, 0, HeaderFields()).record_bytes, 64U);
}

TEST(SchemaTest, EveryFieldOfTheHeaderSaysWhatItIs) {
  std::size_t offset = 0;
  for (const SchemaField& field : HeaderFields()) {
    EXPECT_EQ(field.offset, offset) << field.name;
    EXPECT_EQ(field.group, "header") << field.name;
    EXPECT_FALSE(field.unit.empty() || field.range.empty()) << field.name;
    EXPECT_GT(field.description.size(), 10U) << field.name;
    offset += field.type == "u16" ? 2 : field.type == "u32" ? 4 : 8;
  }
  EXPECT_EQ(offset, sizeof(RecordHeader));
}

}  // namespace
}  // namespace thalweg
