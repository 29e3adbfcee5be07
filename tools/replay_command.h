// `thalweg replay RECORDING...`: a recorded feed in, features out.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

// Adds the subcommand; when it was chosen, *exit_status holds its exit status after parsing.
void AddReplayCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
