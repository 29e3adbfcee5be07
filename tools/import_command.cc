#include "tools/import_command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "replay/capture_import.h"
#include "tools/exit_status.h"
#include "tools/notice_log.h"
#include "tools/progress.h"
#include "tools/symbol_list.h"

namespace thalweg {
namespace {

constexpr std::size_t kSnapshotLimitMax = 5'000;

struct ImportFlags {
  std::vector<std::string> sources;
  std::string out;
  Option symbols_option;
  std::string symbols;
  std::string snapshot_limit;
  std::string time_field;
  bool salvage = false;
};

absl::StatusOr<ImportOptions> ToOptions(const ImportFlags& flags) {
  if (!absl::EndsWith(flags.out, ".zst")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--out: '", flags.out, "' does not end in .zst, which a recording is"));
  }
  ImportOptions options;
  options.salvage = flags.salvage;
  if (flags.symbols_option.is_given()) {
    auto symbols = ParseSymbolList(flags.symbols);
    if (!symbols.ok()) return symbols.status();
    options.symbols = *std::move(symbols);
  }
  if (!flags.snapshot_limit.empty()) {
    std::size_t limit = 0;
    if (!absl::SimpleAtoi(flags.snapshot_limit, &limit) || limit < 1 || limit > kSnapshotLimitMax) {
      return absl::InvalidArgumentError(absl::StrCat("--snapshot-limit: '", flags.snapshot_limit,
                                                     "' is not a number in [1, ", kSnapshotLimitMax,
                                                     "]"));
    }
    options.snapshot_limit = limit;
  }
  if (!flags.time_field.empty()) {
    auto path = JsonPath::Parse(flags.time_field);
    if (!path.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--time-field: ", path.status().message()));
    }
    options.time_field = *std::move(path);
  }
  return options;
}

void PrintSummary(const CaptureImport& done, const std::string& out) {
  const ImportCounts& counts = done.counts();
  const CaptureCounts sources = done.source_counts();
  std::fprintf(stderr, "%s: %lld lines: %lld frames, %lld REST answers, %lld bare snapshots\n",
               out.c_str(), static_cast<long long>(counts.written),
               static_cast<long long>(counts.frames), static_cast<long long>(counts.rest_answers),
               static_cast<long long>(counts.bare_snapshots));
  const auto tell = [](std::int64_t count, const char* what) {
    if (count > 0) std::fprintf(stderr, "%lld %s\n", static_cast<long long>(count), what);
  };
  tell(counts.filtered, "lines of symbols that were not asked for");
  tell(counts.left_out, "#thalweg and #digest lines left out: they are of one run each");
  tell(sources.other_lines, "lines of which nothing becomes a line: configurations, messages sent");
  tell(sources.malformed_lines, "malformed lines");
  tell(sources.holes, "damaged places stepped over");
  if (counts.bare_snapshots > 0 && done.symbols_seen().size() > 1) {
    std::fprintf(stderr,
                 "thalweg: a replay will not know whose the bare snapshots are, because %s are in "
                 "one recording: --snapshot-limit tells how many levels they were asked for and "
                 "makes #rest lines of those in files of one symbol\n",
                 absl::StrJoin(done.symbols_seen(), ", ").c_str());
  }
}

int RunImport(const ImportFlags& flags) {
  const absl::StatusOr<ImportOptions> options = ToOptions(flags);
  if (!options.ok()) return FailUsage(options.status());

  const CaptureImport* importing = nullptr;
  Progress progress;
  NoticeLog log([&importing] { return importing->position(); }, progress);
  CaptureImport capture(*options, [&log](const FileMessage& message) { log.TellFile(message); });
  importing = &capture;
  absl::Status status = capture.Open(flags.sources);
  if (!status.ok()) {
    log.Finish();
    return Fail(status);
  }
  absl::StatusOr<std::unique_ptr<RecordingWriter>> writer = RecordingWriter::Create(flags.out);
  if (absl::IsAlreadyExists(writer.status())) {
    return FailIo(absl::AlreadyExistsError(
        absl::StrCat(writer.status().message(), "; recordings are never replaced")));
  }
  if (!writer.ok()) return FailIo(writer.status());

  capture.set_line_watcher([&] { progress.Show(capture.position(), capture.counts().frames); });
  status = capture.Run(**writer);
  progress.Clear();
  log.Finish();
  const absl::Status closed = (*writer)->Close();
  PrintSummary(capture, flags.out);
  if (!status.ok()) (void)FailIo(status);
  // A disk that is full ends both.
  if (!closed.ok() && closed != status) (void)FailIo(closed);
  if (!status.ok() || !closed.ok()) return kExitFailedIo;
  return FailAbsentSymbols(options->symbols, capture.symbols_seen());
}

}  // namespace

void AddImportCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<ImportFlags>();
  const Command command =
      line.AddSubcommand("import", "Recordings of other programs -> a recording of this one");
  command.Footer(
      "Sources are .gz, .zst or plain text, and told apart by what is in them: raw captures of\n"
      "cryptofeed, files of hftbacktest's collector, lines of JSON. Several are interleaved by\n"
      "time; a recording that exists is never replaced.\n\n"
      "  thalweg import BINANCE.0 BINANCE.http.0.0 BINANCE.ws.1.0 --out spot.zst\n"
      "  thalweg import btcusdt.gz ethusdt.gz --snapshot-limit 1000 --out both.zst\n"
      "  thalweg import frames.jsonl --time-field data.E --out frames.zst\n\n"
      "Exit status: 0 good; 1 a named symbol is absent; 2 wrong usage; 3 cannot read or write.\n"
      "Lines imported before an error stay written.");
  command.AddOption("SOURCE", flags->sources, "Files of other programs").Required();
  command.AddOption("--out", flags->out, "The recording to make; FILE.zst").Required();
  flags->symbols_option =
      command.AddOption("--symbols", flags->symbols, "Only lines of these, comma separated");
  command.AddOption("--snapshot-limit", flags->snapshot_limit,
                    "Levels a side that bare snapshots were asked with, 1 to 5000: they become\n"
                    "#rest lines of the one symbol of their file");
  command.AddOption("--time-field", flags->time_field,
                    "Where a line of JSON says when it was received, like E or data.E:\n"
                    "a number or text of s, ms, us or ns since 1970");
  command.AddFlag("--salvage", flags->salvage,
                  "Step over damage: go on at the next zstd frame, behind a #lost line");
  command.OnRun([flags, exit_status] { *exit_status = RunImport(*flags); });
}

}  // namespace thalweg
