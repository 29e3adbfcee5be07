#include "tools/export_command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "replay/collector_export.h"
#include "tools/exit_status.h"
#include "tools/notice_log.h"
#include "tools/progress.h"
#include "tools/symbol_list.h"

namespace thalweg {
namespace {

struct ExportFlags {
  std::vector<std::string> recordings;
  std::string out;
  Option symbols_option;
  std::string symbols;
  bool salvage = false;
};

// The symbol of --symbols; empty when the option was not given.
absl::StatusOr<std::vector<std::string>> ParseSymbol(const ExportFlags& flags) {
  if (!flags.symbols_option.is_given()) return std::vector<std::string>();
  auto symbols = ParseSymbolList(flags.symbols);
  if (!symbols.ok() || symbols->size() == 1) return symbols;
  return absl::InvalidArgumentError(
      absl::StrCat("--symbols: '", flags.symbols,
                   "' names several: a file of hftbacktest's collector holds one symbol"));
}

void PrintSummary(const CollectorExport& exporting, const std::string& out) {
  const ExportCounts& counts = exporting.counts();
  std::fprintf(stderr, "%s: %lld frames, %lld snapshots\n", out.c_str(),
               static_cast<long long>(counts.frames), static_cast<long long>(counts.snapshots));
  const auto tell = [](std::int64_t count, const char* what) {
    if (count > 0) std::fprintf(stderr, "%lld %s\n", static_cast<long long>(count), what);
  };
  tell(counts.filtered, "lines of other symbols");
  tell(counts.hash_lines, "# lines left out: such a file has none");
  tell(counts.unnamed, "frames left out: nothing tells of which symbol they are");
  tell(exporting.source_counts().malformed_lines, "malformed lines");
  tell(exporting.source_counts().holes, "damaged places stepped over");
}

int RunExport(const ExportFlags& flags) {
  const absl::StatusOr<std::vector<std::string>> symbols = ParseSymbol(flags);
  if (!symbols.ok()) return FailUsage(symbols.status());

  const CollectorExport* reading = nullptr;
  Progress progress;
  NoticeLog log([&reading] { return reading->position(); }, progress);
  CollectorExport exporting(symbols->empty() ? std::string() : symbols->front(), flags.salvage,
                            [&log](const FileMessage& message) { log.TellFile(message); });
  reading = &exporting;
  absl::Status status = exporting.Open(flags.recordings);
  if (!status.ok()) return FailIo(status);
  absl::StatusOr<std::unique_ptr<CollectorFile>> file = CollectorFile::Create(flags.out);
  if (!file.ok()) return FailIo(file.status());

  exporting.set_line_watcher(
      [&] { progress.Show(exporting.position(), exporting.counts().frames); });
  status = exporting.Run(**file);
  progress.Clear();
  log.Finish();
  if (status.code() == absl::StatusCode::kInvalidArgument) {
    (*file)->Discard();
    return FailUsage(status);
  }
  const absl::Status closed = (*file)->Close();
  PrintSummary(exporting, flags.out);
  if (!status.ok()) (void)FailIo(status);
  if (!closed.ok()) (void)FailIo(closed);
  if (!status.ok() || !closed.ok()) return kExitFailedIo;
  return FailAbsentSymbols(*symbols, exporting.symbols_seen());
}

}  // namespace

void AddExportCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<ExportFlags>();
  const Command command =
      line.AddSubcommand("export", "A recording -> a file of hftbacktest's collector");
  command.Footer(
      "Such a file holds the frames and snapshots of one symbol. Several recordings are read one\n"
      "after another, in the order given; a file that exists is never replaced.\n\n"
      "  thalweg export day.zst --symbols BTCUSDT --out btcusdt_20240808.gz\n\n"
      "Exit status: 0 good; 1 the named symbol is absent; 2 wrong usage, or several symbols and\n"
      "none named; 3 cannot read or write. Lines exported before an error stay written.");
  command.AddOption("RECORDING", flags->recordings, "Recordings, as for replay").Required();
  command
      .AddOption("--out", flags->out,
                 "The file to make: packed when it ends in .gz, else plain; - is standard output")
      .Required();
  flags->symbols_option =
      command.AddOption("--symbols", flags->symbols, "The one symbol to export");
  command.AddFlag("--salvage", flags->salvage, "Step over damage, at the next zstd frame");
  command.OnRun([flags, exit_status] { *exit_status = RunExport(*flags); });
}

}  // namespace thalweg
