// `thalweg market`: a synthetic recording with the shape of a real feed.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddMarketCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
