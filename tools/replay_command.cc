#include "tools/replay_command.h"

#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/string_view.h"
#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "pipeline/ring_publisher.h"
#include "replay/recording_player.h"
#include "replay/replay_pace.h"
#include "tools/config_flags.h"
#include "tools/engine_flags.h"
#include "tools/exit_status.h"
#include "tools/interruption.h"
#include "tools/notice_log.h"
#include "tools/progress.h"
#include "tools/result_files.h"
#include "tools/result_flags.h"
#include "tools/ring_flags.h"
#include "tools/symbol_summary.h"

namespace thalweg {
namespace {

struct ReplayFlags {
  std::vector<std::string> recordings;
  EngineFlags engine;
  RingFlags ring;
  ConfigFlags config;
  std::string speed = "max";
  ResultFlags results;
  bool strict = false;
  bool salvage = false;
  bool merge = false;
};

// Takes what a replay makes to the files and the rings that were asked for.
class ReplayOutput final : public EngineOutput {
 public:
  explicit ReplayOutput(std::unique_ptr<ResultFiles> result_files)
      : files(std::move(result_files)) {}

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    if (rings) rings->OnRecord(symbol, record);
    files->OnRecord(symbol, record);
  }
  void OnSymbol(const SymbolEngine& symbol) override {
    if (rings) rings->OnSymbol(symbol);
  }
  void OnStatus(const SymbolEngine& symbol) override {
    if (rings) rings->OnStatus(symbol);
  }
  void OnNotice(const Notice& notice) override {
    if (rings) rings->OnNotice(notice);
    log->Tell(notice);
  }

  // False when a file takes no more rows, or a ring no more records.
  [[nodiscard]] bool good() const noexcept {
    return files->good() && (!rings || rings->status().ok());
  }

  std::unique_ptr<ResultFiles> files;
  std::unique_ptr<RingPublisher> rings;
  NoticeLog* log = nullptr;
};

std::vector<const SymbolEngine*> SymbolsOf(const RecordingPlayer& player) {
  std::vector<const SymbolEngine*> symbols;
  for (const Engine* engine : player.engines()) {
    for (const auto& symbol : engine->symbols()) symbols.push_back(symbol.get());
  }
  return symbols;
}

// Every symbol that was followed, in any run.
std::set<std::string> SymbolsFollowed(const RecordingPlayer& player, const EngineOptions& options) {
  if (!options.symbols.empty()) return {options.symbols.begin(), options.symbols.end()};
  std::set<std::string> names = player.SymbolsSeen();
  for (const SymbolEngine* symbol : SymbolsOf(player)) names.insert(symbol->name());
  return names;
}

// The symbols asked for that no frame named.
std::vector<std::string> AbsentSymbols(const EngineOptions& options,
                                       const std::set<std::string>& seen) {
  std::vector<std::string> absent;
  for (const std::string& name : options.symbols) {
    if (!seen.contains(name)) absent.push_back(name);
  }
  return absent;
}

// What `--strict` objects to; empty when there is nothing.
std::vector<std::string> StrictObjections(const PlayerCounts& counts, std::int64_t defects,
                                          std::int64_t frames,
                                          const std::vector<const SymbolEngine*>& symbols) {
  std::vector<std::string> objections;
  const auto object = [&](std::int64_t count, absl::string_view what) {
    if (count > 0) objections.push_back(absl::StrCat(count, " ", what));
  };
  object(defects, "gaps or malformed frames");
  object(counts.malformed_lines, "malformed lines");
  object(counts.cut_files, "cut files");
  object(counts.holes, "damaged places");
  for (const SymbolEngine* symbol : symbols) {
    if (symbol->live()) continue;
    objections.push_back(
        absl::StrCat(symbol->name(), " ", Abseil(StateName(symbol->state())), " at the end"));
  }
  for (const std::string& symbol : counts.not_live_at_run_end) {
    objections.push_back(absl::StrCat(symbol, " not live at the end of its run"));
  }
  if (frames == 0) objections.emplace_back("no frame at all");
  return objections;
}

// 0: as fast as it can.
absl::StatusOr<double> ParseSpeed(const std::string& text) {
  if (text == "max") return 0;
  double speed = 0;
  // Plain decimals: no exponent, sign, "inf" or "nan".
  if (absl::string_view(text).find_first_not_of("0123456789.") == absl::string_view::npos &&
      absl::SimpleAtod(text, &speed) && speed >= kSpeedMin && speed <= kSpeedMax) {
    return speed;
  }
  return absl::InvalidArgumentError(absl::StrCat("--speed: '", text,
                                                 "' is neither max nor a number in [", kSpeedMin,
                                                 ", ", static_cast<std::int64_t>(kSpeedMax), "]"));
}

// Lets the lines of a replay pass at their pace, and tells the rings of them.
class LineGate {
 public:
  // `pace` may be null. All outlive the gate.
  LineGate(RecordingPlayer& player, RingPublisher* rings, ReplayPace* pace,
           const Interruption& interruption)
      : player_(player), rings_(rings), pace_(pace), interruption_(interruption) {}

