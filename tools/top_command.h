// `thalweg top`: watches a ring in the terminal, or prints pictures of it.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddTopCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
