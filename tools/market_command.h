// `thalweg market`: a synthetic recording with the shape of a real feed.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddMarketCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
