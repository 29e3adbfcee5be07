// The `thalweg` program: one subcommand a file.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "core/version.h"
#include "tools/bench_command.h"
#include "tools/exit_status.h"
#include "tools/export_command.h"
#include "tools/import_command.h"
#include "tools/info_command.h"
#include "tools/market_command.h"
#include "tools/replay_command.h"
#include "tools/schema_command.h"

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
  CLI::App app("thalweg: Binance market data in, an honest order book and features out");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(thalweg::VersionText()));
  app.footer(
      "`thalweg SUBCOMMAND --help` says more. Results go to standard output, the rest to "
      "standard error.");
  int exit_status = thalweg::kExitGood;
  thalweg::AddReplayCommand(app, &exit_status);
  thalweg::AddInfoCommand(app, &exit_status);
  thalweg::AddImportCommand(app, &exit_status);
  thalweg::AddExportCommand(app, &exit_status);
  thalweg::AddMarketCommand(app, &exit_status);
  thalweg::AddBenchCommand(app, &exit_status);
  thalweg::AddSchemaCommand(app, &exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version are "errors" of status 0.
    exit_status = app.exit(error) == 0 ? thalweg::kExitGood : thalweg::kExitUsage;
  }
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
