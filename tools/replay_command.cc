#include "tools/replay_command.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/string_view.h"
#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "pipeline/ring_publisher.h"
#include "replay/recording_player.h"
#include "replay/replay_pace.h"
#include "tools/config_flags.h"
#include "tools/engine_flags.h"
#include "tools/exit_status.h"
#include "tools/feature_table.h"
#include "tools/final_book.h"
#include "tools/interruption.h"
#include "tools/ladder_table.h"
#include "tools/notice_log.h"
#include "tools/progress.h"
#include "tools/ring_flags.h"
#include "tools/text_file.h"

namespace thalweg {
namespace {

constexpr char kSymbolPlace[] = "{symbol}";

struct ReplayFlags {
  std::vector<std::string> recordings;
  EngineFlags engine;
  RingFlags ring;
  ConfigFlags config;
  std::string speed = "max";
  std::string out;
  std::string ladders;
  std::string final_book;
  bool digest = false;
  bool strict = false;
  bool salvage = false;
  bool merge = false;
};

// Takes the records of a replay to the files and the rings that were asked for.
class ReplayOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    ++record_count_;
    if (rings) rings->OnRecord(symbol, record);
    if (digest) digest->Add(record);
    if (features) WriteFeatureRow(symbol, record, *features);
    if (ladders) WriteLadderRows(symbol, record, *ladders);
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

  [[nodiscard]] std::int64_t record_count() const noexcept { return record_count_; }
  // False when a file takes no more rows, or a ring no more records.
  [[nodiscard]] bool good() const noexcept {
    return (!features || features->good()) && (!ladders || ladders->good()) &&
           (!rings || rings->status().ok());
  }

  std::unique_ptr<RecordDigest> digest;
  std::unique_ptr<TextFile> features;
  std::unique_ptr<TextFile> ladders;
  std::unique_ptr<RingPublisher> rings;
  NoticeLog* log = nullptr;

 private:
  std::int64_t record_count_ = 0;
};

// A result and the file it goes to.
struct Result {
  const char* option;
  const std::string* path;  // Empty: not asked for.
};

bool IsFile(const std::string& path) { return !path.empty() && path != "-"; }

// Whether both names stand for one file; of files that do not exist yet, only the names tell.
bool AreSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error)) return true;
  return std::filesystem::absolute(a, error).lexically_normal() ==
         std::filesystem::absolute(b, error).lexically_normal();
}

// No result replaces what the replay reads.
absl::Status CheckNoInput(const char* option, const std::string& path, const ReplayFlags& flags) {
  for (const std::string& recording : flags.recordings) {
    if (IsFile(path) && AreSameFile(path, recording)) {
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": ", path, " is one of the recordings: they are never replaced"));
    }
  }
  const std::string& exchange_info = flags.engine.exchange_info_path();
  if (IsFile(path) && !exchange_info.empty() && AreSameFile(path, exchange_info)) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": ", path, " is the file of --exchange-info: it is not replaced"));
  }
  return absl::OkStatus();
}

std::string PathOfSymbol(const std::string& final_book, const std::string& symbol) {
  return absl::StrReplaceAll(final_book, {{kSymbolPlace, symbol}});
}

absl::Status NeedsSymbolPlace(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(
      "--final-book: '", path, "': with several symbols the file name must contain {symbol}"));
}

// No two results to one place.
absl::Status CheckPlaces(const std::vector<Result>& results, bool digest) {
  std::vector<std::string> on_standard_output;
  if (digest) on_standard_output.emplace_back("--digest");
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& [option, path] = results[i];
    if (*path == "-") on_standard_output.emplace_back(option);
    for (std::size_t j = 0; j < i && IsFile(*path); ++j) {
      if (!IsFile(*results[j].path) || !AreSameFile(*path, *results[j].path)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": ", *path, " is the file of ", results[j].option, " too"));
    }
  }
  if (on_standard_output.size() <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(absl::StrJoin(on_standard_output, ", "),
                                                 ": only one result can go to standard output"));
}

// What is wrong with the names of the output files, before any work is done.
absl::Status CheckOutputs(const ReplayFlags& flags, const EngineOptions& options) {
  const Result out{"--out", &flags.out};
  const Result ladders{"--ladders", &flags.ladders};
  const Result final_book{"--final-book", &flags.final_book};
  for (const Result& result : {out, ladders, final_book}) {
    absl::Status status = CheckNoInput(result.option, *result.path, flags);
    if (!status.ok()) return status;
  }
  absl::Status status = CheckPlaces({out, ladders, final_book}, flags.digest);
  if (!status.ok()) return status;
  for (const Result& result : {out, ladders}) {
    if (!IsFile(*result.path) || absl::EndsWith(*result.path, ".csv")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(result.option, ": '", *result.path,
                     "' is neither - nor a name that ends in .csv, the one format there is"));
  }
  if (options.symbols.size() > 1 && !flags.final_book.empty() &&
      !absl::StrContains(flags.final_book, kSymbolPlace)) {
    return NeedsSymbolPlace(flags.final_book);
  }
  return absl::OkStatus();
}

