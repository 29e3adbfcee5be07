#include "tools/exit_status.h"

#include <cstdio>
#include <string>

namespace thalweg {
namespace {

int Fail(const absl::Status& status, int exit_status) {
  std::fprintf(stderr, "thalweg: %s\n", std::string(status.message()).c_str());
  return exit_status;
}

}  // namespace

int FailUsage(const absl::Status& status) { return Fail(status, kExitUsage); }
int FailIo(const absl::Status& status) { return Fail(status, kExitFailedIo); }

}  // namespace thalweg
