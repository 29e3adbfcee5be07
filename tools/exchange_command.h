// `thalweg exchange`: the loopback exchange, from a recording or from the seeded market.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

// `*exit_status` is set when the command is run, during app.parse().
void AddExchangeCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
