// `thalweg import SOURCE... --out FILE.zst`: files of other programs in, one recording out.
#pragma once

#include "tools/command_line.h"

namespace thalweg {

void AddImportCommand(CommandLine& line, int* exit_status);

}  // namespace thalweg
