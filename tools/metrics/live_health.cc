#include "tools/metrics/live_health.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/string_view.h"
#include "replay/json_text.h"

namespace thalweg {
namespace {

constexpr std::array<std::string_view, 5> kStateWords{"down", "buffering", "live", "resync",
                                                      "halted"};
constexpr std::array<std::string_view, kStreamKinds> kStreamWords{"depth", "ticker", "trade"};
constexpr QualityWord kStale = quality::kStaleDepth | quality::kStaleTicker | quality::kStaleTrade;

// How bad it is, the worst first: not live before live, far from it before near, old before new.
std::tuple<bool, int, Nanos> RankOf(const LiveScene& scene, const WatchedSymbol& symbol) {
  constexpr std::array<int, 5> kNearness{0, 1, 4, 2, 3};
  const auto state = static_cast<std::size_t>(symbol.reading.state);
  return {IsLive(scene, symbol), state < kNearness.size() ? kNearness[state] : -1,
          -AgeOf(scene, symbol, StreamKind::kDepth).value_or(INT64_MAX)};
}

std::string WhyNotLive(const LiveScene& scene, const WatchedSymbol& symbol) {
  if (static_cast<SymbolState>(symbol.reading.state) != SymbolState::kLive) {
    return absl::StrCat(symbol.name, " is ", Abseil(StateWord(symbol.reading.state)));
  }
  if ((symbol.reading.quality & quality::kAuditDiverged) != 0) {
    return absl::StrCat("the book of ", symbol.name, " differs from the exchange's");
  }
  if (symbol.reading.is_depth_open == 0) {
    return absl::StrCat("no connection carries ", symbol.name);
  }
  const std::optional<Nanos> age = AgeOf(scene, symbol, StreamKind::kDepth);
  if (!age) return absl::StrCat("no depth of ", symbol.name, " is there");
  return absl::StrCat("no depth of ", symbol.name, " for ", *age / kSecond, " s");
}

bool IsOpen(const SlotStatus& slot) {
  return slot.state == SlotState::kOpen || slot.state == SlotState::kChanging;
}

std::size_t OpenConnections(const FeedStatus& feed) {
  return static_cast<std::size_t>(
      std::count_if(feed.connections.begin(), feed.connections.end(), IsOpen));
}

// What has to move and does not; empty: everything does.
std::string WhatStandsStill(const LiveScene& scene, Nanos now) {
  if (scene.has_ended) return "the run is ending";
  if (scene.feed.at == 0) return "the run has not begun";
  if (now - scene.at > kPulseMax) return "the run's own thread stands still";
  if (scene.at - scene.feed.at > kPulseMax) return "the network's thread stands still";
  for (std::size_t i = 0; i < scene.shards.size(); ++i) {
    const ShardScene& shard = scene.shards[i];
    if (shard.is_dead) return absl::StrCat("engine ", i, " has died");
    if (shard.still_for > kPulseMax) return absl::StrCat("engine ", i, " stands still");
  }
  return "";
}

// What is amiss though every required symbol is live.
std::string WhatIsAmiss(const LiveScene& scene) {
  for (std::size_t i = 0; i < scene.shards.size(); ++i) {
    const auto& recorder = scene.shards[i].recorder;
    if (recorder && !recorder->is_good()) return absl::StrCat("recorder ", i, " loses lines");
  }
  if (scene.feed.banned_for > 0) return "the exchange has banned this address";
  if (scene.feed.refused_for > 0) return "the exchange refuses this address";
  const std::size_t open = OpenConnections(scene.feed);
  if (open < scene.feed.connections.size()) {
    return absl::StrCat(open, " of ", scene.feed.connections.size(), " connections are open");
  }
  for (const WatchedSymbol& symbol : scene.symbols) {
    if (!IsLive(scene, symbol)) return WhyNotLive(scene, symbol);
    const QualityWord doubts = symbol.reading.quality;
    if ((doubts & quality::kCrossed) != 0) return absl::StrCat(symbol.name, " is crossed");
    if ((doubts & quality::kDroppedInput) != 0) {
      return absl::StrCat("messages of ", symbol.name, " were lost here");
    }
    if ((doubts & kStale) != 0) return absl::StrCat("a stream of ", symbol.name, " is stale");
  }
  return "";
}

void AppendSeconds(std::optional<Nanos> span, std::string* out) {
  if (!span) return absl::StrAppend(out, "null");
  absl::StrAppendFormat(out, "%.3f", static_cast<double>(*span) / kSecond);
}

std::string_view RecorderWord(const LiveScene& scene) {
  bool is_recorded = false;
  for (const ShardScene& shard : scene.shards) {
    if (!shard.recorder) continue;
    is_recorded = true;
    if (!shard.recorder->is_good()) return "losing lines";
  }
  return is_recorded ? "recording" : "off";
}

}  // namespace

std::string_view HealthVerdictName(HealthVerdict verdict) noexcept {
  switch (verdict) {
    case HealthVerdict::kOk:
      return "ok";
    case HealthVerdict::kDegraded:
      return "degraded";
    case HealthVerdict::kDown:
      return "down";
  }
  return "";
}

std::string_view StateWord(std::int64_t state) noexcept {
  const auto index = static_cast<std::size_t>(state);
  return index < kStateWords.size() ? kStateWords[index] : "unknown";
}

std::optional<Nanos> AgeOf(const LiveScene& scene, const WatchedSymbol& symbol, StreamKind kind) {
  const std::int64_t used = symbol.reading.used_ns[static_cast<std::size_t>(kind)];
  if (used == 0) return std::nullopt;
  return std::max<Nanos>(scene.wall - used, 0);
}

bool IsLive(const LiveScene& scene, const WatchedSymbol& symbol) {
  const std::optional<Nanos> age = AgeOf(scene, symbol, StreamKind::kDepth);
  return static_cast<SymbolState>(symbol.reading.state) == SymbolState::kLive &&
         (symbol.reading.quality & quality::kAuditDiverged) == 0 &&
         symbol.reading.is_depth_open != 0 && age && *age <= kHealthSilenceMax;
}

LiveHealth JudgeHealth(const LiveScene& scene, Nanos now) {
  LiveHealth health;
  for (const WatchedSymbol& symbol : scene.symbols) {
    if (!symbol.is_required) continue;
    ++health.required;
    if (IsLive(scene, symbol)) ++health.required_live;
    if (health.worst == nullptr || RankOf(scene, symbol) < RankOf(scene, *health.worst)) {
      health.worst = &symbol;
    }
  }
  health.why = WhatStandsStill(scene, now);
  if (health.why.empty() && health.required_live < health.required) {
    health.why = WhyNotLive(scene, *health.worst);
  }
  if (!health.why.empty()) return health;
  health.why = WhatIsAmiss(scene);
  health.verdict = health.why.empty() ? HealthVerdict::kOk : HealthVerdict::kDegraded;
  return health;
}

std::string HealthJson(const LiveScene& scene, Nanos now) {
  const LiveHealth health = JudgeHealth(scene, now);
  std::string json =
      absl::StrCat("{\"status\":\"", Abseil(HealthVerdictName(health.verdict)), "\",\"why\":");
  AppendJsonText(health.why, &json);
  absl::StrAppend(&json, ",\"symbols\":{\"required\":", health.required,
                  ",\"live\":", health.required_live, ",\"worst\":");
  if (health.worst == nullptr) {
    absl::StrAppend(&json, "null");
  } else {
    absl::StrAppend(&json, "{\"symbol\":");
    AppendJsonText(health.worst->name, &json);
    absl::StrAppend(&json, ",\"state\":\"", Abseil(StateWord(health.worst->reading.state)), "\"");
    for (std::size_t kind = 0; kind < kStreamKinds; ++kind) {
      absl::StrAppend(&json, ",\"", Abseil(kStreamWords[kind]), "_age_seconds\":");
      AppendSeconds(AgeOf(scene, *health.worst, static_cast<StreamKind>(kind)), &json);
    }
    absl::StrAppend(&json, "}");
  }
  absl::StrAppend(&json, "},\"connections\":{\"planned\":", scene.feed.connections.size(),
                  ",\"open\":", OpenConnections(scene.feed), "},\"recorder\":\"",
                  Abseil(RecorderWord(scene)), "\",\"banned_for_seconds\":");
  AppendSeconds(std::max(scene.feed.banned_for, scene.feed.refused_for), &json);
  absl::StrAppend(&json, ",\"as_of_seconds\":");
  AppendSeconds(now - scene.at, &json);
  return json + "}\n";
}

}  // namespace thalweg
