// Is a live run well? The answer of `/health`, which has to be true above all: a probe that says
// "ok" while a book is not current does harm.
//
//   ok        every required symbol is live and nothing else is amiss
//   degraded  they are live, and something is: a stale stream, a connection that is not open, a
//             recorder that loses lines, a ban
//   down      a required symbol is not live, or a thread that it needs does not move
//
// A symbol is live when its book continues the feed (a halted one does not trade, and is not), its
// depth stream has an open connection, and its newest depth event is at most kHealthSilenceMax old:
// on a quiet book events may be seconds apart, which is STALE_DEPTH and no more.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"
#include "pipeline/stream_state.h"
#include "tools/metrics/live_scene.h"

namespace thalweg {

inline constexpr Nanos kHealthSilenceMax = 60 * kSecond;

enum class HealthVerdict : std::uint8_t { kOk, kDegraded, kDown };
[[nodiscard]] std::string_view HealthVerdictName(HealthVerdict verdict) noexcept;

struct LiveHealth {
  HealthVerdict verdict = HealthVerdict::kDown;
  std::string why;  // The gravest reason, in words; empty when it is ok.
  std::size_t required = 0;
  std::size_t required_live = 0;
  const WatchedSymbol* worst = nullptr;  // Of the required ones; null when there are no symbols.
};

// `now`: NetworkLoop::Now() when it is asked; what the scene says is as old as that.
[[nodiscard]] LiveHealth JudgeHealth(const LiveScene& scene, Nanos now);

[[nodiscard]] bool IsLive(const LiveScene& scene, const WatchedSymbol& symbol);
// Since its newest frame of that kind that was used; absent: there is none.
[[nodiscard]] std::optional<Nanos> AgeOf(const LiveScene& scene, const WatchedSymbol& symbol,
                                         StreamKind kind);
// "down", "buffering", "live", "resync", "halted".
[[nodiscard]] std::string_view StateWord(std::int64_t state) noexcept;

// As JSON, a line.
[[nodiscard]] std::string HealthJson(const LiveScene& scene, Nanos now);

}  // namespace thalweg