// What is wrong with the places of the output files, before one of them is replaced. Of final books
// those are looked at whose path is known.
absl::Status CheckCreatable(const ReplayFlags& flags, const EngineOptions& options) {
  std::vector<std::string> paths{flags.out, flags.ladders};
  if (!absl::StrContains(flags.final_book, kSymbolPlace)) {
    paths.push_back(flags.final_book);
  } else if (!options.symbols.empty()) {
    for (const std::string& symbol : options.symbols) {
      paths.push_back(PathOfSymbol(flags.final_book, symbol));
    }
  } else if (!absl::StrContains(std::filesystem::path(flags.final_book).parent_path().string(),
                                kSymbolPlace)) {
    paths.push_back(flags.final_book);
  }
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    absl::Status status = TextFile::CheckCreatable(path);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

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

// The file of a symbol's book. Names of symbols come from the recording, so what they make of the
// path is looked at: InvalidArgument when it is another folder or a recording.
absl::StatusOr<std::string> FinalBookPath(const ReplayFlags& flags, const SymbolEngine& symbol) {
  std::string path = PathOfSymbol(flags.final_book, symbol.name());
  if (path != flags.final_book && absl::StrContains(symbol.name(), '/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("--final-book: the symbol '", symbol.name(), "' is no part of a file name"));
  }
  absl::Status status = CheckNoInput("--final-book", path, flags);
  if (!status.ok()) return status;
  for (const std::string* other : {&flags.out, &flags.ladders}) {
    if (!IsFile(*other) || !IsFile(path) || !AreSameFile(path, *other)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--final-book: ", path, " is the file of another result too"));
  }
  return path;
}

absl::Status WriteBookFile(const std::string& path, const SymbolEngine* symbol) {
  absl::StatusOr<std::unique_ptr<TextFile>> file = TextFile::Create(path);
  if (!file.ok()) return file.status();
  if (symbol != nullptr) WriteFinalBook(*symbol, **file);
  return (*file)->Close();
}

// `symbols`: those whose engines are there at the end; `names`: those of every run.
absl::Status WriteFinalBooks(const ReplayFlags& flags,
                             const std::vector<const SymbolEngine*>& symbols,
                             const std::set<std::string>& names) {
  const bool one_file = !absl::StrContains(flags.final_book, kSymbolPlace);
  if (one_file && names.size() > 1) return NeedsSymbolPlace(flags.final_book);
  if (one_file && symbols.empty()) return WriteBookFile(flags.final_book, nullptr);
  std::map<std::string, const SymbolEngine*> books;
  for (const SymbolEngine* symbol : symbols) {
    const absl::StatusOr<std::string> path = FinalBookPath(flags, *symbol);
    if (!path.ok()) return path.status();
    if (books.emplace(*path, symbol).second) continue;
    return absl::InvalidArgumentError(absl::StrCat("--final-book: ", *path, ": two books of ",
                                                   symbol->name(),
                                                   ", of interleaved runs, would go there"));
  }
  for (const auto& [path, symbol] : books) {
    absl::Status status = WriteBookFile(path, symbol);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string_view StateName(SymbolState state) {
  switch (state) {
    case SymbolState::kDown:
      return "no depth events";
    case SymbolState::kBuffering:
      return "never synchronised";
    case SymbolState::kLive:
      return "live";
    case SymbolState::kResync:
      return "resyncing";
    case SymbolState::kHalted:
      return "halted";
  }
  return "";
}

void PrintSummary(const std::vector<const SymbolEngine*>& symbols, const Progress& progress,
                  std::int64_t frames, std::int64_t records) {
  for (const SymbolEngine* symbol : symbols) {
    const SymbolCounts& counts = symbol->counts();
    const BookCounts& book = symbol->book_counts();
    std::fprintf(stderr,
                 "%s: %s at %lld; depth %lld applied, %lld stale, %lld gaps; bookTicker %lld "
                 "(audits %lld of %lld equal); trades %lld\n",
                 symbol->name().c_str(), std::string(StateName(symbol->state())).c_str(),
                 static_cast<long long>(symbol->update_id().raw()),
                 static_cast<long long>(book.applied), static_cast<long long>(book.stale),
                 static_cast<long long>(book.gaps), static_cast<long long>(counts.ticker_frames),
                 static_cast<long long>(counts.ticker_audits_equal),
                 static_cast<long long>(counts.ticker_audits),
                 static_cast<long long>(counts.trade_frames));
  }
  std::fprintf(stderr, "%lld frames, %lld records; %.1f s of market in %.3f s (%.0f x real time)\n",
               static_cast<long long>(frames), static_cast<long long>(records),
               progress.market_seconds(), progress.seconds(),
               progress.market_seconds() / progress.seconds());
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

// Wrong usage, or a file that cannot be read or written.
int Fail(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument ? FailUsage(status) : FailIo(status);
}

// --check-config: everything that can be said without reading a recording.
int PrintEffective(const ReplayFlags& flags, const EngineOptions& options) {
  const absl::Status status = CheckCreatable(flags, options);
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
  absl::Status status = CheckOutputs(flags, options);
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
  if (flags.out.empty() && flags.ladders.empty() && !flags.digest && flags.final_book.empty() &&
      !flags.ring.asked()) {
    std::fprintf(stderr,
                 "thalweg: no result was asked for (--out, --ladders, --final-book, "
                 "--digest, --ring): computing and counting only\n");
  }

  if (flags.config.check_only()) return PrintEffective(flags, options);

  // Before an output of an earlier replay is replaced.
  status = RecordingPlayer::CheckReadable(flags.recordings);
  status.Update(CheckCreatable(flags, options));
  if (!status.ok()) return FailIo(status);
  ReplayOutput output;
  if (flags.ring.asked()) {
    auto rings = RingPublisher::Create(publishing, options, catalogue);
    if (!rings.ok()) return Fail(rings.status());
    output.rings = *std::move(rings);
  }
  if (flags.digest) output.digest = std::make_unique<RecordDigest>();
  for (const auto& [path, file] :
       {std::pair(&flags.out, &output.features), std::pair(&flags.ladders, &output.ladders)}) {
    if (path->empty()) continue;
    absl::StatusOr<std::unique_ptr<TextFile>> created = TextFile::Create(*path);
    if (!created.ok()) return FailIo(created.status());
    *file = *std::move(created);
  }
  if (output.features) WriteFeatureHeader(catalogue, *output.features);
  if (output.ladders) WriteLadderHeader(*output.ladders);

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
  PrintSummary(symbols, progress, frames, output.record_count());
  int exit_status = kExitGood;
  if (!status.ok()) exit_status = FailIo(status);
  if (output.rings && !output.rings->status().ok()) exit_status = Fail(output.rings->status());
  const bool stopped = !output.good();  // Then a book or a digest would not be the input's.
  for (TextFile* file : {output.features.get(), output.ladders.get()}) {
    if (file == nullptr) continue;
    const absl::Status closed = file->Close();
    if (!closed.ok()) exit_status = FailIo(closed);
  }
  if (!flags.final_book.empty() && !stopped) {
    const absl::Status written = WriteFinalBooks(flags, symbols, SymbolsFollowed(player, options));
    if (!written.ok()) exit_status = Fail(written);
  }
  if (flags.digest && !stopped) {
    std::printf("digest %s records %lld\n", output.digest->Hex().c_str(),
                static_cast<long long>(output.digest->record_count()));
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

void AddReplayCommand(CLI::App& app, int* exit_status) {
  auto flags = std::make_shared<ReplayFlags>();
  CLI::App* const command =
      app.add_subcommand("replay", "A recorded feed -> books and features, as fast as it can");
  command->footer(
      "Recordings are .gz, .zst or plain text, one frame a line: `<receive time> <payload>`; "
      "those\n"
      "of hftbacktest's collector are read as they are. Several are one stream, in the order "
      "given.\n\n"
      "  thalweg replay btcusdt_20240808.gz btcusdt_20240809.gz --out features.csv\n"
      "  thalweg replay day.zst --emit 100ms --ladders ladders.csv --digest --strict\n\n"
      "Exit status: 0 good; 1 the data is bad (a named symbol is absent, or --strict objects);\n"
      "2 wrong usage; 3 cannot read or write. Rows made before an error stay written.");
  command->add_option("RECORDING", flags->recordings, "Recordings")->required();
  const char* const results = "Results";
  command->add_option("--out", flags->out, "Feature rows; FILE.csv, or - for standard output")
      ->group(results);
  command->add_option("--ladders", flags->ladders, "Bucket ladders; FILE.csv or -")->group(results);
  command
      ->add_option("--final-book", flags->final_book,
                   "The book at the end, a line a level; {symbol} in the name is replaced")
      ->group(results);
  command->add_flag("--digest", flags->digest, "Print a digest of all records")->group(results);
  const char* const reading = "How recordings are read";
  command
      ->add_flag("--strict", flags->strict,
                 "Exit 1 on a sequence gap, a malformed frame or line, a cut or damaged file,\n"
                 "a symbol that is not live at the end, or no frame at all")
      ->group(reading);
  command
      ->add_flag("--salvage", flags->salvage,
                 "Step over damage: go on at the next zstd frame, flagged DROPPED_INPUT")
      ->group(reading);
  command->add_flag("--merge", flags->merge, "Interleave the recordings by receive time")
      ->group(reading);
  command
      ->add_option("--speed", flags->speed,
                   "max: as fast as it can; X: receive times pass X times as fast as they did")
      ->type_name("X|max")
      ->capture_default_str()
      ->group(reading);
  flags->ring.AddTo(*command);
  flags->engine.AddTo(*command);
  flags->config.AddTo(*command);
  command->callback([flags, exit_status] { *exit_status = RunReplay(*flags); });
}

}  // namespace thalweg