  void Pass(const RecordingLine& line) {
    if (pace_ != nullptr && !Wait(line.receive_time)) return player_.Stop();
    if (rings_ == nullptr) return;
    const std::int64_t now = RingPublisher::MonotonicNow();
    if (rings_->IsBeatDue(now)) player_.OnTimer(line.receive_time);
    BeatIfDue(now);
    if (line.kind == LineKind::kFrame) {
      rings_->BeginFrame(line.receive_time, now);
    } else {
      rings_->BeginInput(now);
    }
  }

  // Nothing follows, whether or not everything was played. A stream that fell silent before the end
  // is told as stale.
  void Close() {
    if (rings_ == nullptr) return;
    player_.OnTimer(player_.position().receive_time);
    SetCounts();
    rings_->Close();
  }

 private:
  bool Wait(ReceiveTime received) {
    // What lies between two files is no time that passed.
    if (file_ != player_.files_played()) pace_->Restart();
    file_ = player_.files_played();
    return pace_->Wait(received, [this] {
      if (rings_ != nullptr) BeatIfDue(RingPublisher::MonotonicNow());
      return interruption_.signal() == 0;
    });
  }
  void BeatIfDue(std::int64_t now) {
    if (!rings_->IsBeatDue(now)) return;
    SetCounts();
    rings_->Beat(now);
  }
  void SetCounts() {
    for (const Engine* engine : player_.engines()) rings_->SetCounts(*engine);
  }

