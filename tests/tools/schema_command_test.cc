// `thalweg schema`: the feature contract in three forms that tell the same.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/program.h"

namespace thalweg {
namespace {

constexpr std::int64_t kHeaderBytes = 64;
constexpr std::int64_t kRecordUnit = 64;

struct Field {
  std::string name;
  std::string type;
  std::int64_t offset = 0;
  std::int64_t count = 0;
  std::string group;

  [[nodiscard]] bool is_header() const { return group == "header"; }
};

struct Schema {
  std::string hash;
  std::int64_t record_bytes = 0;
  std::vector<Field> fields;

  [[nodiscard]] std::vector<std::string> FeatureNames() const {
    std::vector<std::string> names;
    for (const Field& field : fields) {
      if (!field.is_header()) names.push_back(field.name);
    }
    return names;
  }
};

std::string TextOf(const simdjson::dom::element& element, const char* key) {
  std::string_view text;
  EXPECT_EQ(element[key].get(text), simdjson::SUCCESS) << key;
  return std::string(text);
}

Schema ReadSchema(std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"schema", "--json"});
  const ProgramResult result = RunThalweg(options);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  Schema schema;
  EXPECT_EQ(parser.parse(result.out).get(root), simdjson::SUCCESS);
  schema.hash = TextOf(root, "schema_hash");
  EXPECT_EQ(root["record_bytes"].get(schema.record_bytes), simdjson::SUCCESS);
  simdjson::dom::array fields;
  EXPECT_EQ(root["fields"].get(fields), simdjson::SUCCESS);
  for (const simdjson::dom::element element : fields) {
    Field field{TextOf(element, "name"), TextOf(element, "type"), 0, 0, TextOf(element, "group")};
    EXPECT_EQ(element["offset"].get(field.offset), simdjson::SUCCESS);
    EXPECT_EQ(element["count"].get(field.count), simdjson::SUCCESS);
    for (const char* const key : {"unit", "group", "range", "description"}) {
      EXPECT_FALSE(TextOf(element, key).empty()) << field.name << " " << key;
    }
    (void)TextOf(element, "window");
    schema.fields.push_back(field);
  }
  return schema;
}

TEST(SchemaCommandTest, TheJsonHoldsTheHeaderOfTheRecordAsTheContractHasIt) {
  const Schema schema = ReadSchema();
  struct Expected {
    const char* name;
    const char* type;
    std::int64_t offset;
  };
  const std::vector<Expected> expected{{"schema_hash", "u64", 0}, {"seq", "u64", 8},
                                       {"recv_ns", "i64", 16},    {"event_ns", "i64", 24},
                                       {"publish_ns", "i64", 32}, {"update_id", "u64", 40},
                                       {"flags", "u64", 48},      {"symbol_id", "u32", 56},
                                       {"trigger", "u16", 60},    {"live_flags", "u16", 62}};
  ASSERT_GT(schema.fields.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(schema.fields[i].name, expected[i].name);
    EXPECT_EQ(schema.fields[i].type, expected[i].type) << expected[i].name;
    EXPECT_EQ(schema.fields[i].offset, expected[i].offset) << expected[i].name;
    EXPECT_TRUE(schema.fields[i].is_header()) << expected[i].name;
    EXPECT_EQ(schema.fields[i].count, 1) << expected[i].name;
  }
}

TEST(SchemaCommandTest, FeaturesFollowAsDoublesOneBehindTheOther) {
  const Schema schema = ReadSchema();
  std::int64_t offset = kHeaderBytes;
  for (const Field& field : schema.fields) {
    if (field.is_header()) continue;
    EXPECT_EQ(field.count, 1) << field.name;
    EXPECT_EQ(field.type, "f64") << field.name;
    EXPECT_EQ(field.offset, offset) << field.name;
    offset += 8;
  }
  EXPECT_GE(schema.record_bytes, offset);
  EXPECT_LT(schema.record_bytes, offset + kRecordUnit);
  EXPECT_EQ(schema.record_bytes % kRecordUnit, 0);
}

