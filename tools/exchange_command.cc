#include "tools/exchange_command.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/instrument.h"
#include "core/string_view.h"
#include "tools/exchange/exchange.h"
#include "tools/exchange/fault.h"
#include "tools/exchange/loopback_server.h"
#include "tools/exchange/market_feed.h"
#include "tools/exchange/recording_feed.h"
#include "tools/exchange/test_authority.h"
#include "tools/exit_status.h"
#include "tools/market_flags.h"
#include "tools/option_value.h"
#include "tools/text_file.h"

namespace thalweg {
namespace {

constexpr double kSpeedMax = 100'000;
constexpr std::size_t kTruthLevels = 20;  // Of each side.

struct ExchangeFlags {
  MarketFlags market;
  std::vector<std::string> recordings;
  std::vector<std::string> instruments;
  std::string address = "127.0.0.1";
  std::string port = "0";
  std::string port_file;
  std::string speed = "1";
  std::string time_scale = "1";
  std::string length;
  std::vector<std::string> faults;
  std::string fault_script;
  bool flat_errors = false;
  bool tls = false;
  std::string certificate;
  std::string key;
  std::string ca_folder;
  std::string final_book;
  std::string truth;
};

absl::StatusOr<std::vector<Fault>> ReadFaults(const ExchangeFlags& flags) {
  std::vector<Fault> faults;
  if (!flags.fault_script.empty()) {
    std::ifstream file(flags.fault_script, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      return absl::NotFoundError(absl::StrCat("--faults: cannot read ", flags.fault_script));
    }
    absl::StatusOr<std::vector<Fault>> script = ParseFaultScript(flags.fault_script, text);
    if (!script.ok()) return script.status();
    faults = *std::move(script);
  }
  for (const std::string& text : flags.faults) {
    absl::StatusOr<Fault> fault = ParseFault(text);
    if (!fault.ok()) return fault.status();
    faults.push_back(*std::move(fault));
  }
  return faults;
}

absl::StatusOr<ExchangeOptions> ToOptions(const ExchangeFlags& flags) {
  ExchangeOptions options;
  const auto scale = ParseWholeNumber<std::int64_t>("time-scale", flags.time_scale, 1,
                                                    std::int64_t{kTimeScaleMax});
  if (!scale.ok()) return scale.status();
  options.time_scale = *scale;
  options.speed = 0;
  if (flags.speed != "max") {
    const auto speed = ParsePositive("speed", flags.speed, kSpeedMax);
    if (!speed.ok()) return speed.status();
    options.speed = *speed;
  }
  options.error_shape = flags.flat_errors ? ErrorShape::kFlat : ErrorShape::kWrapped;
  absl::StatusOr<std::vector<Fault>> faults = ReadFaults(flags);
  if (!faults.ok()) return faults.status();
  options.faults = *std::move(faults);
  options.log = [](std::string_view line) {
    std::fprintf(stderr, "exchange: %.*s\n", static_cast<int>(line.size()), line.data());
  };
  return options;
}

absl::StatusOr<std::unique_ptr<ExchangeFeed>> OpenFeed(const ExchangeFlags& flags) {
  std::vector<Instrument> instruments;
  for (const std::string& text : flags.instruments) {
    absl::StatusOr<Instrument> instrument = ParseInstrumentOption(text);
    if (!instrument.ok()) return instrument.status();
    instruments.push_back(*std::move(instrument));
  }
  if (!flags.recordings.empty()) {
    auto feed = RecordingFeed::Open(flags.recordings, instruments);
    if (!feed.ok()) return feed.status();
    return *std::move(feed);
  }
  absl::StatusOr<MarketOptions> options = flags.market.ToOptions();
  if (!options.ok()) return options.status();
  const absl::Status status = SyntheticMarket::Validate(*options);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("--", status.message()));
  return std::unique_ptr<ExchangeFeed>(new MarketFeed(*std::move(options)));
}

absl::StatusOr<ServerOptions> ToServerOptions(const ExchangeFlags& flags) {
  ServerOptions options;
  options.address = flags.address;
  const auto port = ParseWholeNumber<std::int64_t>("port", flags.port, 0, 65'535);
  if (!port.ok()) return port.status();
  options.port = static_cast<std::uint16_t>(*port);
  const bool has_files = !flags.certificate.empty() && !flags.key.empty();
  if (flags.tls != has_files || flags.certificate.empty() != flags.key.empty()) {
    return absl::InvalidArgumentError(
        "--tls, --cert and --key go together; --make-ca DIR makes the files");
  }
  options.certificate_path = flags.certificate;
  options.key_path = flags.key;
  return options;
}

absl::Status WriteText(const std::string& path, std::string_view text) {
  absl::StatusOr<std::unique_ptr<TextFile>> file = TextFile::Create(path);
  if (!file.ok()) return file.status();
  (*file)->Text(text);
  return (*file)->Close();
}

// The true book of each symbol after the last depth event that was sent.
absl::Status WriteFinalBooks(const std::string& path, ExchangeFeed& feed) {
  for (const ListedSymbol& symbol : feed.symbols()) {
    const std::optional<UpdateId> id = feed.BookId(symbol.name);
    const std::optional<ExchangeBook> book =
        id ? feed.BookAt(symbol.name, id) : std::optional<ExchangeBook>();
    std::string place = path;
    const std::size_t name = place.find("{symbol}");
    if (name != std::string::npos) place.replace(name, 8, symbol.name);
    absl::Status written = WriteText(place, book ? BookText(*book) : "");
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

int MakeCertificates(const ExchangeFlags& flags) {
  const absl::StatusOr<TestAuthority> made = MakeTestAuthority(flags.ca_folder);
  if (!made.ok()) return FailIo(made.status());
  std::printf("ca %s\ncert %s\nkey %s\n", made->ca_path.c_str(), made->certificate_path.c_str(),
              made->key_path.c_str());
  return kExitGood;
}

int RunExchange(const ExchangeFlags& flags) {
  if (!flags.ca_folder.empty()) return MakeCertificates(flags);
  absl::StatusOr<ExchangeOptions> options = ToOptions(flags);
  if (!options.ok()) return Fail(options.status());
  const absl::StatusOr<ServerOptions> server_options = ToServerOptions(flags);
  if (!server_options.ok()) return Fail(server_options.status());
  std::optional<Nanos> length;
  if (!flags.length.empty()) {
    const auto seconds = ParsePositive("for", flags.length, kRunSecondsMax);
    if (!seconds.ok()) return Fail(seconds.status());
    length = static_cast<Nanos>(*seconds * static_cast<double>(kSecond));
  }
  absl::StatusOr<std::unique_ptr<ExchangeFeed>> feed = OpenFeed(flags);
  if (!feed.ok()) return Fail(feed.status());
  if (!flags.final_book.empty() && (*feed)->symbols().size() > 1 &&
      flags.final_book.find("{symbol}") == std::string::npos) {
    return FailUsage(NotAllowed("final-book", flags.final_book,
                                "a name with {symbol} in it, and there are several symbols"));
  }
  absl::StatusOr<std::unique_ptr<LoopbackServer>> server = LoopbackServer::Create(*server_options);
  if (!server.ok()) return Fail(server.status());

  std::unique_ptr<TextFile> truth;
  if (!flags.truth.empty()) {
    absl::StatusOr<std::unique_ptr<TextFile>> created = TextFile::Create(flags.truth);
    if (!created.ok()) return FailIo(created.status());
    truth = *std::move(created);
    options->on_book = [&file = *truth](std::string_view symbol, UpdateId id,
                                        const ExchangeBook& book) {
      file.Text(absl::StrCat(Abseil(symbol), " ", id.raw(), "\n"));
      file.Text(BookText(book, kTruthLevels));
      file.EndLine();
    };
  }
  Exchange exchange(*std::move(options), *std::move(feed), **server);
  const std::string port = absl::StrCat((*server)->port());
  std::printf("port %s\n", port.c_str());
  std::fflush(stdout);
  if (!flags.port_file.empty()) {
    const absl::Status written = WriteText(flags.port_file, absl::StrCat(port, "\n"));
    if (!written.ok()) return FailIo(written);
  }
  (*server)->Run(exchange, length);
  if (!flags.final_book.empty()) {
    const absl::Status written = WriteFinalBooks(flags.final_book, exchange.feed());
    if (!written.ok()) return FailIo(written);
  }
  if (truth) {
    const absl::Status written = truth->Close();
    if (!written.ok()) return FailIo(written);
  }
  const absl::Status status = exchange.feed_status();
  return status.ok() ? kExitGood : FailIo(status);
}

}  // namespace

void AddExchangeCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<ExchangeFlags>();
  const Command command = line.AddSubcommand(
      "exchange", "A loopback exchange: REST and WebSocket of Binance, with faults on request");
  command.Footer(absl::StrCat(
      "Binds loopback addresses only. The feed begins with the first subscription. SIGINT or\n"
      "SIGTERM ends it.\n\n"
      "  thalweg exchange --port 9080 --recording feed.zst\n"
      "  thalweg exchange --port 9080 --symbols BTCUSDT,ETHUSDT --fault drop@frame=100\n"
      "  thalweg exchange --make-ca ca && thalweg exchange --tls --cert ca/server.pem --key "
      "ca/server.key\n\n"
      "Faults, KIND:NAME=VALUE,...@WHEN=NUMBER ('!': needed):\n",
      DescribeFaults(),
      "\nExit status: 0 ended as asked; 2 wrong usage; 3 cannot read or listen."));
  command.AddOption("--port", flags->port, "0: any that is free; it is printed").ShowDefault();
  command.AddOption("--port-file", flags->port_file, "The port is written into this file, too");
  command.AddOption("--address", flags->address, "An address of the loopback").ShowDefault();
  const Option recording = command.AddOption("--recording", flags->recordings,
                                             "Play this one; repeatable, one after another");
  recording.OneValueAtATime();
  command
      .AddOption("--instrument", flags->instruments,
                 "SYM:TICK:STEP for a recording without exchangeInfo; repeatable")
      .OneValueAtATime();
  flags->market.AddTo(command);
  for (const char* const name :
       {"--seed", "--symbols", "--market", "--interval", "--levels", "--regimes"}) {
    command.Named(name).Excludes(recording);
  }
  command.AddOption("--speed", flags->speed, "Times real time, or max: as fast as clients read")
      .ShowDefault();
  command
      .AddOption("--time-scale", flags->time_scale,
                 "Divides windows of limits, ping periods, bans and the life of connections")
      .ShowDefault();
  command.AddOption("--for", flags->length, "End by itself after so many seconds");
  command.AddOption("--fault", flags->faults, "A fault, see below; repeatable").OneValueAtATime();
  command.AddOption("--faults", flags->fault_script, "A file with a fault a line");
  command.AddFlag("--flat-errors", flags->flat_errors,
                  "Errors of control messages without an \"error\" object around them");
  command.AddFlag("--tls", flags->tls, "https and wss, with --cert and --key");
  command.AddOption("--cert", flags->certificate, "A certificate chain, PEM");
  command.AddOption("--key", flags->key, "Its key, PEM");
  command.AddOption("--make-ca", flags->ca_folder,
                    "Only make a CA and a certificate of localhost in this folder");
  command.AddOption("--final-book", flags->final_book,
                    "At the end the true book after the last depth event sent, as replay writes\n"
                    "its own; {symbol} is replaced");
  command.AddOption("--truth", flags->truth,
                    "After each depth event: `SYMBOL ID`, the best 20 levels of the true book's\n"
                    "sides as --final-book writes them, and an empty line");
  command.OnRun([flags, exit_status] { *exit_status = RunExchange(*flags); });
}

}  // namespace thalweg
