// `thalweg top`: watches a ring in the terminal, or prints pictures of it.
#pragma once

#include "CLI/CLI.hpp"

namespace thalweg {

void AddTopCommand(CLI::App& app, int* exit_status);

}  // namespace thalweg
