// Recordings as what drives a FeatureEngine: a RecordingPlayer, a line a step.
//
//   thalweg::FeatureEngine::Make(options, thalweg::Recordings({"monday.zst", "tuesday.zst"}));
//
// Shards and runs have engines of their own, as RecordingPlayer makes them: a new run begins fresh
// books. Errors, of opening and of reading: with file, offset and reason.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/engine_source.h"
#include "replay/recording_player.h"

namespace thalweg {

// `tell` gets what is worth telling about the files, as that an end is cut.
[[nodiscard]] std::unique_ptr<EngineSource> Recordings(std::vector<std::string> paths,
                                                       const PlayerOptions& options = {},
                                                       RecordingPlayer::Teller tell = {});

}  // namespace thalweg
