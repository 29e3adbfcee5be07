// What drives engines step by step: recordings (replay/recording_source.h); a live feed likewise.
//
// A source owns the engines that it drives, since it knows when one ends and another begins (a new
// run of a recording). Threads: one at a time, the one that calls Step(). Errors: status().
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "pipeline/engine.h"

namespace thalweg {

enum class SourceStep : std::uint8_t {
  kStepped,  // An engine was given its next input. What came of it was given to the output.
  kNothing,  // There is none now: a live source, which has waited as long as it is made to.
  kEnded,    // There is none any more: status() says why.
};

class EngineSource {
 public:
  virtual ~EngineSource() = default;

  // Opens what it reads, for engines of these options, their catalogue and this output, all of
  // which outlive the source. Called once, before everything else.
  [[nodiscard]] virtual absl::Status Open(const EngineOptions& options, const Catalogue& catalogue,
                                          EngineOutput& output) = 0;
  [[nodiscard]] virtual SourceStep Step() = 0;
  // OK until it failed; everything before that was used.
  [[nodiscard]] virtual absl::Status status() const = 0;
  // Of the engines of the present; null when none of them follows it. Good until the next step.
  [[nodiscard]] virtual const SymbolEngine* FindSymbol(std::string_view name) const = 0;
};

}  // namespace thalweg
