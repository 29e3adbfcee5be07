// `thalweg exchange`: the loopback exchange, from a recording or from the seeded market.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

// `*exit_status` is set when the command is run, during line.Parse().
void AddExchangeCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
