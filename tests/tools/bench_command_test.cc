// `thalweg bench`: its table and its JSON name every stage of every kind of frame, and it says why
// when there is nothing to time. Nothing here depends on how fast the machine is.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdint>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

const std::string kDemo = std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt";
const std::vector<std::string> kStages{"decode", "sequence and book", "features and record",
                                       "whole frame"};

std::int64_t LinesThatMatch(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::int64_t count = 0;
  for (const std::string& line : LinesOf(text)) count += std::regex_match(line, regex) ? 1 : 0;
  return count;
}

TEST(BenchCommandTest, TheTableHasEveryStageOfEveryKindWarmAndCold) {
  const ProgramResult result = RunThalweg({"bench", "--rounds", "1", kDemo});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const std::string& stage : kStages) {
    const bool timed = stage == "decode" || stage == "whole frame";
    for (const char* caches : {"warm", "cold"}) {
      // p50, p90, p99, p99.9, max; mean, ns a level, and frames a second of what was timed.
      const std::string pattern = std::string(caches) + " +" + stage +
                                  R"(( +\d+){5} +-?\d+ +(-|-?\d+\.\d))" + (timed ? R"( +\d+)" : "");
      EXPECT_EQ(LinesThatMatch(result.out, pattern), 3) << pattern << "\n" << result.out;
    }
  }
  EXPECT_EQ(LinesThatMatch(result.out, R"(depth: \d+ frames, \d+\.\d levels a frame; ns a frame)"),
            1);
  EXPECT_EQ(LinesThatMatch(result.out, R"((bookTicker|trade): \d+ frames; ns a frame)"), 2);
}

TEST(BenchCommandTest, TheHeaderSaysOnWhatAndHowItWasMeasured) {
  const ProgramResult result = RunThalweg({"bench", "--rounds", "2", kDemo});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(LinesThatMatch(result.out, R"(processor +.+, \d+ cores)"), 1);
  EXPECT_EQ(LinesThatMatch(result.out, R"(program +thalweg \d.*\(commit .*\))"), 1);
  EXPECT_EQ(LinesThatMatch(result.out, "recording +.*demo.txt"), 1);
  EXPECT_EQ(LinesThatMatch(result.out, R"( +\d+ frames, \d+\.\d MB of payload, in memory)"), 1);
  EXPECT_EQ(LinesThatMatch(result.out, R"(clock +.*; the \d+\.\d ns that .* are taken off)"), 1);
  EXPECT_EQ(LinesThatMatch(result.out, "rounds +2"), 1);
}

TEST(BenchCommandTest, TheJsonHoldsTheSameRows) {
  constexpr int kRounds = 2;
  const ProgramResult result =
      RunThalweg({"bench", "--json", "--rounds", std::to_string(kRounds), kDemo});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(result.out).get(root), simdjson::SUCCESS) << result.out;
  for (const char* key : {"processor", "program", "clock"}) {
    std::string_view text;
    EXPECT_EQ(root[key].get(text), simdjson::SUCCESS) << key;
    EXPECT_FALSE(text.empty()) << key;
  }
  for (const char* key :
       {"cores", "frames", "payload_bytes", "uncounted_frames", "clock_overhead_ns", "rounds",
        "cold_sweep_bytes", "frames_per_s_all_records", "frames_per_s_depth_records"}) {
    double number = -1;
    EXPECT_EQ(root[key].get(number), simdjson::SUCCESS) << key;
    EXPECT_GE(number, 0) << key;
  }
  bool cut = true;
  EXPECT_EQ(root["cut"].get(cut), simdjson::SUCCESS);
  EXPECT_FALSE(cut);

  simdjson::dom::array kinds;
  ASSERT_EQ(root["kinds"].get(kinds), simdjson::SUCCESS);
  std::vector<std::string> names;
  for (const simdjson::dom::element kind : kinds) {
    std::string_view name;
    std::int64_t frames = 0;
    simdjson::dom::array rows;
    ASSERT_EQ(kind["kind"].get(name), simdjson::SUCCESS);
    ASSERT_EQ(kind["frames"].get(frames), simdjson::SUCCESS);
    ASSERT_EQ(kind["rows"].get(rows), simdjson::SUCCESS);
    names.emplace_back(name);
    std::set<std::pair<std::string, std::string>> seen;
    for (const simdjson::dom::element row : rows) {
      std::string_view caches;
      std::string_view stage;
      std::int64_t samples = 0;
      ASSERT_EQ(row["caches"].get(caches), simdjson::SUCCESS);
      ASSERT_EQ(row["stage"].get(stage), simdjson::SUCCESS);
      ASSERT_EQ(row["samples"].get(samples), simdjson::SUCCESS);
      seen.emplace(caches, stage);
      // Cold, every frame of so short a recording is a sample.
      EXPECT_EQ(samples, caches == "warm" ? kRounds * frames : frames);
      std::int64_t last = 0;
      for (const char* key : {"p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "max_ns"}) {
        std::int64_t nanos = -1;
        ASSERT_EQ(row[key].get(nanos), simdjson::SUCCESS) << key;
        EXPECT_GE(nanos, last) << key;
        last = nanos;
      }
      double mean = 0;
      EXPECT_EQ(row["mean_ns"].get(mean), simdjson::SUCCESS);
      EXPECT_EQ(row["ns_per_level"].error() == simdjson::SUCCESS, name == "depth");
    }
    EXPECT_EQ(seen.size(), 2 * kStages.size());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"depth", "bookTicker", "trade"}));
}

