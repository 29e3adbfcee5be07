// `thalweg verify RECORDING...`: is a recording good, and is its replay what the live run made?
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

// Adds the subcommand; when it was chosen, *exit_status holds its exit status after parsing.
void AddVerifyCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
