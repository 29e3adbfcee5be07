// `thalweg live` and `thalweg record`: Binance -> features on rings, and recordings.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddLiveCommand(CLI::App& app, int* exit_status);
void AddRecordCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
