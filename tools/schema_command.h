// `thalweg schema`: the feature contract.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddSchemaCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
