// `thalweg info RECORDING...`: what is in a recording.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddInfoCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
