#include "tools/market_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/decimal.h"
#include "feeds/decode/rest_target.h"
#include "replay/market.h"
#include "replay/recording_writer.h"
#include "tools/exit_status.h"
#include "tools/market_flags.h"
#include "tools/progress.h"
#include "tools/text_file.h"

namespace thalweg {
namespace {

struct MarketCommandFlags {
  MarketFlags market;
  std::string seconds = "60";
  std::string snapshot_limit = "1000";
  std::string snapshot_every = "600";
  std::string out;
  std::string final_book;
};

// A year is more than anybody can store.
constexpr std::int64_t kSecondsMax = 31'622'400;

absl::StatusOr<MarketOptions> ToOptions(const MarketCommandFlags& flags) {
  absl::StatusOr<MarketOptions> parsed = flags.market.ToOptions();
  if (!parsed.ok()) return parsed.status();
  MarketOptions options = *std::move(parsed);
  const auto limit = ParseWholeNumber<std::int64_t>("snapshot-limit", flags.snapshot_limit, 1,
                                                    std::int64_t{kSpotDepthMax});
  if (!limit.ok()) return limit.status();
  options.snapshot_limit = static_cast<std::size_t>(*limit);
  const auto every =
      ParseWholeNumber<std::int64_t>("snapshot-every", flags.snapshot_every, 0, kSecondsMax);
  if (!every.ok()) return every.status();
  options.snapshot_every = *every * kSecond;
  const absl::Status status = SyntheticMarket::Validate(options);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("--", status.message()));
  return options;
}

// Where lines go: a recording, or text on standard output.
class LineOutput {
 public:
  [[nodiscard]] static absl::StatusOr<LineOutput> Create(const std::string& path) {
    LineOutput output;
    if (path == "-") {
      absl::StatusOr<std::unique_ptr<TextFile>> text = TextFile::Create(path);
      if (!text.ok()) return text.status();
      output.text_ = *std::move(text);
    } else {
      absl::StatusOr<std::unique_ptr<RecordingWriter>> recording = RecordingWriter::Create(path);
      if (!recording.ok()) return recording.status();
      output.recording_ = *std::move(recording);
    }
    return output;
  }

  void Write(const MarketLine& line) {
    if (recording_) return recording_->Write(line.received, line.text);
    text_->Integer(line.received.raw());
    text_->Text(" ");
    text_->Text(line.text);
    text_->EndLine();
  }
  // False when nothing more can be written; Close() says why.
  [[nodiscard]] bool good() const { return !recording_ || recording_->status().ok(); }
  [[nodiscard]] absl::Status Close() { return recording_ ? recording_->Close() : text_->Close(); }

