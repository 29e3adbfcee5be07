// `thalweg info RECORDING...`: what is in a recording.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddInfoCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
