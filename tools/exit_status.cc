#include "tools/exit_status.h"

#include <cstdio>
#include <string>

namespace thalweg {
namespace {

int Say(const absl::Status& status, int exit_status) {
  std::fprintf(stderr, "thalweg: %s\n", std::string(status.message()).c_str());
  return exit_status;
}

}  // namespace

int FailUsage(const absl::Status& status) { return Say(status, kExitUsage); }
int FailIo(const absl::Status& status) { return Say(status, kExitFailedIo); }
int Fail(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? FailUsage(status) : FailIo(status);
}

}  // namespace thalweg
