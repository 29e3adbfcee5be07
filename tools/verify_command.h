// `thalweg verify RECORDING...`: is a recording good, and is its replay what the live run made?
#pragma once

#include "tools/command_line.h"

namespace thalweg {

// Adds the subcommand; when it was chosen, *exit_status holds its exit status after parsing.
void AddVerifyCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
