// `thalweg live` and `thalweg record`: Binance -> features on rings, and recordings.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddLiveCommand(CommandLine& line, int* exit_status);
void AddRecordCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