 private:
  std::unique_ptr<TextFile> text_;
  std::unique_ptr<RecordingWriter> recording_;
};

// The true book after the last depth event that was written, as replay's --final-book writes the
// engine's.
absl::Status WriteTrueBook(const std::string& path, const TrueBook& now, UpdateId id,
                           const MarketSymbolOptions& symbol) {
  const std::optional<TrueBook> book = now.At(id);
  if (!book) return absl::InternalError(absl::StrCat(path, ": the book of that time is forgotten"));
  absl::StatusOr<std::unique_ptr<TextFile>> file = TextFile::Create(path);
  if (!file.ok()) return file.status();
  for (const Side side : {Side::kBid, Side::kAsk}) {
    for (const auto& [key, qty] : book->levels(side)) {
      const std::int64_t price = TrueBook::Price(side, key).raw() * symbol.tick.raw();
      (*file)->Text(side == Side::kBid ? "b " : "a ");
      (*file)->Text(FormatEightDecimals(price, kPriceDecimals));
      (*file)->Text(" ");
      (*file)->Text(FormatEightDecimals(qty, symbol.step_decimals));
      (*file)->EndLine();
    }
  }
  return (*file)->Close();
}

std::string BookPath(const MarketCommandFlags& flags, const MarketSymbolOptions& symbol) {
  return absl::StrReplaceAll(flags.final_book, {{"{symbol}", symbol.name}});
}

// Two results that would go to one place.
absl::Status CheckPlaces(const MarketCommandFlags& flags, const MarketOptions& options) {
  if (flags.final_book.empty()) return absl::OkStatus();
  if (options.symbols.size() > 1 && flags.final_book.find("{symbol}") == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--final-book: '", flags.final_book, "' must contain {symbol}: there are several symbols"));
  }
  const auto place = [](const std::string& path) {
    std::error_code error;
    return path == "-" ? path : std::filesystem::weakly_canonical(path, error).string();
  };
  for (const MarketSymbolOptions& symbol : options.symbols) {
    if (place(BookPath(flags, symbol)) != place(flags.out)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--final-book: '", flags.final_book, "' is where --out goes"));
  }
  return absl::OkStatus();
}

int RunMarket(const MarketCommandFlags& flags) {
  const absl::StatusOr<MarketOptions> options = ToOptions(flags);
  if (!options.ok()) return FailUsage(options.status());
  const auto seconds = ParseWholeNumber<std::int64_t>("seconds", flags.seconds, 1, kSecondsMax);
  if (!seconds.ok()) return FailUsage(seconds.status());
  const absl::Status places = CheckPlaces(flags, *options);
  if (!places.ok()) return FailUsage(places);
  for (const MarketSymbolOptions& symbol : options->symbols) {
    if (flags.final_book.empty()) break;
    const absl::Status creatable = TextFile::CheckCreatable(BookPath(flags, symbol));
    if (!creatable.ok()) return FailIo(creatable);
  }
  absl::StatusOr<LineOutput> output = LineOutput::Create(flags.out);
  if (!output.ok()) return FailIo(output.status());

  SyntheticMarket market(*options);
  std::vector<std::optional<UpdateId>> depth_ends(options->symbols.size());
  const ReceiveTime end(options->start.raw() + *seconds * kSecond);
  Progress progress;
  PlayerPosition position;
  position.path = flags.out;
  position.bytes_total = *seconds;
  std::int64_t lines = 0;
  for (MarketLine line = market.Next(); line.received < end && output->good();
       line = market.Next()) {
    output->Write(line);
    if (line.depth_end) depth_ends[line.symbol] = line.depth_end;
    ++lines;
    position.receive_time = line.received;
    position.bytes_read = (line.received.raw() - options->start.raw()) / kSecond;
    progress.Show(position, lines);
  }
  progress.Clear();
  const absl::Status closed = output->Close();
  if (!closed.ok()) return FailIo(closed);

  for (std::size_t i = 0; i < depth_ends.size() && !flags.final_book.empty(); ++i) {
    if (!depth_ends[i]) continue;
    const MarketSymbolOptions& symbol = options->symbols[i];
    const absl::Status written =
        WriteTrueBook(BookPath(flags, symbol), market.book(i), *depth_ends[i], symbol);
    if (!written.ok()) return FailIo(written);
  }
  std::fprintf(stderr, "%lld lines, %lld s of market in %.3f s (%.0f x real time)\n",
               static_cast<long long>(lines), static_cast<long long>(*seconds), progress.seconds(),
               static_cast<double>(*seconds) / progress.seconds());
  return kExitGood;
}

}  // namespace

void AddMarketCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<MarketCommandFlags>();
  const Command command = line.AddSubcommand(
      "market", "A synthetic recording with the shape of a real feed, and its true book");
  command.Footer(
      "The same options give the same bytes, on every machine. FILE is a .zst recording, which is\n"
      "never replaced, or - for text on standard output.\n\n"
      "  thalweg market --seed 7 --seconds 600 --out market.zst\n"
      "  thalweg market --regimes calm:60,crash:20,thin:30 --symbols BTCUSDT,ETHUSDT:40 --out "
      "m.zst\n"
      "  thalweg market --levels 4000 --snapshot-limit 5000 --final-book true.txt --out m.zst\n\n"
      "Exit status: 0 made; 2 wrong usage; 3 cannot write.");
  command.AddOption("--out", flags->out, "FILE.zst, or - for standard output").Required();
  flags->market.AddTo(command);
  command.AddOption("--seconds", flags->seconds, "How long it lasts").ShowDefault();
  command.AddOption("--snapshot-limit", flags->snapshot_limit, "Levels a side that snapshots hold")
      .ShowDefault();
  command
      .AddOption("--snapshot-every", flags->snapshot_every,
                 "Seconds between snapshots after the first one; 0: only that one")
      .ShowDefault();
  command.AddOption("--final-book", flags->final_book,
                    "The true book after the last depth event, as replay writes its own;\n"
                    "equal to replay's when snapshots held whole sides");
  command.OnRun([flags, exit_status] { *exit_status = RunMarket(*flags); });
}

}  // namespace thalweg
