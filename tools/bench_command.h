// `thalweg bench RECORDING...`: latency by stage, and throughput, on this machine.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddBenchCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
