#include "tools/metrics/live_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "tests/tools/metrics/live_scene_testing.h"
#include "tools/metrics/live_health.h"
#include "tools/metrics/process_statistics.h"

namespace thalweg {
namespace {

struct Family {
  std::string type;
  std::string help;
  std::map<std::string, std::string> samples;  // By what stands before the value.
};

// Reads a page as its format says, and checks on the way that it does.
std::map<std::string, Family> Parse(const std::string& page) {
  std::map<std::string, Family> families;
  std::string family;
  std::istringstream lines(page);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string mark, what, name;
    if (absl::StartsWith(line, "# ")) {
      words >> mark >> what >> name;
      std::string rest;
      std::getline(words, rest);
      if (what == "HELP") {
        EXPECT_EQ(families.count(name), 0u) << "twice: " << name;
        families[family = name].help = rest.substr(1);
      } else {
        EXPECT_EQ(what, "TYPE") << line;
        EXPECT_EQ(name, family);
        families[family].type = rest.substr(1);
      }
      continue;
    }
    const std::size_t value = line.rfind(' ');
    const std::string sample = line.substr(0, value);
    EXPECT_TRUE(absl::StartsWith(sample, family)) << line << " in " << family;
    EXPECT_TRUE(families[family].samples.emplace(sample, line.substr(value + 1)).second)
        << "twice: " << line;
  }
  return families;
}

class LiveMetricsTest : public testing::Test {
 protected:
  // The value of a sample; empty when there is none.
  std::string Value(const std::string& sample) {
    const auto families = Parse(LiveMetricsText(scene_, server_, now_));
    const auto family = families.find(sample.substr(0, sample.find('{')));
    if (family == families.end()) return "";
    const auto found = family->second.samples.find(sample);
    return found == family->second.samples.end() ? "" : found->second;
  }

