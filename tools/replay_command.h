// `thalweg replay RECORDING...`: a recorded feed in, features out.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

// Adds the subcommand; when it was chosen, *exit_status holds its exit status after parsing.
void AddReplayCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
