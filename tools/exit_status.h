// The exit statuses of the program, the same for every subcommand.
#pragma once

#include "absl/status/status.h"

namespace thalweg {

enum ExitStatus : int {
  kExitGood = 0,
  kExitBadData = 1,   // The data is bad.
  kExitUsage = 2,     // Wrong usage or configuration.
  kExitFailedIo = 3,  // Cannot read or write.
};

// Says on standard error what went wrong; answers the status to exit with.
int FailUsage(const absl::Status& status);
int FailIo(const absl::Status& status);
// The first where the status is InvalidArgument, else the second.
int Fail(const absl::Status& status);

}  // namespace thalweg