TEST(SchemaCommandTest, NamesAreUniqueAndGroupsStandTogetherInTheirOrder) {
  const Schema schema = ReadSchema();
  std::set<std::string> names;
  std::vector<std::string> groups;
  for (const Field& field : schema.fields) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    if (field.is_header()) continue;
    if (groups.empty() || groups.back() != field.group) groups.push_back(field.group);
  }
  std::vector<std::string> expected{"Quote",  "Liquidity",  "Buckets", "Order flow",
                                    "Trades", "Volatility", "Ages",    "Touch"};
  // A group that is not there yet leaves no gap in the order of the others.
  std::erase_if(expected, [&](const std::string& group) {
    return std::find(groups.begin(), groups.end(), group) == groups.end();
  });
  EXPECT_EQ(groups, expected);
  for (const char* name :
       {"best_bid", "mid", "sweep_cost_buy_10k", "imbalance_t10", "log_depth_ratio_t1000",
        "ofi_l1_100ms", "buy_vol_60s", "depth_age_ms", "touch_bid", "ofi_touch_10s"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(SchemaCommandTest, TheTableAndTheDocumentNameTheSameFeatures) {
  const std::vector<std::string> expected = ReadSchema().FeatureNames();
  std::vector<std::string> in_table;
  const ProgramResult table = RunThalweg({"schema"});
  EXPECT_EQ(table.exit_status, 0);
  const std::vector<std::string> lines = LinesOf(table.out);
  for (std::size_t i = 1; i < lines.size() && !lines[i].empty(); ++i) {
    in_table.push_back(lines[i].substr(0, lines[i].find(' ')));
  }
  EXPECT_EQ(in_table, expected);
  EXPECT_NE(lines.back().find(std::to_string(expected.size()) + " features"), std::string::npos);
  EXPECT_NE(lines.back().find("schema hash " + ReadSchema().hash), std::string::npos);

  std::vector<std::string> in_document;
  const ProgramResult document = RunThalweg({"schema", "--markdown"});
  EXPECT_EQ(document.exit_status, 0);
  for (const std::string& line : LinesOf(document.out)) {
    if (!line.starts_with("| `")) continue;
    EXPECT_EQ(SplitText(line, '|').size(), 7U) << line;
    in_document.push_back(SplitText(line, '`')[1]);
  }
  EXPECT_EQ(in_document, expected);
}

TEST(SchemaCommandTest, OtherBucketSizesAreOtherColumnsAndAnotherHash) {
  const Schema standard = ReadSchema();
  const Schema other = ReadSchema({"--buckets", "0.5,25"});
  const std::vector<std::string> names = other.FeatureNames();
  EXPECT_EQ(names.size(), standard.FeatureNames().size() - 6);
  const std::set<std::string> set(names.begin(), names.end());
  for (const char* name :
       {"imbalance_t0.5", "imbalance_t25", "log_depth_ratio_t0.5", "log_depth_ratio_t25"}) {
    EXPECT_TRUE(set.contains(name)) << name;
  }
  EXPECT_NE(other.hash, standard.hash);
  EXPECT_EQ(ReadSchema().hash, standard.hash);
  EXPECT_EQ(ReadSchema({"--buckets", "10,50,100,500,1000"}).hash, standard.hash);
}

TEST(SchemaCommandTest, WrongBucketsAreWrongUsage) {
  for (const char* sizes :
       {"0", "50,10", "ten", "1,2,3,4,5,6,7,8,9", "1,,2", "10,20;30,40", "A=1;A=2", "A=1;B=1,2"}) {
    const ProgramResult result = RunThalweg({"schema", "--buckets", sizes});
    EXPECT_EQ(result.exit_status, 2) << sizes;
    EXPECT_NE(result.err.find("--buckets"), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(SchemaCommandTest, BlanksAroundSizesAreNothing) {
  EXPECT_EQ(ReadSchema({"--buckets", " 0.5, 25 "}).hash, ReadSchema({"--buckets", "0.5,25"}).hash);
}

TEST(SchemaCommandTest, SizesOfEachSymbolsOwnNameTheColumnsByRankAndAreListed) {
  const std::string buckets = "BTCUSDT=1,5;ETHUSDT=0.1,50";
  const std::vector<std::string> names = ReadSchema({"--buckets", buckets}).FeatureNames();
  const std::set<std::string> set(names.begin(), names.end());
  for (const char* name : {"imbalance_b1", "imbalance_b2", "log_depth_ratio_b1"}) {
    EXPECT_TRUE(set.contains(name)) << name;
  }
  EXPECT_FALSE(set.contains("imbalance_b3"));

  const ProgramResult table = RunThalweg({"schema", "--buckets", buckets});
  EXPECT_NE(table.out.find("b1, b2 of BTCUSDT: 1, 5\n"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("b1, b2 of ETHUSDT: 0.1, 50\n"), std::string::npos) << table.out;

  const ProgramResult json = RunThalweg({"schema", "--json", "--buckets", buckets});
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(json.out).get(root), simdjson::SUCCESS);
  EXPECT_EQ(simdjson::minify(root["bucket_sizes"].value()),
            R"({"BTCUSDT":["1","5"],"ETHUSDT":["0.1","50"]})");
}

TEST(SchemaCommandTest, ACommonListOfSizesIsThatOfTheOtherSymbols) {
  const ProgramResult table = RunThalweg({"schema", "--buckets", "1,5;ETHUSDT=0.1,50"});
  EXPECT_NE(table.out.find("b1, b2 of ETHUSDT: 0.1, 50\n"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("b1, b2 of others: 1, 5\n"), std::string::npos) << table.out;
}

// The text of the schema block of rings: the same function makes both.
TEST(SchemaCommandTest, LaddersAndTopsAreRecordsOfTheirOwn) {
  const Schema ladders = ReadSchema({"--record", "ladders", "--buckets", "0.5,25"});
  EXPECT_EQ(ladders.record_bytes, 64 + 2 * 512);
  EXPECT_EQ(
      ladders.FeatureNames(),
      (std::vector<std::string>{
          "size_t0.5", "bid_label_t0.5", "ask_label_t0.5", "complete_bid_t0.5", "complete_ask_t0.5",
          "bid_qty_t0.5", "bid_notional_t0.5", "ask_qty_t0.5", "ask_notional_t0.5", "size_t25",
          "bid_label_t25", "ask_label_t25", "complete_bid_t25", "complete_ask_t25", "bid_qty_t25",
          "bid_notional_t25", "ask_qty_t25", "ask_notional_t25"}));
  EXPECT_EQ(ladders.fields.back().count, 15);
  const Schema tops = ReadSchema({"--record", "tops"});
  EXPECT_EQ(tops.record_bytes, 64 + 20 * 4 * 8);
  EXPECT_EQ(tops.FeatureNames().size(), 80U);
  EXPECT_EQ(tops.FeatureNames().back(), "ask_qty_20");
  EXPECT_EQ(ReadSchema({"--record", "tops", "--tops", "1"}).FeatureNames().size(), 4U);
  EXPECT_EQ(std::set<std::string>({ReadSchema().hash, ladders.hash, tops.hash}).size(), 3U);
  EXPECT_EQ(ReadSchema({"--record", "features"}).hash, ReadSchema().hash);

  const ProgramResult table = RunThalweg({"schema", "--record", "tops", "--tops", "1"});
  EXPECT_NE(table.out.find("4 fields, 128 bytes a record"), std::string::npos) << table.out;
  EXPECT_EQ(table.out.find("publish_ns"), std::string::npos);
  const ProgramResult document = RunThalweg({"schema", "--record", "ladders", "--markdown"});
  EXPECT_NE(document.out.find("| `bid_qty_t10` | base |"), std::string::npos) << document.out;
}

TEST(SchemaCommandTest, AnotherRecordAndOtherNumbersOfLevelsAreWrongUsage) {
  for (const auto& [option, value] :
       {std::pair{"--record", "candles"}, {"--tops", "0"}, {"--tops", "101"}, {"--tops", "all"}}) {
    const ProgramResult result = RunThalweg({"schema", option, value});
    EXPECT_EQ(result.exit_status, 2) << value;
    EXPECT_NE(result.err.find(option), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(value), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(SchemaCommandTest, OneFormAtATime) {
  const ProgramResult result = RunThalweg({"schema", "--json", "--markdown"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_EQ(result.out, "");
}

TEST(SchemaCommandTest, ItTakesNoRecording) {
  EXPECT_EQ(RunThalweg({"schema", "recording.txt"}).exit_status, 2);
}

}  // namespace
}  // namespace thalweg