  LiveScene scene_ = GoodScene();
  MetricsServerCounts server_;
  Nanos now_ = scene_.at;
};

TEST_F(LiveMetricsTest, NamesFollowTheConventionsOfPrometheus) {
  const auto families = Parse(LiveMetricsText(scene_, server_, now_));
  EXPECT_GT(families.size(), 100u);
  for (const auto& [name, family] : families) {
    EXPECT_TRUE(absl::StartsWith(name, "thalweg_")) << name;
    EXPECT_EQ(absl::EndsWith(name, "_total"), family.type == "counter") << name;
    EXPECT_TRUE(absl::EndsWith(family.help, ".")) << name;
    for (const char* end : {"_count", "_sum", "_bucket", "_ms", "_us", "_ns", "_info_total"}) {
      EXPECT_FALSE(absl::EndsWith(name, end)) << name;
    }
  }
}

TEST_F(LiveMetricsTest, EveryFamilyIsThereWhateverTheRunDoes) {
  const auto names = [](const LiveScene& scene) {
    std::set<std::string> found;
    for (const auto& [name, family] : Parse(LiveMetricsText(scene, {}, scene.at))) {
      found.insert(name);
    }
    return found;
  };
  EXPECT_EQ(names(LiveScene()), names(scene_));
}

TEST_F(LiveMetricsTest, TellsEverySymbol) {
  SymbolReading& reading = scene_.symbols[1].reading;
  reading.state = static_cast<std::int64_t>(SymbolState::kResync);
  reading.quality = quality::kBookInvalid | quality::kStaleDepth | quality::kFirstAfterResync |
                    quality::BucketHorizon(0);
  reading.counts.depth_frames = 1'234;
  reading.book.gaps = 3;
  EXPECT_EQ(Value("thalweg_symbol_state{symbol=\"BBBUSDT\"}"), "3");
  EXPECT_EQ(Value("thalweg_symbol_live{symbol=\"BBBUSDT\"}"), "0");
  EXPECT_EQ(Value("thalweg_symbol_live{symbol=\"AAAUSDT\"}"), "1");
  EXPECT_EQ(Value("thalweg_symbol_flag{symbol=\"BBBUSDT\",flag=\"BOOK_INVALID\"}"), "1");
  EXPECT_EQ(Value("thalweg_symbol_flag{symbol=\"BBBUSDT\",flag=\"STALE_DEPTH\"}"), "1");
  EXPECT_EQ(Value("thalweg_symbol_flag{symbol=\"BBBUSDT\",flag=\"QTY_CAPPED\"}"), "0");
  EXPECT_EQ(Value("thalweg_symbol_flag{symbol=\"BBBUSDT\",flag=\"FIRST_AFTER_RESYNC\"}"), "");
  EXPECT_EQ(Value("thalweg_symbol_age_seconds{symbol=\"BBBUSDT\",stream=\"depth\"}"), "0.1");
  EXPECT_EQ(Value("thalweg_symbol_age_seconds{symbol=\"BBBUSDT\",stream=\"trade\"}"), "2");
  EXPECT_EQ(Value("thalweg_symbol_event_time_seconds{symbol=\"BBBUSDT\"}"), "1722902399");
  EXPECT_EQ(Value("thalweg_symbol_depth_events_total{symbol=\"BBBUSDT\"}"), "1234");
  EXPECT_EQ(Value("thalweg_book_gaps_total{symbol=\"BBBUSDT\"}"), "3");
  EXPECT_EQ(Value("thalweg_healthy"), "0");
  EXPECT_EQ(Value("thalweg_symbols_required_live"), "2");
  reading.used_ns[2] = 0;
  EXPECT_EQ(Value("thalweg_symbol_age_seconds{symbol=\"BBBUSDT\",stream=\"trade\"}"), "");
}

TEST_F(LiveMetricsTest, TellsConnectionsByLeg) {
  scene_.legs = 2;
  scene_.feed.connections[1].state = SlotState::kWaiting;
  scene_.feed.connections[1].silent_for = 1'500 * kMillisecond;
  scene_.feed.connections[1].counts.leg.given = 7;
  scene_.feed.connections[1].counts.leg.behind_sum = 2 * kMillisecond;
  scene_.feed.connections[1].counts.watch.stalls = 4;
  EXPECT_EQ(Value("thalweg_connection_open{connection=\"0\",leg=\"1\"}"), "1");
  EXPECT_EQ(Value("thalweg_connection_open{connection=\"1\",leg=\"2\"}"), "0");
  EXPECT_EQ(Value("thalweg_connection_silence_seconds{connection=\"1\",leg=\"2\"}"), "1.5");
  EXPECT_EQ(Value("thalweg_leg_first_events_total{connection=\"1\",leg=\"2\"}"), "7");
  EXPECT_EQ(Value("thalweg_leg_behind_seconds_total{connection=\"1\",leg=\"2\"}"), "0.002");
  EXPECT_EQ(Value("thalweg_stream_stalls_total{connection=\"1\",leg=\"2\"}"), "4");
  scene_.legs = 1;
  EXPECT_EQ(Value("thalweg_connection_open{connection=\"1\",leg=\"1\"}"), "0");
}

TEST_F(LiveMetricsTest, TellsShardsRecordersRestAndRings) {
  scene_.shards[1].counts.records = 99;
  scene_.shards[1].counts.intake.lost_frames = 5;
  scene_.shards[1].engine.frames = 1'000;
  scene_.shards[1].recorder->counts.status = absl::UnavailableError("disk full");
  scene_.shards[1].recorder->counts.segments.lost_lines = 8;
  scene_.shards[0].recorder.reset();
  scene_.feed.rest.deadlines = 2;
  scene_.feed.weight_used = 450;
  scene_.feed.banned_for = 30 * kSecond;
  scene_.rings.push_back({"live-1", RingKind::kTops, {}});
  scene_.rings[0].statistics.records = 12;
  scene_.rings[0].statistics.latency_cells[0] = 12;
  scene_.rings[0].stages.resize(kStages.size());
  RingStage& book = scene_.rings[0].stages[Index(Stage::kBook)];
  book.cells[0] = 4;
  book.sum_ns = 3 * kSecond;
  book.max_ns = 2 * kSecond;
  server_.rejected = 6;
  now_ = scene_.at + 20 * kMillisecond;
  EXPECT_EQ(Value("thalweg_engine_records_total{shard=\"1\"}"), "99");
  EXPECT_EQ(Value("thalweg_intake_lost_messages_total{shard=\"1\"}"), "5");
  EXPECT_EQ(Value("thalweg_engine_messages_total{shard=\"1\"}"), "1000");
  EXPECT_EQ(Value("thalweg_recorder_good{shard=\"1\"}"), "0");
  EXPECT_EQ(Value("thalweg_recorder_good{shard=\"0\"}"), "");
  EXPECT_EQ(Value("thalweg_recorder_lost_lines_total{shard=\"1\"}"), "8");
  EXPECT_EQ(Value("thalweg_rest_outcomes_total{outcome=\"deadline\"}"), "2");
  EXPECT_EQ(Value("thalweg_weight_used"), "450");
  EXPECT_EQ(Value("thalweg_feed_banned_seconds"), "30");
  EXPECT_EQ(Value("thalweg_ring_records_total{ring=\"live-1\",kind=\"tops\"}"), "12");
  EXPECT_EQ(Value("thalweg_metrics_rejected_requests_total"), "6");
  EXPECT_EQ(Value("thalweg_scene_age_seconds"), "0.02");
  EXPECT_EQ(Value("thalweg_degraded"), "1");
  const auto families = Parse(LiveMetricsText(scene_, server_, now_));
  EXPECT_EQ(families.at("thalweg_ring_latency_seconds")
                .samples.at("thalweg_ring_latency_seconds_count{ring=\"live-1\",kind=\"tops\"}"),
            "12");
  const auto& stages = families.at("thalweg_stage_latency_seconds").samples;
  const std::string labels = "{ring=\"live-1\",stage=\"book\"}";
  EXPECT_EQ(stages.at("thalweg_stage_latency_seconds_count" + labels), "4");
  EXPECT_EQ(stages.at("thalweg_stage_latency_seconds_sum" + labels), "3");
  EXPECT_EQ(Value("thalweg_stage_latency_max_seconds" + labels), "2");
}

// A page is read by others than its run's owner.
TEST_F(LiveMetricsTest, FaultH1NothingServedIsAPathAnAddressOrAWordOfTheExchange) {
  scene_.shards[0].recorder->counts.path = "/home/someone/recordings/x.zst";
  scene_.shards[0].recorder->counts.status = absl::UnavailableError("/home/someone: disk full");
  scene_.feed.problem = "connect failed: host=10.9.8.7";
  scene_.feed.connections[0].last_end = "closed by user:secret@10.9.8.7";
  const std::string pages = LiveMetricsText(scene_, server_, now_) + HealthJson(scene_, now_);
  for (const char* word : {"/home", "someone", "10.9.8.7", "secret", "disk full"}) {
    EXPECT_FALSE(absl::StrContains(pages, word)) << word;
  }
}

TEST(ProcessStatisticsTest, AreThoseOfThisProcess) {
  PrometheusText text;
  AddProcessStatistics(text);
  const auto families = Parse(text.Take());
  EXPECT_EQ(families.size(), 7u);
  for (const auto& [name, family] : families) {
    ASSERT_EQ(family.samples.size(), 1u) << name;
    EXPECT_GE(std::stod(family.samples.at(name)), 0) << name;
  }
  EXPECT_GE(std::stod(families.at("process_open_fds").samples.at("process_open_fds")), 3);
  EXPECT_GT(
      std::stod(
          families.at("process_resident_memory_bytes").samples.at("process_resident_memory_bytes")),
      1e6);
  EXPECT_GT(
      std::stod(families.at("process_start_time_seconds").samples.at("process_start_time_seconds")),
      1.6e9);
}

}  // namespace
}  // namespace thalweg
