// The `thalweg` program: one subcommand a file.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/version.h"
#include "tools/bench_command.h"
#include "tools/command_line.h"
#ifdef THALWEG_NET
#include "tools/exchange_command.h"
#include "tools/live_command.h"
#endif
#include "tools/exit_status.h"
#include "tools/export_command.h"
#include "tools/import_command.h"
#include "tools/info_command.h"
#include "tools/market_command.h"
#include "tools/replay_command.h"
#include "tools/schema_command.h"
#include "tools/top_command.h"
#include "tools/verify_command.h"

namespace {

// What was printed may still be in a buffer: a full disk or a closed pipe shows only here.
int FlushStandardOutput(int exit_status) {
  errno = 0;
  std::cout.flush();
  const bool written = std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written || exit_status == thalweg::kExitFailedIo) return exit_status;
  const char* const reason = errno == 0 ? "a write failed" : std::strerror(errno);
  return thalweg::FailIo(
      absl::UnavailableError(absl::StrCat("cannot write standard output: ", reason)));
}

int Run(int argc, char** argv) {
  thalweg::CommandLine line(
      "thalweg: Binance market data in, an honest order book and features out");
  line.Version(std::string(thalweg::VersionText()));
  line.Footer(
      "`thalweg SUBCOMMAND --help` says more. Results go to standard output, the rest to "
      "standard error.");
  int exit_status = thalweg::kExitGood;
  thalweg::AddReplayCommand(line, &exit_status);
#ifdef THALWEG_NET
  thalweg::AddLiveCommand(line, &exit_status);
  thalweg::AddRecordCommand(line, &exit_status);
#endif
  thalweg::AddInfoCommand(line, &exit_status);
  thalweg::AddVerifyCommand(line, &exit_status);
  thalweg::AddImportCommand(line, &exit_status);
  thalweg::AddExportCommand(line, &exit_status);
  thalweg::AddMarketCommand(line, &exit_status);
#ifdef THALWEG_NET
  thalweg::AddExchangeCommand(line, &exit_status);
#endif
  thalweg::AddBenchCommand(line, &exit_status);
  thalweg::AddSchemaCommand(line, &exit_status);
  thalweg::AddTopCommand(line, &exit_status);
  const int parsed = line.Parse(argc, argv, std::cout, std::cerr);
  if (parsed != thalweg::kExitGood) exit_status = parsed;
  return FlushStandardOutput(exit_status);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    // Nothing of ours throws: this is a library's last word, such as memory that is not to be had.
    std::fprintf(stderr, "thalweg: %s\n", error.what());
  } catch (...) {
    std::fputs("thalweg: stopped by an unknown exception\n", stderr);
  }
  return thalweg::kExitFailedIo;
}
