// The schema block: what a reader of rings and a scanner for lines find in it.
#include "pipeline/schema_text.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "core/ring_schema.h"
#include "features/tops_record.h"
#include "pipeline/engine.h"

namespace thalweg {
namespace {

std::string First(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string TextOf(RingKind kind, const EngineOptions& options) {
  return SchemaText(SchemaOf(kind, MakeCatalogue(options), kTopsLevelsDefault), options);
}

// A part of the first line, as it stands there.
std::string Part(const EngineOptions& options, const char* key) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  EXPECT_EQ(parser.parse(TextOf(RingKind::kFeatures, options)).get(root), simdjson::SUCCESS);
  return simdjson::minify(root[key].value());
}

TEST(SchemaTextTest, AReaderOfRingsFindsTheFieldsOfEveryKind) {
  const EngineOptions options;
  for (const RingKind kind : kRingKinds) {
    const RecordSchema schema = SchemaOf(kind, MakeCatalogue(options), kTopsLevelsDefault);
    const auto fields = ParseRingSchema(SchemaText(schema, options), schema.record_bytes);
    ASSERT_TRUE(fields.ok()) << fields.status();
    ASSERT_EQ(fields->size(), schema.fields.size());
    EXPECT_EQ(RingSchemaHash(*fields), schema.hash);
    for (std::size_t i = 0; i < fields->size(); ++i) {
      EXPECT_EQ((*fields)[i].name, schema.fields[i].name);
      EXPECT_EQ((*fields)[i].offset, schema.fields[i].offset);
      EXPECT_EQ((*fields)[i].count, schema.fields[i].count);
      EXPECT_EQ((*fields)[i].group, schema.fields[i].group);
    }
  }
}

TEST(SchemaTextTest, AFieldStandsOnALineOfItsOwn) {
  const std::string text = TextOf(RingKind::kLadders, {});
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const RecordSchema schema = SchemaOf(RingKind::kLadders, MakeCatalogue({}), 1);
  ASSERT_EQ(lines.size(), schema.fields.size() + 2);
  EXPECT_EQ(lines[0].rfind("{\"record\":\"ladders\",\"schema_hash\":\"", 0), 0U);
  EXPECT_TRUE(lines[0].ends_with("\"fields\":["));
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const SchemaField& field = schema.fields[i];
    const std::string begin = "{\"name\":\"" + field.name + "\",\"type\":\"" +
                              std::string(field.type) +
                              "\",\"offset\":" + std::to_string(field.offset) +
                              ",\"count\":" + std::to_string(field.count) + ",\"unit\":\"";
    EXPECT_EQ(lines[i + 1].rfind(begin, 0), 0U) << lines[i + 1];
    EXPECT_TRUE(lines[i + 1].ends_with(i + 1 == schema.fields.size() ? "\"}" : "\"},"));
  }
  EXPECT_EQ(lines.back(), "]}");
}

TEST(SchemaTextTest, TheFirstLineSaysWhatTheRecordsAreMadeWith) {
  EngineOptions options;
  EXPECT_EQ(Part(options, "symbols"), "[]");
  EXPECT_EQ(Part(options, "levels"), "0");
  EXPECT_EQ(Part(options, "bucket_sizes"), R"({"*":["10","50","100","500","1000"]})");
  EXPECT_EQ(Part(options, "configuration"),
            R"({"emit":"depth","market":null,"bucket_rounding":"outward","trade_stream":"trade",)"
            R"("on_gap":"blank","snapshot_limit":null,"instruments":[]})");

  options.symbols = {"BTCUSDT", "ETHUSDT"};
  options.bucket_sizes = {"10", "50"};
  options.symbol_bucket_sizes = {{"ETHUSDT", {"1", "5"}}, {"XRPUSDT", {"0.1", "0.5"}}};
  options.market = Market::kUsdM;
  options.bucket_rounding = BucketRounding::kFloor;
  options.trade_stream = TradeStream::kAggTrade;
  options.on_gap = OnGap::kServe;
  options.snapshot_limit = 500;
  options.emit = {false, false, false, 250 * kMillisecond};
  options.instruments = {{"BTCUSDT", Price(1'000'000), Price(1'000), 5, true}};
  options.file_instruments = {{"ETHUSDT", Price(10'000'000), Price(), 8, false},
                              {"XRPUSDT", Price(10'000), Price(), 8, true}};
  EXPECT_EQ(Part(options, "symbols"), R"(["BTCUSDT","ETHUSDT"])");
  EXPECT_EQ(Part(options, "bucket_sizes"), R"({"ETHUSDT":["1","5"],"*":["10","50"]})");
  EXPECT_EQ(
      Part(options, "configuration"),
      R"({"emit":"250ms","market":"usdm","bucket_rounding":"floor","trade_stream":"aggTrade",)"
      R"("on_gap":"serve","snapshot_limit":500,"instruments":[)"
      R"({"symbol":"BTCUSDT","tick":"0.01","qty_decimals":5,"trading":true,"source":"option"},)"
      R"({"symbol":"ETHUSDT","tick":"0.1","qty_decimals":8,"trading":false,"source":"file"}]})");
}

TEST(SchemaTextTest, EmitStandsAsItsOptionHasIt) {
  const auto emit = [](const EmitPolicy& policy) {
    EngineOptions options;
    options.emit = policy;
    const std::string text = Part(options, "configuration");
    return text.substr(0, text.find(",\"market\""));
  };
  EXPECT_EQ(emit(EmitPolicy::All()), R"({"emit":"all")");
  EXPECT_EQ(emit(EmitPolicy::None()), R"({"emit":"none")");
  EXPECT_EQ(emit({false, true, false, 0}), R"({"emit":"ticker")");
  EXPECT_EQ(emit({true, false, true, 0}), R"({"emit":"depth,trade")");
}

TEST(SchemaTextTest, QuotesAndBackslashesInNamesAreEscaped) {
  EngineOptions options;
  options.symbols = {"A\"B\\C"};
  EXPECT_EQ(Part(options, "symbols"), R"(["A\"B\\C"])");
  EXPECT_NE(First(TextOf(RingKind::kTops, options)).find("\"levels\":20"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
