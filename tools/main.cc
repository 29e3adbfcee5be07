// The `thalweg` program: one subcommand a file.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/version.h"
#include "tools/bench_command.h"
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

// An empty value is what a script makes of a variable that is not set, and never meant as "not
// given".
void RefuseEmptyValues(CLI::App& app) {
  const auto refuse = [](const std::string& value) {
    return value.empty() ? std::string("the value is empty") : std::string();
  };
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_items_expected_max() > 0) option->check(refuse);
    }
  }
}

// What stands in the place of a subcommand may be a misspelled one.
int FailWithoutSubcommand(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  const std::vector<std::string> words = app.remaining();
  const std::string fault = words.empty() ? std::string("a subcommand is required")
                                          : absl::StrCat("'", words.front(), "' is no subcommand");
  return thalweg::FailUsage(
      absl::InvalidArgumentError(absl::StrCat(fault, ": there are ", absl::StrJoin(names, ", "))));
}

// --help and --version are "errors" of status 0. Those of a configuration file say all there is to
// say (tools/config_flags.h).
int FailParse(const CLI::App& app, const CLI::ParseError& error) {
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (code == CLI::ExitCodes::ConfigError) {
    return thalweg::FailUsage(absl::InvalidArgumentError(error.what()));
  }
  if (code == CLI::ExitCodes::FileError) {
    return thalweg::FailIo(absl::NotFoundError(error.what()));
  }
  if (error.get_exit_code() != 0 && app.get_subcommands().empty()) {
    return FailWithoutSubcommand(app);
  }
  return app.exit(error) == 0 ? thalweg::kExitGood : thalweg::kExitUsage;
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
#ifdef THALWEG_NET
  thalweg::AddLiveCommand(app, &exit_status);
  thalweg::AddRecordCommand(app, &exit_status);
#endif
  thalweg::AddInfoCommand(app, &exit_status);
  thalweg::AddVerifyCommand(app, &exit_status);
  thalweg::AddImportCommand(app, &exit_status);
  thalweg::AddExportCommand(app, &exit_status);
  thalweg::AddMarketCommand(app, &exit_status);
#ifdef THALWEG_NET
  thalweg::AddExchangeCommand(app, &exit_status);
#endif
  thalweg::AddBenchCommand(app, &exit_status);
  thalweg::AddSchemaCommand(app, &exit_status);
  thalweg::AddTopCommand(app, &exit_status);
  RefuseEmptyValues(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_status = FailParse(app, error);
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