TEST(BenchCommandTest, FramesThatMakeNoRecordAreNotCounted) {
  TestFolder folder;
  MarketScript script;
  script.Depth();  // Waits for the snapshot.
  script.Ticker();
  script.Start(20);
  script.RepeatLine(script.lines().size() - 1);  // A trade that came before.
  const ProgramResult result = RunThalweg(
      {"bench", "--json", "--rounds", "1", folder.Write("recording.txt", script.text())});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  // The two before the snapshot, the snapshot itself, and the repeated trade.
  EXPECT_NE(result.out.find("\"frames\":64,"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\"uncounted_frames\":4,"), std::string::npos) << result.out;
  for (const char* kind : {"depth", "bookTicker", "trade"}) {
    EXPECT_NE(result.out.find("{\"kind\":\"" + std::string(kind) + "\",\"frames\":20,"),
              std::string::npos)
        << result.out;
  }
}

TEST(BenchCommandTest, ARecordingWithoutASnapshotNeverSynchronises) {
  TestFolder folder;
  MarketScript script;
  script.Run(5);
  const ProgramResult result = RunThalweg({"bench", folder.Write("recording.txt", script.text())});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("never synchronised"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("recording.txt"), std::string::npos) << result.err;
}

TEST(BenchCommandTest, ARecordingWithoutAFrameIsBadData) {
  TestFolder folder;
  const std::string lines = "1732154400000000000 #lost 1 test\n";
  for (const std::string& text : {lines, std::string()}) {
    const ProgramResult result = RunThalweg({"bench", folder.Write("recording.txt", text)});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_NE(result.err.find("no frame at all"), std::string::npos) << result.err;
  }
}

TEST(BenchCommandTest, WhatCannotBeReadIsNamed) {
  TestFolder folder;
  for (const std::string& path :
       {folder.PathOf("absent.zst"), folder.Write("letter.txt", "Dear reader,\n")}) {
    const ProgramResult result = RunThalweg({"bench", path});
    EXPECT_EQ(result.exit_status, 3);
    EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(BenchCommandTest, WrongUsageIsSaidBeforeAnythingRuns) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"bench"},
                                             {"bench", kDemo, "--rounds", "0"},
                                             {"bench", kDemo, "--rounds", "1001"},
                                             {"bench", kDemo, "--rounds", "many"},
                                             {"bench", kDemo, "--fast"}}) {
    const ProgramResult result = RunThalweg(arguments);
    EXPECT_EQ(result.exit_status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(result.err.empty());
  }
}

}  // namespace
}  // namespace thalweg
