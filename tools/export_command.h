// `thalweg export RECORDING... --out FILE`: recordings in, a file of hftbacktest's collector out.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddExportCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
