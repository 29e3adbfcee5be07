// `thalweg bench RECORDING...`: latency by stage, and throughput, on this machine.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddBenchCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
