// `thalweg import SOURCE... --out FILE.zst`: files of other programs in, one recording out.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddImportCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
