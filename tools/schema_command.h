// `thalweg schema`: the feature contract.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddSchemaCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