  RecordingPlayer& player_;
  RingPublisher* rings_;
  ReplayPace* pace_;
  const Interruption& interruption_;
  std::int64_t file_ = 0;
};

// --check-config: everything that can be said without reading a recording.
int PrintEffective(const ReplayFlags& flags, const EngineOptions& options) {
  const absl::Status status = flags.results.CheckCreatable(options);
  if (!status.ok()) return FailIo(status);
  const absl::StatusOr<std::string> effective = flags.config.Effective();
  if (!effective.ok()) return FailUsage(effective.status());
  std::fwrite(effective->data(), 1, effective->size(), stdout);
  return kExitGood;
}

int RunReplay(const ReplayFlags& flags) {
  const absl::StatusOr<EngineOptions> parsed = flags.engine.ToOptions();
  if (!parsed.ok()) return Fail(flags.config.Explain(parsed.status()));
  const EngineOptions& options = *parsed;
  const ResultInputs inputs{flags.recordings, flags.engine.exchange_info_path()};
  absl::Status status = flags.results.Check(inputs, options);
  if (!status.ok()) return FailUsage(flags.config.Explain(status));
  const Catalogue catalogue = MakeCatalogue(options);
  const absl::StatusOr<double> speed = ParseSpeed(flags.speed);
  if (!speed.ok()) return FailUsage(flags.config.Explain(speed.status()));
  RingPublisherOptions publishing;
  if (flags.ring.asked()) {
    absl::StatusOr<RingPublisherOptions> asked = flags.ring.ToOptions();
    if (!asked.ok()) return FailUsage(flags.config.Explain(asked.status()));
    publishing = *std::move(asked);
    publishing.interleaved = flags.merge;
    publishing.speed_milli = static_cast<std::uint64_t>(std::llround(*speed * 1'000));
  }
  if (!flags.results.asked() && !flags.ring.asked()) {
    std::fprintf(stderr,
                 "thalweg: no result was asked for (--out, --ladders, --final-book, "
                 "--digest, --ring): computing and counting only\n");
  }

  if (flags.config.check_only()) return PrintEffective(flags, options);

  // Before an output of an earlier replay is replaced.
  status = RecordingPlayer::CheckReadable(flags.recordings);
  status.Update(flags.results.CheckCreatable(options));
  if (!status.ok()) return FailIo(status);
  std::unique_ptr<RingPublisher> rings;
  if (flags.ring.asked()) {
    auto created = RingPublisher::Create(publishing, options, catalogue);
    if (!created.ok()) return Fail(created.status());
    rings = *std::move(created);
  }
  auto files = ResultFiles::Create(flags.results, catalogue);
  if (!files.ok()) return FailIo(files.status());
  ReplayOutput output(*std::move(files));
  output.rings = std::move(rings);

  Progress progress;
  std::int64_t frames = 0;
  RecordingPlayer* playing = nullptr;
  NoticeLog log([&playing] { return playing->position(); }, progress);
  output.log = &log;
  RecordingPlayer player(options, catalogue, output,
                         {.merge = flags.merge, .salvage = flags.salvage},
                         [&log](const FileMessage& message) { log.TellFile(message); });
  playing = &player;
  // Who is watched by readers, or takes its time, ends well when it is told to.
  std::optional<Interruption> interruption;
  if (output.rings || *speed > 0) interruption.emplace();
  std::optional<ReplayPace> pace;
  if (*speed > 0) pace.emplace(*speed, SystemPaceClock());
  std::optional<LineGate> gate;
  if (interruption) {
    gate.emplace(player, output.rings.get(), pace ? &*pace : nullptr, *interruption);
    player.set_line_gate([&](const RecordingLine& line) { gate->Pass(line); });
  }
  player.set_line_watcher([&](const RecordingLine& line) {
    frames += line.kind == LineKind::kFrame ? 1 : 0;
    progress.Show(player.position(), frames);
    if (!output.good() || (interruption && interruption->signal() != 0)) player.Stop();
  });
  status = player.Run(flags.recordings);
  if (gate) gate->Close();
  const int signal = interruption ? interruption->signal() : 0;
  progress.Clear();
  log.Finish();

  const std::vector<const SymbolEngine*> symbols = SymbolsOf(player);
  PrintSymbols(symbols);
  std::fprintf(stderr, "%lld frames, %lld records; %.1f s of market in %.3f s (%.0f x real time)\n",
               static_cast<long long>(frames), static_cast<long long>(output.files->record_count()),
               progress.market_seconds(), progress.seconds(),
               progress.market_seconds() / progress.seconds());
  int exit_status = kExitGood;
  if (!status.ok()) exit_status = FailIo(status);
  if (output.rings && !output.rings->status().ok()) exit_status = Fail(output.rings->status());
  const bool stopped = !output.good();  // Then a book or a digest would not be the input's.
  const absl::Status closed = output.files->Close();
  if (!closed.ok()) exit_status = FailIo(closed);
  if (!flags.results.final_book().empty() && !stopped) {
    const absl::Status written =
        flags.results.WriteFinalBooks(inputs, symbols, SymbolsFollowed(player, options));
    if (!written.ok()) exit_status = Fail(written);
  }
  if (const RecordDigest* digest = output.files->digest(); digest != nullptr && !stopped) {
    std::printf("digest %s records %lld\n", digest->Hex().c_str(),
                static_cast<long long>(digest->record_count()));
  }
  if (exit_status != kExitGood) return exit_status;
  if (signal != 0) {
    std::fprintf(stderr,
                 "thalweg: stopped by signal %d: the results are of what was read until "
                 "then\n",
                 signal);
    return ExitStatusOfSignal(signal);
  }

  const std::set<std::string> seen = player.SymbolsSeen();
  const std::vector<std::string> absent = AbsentSymbols(options, seen);
  if (!absent.empty()) {
    std::fprintf(stderr, "thalweg: %s never appears; symbols seen: %s\n",
                 absl::StrJoin(absent, ", ").c_str(),
                 seen.empty() ? "none" : absl::StrJoin(seen, ", ").c_str());
    return kExitBadData;
  }
  if (!flags.strict) return kExitGood;
  const std::vector<std::string> objections =
      StrictObjections(player.counts(), log.defect_count(), frames, symbols);
  if (objections.empty()) return kExitGood;
  std::fprintf(stderr, "thalweg: --strict: %s\n", absl::StrJoin(objections, "; ").c_str());
  return kExitBadData;
}

}  // namespace

void AddReplayCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<ReplayFlags>();
  const Command command =
      line.AddSubcommand("replay", "A recorded feed -> books and features, as fast as it can");
  command.Footer(
      "Recordings are .gz, .zst or plain text, one frame a line: `<receive time> <payload>`; "
      "those\n"
      "of hftbacktest's collector are read as they are. Several are one stream, in the order "
      "given.\n\n"
      "  thalweg replay btcusdt_20240808.gz btcusdt_20240809.gz --out features.csv\n"
      "  thalweg replay day.zst --emit 100ms --ladders ladders.csv --digest --strict\n\n"
      "Exit status: 0 good; 1 the data is bad (a named symbol is absent, or --strict objects);\n"
      "2 wrong usage; 3 cannot read or write. Rows made before an error stay written.");
  command.AddOption("RECORDING", flags->recordings, "Recordings").Required();
  flags->results.AddTo(command);
  const char* const reading = "How recordings are read";
  command
      .AddFlag("--strict", flags->strict,
               "Exit 1 on a sequence gap, a malformed frame or line, a cut or damaged file,\n"
               "a symbol that is not live at the end, or no frame at all")
      .Group(reading);
  command
      .AddFlag("--salvage", flags->salvage,
               "Step over damage: go on at the next zstd frame, flagged DROPPED_INPUT")
      .Group(reading);
  command.AddFlag("--merge", flags->merge, "Interleave the recordings by receive time")
      .Group(reading);
  command
      .AddOption("--speed", flags->speed,
                 "max: as fast as it can; X: receive times pass X times as fast as they did")
      .TypeName("X|max")
      .ShowDefault()
      .Group(reading);
  flags->ring.AddTo(command);
  flags->engine.AddTo(command);
  flags->config.AddTo(command);
  command.OnRun([flags, exit_status] { *exit_status = RunReplay(*flags); });
}

}  // namespace thalweg
