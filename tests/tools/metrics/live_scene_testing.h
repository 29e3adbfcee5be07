// A scene of a run that is well, for tests to spoil.
#pragma once

#include <string>

#include "tools/metrics/live_scene.h"

namespace thalweg {

inline WatchedSymbol LiveSymbol(const std::string& name, Nanos wall) {
  WatchedSymbol symbol;
  symbol.name = name;
  symbol.reading.state = static_cast<std::int64_t>(SymbolState::kLive);
  symbol.reading.is_depth_open = 1;
  symbol.reading.event_ns = wall - kSecond;
  symbol.reading.used_ns = {wall - kSecond / 10, wall - kSecond / 5, wall - 2 * kSecond};
  return symbol;
}

// Three symbols, two shards that record, two connections.
inline LiveScene GoodScene() {
  LiveScene scene;
  scene.at = 1'000 * kSecond;
  scene.wall = 1'722'902'400 * kSecond;
  scene.feed.at = scene.at - kSecond / 20;
  scene.feed.state = FeedState::kRunning;
  scene.feed.connections.resize(2);
  for (SlotStatus& slot : scene.feed.connections) slot.state = SlotState::kOpen;
  scene.shards.resize(2);
  for (ShardScene& shard : scene.shards) shard.recorder.emplace();
  for (const char* name : {"AAAUSDT", "BBBUSDT", "CCCUSDT"}) {
    scene.symbols.push_back(LiveSymbol(name, scene.wall));
  }
  return scene;
}

}  // namespace thalweg
