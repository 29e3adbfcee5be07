// `thalweg export RECORDING... --out FILE`: recordings in, a file of hftbacktest's collector out.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddExportCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
