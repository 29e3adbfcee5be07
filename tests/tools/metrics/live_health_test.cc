// What /health says of scenes: H5 says that it must not say "ok" of a run that is not. Whole runs
// are asked in tests/exchange/metrics_test.py.
#include "tools/metrics/live_health.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/tools/metrics/live_scene_testing.h"

namespace thalweg {
namespace {

TEST(LiveHealthTest, ARunThatIsWellIsOk) {
  const LiveScene scene = GoodScene();
  const LiveHealth health = JudgeHealth(scene, scene.at);
  EXPECT_EQ(health.verdict, HealthVerdict::kOk) << health.why;
  EXPECT_EQ(health.why, "");
  EXPECT_EQ(health.required, 3u);
  EXPECT_EQ(health.required_live, 3u);
  EXPECT_EQ(HealthJson(scene, scene.at),
            "{\"status\":\"ok\",\"why\":\"\",\"symbols\":{\"required\":3,\"live\":3,\"worst\":"
            "{\"symbol\":\"AAAUSDT\",\"state\":\"live\",\"depth_age_seconds\":0.100,"
            "\"ticker_age_seconds\":0.200,\"trade_age_seconds\":2.000}},"
            "\"connections\":{\"planned\":2,\"open\":2},\"recorder\":\"recording\","
            "\"banned_for_seconds\":0.000,\"as_of_seconds\":0.000}\n");
}

struct Spoilt {
  const char* why;
  std::function<void(LiveScene&)> spoil;
};

TEST(LiveHealthTest, FaultH5WhateverKeepsARequiredSymbolFromBeingLiveIsDownAndNamed) {
  const auto state = [](SymbolState now) {
    return [now](LiveScene& scene) {
      scene.symbols[1].reading.state = static_cast<std::int64_t>(now);
    };
  };
  const Spoilt cases[] = {
      {"BBBUSDT is down", state(SymbolState::kDown)},
      {"BBBUSDT is buffering", state(SymbolState::kBuffering)},
      {"BBBUSDT is resync", state(SymbolState::kResync)},
      {"BBBUSDT is halted", state(SymbolState::kHalted)},
      {"BBBUSDT is unknown", [](LiveScene& scene) { scene.symbols[1].reading.state = 77; }},
      {"no connection carries BBBUSDT",
       [](LiveScene& scene) { scene.symbols[1].reading.is_depth_open = 0; }},
      {"no depth of BBBUSDT for 61 s",
       [](LiveScene& scene) { scene.symbols[1].reading.used_ns[0] = scene.wall - 61 * kSecond; }},
      {"no depth of BBBUSDT is there",
       [](LiveScene& scene) { scene.symbols[1].reading.used_ns[0] = 0; }},
      {"the book of BBBUSDT differs from the exchange's",
       [](LiveScene& scene) { scene.symbols[1].reading.quality = quality::kAuditDiverged; }},
      {"engine 1 stands still", [](LiveScene& scene) { scene.shards[1].still_for = 6 * kSecond; }},
      {"engine 1 has died", [](LiveScene& scene) { scene.shards[1].is_dead = true; }},
      {"the network's thread stands still",
       [](LiveScene& scene) { scene.feed.at = scene.at - 6 * kSecond; }},
      {"the run has not begun", [](LiveScene& scene) { scene.feed.at = 0; }},
      {"the run is ending", [](LiveScene& scene) { scene.has_ended = true; }},
  };
  for (const Spoilt& spoilt : cases) {
    LiveScene scene = GoodScene();
    spoilt.spoil(scene);
    const LiveHealth health = JudgeHealth(scene, scene.at);
    EXPECT_EQ(health.verdict, HealthVerdict::kDown) << spoilt.why;
    EXPECT_EQ(health.why, spoilt.why);
    if (health.required_live < health.required) {
      EXPECT_EQ(health.worst, &scene.symbols[1]) << spoilt.why;
    }
  }
}

TEST(LiveHealthTest, FaultH5ARunWhoseOwnThreadStandsStillIsDownWhateverItSaidLast) {
  const LiveScene scene = GoodScene();
  EXPECT_EQ(JudgeHealth(scene, scene.at + kPulseMax).verdict, HealthVerdict::kOk);
  const LiveHealth health = JudgeHealth(scene, scene.at + kPulseMax + 1);
  EXPECT_EQ(health.verdict, HealthVerdict::kDown);
  EXPECT_EQ(health.why, "the run's own thread stands still");
}

TEST(LiveHealthTest, FaultH5TheWorstSymbolIsNamedAmongMany) {
  LiveScene scene = GoodScene();
  const auto set = [&](std::size_t i, SymbolState state) {
    scene.symbols[i].reading.state = static_cast<std::int64_t>(state);
  };
  const auto worst = [&] { return JudgeHealth(scene, scene.at).worst->name; };
  set(0, SymbolState::kHalted);
  EXPECT_EQ(worst(), "AAAUSDT");
  set(2, SymbolState::kResync);
  EXPECT_EQ(worst(), "CCCUSDT");
  set(1, SymbolState::kBuffering);
  EXPECT_EQ(worst(), "BBBUSDT");
  set(0, SymbolState::kDown);
  EXPECT_EQ(worst(), "AAAUSDT");
  // Among equals the one whose depth is oldest.
  for (std::size_t i = 0; i < 3; ++i) set(i, SymbolState::kLive);
  scene.symbols[2].reading.used_ns[0] -= kSecond;
  EXPECT_EQ(worst(), "CCCUSDT");
}

TEST(LiveHealthTest, WhatTakesNoBookAwayDegrades) {
  const Spoilt cases[] = {
      {"1 of 2 connections are open",
       [](LiveScene& scene) { scene.feed.connections[1].state = SlotState::kWaiting; }},
      {"recorder 1 loses lines",
       [](LiveScene& scene) {
         scene.shards[1].recorder->counts.status = absl::UnavailableError("disk full");
       }},
      {"recorder 0 loses lines",
       [](LiveScene& scene) { scene.shards[0].recorder->is_dead = true; }},
      {"recorder 0 loses lines",
       [](LiveScene& scene) { scene.shards[0].recorder->is_losing = true; }},
      {"BBBUSDT is crossed",
       [](LiveScene& scene) { scene.symbols[1].reading.quality = quality::kCrossed; }},
      {"messages of BBBUSDT were lost here",
       [](LiveScene& scene) { scene.symbols[1].reading.quality = quality::kDroppedInput; }},
      {"the exchange has banned this address",
       [](LiveScene& scene) { scene.feed.banned_for = kSecond; }},
      {"the exchange refuses this address",
       [](LiveScene& scene) { scene.feed.refused_for = kSecond; }},
      {"a stream of CCCUSDT is stale",
       [](LiveScene& scene) { scene.symbols[2].reading.quality = quality::kStaleTrade; }},
      {"CCCUSDT is halted",
       [](LiveScene& scene) {
         scene.symbols[2].reading.state = static_cast<std::int64_t>(SymbolState::kHalted);
         scene.symbols[2].is_required = false;
       }},
  };
  for (const Spoilt& spoilt : cases) {
    LiveScene scene = GoodScene();
    spoilt.spoil(scene);
    const LiveHealth health = JudgeHealth(scene, scene.at);
    EXPECT_EQ(health.verdict, HealthVerdict::kDegraded) << spoilt.why;
    EXPECT_EQ(health.why, spoilt.why);
  }
}

TEST(LiveHealthTest, WithoutARecordingOrASymbolTheJsonIsStillWhole) {
  LiveScene scene = GoodScene();
  scene.symbols.clear();
  for (ShardScene& shard : scene.shards) shard.recorder.reset();
  scene.feed.banned_for = 90 * kSecond;
  EXPECT_EQ(HealthJson(scene, scene.at + kSecond),
            "{\"status\":\"degraded\",\"why\":\"the exchange has banned this address\","
            "\"symbols\":{\"required\":0,\"live\":0,\"worst\":null},"
            "\"connections\":{\"planned\":2,\"open\":2},\"recorder\":\"off\","
            "\"banned_for_seconds\":90.000,\"as_of_seconds\":1.000}\n");
}

TEST(LiveHealthTest, AWallClockThatWasSetBackMakesNoNegativeAge) {
  LiveScene scene = GoodScene();
  scene.wall -= 3'600 * kSecond;
  EXPECT_EQ(AgeOf(scene, scene.symbols[0], StreamKind::kDepth), Nanos{0});
}

}  // namespace
}  // namespace thalweg
